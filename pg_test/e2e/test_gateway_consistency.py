"""Does every client hold, after every single message, what one commit has left? With writers on all ways in, random
subscriptions, gateways that are killed, and servers that restart."""

import json
import random
import struct
import threading
import time
import urllib.error
from collections import Counter
from dataclasses import dataclass
from typing import Callable

import psycopg

from harness.gateway import TIMEOUT_S, Client, GatewayTestCase, Unavailable

CLIENTS = 20
ACCOUNTS = 40
# Accounts are renumbered into here.
NUMBERS = 60
BALANCE = 100
# Committed in each phase, by all writers together.
COMMITS = 800
SUBSCRIPTIONS_MAX = 4
# Writers pause this long at most, so that twenty clients in Python keep up.
PAUSE_S = 0.1
ROW = struct.Struct("<Iq")


@dataclass(frozen=True)
class Query:
    """What a client subscribes to, the same in SQL, and the rows it must have when the two tables hold `rows`."""

    text: str
    sql: str
    of: Callable[[Counter], Counter]


def where(condition: Callable[[int, int], bool]) -> Callable[[Counter], Counter]:
    return lambda rows: Counter({row: count for row, count in rows.items() if condition(*ROW.unpack(row))})


# All clients have these, in one set, as long as they are connected.
BASE = ["SELECT * FROM account", "SELECT * FROM mirror", "SELECT * FROM mark"]
# These come and go.
QUERIES = [
    Query("SELECT * FROM account", "SELECT id, balance FROM ledger.account", where(lambda *_: True)),
    Query(
        "SELECT * FROM account WHERE id < 20",
        "SELECT id, balance FROM ledger.account WHERE id < 20",
        where(lambda number, _: number < 20),
    ),
    Query(
        "SELECT * FROM mirror WHERE balance > 100",
        "SELECT id, balance FROM ledger.mirror WHERE balance > 100",
        where(lambda _, balance: balance > BALANCE),
    ),
    Query(
        "SELECT * FROM mirror WHERE balance <= 90 OR id = 7",
        "SELECT id, balance FROM ledger.mirror WHERE balance <= 90 OR id = 7",
        where(lambda number, balance: balance <= 90 or number == 7),
    ),
    Query(
        "SELECT * FROM account WHERE id >= 10 AND balance <> 100",
        "SELECT id, balance FROM ledger.account WHERE id >= 10 AND balance <> 100",
        where(lambda number, balance: number >= 10 and balance != BALANCE),
    ),
    Query(
        "SELECT account.* FROM account JOIN mirror ON account.id = mirror.id WHERE mirror.balance > 110",
        "SELECT a.id, a.balance FROM ledger.account a JOIN ledger.mirror m ON a.id = m.id WHERE m.balance > 110",
        where(lambda _, balance: balance > 110),
    ),
    Query(
        "SELECT mirror.* FROM account JOIN mirror ON account.id = mirror.id WHERE account.id < 30 AND mirror.balance < 100",
        "SELECT m.id, m.balance FROM ledger.account a JOIN ledger.mirror m ON a.id = m.id "
        "WHERE a.id < 30 AND m.balance < 100",
        where(lambda number, balance: number < 30 and balance < BALANCE),
    ),
    # Views: of the guest for everybody, of the guest for each client, a query.
    Query("SELECT * FROM rich", "SELECT * FROM ledger.rich", where(lambda _, balance: balance > 110)),
    Query(
        "SELECT * FROM poor WHERE id < 50",
        "SELECT * FROM ledger.poor WHERE id < 50",
        where(lambda number, balance: number < 50 and balance < 90),
    ),
    Query("SELECT * FROM wealthy", "SELECT * FROM ledger.wealthy", where(lambda _, balance: balance > 120)),
]


class Refused(Exception):
    """A subscription was refused because Postgres is away."""


