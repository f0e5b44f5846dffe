-- What the SDK promises its users about tables: does the module find it so?
-- It checks itself; what a check leaves behind must not disturb the next.
\set VERBOSITY terse
\pset format unaligned
\t on
SELECT publish_module('semantics', pg_read_binary_file('test_modules/semantics.wasm')) ->> 'created';
SELECT semantics.check_all();
SELECT call_reducer('semantics', 'check_all');
-- One by one, each in a transaction of its own.
SELECT format('SELECT semantics.%I();', name) FROM spacetime.reducers WHERE module = 'semantics' AND name LIKE 'check\_%' ORDER BY name \gexec
-- By the same table with Postgres' statistics and after maintenance.
VACUUM ANALYZE semantics.entry, semantics.measure, semantics.labelled, semantics.bag;
SELECT semantics.check_all();
-- Under every way a planner could go: host functions do not plan.
SET enable_indexscan = off;
SET enable_seqscan = off;
SELECT semantics.check_all();
RESET ALL;

-- Those that fail, for the guest's reasons. An equal row is no violation.
\set VERBOSITY sqlstate
SELECT semantics.violate_unhandled();
SELECT semantics.update_conflict_unhandled();
SELECT semantics.update_missing_unhandled();
SELECT semantics.range_scan_on_hash_index();
SELECT semantics.insert_labelled(101, 'new', 1);
SELECT semantics.insert_labelled(101, 'new', 2);
SELECT semantics.insert_labelled(102, 'new', 2);
SELECT semantics.insert_labelled(101, 'new', 1);
SELECT semantics.update_labelled(101, 'changed', 3);
SELECT semantics.update_labelled(999, 'nobody', 3);
SELECT semantics.delete_labelled(999);
SELECT id, label, number FROM semantics.labelled WHERE id > 100;
SELECT semantics.write_and_fail('on purpose');
SELECT count(*) FROM semantics.bag WHERE label = 'written before the error';

-- The module's own memory: kept from call to call, new after a trap or an error.
SELECT semantics.count_and_panic();
SELECT semantics.count_calls(), semantics.count_calls();
SELECT semantics.count_and_fail();
\echo :LAST_ERROR_MESSAGE
SELECT semantics.count_calls();
SELECT calls FROM semantics.instance_call ORDER BY id;
SELECT semantics.count_and_panic();
SELECT semantics.count_calls();
SELECT calls FROM semantics.instance_call ORDER BY id DESC LIMIT 1;

-- The context of a call.
SELECT semantics.expect_claims_of_sender();
SELECT semantics.expect_internal();
SELECT semantics.record_call('one'), call_reducer('semantics', 'record_call', '["two"]');
BEGIN;
SELECT semantics.record_call('three');
SELECT semantics.record_call('four');
COMMIT;
SELECT note, sender = spacetime.sender() AS sender, connection_id = spacetime.connection_id() AS connection, is_internal, has_jwt, subject, audience,
       issuer LIKE 'postgres:%' AS issuer, encode(database_identity, 'hex') = (SELECT identity FROM spacetime.modules WHERE name = 'semantics') AS database,
       (claims::jsonb ->> 'sub') = subject AS claims
FROM semantics.call ORDER BY id;
-- Time only grows and seeds the randomness: no two calls are alike, however fast they follow each other.
SELECT count(semantics.record_call('many')) FROM generate_series(1, 1000);
SELECT bool_and(later) FROM (SELECT timestamp > lag(timestamp) OVER (ORDER BY id) AS later FROM semantics.call) x;
SELECT count(DISTINCT random), count(DISTINCT uuid_random), count(DISTINCT uuid_ordered) FROM semantics.call;
SELECT bool_and(substr(uuid_random::text, 15, 1) = '4'), bool_and(substr(uuid_ordered::text, 15, 1) = '7') FROM semantics.call;
-- init ran once, as the publisher, with no connection.
SELECT id, kind, sender = spacetime.sender(), connection_id FROM semantics.lifecycle_event;
-- SQL calls do not run client_connected.
SELECT semantics.refuse_connections('closed');
SELECT semantics.record_call('through the closed door');
SELECT spacetime.drop_module('semantics');
