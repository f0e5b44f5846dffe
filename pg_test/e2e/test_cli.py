"""The `spacetime` command as a new user meets it: in an empty folder, from `init` to a client of the module."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from harness.cluster import free_port
from harness.command import command

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "modules" / "build"
CLIENT = Path(__file__).resolve().parent / "cli_client"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
TIMEOUT_S = 120


def postgres_of(folder: Path) -> list[str]:
    """Processes of servers whose data are in a folder."""
    found = subprocess.run(["pgrep", "--full", "--list-full", str(folder / "postgres")], stdout=subprocess.PIPE, text=True)
    return [line for line in found.stdout.splitlines() if "pgrep" not in line]


class CommandTestCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="spacetime-cli-", dir="/var/tmp"))
        # Postgres runs as somebody else when the tests are root's.
        cls.folder.chmod(0o711)
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PG", "SPACETIME"))},
            "XDG_CONFIG_HOME": str(cls.folder / "config"),
            # Guests of these tests are built where the next run finds them.
            "CARGO_TARGET_DIR": str(TARGET / "guests-of-cli"),
        }
        if "PG_CONFIG" in os.environ:
            cls.environment["PG_CONFIG"] = os.environ["PG_CONFIG"]

    def spacetime(self, *arguments, cwd=None, fails=None, **environment) -> str:
        """Runs the command; returns its result. `fails` is what it must say when it must fail."""
        done = subprocess.run(
            [command(), *map(str, arguments)], cwd=cwd or self.folder, env=self.environment | environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT_S * 4,
        )
        if fails is None:
            self.assertEqual(done.returncode, 0, done.stderr)
        else:
            self.assertNotEqual(done.returncode, 0, done.stdout)
            self.assertIn(fails, done.stderr)
        return done.stdout

    def wait_for(self, what: str, check):
        end = time.monotonic() + TIMEOUT_S
        while not (value := check()):
            if time.monotonic() > end:
                self.fail(f"never happened: {what}")
            time.sleep(0.05)
        return value

    def start(self, data: Path, port: int) -> subprocess.Popen:
        process = subprocess.Popen(
            [command(), "start", "--data-dir", data, "--listen", f"127.0.0.1:{port}"], env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return process


class ArticleTest(CommandTestCase):
    """One `spacetime start` for all tests."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.data = cls.folder / "data"
        cls.port = free_port()
        cls.server = f"http://127.0.0.1:{cls.port}"
        cls.process = subprocess.Popen(
            [command(), "start", "--data-dir", cls.data, "--listen", f"127.0.0.1:{cls.port}"], env=cls.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        cls.addClassCleanup(cls.process.wait)
        cls.addClassCleanup(cls.process.terminate)
        end = time.monotonic() + TIMEOUT_S
        while not (cls.data / "running.json").exists():
            if time.monotonic() > end or cls.process.poll() is not None:
                raise AssertionError("spacetime start does not start")
            time.sleep(0.05)
        cls.database = json.loads((cls.data / "running.json").read_text())["database_url"]
        subprocess.run([command(), "server", "add", "test", cls.server, "--default"], env=cls.environment, check=True)

    def project(self, name: str, *options) -> Path:
        self.spacetime("init", self.folder / name, *options)
        return self.folder / name

    def test_article(self):
        """init, build, publish, call, generate, and a client with the official SDK."""
        hello = self.project("hello")
        self.assertTrue(self.spacetime("build", cwd=hello).strip().endswith(".wasm"))
        self.spacetime("publish", cwd=hello)
        self.spacetime("call", "hello", "add", "Ada")
        self.spacetime("call", "hello", "add", "", fails="add refused: a name must not be empty")
        self.assertEqual(
            json.loads(self.spacetime("sql", "--json", "hello", "SELECT * FROM person")), [{"id": 1, "name": "Ada"}]
        )
        self.assertIn("(1 row)", self.spacetime("sql", "hello", "SELECT * FROM person"))
        self.assertIn("Ada is number 1", self.spacetime("logs", "hello"))
        self.assertIn("hello", self.spacetime("list"))
        self.assertIn("person", self.spacetime("describe", "hello"))
        told = self.spacetime("subscribe", "hello", "SELECT * FROM person", "--num-updates", "0")
        self.assertEqual(json.loads(told), {"table": "person", "deletes": [], "inserts": [{"id": 1, "name": "Ada"}]})

        client = self.client()
        self.spacetime("generate", "--lang", "typescript", "--out-dir", client / "bindings" / "hello", cwd=hello)
        of_server = self.folder / "of-server"
        self.spacetime("generate", "hello", "--lang", "typescript", "--out-dir", of_server)
        self.assertEqual(
            (of_server / "index.ts").read_text(), (client / "bindings" / "hello" / "index.ts").read_text()
        )
        for module in ["chat", "table_matrix", "everytype", "views", "procedures", "events", "names"]:
            self.spacetime(
                "generate", "--lang", "typescript", "--bin-path", MODULES / f"{module}.wasm",
                "--out-dir", client / "bindings" / module,
            )
        checked = subprocess.run(["npx", "tsc", "-p", "."], cwd=client, stdout=subprocess.PIPE, text=True)
        self.assertEqual(checked.returncode, 0, checked.stdout)
        ran = subprocess.run(
            ["npx", "tsx", "main.ts", f"ws://127.0.0.1:{self.port}", "hello"], cwd=client,
            stdout=subprocess.PIPE, text=True, timeout=TIMEOUT_S,
        )
        self.assertEqual(
            json.loads(ran.stdout.splitlines()[-1]),
            {"inserted": ["Ada", "Grace"], "refusal": "a name must not be empty", "found": "Grace"},
        )

    def client(self) -> Path:
        """A folder with the packages that clients need."""
        packages = CACHE / "spacetime-cli-client"
        packages.mkdir(parents=True, exist_ok=True)
        wanted = (CLIENT / "package.json").read_text()
        installed = packages / "installed.json"
        if not installed.exists() or installed.read_text() != wanted:
            shutil.copy(CLIENT / "package.json", packages)
            subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=packages, check=True)
            installed.write_text(wanted)
        client = self.folder / "client"
        shutil.copytree(CLIENT, client)
        (client / "node_modules").symlink_to(packages / "node_modules")
        return client

    def test_chat_template(self):
        chat = self.project("talk", "--template", "chat")
        self.spacetime("publish", cwd=chat)
        self.spacetime("call", "talk", "register_user", "Ada")
        self.spacetime("init", self.folder / "other", "--template", "chat", "--lang", "c", fails="written in Rust")

    def test_c(self):
        book = self.project("book", "--lang", "c")
        self.spacetime("publish", cwd=book)
        self.spacetime("call", "book", "sign", "hello from C")
        self.assertIn("hello from C", self.spacetime("sql", "book", "SELECT * FROM entry"))

    def test_client_template(self):
        client = self.project("page", "--lang", "typescript-client")
        self.assertEqual(json.loads((client / "package.json").read_text())["name"], "page-client")

    def test_new_versions(self):
        """Compatible ones pass, breaking ones and deletions are asked about, impossible ones refused."""
        evolve = [MODULES / f"evolve_{number}.wasm" for number in (1, 2)]
        self.spacetime("publish", "evolve", "--bin-path", evolve[0])
        self.spacetime("publish", "evolve", "--bin-path", evolve[0])
        self.spacetime("publish", "evolve", "--bin-path", evolve[1], fails="agree beforehand with --yes")
        self.spacetime("publish", "evolve", "--bin-path", evolve[1], "--yes")
        self.spacetime("publish", "evolve", "--bin-path", evolve[1], "--delete-data", fails="agree beforehand with --yes")
        self.spacetime("publish", "evolve", "--bin-path", evolve[1], "--delete-data", "--yes")
        self.spacetime("publish", "evolve", "--bin-path", MODULES / "chat.wasm", fails="agree beforehand with --yes")
        self.spacetime("publish", "evolve", "--bin-path", MODULES / "chat.wasm", "--yes")
        self.spacetime("delete", "evolve", fails="agree beforehand with --yes")
        self.spacetime("delete", "evolve", "--yes")
        self.spacetime("call", "evolve", "set_name", "x", fails="not found")

    def test_dev(self):
        """An edit is live soon, with the data kept; a broken one shows the compiler's error and changes nothing."""
        live = self.project("live")
        log = self.folder / "dev.log"
        with log.open("w") as output:
            dev = subprocess.Popen(
                [command(), "dev"], cwd=live, env=self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        self.addCleanup(dev.wait)
        self.addCleanup(dev.terminate)
        try_to = lambda *arguments: lambda: subprocess.run(
            [command(), "call", "live", *arguments], env=self.environment, stderr=subprocess.DEVNULL
        ).returncode == 0
        self.wait_for("the first version", try_to("add", "Ada"))
        source = live / "src" / "lib.rs"
        text = source.read_text()
        rename = """
            #[reducer]
            pub fn rename(ctx: &ReducerContext, name: String) {
                for person in ctx.db.person().iter() {
                    ctx.db.person().id().update(Person { name: name.clone(), ..person });
                }
            }
        """
        source.write_text(text + rename)
        self.wait_for("the second version", try_to("rename", "Grace"))
        self.assertIn("Grace", self.spacetime("sql", "live", "SELECT * FROM person"))
        source.write_text(text + "\nthis is no Rust\n")
        self.wait_for("the refusal of the third", lambda: "live stays as it was" in log.read_text())
        self.assertIn("error", log.read_text())
        self.spacetime("call", "live", "rename", "Joan")
        dev.send_signal(signal.SIGINT)
        self.assertEqual(dev.wait(TIMEOUT_S), 0)

    def test_database(self):
        """The same without a gateway, in SQL."""
        there = ["--database-url", self.database]
        self.spacetime("publish", "direct", "--bin-path", MODULES / "chat.wasm", *there)
        self.spacetime("publish", "direct", "--bin-path", MODULES / "chat.wasm", *there)
        self.spacetime("call", "direct", "register_user", "Ada", *there)
        self.spacetime("call", "direct", "set_name", "", *there, fails="a name must not be empty (38000)")
        self.assertIn("Ada", self.spacetime("sql", "SELECT name FROM direct.user", *there))
        self.assertIn("registers as Ada", self.spacetime("logs", "direct", *there))
        self.assertIn("direct", self.spacetime("list", *there))
        self.assertIn("public table user", self.spacetime("describe", "direct", *there))
        self.assertIn("reducers", json.loads(self.spacetime("describe", "direct", "--json", *there)))
        out = self.folder / "of-database"
        self.spacetime("generate", "direct", "--lang", "sql", "--out-dir", out, *there)
        self.assertIn("SELECT set_name(name => $1::text);", (out / "functions.sql").read_text())
        self.spacetime("delete", "direct", "--yes", *there)

    def test_identity(self):
        """One identity for all commands, until another logs in."""
        token = self.spacetime("login", "--show-token").strip()
        self.assertEqual(self.spacetime("login", "--show-token").strip(), token)
        self.spacetime("login", "--token", "nonsense", fails="no token of an identity")
        self.spacetime("login", "--token", token[:-4] + "AAAA", fails="does not accept your token")
        self.assertEqual(self.spacetime("login", "--show-token").strip(), token)
        self.assertIn("test\t", self.spacetime("server", "list"))

    def test_bad_input(self):
        for arguments, complaint in [
            (["publish", "x", "--bin-path", "/dev/null"], "not a WebAssembly file"),
            (["publish", "x", "--bin-path", "/nowhere"], "/nowhere: No such file"),
            (["publish", "x", "--project-path", "/usr/lib"], "is no module"),
            (["build", "--project-path", "/nowhere"], "No such file"),
            (["call", "nobody", "nothing"], "`nobody` not found"),
            (["sql", "SELECT 1"], "spacetime sql MODULE"),
            (["logs", "nobody"], "not found"),
            (["describe", "nobody"], "not found"),
            (["subscribe", "nobody", "SELECT * FROM x"], "404"),
            (["delete", "nobody", "--yes"], "not found"),
            (["list", "--server", "nobody"], "no server is called"),
            (["list", "--server", "http://127.0.0.1:1"], "cannot be reached"),
            (["list", "--database-url", "postgres://127.0.0.1:1/x"], "Postgres: error connecting"),
            (["server", "add", "x", "ftp://x"], "no URL of a server"),
            (["server", "remove", "nobody"], "no server is called"),
            (["generate", "--out-dir", "x"], "no language was given"),
            (["generate", "--lang", "sql"], "no folder to write to"),
            (["generate", "--lang", "sql", "--out-dir", "x", "nobody"], "not found"),
            (["init", "/"], "is not empty"),
            (["init", "7up"], "cannot be the name of a module"),
            (["completions", "tcsh"], "invalid value"),
            (["gateway", "--database-url", "postgres://127.0.0.1:1/x"], "could not reach Postgres"),
        ]:
            with self.subTest(arguments=arguments):
                self.spacetime(*arguments, fails=complaint)
        self.assertIn("complete", self.spacetime("completions", "bash"))


class StartTest(CommandTestCase):
    """How everything begins and ends."""

    def test_life(self):
        data, port = self.folder / "life", free_port()
        process = self.start(data, port)
        self.wait_for("spacetime start", lambda: (data / "running.json").exists())
        running = json.loads(self.spacetime("status", "--json", "--data-dir", data))
        self.assertEqual((running["pid"], running["server"]), (process.pid, f"http://127.0.0.1:{port}"))
        self.assertIn("healthy", self.spacetime("status", "--data-dir", data))
        self.spacetime("start", "--data-dir", data, "--listen", f"127.0.0.1:{port}", fails="already listens")
        self.spacetime("start", "--data-dir", data, "--listen", f"127.0.0.1:{free_port()}", fails="already runs in")
        there = ["--server", f"http://127.0.0.1:{port}"]
        self.spacetime("publish", "kept", "--bin-path", MODULES / "chat.wasm", *there)
        self.spacetime("stop", "--data-dir", data)
        self.assertEqual(process.wait(TIMEOUT_S), 0)
        self.assertEqual(postgres_of(data), [])
        self.spacetime("status", "--data-dir", data, fails="nothing runs in")
        self.spacetime("stop", "--data-dir", data, fails="nothing runs in")

        # What was published is there after a restart, under the same identity.
        self.start(data, port)
        self.wait_for("the second start", lambda: (data / "running.json").exists())
        self.spacetime("call", "kept", "register_user", "Ada", *there)
        self.spacetime("publish", "kept", "--bin-path", MODULES / "chat.wasm", *there)
        self.spacetime("stop", "--data-dir", data)

    def test_interrupted(self):
        """Ctrl-C at any moment leaves no process, and data that the next start takes."""
        data = self.folder / "interrupted"
        for delay_s in [0.02, 0.3, 0.8, 1.5, 2.5]:
            process = self.start(data, free_port())
            time.sleep(delay_s)
            process.send_signal(signal.SIGINT)
            process.wait(TIMEOUT_S)
            self.assertEqual(postgres_of(data), [], f"after {delay_s} s")
        process = self.start(data, free_port())
        self.wait_for("a start after all", lambda: (data / "running.json").exists())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(TIMEOUT_S), 0)

    def test_what_is_missing(self):
        data = self.folder / "missing"
        listen = ["--listen", f"127.0.0.1:{free_port()}"]
        self.spacetime("start", "--data-dir", data, *listen, fails="cannot run /nowhere", PG_CONFIG="/nowhere")
        fake = self.folder / "pg_config"
        for version, complaint in [("PostgreSQL 9.6.24", "is not supported"), ("PostgreSQL 16.1", "no Postgres server")]:
            fake.write_text(f'#!/bin/sh\ncase $1 in --version) echo "{version}";; *) echo /nowhere;; esac\n')
            fake.chmod(0o755)
            self.spacetime("start", "--data-dir", data, *listen, fails=complaint, PG_CONFIG=str(fake))
        old = self.folder / "old"
        (old / "postgres").mkdir(parents=True)
        (old / "postgres" / "PG_VERSION").write_text("9\n")
        self.spacetime("start", "--data-dir", old, *listen, fails="were made by Postgres 9")
