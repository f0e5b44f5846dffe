"""What a session keeps between calls and what disturbs it: prepared statements and plans over a republish, DISCARD ALL,
connections handed on by a pool, two-phase commit."""

import time

import psycopg

from harness.testcase import ClusterTestCase


class SessionTest(ClusterTestCase):
    settings = {"max_prepared_transactions": 4}

    def republish(self, connection, module, wasm, options="{}"):
        connection.execute(
            "SELECT publish_module(%s, pg_read_binary_file(%s), %s)", [module, f"test_modules/{wasm}.wasm", options]
        )

    def test_prepared_over_republish(self):
        """Plans made before a republish call the new version after it, generic plans included."""
        connection, publisher = self.connect(), self.connect()
        self.publish(publisher, "sdk_2_4", "sdk")
        connection.execute("PREPARE typed(int8, text) AS SELECT sdk.insert_item($1, $2)")
        connection.execute("PREPARE by_name(jsonb) AS SELECT call_reducer('sdk', 'insert_item', $1)")
        connection.execute(
            "CREATE FUNCTION insert_twice(kind int8, name text) RETURNS void LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM sdk.insert_item(kind, name); PERFORM call_reducer('sdk', 'insert_item', "
            "jsonb_build_array(kind, name)); END $$"
        )

        def call_all(kind):
            connection.execute(f"EXECUTE typed({kind}, 'typed')")
            connection.execute(f"EXECUTE by_name('[{kind}, \"by name\"]')")
            connection.execute("SELECT sdk.insert_item(%s, 'psycopg')", [kind], prepare=True)
            connection.execute(f"SELECT insert_twice({kind}, 'function')")

        for _ in range(7):
            call_all(1)
        self.republish(publisher, "sdk", "sdk_2_14")
        call_all(2)
        # New tables, new wrappers, other oids.
        self.republish(publisher, "sdk", "sdk_2_8", '{"delete_data": true}')
        call_all(3)
        self.assertEqual(
            publisher.execute("SELECT kind, count(*) FROM sdk.item GROUP BY kind").fetchall(), [(3, 5)]
        )
        publisher.execute("SELECT spacetime.drop_module('sdk')")
        self.assertIn(self.error_of(connection, "EXECUTE typed(4, 'gone')"), {"3F000", "42883", "42704"})
        self.assert_sqlstate("42704", connection, "EXECUTE by_name('[4, \"gone\"]')")

    def error_of(self, connection, sql):
        with self.assertRaises(psycopg.Error) as raised:
            connection.execute(sql)
        return raised.exception.sqlstate

    def test_reducer_gone_with_the_new_version(self):
        connection, publisher = self.connect(), self.connect()
        self.publish(publisher, "sdk_2_4", "changing")
        connection.execute("PREPARE call AS SELECT changing.insert_item(1, 'one')")
        connection.execute("EXECUTE call")
        self.republish(publisher, "changing", "bank", '{"delete_data": true}')
        self.assert_sqlstate("42883", connection, "EXECUTE call")
        self.assert_sqlstate("42883", connection, "SELECT call_reducer('changing', 'insert_item', '[1, \"one\"]')")
        connection.execute("SELECT changing.seed(2, 100)")

    def test_discard_and_reset(self):
        """What poolers send between two clients; reducers before and after give the same."""
        connection = self.connect()
        self.publish(connection, "bank", "pool")
        connection.execute("SELECT pool.seed(2, 100)")
        sender = connection.execute("SELECT spacetime.sender(), spacetime.connection_id()").fetchone()
        for reset in ["DISCARD ALL", "DISCARD PLANS", "DISCARD TEMP", "RESET ALL", "DEALLOCATE ALL"]:
            with self.subTest(reset):
                connection.execute("SELECT pool.transfer(0, 1, 1)", prepare=False)
                connection.execute(reset)
                connection.execute("SELECT pool.transfer(0, 1, 1)", prepare=False)
                connection.execute("SELECT call_reducer('pool', 'count_up')", prepare=False)
                after = connection.execute("SELECT spacetime.sender(), spacetime.connection_id()").fetchone()
                self.assertEqual(after, sender)
        self.assertEqual(connection.execute("SELECT balance FROM pool.account WHERE id = 1").fetchone(), (110,))

    def test_prepare_transaction(self):
        """The module's lock would outlive the session, across restarts."""
        connection = self.connect()
        self.publish(connection, "bank", "two")
        connection.execute("SELECT two.seed(2, 100)")
        calls = [
            ["SELECT two.transfer(0, 1, 1)"],
            ["SELECT call_reducer('two', 'count_up')"],
            ["SAVEPOINT a", "SELECT two.count_up()", "RELEASE a"],
        ]
        for statements in calls:
            with self.subTest(statements):
                for statement in ["BEGIN", *statements]:
                    connection.execute(statement)
                self.assert_sqlstate("0A000", connection, "PREPARE TRANSACTION 'refused'")
                connection.execute("ROLLBACK")
        self.assertEqual(connection.execute("SELECT count(*) FROM pg_prepared_xacts").fetchone(), (0,))
        # The lock is free, and transactions without reducers are none of our business.
        other = self.connect()
        other.execute("SET lock_timeout = '1 s'")
        other.execute("SELECT two.transfer(0, 1, 1)")
        connection.execute("BEGIN")
        connection.execute("CREATE TABLE mine (id int)")
        connection.execute("PREPARE TRANSACTION 'allowed'")
        connection.execute("COMMIT PREPARED 'allowed'")
        self.assertEqual(connection.execute("SELECT balance FROM two.account WHERE id = 1").fetchone(), (101,))

    def test_prepare_transaction_of_sql_writer(self):
        """Plain SQL takes the lock and the mark of the last writer as well."""
        connection = self.connect()
        self.publish(connection, "bank", "written")
        connection.execute("BEGIN")
        connection.execute("INSERT INTO written.account VALUES (1, 1)")
        self.assert_sqlstate("0A000", connection, "PREPARE TRANSACTION 'refused'")

    def test_first_call(self):
        """A first call maps compiled code; it never compiles it again. (Its speed is for the benchmark to judge.)"""
        self.publish(self.connect(), "bank", "first")
        artifacts = self.cluster.data / "spacetime" / "artifacts"
        before = {path.name: path.stat().st_mtime_ns for path in artifacts.iterdir()}
        times = []
        for _ in range(20):
            connection = self.connect()
            began = time.monotonic()
            connection.execute("SELECT first.count_up()")
            times.append((time.monotonic() - began) * 1000)
            connection.close()
        times.sort()
        print(f"    first call of 20 connections: median {times[10]:.1f} ms, worst {times[-1]:.1f} ms")
        self.assertEqual({path.name: path.stat().st_mtime_ns for path in artifacts.iterdir()}, before)
        self.assertEqual(self.connect().execute("SELECT count(*), max(id) FROM first.counter").fetchone(), (20, 20))
