"""Many sessions at once, for real: money is neither made nor lost, and numbers are given once, with reducers, SQL writers,
savepoints and rollbacks side by side."""

import random
import threading

import psycopg

from harness.testcase import ClusterTestCase

SESSIONS = 8
ROUNDS = 200
ACCOUNTS = 10
BALANCE = 1000
# What a caller answers by trying again; 55P03 is a row somebody held too long (row mode), 40P01 a deadlock.
AGAIN = {"40001", "55P03", "40P01"}


class ConcurrencyTestCase(ClusterTestCase):
    options = "{}"
    counts = ROUNDS

    def setUp(self):
        self.control = self.connect()
        self.control.execute(
            "SELECT publish_module('bank', pg_read_binary_file('test_modules/bank.wasm'), %s)", [self.options]
        )
        self.addCleanup(self.drop)
        self.control.execute("SELECT bank.seed(%s, %s)", [ACCOUNTS, BALANCE])

    def drop(self):
        with self.connect() as connection:
            connection.execute("SELECT spacetime.drop_module('bank')")

    def side_by_side(self, *works):
        """Runs each function in a thread with a connection of its own; none may fail or hang."""
        failures = []

        def run(work, connection):
            try:
                work(connection)
            except BaseException as error:
                failures.append(f"{getattr(error, 'sqlstate', '')} {error}".split("\n")[0])

        threads = []
        for work in works:
            connection = self.connect()
            connection.execute("SET statement_timeout = '60 s'")
            threads.append(threading.Thread(target=run, args=(work, connection), daemon=True))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(240)
            self.assertFalse(thread.is_alive(), "a session hangs")
        self.assertEqual(failures, [])

    def patiently(self, connection, *statements):
        """One transaction, again until it is through; gives the number of attempts, or 0 if the reducer refused."""
        for attempt in range(1, 1000):
            try:
                with connection.transaction():
                    for statement in statements:
                        connection.execute(statement)
                return attempt
            except psycopg.Error as error:
                if error.sqlstate == "38000":
                    return 0
                if error.sqlstate not in AGAIN:
                    raise
        self.fail("no end of retries")

    def test_transfers(self):
        retries = []

        def transfer(connection):
            chance = random.Random(connection.info.backend_pid)
            for _ in range(ROUNDS):
                source, target = chance.sample(range(ACCOUNTS), 2)
                amount = chance.randint(1, BALANCE)
                call = f"SELECT bank.transfer({source}, {target}, {amount})"
                back = f"SELECT bank.transfer({target}, {source}, {amount})"
                kind = chance.random()
                if kind < 0.6:
                    retries.append(self.patiently(connection, call))
                elif kind < 0.7:
                    self.patiently(connection, call, back, call)
                elif kind < 0.8:
                    self.patiently(connection, "SAVEPOINT a", call, "ROLLBACK TO a", back)
                elif kind < 0.9:
                    self.patiently(connection, call, "SAVEPOINT a", back, "RELEASE a")
                else:
                    try:
                        with connection.transaction(force_rollback=True):
                            connection.execute(call)
                    except psycopg.Error as error:
                        self.assertIn(error.sqlstate, AGAIN | {"38000"})

        def move_by_sql(connection):
            chance = random.Random(connection.info.backend_pid)
            for _ in range(ROUNDS):
                # In the order of ids, so that SQL writers do not deadlock.
                first, second = sorted(chance.sample(range(ACCOUNTS), 2))
                self.patiently(
                    connection,
                    f"UPDATE bank.account SET balance = balance - 1 WHERE id = {first}",
                    f"UPDATE bank.account SET balance = balance + 1 WHERE id = {second}",
                )

        self.side_by_side(*[transfer] * SESSIONS, *[move_by_sql] * 2)
        done = [attempts for attempts in retries if attempts]
        print(f"    {self.options}: {len(done)} single transfers in {sum(done)} attempts")
        self.assertEqual(
            self.control.execute("SELECT count(*), sum(balance) FROM bank.account").fetchone(), (ACCOUNTS, ACCOUNTS * BALANCE)
        )
        # The test is worth nothing if hardly any transfer went through.
        self.assertGreater(len(done), SESSIONS * ROUNDS / 10)

    def test_numbers(self):
        counted = []

        def count(connection):
            for turn in range(self.counts):
                if turn % 10 == 0:
                    try:
                        with connection.transaction(force_rollback=True):
                            connection.execute("SELECT bank.count_up()")
                    except psycopg.Error as error:
                        self.assertIn(error.sqlstate, AGAIN)
                else:
                    self.patiently(connection, "SELECT bank.count_up()")
                    counted.append(turn)

        self.side_by_side(*[count] * SESSIONS)
        expected = SESSIONS * self.counts * 9 // 10
        self.assertEqual(len(counted), expected)
        # As many as there were successful calls, without duplicates (the key sees to that) and without gaps.
        self.assertEqual(
            self.control.execute("SELECT count(*), min(id), max(id) FROM bank.counter").fetchone(), (expected, 1, expected)
        )


class SerialTest(ConcurrencyTestCase):
    pass


class RowTest(ConcurrencyTestCase):
    options = '{"concurrency": "row"}'
    # Of eight calls at a time one gets the number, the others try again: slow where processors are few.
    counts = 50


class FreeTest(ConcurrencyTestCase):
    options = '{"sql_writers": "free"}'


# Without this the loader runs the base class, too.
del ConcurrencyTestCase
