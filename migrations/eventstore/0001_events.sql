-- placeholder, replaced before anything is applied
CREATE SCHEMA eventstore;
