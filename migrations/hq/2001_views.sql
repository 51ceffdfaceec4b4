-- What hq lists of its own log. Org units are in the directory's tables.

CREATE TABLE campaigns (
    campaign_id text PRIMARY KEY,
    name_zh     text NOT NULL,
    name_en     text NOT NULL,
    from_day    date NOT NULL,
    to_day      date NOT NULL,
    closed_on   date,
    version     bigint NOT NULL,
    position    bigint NOT NULL
);
COMMENT ON COLUMN campaigns.to_day IS 'last day counted, inclusive';
COMMENT ON COLUMN campaigns.version IS 'version of the campaign''s stream, its etag';
COMMENT ON COLUMN campaigns.position IS 'where it was opened; the newest campaign has the highest';

CREATE TABLE schemes (
    board    text NOT NULL,
    version  integer NOT NULL,
    payload  bytea NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (board, version)
);
COMMENT ON COLUMN schemes.payload IS 'xiaoan.hq.v1.SchemePublished as it was recorded';

GRANT SELECT, INSERT, UPDATE, DELETE ON campaigns, schemes TO xiaoan_app;
