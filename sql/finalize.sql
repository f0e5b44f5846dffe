-- Views over the catalog, rights, comments.

CREATE VIEW spacetime.modules WITH (security_barrier) AS
SELECT (SELECT array_agg(n.name ORDER BY n.name) FROM spacetime._module_name n WHERE n.identity = m.identity) AS names,
       (SELECT min(n.name) FROM spacetime._module_name n WHERE n.identity = m.identity) AS name,
       m.schema_name AS schema,
       encode(m.identity, 'hex') AS identity,
       encode(m.owner_identity, 'hex') AS owner_identity,
       m.owner_role,
       m.version,
       m.concurrency,
       m.sql_writers,
       m.u64,
       octet_length(m.wasm) AS wasm_bytes,
       encode(m.wasm_sha256, 'hex') AS wasm_sha256,
       m.created_at,
       m.published_at
FROM spacetime._module m;

CREATE VIEW spacetime.tables WITH (security_barrier) AS
SELECT v.name AS module,
       t.value ->> 'name' AS name,
       m.schema_name AS schema,
       k.kind,
       CASE k.kind WHEN 'table' THEN t.value ->> 'pg_name' END AS pg_table,
       (t.value ->> 'is_public')::boolean AS is_public,
       c.ordinality::int AS column_number,
       c.value ->> 'name' AS column_name,
       CASE k.kind WHEN 'table' THEN c.value ->> 'pg_name' END AS pg_column,
       c.value ->> 'sats_type' AS sats_type,
       CASE k.kind WHEN 'table' THEN c.value ->> 'sql_type' END AS sql_type
FROM spacetime._module m
JOIN spacetime.modules v ON v.identity = encode(m.identity, 'hex')
CROSS JOIN jsonb_array_elements(m.storage -> 'tables') WITH ORDINALITY t
-- Nothing is stored of an event table: it has no name in Postgres.
CROSS JOIN LATERAL (SELECT CASE WHEN (t.value ->> 'is_event')::boolean THEN 'event' ELSE 'table' END AS kind) k
CROSS JOIN jsonb_array_elements(t.value -> 'columns') WITH ORDINALITY c;

CREATE VIEW spacetime.reducers WITH (security_barrier) AS
SELECT v.name AS module,
       r.value ->> 'name' AS name,
       m.schema_name AS schema,
       r.value ->> 'pg_name' AS pg_function,
       r.value ->> 'arguments' AS arguments,
       r.value ->> 'kind' AS kind
FROM spacetime._module m
JOIN spacetime.modules v ON v.identity = encode(m.identity, 'hex')
CROSS JOIN jsonb_array_elements(m.storage -> 'reducers') WITH ORDINALITY r
-- Private reducers exist for the module's owner only.
WHERE r.value ->> 'kind' <> 'private'
   OR EXISTS (SELECT FROM pg_roles o WHERE o.rolname = m.owner_role AND pg_has_role(o.oid, 'USAGE'));

-- Without the options: they may hold a secret.
CREATE VIEW spacetime.issuers WITH (security_barrier) AS
SELECT issuer, audiences, is_distrusted, options - 'secret' AS options, options ? 'secret' AS has_secret, changed_at
FROM spacetime._issuer;
GRANT SELECT ON spacetime.issuers TO spacetime_admin;

CREATE VIEW spacetime.http_hosts WITH (security_barrier) AS
SELECT v.name AS module, h.host, h.private_addresses, h.insecure_http, h.changed_at
FROM spacetime._http_host h
JOIN spacetime.modules v ON v.identity = encode(h.identity, 'hex');
GRANT SELECT ON spacetime.http_hosts TO spacetime_admin;

CREATE VIEW spacetime.procedures WITH (security_barrier) AS
SELECT v.name AS module,
       p.value ->> 'name' AS name,
       m.schema_name AS schema,
       p.value ->> 'pg_name' AS pg_procedure,
       p.value ->> 'arguments' AS arguments,
       p.value ->> 'result' AS result,
       p.value ->> 'kind' AS kind
