"""What a module's owner gets done by those who run their code for them, and are superusers: workers, gateways, operators."""

import time
import uuid

import psycopg

from harness.testcase import ClusterTestCase

# Alice's own code, and what makes somebody else run it at the end of the transaction.
SNARE = """
CREATE SCHEMA snare;
CREATE TABLE snare.caught (who text, how text);
CREATE TABLE snare.bait (how text);
CREATE FUNCTION snare.bite() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO snare.caught VALUES (current_user, 'cursor');
    RETURN current_user;
END $$;
CREATE FUNCTION snare.bite_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO snare.caught VALUES (current_user, NEW.how);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER bite AFTER INSERT ON snare.bait DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION snare.bite_row();
CREATE FUNCTION snare.lay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO snare.bait VALUES ('deferred');
    INSERT INTO snare.caught VALUES (encode(spacetime.sender(), 'hex'), 'sender');
    BEGIN
        EXECUTE 'DECLARE c CURSOR WITH HOLD FOR SELECT snare.bite()';
    EXCEPTION WHEN insufficient_privilege THEN
        INSERT INTO snare.caught VALUES (current_user, 'refused cursor');
    END;
    BEGIN
        SET CONSTRAINTS ALL DEFERRED;
        INSERT INTO snare.bait VALUES ('deferred again');
    EXCEPTION WHEN insufficient_privilege THEN
        INSERT INTO snare.caught VALUES (current_user, 'refused deferral');
    END;
    RETURN NULL;
END $$;
CREATE TRIGGER lay AFTER INSERT ON schedules.run FOR EACH ROW EXECUTE FUNCTION snare.lay();
CREATE TRIGGER lay AFTER INSERT ON schedules.mood FOR EACH ROW EXECUTE FUNCTION snare.lay();
"""

CAUGHT = [("alice", "deferred"), ("alice", "refused cursor"), ("alice", "refused deferral")]


class ConfinementTest(ClusterTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cluster.psql(
            "CREATE ROLE alice LOGIN IN ROLE spacetime_admin; GRANT CREATE ON DATABASE postgres TO alice;"
            "GRANT EXECUTE ON FUNCTION pg_read_binary_file(text) TO alice"
        )
        wasm = cls.cluster.data / "test_modules" / "schedules.wasm"
        with psycopg.connect(host=cls.cluster.connection()["PGHOST"], port=cls.cluster.connection()["PGPORT"], user="alice",
                             dbname="postgres", autocommit=True) as alice:
            alice.execute("SELECT publish_module('schedules', %s)", (wasm.read_bytes(),))
            alice.execute(SNARE)

    def setUp(self):
        self.operator = self.connect()
        self.operator.execute("TRUNCATE snare.caught, snare.bait, schedules.run")

    def caught(self):
        """Without who the sender was, which is returned besides."""
        rows = self.operator.execute("SELECT who, how FROM snare.caught ORDER BY how").fetchall()
        return [row for row in rows if row[1] != "sender"], [who for who, how in rows if how == "sender"]

    def identity(self, column):
        return self.operator.execute(f"SELECT {column} FROM spacetime.modules WHERE name = 'schedules'").fetchone()[0]

    def test_worker(self):
        self.connect(user="alice").execute("SELECT schedules.schedule_in(1, 'x', '')")
        deadline = time.monotonic() + 30
        while not self.operator.execute("SELECT count(*) FROM snare.caught").fetchone()[0]:
            self.assertLess(time.monotonic(), deadline)
        self.assertEqual(self.caught(), (CAUGHT, [self.identity("identity")]))

    def test_gateway(self):
        """Its functions, called as it does: by a superuser, on behalf of a client."""
        client, connection = uuid.uuid4().bytes * 2, uuid.uuid4().bytes
        self.operator.execute("SELECT spacetime._connect('schedules', %s, %s, 'test', '{\"sub\": \"x\"}')", (client, connection))
        self.assertEqual(self.caught(), (CAUGHT, [client.hex()]))
        self.operator.execute("TRUNCATE snare.caught")
        self.operator.execute("SELECT spacetime._disconnect('schedules', %s, %s)", (client, connection))
        self.assertEqual(self.caught(), (CAUGHT, [client.hex()]))

    def test_operator(self):
        """A superuser who calls somebody's reducer, or looks after somebody's module, lends no rights."""
        self.operator.execute("SELECT schedules.set_mood('well')")
        caught, senders = self.caught()
        self.assertEqual(caught, CAUGHT)
        self.assertEqual(senders, [self.operator.execute("SELECT encode(spacetime.sender(), 'hex')").fetchone()[0]])

    def test_owner(self):
        """In sessions of their own owners keep what Postgres gives them."""
        alice = self.connect(user="alice")
        alice.execute("SELECT schedules.set_mood('well')")
        caught, senders = self.caught()
        self.assertEqual(caught, [("alice", "cursor"), ("alice", "deferred"), ("alice", "deferred again")])
        self.assertEqual(senders, [alice.execute("SELECT encode(spacetime.sender(), 'hex')").fetchone()[0]])

    def test_roles_that_may_read_and_write_everything(self):
        """The catalog is not among the data."""
        self.operator.execute("CREATE ROLE backup LOGIN IN ROLE pg_read_all_data, pg_write_all_data")
        backup = self.connect(user="backup")
        tables = self.operator.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'spacetime'::regnamespace AND relkind = 'r'"
        ).fetchall()
        self.operator.execute("SELECT spacetime.set_names('schedules', ARRAY['schedules'])")
        for (table,) in tables:
            with self.subTest(table):
                rows = backup.execute(f"SELECT count(*) FROM spacetime.{table}").fetchone()[0]
                self.assertEqual(rows, 0)
        done = backup.execute("UPDATE spacetime._module SET owner_role = 'postgres'")
        self.assertEqual(done.rowcount, 0)
        self.assert_sqlstate("42501", backup, "INSERT INTO spacetime._publisher VALUES ('\\x00')")
