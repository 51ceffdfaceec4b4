-- Whose account is a guard's: what an officer alone may do is refused to it whatever its token says (PO-001).

CREATE TABLE guard_accounts (
    guard_id text COLLATE "C" PRIMARY KEY,
    account  text COLLATE "C" NOT NULL
);
COMMENT ON TABLE  guard_accounts         IS 'every registered guard with the account that the guard signs in with';
COMMENT ON COLUMN guard_accounts.account IS 'subject of the guard''s token';
CREATE INDEX guard_accounts_by_account ON guard_accounts (account);

CREATE TABLE rebuild.guard_accounts (LIKE guard_accounts INCLUDING ALL);

GRANT SELECT, INSERT, UPDATE, DELETE ON guard_accounts TO xiaoan_app;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON rebuild.guard_accounts TO xiaoan_app;

-- Guards that were registered before stand in the log: the views begin anew.
DELETE FROM resources;
DELETE FROM guard_terms;
DELETE FROM eventstore.checkpoints WHERE projection = 'views';
