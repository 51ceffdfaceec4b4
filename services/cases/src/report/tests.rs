//! Reports in given / when / then.
