-- Does the host refuse bad pointers, lengths, bytes and ids, without harm to the server or to other modules?
-- A reducer of this fixture must fail unless its documentation says that it succeeds.
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SELECT publish_module('hostile', pg_read_binary_file('test_modules/hostile.wasm')) ->> 'created';
SELECT publish_module('hostile-neighbour', pg_read_binary_file('test_modules/chat.wasm')) ->> 'created';
SELECT "hostile-neighbour".register_user('neighbour');
SELECT hostile.insert_good_row(1);
-- The state of a call, and after it a good call in the same session must work.
CREATE FUNCTION pg_temp.call(reducer text, args jsonb DEFAULT '[]') RETURNS text LANGUAGE plpgsql AS $$
DECLARE state text = 'ok';
BEGIN
    BEGIN
        PERFORM call_reducer('hostile', reducer, args);
    EXCEPTION WHEN OTHERS THEN
        state := SQLSTATE || CASE WHEN SQLSTATE = '38000' OR SQLSTATE LIKE 'XX%' THEN ' ' || SQLERRM ELSE '' END;
    END;
    PERFORM call_reducer('hostile', 'log_at_level', '[2]');
    RETURN state;
END $$;
-- Those that succeed.
SELECT reducer, pg_temp.call(reducer) FROM unnest('{bad_utf8_log,nul_in_log,log_out_of_bounds,row_as_it_should_be,scan_as_it_should_be}'::text[]) reducer;
SELECT level, pg_temp.call('log_at_level', jsonb_build_array(level)) FROM unnest('{0,1,2,3,4,5,100,101,102,255,256,4294967295}'::bigint[]) level;
-- Pointers and lengths.
SELECT reducer, pg_temp.call(reducer) FROM unnest('{null_pointer,null_pointer_to_nothing,null_out_pointer,pointer_out_of_bounds,pointer_wraps_around,
    out_pointer_out_of_bounds,out_pointer_half_out_of_bounds,giant_name,giant_row,row_length_out_of_bounds,giant_delete,row_count_out_of_bounds,identity_out_of_bounds,
    connection_id_out_of_bounds,timer_name_out_of_bounds,sink_write_out_of_bounds}'::text[]) reducer;
SELECT pg_temp.call('giant_buffer') IN ('ok', '39000');
-- Bytes. A NUL in text is good UTF-8, but nothing Postgres can store.
SELECT reducer, pg_temp.call(reducer) FROM unnest('{bad_utf8_table_name,bad_utf8_index_name,row_of_garbage,row_without_bytes,row_truncated,row_too_long,row_with_bad_bool,
    row_with_bad_utf8,row_with_nul,row_with_surrogates,row_with_giant_text,row_with_giant_blob,row_with_bad_tag,row_with_giant_list,update_with_garbage,delete_giant_count}'::text[]) reducer;
SELECT reducer, pg_temp.call(reducer) FROM unnest('{scan_with_bad_bound,scan_with_empty_bound,scan_with_bad_prefix,scan_with_full_prefix,scan_with_giant_prefix,
    scan_with_prefix_beyond_16_bits}'::text[]) reducer;
-- Ids. No table of another module answers, whatever the number.
SELECT pg_temp.call('probe_tables', '[0, 100000]');
DO $$
DECLARE relation oid = '"hostile-neighbour"."user"'::regclass;
BEGIN
    PERFORM call_reducer('hostile', 'probe_tables', jsonb_build_array(greatest(relation::bigint - 500, 0), relation::bigint + 500));
    PERFORM call_reducer('hostile', 'probe_tables', '[4294900000, 4294967295]');
END $$;
SELECT pg_temp.call('keep_iterator'), pg_temp.call('use_kept_iterator');
BEGIN;
SELECT hostile.keep_iterator();
SELECT hostile.use_kept_iterator();
COMMIT;
-- Functions reducers may not call.
SELECT pg_temp.call('sleep'), pg_temp.call('http_request');
SELECT pg_temp.call('schedule_immediate', '["insert_good_row", [9, 0, 0, 0]]'), pg_temp.call('schedule_immediate', '["no_such_reducer", []]');
-- Every reducer was called.
SELECT count(*) FROM spacetime.reducers WHERE module = 'hostile';
-- Two good rows are there, and nothing else.
SELECT id, flag, text, blob, kind, list FROM hostile.target ORDER BY id;
SELECT name FROM "hostile-neighbour"."user";
SELECT spacetime.check_module('hostile');
-- The log could be read all the while.
SELECT count(*) > 50 FROM spacetime.logs('hostile', 10000, 'trace');
SELECT level, message LIKE '%tar%get%' FROM spacetime.logs('hostile', 10000) WHERE message LIKE 'tar%' ORDER BY at LIMIT 1;
SELECT spacetime.drop_module('hostile'), spacetime.drop_module('hostile-neighbour');
