"""The gateway with the official Rust client SDK, through bindings that `spacetime generate --lang rust` writes: that they
compile for modules with everything a module can have, and that clients made of them see what they should."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from harness.command import TARGET, command
from harness.gateway import ROOT, TIMEOUT_S, GatewayTestCase

CLIENT = Path(__file__).resolve().parent / "rust_client"
# Where a client is built, and found by the next run. It is a workspace of its own.
BUILD = TARGET / "rust-client"
PACKAGE = BUILD / "package"
# As in main.rs: modules that scenarios are about, then those whose bindings need only compile.
BOUND = ["chat", "everytype", "events", "procedures", "views", "names", "subscriptions", "sdk_2_14"]


class RustSdkTestCase(GatewayTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        shutil.copytree(CLIENT, PACKAGE, dirs_exist_ok=True)
        bindings = PACKAGE / "src" / "bindings"
        for module in BOUND:
            subprocess.run(
                [command(), "generate", "--lang", "rust", "--out-dir", bindings / module,
                 "--bin-path", ROOT / "modules" / "build" / f"{module}.wasm"],
                stderr=subprocess.DEVNULL, check=True,
            )
        # The SDK asks for a newer compiler than it needs.
        subprocess.run(
            ["cargo", "build", "--quiet", "--locked", "--ignore-rust-version", "--target-dir", BUILD],
            cwd=PACKAGE, check=True,
        )

    def run_scenario(self, module, turns=None):
        """Runs a scenario with its module; at a line `turn WORDS…` it is this side's turn to change rows."""
        self.publish(self.sql, module)
        self.addCleanup(lambda: self.connect().execute("SELECT spacetime.drop_module(%s)", (module,)))
        self.sql.execute(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {module} TO PUBLIC")
        client = subprocess.Popen(
            [BUILD / "debug" / "rust-client", module, f"ws://127.0.0.1:{self.port}"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        self.addCleanup(client.kill)
        with client:
            lines = []
            for line in client.stdout:
                lines.append(line)
                match line.split():
                    case ["turn", *words]:
                        turns(*words)
            errors = client.stderr.read()
            self.assertEqual(client.wait(TIMEOUT_S), 0, "".join(lines) + errors)
        # Not even a thread of the SDK's own.
        self.assertEqual((lines[-1:], errors), (["done\n"], ""))

    def run_every_type(self):
        def turn(what):
            change = {"restart": "UPDATE everytype.{} SET id = id + 1000", "delete": "DELETE FROM everytype.{}"}[what]
            if what == "restart":
                self.cluster.restart("fast")
            with self.connect(autocommit=False) as connection:
                for (table,) in connection.execute(
                    "SELECT relname FROM pg_class WHERE relnamespace = 'everytype'::regnamespace "
                    "AND relname LIKE 'of\\_%' AND relkind = 'r'"
                ).fetchall():
                    connection.execute(change.format(table))

        self.run_scenario("everytype", turn)


class RustSdkTest(RustSdkTestCase):
    def test_chat(self):
        def turn(alice, bob):
            self.sql.execute(
                "INSERT INTO chat.message (id, sender, receiver, content, timestamp) "
                "VALUES (1000, decode(%s, 'hex'), decode(%s, 'hex'), 'from psql', now())",
                (alice, bob),
            )
            self.sql.execute("DELETE FROM chat.message WHERE content = 'hello'")

        self.run_scenario("chat", turn)

    def test_every_type(self):
        self.run_every_type()

    def test_event_tables(self):
        self.run_scenario("events")

    def test_procedures(self):
        self.run_scenario("procedures")

    def test_queries_of_the_builder(self):
        def turn(what, me=None):
            with self.connect(autocommit=False) as connection:
                connection.execute("SET search_path = subscriptions")
                if what == "rows":
                    connection.execute("INSERT INTO team (id, rank) VALUES (1, 1), (2, 2)")
                    connection.execute(
                        "INSERT INTO player (id, team, score) VALUES (10, 1, 0), (11, 1, -5), (12, 2, 4), (13, 1, 3)"
                    )
                    for number, owner in enumerate([me, "02" * 32], start=1):
                        connection.execute("INSERT INTO item (id, owner) VALUES (%s, decode(%s, 'hex'))", (number, owner))
                else:
                    connection.execute("UPDATE player SET score = 7 WHERE id = 10")
                    connection.execute("UPDATE player SET score = -6 WHERE id = 11")
                    connection.execute("UPDATE player SET team = 1 WHERE id = 12")

        self.run_scenario("subscriptions", turn)

    def test_views(self):
        self.run_scenario("views")

    def generate(self, *arguments):
        return subprocess.run([command(), "generate", *map(str, arguments)],
                              capture_output=True, text=True, timeout=TIMEOUT_S)

    def test_bindings_of_a_server_are_those_of_the_module(self):
        self.publish(self.sql, "views")
        self.addCleanup(lambda: self.connect().execute("SELECT spacetime.drop_module('views')"))
        with tempfile.TemporaryDirectory() as folder:
            stale = Path(folder) / "gone_table.rs"
            stale.write_text((PACKAGE / "src/bindings/views/mod.rs").read_text())
            own = Path(folder) / "own.rs"
            own.write_text("// not generated")
            done = self.generate("views", "--lang", "rust", "--out-dir", folder, "--server", f"http://127.0.0.1:{self.port}")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertFalse(stale.exists())
            own.unlink()
            texts = [
                {path.name: path.read_text() for path in Path(found).iterdir()}
                for found in (folder, PACKAGE / "src" / "bindings" / "views")
            ]
        self.assertEqual(*texts)

    def test_what_cannot_be_generated(self):
        chat = ROOT / "modules" / "build" / "chat.wasm"
        with tempfile.TemporaryDirectory() as folder:
            for arguments, word in [
                (("--lang", "cobol", "--out-dir", folder, "--bin-path", chat), "possible values: typescript, rust, sql"),
                (("--lang", "rust", "--bin-path", chat), "--out-dir"),
                (("--out-dir", folder, "--bin-path", chat), "--lang rust"),
                (("--lang", "rust", "--out-dir", folder, "--bin-path", Path(folder) / "no.wasm"), "no.wasm"),
                (("--lang", "rust", "--out-dir", folder, "--bin-path", __file__), "not a"),
                (("nowhere", "--lang", "rust", "--out-dir", folder, "--server", f"http://127.0.0.1:{self.port}"), "nowhere"),
                (("--lang", "rust", "--out-dir", chat, "--bin-path", chat), "chat.wasm"),
            ]:
                done = self.generate(*arguments)
                self.assertNotEqual(done.returncode, 0, arguments)
                self.assertIn(word, done.stderr)
                self.assertNotIn("panicked", done.stderr)
            self.assertEqual(list(Path(folder).iterdir()), [])


class RustSdkCompressionTest(RustSdkTestCase):
    """Messages are compressed, as each client asks."""

    options = ["--compression", "asked"]

    def test_every_type(self):
        self.run_every_type()