class Watcher:
    """One client: subscribes and unsubscribes at random, and checks what it holds after each message."""

    def __init__(self, test, number: int):
        self.test, self.number = test, number
        self.random = random.Random(f"watcher {number}")
        self.token = None
        self.messages = self.reconnects = 0
        # What it held when it saw a mark: mark, query -> rows.
        self.settled: tuple[int, dict] = (0, {})

    def run(self):
        while not self.test.over.is_set():
            run = self.test.gateway_run
            try:
                self.watch()
            except (Refused, Unavailable):
                # As an application would: from the beginning.
                time.sleep(0.05)
            # Also a message that ends in the middle: that of a gateway which is killed.
            except (AssertionError, OSError):
                if self.test.over.is_set():
                    return
                if not self.test.gateway_is_away and run == self.test.gateway_run:
                    raise
                self.reconnects += 1
                time.sleep(0.05)

    def watch(self):
        client = Client(self.test.port, "ledger", self.token)
        try:
            self.test.sockets[self.number] = client.socket
            self.token = client.token
            base = client.ask(*BASE)
            asked: dict[int, Query] = {}
            leaving: set[int] = set()
            while True:
                kind, message = client.next()
                if kind == "error":
                    assert self.test.is_restarted, message
                    raise Refused(message)
                if kind == "unapplied":
                    del client.sets[message], asked[message]
                    leaving.discard(message)
                self.messages += 1
                if base not in client.sets:
                    continue
                self.check(client, base, asked)
                self.act(client, asked, leaving)
                marks = client.rows(base, "mark")
                if not leaving and asked.keys() <= client.sets.keys() and marks:
                    mark = max(struct.unpack("<I", row)[0] for row in marks)
                    held = {asked[number]: self.rows(client, number) for number in asked}
                    self.settled = mark, held | {None: client.rows(base, "account")}
        finally:
            client.close()

    @staticmethod
    def rows(client, number) -> Counter:
        return sum(client.sets[number].values(), Counter())

    def check(self, client, base, asked):
        rows = client.rows(base, "account")
        total = sum(ROW.unpack(row)[1] * count for row, count in rows.items())
        assert total == ACCOUNTS * BALANCE, f"client {self.number} sees a sum of {total}: {rows}"
        assert client.rows(base, "mirror") == rows, f"client {self.number}: the tables differ"
        for number, query in asked.items():
            if number in client.sets:
                held, wanted = self.rows(client, number), query.of(rows)
                assert held == wanted, (
                    f"client {self.number}, {query.text}: surplus {held - wanted}, missing {wanted - held}"
                )

    def act(self, client, asked, leaving):
        """Seldom, or there is nothing else to see."""
        chance = self.random.random()
        if chance < 0.05 and len(asked) < SUBSCRIPTIONS_MAX and self.test.writing.is_set():
            query = self.random.choice(QUERIES)
            asked[client.ask(query.text)] = query
        elif chance > 0.96 and self.test.writing.is_set():
            live = [number for number in asked if number in client.sets and number not in leaving]
            if live:
                number = self.random.choice(live)
                leaving.add(number)
                client.requests += 1
                client.send(struct.pack("<BIIB", 1, client.requests, number, 0))


