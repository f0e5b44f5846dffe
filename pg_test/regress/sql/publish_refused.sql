-- Is every file that is no module of this ABI refused with a reason, and is nothing left behind?
-- One fault per file: modules/fixtures/raw/refused_*.wat says which.
\set VERBOSITY sqlstate
\pset format unaligned
\t on
-- Those that never end by themselves end by their own limit or this one.
SET statement_timeout = '20s';
CREATE FUNCTION pg_temp.publish(file text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM publish_module('refused', pg_read_binary_file('test_modules/' || file || '.wasm'));
    RETURN 'accepted';
EXCEPTION WHEN OTHERS OR query_canceled THEN
    RETURN SQLSTATE;
END $$;

-- Not WASM.
SELECT publish_module('refused', '');
SELECT publish_module('refused', '\x00');
SELECT publish_module('refused', 'this is text');
SELECT publish_module('refused', '\x0061736d');
SELECT publish_module('refused', '\x0061736d01000000');
SELECT publish_module('refused', substr(pg_read_binary_file('test_modules/chat.wasm'), 1, 10000));
SELECT publish_module('refused', pg_read_binary_file('test_modules/chat.wasm') || '\x00');
SELECT publish_module('refused', '(module)');
SELECT publish_module('refused', convert_to('not json', 'UTF8') || pg_read_binary_file('test_modules/chat.wasm'));

-- Imports and exports.
SELECT file, pg_temp.publish('refused_' || file) FROM unnest('{no_abi,no_memory,no_call_reducer,no_describe,
    wrong_signature,wrong_describe_signature,wrong_import_signature,unknown_import,import_of_wrong_minor,newer_minor,
    newer_major,two_majors,odd_version,wasi_import,memory_imported,memory_is_a_function,memory64,huge_memory,huge_table}'::text[]) file;
-- Starting up.
SELECT file, pg_temp.publish('refused_' || file)
FROM unnest('{data_out_of_bounds,start_traps,preinit_traps,describe_traps}'::text[]) file;
\set VERBOSITY terse
-- __setup__ has an error of its own to tell.
SELECT pg_temp.publish('refused_setup_fails') <> 'accepted';
\set VERBOSITY sqlstate
SELECT publish_module('refused', pg_read_binary_file('test_modules/refused_setup_fails.wasm')) \g /dev/null
SELECT :'LAST_ERROR_MESSAGE' LIKE '%setup fails on purpose%';
\set VERBOSITY sqlstate
-- Describing itself.
SELECT file, pg_temp.publish('refused_' || file) FROM unnest('{bad_describe,describe_nothing,describe_truncated,
    describe_trailing_bytes,describe_bad_utf8,describe_unknown_version,describe_unknown_type,describe_recursive_type,
    describe_deep_type,describe_huge_count,describe_huge_name,describe_without_end}'::text[]) file;
-- Never ending: a cancel by the statement's timeout works before there is any module.
SET statement_timeout = '300ms';
SELECT publish_module('refused', pg_read_binary_file('test_modules/refused_start_spins.wasm'));
SELECT publish_module('refused', pg_read_binary_file('test_modules/refused_preinit_spins.wasm'));
SELECT publish_module('refused', pg_read_binary_file('test_modules/refused_describe_spins.wasm'));
RESET statement_timeout;
-- All fixtures of that kind were there.
SELECT count(*) FROM pg_ls_dir('test_modules') file WHERE file LIKE 'refused\_%';

-- What a user reads.
\set VERBOSITY default
SELECT publish_module('refused', 'this is text');
SELECT publish_module('refused', pg_read_binary_file('test_modules/refused_no_call_reducer.wasm'));
SELECT publish_module('refused', pg_read_binary_file('test_modules/refused_unknown_import.wasm'));
SELECT publish_module('refused', pg_read_binary_file('test_modules/refused_newer_minor.wasm'));
\set VERBOSITY sqlstate

-- init runs in the publish, so its failure is the publish's.
SELECT publish_module('refused', pg_read_binary_file('test_modules/init_fails.wasm'));
\echo :LAST_ERROR_MESSAGE
SELECT publish_module('refused', pg_read_binary_file('test_modules/init_panics.wasm'));
SELECT spacetime.describe('refused'), spacetime.logs('refused');
BEGIN;
SAVEPOINT s;
SELECT publish_module('refused', pg_read_binary_file('test_modules/init_fails.wasm'));
ROLLBACK TO s;
SELECT publish_module('refused', pg_read_binary_file('test_modules/init_panics.wasm'));
ROLLBACK;

-- Nothing is left, and the name and the session are as good as new.
SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = 'refused') AS schemas, (SELECT count(*) FROM spacetime._module WHERE schema_name = 'refused') AS modules,
       (SELECT count(*) FROM spacetime._module_name WHERE name = 'refused') AS names;
SELECT count(*) FROM spacetime._module m WHERE NOT EXISTS (SELECT FROM spacetime._module_name n WHERE n.identity = m.identity);
SELECT call_reducer('refused', 'noop');
SELECT publish_module('refused', pg_read_binary_file('test_modules/minimal.wasm')) ->> 'created';
SELECT refused.noop();
SELECT spacetime.drop_module('refused');
