-- Standings can be asked as of a position of hq's log, so a scheme has one. What hq decided is read again from the beginning:
-- rows from before have none.

DELETE FROM schemes;
DELETE FROM campaigns;
UPDATE eventstore.checkpoints
SET position = 0, hash = decode(repeat('00', 32), 'hex'), recorded_at = 'epoch'
WHERE projection = 'decisions';

ALTER TABLE schemes ADD COLUMN position bigint NOT NULL;
COMMENT ON COLUMN schemes.position IS 'of the event in hq''s log that published it';
