-- Which releases have brought this database up to date. Whoever deploys without an order of things (GitOps) starts a service's
-- pods and its migration at the same time: the pods wait for their own release here.

CREATE TABLE eventstore.releases (
    migrated_at timestamptz NOT NULL DEFAULT now(),
    release     text        NOT NULL PRIMARY KEY COLLATE "C" CHECK (release <> '')
);
COMMENT ON TABLE  eventstore.releases         IS 'releases whose migrations have been applied';
COMMENT ON COLUMN eventstore.releases.release IS 'what the deployment calls it, for example image and chart version';

GRANT SELECT ON eventstore.releases TO xiaoan_app;
