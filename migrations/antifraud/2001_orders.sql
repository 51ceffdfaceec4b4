-- What lists, gets and the banks' desk are answered from. All are projections of this service's own log: they can be
-- emptied and filled again from it at any time. No row holds a personal value.
-- Texts compare by byte ("C"): keyset paging must order them as the service does.

CREATE TABLE orders (
    order_id    text     COLLATE "C" PRIMARY KEY,
    account_id  text     COLLATE "C" NOT NULL,
    kind        smallint NOT NULL,
    org_unit    text     COLLATE "C" NOT NULL,
    member_unit text     COLLATE "C" NOT NULL,
    state       smallint NOT NULL,
    opened_at   bigint   NOT NULL UNIQUE,
    shown       bytea    NOT NULL
);
COMMENT ON TABLE  orders           IS 'stops, freezes and returns as they are shown';
COMMENT ON COLUMN orders.kind      IS '1 stop, 2 freeze, 3 return';
COMMENT ON COLUMN orders.state     IS 'number of StopState, FreezeState or ReturnState';
COMMENT ON COLUMN orders.opened_at IS 'position of the event that opened it';
COMMENT ON COLUMN orders.shown     IS 'StopOrder, FreezeOrder or ReturnOrder without etag';
CREATE INDEX orders_by_unit ON orders (kind, org_unit, opened_at DESC);

CREATE TABLE accounts (
    account_id text   COLLATE "C" PRIMARY KEY,
    version    bigint NOT NULL
);
COMMENT ON TABLE accounts IS 'versions of accounts: the etag of every order of theirs';

CREATE TABLE instructions (
    trans_serial_number text     COLLATE "C" PRIMARY KEY,
    order_id            text     COLLATE "C" NOT NULL,
    account_id          text     COLLATE "C" NOT NULL,
    member_unit         text     COLLATE "C" NOT NULL,
    kind                smallint NOT NULL,
    state               smallint NOT NULL,
    open                boolean  NOT NULL,
    sequence            bigint   NOT NULL
);
COMMENT ON TABLE  instructions          IS 'messages to banks; the desk hands over what is open, in the order of sequence';
COMMENT ON COLUMN instructions.sequence IS 'position of the event that put it in the bank''s way last';
CREATE INDEX instructions_for_bank ON instructions (member_unit, sequence) WHERE open;

CREATE TABLE ledger (
    position      bigint   PRIMARY KEY,
    ledger        smallint NOT NULL,
    order_id      text     COLLATE "C" NOT NULL,
    org_unit      text     COLLATE "C" NOT NULL,
    member_unit   text     COLLATE "C" NOT NULL,
    occurred_on   date     NOT NULL,
    amount_fen    bigint   NOT NULL,
    confirmations smallint NOT NULL,
    event_type    text     NOT NULL
);
COMMENT ON TABLE  ledger            IS 'what banks confirmed, one line per confirmation or correction';
COMMENT ON COLUMN ledger.ledger     IS 'number of xiaoan.antifraud.v1.Ledger; the three are never added to each other';
COMMENT ON COLUMN ledger.amount_fen IS 'fen; negative for a correction';
CREATE INDEX ledger_by_day ON ledger (ledger, org_unit, occurred_on, position);

CREATE TABLE members (
    member_unit text   COLLATE "C" PRIMARY KEY,
    version     bigint NOT NULL,
    shown       bytea  NOT NULL
);
COMMENT ON TABLE members IS 'member units of the joint meeting';

GRANT SELECT, INSERT, UPDATE, DELETE ON orders, accounts, instructions, ledger, members TO xiaoan_app;
