"""SIGKILL of a backend in the middle of a reducer: Postgres recovers, what was committed is there, what was not is gone,
and the module works."""

import threading
import time

import psycopg

from harness.testcase import ClusterTestCase

REINITIALIZING = "all server processes terminated; reinitializing"


class CrashTest(ClusterTestCase):
    # Only commits write WAL out, so that a crash loses everything else for certain.
    settings = {"wal_writer_delay": "10s", "wal_writer_flush_after": "1GB", "autovacuum": "off"}

    def kill_during(self, sql, prepare=()):
        """Kills the backend that runs the statement, and waits until the server is back."""
        victim = self.connect(autocommit=False)
        control = self.connect()
        for statement in prepare:
            victim.execute(statement)

        def run():
            try:
                victim.execute(sql)
            except psycopg.Error:
                pass

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        time.sleep(0.5)
        pid = victim.info.backend_pid
        state = control.execute("SELECT state FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone()
        self.assertEqual(state, ("active",), "the statement ended by itself")
        crashes = self.cluster.log_text().count(REINITIALIZING)
        self.cluster.kill(pid)
        thread.join(30)
        self.assertFalse(thread.is_alive())
        self.wait_for_recovery(crashes)

    def wait_for_recovery(self, crashes):
        deadline = time.monotonic() + 30
        # Until the server has noticed, it still takes connections, only to end them.
        while self.cluster.log_text().count(REINITIALIZING) == crashes:
            self.assertLess(time.monotonic(), deadline, self.cluster.log_tail())
            time.sleep(0.02)
        while True:
            try:
                return self.connect().execute("SELECT 1")
            except psycopg.OperationalError:
                self.assertLess(time.monotonic(), deadline, self.cluster.log_tail())
                time.sleep(0.1)

    def test_killed_reducer(self):
        connection = self.connect()
        self.publish(connection, "misbehave")
        connection.execute("SELECT misbehave.write('committed')")
        self.kill_during(
            "SELECT misbehave.write_and_spin()",
            ["SELECT misbehave.write('not committed')", "INSERT INTO misbehave.witness VALUES (1000, 'by SQL')"],
        )
        connection = self.connect()
        notes = "SELECT note FROM misbehave.witness ORDER BY id"
        self.assertEqual(connection.execute(notes).fetchall(), [("committed",)])
        connection.execute("SELECT misbehave.write('after')")
        connection.execute("SELECT call_reducer('misbehave', 'write', '[\"by name\"]')")
        self.assertEqual(connection.execute(notes).fetchall(), [("committed",), ("after",), ("by name",)])
        self.assertIn("was terminated by signal 9", self.cluster.log_text())

    def test_killed_while_writing(self):
        connection = self.connect()
        self.publish(connection, "misbehave", "writing")
        connection.execute("SELECT writing.write('committed')")
        self.kill_during("SELECT writing.spin_inserting()")
        connection = self.connect()
        self.assertEqual(connection.execute("SELECT note FROM writing.witness").fetchall(), [("committed",)])
        connection.execute("SELECT writing.write('after')")
        self.assertEqual(connection.execute("SELECT count(*) FROM writing.witness").fetchone(), (2,))

    def test_killed_publish(self):
        self.kill_during("SELECT publish_module('later', pg_read_binary_file('test_modules/refused_start_spins.wasm'))")
        connection = self.connect()
        self.publish(connection, "bank", "later")
        connection.execute("SELECT later.seed(2, 100)")

    def test_forgotten_transaction_ids(self):
        """After a crash transaction ids that reached no disk are given again. The module's note of its last writer may
        name one of them; a REPEATABLE READ transaction must not take that for a writer it cannot see."""
        connection = self.connect()
        self.publish(connection, "bank")
        connection.execute("SELECT bank.seed(2, 100)")
        connection.execute("CHECKPOINT")
        for _ in range(50):
            with connection.transaction(force_rollback=True):
                connection.execute("SELECT bank.count_up()")
        self.cluster.stop("immediate")
        self.cluster.start()
        connection = self.connect()
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            connection.execute("SELECT sum(balance) FROM bank.account")
            connection.execute("SELECT bank.transfer(0, 1, 60)")
        self.assertEqual(
            connection.execute("SELECT balance FROM bank.account ORDER BY id").fetchall(), [(40,), (160,)]
        )
