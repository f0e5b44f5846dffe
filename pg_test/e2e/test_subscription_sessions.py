"""Subscriptions over lost connections, restarts and limits."""

import psycopg

from harness.subscription import SubscriptionTestCase
from harness.testcase import ClusterTestCase


class SessionsTest(SubscriptionTestCase):
    settings = {"spacetime.resume_window_kb": "4"}

    def test_resuming(self):
        writer = self.bank("lost")
        subscription = self.subscribe("SELECT * FROM lost.account")
        writer.execute("SELECT lost.transfer(1, 2, 1)")
        subscription.next_message()
        pid = subscription.connection.info.backend_pid
        writer.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))
        writer.execute("SELECT lost.transfer(1, 2, 2)")
        subscription.connection = self.connect()
        row = subscription.connection.execute("SELECT spacetime.resume(%s, %s)", (subscription.id, subscription.seq)).fetchone()
        self.assertEqual(row[0], subscription.channel)
        writer.execute("SELECT lost.transfer(1, 2, 4)")
        subscription.wait_for(self.accounts("lost"))
        # Also once the notifier has noticed.
        writer.execute("SELECT pg_terminate_backend(%s, 10000)", (subscription.connection.info.backend_pid,))
        writer.execute("SELECT lost.transfer(1, 2, 8)")
        where = "SELECT resumable_from FROM spacetime._subscription WHERE id = %s"
        while writer.execute(where, (subscription.id,)).fetchone()[0] is None:
            pass
        pids = writer.execute("SELECT pid FROM spacetime.subscriptions WHERE id = %s", (subscription.id,)).fetchall()
        self.assertEqual(pids, [(None,)])
        subscription.connection = self.connect()
        subscription.connection.execute("SELECT spacetime.resume(%s, %s)", (subscription.id, subscription.seq))
        writer.execute("SELECT lost.transfer(1, 2, 16)")
        subscription.wait_for(self.accounts("lost"))

    def test_too_late(self):
        writer = self.bank("late")
        subscription = self.subscribe("SELECT * FROM late.account")
        writer.execute("SELECT pg_terminate_backend(%s, 10000)", (subscription.connection.info.backend_pid,))
        for _ in range(100):
            writer.execute("SELECT late.transfer(1, 2, 1)")
        where = "SELECT resumable_from FROM spacetime._subscription WHERE id = %s"
        while (writer.execute(where, (subscription.id,)).fetchone()[0] or 0) < 2:
            pass
        error = self.assert_sqlstate("55000", self.connect(), "SELECT spacetime.resume(%s, 0)", (subscription.id,))
        self.assertIn("anew", error.diag.message_hint)
        # A number that was never sent.
        subscription.connection = self.connect()
        subscription.connection.execute("SELECT spacetime.resume(%s, 12345)", (subscription.id,))
        self.assertEqual(subscription.wait_end().sqlstate, "55000")
        self.assert_sqlstate("55000", self.connect(), "SELECT spacetime.resume(%s, 0)", (subscription.id,))
        self.assert_sqlstate("55000", self.connect(), "SELECT spacetime.resume(%s, 0)", (98765,))


class ForgottenTest(SubscriptionTestCase):
    settings = {"spacetime.resume_window_s": "1"}

    def test_sessions_that_stay_away(self):
        writer = self.bank("forgotten")
        subscription = self.subscribe("SELECT * FROM forgotten.account")
        writer.execute("SELECT pg_terminate_backend(%s, 10000)", (subscription.connection.info.backend_pid,))
        while writer.execute("SELECT count(*) FROM spacetime.subscriptions").fetchone()[0]:
            pass
        self.assert_sqlstate("55000", self.connect(), "SELECT spacetime.resume(%s, 0)", (subscription.id,))
        # With the last subscription the notifier goes, and nothing is captured any more.
        while writer.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'spacetime notifier'").fetchone()[0]:
            pass
        again = self.subscribe("SELECT * FROM forgotten.account")
        writer.execute("SELECT forgotten.transfer(1, 2, 3)")
        again.wait_for(self.accounts("forgotten"))


