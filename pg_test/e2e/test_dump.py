"""A dump carries modules along: restored, they are the same modules for the same callers, in whatever state they were."""

import subprocess
import time

from harness.cluster import Cluster
from harness.testcase import ClusterTestCase

# Of the databases made here three have two schedulers each, and all are looked into.
SCHEDULER = {"shared_preload_libraries": "'spacetime'", "max_worker_processes": "20"}
IDENTITIES = "SELECT encode(spacetime.sender(), 'hex'), identity, version FROM spacetime.modules ORDER BY schema"


class DumpTest(ClusterTestCase):
    settings = SCHEDULER

    def run_program(self, cluster: Cluster, program: str, *arguments):
        result = subprocess.run(
            [cluster.bindir / program, *map(str, arguments)], env=cluster.environment(), capture_output=True, text=True
        )
        self.assertEqual((result.returncode, result.stderr), (0, ""), program)
        return result.stdout

    def wait_for(self, cluster: Cluster, condition: str, database: str):
        deadline = time.monotonic() + 60
        while cluster.psql(condition, database).stdout != "t\n":
            self.assertLess(time.monotonic(), deadline, cluster.log_tail())
            time.sleep(0.05)

    def make_source(self):
        """A module in use, to which operators have added things of their own."""
        source = self.connect()
        source.execute("CREATE ROLE teller")
        for module in ["bank", "chat", "procedures", "schedules", "tasks", "views"]:
            self.publish(source, module)
        self.publish(source, "evolve_1", "stock")
        for sql in [
            "SELECT bank.seed(3, 100)",
            "SELECT bank.transfer(0, 1, 5)",
            "ALTER TABLE bank.account ADD COLUMN note text DEFAULT 'none'",
            "CREATE INDEX by_note ON bank.account (note)",
            "ALTER TABLE bank.account ENABLE ROW LEVEL SECURITY",
            "CREATE POLICY tellers ON bank.account AS RESTRICTIVE TO teller USING (balance < 100)",
            "GRANT USAGE ON SCHEMA bank TO teller",
            "GRANT SELECT ON bank.account TO teller",
            "REVOKE EXECUTE ON FUNCTION bank.transfer FROM PUBLIC",
            "GRANT EXECUTE ON FUNCTION bank.transfer TO teller",
            "SELECT chat.register_user('ann')",
            "SELECT views.join('ann', 20)",
            "SELECT stock.add_item('bolt', 5), stock.add_item('nut', 7), stock.add_item('cog', 9), stock.remove_item(3)",
            "SELECT schedules.schedule_every(20, 'tick', '')",
            "SELECT tasks.task_every(20, 'tick', '')",
            "SELECT spacetime.allow_http('procedures', 'api.example.com')",
            "INSERT INTO spacetime._environment SELECT decode(identity, 'hex'), 'KEY', 'a secret of the module' FROM spacetime.modules",
        ]:
            source.execute(sql)
        return source

    def check_restored(self, cluster: Cluster, database: str, expected: str):
        """Everything a user can tell about the modules is as it was, and goes on."""

        def sql(text):
            return cluster.psql(text, database).stdout

        self.assertEqual(sql(IDENTITIES), expected)
        for module in ["bank", "chat", "procedures", "schedules", "stock", "tasks", "views"]:
            self.assertEqual(sql(f"SELECT * FROM spacetime.check_module('{module}')"), "")
        sql("SELECT bank.transfer(0, 1, 5)")
        self.assertEqual(sql("SELECT id, balance, note FROM bank.account ORDER BY id"), "0|90|none\n1|110|none\n2|100|none\n")
        self.assertEqual(sql("SET ROLE teller; SELECT count(*) FROM bank.account"), "1\n")
        self.assertEqual(sql("SELECT count(*) FROM pg_indexes WHERE indexname = 'by_note'"), "1\n")
        self.assertEqual(sql("SELECT has_function_privilege('teller', oid, 'EXECUTE') FROM pg_proc WHERE proname = 'transfer'"), "t\n")
        sql("CREATE ROLE stranger_here; GRANT USAGE ON SCHEMA bank TO stranger_here")
        refused = cluster.psql("SET ROLE stranger_here; SELECT bank.transfer(0, 1, 5)", database, check=False)
        self.assertIn("ERROR:  42501:", refused.stderr)
        sql("DROP OWNED BY stranger_here; DROP ROLE stranger_here")
        # The user who registered is known again by identity.
        sql("SELECT chat.set_name('anna')")
        self.assertEqual(sql("SELECT name FROM chat.\"user\""), "anna\n")
        # So is who asks a view, and a CALL commits.
        self.assertEqual(sql("SELECT name, mood FROM views.my_player"), "ann|wild\n")
        self.assertEqual(sql("SELECT name FROM views.strong_players()"), "ann\n")
        sql("CALL procedures.record('restored')")
        self.assertEqual(sql("SELECT text FROM procedures.entry"), "restored\n")
        # The sequence goes on after the row that was removed; the next version of the module takes over.
        sql("SELECT stock.add_item('nail', 1)")
        self.assertEqual(sql("SELECT string_agg(id || name, ' ' ORDER BY id) FROM stock.item"), "1bolt 2nut 4nail\n")
        sql("SELECT publish_module('stock', pg_read_binary_file('test_modules/evolve_2.wasm'))")
        sql("SELECT stock.check_item(1, 'bolt', 5)")
        self.assertEqual(sql("SELECT version FROM spacetime.modules WHERE name = 'stock'"), "2\n")
        self.assertEqual(sql("SELECT module, host FROM spacetime.http_hosts"), "procedures|api.example.com\n")
        # Intervals go on, once each: the restore of the rows made no second entry.
        self.assertEqual(sql("SELECT count(*) FROM spacetime._schedule"), "2\n")
        done = int(sql("SELECT count(*) FROM tasks.done"))
        self.wait_for(cluster, f"SELECT count(*) > {done + 2} FROM tasks.done", database)
        runs = int(sql("SELECT count(*) FROM schedules.run"))
        self.wait_for(cluster, f"SELECT count(*) > {runs + 2} FROM schedules.run", database)

    def test_dump_and_restore(self):
        source = self.make_source()
        expected = self.cluster.psql(IDENTITIES).stdout
        plain = self.run_program(self.cluster, "pg_dump")
        self.assertNotIn("a secret of the module", plain)
        plain_file = self.cluster.directory / "plain.sql"
        custom = self.cluster.directory / "dump.custom"
        plain_file.write_text(plain)
        self.run_program(self.cluster, "pg_dump", "--format=custom", f"--file={custom}")
        other = self.enterContext(Cluster(settings=SCHEDULER))
        other.psql("CREATE ROLE teller")
        for cluster in [self.cluster, other]:
            for database, restore in [
                ("from_plain", ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-f", plain_file, "-d"]),
                ("from_custom", ["pg_restore", "--exit-on-error", custom, "-d"]),
            ]:
                with self.subTest(database=database, same_cluster=cluster is self.cluster):
                    cluster.psql(f"CREATE DATABASE {database}")
                    self.run_program(cluster, *restore, database)
                    self.check_restored(cluster, database, expected)
        source.close()

    def test_nothing_holds_oids(self):
        """pg_upgrade gives functions and types new oids: no table may hold one."""
        held = self.cluster.psql(
            "SELECT attrelid::regclass, attname FROM pg_attribute WHERE attnum > 0 AND atttypid IN (SELECT oid FROM pg_type"
            " WHERE typname IN ('oid', '_oid') OR typname ~ '^_?reg(class|proc|procedure|oper|operator|type|namespace|role|"
            "config|dictionary|collation)$') AND attrelid IN (SELECT oid FROM pg_class WHERE relkind = 'r' AND"
            " relnamespace = 'spacetime'::regnamespace)"
        )
        self.assertEqual(held.stdout, "")

    def test_drop_extension(self):
        """The tables stay, and the module's code brings the module back: same identity, functions, triggers, schedule."""
        self.cluster.psql("CREATE DATABASE bereft")

        def sql(text, check=True):
            return self.cluster.psql(text, "bereft", check)

        modules = "SELECT name, identity, owner_identity, concurrency, sql_writers, u64 FROM spacetime.modules ORDER BY name"
        sql("CREATE EXTENSION spacetime")
        for module, options in [("chat", "{}"), ("schedules", '{"concurrency": "row"}'), ("bank", '{"schema": "savings"}')]:
            sql(f"SELECT publish_module('{module}', pg_read_binary_file('test_modules/{module}.wasm'), '{options}')")
        sql("SELECT chat.register_user('ann'); SELECT savings.seed(2, 100); SELECT schedules.schedule_every(20, 'tick', '')")
        before = sql(modules).stdout
        installation = sql("SELECT id FROM spacetime._installation").stdout.strip()
        sql("DROP EXTENSION spacetime CASCADE")
        self.assertEqual(sql("SELECT name FROM chat.\"user\"").stdout, "ann\n")
        sql("CREATE EXTENSION spacetime")
        # As docs/operations/backup.md says: or everybody would be somebody else to the modules.
        sql(f"INSERT INTO spacetime._installation (id) VALUES ('{installation}')")
        refused = sql("SELECT spacetime.adopt_module('chat', pg_read_binary_file('test_modules/bank.wasm'))", check=False)
        self.assertIn("ERROR:  55000:", refused.stderr)
        self.assertEqual(sql(modules).stdout, "")
        for module in ["chat", "schedules", "bank"]:
            sql(f"SELECT spacetime.adopt_module('{module}', pg_read_binary_file('test_modules/{module}.wasm'))")
            self.assertEqual(sql(f"SELECT * FROM spacetime.check_module('{module}')").stdout, "")
        self.assertEqual(sql(modules).stdout, before)
        sql("SELECT chat.set_name('anna'); SELECT savings.transfer(0, 1, 5)")
        self.assertEqual(sql("SELECT string_agg(balance::text, ' ' ORDER BY id) FROM savings.account").stdout, "95 105\n")
        runs = int(sql("SELECT count(*) FROM schedules.run").stdout)
        self.wait_for(self.cluster, f"SELECT count(*) > {runs + 2} FROM schedules.run", "bereft")

    def test_files_of_dropped_modules(self):
        """State and log go when the drop commits, not before, and not if it does not."""
        connection = self.connect(autocommit=False)
        self.publish(connection, "bank", "dropped")
        connection.execute("SELECT dropped.seed(2, 100)")
        connection.commit()
        identity = connection.execute("SELECT identity FROM spacetime.modules WHERE name = 'dropped'").fetchone()[0]

        def files():
            return [path.name for path in (self.cluster.data / "spacetime").glob(f"*/*/{identity}*")]

        self.assertIn(identity, files())
        connection.execute("SELECT spacetime.drop_module('dropped')")
        connection.rollback()
        connection.execute("SAVEPOINT s")
        connection.execute("SELECT spacetime.drop_module('dropped')")
        connection.execute("ROLLBACK TO s")
        connection.commit()
        self.assertIn(identity, files())
        connection.execute("SAVEPOINT s")
        connection.execute("SELECT spacetime.drop_module('dropped')")
        connection.execute("RELEASE s")
        self.assertIn(identity, files())
        connection.commit()
        self.assertEqual(files(), [])
