-- What hq decided after a month was over, as the board shows it (projection "accountability" of hq's log): closings, notices,
-- interviews, cases under listed supervision. Posts are kept, persons are not.

CREATE TABLE accountability (
    stream   text PRIMARY KEY,
    kind     text NOT NULL,
    board    text NOT NULL,
    period   text NOT NULL,
    org_unit text NOT NULL,
    overdue  boolean NOT NULL,
    payload  bytea NOT NULL,
    position bigint NOT NULL
);
COMMENT ON COLUMN accountability.kind IS 'closing, notice, interview or listedcase: the first part of the stream''s name';
COMMENT ON COLUMN accountability.overdue IS 'a deadline has passed and what was due is not done';
COMMENT ON COLUMN accountability.payload IS 'xiaoan.hq.v1.Closing (without rows), Notice, Interview or ListedCase';
COMMENT ON COLUMN accountability.position IS 'of the last event of the stream';
CREATE INDEX accountability_by_kind ON accountability (kind, board, period);
CREATE INDEX accountability_overdue ON accountability (kind) WHERE overdue;

CREATE TABLE closed_figures (
    stream  text NOT NULL,
    number  integer NOT NULL,
    payload bytea NOT NULL,
    PRIMARY KEY (stream, number)
);
COMMENT ON TABLE  closed_figures IS 'the figures of a closing with all rows';
COMMENT ON COLUMN closed_figures.number IS 'of the correction that brought them; 0 = those that were frozen';
COMMENT ON COLUMN closed_figures.payload IS 'xiaoan.hq.v1.Correction; of number 0 with the day of freezing';

GRANT SELECT, INSERT, UPDATE, DELETE ON accountability, closed_figures TO xiaoan_app;
