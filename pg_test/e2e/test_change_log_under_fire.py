"""The change log under fire: whatever dies, stalls, rolls back or is too large, readers and subscribers end with the table.

Deliveries must fit the rows: two changes of one row the wrong way round would delete what is not there.
"""

import json
import random
import signal
import struct
import threading
import time
from collections import Counter

import psycopg

from harness.change_log import Reader
from harness.subscription import Ended, Subscription
from harness.testcase import ClusterTestCase

WRITERS = 8
ROWS = 5000
# What rivals, cancels and a bank say.
EXPECTED = ("23", "38", "40", "55P03", "57")
ACCOUNTS = "SELECT id, balance FROM fire.account"
FEW = "SELECT * FROM fire.account WHERE id < 100"
RESTARTED = "all server processes terminated; reinitializing"


class Writer(threading.Thread):
    """Writes at random, over a new session whenever the old one is lost."""

    def __init__(self, connect, seed):
        super().__init__()
        self.open, self.dice = connect, random.Random(seed)
        self.connection, self.commits, self.failure = None, 0, None
        self.is_over = threading.Event()

    def run(self):
        while not self.is_over.is_set() and self.failure is None:
            try:
                if self.connection is None or self.connection.closed:
                    self.connection = self.open()
                self.transaction(self.connection)
            except psycopg.Rollback:
                # The session was lost before that: it is what was wanted.
                pass
            except psycopg.Error as error:
                is_lost = isinstance(error, psycopg.OperationalError) and error.sqlstate is None
                if not is_lost and not (error.sqlstate or "").startswith(EXPECTED):
                    self.failure = error

    def transaction(self, connection):
        dice = self.dice
        with connection.transaction():
            for _ in range(dice.choice([1, 1, 2, 4])):
                if dice.random() < 0.3:
                    connection.execute("SAVEPOINT a")
                    connection.execute(*self.statement())
                    connection.execute(dice.choice(["ROLLBACK TO a", "RELEASE a"]))
                else:
                    connection.execute(*self.statement())
            if dice.random() < 0.01:
                # More than the log holds, and sometimes more than a transaction may be followed for.
                for _ in range(dice.choice([1, 8, 15])):
                    connection.execute("UPDATE fire.account SET balance = balance + 1")
            if dice.random() < 0.15:
                raise psycopg.Rollback
            self.commits += 1

    def statement(self):
        one, other = self.dice.sample(range(100), 2)
        return self.dice.choice([
            ("SELECT fire.transfer(%s, %s, 1)", (one, other)),
            ("UPDATE fire.account SET balance = balance + 1 WHERE id = %s", (one,)),
            ("DELETE FROM fire.account WHERE id = %s", (ROWS + one,)),
            ("INSERT INTO fire.account VALUES (%s, 7) ON CONFLICT (id) DO UPDATE SET balance = 8", (ROWS + other,)),
        ])


class Follower(threading.Thread):
    """A snapshot and what the log says after it; both anew whenever the log says so."""

    def __init__(self, connect):
        super().__init__()
        self.open, self.reader, self.session = connect, None, None
        self.rows, self.applied, self.resyncs, self.failure = Counter(), 0, 0, None
        self.last = (0, 0)
        self.is_over = threading.Event()

    def run(self):
        try:
            while not self.step():
                pass
        except Exception as error:  # noqa: BLE001 (told by the test)
            self.failure = error

    def step(self):
        """Reads on; whether that was all."""
        try:
            if self.reader is None or self.reader.connection.closed or self.session.closed:
                # First the place in the log, then the rows.
                self.reader, self.session = Reader(self.open()), self.open()
                self.read_rows()
            answer = self.reader.next(wait_ms=50)
            if answer.is_resync:
                self.resyncs += 1
                self.read_rows()
            for entry in answer.entries:
                self.apply(entry)
            return self.is_over.is_set() and not answer.is_resync and not answer.entries
        except psycopg.OperationalError:
            # The server is down. What was applied of the last answer is read again.
            for connection in (self.reader and self.reader.connection, self.session):
                if connection:
                    connection.close()
            return False

    def read_rows(self):
        with self.session.transaction():
            self.session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            self.rows = Counter(self.session.execute(ACCOUNTS).fetchall())
            text = self.session.execute("SELECT pg_current_snapshot()::text").fetchone()[0]
        _, xmax, running = text.split(":")
        self.xmax, self.running = int(xmax), {int(xid) for xid in running.split(",") if xid}
        self.last = (0, 0)

    def apply(self, entry):
        assert (entry.lsn, entry.seq) > self.last and entry.seq > self.last[1], (entry.seq, entry.lsn, self.last)
        self.last = (entry.lsn, entry.seq)
        if entry.xid < self.xmax and entry.xid not in self.running:
            return
        if entry.kind == "resync":
            self.resyncs += 1
            last = self.last
            self.read_rows()
            self.last = last
        elif "account" in entry.tables:
            table = entry.tables["account"]
            self.rows.update(struct.unpack("<Iq", row) for row in table.inserts)
            for row in table.deletes:
                row = struct.unpack("<Iq", row)
                assert self.rows[row] > 0, f"deleted but not there: {row}"
                self.rows[row] -= 1
            self.applied += 1


