-- Org units as every service knows them: a projection of hq's OrgUnit* and HeadcountRecorded events.
-- Dated tables hold one row per unit and first day; a later event for the same day replaces the row.

CREATE TABLE directory_units (
    code         text PRIMARY KEY CHECK (code ~ '^[0-9]{12}$'),
    kind         integer NOT NULL,
    effective_on date NOT NULL,
    retired_on   date,
    successor    text,
    version      bigint NOT NULL
);
COMMENT ON COLUMN directory_units.kind IS 'number of xiaoan.core.v1.OrgKind';
COMMENT ON COLUMN directory_units.retired_on IS 'first day on which the unit no longer exists';
COMMENT ON COLUMN directory_units.version IS 'version of the unit''s stream at hq, its etag';

CREATE TABLE directory_names (
    code    text NOT NULL REFERENCES directory_units (code) ON DELETE CASCADE,
    since   date NOT NULL,
    name_zh text NOT NULL,
    name_en text NOT NULL,
    PRIMARY KEY (code, since)
);

CREATE TABLE directory_parents (
    code   text NOT NULL REFERENCES directory_units (code) ON DELETE CASCADE,
    since  date NOT NULL,
    parent text,
    PRIMARY KEY (code, since)
);

CREATE TABLE directory_headcounts (
    code     text NOT NULL REFERENCES directory_units (code) ON DELETE CASCADE,
    since    date NOT NULL,
    officers integer NOT NULL,
    PRIMARY KEY (code, since)
);

GRANT SELECT, INSERT, UPDATE, DELETE
ON directory_units, directory_names, directory_parents, directory_headcounts TO xiaoan_app;
