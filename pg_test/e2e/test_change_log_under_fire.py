"""The change log while sessions abort, deadlock, are cancelled and killed, and the server with them."""

import os
import random
import signal
import threading
import time

import psycopg

from harness.change_log import Reader
from harness.testcase import ClusterTestCase
from test_change_log import ACCOUNTS, Follower, Snapshot

# Shorter while somebody works on it.
DURATION_S = float(os.environ.get("SPACETIME_RANDOM_TEST_S", 60))
DISASTERS = ["writer", "reader", "notifier", "fast restart", "immediate restart"]
WRITERS = 8
ACCOUNT_COUNT = 3000


class Writers:
    """Sessions that write at random until told to rest; they come back when the server does."""

    def __init__(self, connect):
        self.connect = connect
        self.running, self.stopped = threading.Event(), threading.Event()
        self.running.set()
        self.busy = [threading.Lock() for _ in range(WRITERS)]
        self.pids = [None] * WRITERS
        self.failures, self.commits, self.sqlstates = [], 0, set()
        self.threads = [threading.Thread(target=self.work, args=(number,)) for number in range(WRITERS)]
        for thread in self.threads:
            thread.start()

    def rest(self):
        self.running.clear()
        for lock in self.busy:
            lock.acquire()
        for lock in self.busy:
            lock.release()

    def stop(self):
        self.stopped.set()
        self.running.set()
        for thread in self.threads:
            thread.join()

    def work(self, number):
        dice, connection = random.Random(number), None
        while not self.stopped.is_set():
            self.running.wait()
            with self.busy[number]:
                if not self.running.is_set():
                    continue
                try:
                    if connection is None or connection.closed:
                        connection = self.connect(autocommit=False)
                        self.pids[number] = connection.info.backend_pid
                    self.transaction(dice, connection)
                except psycopg.OperationalError:
                    # The server is away, or took the session with it.
                    time.sleep(0.05)
                except Exception as error:  # noqa: BLE001 (told by the test)
                    self.failures.append(error)
                    return

    def transaction(self, dice, connection):
        try:
            for _ in range(dice.choice([1, 1, 2, 4])):
                if dice.random() < 0.3:
                    connection.execute("SAVEPOINT s")
                    connection.execute(*self.statement(dice))
                    connection.execute(dice.choice(["ROLLBACK TO s", "RELEASE s"]))
                else:
                    connection.execute(*self.statement(dice))
            if dice.random() < 0.2:
                connection.rollback()
            else:
                connection.commit()
                self.commits += 1
        except psycopg.Error as error:
            self.sqlstates.add(error.sqlstate)
            # A reducer says no, rivals and deadlocks, cancels; the rest is for the caller.
            if connection.closed or (error.sqlstate or "")[:2] not in ("38", "40", "55", "57"):
                raise
            connection.rollback()

    def statement(self, dice):
        source, target = dice.sample(range(20), 2)
        if dice.random() < 0.01:
            # More than the log holds.
            return "UPDATE fire.account SET balance = balance + 1 WHERE id >= 20", ()
        return dice.choice([
            ("SELECT fire.transfer(%s, %s, 1)", (source, target)),
            ("SELECT fire.transfer(%s, %s, 1)", (source, target)),
            ("UPDATE fire.account SET balance = balance + 1 WHERE id = %s", (source,)),
            ("INSERT INTO fire.account VALUES (%s, 1) ON CONFLICT (id) DO NOTHING", (100_000 + source,)),
            ("DELETE FROM fire.account WHERE id = %s", (100_000 + source,)),
        ])


class Mirror:
    """What a reader makes of the log: a snapshot, and the entries that it does not see, in the log's order."""

    def __init__(self, connect):
        self.connect = connect
        self.reader, self.session, self.snapshot, self.follower = None, None, None, None
        self.entries, self.resyncs, self.last = 0, 0, None

    def read(self, wait_ms=20):
        """Takes in what there is; whether that was anything."""
        try:
            if self.reader is None:
                self.reader = Reader(self.connect())
                self.begin()
            if self.reader.connection.closed:
                self.reader.connection = self.connect()
            answer = self.reader.next(wait_ms=wait_ms)
            if answer.is_resync:
                self.begin()
            for entry in answer.entries:
                self.take_in(entry)
            return answer.is_resync or bool(answer.entries)
        except psycopg.OperationalError:
            time.sleep(0.05)
            return True

    def begin(self):
        while True:
            try:
                if self.session is None or self.session.closed:
                    self.session = self.connect()
                self.snapshot = Snapshot(self.session, ACCOUNTS.format("fire"))
                break
            except psycopg.OperationalError:
                time.sleep(0.05)
        self.follower, self.last = Follower(self.snapshot.rows), None
        self.resyncs += 1

    def take_in(self, entry):
        if self.last is not None:
            assert (entry.seq, entry.lsn) == (self.last[0] + 1, max(entry.lsn, self.last[1])), "not in commit order"
        self.last = entry.seq, entry.lsn
        self.entries += 1
        if entry.kind == "resync":
            self.begin()
        elif not self.snapshot.sees(self.session, entry.xid):
            # Fails if a row goes that was not there, so the versions of a row come in the order of their commits.
            self.follower.apply(entry)


