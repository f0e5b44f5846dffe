-- Catalog of the extension: which modules exist, what they store, how they are reached.
-- Rows name schemas, tables and roles, never oids, so that dump and restore keep them true.

-- Roles belong to the whole server: another database, or a restore, may have made them already, and what operators granted
-- to them meanwhile is theirs to keep. They outlive the extension.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'spacetime_client') THEN
        CREATE ROLE spacetime_client NOLOGIN;
        COMMENT ON ROLE spacetime_client IS 'may call public reducers and read public tables of modules';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'spacetime_admin') THEN
        CREATE ROLE spacetime_admin NOLOGIN;
        COMMENT ON ROLE spacetime_admin IS 'may publish modules and read their logs';
    END IF;
    IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'spacetime_client' AND (rolsuper OR rolbypassrls)) THEN
        RAISE EXCEPTION 'role spacetime_client exists and is above row-level security'
            USING ERRCODE = 'insufficient_privilege', HINT = 'ALTER ROLE spacetime_client NOSUPERUSER NOBYPASSRLS';
    END IF;
END $$;

CREATE SCHEMA spacetime;
GRANT USAGE ON SCHEMA spacetime TO PUBLIC;

-- One row: what identities of roles are derived from. Dumped, so that they survive a restore.
CREATE TABLE spacetime._installation (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    only_row boolean NOT NULL DEFAULT true UNIQUE CHECK (only_row)
);
INSERT INTO spacetime._installation DEFAULT VALUES;

