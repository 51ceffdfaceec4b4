-- Reports, audits and breaches of time limits: projections of this service's own log, like the tables of 2001.

CREATE TABLE reports (
    report_id     text        COLLATE "C" PRIMARY KEY,
    org_unit      text        COLLATE "C" NOT NULL,
    registered_at timestamptz NOT NULL,
    due_at        timestamptz,
    state         smallint    NOT NULL,
    version       bigint      NOT NULL,
    shown         bytea       NOT NULL
);
COMMENT ON TABLE  reports        IS 'reports as GetReport shows them';
COMMENT ON COLUMN reports.due_at IS 'when the earliest time limit that is running is up';
COMMENT ON COLUMN reports.state  IS 'number of xiaoan.cases.v1.ReportState';
COMMENT ON COLUMN reports.shown  IS 'xiaoan.cases.v1.Report without etag';
CREATE INDEX reports_by_unit ON reports (org_unit, registered_at DESC, report_id);
CREATE INDEX reports_by_due  ON reports (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE audits (
    audit_id text   COLLATE "C" PRIMARY KEY,
    org_unit text   COLLATE "C" NOT NULL,
    drawn_at bigint NOT NULL UNIQUE,
    version  bigint NOT NULL,
    shown    bytea  NOT NULL
);
COMMENT ON TABLE  audits          IS 'audits as GetAudit shows them';
COMMENT ON COLUMN audits.drawn_at IS 'position of the event that drew the sample';
COMMENT ON COLUMN audits.shown    IS 'xiaoan.cases.v1.Audit without etag';
CREATE INDEX audits_by_unit ON audits (org_unit, drawn_at DESC);

CREATE TABLE breaches (
    breach_id text        COLLATE "C" PRIMARY KEY,
    org_unit  text        COLLATE "C" NOT NULL,
    due_at    timestamptz NOT NULL,
    shown     bytea       NOT NULL
);
COMMENT ON TABLE  breaches       IS 'time limits of law that ran out';
COMMENT ON COLUMN breaches.shown IS 'xiaoan.cases.v1.DeadlineBreached';
CREATE INDEX breaches_by_unit ON breaches (org_unit, due_at DESC, breach_id);

CREATE TABLE rebuild.reports  (LIKE reports  INCLUDING ALL);
CREATE TABLE rebuild.audits   (LIKE audits   INCLUDING ALL);
CREATE TABLE rebuild.breaches (LIKE breaches INCLUDING ALL);

GRANT SELECT, INSERT, UPDATE, DELETE ON reports, audits, breaches TO xiaoan_app;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON rebuild.reports, rebuild.audits, rebuild.breaches TO xiaoan_app;
