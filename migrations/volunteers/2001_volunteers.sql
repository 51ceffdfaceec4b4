-- What gets and lists of volunteers are answered from: a projection of this service's own log, which can be emptied and
-- filled again from it at any time. One table for everything that is shown: all of it is fetched by id, and listed by unit,
-- last begun first. Texts compare by byte ("C"): keyset paging must order them as the service does.

CREATE TABLE shown (
    kind        text     COLLATE "C" NOT NULL,
    id          text     COLLATE "C" NOT NULL,
    org_unit    text     COLLATE "C" NOT NULL,
    begun_at    bigint   NOT NULL,
    state       smallint NOT NULL,
    squadron_id text     COLLATE "C" NOT NULL,
    day         date,
    version     bigint   NOT NULL,
    message     bytea    NOT NULL,
    PRIMARY KEY (kind, id)
);
COMMENT ON TABLE  shown             IS 'volunteers, squadrons, duty points, patrols and rules as their gets show them';
COMMENT ON COLUMN shown.kind        IS 'kind of the stream: volunteer, squadron, dutypoint, patrol, patrolrule';
COMMENT ON COLUMN shown.begun_at    IS 'position of the first event of the stream';
COMMENT ON COLUMN shown.state       IS 'number of VolunteerState or PatrolState; 0 of the others';
COMMENT ON COLUMN shown.squadron_id IS 'squadron of a volunteer or patrol; empty without one';
COMMENT ON COLUMN shown.day         IS 'city day on which a patrol was planned to begin';
COMMENT ON COLUMN shown.version     IS 'version of the stream, its etag';
COMMENT ON COLUMN shown.message     IS 'the message of xiaoan.volunteers.v1 without etag; nothing personal';
CREATE INDEX shown_by_unit ON shown (kind, org_unit, begun_at DESC);

-- Serials of volunteer numbers. Not a projection: a number once given is never given again, even when its command was
-- refused in the end.
CREATE TABLE volunteer_numbers (
    org_unit text    COLLATE "C" PRIMARY KEY,
    last     integer NOT NULL CHECK (last > 0)
);
COMMENT ON COLUMN volunteer_numbers.last IS 'last serial given for the unit';

GRANT SELECT, INSERT, UPDATE, DELETE ON shown TO xiaoan_app;
GRANT SELECT, INSERT, UPDATE ON volunteer_numbers TO xiaoan_app;