FROM spacetime._module m
JOIN spacetime.modules v ON v.identity = encode(m.identity, 'hex')
CROSS JOIN jsonb_array_elements(m.storage -> 'procedures') WITH ORDINALITY p
WHERE p.value ->> 'kind' <> 'private'
   OR EXISTS (SELECT FROM pg_roles o WHERE o.rolname = m.owner_role AND pg_has_role(o.oid, 'USAGE'));

CREATE VIEW spacetime.views WITH (security_barrier) AS
SELECT v.name AS module,
       w.value ->> 'name' AS name,
       m.schema_name AS schema,
       w.value ->> 'pg_name' AS pg_function,
       w.value ->> 'pg_view' AS pg_view,
       w.value ->> 'arguments' AS arguments,
       w.value ->> 'columns' AS columns,
       (w.value ->> 'is_public')::boolean AS is_public,
       (w.value ->> 'is_anonymous')::boolean AS is_anonymous,
       w.value ->> 'kind' AS kind
FROM spacetime._module m
JOIN spacetime.modules v ON v.identity = encode(m.identity, 'hex')
CROSS JOIN jsonb_array_elements(m.storage -> 'views') WITH ORDINALITY w;

-- Of the caller's own modules: errors may hold what a row holds.
CREATE VIEW spacetime.schedules WITH (security_barrier) AS
SELECT v.name AS module,
       s.table_name AS "table",
       s.row_key,
       s.function,
       s.is_procedure,
       to_timestamp(s.due_us / 1000000.0) AS next_run,
       s.interval_us * interval '1 microsecond' AS every,
       s.runs,
       s.last_run,
       s.last_error
FROM spacetime._schedule s
JOIN spacetime._module m ON m.identity = s.module
JOIN spacetime.modules v ON v.identity = encode(m.identity, 'hex')
WHERE EXISTS (SELECT FROM pg_roles r WHERE r.rolname = m.owner_role AND pg_has_role(r.oid, 'USAGE'));

GRANT SELECT ON spacetime.modules, spacetime.tables, spacetime.reducers, spacetime.procedures, spacetime.views,
    spacetime.schedules TO PUBLIC;

-- CREATE EXTENSION draws an id and a restore brings another: the restored one stays.
CREATE TRIGGER replace_installation BEFORE INSERT ON spacetime._installation
    FOR EACH ROW EXECUTE FUNCTION spacetime._replace_installation();

