-- What hq decided, as rankings remembers it, and the two rooms in which the service keeps its own ledger.

CREATE TABLE schemes (
    board        text NOT NULL,
    version      integer NOT NULL,
    effective_on date,
    published_at timestamptz NOT NULL,
    scheme       bytea NOT NULL,
    PRIMARY KEY (board, version)
);
COMMENT ON COLUMN schemes.effective_on IS 'first day of periods it applies to; null = always';
COMMENT ON COLUMN schemes.scheme IS 'xiaoan.hq.v1.Scheme as published';

CREATE TABLE campaigns (
    campaign_id text PRIMARY KEY,
    name_zh     text NOT NULL,
    name_en     text NOT NULL,
    first_day   date NOT NULL,
    last_day    date NOT NULL,
    closed      boolean NOT NULL DEFAULT false,
    version     bigint NOT NULL,
    position    bigint NOT NULL
);

GRANT SELECT, INSERT, UPDATE, DELETE ON schemes, campaigns TO xiaoan_app;

-- The ledger's tables are made by the service (services/rankings/src/ledger/tables.sql): a rebuild makes a second
-- generation beside the first and swaps them, which only their owner can.
CREATE SCHEMA ledger;
CREATE SCHEMA ledger_next;
GRANT USAGE, CREATE ON SCHEMA ledger, ledger_next TO xiaoan_app;
