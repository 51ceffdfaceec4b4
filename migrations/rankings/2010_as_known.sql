-- Standings as of positions of the logs, or of a moment, take units, headcounts and squadrons as they were known there: so each
-- has the position at which it was told. What hq decided and which squadrons there are is read again from the beginning.

CREATE TABLE unit_log (
    position    bigint PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    stream      text NOT NULL,
    version     bigint NOT NULL,
    type        text NOT NULL,
    payload     bytea NOT NULL
);
COMMENT ON TABLE  unit_log IS 'hq''s events of org units and headcounts as they were recorded';
COMMENT ON COLUMN unit_log.position IS 'in hq''s log';

DELETE FROM schemes;
DELETE FROM campaigns;
DELETE FROM squadrons;
UPDATE eventstore.checkpoints
SET position = 0, hash = decode(repeat('00', 32), 'hex'), recorded_at = 'epoch'
WHERE projection IN ('decisions', 'squadrons');

ALTER TABLE squadrons
    ADD COLUMN position         bigint NOT NULL,
    ADD COLUMN recorded_at      timestamptz NOT NULL,
    ADD COLUMN end_position     bigint,
    ADD COLUMN end_recorded_at  timestamptz;
COMMENT ON COLUMN squadrons.position IS 'in the log of volunteers, at which it was formed';
COMMENT ON COLUMN squadrons.end_position IS 'at which it was disbanded';

GRANT SELECT, INSERT, UPDATE, DELETE ON unit_log TO xiaoan_app;
