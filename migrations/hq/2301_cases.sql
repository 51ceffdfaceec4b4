-- What hq knows of the cases that it rewards and watches: a projection of the log of `cases` (projection "known-cases").

CREATE TABLE known_cases (
    case_no         text PRIMARY KEY,
    org_unit        text NOT NULL,
    category        text NOT NULL,
    series_id       text NOT NULL DEFAULT '',
    solved_on       date,
    solved_position bigint
);
COMMENT ON COLUMN known_cases.series_id IS 'series it is linked to; empty for none';
COMMENT ON COLUMN known_cases.solved_position IS 'of the CaseSolved that stands, in the log of cases; null while it is not solved';
CREATE INDEX known_cases_by_series ON known_cases (series_id) WHERE series_id <> '';

CREATE TABLE revoked_solves (
    position    bigint PRIMARY KEY,
    case_no     text NOT NULL,
    series_id   text NOT NULL,
    series_over boolean NOT NULL,
    recorded_at timestamptz NOT NULL
);
COMMENT ON COLUMN revoked_solves.position IS 'of the SolveRevoked, in the log of cases';
COMMENT ON COLUMN revoked_solves.series_over IS 'no case of its series was solved any more';
CREATE INDEX revoked_solves_by_case ON revoked_solves (case_no);

GRANT SELECT, INSERT, UPDATE, DELETE ON known_cases, revoked_solves TO xiaoan_app;
