-- Closed periods and what follows from them: lists of hq's own log (projection "accountability").

CREATE TABLE closings (
    closing_id text PRIMARY KEY,
    board      text NOT NULL,
    period     text NOT NULL,
    payload    bytea NOT NULL,
    position   bigint NOT NULL
);
COMMENT ON COLUMN closings.payload IS 'xiaoan.hq.v1.Closing as it is shown';
COMMENT ON COLUMN closings.position IS 'where it was frozen';

CREATE TABLE closed_standings (
    closing_id text NOT NULL,
    org_unit   text NOT NULL,
    board      text NOT NULL,
    month      integer,
    standing   smallint NOT NULL,
    payload    bytea NOT NULL,
    PRIMARY KEY (closing_id, org_unit)
);
COMMENT ON TABLE  closed_standings IS 'how each entry stands by the scheme''s rule, by the figures that count now';
COMMENT ON COLUMN closed_standings.month IS 'months since the year 0; absent when the period is no month and makes no streak';
COMMENT ON COLUMN closed_standings.payload IS 'xiaoan.hq.v1.Consequence';
CREATE INDEX closed_standings_by_unit ON closed_standings (org_unit, board);

CREATE TABLE notices (
    notice_id  text PRIMARY KEY,
    closing_id text NOT NULL,
    board      text NOT NULL,
    period     text NOT NULL,
    org_unit   text NOT NULL,
    state      smallint NOT NULL,
    payload    bytea NOT NULL,
    position   bigint NOT NULL
);
COMMENT ON COLUMN notices.payload IS 'xiaoan.hq.v1.Notice as it is shown';
COMMENT ON COLUMN notices.position IS 'where it was issued last';
CREATE INDEX notices_by_closing ON notices (closing_id);

CREATE TABLE interviews (
    interview_id text PRIMARY KEY,
    board        text NOT NULL,
    org_unit     text NOT NULL,
    state        smallint NOT NULL,
    payload      bytea NOT NULL,
    position     bigint NOT NULL
);
COMMENT ON COLUMN interviews.payload IS 'xiaoan.hq.v1.Interview as it is shown';
COMMENT ON COLUMN interviews.position IS 'where it was triggered last';
CREATE INDEX interviews_by_unit ON interviews (org_unit, board);

GRANT SELECT, INSERT, UPDATE, DELETE ON closings, closed_standings, notices, interviews TO xiaoan_app;
