-- Do host writes fire what one SQL statement would: row and statement triggers, before and after, with transition tables?
-- And what if a trigger changes the row, drops it, fails, or calls a reducer?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SET client_min_messages = warning;
SELECT publish_module('triggers', pg_read_binary_file('test_modules/semantics.wasm')) ->> 'created';
CREATE TABLE triggers.seen (n int GENERATED ALWAYS AS IDENTITY, what text);
CREATE FUNCTION triggers.see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO triggers.seen (what) VALUES (concat_ws(' ', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL,
        CASE WHEN TG_LEVEL = 'ROW' AND TG_OP <> 'INSERT' THEN 'old ' || OLD.label END, CASE WHEN TG_LEVEL = 'ROW' AND TG_OP <> 'DELETE' THEN 'new ' || NEW.label END));
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE FUNCTION triggers.count_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO triggers.seen (what) SELECT concat_ws(' ', TG_NAME, TG_OP, count(*), min(label)) FROM rows;
    RETURN NULL;
END $$;
CREATE TRIGGER b_stmt BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON triggers.labelled EXECUTE FUNCTION triggers.see();
CREATE TRIGGER c_row BEFORE INSERT OR UPDATE OR DELETE ON triggers.labelled FOR EACH ROW EXECUTE FUNCTION triggers.see();
CREATE TRIGGER d_row AFTER INSERT OR UPDATE OR DELETE ON triggers.labelled FOR EACH ROW EXECUTE FUNCTION triggers.see();
CREATE TRIGGER e_stmt AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON triggers.labelled EXECUTE FUNCTION triggers.see();
CREATE TRIGGER f_new AFTER INSERT ON triggers.labelled REFERENCING NEW TABLE AS rows EXECUTE FUNCTION triggers.count_rows();
CREATE TRIGGER g_new AFTER UPDATE ON triggers.labelled REFERENCING NEW TABLE AS rows EXECUTE FUNCTION triggers.count_rows();
CREATE TRIGGER h_old AFTER DELETE ON triggers.labelled REFERENCING OLD TABLE AS rows EXECUTE FUNCTION triggers.count_rows();
SELECT triggers.insert_labelled(1, 'one', 1);
SELECT what FROM triggers.seen ORDER BY n;
TRUNCATE triggers.seen;
SELECT triggers.update_labelled(1, 'uno', 2);
SELECT what FROM triggers.seen ORDER BY n;
TRUNCATE triggers.seen;
SELECT triggers.delete_labelled(1);
SELECT what FROM triggers.seen ORDER BY n;
TRUNCATE triggers.seen;
-- An equal row is no write: no trigger for each row after it, as with ON CONFLICT DO NOTHING.
SELECT triggers.insert_labelled(1, 'one', 1);
TRUNCATE triggers.seen;
SELECT triggers.insert_labelled(1, 'one', 1);
SELECT count(*) FROM triggers.seen WHERE what LIKE '%AFTER INSERT ROW%' OR what LIKE 'f_new INSERT 1%';
-- As SQL does it: the same trace.
TRUNCATE triggers.seen;
INSERT INTO triggers.labelled VALUES (2, 'two', 2);
SELECT string_agg(what, ', ' ORDER BY n) FROM triggers.seen;
-- With all those triggers the module is what it was.
SELECT triggers.check_all();
-- A WHEN condition, a trigger on one column, disabled, ALWAYS and REPLICA ones.
DROP TRIGGER b_stmt ON triggers.labelled; DROP TRIGGER c_row ON triggers.labelled; DROP TRIGGER d_row ON triggers.labelled; DROP TRIGGER e_stmt ON triggers.labelled;
DROP TRIGGER f_new ON triggers.labelled; DROP TRIGGER g_new ON triggers.labelled; DROP TRIGGER h_old ON triggers.labelled;
CREATE TRIGGER a_when AFTER INSERT ON triggers.labelled FOR EACH ROW WHEN (NEW.number > 100) EXECUTE FUNCTION triggers.see();
CREATE TRIGGER b_column AFTER UPDATE OF number ON triggers.labelled FOR EACH ROW EXECUTE FUNCTION triggers.see();
CREATE TRIGGER c_distinct AFTER UPDATE ON triggers.labelled FOR EACH ROW WHEN (OLD.number IS DISTINCT FROM NEW.number) EXECUTE FUNCTION triggers.see();
CREATE TRIGGER d_off AFTER UPDATE ON triggers.labelled FOR EACH ROW EXECUTE FUNCTION triggers.see();
ALTER TABLE triggers.labelled DISABLE TRIGGER d_off;
CREATE TRIGGER e_replica AFTER UPDATE ON triggers.labelled FOR EACH ROW EXECUTE FUNCTION triggers.see();
ALTER TABLE triggers.labelled ENABLE REPLICA TRIGGER e_replica;
CREATE TRIGGER f_always AFTER UPDATE ON triggers.labelled FOR EACH ROW EXECUTE FUNCTION triggers.see();
ALTER TABLE triggers.labelled ENABLE ALWAYS TRIGGER f_always;
TRUNCATE triggers.seen;
SELECT triggers.insert_labelled(500, 'small', 1), triggers.insert_labelled(501, 'large', 101), triggers.update_labelled(500, 'other label', 1), triggers.update_labelled(501, 'large', 102);
SELECT what FROM triggers.seen ORDER BY n;

