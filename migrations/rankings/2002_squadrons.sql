-- Volunteer squadrons, as `volunteers` formed them: entrants that are no org units. Their facts are lines of the ledger whose
-- category is the squadron.

CREATE TABLE squadrons (
    squadron_id  text PRIMARY KEY,
    org_unit     text NOT NULL,
    name_zh      text NOT NULL,
    name_en      text NOT NULL,
    formed_on    date NOT NULL,
    disbanded_on date
);
COMMENT ON COLUMN squadrons.disbanded_on IS 'first day on which it is no more; null = it is there';

GRANT SELECT, INSERT, UPDATE, DELETE ON squadrons TO xiaoan_app;
