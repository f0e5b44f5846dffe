"""A guest that never returns ends when Postgres wants it to: by timeout, cancel, termination and shutdown. Nothing else in
the server notices, and the session goes on (issue: cancel works within 100 ms; asserted with room for a busy machine)."""

import threading
import time

import psycopg

from harness.testcase import ClusterTestCase

# One for each place where the time can be spent: guest code, host calls, reads, writes, log.
SPINS = ["spin", "spin_counting", "spin_scanning", "spin_rewriting", "spin_inserting", "spin_logging", "write_and_spin"]
SPINNING_MODULES = ["refused_start_spins", "refused_preinit_spins", "refused_describe_spins"]
# The goal is 100 ms; the rest is for the machine.
PROMPT_S = 0.5


class Running(threading.Thread):
    """A statement that runs in its own session until somebody stops it."""

    def __init__(self, connection, sql):
        super().__init__(daemon=True)
        self.connection, self.sql, self.error, self.ended = connection, sql, None, None
        self.pid = connection.info.backend_pid

    def run(self):
        try:
            self.connection.execute(self.sql)
        except psycopg.Error as error:
            self.error = error
        self.ended = time.monotonic()


class InterruptTestCase(ClusterTestCase):
    def setUp(self):
        self.control = self.connect()

    def spinning(self, sql, connection=None) -> Running:
        """Runs the statement in a session of its own and returns once it is well under way."""
        running = Running(connection or self.connect(), sql)
        running.start()
        self.addCleanup(running.join, 30)
        deadline = time.monotonic() + 30
        under_way = "SELECT state = 'active' AND now() - query_start > '200 ms' FROM pg_stat_activity WHERE pid = %s"
        while self.control.execute(under_way, [running.pid]).fetchone() != (True,):
            self.assertIsNone(running.ended, f"{sql} ended by itself: {running.error}")
            self.assertLess(time.monotonic(), deadline, f"{sql} did not begin")
            time.sleep(0.02)
        return running

    def assert_ends_promptly(self, running, began, sqlstate, what):
        running.join(30)
        self.assertIsNotNone(running.ended, f"{what} is still running")
        took = running.ended - began
        print(f"    {what}: {took * 1000:.0f} ms")
        self.assertIsNotNone(running.error, f"{what} returned")
        self.assertEqual(running.error.sqlstate, sqlstate, running.error)
        self.assertLess(took, PROMPT_S)

    def assert_server_is_whole(self, started):
        self.assertEqual(self.control.execute("SELECT pg_postmaster_start_time()").fetchone(), started)
        self.assertNotIn("terminated by signal", self.cluster.log_text())
        self.assertNotIn("server process was terminated", self.cluster.log_text())