class UnderFireTest(ClusterTestCase):
    settings = {
        "spacetime.change_log_mb": 1, "spacetime.change_log_transaction_mb": 2, "deadlock_timeout": "20ms",
        "restart_after_crash": "on",
    }

    def test_under_fire(self):
        owner = self.connect()
        owner.execute(
            "SELECT publish_module('fire', pg_read_binary_file('test_modules/bank.wasm'),"
            """ '{"concurrency": "row", "sql_writers": "free"}')"""
        )
        owner.execute("SELECT fire.seed(%s, 1000)", (ROWS,))
        self.subscription = None
        applied = commits = 0
        for number, event in enumerate([
            "cancels", "kill writer", "stalled reader", "kill reader", "kill notifier", "kill reader", "fast", "immediate",
        ]):
            with self.subTest(event):
                follower = Follower(self.connect)
                writers = [Writer(self.connect, 100 * number + seed) for seed in range(WRITERS)]
                for thread in [follower, *writers]:
                    thread.start()
                try:
                    self.subscribe()
                    self.until(lambda: follower.applied > 30, writers, follower)
                    self.happen(event, follower, writers)
                    before = follower.applied
                    self.until(lambda: follower.applied > before + 30, writers, follower)
                finally:
                    for writer in writers:
                        writer.is_over.set()
                    for writer in writers:
                        writer.join()
                    follower.is_over.set()
                    follower.join()
                self.assertEqual([w.failure for w in writers if w.failure], [])
                self.assertIsNone(follower.failure)
                self.check(follower)
                applied += follower.applied
                commits += sum(writer.commits for writer in writers)
        self.assertGreater(commits, 500)
        self.assertGreater(applied, 500)

    def until(self, condition, writers, follower, patience_s=60):
        """Lets them work, at least so much and a second more."""
        deadline = time.monotonic() + patience_s
        while not condition():
            self.assertEqual([w.failure for w in writers if w.failure], [])
            self.assertIsNone(follower.failure)
            self.assertLess(time.monotonic(), deadline, [writer.commits for writer in writers])
            self.receive()
        for _ in range(20):
            self.receive()

    def subscribe(self):
        # The server may be on its way up or down.
        while self.subscription is None:
            try:
                self.subscription = Subscription(self.connect(), FEW)
            except psycopg.OperationalError:
                pass

    def receive(self):
        """What the subscriber does all the time; it subscribes anew when it is told so, or loses the server."""
        try:
            self.subscription.receive()
        except (Ended, psycopg.OperationalError):
            self.subscription = None
            self.subscribe()

    def happen(self, event, follower, writers):
        if event == "cancels":
            with self.connect() as session:
                for _ in range(60):
                    pid = random.choice(writers).connection.info.backend_pid
                    session.execute("SELECT pg_cancel_backend(%s)", (pid,))
                    self.receive()
        elif event == "stalled reader":
            self.stall(follower)
        elif event.startswith("kill"):
            before = self.cluster.log_text().count(RESTARTED)
            self.cluster.kill(self.victim(event, follower, writers))
            while self.cluster.log_text().count(RESTARTED) == before:
                pass
            self.cluster.wait_ready()
        else:
            self.cluster.restart(event)

    def victim(self, event, follower, writers):
        if event == "kill writer":
            return writers[0].connection.info.backend_pid
        if event == "kill reader":
            # At no particular moment: it numbers entries under the log's lock most of the time.
            return follower.reader.connection.info.backend_pid
        sql = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'spacetime notifier'"
        with self.connect() as session:
            while not (row := session.execute(sql).fetchone()):
                pass
            return row[0]

    def stall(self, follower):
        """A reader whose process stands still: the log goes on without it, once around and more."""
        session, stalled = self.connect(), Reader(self.connect())
        pid = stalled.connection.info.backend_pid
        answers = []
        # Idle, so that it holds no lock: its request reaches a process that stands still.
        self.cluster.kill(pid, signal.SIGSTOP)
        thread = threading.Thread(target=lambda: answers.append(stalled.next()))
        thread.start()
        try:
            lag = "SELECT first_seq, last_seq - reader_lag FROM spacetime.change_log WHERE reader_pid = %s"
            while True:
                first, place = session.execute(lag, (pid,)).fetchone()
                if first > place + 1:
                    break
                try:
                    session.execute("UPDATE fire.account SET balance = balance + 1 WHERE id BETWEEN 1000 AND 2500")
                except psycopg.errors.DeadlockDetected:
                    pass
                self.receive()
        finally:
            self.cluster.kill(pid, signal.SIGCONT)
            thread.join()
        self.assertTrue(answers[0].is_resync)

    def check(self, follower):
        owner = self.connect()
        self.assertEqual(+follower.rows, Counter(owner.execute(ACCOUNTS).fetchall()))
        wanted = Counter(owner.execute("SELECT id, balance FROM fire.account WHERE id < 100").fetchall())
        deadline = time.monotonic() + 30
        while self.held() != wanted:
            self.receive()
            self.assertLess(time.monotonic(), deadline, f"{self.held()} is not {wanted}")

    def held(self):
        rows = (json.loads(row) for row in self.subscription.state())
        return Counter((row["id"], row["balance"]) for row in rows)
