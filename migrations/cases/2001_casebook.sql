-- What lists and gets of the casebook are answered from. All but case_numbers are projections of this service's own log:
-- they can be emptied and filled again from it at any time.
-- Texts compare by byte ("C"): keyset paging must order them as the service does.

CREATE TABLE cases (
    case_no  text     COLLATE "C" PRIMARY KEY,
    org_unit text     COLLATE "C" NOT NULL,
    state    smallint NOT NULL,
    category text     COLLATE "C" NOT NULL,
    filed_on date     NOT NULL,
    version  bigint   NOT NULL,
    shown    bytea    NOT NULL
);
COMMENT ON TABLE  cases         IS 'cases as GetCase shows them';
COMMENT ON COLUMN cases.state   IS 'number of xiaoan.cases.v1.CaseState';
COMMENT ON COLUMN cases.version IS 'version of the case''s stream, its etag';
COMMENT ON COLUMN cases.shown   IS 'xiaoan.cases.v1.Case without etag and series';
CREATE INDEX cases_by_unit ON cases (org_unit, filed_on DESC, case_no);
CREATE INDEX cases_by_day  ON cases (filed_on DESC, case_no);

CREATE TABLE alerts (
    alert_id    text        COLLATE "C" PRIMARY KEY,
    org_unit    text        COLLATE "C" NOT NULL,
    received_at timestamptz NOT NULL,
    place       text        COLLATE "C" NOT NULL,
    state       smallint    NOT NULL,
    version     bigint      NOT NULL,
    shown       bytea       NOT NULL
);
COMMENT ON TABLE  alerts       IS 'alerts as GetAlert shows them';
COMMENT ON COLUMN alerts.state IS 'number of xiaoan.cases.v1.AlertState';
COMMENT ON COLUMN alerts.shown IS 'xiaoan.cases.v1.Alert without etag';
CREATE INDEX alerts_by_unit  ON alerts (org_unit, received_at DESC, alert_id);
CREATE INDEX alerts_by_time  ON alerts (received_at DESC, alert_id);
CREATE INDEX alerts_by_place ON alerts (place, received_at) WHERE place <> '';

CREATE TABLE series (
    series_id text   COLLATE "C" PRIMARY KEY,
    org_unit  text   COLLATE "C" NOT NULL,
    opened_at bigint NOT NULL UNIQUE,
    version   bigint NOT NULL,
    shown     bytea  NOT NULL
);
COMMENT ON TABLE  series           IS 'series as GetSeries shows them';
COMMENT ON COLUMN series.opened_at IS 'position of the event that opened it';
COMMENT ON COLUMN series.shown     IS 'xiaoan.cases.v1.Series without etag';
CREATE INDEX series_by_unit ON series (org_unit, opened_at DESC);

CREATE TABLE series_cases (
    case_no   text   COLLATE "C" NOT NULL,
    series_id text   COLLATE "C" NOT NULL,
    linked_at bigint NOT NULL,
    PRIMARY KEY (case_no, series_id)
);
COMMENT ON TABLE  series_cases           IS 'which case is linked to which series; a case shows the series it was linked to last';
COMMENT ON COLUMN series_cases.linked_at IS 'position of the event that linked it';

-- The same tables once more, empty: a rebuild fills these and puts their rows in the place of the live ones.
CREATE SCHEMA rebuild;
CREATE TABLE rebuild.cases        (LIKE cases        INCLUDING ALL);
CREATE TABLE rebuild.alerts       (LIKE alerts       INCLUDING ALL);
CREATE TABLE rebuild.series       (LIKE series       INCLUDING ALL);
CREATE TABLE rebuild.series_cases (LIKE series_cases INCLUDING ALL);

-- Serials that the service gives when a caller files without a number. Not a projection: a number once given is never
-- given again, even when its command was refused in the end.
CREATE TABLE case_numbers (
    org_unit text    COLLATE "C" NOT NULL,
    month    text    COLLATE "C" NOT NULL CHECK (month ~ '^[0-9]{6}$'),
    last     integer NOT NULL CHECK (last > 0),
    PRIMARY KEY (org_unit, month)
);
COMMENT ON COLUMN case_numbers.last IS 'last serial given for the unit in the month (YYYYMM)';

GRANT SELECT, INSERT, UPDATE, DELETE ON cases, alerts, series, series_cases TO xiaoan_app;
GRANT USAGE ON SCHEMA rebuild TO xiaoan_app;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE
ON rebuild.cases, rebuild.alerts, rebuild.series, rebuild.series_cases TO xiaoan_app;
GRANT SELECT, INSERT, UPDATE ON case_numbers TO xiaoan_app;
