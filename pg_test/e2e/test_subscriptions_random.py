"""Ten writers and twenty subscribers for a minute: whatever they do, each subscriber holds what its query gives."""

import json
import os
import random
import threading
import time

import psycopg

from harness.subscription import Ended, Subscription
from harness.testcase import ClusterTestCase

# Shorter while somebody works on it.
DURATION_S = float(os.environ.get("SPACETIME_RANDOM_TEST_S", 60))
CHECKPOINTS = 6
WRITERS = 10
SUBSCRIBERS = 20
ROLES = ["postgres", "nora", "otto"]
QUERIES = [
    "SELECT * FROM bank.account",
    "SELECT * FROM bank.account WHERE balance > 1000 OR id < 5",
    "SELECT * FROM bank.account WHERE id = 7",
    "SELECT * FROM bank.counter",
    "SELECT * FROM visibility.message",
    "SELECT * FROM visibility.message WHERE sender = :sender",
    "SELECT m.* FROM visibility.message m JOIN visibility.membership k ON m.sender = k.who WHERE k.room = 1",
    "SELECT * FROM visibility.player",
    "SELECT * FROM visibility.notice WHERE id < 50",
]


class Writers:
    """Sessions that write at random, until told to pause."""

    def __init__(self, connect, identities):
        self.identities = identities
        self.running, self.stopped = threading.Event(), threading.Event()
        self.running.set()
        self.busy = [threading.Lock() for _ in range(WRITERS)]
        self.failures, self.commits = [], 0
        self.threads = [
            threading.Thread(target=self.work, args=(random.Random(seed), connect(autocommit=False), self.busy[seed]))
            for seed in range(WRITERS)
        ]
        for thread in self.threads:
            thread.start()

    def pause(self):
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

    def work(self, dice, connection, busy):
        try:
            while not self.stopped.is_set():
                self.running.wait()
                with busy:
                    if not self.running.is_set():
                        continue
                    self.transaction(dice, connection)
        except Exception as error:  # noqa: BLE001 (told by the test)
            self.failures.append(error)

    def transaction(self, dice, connection):
        try:
            for _ in range(dice.choice([1, 1, 1, 2, 5])):
                if dice.random() < 0.2:
                    connection.execute("SAVEPOINT s")
                    connection.execute(*self.statement(dice))
                    connection.execute(dice.choice(["ROLLBACK TO s", "RELEASE s"]))
                else:
                    connection.execute(*self.statement(dice))
            if dice.random() < 0.1:
                connection.rollback()
            else:
                connection.commit()
                self.commits += 1
        except psycopg.Error as error:
            # A reducer says no, a key is taken, or two writers are in each other's way.
            if (error.sqlstate or "")[:2] not in ("23", "38", "40"):
                raise
            connection.rollback()

    def statement(self, dice):
        who = dice.choice(self.identities)
        id = dice.randrange(100)
        return dice.choice([
            ("SELECT bank.transfer(%s, %s, %s)", (dice.randrange(10), dice.randrange(10), dice.randrange(1, 50))),
            ("SELECT bank.count_up()", ()),
            ("INSERT INTO bank.account VALUES (%s, %s) ON CONFLICT (id) DO UPDATE SET balance = excluded.balance",
             (dice.randrange(10, 30), dice.randrange(2000))),
            ("UPDATE bank.account SET balance = balance + 1 WHERE id %% 5 = %s", (dice.randrange(5),)),
            ("DELETE FROM bank.account WHERE id >= 10 AND id %% 3 = %s", (dice.randrange(3),)),
            ("DELETE FROM bank.counter WHERE id %% 7 = %s", (dice.randrange(7),)),
            ("INSERT INTO visibility.message VALUES (%s, %s, %s, 'hello') ON CONFLICT DO NOTHING",
             (id, who, dice.choice(self.identities))),
            ("UPDATE visibility.message SET sender = %s WHERE id = %s", (who, id)),
            ("UPDATE visibility.message SET receiver = %s WHERE id %% 10 = %s", (who, id % 10)),
            ("DELETE FROM visibility.message WHERE id = %s", (id,)),
            ("INSERT INTO visibility.membership VALUES (%s, %s, %s) ON CONFLICT (id) DO UPDATE SET room = excluded.room",
             (dice.randrange(6), who, dice.randrange(3))),
            ("DELETE FROM visibility.membership WHERE id = %s", (dice.randrange(6),)),
            ("INSERT INTO visibility.player VALUES (%s, 'x', %s) ON CONFLICT (who) DO UPDATE SET level = excluded.level",
             (who, dice.randrange(3))),
            ("INSERT INTO visibility.notice VALUES (%s, %s) ON CONFLICT (id) DO UPDATE SET text = excluded.text",
             (id, "x" * dice.choice([1, 100, 9000]))),
            ("DELETE FROM visibility.notice WHERE id = %s", (id,)),
            ("TRUNCATE visibility.player", ()) if dice.random() < 0.1 else ("SELECT bank.count_up()", ()),
        ])


