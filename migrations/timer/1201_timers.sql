-- Deadlines that are to come, derived from the service's own log by the projection "timers" (crates/timer). A row goes when
-- its event says so, or when its command was carried out; what happened then is in the log, not here.

CREATE TABLE timers (
    due_at     timestamptz NOT NULL,
    try_at     timestamptz NOT NULL,
    held_until timestamptz,
    position   bigint      NOT NULL,
    tries      integer     NOT NULL DEFAULT 0,
    held_by    uuid,
    kind       text        NOT NULL COLLATE "C",
    stream     text        NOT NULL COLLATE "C",
    problem    text        NOT NULL DEFAULT '',
    PRIMARY KEY (stream, kind, due_at)
);
COMMENT ON TABLE  timers            IS 'deadlines to come; can be dropped and derived from the log again';
COMMENT ON COLUMN timers.try_at     IS 'when it is tried (again): due_at at first, later after a failure; by the service''s clock';
COMMENT ON COLUMN timers.held_until IS 'until then one process is at it; by the database''s clock';
COMMENT ON COLUMN timers.position   IS 'event that armed it';
COMMENT ON COLUMN timers.tries      IS 'how often it was begun';
COMMENT ON COLUMN timers.problem    IS 'why the last try failed; empty when none has';

CREATE INDEX timers_by_try ON timers (try_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON timers TO xiaoan_app;