CREATE TABLE spacetime._module (
    identity bytea PRIMARY KEY CHECK (octet_length(identity) = 32),
    owner_identity bytea NOT NULL CHECK (octet_length(owner_identity) = 32),
    owner_role name NOT NULL,
    schema_name name NOT NULL UNIQUE,
    version integer NOT NULL,
    wasm bytea NOT NULL,
    wasm_sha256 bytea NOT NULL,
    -- BSATN as the guest described itself, and the plan that maps it to Postgres.
    description bytea NOT NULL,
    storage jsonb NOT NULL,
    concurrency text NOT NULL CHECK (concurrency IN ('serial', 'row')),
    sql_writers text NOT NULL CHECK (sql_writers IN ('locked', 'free')),
    u64 text NOT NULL CHECK (u64 IN ('numeric', 'bigint')),
    -- Neither dropped nor emptied until somebody takes this back.
    is_protected boolean NOT NULL DEFAULT false,
    -- Most rows that clients other than the owner may ask a gateway for at a time, as the planner estimates them.
    row_limit bigint CHECK (row_limit >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE spacetime._module ALTER COLUMN wasm SET STORAGE EXTERNAL;

-- A module may have several names or none.
CREATE TABLE spacetime._module_name (
    name text PRIMARY KEY,
    identity bytea NOT NULL REFERENCES spacetime._module ON DELETE CASCADE
);
CREATE INDEX ON spacetime._module_name (identity);

-- What is to run when: one entry for each row of a scheduled table, kept up by a trigger on that table, and one for each
-- reducer scheduled immediately (its table_name and row_key are NULL). The only place that knows when an interval is due
-- next. No foreign key to _module: its check would write to the module's row for each row that is scheduled.
CREATE SEQUENCE spacetime._schedule_id;
CREATE TABLE spacetime._schedule (
    id bigint PRIMARY KEY DEFAULT nextval('spacetime._schedule_id'),
    module bytea NOT NULL,
    table_name text,
    row_key numeric(20),
    -- A reducer, or a procedure: those have a worker of their own.
    function text NOT NULL,
    is_procedure boolean NOT NULL DEFAULT false,
    arguments bytea,
    -- Microseconds since the Unix epoch, and microseconds.
    due_us bigint NOT NULL,
    interval_us bigint CHECK (interval_us > 0),
    runs bigint NOT NULL DEFAULT 0,
    last_run timestamptz,
    last_error text,
    UNIQUE (module, table_name, row_key)
);
CREATE INDEX ON spacetime._schedule (module, is_procedure, due_us, id);

-- Clients that gateways have connected. Connections do not outlive a dump, so this is not part of one.
CREATE TABLE spacetime._client (
    module bytea NOT NULL,
    identity bytea NOT NULL CHECK (octet_length(identity) = 32),
    connection_id bytea NOT NULL CHECK (octet_length(connection_id) = 16),
    gateway text NOT NULL,
    claims jsonb NOT NULL,
    connected_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (module, identity, connection_id)
);
CREATE INDEX ON spacetime._client (gateway);

-- Values may be secrets: read through functions that ask who wants to know, and never dumped. Without a foreign key, so
-- that they survive a publish that begins afresh.
CREATE TABLE spacetime._environment (
    identity bytea NOT NULL,
    name text NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (identity, name)
);

-- Hosts that procedures of a module may make HTTP requests to. Without a foreign key, as above.
CREATE TABLE spacetime._http_host (
    identity bytea NOT NULL,
    host text NOT NULL,
    private_addresses boolean NOT NULL,
    insecure_http boolean NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (identity, host)
);
REVOKE ALL ON spacetime._http_host FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('spacetime._http_host', '');

-- Whose tokens count. Options can hold a shared secret: nobody but the extension's owner reads this.
CREATE TABLE spacetime._issuer (
    issuer text PRIMARY KEY,
    audiences text[],
    options jsonb NOT NULL DEFAULT '{}',
    is_distrusted boolean NOT NULL DEFAULT false,
    changed_at timestamptz NOT NULL DEFAULT now()
);
REVOKE ALL ON spacetime._issuer FROM PUBLIC;

-- The keys this server signs tokens with; the newest signs, all verify. Whoever reads a private one is everybody.
CREATE TABLE spacetime._signing_key (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    private_pem text NOT NULL,
    public_jwk jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
REVOKE ALL ON spacetime._signing_key FROM PUBLIC;

-- Identities that may publish new modules through a gateway.
CREATE TABLE spacetime._publisher (
    identity bytea PRIMARY KEY CHECK (octet_length(identity) = 32)
);
REVOKE ALL ON spacetime._publisher FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('spacetime._publisher', '');

-- Issuers with a shared secret stay out of dumps, as private keys do: dumps are read by more people than catalogs.
SELECT pg_catalog.pg_extension_config_dump('spacetime._issuer', 'WHERE NOT options ? ''secret''');
SELECT pg_catalog.pg_extension_config_dump('spacetime._installation', '');
SELECT pg_catalog.pg_extension_config_dump('spacetime._module', '');
SELECT pg_catalog.pg_extension_config_dump('spacetime._module_name', '');
SELECT pg_catalog.pg_extension_config_dump('spacetime._schedule', '');
SELECT pg_catalog.pg_extension_config_dump('spacetime._schedule_id', '');

-- Subscriptions of SQL sessions. They do not outlive the server's memory, so nothing of this is logged or dumped. Nobody but
-- the extension reads it: who knows a channel hears what is said there.
CREATE SEQUENCE spacetime._subscription_id;
CREATE UNLOGGED TABLE spacetime._subscription (
    id bigint PRIMARY KEY DEFAULT nextval('spacetime._subscription_id'),
    channel text NOT NULL,
    query text NOT NULL,
    -- Its oid, as a number: a subscription does not outlive the notifier, and so no upgrade that gives out others.
    role bigint NOT NULL,
    identity bytea NOT NULL,
    -- The login that the session had, if any.
    login text,
    pid integer NOT NULL,
    backend_start timestamptz NOT NULL,
    -- The rows that the session was given, until the notifier has taken them over; from where on the change log has what
    -- they lack, and which transactions they contain.
    rows bytea,
    since bytea NOT NULL,
    seen text NOT NULL,
    -- Counts resumes; the number of the last message that the one who resumes has got.
    resumes integer NOT NULL DEFAULT 0,
    resume_after bigint,
    -- Kept by the notifier while no session is there: the first message it could send again.
    resumable_from bigint,
    -- The notifier's: which evaluation the subscription shares.
    evaluation bigint,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
REVOKE ALL ON spacetime._subscription FROM PUBLIC;
-- Rows too large for a notification.
CREATE UNLOGGED TABLE spacetime._subscription_row (
    id bigint PRIMARY KEY,
    evaluation bigint NOT NULL,
    "row" text NOT NULL
);
REVOKE ALL ON spacetime._subscription_row FROM PUBLIC;

-- Tells the change log of rows that plain SQL writes; publishing puts triggers with it on module tables.
CREATE FUNCTION spacetime._capture_change() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'spacetime_capture_change';

-- Typed wrappers of reducers, views and procedures are functions in this language. Untrusted: only publishing makes them.
CREATE FUNCTION spacetime._call_handler() RETURNS language_handler
    LANGUAGE c AS 'MODULE_PATHNAME', 'spacetime_call_handler';
CREATE FUNCTION spacetime._call_validator(oid) RETURNS void
    LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'spacetime_call_validator';
-- By name, as call_reducer: also for procedures that have none in SQL.
CREATE PROCEDURE @extschema@.call_procedure(module text, procedure text, args jsonb DEFAULT '[]', INOUT result jsonb DEFAULT NULL)
    LANGUAGE c AS 'MODULE_PATHNAME', 'spacetime_call_procedure';
COMMENT ON PROCEDURE @extschema@.call_procedure(text, text, jsonb, jsonb) IS
    'calls a procedure, which begins and ends transactions itself; arguments by position or by name';

-- For gateways, in the name of a client; layout of the call: crates/call-batch.
CREATE PROCEDURE spacetime._call_procedure(call bytea, INOUT result bytea DEFAULT NULL)
    LANGUAGE c AS 'MODULE_PATHNAME', 'spacetime_call_procedure_for_client';
REVOKE ALL ON PROCEDURE spacetime._call_procedure(bytea, bytea) FROM PUBLIC;

CREATE LANGUAGE spacetime HANDLER spacetime._call_handler VALIDATOR spacetime._call_validator;
COMMENT ON LANGUAGE spacetime IS 'functions of WASM modules';