-- BEFORE triggers that change the row: the guest gets back what is stored, indexes and CHECKs see it.
CREATE FUNCTION triggers.change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.label := upper(NEW.label); NEW.number := NEW.number + 1; RETURN NEW; END $$;
CREATE TRIGGER change BEFORE INSERT OR UPDATE ON triggers.labelled FOR EACH ROW EXECUTE FUNCTION triggers.change();
SELECT triggers.insert_labelled(600, 'shout', 1), triggers.update_labelled(500, 'quiet', 7);
SELECT id, label, number FROM triggers.labelled WHERE id IN (500, 600) ORDER BY id;
-- The changed row collides with another one: a unique violation for the guest, like any other.
SELECT triggers.insert_labelled(601, 'Shout', 1);
SELECT count(*) FROM triggers.labelled WHERE id = 601;
DROP TRIGGER change ON triggers.labelled;
-- RETURN NULL: SQL's silent refusal. The row is not there; the call fails or goes on, but does not crash.
CREATE FUNCTION triggers.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON triggers.labelled FOR EACH ROW EXECUTE FUNCTION triggers.refuse();
SELECT triggers.insert_labelled(700, 'nowhere', 1) \g /dev/null
SELECT triggers.update_labelled(600, 'nowhere', 1) \g /dev/null
SELECT triggers.delete_labelled(600) \g /dev/null
SELECT id, label FROM triggers.labelled WHERE id IN (600, 700);
DROP TRIGGER refuse ON triggers.labelled;
SELECT triggers.insert_labelled(700, 'somewhere', 1);
-- A trigger that fails: its own SQLSTATE, before and after, and nothing is left.
-- A SQLSTATE that Postgres does not define is kept only where no guest is below (docs/limits.md).
CREATE FUNCTION triggers.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no' USING ERRCODE = 'P7777'; END $$;
CREATE TRIGGER fail BEFORE INSERT ON triggers.labelled FOR EACH ROW EXECUTE FUNCTION triggers.fail();
SELECT triggers.insert_labelled(800, 'x', 1);
DROP TRIGGER fail ON triggers.labelled;
CREATE TRIGGER fail AFTER INSERT ON triggers.labelled FOR EACH STATEMENT EXECUTE FUNCTION triggers.fail();
SELECT triggers.insert_labelled(800, 'x', 1);
DROP TRIGGER fail ON triggers.labelled;
CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON triggers.labelled DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION triggers.fail();
SELECT triggers.insert_labelled(800, 'x', 1);
BEGIN;
SELECT triggers.insert_labelled(800, 'x', 1);
COMMIT;
BEGIN;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT triggers.insert_labelled(800, 'x', 1);
ROLLBACK;
DROP TRIGGER fail ON triggers.labelled;
SELECT count(*) FROM triggers.labelled WHERE id = 800;

