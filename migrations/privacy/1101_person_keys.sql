-- One data key per person, wrapped by a key that is not in the database. Whoever destroys a row forgets the person: every
-- value sealed with its key is unreadable for ever, and the chain of events stays whole.

CREATE TABLE person_keys (
    key_id     uuid PRIMARY KEY,
    person_id  uuid NOT NULL UNIQUE,
    wrapped    bytea NOT NULL CHECK (octet_length(wrapped) = 72),
    kek_id     text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN person_keys.wrapped IS 'nonce (24 bytes), then XChaCha20-Poly1305 of the data key (32 + 16 bytes), bound to key_id and person_id';
COMMENT ON COLUMN person_keys.kek_id IS 'fingerprint of the key that wraps it; says which one is needed, not what it is';

-- Services make keys and use them. They neither change nor destroy them.
GRANT SELECT, INSERT ON person_keys TO xiaoan_app;