-- Publishing runs code and makes objects: a right to be granted. Logs may hold what modules should not tell.
REVOKE ALL ON FUNCTION @extschema@.publish_module(text, bytea, jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime.plan_publish(text, bytea, jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime.drop_module(text, boolean) FROM PUBLIC;
-- For superusers, not for spacetime_admin: whose tables it takes over it learns from a comment that any owner can write.
REVOKE ALL ON FUNCTION spacetime.adopt_module(text, bytea, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime._lock_module() FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime._capture_change() FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime._note_schedule() FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime._replace_installation() FROM PUBLIC;
-- For gateways, which vouch for whom they name.
REVOKE ALL ON FUNCTION spacetime._connect(text, bytea, bytea, text, jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime._disconnect(text, bytea, bytea) FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime._disconnect_all(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime._view(text, text, bytea, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.publish_module(text, bytea, jsonb) TO spacetime_admin;
GRANT EXECUTE ON FUNCTION spacetime.plan_publish(text, bytea, jsonb) TO spacetime_admin;
GRANT EXECUTE ON FUNCTION spacetime.drop_module(text, boolean) TO spacetime_admin;
-- Whose word counts decides who everybody is: for superusers, and whom they grant it.
REVOKE ALL ON FUNCTION spacetime.trust_issuer(text, text[], jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime.distrust_issuer(text) FROM PUBLIC;
-- Code of modules inside the operator's network, likewise.
REVOKE ALL ON FUNCTION spacetime.allow_http(text, text, boolean, boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime.disallow_http(text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime.grant_publish(bytea) FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime.revoke_publish(bytea) FROM PUBLIC;
-- Tokens are made by gateways.
REVOKE ALL ON FUNCTION spacetime.anonymous_token() FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime.websocket_token(text, text[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime._verify_token(text, text[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime._run_statement(text, text, bytea, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime.call_batch(bytea) FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime.wait_durable(pg_lsn) FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime._select(text, text, bytea, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime._estimate(text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime._settled_cursor() FROM PUBLIC;

-- The change log holds the rows of every module.
REVOKE ALL ON FUNCTION spacetime.changes(bytea, integer, integer, boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION spacetime._change_log() FROM PUBLIC;
CREATE VIEW spacetime.change_log AS SELECT * FROM spacetime._change_log();
COMMENT ON VIEW spacetime.change_log IS 'state of the change log, one row per session that reads it';
COMMENT ON FUNCTION spacetime.changes(bytea, integer, integer, boolean) IS 'what commits did to module tables, after a cursor; for gateways';

-- Without channels: they are for those who were given them.
CREATE VIEW spacetime.subscriptions WITH (security_barrier) AS
SELECT s.id,
       s.query,
       r.rolname AS role,
       encode(s.identity, 'hex') AS identity,
       CASE WHEN a.pid IS NOT NULL THEN s.pid END AS pid,
       s.created_at
FROM spacetime._subscription s
LEFT JOIN pg_roles r ON r.oid = s.role
LEFT JOIN pg_stat_get_activity(NULL) a ON a.pid = s.pid AND a.backend_start = s.backend_start
WHERE r.oid IS NOT NULL AND pg_has_role(r.oid, 'USAGE');
GRANT SELECT ON spacetime.subscriptions TO PUBLIC;
COMMENT ON VIEW spacetime.subscriptions IS 'subscriptions of SQL sessions of the caller''s roles; pid is NULL while the session is gone';
COMMENT ON FUNCTION spacetime.subscribe(text) IS 'rows of a query over tables of a module, and a channel on which the session hears how they change';
COMMENT ON FUNCTION spacetime.unsubscribe(bigint) IS 'ends a subscription';
COMMENT ON FUNCTION spacetime.resume(bigint, bigint) IS 'goes on with the subscription of a session that was lost, after the last message that arrived';
COMMENT ON FUNCTION spacetime.fetch_change(bigint, bigint) IS 'a row that was too large for a notification';

COMMENT ON SCHEMA spacetime IS 'the spacetime extension: modules, their tables and reducers';
COMMENT ON VIEW spacetime.modules IS 'published modules';
COMMENT ON VIEW spacetime.tables IS 'tables of modules, column by column, under both their names';
COMMENT ON VIEW spacetime.reducers IS 'reducers of modules and the SQL functions that call them';
COMMENT ON VIEW spacetime.procedures IS 'procedures of modules and the SQL procedures that call them';
COMMENT ON VIEW spacetime.views IS 'views of modules, and the SQL functions and views that show their rows';
COMMENT ON VIEW spacetime.schedules IS 'rows of scheduled tables of the caller''s modules: when they are due, and what went wrong last';
COMMENT ON FUNCTION spacetime._connect(text, bytea, bytea, text, jsonb) IS 'a gateway has a new client: records it and runs client_connected, whose error refuses it';
COMMENT ON FUNCTION spacetime._disconnect(text, bytea, bytea) IS 'a client of a gateway is gone: runs client_disconnected, whose error is logged, and forgets it';
COMMENT ON FUNCTION spacetime.call_batch(bytea) IS 'reducer calls of a gateway''s clients, each of which fails alone; layout in crates/call-batch';
COMMENT ON FUNCTION spacetime.wait_durable(pg_lsn) IS 'returns once the WAL up to here would survive a crash, on the synchronous standby, too';
COMMENT ON FUNCTION spacetime._select(text, text, bytea, text, text) IS 'rows of a module''s tables in BSATN, each after its length as u32; for gateways';
COMMENT ON FUNCTION spacetime._estimate(text, text) IS 'how many rows the planner expects of a selection; for gateways';
COMMENT ON FUNCTION spacetime._settled_cursor() IS 'where readers of the change log have seen all that an earlier snapshot shows; for gateways';
COMMENT ON FUNCTION spacetime._disconnect_all(text) IS 'a gateway has started: what its last run left connected is gone';
COMMENT ON FUNCTION spacetime._view(text, text, bytea, bytea) IS 'evaluates a view of a module for a sender: rows and arguments in BSATN';
COMMENT ON FUNCTION @extschema@.publish_module(text, bytea, jsonb) IS 'creates or updates a module in the current transaction';
COMMENT ON FUNCTION @extschema@.call_reducer(text, text, jsonb) IS 'calls a reducer in the current transaction; arguments by position or by name';
COMMENT ON FUNCTION spacetime.plan_publish(text, bytea, jsonb) IS 'the steps publish_module would take, and which it would refuse';
COMMENT ON FUNCTION spacetime.drop_module(text, boolean) IS 'removes a module, with its data unless keep_data';
COMMENT ON FUNCTION spacetime.adopt_module(text, bytea, text) IS 'brings a module and its schema together again, after a rename, DDL by hand or DROP EXTENSION';
COMMENT ON FUNCTION spacetime.describe(text) IS 'the definition of a module';
COMMENT ON FUNCTION spacetime.set_env(text, text, text) IS 'sets an environment variable that a module declares; NULL removes it';
COMMENT ON FUNCTION spacetime.env(text) IS 'environment variables of a module and their values, for its owner';
COMMENT ON FUNCTION spacetime.logs(text, integer, text) IS 'what a module logged, newest last, calls that were rolled back included';
COMMENT ON FUNCTION spacetime.check_module(text) IS 'differences between a module and its tables';
COMMENT ON FUNCTION spacetime.sender() IS 'the identity reducers get as sender from this session';
COMMENT ON FUNCTION spacetime.connection_id() IS 'the connection id reducers get from this session';
COMMENT ON FUNCTION spacetime.claims() IS 'what the token of this session says; without a login, what reducers are told about its role';
COMMENT ON FUNCTION spacetime.login(text) IS 'makes the session who a token says it is, until logout or DISCARD ALL';
COMMENT ON FUNCTION spacetime.login_local(text) IS 'makes the session who a token says it is, until the end of the transaction';
COMMENT ON FUNCTION spacetime.logout() IS 'makes the session speak for its role again';
COMMENT ON FUNCTION spacetime.trust_issuer(text, text[], jsonb) IS 'lets tokens of an OpenID Connect issuer count';
COMMENT ON FUNCTION spacetime.distrust_issuer(text) IS 'refuses tokens of an issuer';
COMMENT ON FUNCTION spacetime.allow_http(text, text, boolean, boolean) IS 'lets procedures of a module make HTTP requests to a host';
COMMENT ON FUNCTION spacetime.disallow_http(text, text) IS 'takes a host away from those that a module may ask';
COMMENT ON VIEW spacetime.http_hosts IS 'hosts that procedures of modules may make HTTP requests to';
COMMENT ON FUNCTION spacetime.anonymous_token() IS 'a token for a new identity, signed by this server';
COMMENT ON FUNCTION spacetime.websocket_token(text, text[]) IS 'a token of one minute for the bearer of another one';
COMMENT ON FUNCTION spacetime.public_keys() IS 'what verifies tokens of this server, as a JSON Web Key Set';
COMMENT ON VIEW spacetime.issuers IS 'issuers whose tokens count, or are refused';
COMMENT ON FUNCTION spacetime.grant_publish(bytea) IS 'lets an identity publish new modules';
COMMENT ON FUNCTION spacetime.revoke_publish(bytea) IS 'takes back the right to publish new modules';
COMMENT ON FUNCTION spacetime.set_names(text, text[]) IS 'replaces the names of a module; without any it is reached by its identity';
COMMENT ON FUNCTION spacetime.protect_module(text, boolean) IS 'protects a module from being dropped or emptied, or takes that back';
COMMENT ON FUNCTION spacetime.set_owner(text, bytea) IS 'gives a module to another identity';

-- Who may read or write all data (pg_read_all_data, pg_write_all_data, default privileges of the schema's owner) is not meant
-- to have the keys, nor to decide who owns a module: without a policy nobody but superusers sees a row.
DO $$
DECLARE
    catalog regclass;
BEGIN
    FOR catalog IN SELECT oid FROM pg_class WHERE relnamespace = 'spacetime'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', catalog);
    END LOOP;
END $$;
