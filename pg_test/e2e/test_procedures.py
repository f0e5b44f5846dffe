"""Procedures beside other sessions: what they hold while they sleep, how they end, and what happens under their feet."""

import threading
import time

import psycopg

from harness.testcase import ClusterTestCase

ASLEEP = "SELECT count(*) > 0 FROM proc.entry WHERE text = %s"


class Running(threading.Thread):
    """A CALL in a session of its own."""

    def __init__(self, connection, sql):
        super().__init__(daemon=True)
        self.connection, self.sql, self.error = connection, sql, None
        self.pid = connection.info.backend_pid

    def run(self):
        try:
            self.connection.execute(self.sql)
        except psycopg.Error as error:
            self.error = error


class ProcedureTest(ClusterTestCase):
    def setUp(self):
        self.control = self.connect()
        self.publish(self.control, "procedures", "proc")
        self.addCleanup(self.drop)

    def drop(self):
        connection = self.connect()
        if connection.execute("SELECT FROM spacetime.modules WHERE name = 'proc'").fetchone() is not None:
            connection.execute("SELECT spacetime.drop_module('proc')")

    def asleep(self, name, milliseconds=600_000) -> Running:
        """A procedure that has committed its first transaction and waits to begin its second."""
        running = Running(self.connect(), f"CALL proc.record_and_sleep('{name}', {milliseconds})")
        running.start()
        self.addCleanup(running.join, 30)
        deadline = time.monotonic() + 30
        while self.control.execute(ASLEEP, [name]).fetchone() != (True,):
            self.assertLess(time.monotonic(), deadline, self.cluster.log_tail())
            time.sleep(0.01)
        return running

    def assert_ended(self, running, sqlstate):
        running.join(30)
        self.assertFalse(running.is_alive(), "still running")
        self.assertEqual(running.error and running.error.sqlstate, sqlstate, running.error)

    def texts(self):
        return [text for (text,) in self.control.execute("SELECT text FROM proc.entry ORDER BY id").fetchall()]

    def test_holds_nothing_while_asleep(self):
        running = self.asleep("sleeper")
        held = "SELECT count(*) FROM pg_locks WHERE pid = %s AND locktype = 'relation' AND relation = 'proc.spacetime_lock'::regclass"
        self.assertEqual(self.control.execute(held, [running.pid]).fetchone(), (0,))
        # Vacuum is not kept from removing what others delete meanwhile.
        horizon = "SELECT backend_xmin IS NULL AND backend_xid IS NULL FROM pg_stat_activity WHERE pid = %s"
        self.assertEqual(self.control.execute(horizon, [running.pid]).fetchone(), (True,))
        # Reducers and other procedures of the module run.
        self.control.execute("SET statement_timeout = '30s'")
        self.control.execute("SELECT proc.add_entry('meanwhile')")
        self.control.execute("CALL proc.record('and this')")
        self.control.execute("SELECT pg_cancel_backend(%s)", [running.pid])
        self.assert_ended(running, "57014")
        self.assertEqual(self.texts(), ["sleeper", "meanwhile", "and this"])

    def test_session_goes_on_after_a_cancel(self):
        running = self.asleep("cancelled")
        self.control.execute("SELECT pg_cancel_backend(%s)", [running.pid])
        self.assert_ended(running, "57014")
        running.connection.execute("CALL proc.record_both('one', 'two')")
        self.assertEqual(self.texts(), ["cancelled", "one", "two"])

    def test_terminated_while_asleep(self):
        started = self.control.execute("SELECT pg_postmaster_start_time()").fetchone()
        running = self.asleep("terminated")
        self.control.execute("SELECT pg_terminate_backend(%s)", [running.pid])
        self.assert_ended(running, "57P01")
        # A crash would have restarted the server's processes, and ended this session.
        self.assertEqual(self.control.execute("SELECT pg_postmaster_start_time()").fetchone(), started)
        self.assertEqual(self.texts(), ["terminated"])

    def test_new_version_while_asleep(self):
        """Its code is not that of the tables any more: it ends where it would begin another transaction."""
        running = self.asleep("old version", 3_000)
        version = self.control.execute(
            "SELECT publish_module('proc', pg_read_binary_file('test_modules/chat.wasm'), '{\"allow_breaking\": true}') ->> 'version'"
        ).fetchone()
        self.assertEqual(version, ("2",))
        self.assert_ended(running, "55000")

    def test_dropped_while_asleep(self):
        running = self.asleep("dropped", 3_000)
        self.control.execute("SELECT spacetime.drop_module('proc')")
        self.assert_ended(running, "42704")

    def test_another_module_published_while_asleep(self):
        running = self.asleep("undisturbed", 2_000)
        self.control.execute("SELECT publish_module('beside', pg_read_binary_file('test_modules/chat.wasm'))")
        self.assert_ended(running, None)
        self.assertEqual(self.texts(), ["undisturbed", "undisturbed, after sleeping"])
        self.control.execute("SELECT spacetime.drop_module('beside')")

    def test_waits_for_the_lock_and_is_cancelled(self):
        holder = self.connect(autocommit=False)
        holder.execute("SELECT proc.add_entry('held')")
        waiting = Running(self.connect(), "CALL proc.record_both('first', 'second')")
        waiting.start()
        self.addCleanup(waiting.join, 30)
        blocked = "SELECT %s = ANY (pg_blocking_pids(%s))"
        deadline = time.monotonic() + 30
        while self.control.execute(blocked, [holder.info.backend_pid, waiting.pid]).fetchone() != (True,):
            self.assertLess(time.monotonic(), deadline, "it does not wait")
            time.sleep(0.01)
        self.control.execute("SELECT pg_cancel_backend(%s)", [waiting.pid])
        self.assert_ended(waiting, "57014")
        holder.commit()
        self.assertEqual(self.texts(), ["held"])

    def test_many_at_once(self):
        """Transactions of a module come one after the other, whichever procedure they belong to."""
        sessions = [Running(self.connect(), f"CALL proc.record_both('a{n}', 'b{n}')") for n in range(8)]
        for session in sessions:
            session.start()
        for session in sessions:
            self.assert_ended(session, None)
        self.assertEqual(sorted(self.texts()), sorted(f"{letter}{n}" for letter in "ab" for n in range(8)))

    def test_views_do_not_wait_for_the_module(self):
        self.publish(self.control, "views", "seen")
        holder = self.connect(autocommit=False)
        holder.execute("SELECT seen.write_note('uncommitted', NULL)")
        self.control.execute("SET statement_timeout = '30s'")
        self.assertEqual(self.control.execute("SELECT * FROM seen.note_count").fetchone(), (0,))
        self.assertEqual(holder.execute("SELECT * FROM seen.note_count").fetchone(), (1,))
        # One snapshot for the whole transaction shows one state.
        reader = self.connect(autocommit=False)
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        self.assertEqual(reader.execute("SELECT * FROM seen.note_count").fetchone(), (0,))
        holder.commit()
        self.assertEqual(reader.execute("SELECT * FROM seen.note_count").fetchone(), (0,))
        reader.commit()
        self.assertEqual(reader.execute("SELECT * FROM seen.note_count").fetchone(), (1,))
        reader.commit()
        self.control.execute("SELECT spacetime.drop_module('seen')")
