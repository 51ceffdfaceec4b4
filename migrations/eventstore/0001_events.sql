-- The log of one service: its events, and what it remembers of its callers' requests.
-- Only crates/eventstore writes here, and only through eventstore.append().

CREATE SCHEMA eventstore;

-- The role of every service. It is cluster-wide, so whoever runs the cluster may have made it already (with LOGIN and a
-- password); a migration that may not create roles leaves that to them.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'xiaoan_app') THEN
        CREATE ROLE xiaoan_app NOLOGIN;
    END IF;
EXCEPTION
    -- Another database of the cluster is being migrated at this moment.
    WHEN duplicate_object OR unique_violation THEN NULL;
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'role xiaoan_app is missing and the migrating role may not create it'
            USING HINT = 'have an administrator run: CREATE ROLE xiaoan_app LOGIN';
END $$;

-- Fixed-width columns first: no padding between them. Texts compare by byte: faster, and the same on every machine.
CREATE TABLE eventstore.events (
    position      bigint      NOT NULL PRIMARY KEY CHECK (position > 0),
    version       bigint      NOT NULL CHECK (version > 0),
    recorded_at   timestamptz NOT NULL,
    occurred_on   date        NOT NULL,
    stream        text        NOT NULL COLLATE "C",
    type          text        NOT NULL COLLATE "C",
    payload       bytea       NOT NULL,
    org_unit      text        NOT NULL COLLATE "C",
    actor         text        NOT NULL,
    traceparent   text        NOT NULL,
    previous_hash bytea       NOT NULL CHECK (octet_length(previous_hash) = 32),
    hash          bytea       NOT NULL CHECK (octet_length(hash) = 32),
    UNIQUE (stream, version)
);
COMMENT ON TABLE  eventstore.events               IS 'the log; append-only, positions dense from 1 in the order of commits';
COMMENT ON COLUMN eventstore.events.version       IS 'version of the stream after this event, dense from 1';
COMMENT ON COLUMN eventstore.events.recorded_at   IS 'when the store accepted it; never decreases along the log';
COMMENT ON COLUMN eventstore.events.occurred_on   IS 'civil day of Asia/Shanghai on which the fact counts';
COMMENT ON COLUMN eventstore.events.type          IS 'full protobuf type name of the payload';
COMMENT ON COLUMN eventstore.events.traceparent   IS 'W3C trace context of the command, or empty; not hashed';
COMMENT ON COLUMN eventstore.events.previous_hash IS 'hash of the event before it; 32 zero bytes at position 1';
COMMENT ON COLUMN eventstore.events.hash          IS 'SHA-256(previous_hash || int8 position || int8 microseconds of recorded_at || content digest)';

CREATE TABLE eventstore.requests (
    request_id     uuid        NOT NULL PRIMARY KEY,
    first_position bigint      NOT NULL,
    last_position  bigint      NOT NULL,
    recorded_at    timestamptz NOT NULL,
    versions       bigint[]    NOT NULL,
    digest         bytea       NOT NULL CHECK (octet_length(digest) = 32),
    response       bytea       NOT NULL
);
COMMENT ON TABLE  eventstore.requests                IS 'accepted commands with their answers, so that a retry gets the first answer';
COMMENT ON COLUMN eventstore.requests.first_position IS 'last_position + 1 when the command recorded no event';
COMMENT ON COLUMN eventstore.requests.versions       IS 'version of each written stream after the command';
COMMENT ON COLUMN eventstore.requests.digest         IS 'SHA-256 of the request; the same id with another digest is refused';

