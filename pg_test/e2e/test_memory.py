"""A session that calls reducers all day does not grow: neither by calls that succeed nor by those that fail."""

import psycopg

from harness.testcase import ClusterTestCase

# Noise of allocators; a leak of one row, message or instance per call is far more after that many calls.
GROWTH_MB = 8


class MemoryTest(ClusterTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for module in ["misbehave", "bank"]:
            cls.cluster.psql(f"SELECT publish_module('{module}', pg_read_binary_file('test_modules/{module}.wasm'))")
        cls.cluster.psql("SELECT bank.seed(10, 1000)")

    def private_mb(self, connection):
        """Memory that is the backend's own: shared buffers it has touched do not count."""
        fields = dict(
            line.split(":", 1) for line in open(f"/proc/{connection.info.backend_pid}/status") if ":" in line
        )
        return int(fields["RssAnon"].split()[0]) / 1024

    def assert_stays(self, what, call, times, warm_up=100):
        connection = self.connect()
        for _ in range(warm_up):
            call(connection)
        before = self.private_mb(connection)
        for _ in range(times):
            call(connection)
        grown = self.private_mb(connection) - before
        print(f"    {what}: {before:.1f} MB, {grown:+.1f} MB after {times} calls")
        self.assertLess(grown, GROWTH_MB, what)

    def failing(self, sqlstate, sql):
        def call(connection):
            self.assertEqual(self.sqlstate_of(connection, sql), sqlstate)
        return call

    def sqlstate_of(self, connection, sql):
        try:
            connection.execute(sql)
        except psycopg.Error as error:
            return error.sqlstate
        return None

    def test_measure(self):
        """What is measured does see a leak."""
        connection = self.connect()
        connection.execute("SELECT bank.count_up()")
        before = self.private_mb(connection)
        connection.execute("SELECT set_config('test.leak', repeat('x', 1048576 * %s), false)", [2 * GROWTH_MB])
        self.assertGreater(self.private_mb(connection) - before, GROWTH_MB)

    def test_calls(self):
        self.assert_stays("transfers", lambda c: c.execute("SELECT bank.transfer(0, 1, 1), bank.transfer(1, 0, 1)"), 2000)
        self.assert_stays("calls by name", lambda c: c.execute("SELECT call_reducer('bank', 'count_up')"), 2000)
        self.assert_stays("seeds of 100", lambda c: c.execute("SELECT bank.seed(100, 1000)"), 300)

    def test_failures(self):
        for sqlstate, sql in [
            ("38000", "SELECT misbehave.write_and_fail('x')"),
            ("39000", "SELECT misbehave.trap()"),
            ("39000", "SELECT misbehave.write_and_panic()"),
            ("54001", "SELECT misbehave.recurse()"),
            ("53400", "SET LOCAL spacetime.max_memory_mb = 4; SELECT misbehave.allocate_without_end()"),
            ("22023", "SELECT call_reducer('bank', 'transfer', '[1]')"),
            ("42704", "SELECT call_reducer('absent', 'transfer')"),
        ]:
            with self.subTest(sql):
                self.assert_stays(sql, self.failing(sqlstate, sql), 500, 50)

    def test_one_transaction(self):
        """Memory of a call is given back at its end, not at the end of the transaction."""
        connection = self.connect(autocommit=False)
        call = "SELECT count(bank.count_up()) FROM generate_series(1, 1000)"
        connection.execute(call)
        before = self.private_mb(connection)
        for _ in range(5):
            connection.execute(call)
        grown = self.private_mb(connection) - before
        print(f"    5,000 calls in one transaction: {grown:+.1f} MB")
        self.assertLess(grown, GROWTH_MB)

    def test_savepoints(self):
        connection = self.connect(autocommit=False)
        block = (
            "DO $$ BEGIN FOR i IN 1..500 LOOP BEGIN PERFORM misbehave.write_and_fail('x'); EXCEPTION WHEN OTHERS THEN "
            "NULL; END; END LOOP; END $$"
        )
        connection.execute(block)
        before = self.private_mb(connection)
        for _ in range(4):
            connection.execute(block)
        grown = self.private_mb(connection) - before
        print(f"    2,000 handled failures in one transaction: {grown:+.1f} MB")
        self.assertLess(grown, GROWTH_MB)

    def test_large_calls(self):
        """What one call has taken is not kept for the next."""
        connection = self.connect()
        connection.execute("SELECT misbehave.allocate(1)")
        before = self.private_mb(connection)
        connection.execute("SELECT misbehave.allocate(100)")
        self.assertLess(self.private_mb(connection) - before, 40)
        # A little more than at the start does not cost a start each time.
        connection.execute("SELECT misbehave.allocate(1)")

    def test_reloads(self):
        """A module that is loaded again, by whatever name, has its state mapped once."""
        connection, other = self.connect(), self.connect()
        identity = connection.execute("SELECT identity FROM spacetime.modules WHERE name = 'bank'").fetchone()[0]
        for name in ["bank", identity] * 5:
            connection.execute("SELECT call_reducer(%s, 'count_up')", (name,))
            connection.execute("SELECT bank.count_up()")
            self.publish(other, "bank")
        lines = open(f"/proc/{connection.info.backend_pid}/maps").read().splitlines()
        self.assertEqual(len([line for line in lines if f"state/{identity}" in line]), 1)

    def test_files(self):
        """A publish that comes to nothing leaves no file behind, nor does a plan."""
        connection = self.connect()
        folder = self.cluster.data / "spacetime"
        connection.execute("SELECT bank.count_up()")
        files = lambda: sorted(path for path in folder.rglob("*") if path.is_file() and path.parent.name != "artifacts")
        before = files()
        wasm = "pg_read_binary_file('test_modules/%s.wasm')"
        self.assert_sqlstate("39000", connection, f"SELECT publish_module('leftover', {wasm % 'init_panics'})")
        with connection.transaction(force_rollback=True):
            connection.execute(f"SELECT publish_module('leftover', {wasm % 'chat'})")
            connection.execute("SELECT leftover.register_user('Ada')")
        connection.execute(f"SELECT FROM spacetime.plan_publish('leftover', {wasm % 'chat'})")
        with connection.transaction():
            connection.execute("SAVEPOINT s")
            connection.execute(f"SELECT publish_module('leftover', {wasm % 'chat'})")
            connection.execute("ROLLBACK TO s")
        self.assertEqual(files(), before)
