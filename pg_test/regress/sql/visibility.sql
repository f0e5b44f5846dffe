-- Client visibility filters as row policies: two users see different rows of one table, by every path.
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SET client_min_messages = warning;
SELECT publish_module('visibility', pg_read_binary_file('test_modules/visibility.wasm')) ->> 'created';
CREATE ROLE vis_ada IN ROLE spacetime_client;
CREATE ROLE vis_bob IN ROLE spacetime_client;
CREATE ROLE vis_stranger;
CREATE FUNCTION public.vis_id(who name) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE id bytea; BEGIN EXECUTE format('SET LOCAL ROLE %I', who); id := spacetime.sender(); RESET ROLE; RETURN id; END $$;
SELECT public.vis_id('vis_ada') AS ada, public.vis_id('vis_bob') AS bob \gset

-- Row security is on for every table, forced on none.
SELECT relname, relrowsecurity, relforcerowsecurity, (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid)
  FROM pg_class c WHERE relnamespace = 'visibility'::regnamespace AND relkind = 'r' AND relname !~ 'lock' ORDER BY relname;
SELECT tablename, policyname, cmd, roles, qual FROM pg_policies WHERE schemaname = 'visibility' ORDER BY tablename;

SET ROLE vis_ada;
SELECT visibility.send(1, :'bob', 'ada to bob'), visibility.send(2, :'ada', 'ada to herself'), visibility.join_room(1, 7), visibility.enter('Ada', 1);
SET ROLE vis_bob;
SELECT visibility.send(3, :'bob', 'bob to himself'), visibility.send(4, :'ada', 'bob to ada'), visibility.enter('Bob', 2);
SELECT visibility.write_post(1, 7, 'in room 7'), visibility.write_post(2, 8, 'in room 8');
SELECT visibility.announce(1, 'for all');
RESET ROLE;

-- Each sees what was sent or received; the owner sees all.
SELECT string_agg(id::text, ' ' ORDER BY id) FROM visibility.message;
SET ROLE vis_ada;
SELECT string_agg(id::text, ' ' ORDER BY id) FROM visibility.message;
SELECT string_agg(text, ', ') FROM visibility.post;
SELECT string_agg(post::text, ' ') FROM visibility.reaction;
SELECT string_agg(name, ' ') FROM visibility.player;
SELECT text FROM visibility.notice;
SET ROLE vis_bob;
SELECT string_agg(id::text, ' ' ORDER BY id) FROM visibility.message;
SELECT string_agg(text, ', ') FROM visibility.post;
SELECT string_agg(post::text, ' ') FROM visibility.reaction;
SELECT string_agg(name, ' ') FROM visibility.player;
-- What the rule joins becomes visible when that changes.
SELECT visibility.join_room(2, 8);
SELECT string_agg(text, ', ') FROM visibility.post;
-- Private tables are not there, whatever a rule reads.
SELECT * FROM visibility.membership;
SET ROLE vis_stranger;
SELECT * FROM visibility.notice;
RESET ROLE;

-- The same through views that run as their reader, COPY, cursors, prepared statements, functions of the reader.
CREATE VIEW public.vis_view WITH (security_invoker) AS SELECT id FROM visibility.message;
GRANT SELECT ON public.vis_view TO PUBLIC;
CREATE FUNCTION public.vis_count() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM visibility.message); END';
PREPARE count_messages AS SELECT count(*) FROM visibility.message;
SET ROLE vis_ada;
SELECT count(*) FROM public.vis_view;
SELECT public.vis_count();
EXECUTE count_messages;
COPY (SELECT id FROM visibility.message ORDER BY id) TO STDOUT;
COPY visibility.message (id) TO STDOUT;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM visibility.message ORDER BY id;
FETCH 1 FROM c;
SAVEPOINT s;
SET LOCAL ROLE vis_bob;
-- A cursor keeps the identity it was first read with.
FETCH ALL FROM c;
ROLLBACK;
SET ROLE vis_bob;
SELECT public.vis_count();
EXECUTE count_messages;
RESET ROLE;
EXECUTE count_messages;

-- Indexes serve the rule, and under it the keys of the reader's own conditions.
INSERT INTO visibility.message SELECT g, sha256(g::text::bytea), sha256((g % 100)::text::bytea), 'text ' || g FROM generate_series(100, 20000) g;
CREATE INDEX ON visibility.message (text);
ANALYZE visibility.message;
-- A plan without what versions of Postgres print differently: the results of init plans.
CREATE FUNCTION public.plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || query LOOP
        RETURN NEXT regexp_replace(regexp_replace(line, '\(InitPlan \d+\)\.col1|\$\d+', '$sender', 'g'), ' \(returns .*\)', '');
    END LOOP;
END $$;
SET ROLE vis_ada;
SELECT public.plan('SELECT * FROM visibility.message');
SELECT public.plan('SELECT * FROM visibility.message WHERE id = 5');
SELECT public.plan($$SELECT * FROM visibility.message WHERE sender = '\x00'$$);
SELECT count(*) FROM visibility.message;
SELECT public.plan($$SELECT * FROM visibility.message WHERE text = 'text 700'$$);
RESET ROLE;
DROP FUNCTION public.plan;

-- A new version with the same rules keeps them; delete_data makes them anew.
SELECT publish_module('visibility', pg_read_binary_file('test_modules/visibility.wasm'), '{"delete_data": true}') ->> 'version';
SET ROLE vis_ada;
SELECT visibility.send(1, :'bob', 'again'), visibility.send(2, :'ada', 'me');
SET ROLE vis_bob;
SELECT string_agg(id::text, ' ' ORDER BY id) FROM visibility.message;
RESET ROLE;

SELECT spacetime.drop_module('visibility');
DROP FUNCTION public.vis_count, public.vis_id;
DROP ROLE vis_ada, vis_bob, vis_stranger;