class LaggardTest(SubscriptionTestCase):
    # A thousandth of a percent of 8 GB is 80 kB.
    settings = {"spacetime.notify_queue_percent": "0.001"}

    def test_a_session_that_does_not_read(self):
        writer = self.bank("lagging", accounts=0)
        query = "SELECT * FROM lagging.account"
        diligent, laggard = self.subscribe(query), self.subscribe(query)
        laggard.connection.execute("BEGIN")
        rounds = 0
        while laggard.connection.execute("SELECT count(*) FROM spacetime.subscriptions").fetchone()[0] == 2:
            rounds += 1
            start = rounds * 1000
            writer.execute("INSERT INTO lagging.account SELECT i, i FROM generate_series(%s::int, %s::int) i", (start, start + 999))
            diligent.wait_until(lambda: len(diligent.rows) == rounds * 1000, lambda: f"{len(diligent.rows)} rows")
        laggard.connection.execute("COMMIT")
        self.assertEqual(laggard.wait_end().sqlstate, "53400")
        writer.execute("DELETE FROM lagging.account WHERE id > 2000")
        diligent.wait_for(self.accounts("lagging"))


class MemoryTest(SubscriptionTestCase):
    settings = {"spacetime.subscription_memory_mb": "1"}

    def test_too_many_rows(self):
        """Queries with too many rows are refused, and end when they get too many; others go on."""
        writer = self.bank("huge", accounts=20_000)
        error = self.assert_sqlstate("53400", self.connect(), "SELECT spacetime.subscribe('SELECT * FROM huge.account')")
        self.assertIn("spacetime.subscription_memory_mb", error.diag.message_hint)
        small = self.subscribe("SELECT * FROM huge.account WHERE id < 10")
        # Many subscribers share the rows of one query, also if they all come at once.
        grows = "SELECT * FROM huge.account WHERE id >= 15000"
        growing = [self.subscribe(grows) for _ in range(8)]
        writer.execute("SELECT huge.transfer(1, 15000, 1)")
        for subscription in [small, growing[0], growing[-1]]:
            subscription.next_message()
        writer.execute("INSERT INTO huge.account SELECT i, 1 FROM generate_series(20001, 40000) i")
        for subscription in growing:
            self.assertEqual(subscription.wait_end().sqlstate, "53400")
        writer.execute("SELECT huge.transfer(1, 2, 1)")
        small.wait_for(self.accounts("huge", "id < 10"))


class FailuresTest(SubscriptionTestCase):
    def notifier(self, connection):
        row = connection.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'spacetime notifier'").fetchone()
        return row and row[0]

    def check(self, name):
        subscription = self.subscribe(f"SELECT * FROM {name}.account")
        self.connect().execute(f"SELECT {name}.transfer(1, 2, 3)")
        subscription.wait_for(self.accounts(name))
        return subscription

    def test_ends_of_processes(self):
        writer = self.bank("deadly")
        subscription = self.check("deadly")
        # The notifier is told to go: it alone knows what its subscribers hold.
        writer.execute("SELECT pg_terminate_backend(%s, 10000)", (self.notifier(writer),))
        self.assertEqual(subscription.wait_end().sqlstate, "55000")
        self.check("deadly")
        # A crash of a process is one of the server: subscriptions are gone with their sessions.
        for victim in ("notifier", "writer"):
            with self.subTest(victim):
                victim = self.notifier(writer) if victim == "notifier" else self.connect().info.backend_pid
                self.cluster.kill(victim)
                self.wait_for_crash()
                writer = self.connect()
                self.assertEqual(writer.execute("SELECT count(*) FROM spacetime.subscriptions").fetchone()[0], 0)
                self.check("deadly")
        for mode in ("fast", "immediate"):
            with self.subTest(mode):
                self.cluster.restart(mode)
                subscription = self.check("deadly")
                self.assertEqual(subscription.seq, 1)

    def wait_for_crash(self):
        while True:
            try:
                connection = self.connect()
                connection.execute("SELECT FROM pg_stat_activity")
                if "was terminated by signal 9" in self.cluster.log_text() and self.cluster.log_text().count(
                    "all server processes terminated; reinitializing"
                ) > getattr(self, "crashes", 0):
                    self.crashes = getattr(self, "crashes", 0) + 1
                    return
            except psycopg.OperationalError:
                pass


class WithoutPreloadTest(ClusterTestCase):
    settings = {"shared_preload_libraries": "''"}

    def test_it_says_what_to_do(self):
        connection = self.connect()
        self.publish(connection, "bank")
        for call in ("subscribe('SELECT * FROM bank.account')", "resume(1, 0)"):
            error = self.assert_sqlstate("55000", connection, f"SELECT spacetime.{call}")
            self.assertIn("shared_preload_libraries = 'spacetime'", error.diag.message_hint)