class Writer:
    """Writes at random while the test lets it; what fails because something is being restarted is tried no more."""

    def __init__(self, test, way: str, number: int):
        self.test, self.way = test, way
        self.random = random.Random(f"{way} {number}")
        self.connection = None

    def run(self):
        try:
            while self.test.writing.is_set():
                try:
                    if getattr(self, self.way)():
                        self.test.committed()
                except (OSError, AssertionError, psycopg.Error, psycopg.Rollback):
                    # The gateway or Postgres is away; the next attempt connects again.
                    self.disconnect()
                    time.sleep(0.05)
                time.sleep(self.random.random() * PAUSE_S)
        finally:
            self.disconnect()

    def disconnect(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def call(self) -> tuple[str, list[int]]:
        if self.random.random() < 0.2:
            return "renumber", [self.random.randrange(NUMBERS), self.random.randrange(NUMBERS)]
        # Some of them want more than there is.
        return "transfer", [*self.random.sample(range(NUMBERS), 2), self.random.randrange(1, 60)]

    def socket(self) -> bool:
        if self.connection is None:
            self.connection = Client(self.test.port, "ledger")
        reducer, arguments = self.call()
        layout = "<II" if reducer == "renumber" else "<IIq"
        return isinstance(self.connection.call(reducer, struct.pack(layout, *arguments)), dict)

    def http(self) -> bool:
        reducer, arguments = self.call()
        path = f"/v1/database/ledger/call/{reducer}"
        return self.test.http("POST", path, json.dumps(arguments).encode(), kind="application/json")[0] == 200

    def sql(self) -> bool:
        """Several transfers in one transaction, between which there is a moment; some are taken back."""
        if self.connection is None:
            where = self.test.cluster.connection()
            self.connection = psycopg.connect(
                host=where["PGHOST"], port=where["PGPORT"], user=where["PGUSER"], dbname=where["PGDATABASE"]
            )
        with self.connection.transaction():
            has_written = False
            for _ in range(self.random.randrange(1, 4)):
                with self.connection.transaction() as savepoint:
                    amount = self.random.randrange(1, 10)
                    of = "SELECT id FROM ledger.account ORDER BY random() LIMIT 2"
                    (one,), (other,) = self.connection.execute(of).fetchall()
                    for table in ["account", "mirror"]:
                        for number, change in [(one, -amount), (other, amount)]:
                            update = f"UPDATE ledger.{table} SET balance = balance + %s WHERE id = %s"
                            if not self.connection.execute(update, (change, number)).rowcount:
                                # It was given another number since it was chosen.
                                raise psycopg.Rollback(savepoint)
                    if self.random.random() < 0.3:
                        raise psycopg.Rollback(savepoint)
                    has_written = True
            if self.random.random() < 0.1:
                raise psycopg.Rollback
        return has_written


class ConsistencyTest(GatewayTestCase):
    modules = ["ledger"]

    def setUp(self):
        super().setUp()
        self.sql.execute("SELECT ledger.seed(%s, %s)", (ACCOUNTS, BALANCE))
        # Has Postgres been restarted in this phase?
        self.is_restarted = False
        # Clients notice when the gateway they talk to is not the present one.
        self.gateway_run, self.gateway_is_away = 1, False
        self.over, self.writing = threading.Event(), threading.Event()
        self.failures: list = []
        self.sockets: dict = {}
        self.commits, self.commits_lock = 0, threading.Lock()
        self.marks = 0

    def committed(self):
        with self.commits_lock:
            self.commits += 1

    def thread(self, target) -> threading.Thread:
        def guarded():
            try:
                target.run()
            except BaseException as error:  # noqa: the main thread fails with it
                self.failures.append(error)

        thread = threading.Thread(target=guarded)
        thread.start()
        return thread

    def wait(self, what, condition):
        deadline = time.monotonic() + TIMEOUT_S
        while not condition():
            if self.failures:
                raise self.failures[0]
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.01)

    def phase(self, event=None):
        """Writes, with the event in the middle; then everybody must hold what SQL says."""
        before = self.commits
        self.writing.set()
        ways = ["socket"] * 4 + ["http"] * 3 + ["sql"] * 3
        writers = [self.thread(Writer(self, way, number)) for number, way in enumerate(ways)]
        try:
            if event:
                self.wait("nothing is committed", lambda: self.commits >= before + COMMITS // 2)
                event()
                # As much again: what works after the event is what counts.
                before = self.commits
            self.wait("nothing is committed", lambda: self.commits >= before + COMMITS // 2)
        finally:
            self.writing.clear()
            for writer in writers:
                writer.join(TIMEOUT_S)
        self.settle()
        self.is_restarted = False

    def settle(self):
        self.marks += 1
        sql = self.connect()
        sql.execute("INSERT INTO ledger.mark (id) VALUES (%s)", (self.marks,))

        def settled():
            return [watcher.number for watcher in self.watchers if watcher.settled[0] != self.marks] == []

        self.wait(f"not everybody has seen mark {self.marks}", settled)
        wanted = {
            query: Counter(ROW.pack(*row) for row in sql.execute(query.sql if query else QUERIES[0].sql).fetchall())
            for query in [None, *QUERIES]
        }
        for watcher in self.watchers:
            for query, rows in watcher.settled[1].items():
                self.assertEqual(rows, wanted[query], (watcher.number, query))

    def restart(self, mode):
        self.is_restarted = True
        self.cluster.restart(mode)

    def kill_gateway(self):
        self.gateway_is_away = True
        self.gateway.kill()
        self.gateway.wait(TIMEOUT_S)
        self.start_gateway()
        # First the number: who could not connect until now compares it after the other.
        self.gateway_run += 1
        self.gateway_is_away = False

    def end(self):
        self.over.set()
        self.writing.clear()
        for client in self.sockets.values():
            try:
                client.shutdown(2)
            except OSError:
                pass  # closed already
        for thread in self.threads:
            thread.join(TIMEOUT_S)

    def test_every_client_sees_one_commit(self):
        self.watchers = [Watcher(self, number) for number in range(CLIENTS)]
        self.threads = [self.thread(watcher) for watcher in self.watchers]
        try:
            self.phase()
            self.phase(self.kill_gateway)
            self.phase(lambda: self.restart("fast"))
            self.phase(lambda: self.restart("immediate"))
            self.phase(self.kill_gateway)
        finally:
            self.end()
        self.assertEqual(self.failures, [])
        self.assertTrue(all(watcher.reconnects for watcher in self.watchers))
        messages = sum(watcher.messages for watcher in self.watchers)
        self.assertGreater(messages, CLIENTS * COMMITS)
