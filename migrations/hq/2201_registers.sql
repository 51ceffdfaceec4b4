-- The registers that headquarters keeps (projection "registers"): each entry as it is shown, and by what it is found.

CREATE TABLE register_entries (
    register  text NOT NULL,
    id        text NOT NULL,
    org_unit  text NOT NULL,
    state     smallint NOT NULL,
    kind      smallint NOT NULL,
    reference text NOT NULL,
    day       date,
    payload   bytea NOT NULL,
    position  bigint NOT NULL,
    PRIMARY KEY (register, id)
);
COMMENT ON COLUMN register_entries.register IS 'kind of the aggregate, for example commendation';
COMMENT ON COLUMN register_entries.state IS 'number of its state as the published language has it; 0 when it has none';
COMMENT ON COLUMN register_entries.reference IS 'what it refers to, for example a case number';
COMMENT ON COLUMN register_entries.day IS 'day on which it counts; null when it does not count yet';
COMMENT ON COLUMN register_entries.payload IS 'the message of xiaoan.hq.v1 as it is shown';
COMMENT ON COLUMN register_entries.position IS 'where it was first recorded; pages follow it, newest first';
CREATE UNIQUE INDEX register_entries_by_position ON register_entries (register, position);
CREATE INDEX register_entries_by_reference ON register_entries (register, reference) WHERE reference <> '';

GRANT SELECT, INSERT, UPDATE, DELETE ON register_entries TO xiaoan_app;
