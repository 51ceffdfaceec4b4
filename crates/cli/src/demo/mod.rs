//! The invented demo city.