class RandomTest(ClusterTestCase):
    # Writers of two modules lock each other out often.
    settings = {"deadlock_timeout": "20ms"}

    def session(self, role, **options):
        return self.connect(user=role, **options)

    def subscription(self, role, query):
        """Its first rows may be in the middle of a deadlock of writers, one of them with a TRUNCATE."""
        while True:
            try:
                return Subscription(self.session(role), query)
            except psycopg.errors.DeadlockDetected:
                continue

    def expected(self, role, query):
        """What a new subscriber would be given."""
        with self.session(role) as connection, connection.transaction(force_rollback=True):
            rows = connection.execute("SELECT rows FROM spacetime.subscribe(%s)", (query,)).fetchone()[0]
        return sorted(json.dumps(row, sort_keys=True) for row in rows)

    def check(self, subscribers):
        expected = {key: self.expected(*key) for key in {(role, query) for role, query, _ in subscribers}}
        for role, query, subscription in subscribers:
            wanted = expected[role, query]
            subscription.wait_until(
                lambda: subscription.state() == wanted,
                lambda: f"{role}: {query}\nhas {subscription.state()}\nnot {wanted}",
            )

    def resume(self, subscription, role, owner):
        """Loses the connection; reads on over another one."""
        owner.execute("SELECT pg_terminate_backend(%s, 10000)", (subscription.connection.info.backend_pid,))
        subscription.connection = self.session(role)
        # Of a message that was cut off all parts come again.
        while subscription.parts:
            subscription.parts -= 1
        sql = "SELECT spacetime.resume(%s, %s)"
        subscription.connection.execute(sql, (subscription.id, subscription.seq))

    def test_a_minute(self):
        owner = self.connect()
        self.publish(owner, "bank")
        self.publish(owner, "visibility")
        owner.execute("SELECT bank.seed(10, 1000)")
        for role in ROLES[1:]:
            owner.execute(f"CREATE ROLE {role} LOGIN IN ROLE spacetime_client")
        identities = [self.session(role).execute("SELECT spacetime.sender()").fetchone()[0] for role in ROLES]
        writers = Writers(self.connect, identities)
        dice = random.Random(1)
        try:
            subscribers = []
            for number in range(SUBSCRIBERS):
                # Clients may not read what the join of messages and members reads.
                query = QUERIES[number % len(QUERIES)]
                role = "postgres" if "JOIN" in query else ROLES[number % len(ROLES)]
                subscribers.append([role, query, self.subscription(role, query)])
            for _ in range(CHECKPOINTS):
                until = time.monotonic() + DURATION_S / CHECKPOINTS
                while time.monotonic() < until:
                    for _, _, subscription in subscribers:
                        subscription.receive(0.001)
                    if dice.random() < 0.2:
                        role, query, old = dice.choice(subscribers)
                        old.connection.close()
                        subscribers = [s for s in subscribers if s[2] is not old]
                        subscribers.append([role, query, self.subscription(role, query)])
                    self.assertEqual(writers.failures, [])
                role, _, subscription = dice.choice([s for s in subscribers if not s[2].parts])
                self.resume(subscription, role, owner)
                writers.pause()
                self.check(subscribers)
                writers.running.set()
            writers.pause()
            self.check(subscribers)
        finally:
            writers.stop()
        self.assertEqual(writers.failures, [])
        self.assertGreater(writers.commits, 100)
        self.assertGreater(sum(subscription.seq for _, _, subscription in subscribers), 100)
