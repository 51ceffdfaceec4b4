-- One generation of the ledger's tables, in the schema put for {schema}: `ledger` is the live one, `ledger_next` is
-- filled by a rebuild and takes its place. The service makes them itself, as the role it runs under: a projection's
-- tables are its own to throw away. Measures and event types are numbers with their names beside them.

CREATE TABLE {schema}.layout (version integer NOT NULL);

CREATE TABLE {schema}.measures (id smallint PRIMARY KEY, name text NOT NULL);
CREATE TABLE {schema}.event_types (id smallint PRIMARY KEY, name text NOT NULL);

CREATE TABLE {schema}.lines (
    position    bigint NOT NULL,
    org_unit    bigint NOT NULL,
    quantity    bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    occurred_on date NOT NULL,
    line_no     smallint NOT NULL,
    measure     smallint NOT NULL,
    event_type  smallint NOT NULL,
    source      text COLLATE "C" NOT NULL,
    category    text COLLATE "C" NOT NULL,
    stream      text COLLATE "C" NOT NULL
);
COMMENT ON COLUMN {schema}.lines.org_unit IS 'the 12 digits of the code as a number';
COMMENT ON COLUMN {schema}.lines.quantity IS 'signed: a count, or fen';

CREATE TABLE {schema}.day_sums (
    org_unit bigint NOT NULL,
    quantity bigint NOT NULL,
    day      date NOT NULL,
    measure  smallint NOT NULL,
    category text COLLATE "C" NOT NULL
);

CREATE TABLE {schema}.month_sums (
    org_unit bigint NOT NULL,
    quantity bigint NOT NULL,
    month    date NOT NULL,
    measure  smallint NOT NULL,
    prefix   text COLLATE "C" NOT NULL
) WITH (fillfactor = 85);
COMMENT ON COLUMN {schema}.month_sums.month IS 'first day of the month';
COMMENT ON COLUMN {schema}.month_sums.prefix IS 'category cut to 0, 2, 4 and 6 characters: one row per unit answers a board';
