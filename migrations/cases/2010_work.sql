-- The work on cases: task forces, clean-ups, reverse reviews, supervised cases, dens, exhibits, lookups. One table, because all of
-- them are found in the same three ways: by id, by what they belong to, by unit and state. A projection like the others.

CREATE TABLE work (
    kind      text     COLLATE "C" NOT NULL,
    id        text     COLLATE "C" NOT NULL,
    parent    text     COLLATE "C" NOT NULL,
    org_unit  text     COLLATE "C" NOT NULL,
    state     smallint NOT NULL,
    opened_at bigint   NOT NULL,
    version   bigint   NOT NULL,
    shown     bytea    NOT NULL,
    PRIMARY KEY (kind, id)
);
COMMENT ON TABLE  work           IS 'the work on cases as its gets show it';
COMMENT ON COLUMN work.kind      IS 'word before the hyphen of the stream; "taskforcework" for what a task force owed';
COMMENT ON COLUMN work.parent    IS 'what it belongs to: a case, a task force, itself';
COMMENT ON COLUMN work.state     IS 'number of its state''s enum';
COMMENT ON COLUMN work.opened_at IS 'position of the event that made the row';
COMMENT ON COLUMN work.shown     IS 'its message without etag';
CREATE UNIQUE INDEX work_by_age    ON work (kind, opened_at DESC);
CREATE INDEX        work_by_unit   ON work (kind, org_unit, opened_at DESC);
CREATE INDEX        work_by_parent ON work (kind, parent, opened_at DESC);

CREATE TABLE rebuild.work (LIKE work INCLUDING ALL);

GRANT SELECT, INSERT, UPDATE, DELETE ON work TO xiaoan_app;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON rebuild.work TO xiaoan_app;