-- Appends a batch of independent commands, in one round trip that is its own transaction. One row per command comes back:
--   outcome 0 = appended, 1 = conflict (lost_write names the write), 2 = remembered, 3 = request id reused with another digest.
-- One command's conflict never touches another's; a command's writes land together or not at all.
--
-- The advisory lock makes the appenders of all processes take turns until commit, which is what keeps positions dense and
-- in the order of commits. Every statement after it sees what the previous holder committed, because in READ COMMITTED each
-- statement of a volatile function takes a new snapshot.
--
-- The caller guarantees that no stream and no request id occurs in two commands of a batch, that write_commands and
-- event_commands ascend, and that event_versions follow the expected versions without a gap.
--
-- Elements are taken out of the arrays by subscript, which costs the same at every place in PL/pgSQL; unnest() of many arrays
-- copies them first. The plan settings that keep the lookups index lookups are the appending connection's (appender.rs).
CREATE FUNCTION eventstore.append(
    clock           timestamptz,  -- now, by the appender's clock
    -- one element per command
    request_ids     uuid[],       -- NULL elements: nothing to remember
    digests         bytea[],
    responses       bytea[],
    versions_after  text[],       -- bigint[] as text, because arrays of arrays cannot be ragged
    actors          text[],
    traceparents    text[],
    -- one element per written stream
    write_commands  integer[],    -- 1-based command
    write_streams   text[],
    write_expected  bigint[],
    -- one element per event
    event_commands  integer[],    -- 1-based command
    event_writes    integer[],    -- 1-based write
    event_versions  bigint[],
    event_types     text[],
    event_payloads  bytea[],
    event_units     text[],
    event_days      date[],
    event_contents  bytea[]       -- digest of the canonical content
)
RETURNS TABLE (
    command         integer,
    outcome         integer,
    first_position  bigint,
    last_position   bigint,
    recorded_at     timestamptz,
    lost_write      integer,      -- conflict only
    versions        bigint[],     -- remembered only
    response        bytea,        -- remembered only
    previous_hash   bytea         -- appended only: the hash that its first event builds on
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
AS $$
#variable_conflict use_column
DECLARE
    head_position bigint;
    head_hash     bytea;
    head_at       timestamptz;
    head_micros   bytea;
    known         bytea[];
    actual        bigint[];
    new_requests  uuid[];
    firsts        bigint[];
    lasts         bigint[];
    positions     bigint[];
    previous      bytea[];
    hashes        bytea[];
    w             integer := 1;
    e             integer := 1;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'eventstore.append needs READ COMMITTED';
    END IF;
    PERFORM pg_advisory_xact_lock(8676573288109845868); -- 'xiaoan-l'

    SELECT ev.position, ev.hash, ev.recorded_at INTO head_position, head_hash, head_at
    FROM eventstore.events AS ev ORDER BY ev.position DESC LIMIT 1;
    IF NOT FOUND THEN
        head_position := 0;
        head_hash := decode(repeat('00', 32), 'hex');
        head_at := clock;
    END IF;
    head_at := greatest(clock, head_at);
    head_micros := int8send((extract(epoch FROM head_at) * 1000000)::bigint);

    known := ARRAY(
        SELECT (SELECT r.digest FROM eventstore.requests AS r WHERE r.request_id = request_ids[c.n])
        FROM generate_series(1, cardinality(request_ids)) AS c (n));
    actual := ARRAY(
        SELECT coalesce((
            SELECT ev.version FROM eventstore.events AS ev
            WHERE ev.stream = write_streams[s.n] ORDER BY ev.version DESC LIMIT 1), 0)
        FROM generate_series(1, cardinality(write_streams)) AS s (n));

    FOR c IN 1 .. cardinality(request_ids) LOOP
        command := c;
        outcome := CASE WHEN known[c] IS NULL THEN 0 WHEN known[c] = digests[c] THEN 2 ELSE 3 END;
        lost_write := NULL;
        -- Beyond the end an element is NULL, which ends the loops.
        WHILE write_commands[w] = c LOOP
            IF outcome = 0 AND actual[w] <> write_expected[w] THEN
                outcome := 1;
                lost_write := w;
            END IF;
            w := w + 1;
        END LOOP;

        first_position := head_position + 1;
        previous_hash := head_hash;
        WHILE event_commands[e] = c LOOP
            IF outcome = 0 THEN
                head_position := head_position + 1;
                positions[e] := head_position;
                previous[e] := head_hash;
                head_hash := sha256(head_hash || int8send(head_position) || head_micros || event_contents[e]);
                hashes[e] := head_hash;
            ELSE
                positions[e] := NULL;
            END IF;
            e := e + 1;
        END LOOP;
        last_position := head_position;
        recorded_at := head_at;
        versions := NULL;
        response := NULL;

        IF outcome = 2 THEN
            SELECT r.first_position, r.last_position, r.recorded_at, r.versions, r.response
            INTO first_position, last_position, recorded_at, versions, response
            FROM eventstore.requests AS r WHERE r.request_id = request_ids[c];
        END IF;
        new_requests[c] := CASE WHEN outcome = 0 THEN request_ids[c] END;
        firsts[c] := first_position;
        lasts[c] := last_position;
        RETURN NEXT;
    END LOOP;

    INSERT INTO eventstore.events (
        position, version, recorded_at, occurred_on, stream, type, payload, org_unit, actor, traceparent, previous_hash, hash)
    SELECT
        positions[n], event_versions[n], head_at, event_days[n], write_streams[event_writes[n]], event_types[n],
        event_payloads[n], event_units[n], actors[event_commands[n]], traceparents[event_commands[n]], previous[n], hashes[n]
    FROM generate_series(1, cardinality(positions)) AS x (n)
    WHERE positions[n] IS NOT NULL;

    INSERT INTO eventstore.requests (
        request_id, first_position, last_position, recorded_at, versions, digest, response)
    SELECT new_requests[n], firsts[n], lasts[n], head_at, versions_after[n]::bigint[], digests[n], responses[n]
    FROM generate_series(1, cardinality(new_requests)) AS x (n)
    WHERE new_requests[n] IS NOT NULL;
END $$;

REVOKE ALL ON FUNCTION eventstore.append FROM PUBLIC;
GRANT USAGE ON SCHEMA eventstore TO xiaoan_app;
-- No UPDATE, DELETE or TRUNCATE, ever: the log is append-only for whoever serves callers.
GRANT SELECT, INSERT ON eventstore.events, eventstore.requests TO xiaoan_app;
GRANT EXECUTE ON FUNCTION eventstore.append TO xiaoan_app;