class CallTest(InterruptTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cluster.psql("SELECT publish_module('misbehave', pg_read_binary_file('test_modules/misbehave.wasm'))")

    def setUp(self):
        super().setUp()
        self.started = self.control.execute("SELECT pg_postmaster_start_time()").fetchone()

    def assert_usable(self, connection):
        """The session and the module work, and nothing of the stopped call is there."""
        connection.execute("SELECT misbehave.do_nothing()")
        self.assertEqual(connection.execute("SELECT note FROM misbehave.witness").fetchall(), [])
        connection.execute("SELECT call_reducer('misbehave', 'write', '[\"after\"]')")
        self.assertEqual(connection.execute("SELECT note FROM misbehave.witness").fetchall(), [("after",)])
        connection.execute("DELETE FROM misbehave.witness")

    def test_cancel(self):
        for reducer in SPINS:
            with self.subTest(reducer):
                running = self.spinning(f"SELECT misbehave.{reducer}()")
                began = time.monotonic()
                self.control.execute("SELECT pg_cancel_backend(%s)", [running.pid])
                self.assert_ends_promptly(running, began, "57014", f"cancel of {reducer}")
                self.assert_usable(running.connection)
        self.assert_server_is_whole(self.started)

    def test_statement_timeout(self):
        for reducer in SPINS:
            with self.subTest(reducer):
                connection = self.connect()
                connection.execute("SET statement_timeout = '100 ms'")
                running = Running(connection, f"SELECT misbehave.{reducer}()")
                began = time.monotonic() + 0.1
                running.start()
                self.assert_ends_promptly(running, began, "57014", f"timeout of {reducer}")
                connection.execute("RESET statement_timeout")
                self.assert_usable(connection)
        self.assert_server_is_whole(self.started)

    def test_call_timeout(self):
        for reducer in SPINS:
            with self.subTest(reducer):
                connection = self.connect()
                connection.execute("SET spacetime.call_timeout_ms = 100")
                running = Running(connection, f"SELECT misbehave.{reducer}()")
                began = time.monotonic() + 0.1
                running.start()
                self.assert_ends_promptly(running, began, "53400", f"time limit of {reducer}")
                self.assert_usable(connection)

    def test_cancel_within_a_savepoint(self):
        connection = self.connect(autocommit=False)
        connection.execute("SELECT misbehave.write('kept')")
        connection.execute("SAVEPOINT a")
        running = self.spinning("SELECT misbehave.write_and_spin()", connection)
        self.control.execute("SELECT pg_cancel_backend(%s)", [running.pid])
        running.join(30)
        self.assertEqual(running.error.sqlstate, "57014")
        connection.execute("ROLLBACK TO a")
        connection.execute("SELECT misbehave.write('also kept')")
        connection.commit()
        notes = self.control.execute("SELECT note FROM misbehave.witness ORDER BY id").fetchall()
        self.assertEqual(notes, [("kept",), ("also kept",)])
        self.control.execute("DELETE FROM misbehave.witness")

    def test_cancel_in_nested_call(self):
        """The guest was called from SQL that handles errors: the cancel must pass all of it."""
        block = "DO $$ BEGIN PERFORM misbehave.spin(); EXCEPTION WHEN OTHERS THEN RAISE 'swallowed'; END $$"
        running = self.spinning(block)
        began = time.monotonic()
        self.control.execute("SELECT pg_cancel_backend(%s)", [running.pid])
        self.assert_ends_promptly(running, began, "57014", "cancel within a DO block")
        self.assert_usable(running.connection)

    def test_terminate(self):
        for reducer in SPINS:
            with self.subTest(reducer):
                running = self.spinning(f"SELECT misbehave.{reducer}()")
                began = time.monotonic()
                self.control.execute("SELECT pg_terminate_backend(%s)", [running.pid])
                self.assert_ends_promptly(running, began, "57P01", f"termination of {reducer}")
                self.assert_usable(self.connect())
        self.assert_server_is_whole(self.started)

    def test_drop_database_elsewhere(self):
        """DROP DATABASE waits until every backend has absorbed a signal barrier, spinning ones included."""
        for reducer in SPINS:
            with self.subTest(reducer):
                self.control.execute("CREATE DATABASE elsewhere")
                running = self.spinning(f"SELECT misbehave.{reducer}()")
                self.control.execute("SET statement_timeout = '10 s'")
                began = time.monotonic()
                self.control.execute("DROP DATABASE elsewhere")
                print(f"    DROP DATABASE beside {reducer}: {(time.monotonic() - began) * 1000:.0f} ms")
                self.control.execute("RESET statement_timeout")
                self.assertIsNone(running.ended, running.error)
                self.control.execute("SELECT pg_cancel_backend(%s)", [running.pid])
                running.join(30)
                self.assertEqual(running.error.sqlstate, "57014")


class PublishTest(InterruptTestCase):
    def test_cancel(self):
        for module in SPINNING_MODULES:
            with self.subTest(module):
                sql = f"SELECT publish_module('spinning', pg_read_binary_file('test_modules/{module}.wasm'))"
                running = self.spinning(sql)
                began = time.monotonic()
                self.control.execute("SELECT pg_cancel_backend(%s)", [running.pid])
                self.assert_ends_promptly(running, began, "57014", f"cancel of publishing {module}")
                # Nothing is left of it, and the session can publish under this name.
                self.publish(running.connection, "bank", "spinning")
                running.connection.execute("SELECT spacetime.drop_module('spinning')")

    def test_terminate(self):
        for module in SPINNING_MODULES:
            with self.subTest(module):
                sql = f"SELECT publish_module('spinning', pg_read_binary_file('test_modules/{module}.wasm'))"
                running = self.spinning(sql)
                began = time.monotonic()
                self.control.execute("SELECT pg_terminate_backend(%s)", [running.pid])
                self.assert_ends_promptly(running, began, "57P01", f"termination of publishing {module}")
        self.assertEqual(self.control.execute("SELECT count(*) FROM spacetime.modules").fetchone(), (0,))


class ShutdownTest(InterruptTestCase):
    def test_fast_shutdown(self):
        self.publish(self.control, "misbehave")
        running = [self.spinning("SELECT misbehave.spin()")]
        for module in ["spin", "scan"]:
            self.publish(self.control, "misbehave", module)
        running.append(self.spinning("SELECT spin.write_and_spin()"))
        running.append(self.spinning("SELECT scan.spin_scanning()"))
        began = time.monotonic()
        self.cluster.stop("fast")
        took = time.monotonic() - began
        print(f"    fast shutdown with three spinning guests: {took * 1000:.0f} ms")
        self.assertLess(took, 10)
        for session in running:
            session.join(30)
            self.assertEqual(session.error.sqlstate, "57P01", session.error)
        self.cluster.start()
        connection = self.connect()
        connection.execute("SELECT spin.write('after')")
        self.assertEqual(connection.execute("SELECT note FROM spin.witness").fetchall(), [("after",)])
        self.assertNotIn("not properly shut down", self.cluster.log_text())
