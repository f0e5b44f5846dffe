-- Does spacetime.max_memory_mb bound an instance, and does a change count for the next one?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SELECT publish_module('limit-memory', pg_read_binary_file('test_modules/misbehave.wasm')) ->> 'created';
SHOW spacetime.max_memory_mb;
SET spacetime.max_memory_mb = 16;
SELECT "limit-memory".allocate(8);
SELECT "limit-memory".allocate(32);
SELECT "limit-memory".do_nothing();
SELECT call_reducer('limit-memory', 'allocate_without_end');
SELECT "limit-memory".allocate(8);
-- A guest that is refused and goes on is not ended.
SELECT "limit-memory".grow_until_refused();
SELECT substring(:'LAST_ERROR_MESSAGE' from '[0-9]+')::int BETWEEN 200 AND 256;
SET spacetime.max_memory_mb = 64;
SELECT "limit-memory".allocate(32);
SELECT "limit-memory".grow_until_refused();
SELECT substring(:'LAST_ERROR_MESSAGE' from '[0-9]+')::int BETWEEN 900 AND 1024;
-- Lowered below what the instance has: the next call still works, in a smaller instance or the old one, and cannot grow.
SET spacetime.max_memory_mb = 16;
SELECT "limit-memory".do_nothing();
SELECT "limit-memory".allocate(32);
-- Less than the module starts with (it needs 1 MB of stack and its data).
SET spacetime.max_memory_mb = 1;
SELECT "limit-memory".do_nothing();
\echo :SQLSTATE
SELECT publish_module('limit-memory-two', pg_read_binary_file('test_modules/chat.wasm')) ->> 'created';
SET spacetime.max_memory_mb = 256;
SELECT "limit-memory".do_nothing(), "limit-memory".allocate(100);
SELECT publish_module('limit-memory-two', pg_read_binary_file('test_modules/chat.wasm')) ->> 'created';
-- The limit is for the guest's memory, not for what it stores: 20 MB through a 16 MB instance in pieces.
SET spacetime.max_memory_mb = 16;
SELECT count("limit-memory".insert_at_length(2000000)) FROM generate_series(1, 10);
SELECT sum(length(note)) FROM "limit-memory".witness;
\set VERBOSITY terse
SELECT "limit-memory".allocate_without_end();
RESET ALL;
SELECT spacetime.drop_module('limit-memory'), spacetime.drop_module('limit-memory-two');
