-- One generation of the ledger's tables, in the schema put for {schema}: `ledger` is the live one, `ledger_next` is
-- filled by a rebuild and takes its place. The service makes them itself, as the role it runs under: a projection's
-- tables are its own to throw away.

CREATE TABLE {schema}.layout (version integer NOT NULL);

-- What the numbers in `lines` stand for.
CREATE TABLE {schema}.measures (id smallint PRIMARY KEY, name text NOT NULL);
CREATE TABLE {schema}.event_types (id smallint PRIMARY KEY, name text NOT NULL);

CREATE TABLE {schema}.lines (
    position    bigint      NOT NULL,
    org_unit    bigint      NOT NULL,
    quantity    bigint      NOT NULL,
    recorded_at timestamptz NOT NULL,
    occurred_on date        NOT NULL,
    line_no     smallint    NOT NULL,
    measure     smallint    NOT NULL,
    event_type  smallint    NOT NULL,
    source      text        NOT NULL COLLATE "C",
    category    text        NOT NULL COLLATE "C",
    stream      text        NOT NULL COLLATE "C"
);
COMMENT ON COLUMN {schema}.lines.org_unit IS 'the 12 digits of the code as a number';
COMMENT ON COLUMN {schema}.lines.quantity IS 'signed: a count, or fen';