class UnderFireTest(ClusterTestCase):
    settings = {
        "deadlock_timeout": "20ms", "spacetime.change_log_mb": 1, "spacetime.change_log_transaction_mb": 2,
        "max_connections": 60,
    }

    def one(self, sql):
        """The first column of a row, or None if the server is away."""
        try:
            with self.connect() as connection:
                row = connection.execute(sql).fetchone()
                return row and row[0]
        except psycopg.OperationalError:
            return None

    def cancel_one(self, dice, writers):
        pid = dice.choice(writers.pids)
        if pid is not None:
            self.one(f"SELECT pg_cancel_backend({pid})")

    def strike(self, disaster, writers, mirror):
        if disaster == "fast restart":
            self.cluster.restart("fast")
        elif disaster == "immediate restart":
            self.cluster.restart("immediate")
        else:
            victims = {
                "writer": lambda: random.choice(writers.pids),
                "reader": lambda: mirror.reader.connection.info.backend_pid,
                "notifier": lambda: self.one("SELECT pid FROM pg_stat_activity WHERE backend_type = 'spacetime notifier'"),
            }
            victim = victims[disaster]()
            self.assertIsNotNone(victim, disaster)
            ends = "all server processes terminated; reinitializing"
            before = self.cluster.log_text().count(ends)
            self.cluster.kill(victim)
            while self.cluster.log_text().count(ends) == before:
                time.sleep(0.01)
            self.cluster.wait_ready()

    def subscribe(self):
        """Gives the notifier something to do."""
        self.connect().execute("SELECT id FROM spacetime.subscribe('SELECT * FROM fire.account WHERE id < 20')")

    def check(self, mirror):
        """With nobody writing, the mirror soon holds what the table does."""
        while mirror.read(wait_ms=200):
            pass
        with self.connect() as connection:
            self.assertEqual(mirror.follower.rows, sorted(connection.execute(ACCOUNTS.format("fire")).fetchall()))

    def stop_reading(self):
        """A process that reads no more, and one that is not even run."""
        Reader(self.connect())
        stopped = Reader(self.connect()).connection
        os.kill(stopped.info.backend_pid, signal.SIGSTOP)
        return stopped.info.backend_pid

    def test_disasters(self):
        dice = random.Random(1)
        owner = self.connect()
        owner.execute(
            "SELECT publish_module('fire', pg_read_binary_file('test_modules/bank.wasm'), '{\"concurrency\": \"row\"}')"
        )
        owner.execute("SELECT fire.seed(%s, 1000)", (ACCOUNT_COUNT,))
        mirror = Mirror(self.connect)
        mirror.read()
        writers = Writers(self.connect)
        try:
            for disaster in DISASTERS:
                self.subscribe()
                stopped = self.stop_reading()
                until, commits = time.monotonic() + DURATION_S / len(DISASTERS), writers.commits
                # At least as many as show that nobody waits for those who do not read.
                while time.monotonic() < until or writers.commits < commits + 100:
                    mirror.read()
                    if dice.random() < 0.05:
                        self.cancel_one(dice, writers)
                    self.assertEqual(writers.failures, [])
                writers.rest()
                self.check(mirror)
                writers.running.set()
                os.kill(stopped, signal.SIGCONT)
                with self.subTest(disaster):
                    self.strike(disaster, writers, mirror)
            writers.rest()
            self.check(mirror)
        finally:
            writers.stop()
        self.assertEqual(writers.failures, [])
        self.assertGreater(mirror.entries, 100)
        # Each disaster takes the memory of the log with it.
        self.assertGreater(mirror.resyncs, len(DISASTERS))
        self.assertLessEqual({"40P01", "57014"}, writers.sqlstates)