-- A reducer called from a trigger of another table, by its owner and by others.
CREATE TABLE public.triggers_orders (id int PRIMARY KEY, label text);
CREATE FUNCTION public.triggers_order() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM triggers.insert_labelled(NEW.id, NEW.label, 0); RETURN NEW; END $$;
CREATE TRIGGER call BEFORE INSERT ON public.triggers_orders FOR EACH ROW EXECUTE FUNCTION public.triggers_order();
INSERT INTO public.triggers_orders SELECT n, 'order ' || n FROM generate_series(901, 903) n;
SELECT id, label FROM triggers.labelled WHERE id > 900 ORDER BY id;
INSERT INTO public.triggers_orders VALUES (904, 'order 901');
SELECT count(*) FROM public.triggers_orders;
INSERT INTO public.triggers_orders VALUES (901, 'order 901') ON CONFLICT DO NOTHING;
-- From a trigger on the module's own table: for writes by SQL and by the module itself, row by row.
CREATE FUNCTION triggers.log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM triggers.insert_bag('logged ' || NEW.label, NEW.number); RETURN NULL; END $$;
CREATE TRIGGER log AFTER INSERT ON triggers.labelled FOR EACH ROW EXECUTE FUNCTION triggers.log();
TRUNCATE triggers.bag;
INSERT INTO triggers.labelled VALUES (1001, 'by sql', 1), (1002, 'by sql, too', 2);
SELECT triggers.insert_labelled(1003, 'by the module', 3);
SELECT label, number FROM triggers.bag ORDER BY number;
-- The nested call fails: so does the outer one.
ALTER TABLE triggers.bag ADD CHECK (number < 1000);
SELECT triggers.insert_labelled(1004, 'too much', 1000);
SELECT count(*) FROM triggers.labelled WHERE id = 1004;
-- A trigger that deletes or changes the very row the reducer has just written, or others of the table.
DROP TRIGGER log ON triggers.labelled;
CREATE FUNCTION triggers.meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE triggers.labelled SET number = -1 WHERE id = NEW.id; DELETE FROM triggers.labelled WHERE id < NEW.id; RETURN NULL; END $$;
CREATE TRIGGER meddle AFTER INSERT ON triggers.labelled FOR EACH ROW EXECUTE FUNCTION triggers.meddle();
SELECT triggers.insert_labelled(2000, 'meddled with', 1);
SELECT id, label, number FROM triggers.labelled;
-- A BEFORE trigger that writes the same row: an error that says so (SQL has 27000), not a unique violation, no crash.
DROP TRIGGER meddle ON triggers.labelled;
CREATE FUNCTION triggers.meddle_before() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE triggers.labelled SET number = number + 1 WHERE id = OLD.id; RETURN coalesce(NEW, OLD); END $$;
CREATE TRIGGER meddle_before BEFORE UPDATE OR DELETE ON triggers.labelled FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION triggers.meddle_before();
CREATE FUNCTION pg_temp.state_of(sql text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE sql; RETURN 'ok'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$;
SELECT pg_temp.state_of($$SELECT triggers.update_labelled(2000, 'x', 5)$$) IN ('27000', '55000');
UPDATE triggers.labelled SET number = 5;
DROP TRIGGER meddle_before ON triggers.labelled;
SELECT triggers.check_all();
SELECT spacetime.drop_module('triggers');
DROP TABLE public.triggers_orders;
DROP FUNCTION public.triggers_order;
-- A delete of many rows is one statement: rows that refer to each other go together.
SELECT publish_module('trigger-bank', pg_read_binary_file('test_modules/bank.wasm')) ->> 'created';
ALTER TABLE "trigger-bank".account ADD COLUMN guarantor bigint REFERENCES "trigger-bank".account;
CREATE TABLE public.deletes (n int GENERATED ALWAYS AS IDENTITY, rows bigint);
CREATE FUNCTION public.count_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.deletes (rows) SELECT count(*) FROM gone;
    RETURN NULL;
END $$;
CREATE TRIGGER gone AFTER DELETE ON "trigger-bank".account REFERENCING OLD TABLE AS gone EXECUTE FUNCTION public.count_deleted();
SELECT "trigger-bank".seed(5, 100);
UPDATE "trigger-bank".account SET guarantor = (id + 1) % 5;
SELECT "trigger-bank".seed(2, 100);
SELECT rows FROM public.deletes ORDER BY n;
-- UPDATE OF a column fires when the column changes.
CREATE FUNCTION public.note_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.deletes (rows) VALUES (-1);
    RETURN NULL;
END $$;
CREATE TRIGGER changed AFTER UPDATE OF balance ON "trigger-bank".account EXECUTE FUNCTION public.note_update();
CREATE TRIGGER renumbered AFTER UPDATE OF id ON "trigger-bank".account EXECUTE FUNCTION public.note_update();
SELECT "trigger-bank".transfer(0, 1, 10);
SELECT rows FROM public.deletes ORDER BY n;
SELECT spacetime.drop_module('trigger-bank');
DROP TABLE public.deletes;
DROP FUNCTION public.count_deleted, public.note_update;
