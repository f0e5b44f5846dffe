-- What plain SQL sees of scheduled tables; that rows are run in time is for the end-to-end tests. All times are far away.
SELECT publish_module('schedules', pg_read_binary_file('test_modules/schedules.wasm')) ->> 'created' AS created;
CREATE VIEW due AS SELECT "table", row_key, function, next_run, every, runs, last_run, last_error FROM spacetime.schedules WHERE module = 'schedules';
\set hour '''{"Interval": {"__time_duration_micros__": 3600000000}}'''
CREATE FUNCTION at(text) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('Time', jsonb_build_object('__timestamp_micros_since_unix_epoch__', (extract(epoch FROM $1::timestamptz) * 1000000)::bigint)) $$;
SELECT date_trunc('day', now() + interval '100 days') AS day \gset

-- One entry for each row, in step with it, whoever writes it.
INSERT INTO schedules.job (at, note, what) VALUES (at(:'day'), 'once', ''), (:hour, 'again', '');
SELECT schedules.schedule_in(86400000, 'by a reducer', '');
SELECT "table", row_key, function, next_run = :'day' AS exact, next_run BETWEEN now() + interval '59 min' AND now() + interval '1 hour' AS hour, every, runs, last_run, last_error FROM due ORDER BY row_key;
UPDATE schedules.job SET at = at(:'day') WHERE id = 2;
UPDATE schedules.job SET id = 20 WHERE id = 1;
DELETE FROM schedules.job WHERE id = 3;
SELECT row_key, next_run = :'day' AS exact, every FROM due ORDER BY row_key;

-- Another column changes: the time of an interval stays.
INSERT INTO schedules.job (id, at, note, what) VALUES (30, :hour, 'again', '');
CREATE TEMP TABLE before AS SELECT * FROM due;
UPDATE schedules.job SET note = 'changed';
SELECT count(*) FROM due JOIN before USING (row_key, next_run);

-- With their transaction, and with their savepoint.
BEGIN;
INSERT INTO schedules.job (id, at, note, what) VALUES (40, :hour, 'kept', '');
SAVEPOINT a;
INSERT INTO schedules.job (id, at, note, what) VALUES (41, :hour, 'undone', '');
DELETE FROM schedules.job WHERE id = 40;
ROLLBACK TO a;
SELECT row_key FROM due WHERE row_key >= 40;
ROLLBACK;
SELECT row_key FROM due WHERE row_key >= 40;

-- What is no time, and what is too far away: 2^36 - 1 ms.
\set VERBOSITY sqlstate
INSERT INTO schedules.job (at, note, what) VALUES ('{"Never": []}', 'x', '');
INSERT INTO schedules.job (at, note, what) VALUES ('[1]', 'x', '');
INSERT INTO schedules.job (at, note, what) VALUES (at((now() + interval '800 days')::text), 'x', '');
UPDATE schedules.job SET at = '{"Interval": {"__time_duration_micros__": -68719476735000}}';
-- The guest is told, errno 13, and panics.
SELECT schedules.schedule_in(70000000000, 'x', '');
SELECT count(*) FROM spacetime.logs('schedules') WHERE level = 'panic';
-- Neither the trigger's function nor the table behind it are for others.
CREATE ROLE schedules_user;
GRANT CREATE ON SCHEMA public TO schedules_user;
SET ROLE schedules_user;
CREATE TABLE forged (id numeric, at jsonb);
CREATE TRIGGER forged AFTER INSERT ON forged FOR EACH ROW EXECUTE FUNCTION spacetime._note_schedule('x');
SELECT count(*) FROM spacetime._schedule;
SELECT schedules.run_job(NULL);
\set VERBOSITY default
SELECT count(*) FROM due;
SELECT count(*) FROM spacetime.schedules;
RESET ROLE;

-- The way a publish that keeps nothing, TRUNCATE and drop_module leave it.
SELECT count(*) FROM due;
SELECT publish_module('schedules', pg_read_binary_file('test_modules/schedules.wasm'), '{"delete_data": true}') ->> 'version' AS version;
SELECT count(*) FROM due;
INSERT INTO schedules.job (at, note, what) VALUES (:hour, 'x', ''), (:hour, 'y', '');
SELECT count(*) FROM due;
TRUNCATE schedules.job;
SELECT count(*) FROM due;
INSERT INTO schedules.job (at, note, what) VALUES (:hour, 'x', '');
SELECT spacetime.drop_module('schedules', keep_data => true);
SELECT count(*) FROM due;
INSERT INTO schedules.job (at, note, what) VALUES (:hour, 'an ordinary table', '');
SELECT count(*) FROM due;

DROP SCHEMA schedules CASCADE;
DROP VIEW due;
DROP TABLE forged;
REVOKE ALL ON SCHEMA public FROM schedules_user;
DROP ROLE schedules_user;
DROP FUNCTION at;
