-- Does the publish option u64 => 'bigint' work for keys, sequences, lists and arguments, and refuse what bigint cannot hold?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SET client_min_messages = error;
SELECT publish_module('big', pg_read_binary_file('test_modules/everytype.wasm'), '{"u64": "bigint"}') ->> 'created';
SELECT publish_module('big-semantics', pg_read_binary_file('test_modules/semantics.wasm'), '{"u64": "bigint"}') ->> 'created';
SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'big' AND table_name IN ('by_u_64', 'of_u_64', 'direct_u_64', 'of_u_128') AND column_name IN ('key', 'twin', 'plain', 'optional', 'list') ORDER BY 1, 2;
SELECT pg_get_function_arguments('big.insert_direct_u_64'::regproc);
-- Everything the module promises of tables with keys of u64 holds.
SELECT "big-semantics".check_all();
-- Up to 2^63 - 1, by the typed function, by JSON, in lists.
SELECT big.insert_direct_u_64(9223372036854775807, 'typed'), call_reducer('big', 'insert_direct_u_64', '[9223372036854775806, "json"]'), big.insert_direct_u_64(0, 'zero');
SELECT key, note FROM big.direct_u_64 ORDER BY key;
-- Above: the value exists for the guest and not for the column.
SELECT call_reducer('big', 'insert_direct_u_64', '[9223372036854775808, "one too many"]');
SELECT call_reducer('big', 'insert_direct_u_64', '[18446744073709551615, "the greatest"]');
SELECT call_reducer('big', 'insert_by_u_64', '[1, 18446744073709551615, 1, 1, "in another column"]');
SELECT call_reducer('big', 'insert_of_u_64', '[1, 1, null, null, [1, 9223372036854775808], null, [], [], [1, null, []], {"neither": []}]');
SELECT call_reducer('big', 'insert_of_u_64', '[1, 1, {"some": 9223372036854775808}, null, [], null, [], [], [1, null, []], {"neither": []}]');
-- Inside of jsonb there is no such limit.
SELECT call_reducer('big', 'insert_of_u_64', '[1, 1, null, {"some": {"some": 18446744073709551615}}, [9223372036854775807], null, [], [], [18446744073709551615, null, []], {"neither": []}]');
SELECT plain, twice_optional, list, wrapped FROM big.of_u_64;
SELECT big.check_by_u_64();
-- Negative numbers are no u64, in SQL as in arguments.
SELECT big.insert_direct_u_64(-1, 'negative');
INSERT INTO big.direct_u_64 VALUES (-1, 'negative');
SELECT count(*) FROM big.by_u_64;
SELECT key FROM big.direct_u_64 ORDER BY key;
SELECT spacetime.drop_module('big'), spacetime.drop_module('big-semantics');
