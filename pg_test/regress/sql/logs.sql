-- What is in a module's log, for whom, and does it survive a rollback?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SELECT publish_module('logs', pg_read_binary_file('test_modules/semantics.wasm')) ->> 'created';
SELECT level, message FROM spacetime.logs('logs');
-- Levels: info and above by default, all when the setting says so.
SELECT logs.log_all_levels('default');
SELECT level, message FROM spacetime.logs('logs', 100, 'trace');
SET spacetime.log_level = 'trace';
SELECT logs.log_all_levels('all');
SET spacetime.log_level = 'error';
SELECT logs.log_all_levels('errors');
RESET spacetime.log_level;
SELECT level, message FROM spacetime.logs('logs', 100, 'trace');
SELECT wanted, count(*) FROM unnest('{error,warn,info,debug,trace}'::text[]) wanted, LATERAL spacetime.logs('logs', 100, wanted) l GROUP BY wanted ORDER BY count(*), wanted;
-- The newest are kept by limit_rows, and come last.
SELECT level, message FROM spacetime.logs('logs', 3, 'trace');
SELECT count(*) FROM spacetime.logs('logs', 0);
SELECT message FROM spacetime.logs('logs', 2, 'warn');
SELECT count(*) FROM spacetime.logs('logs', 1000000, 'trace');
SELECT * FROM spacetime.logs('logs', 10, 'loud');
SELECT * FROM spacetime.logs('logs', 10, 'INFO');
SELECT * FROM spacetime.logs('logs', -1);
SELECT * FROM spacetime.logs('no-such-module');
-- Calls that were rolled back, by error, trap, ROLLBACK and savepoint, are in it.
SELECT logs.log_and_fail('of a failed call');
SELECT logs.log_and_panic('of a trapped call');
BEGIN;
SELECT logs.log_all_levels('of a transaction rolled back');
ROLLBACK;
BEGIN;
SAVEPOINT s;
SELECT logs.log_all_levels('of a savepoint rolled back');
ROLLBACK TO s;
COMMIT;
SELECT level, message FROM spacetime.logs('logs', 9);
-- Panics have a level of their own above error, and a place.
SELECT level, target, file LIKE '%logging.rs', line > 0, message FROM spacetime.logs('logs', 100) WHERE message LIKE 'panicked%';
SELECT level, message FROM spacetime.logs('logs', 100, 'error') WHERE message LIKE 'panicked%';
-- Target, file and line; a stopwatch.
SELECT logs.log_with_target('with a target'), logs.log_timing('a span');
SELECT target, file LIKE '%logging.rs', line > 0 FROM spacetime.logs('logs', 2) WHERE message = 'with a target';
SELECT level, message LIKE 'Timing span "a span": %' FROM spacetime.logs('logs', 1);
-- In order, and with the time of the wall.
SELECT bool_and(at >= before), bool_and(at BETWEEN now() - interval '1 hour' AND clock_timestamp()) FROM (SELECT at, lag(at, 1, '-infinity') OVER () AS before FROM spacetime.logs('logs', 1000)) x;
-- Text is kept as it is.
SELECT logs.log_with_target(E'größe "quoted" \\ \n\t {}');
SELECT message = E'größe "quoted" \\ \n\t {}' FROM spacetime.logs('logs', 1);
-- For the owner, and who has the owner's rights.
CREATE ROLE logs_reader;
GRANT spacetime_client TO logs_reader;
SET ROLE logs_reader;
SELECT * FROM spacetime.logs('logs');
SELECT logs.log_with_target('by somebody else');
RESET ROLE;
SELECT message FROM spacetime.logs('logs', 1);
-- A module of the same name that comes later starts with an empty log.
SELECT spacetime.drop_module('logs');
SELECT * FROM spacetime.logs('logs');
SELECT publish_module('logs', pg_read_binary_file('test_modules/semantics.wasm')) ->> 'created';
SELECT count(*) FROM spacetime.logs('logs');
SELECT spacetime.drop_module('logs');
DROP ROLE logs_reader;
