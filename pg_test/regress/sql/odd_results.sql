-- What does the host make of results and error messages no SDK produces?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SELECT publish_module('odd', pg_read_binary_file('test_modules/odd_results.wasm')) ->> 'created';
-- Results other than 0 and 1 mean nothing: an error, never success.
SELECT odd.result_2();
SELECT odd.result_minus_1();
SELECT odd.result_with_high_bits();
SELECT odd.well();
-- Messages. (The canonical name of error_not_utf8 has one underscore more.)
SELECT odd.error_without_message();
SELECT odd.error_not_utf_8();
SELECT :'LAST_ERROR_MESSAGE' LIKE 'before %after', :'LAST_ERROR_MESSAGE' <> '';
SELECT odd.error_with_nul();
SELECT :'LAST_ERROR_MESSAGE' LIKE 'before%';
SELECT odd.error_in_pieces();
\echo :LAST_ERROR_MESSAGE
SELECT odd.message_but_success();
-- Without end: the host stops taking it.
SELECT odd.error_without_end();
SELECT odd.well();
SELECT odd.unknown_sink();
SELECT call_reducer('odd', 'error_in_pieces');
SELECT call_reducer('odd', 'well');
SELECT spacetime.drop_module('odd');
