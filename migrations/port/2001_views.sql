-- What lists and gets of port are answered from: projections of this service's own log. They can be emptied and filled again
-- from it at any time.
-- Texts compare by byte ("C"): keyset paging must order them as the service does.

CREATE TABLE resources (
    kind     text        COLLATE "C" NOT NULL,
    id       text        COLLATE "C" NOT NULL,
    org_unit text        COLLATE "C" NOT NULL,
    at       timestamptz NOT NULL,
    state    smallint    NOT NULL,
    facet    smallint    NOT NULL,
    version  bigint      NOT NULL,
    shown    bytea       NOT NULL,
    PRIMARY KEY (kind, id)
);
COMMENT ON TABLE  resources         IS 'incidents, accidents, guards and records of freight traffic, each as its Get shows it';
COMMENT ON COLUMN resources.kind    IS 'kind of the stream: incident, accident, guard, freight';
COMMENT ON COLUMN resources.at      IS 'when it counts; lists are newest first. Guards all have the same, so they stand by id';
COMMENT ON COLUMN resources.state   IS 'number of its state; 0 where it has none';
COMMENT ON COLUMN resources.facet   IS 'number of its kind (incidents) or 0';
COMMENT ON COLUMN resources.version IS 'version of its stream, its etag';
COMMENT ON COLUMN resources.shown   IS 'its message without etag';
CREATE INDEX resources_by_time ON resources (kind, at DESC, id);

CREATE TABLE guard_terms (
    guard_id   text   COLLATE "C" NOT NULL,
    first_day  date   NOT NULL,
    last_day   date   NOT NULL,
    PRIMARY KEY (guard_id, first_day)
);
COMMENT ON TABLE guard_terms IS 'every term of authority of a guard, both days included';

-- The same tables once more, empty: a rebuild fills these and puts their rows in the place of the live ones.
CREATE SCHEMA rebuild;
CREATE TABLE rebuild.resources   (LIKE resources   INCLUDING ALL);
CREATE TABLE rebuild.guard_terms (LIKE guard_terms INCLUDING ALL);

GRANT SELECT, INSERT, UPDATE, DELETE ON resources, guard_terms TO xiaoan_app;
GRANT USAGE ON SCHEMA rebuild TO xiaoan_app;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON rebuild.resources, rebuild.guard_terms TO xiaoan_app;
