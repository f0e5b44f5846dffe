-- What sessions may subscribe to, and what they are told when they may not. Messages are looked at in pg_test/e2e.
SELECT publish_module('subs', pg_read_binary_file('test_modules/visibility.wasm')) ->> 'created' AS created;
SELECT publish_module('subs2', pg_read_binary_file('test_modules/everytype.wasm')) ->> 'created' AS created;
INSERT INTO subs.notice VALUES (1, 'one'), (2, 'two "quoted"'), (3, E'tab\t');

-- Rows are objects by the columns of the module; nobody can guess the channel.
SELECT jsonb_pretty(rows) FROM spacetime.subscribe('SELECT * FROM subs.notice WHERE id <= 2;');
SELECT channel ~ '^spacetime_[0-9a-f]{32}$' AS is_random, rows FROM spacetime.subscribe('select n.* from subs.notice as n where n.text = ''one''');
SELECT query, role, pid = pg_backend_pid() AS is_mine FROM spacetime.subscriptions WHERE query ~ 'subs\.' ORDER BY id;
SELECT count(*) FROM pg_listening_channels();
SELECT spacetime.unsubscribe(id) FROM spacetime.subscriptions WHERE query ~ 'subs\.';
SELECT count(*) FROM spacetime.subscriptions WHERE query ~ 'subs\.';
SELECT count(*) FROM pg_listening_channels();

-- Without an end of the transaction there is no subscription.
BEGIN;
SELECT rows FROM spacetime.subscribe('SELECT * FROM subs.notice WHERE id = 1');
SAVEPOINT s;
SELECT rows FROM spacetime.subscribe('SELECT * FROM subs.notice WHERE id = 2');
ROLLBACK TO s;
SELECT query FROM spacetime.subscriptions WHERE query ~ 'subs\.';
ROLLBACK;
SELECT count(*) FROM spacetime.subscriptions WHERE query ~ 'subs\.';

CREATE FUNCTION public.subs_outcome(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
  PERFORM spacetime.subscribe(query);
  RETURN 'subscribed';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
  RETURN concat_ws(' ', SQLSTATE || ':', SQLERRM, nullif(detail, ''));
END $$;
\pset format unaligned
\t on
-- What is no query of the dialect, and where.
SELECT public.subs_outcome('SELECT * FROM notice');
SELECT public.subs_outcome('SELECT * FROM *');
SELECT public.subs_outcome('DELETE FROM subs.notice');
SELECT public.subs_outcome('SELECT id FROM subs.notice');
SELECT public.subs_outcome('SELECT * FROM subs.notice ORDER BY id');
SELECT public.subs_outcome('SELECT * FROM subs.notice; DROP TABLE subs.notice');
SELECT public.subs_outcome('SELECT * FROM nowhere.notice');
SELECT public.subs_outcome('SELECT * FROM subs.nothing');
SELECT public.subs_outcome('SELECT * FROM subs.notice WHERE nothing = 1');
SELECT public.subs_outcome('SELECT * FROM subs.notice WHERE id = ''x''');
SELECT public.subs_outcome('SELECT m.* FROM subs.message m JOIN subs2.message k ON m.sender = k.who');
SELECT public.subs_outcome('SELECT m.* FROM subs.message m JOIN subs.membership k ON m.id = k.room');
SELECT public.subs_outcome(repeat('(', 10000));
SELECT count(*) FROM spacetime.subscribe(NULL);
\set VERBOSITY sqlstate

-- Where and as whom.
BEGIN READ ONLY;
SELECT spacetime.subscribe('SELECT * FROM subs.notice');
ROLLBACK;
CREATE ROLE subs_client IN ROLE spacetime_client;
CREATE ROLE subs_stranger;
CREATE FUNCTION public.subs_definer() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$ SELECT id FROM spacetime.subscribe('SELECT * FROM subs.membership') $$;
SET ROLE subs_client;
SELECT rows FROM spacetime.subscribe('SELECT * FROM subs.notice WHERE id = 3');
SELECT spacetime.subscribe('SELECT * FROM subs.membership');
SELECT spacetime.subscribe('SELECT m.* FROM subs.message m JOIN subs.membership k ON m.sender = k.who');
SELECT public.subs_definer();
SELECT count(*) AS own FROM spacetime.subscriptions;
SET ROLE subs_stranger;
SELECT spacetime.subscribe('SELECT * FROM subs.notice');
SELECT count(*) AS own FROM spacetime.subscriptions;
-- Others' are as if they were not there.
SELECT spacetime.unsubscribe(id) FROM generate_series(1, 20) id;
SELECT * FROM spacetime._subscription;
SELECT * FROM spacetime._subscription_row;
SELECT spacetime.fetch_change(1, 1);
SET ROLE subs_client;
SELECT spacetime.unsubscribe(id) FROM spacetime.subscriptions;
RESET ROLE;

SELECT spacetime.drop_module('subs'), spacetime.drop_module('subs2');
DROP FUNCTION public.subs_definer, public.subs_outcome;
DROP ROLE subs_client, subs_stranger;
