-- How far each projection has come along each source. A row moves only in the transaction that writes what the events
-- before it mean (crates/projection).

CREATE TABLE eventstore.checkpoints (
    position    bigint      NOT NULL CHECK (position >= 0),
    recorded_at timestamptz NOT NULL,
    projection  text        NOT NULL COLLATE "C",
    source      text        NOT NULL COLLATE "C",
    hash        bytea       NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (projection, source)
) WITH (fillfactor = 20);  -- a handful of rows that are updated all the time: room for updates within the page
COMMENT ON TABLE  eventstore.checkpoints             IS 'last event applied per projection and source';
COMMENT ON COLUMN eventstore.checkpoints.position    IS 'position of the last event applied; 0 = none yet';
COMMENT ON COLUMN eventstore.checkpoints.recorded_at IS 'when the source recorded that event';
COMMENT ON COLUMN eventstore.checkpoints.hash        IS 'its hash: the chain is checked from here on, so the source cannot be rewritten unnoticed';

GRANT SELECT, INSERT, UPDATE ON eventstore.checkpoints TO xiaoan_app;
