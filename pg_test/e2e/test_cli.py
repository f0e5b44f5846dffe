"""The `spacetime` command as a new user meets it: in an empty folder, from `init` to a client of the module."""

import json
import os
import pty
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

from harness.cluster import free_port
from harness.command import MODULES, TIMEOUT_S, CommandTestCase, command

CLIENT = Path(__file__).resolve().parent / "cli_client"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))


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
        """A folder with our client, and the packages that it needs."""
        client = self.folder / "client"
        shutil.copytree(CLIENT, client)
        (client / "node_modules").symlink_to(self.packages())
        return client

    def packages(self) -> Path:
        """Packages that clients need, installed once."""
        packages = CACHE / "spacetime-cli-client"
        packages.mkdir(parents=True, exist_ok=True)
        wanted = (CLIENT / "package.json").read_text()
        installed = packages / "installed.json"
        if not installed.exists() or installed.read_text() != wanted:
            shutil.copy(CLIENT / "package.json", packages)
            subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=packages, check=True)
            installed.write_text(wanted)
        return packages / "node_modules"

    def test_chat_template(self):
        chat = self.project("talk", "--template", "chat")
        self.spacetime("publish", cwd=chat)
        self.spacetime("call", "talk", "register_user", "Ada")
        self.spacetime("init", self.folder / "other", "--template", "chat", "--lang", "c", fails="written in Rust")

    def test_c(self):
        book = self.project("book", "--lang", "c")
        built = subprocess.run([command(), "build"], cwd=book, env=self.environment, capture_output=True, text=True)
        for line in [r"book[.a-z]*\.wasm \([0-9]+ kB\)$", r"tables entry$", r"reducers .*sign"]:
            self.assertRegex(built.stderr, re.compile(line, re.MULTILINE))
        self.spacetime("publish", cwd=book)
        self.spacetime("call", "book", "sign", "hello from C")
        self.assertIn("hello from C", self.spacetime("sql", "book", "SELECT * FROM entry"))

    def test_client_template(self):
        """It compiles and connects as it is, once there are bindings; `npm run generate` is the same command."""
        self.spacetime("publish", "page", "--bin-path", MODULES / "chat.wasm")
        client = self.project("page", "--lang", "typescript-client")
        scripts = json.loads((client / "package.json").read_text())["scripts"]
        self.assertEqual(scripts["generate"].split()[0], "spacetime")
        self.spacetime(*scripts["generate"].split()[1:], cwd=client)
        (client / "node_modules").symlink_to(self.packages())
        checked = subprocess.run(["npx", "tsc", "--noEmit"], cwd=client, stdout=subprocess.PIPE, text=True)
        self.assertEqual(checked.returncode, 0, checked.stdout)
        log = client / "log"
        with log.open("w") as output:
            running = subprocess.Popen(
                ["node", "node_modules/tsx/dist/cli.mjs", "src/main.ts"], cwd=client, stdout=output, stderr=output,
                env=self.environment | {"SPACETIME_URI": f"ws://127.0.0.1:{self.port}"},
            )
        self.addCleanup(running.wait)
        self.addCleanup(running.terminate)
        self.wait_for("rows at the client", lambda: "all tables are here" in log.read_text())

    def test_csharp_template(self):
        """The compiler is not everybody's: what to install is said."""
        project = self.project("sharp", "--lang", "csharp")
        self.assertIn("SpacetimeDB.Runtime", (project / "module.csproj").read_text())
        self.spacetime("publish", cwd=project, fails="install the .NET 8 SDK", PATH="/nowhere")

    def test_missing_compilers(self):
        self.spacetime("build", cwd=self.project("oxide"), fails="install Rust from", PATH="/nowhere")
        self.spacetime("build", cwd=self.project("sea", "--lang", "c"), fails="apt install clang lld", PATH="/nowhere")
        programs = self.folder / "programs"
        programs.mkdir()
        (programs / "rustc").write_text("#!/bin/sh\necho /nowhere\n")
        (programs / "rustc").chmod(0o755)
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        self.spacetime("build", cwd=self.folder / "oxide", fails="rustup target add wasm32-unknown-unknown", PATH=path)

    def test_followed_logs(self):
        """New records are shown as they come; Ctrl-C is no error."""
        self.spacetime("publish", "loud", "--bin-path", MODULES / "chat.wasm")
        self.spacetime("call", "loud", "register_user", "Ada")
        for name, there in [("Grace", []), ("Joan", ["--database-url", self.database])]:
            path = self.folder / "followed"
            with path.open("w") as output:
                process = self.begin("logs", "-f", "loud", "--num-lines", "1", *there, output=output)
            self.wait_for("what is there", lambda: path.read_text().count("\n") == 1)
            # Somebody else, who has no token yet.
            others = str(self.folder / name)
            self.spacetime("call", "loud", "register_user", name, "--server", self.server, XDG_CONFIG_HOME=others)
            self.wait_for("what is new", lambda: f"registers as {name}" in path.read_text())
            self.assertEqual(path.read_text().count("\n"), 2, path.read_text())
            self.assertEqual(self.interrupt(process), 0)
        (last,) = self.spacetime("logs", "loud", "--json", "-n", "1").splitlines()
        self.assertIn("registers as Joan", json.loads(last)["message"])

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
        evolve = [MODULES / f"evolve_{number}.wasm" for number in (1, 2)]
        self.spacetime("publish", "changing", "--bin-path", evolve[0], *there)
        self.spacetime("publish", "changing", "--bin-path", evolve[1], *there, fails="agree beforehand with --yes")
        self.spacetime("publish", "changing", "--bin-path", evolve[1], "--yes", *there)
        self.spacetime("delete", "changing", "--yes", *there)
        self.spacetime("delete", "changing", "--yes", *there, fails="does not exist")

    def test_identity(self):
        """One identity for all commands, until another logs in."""
        token = self.spacetime("login", "--show-token").strip()
        self.assertEqual(self.spacetime("login", "--show-token").strip(), token)
        self.spacetime("login", "--token", "nonsense", fails="no token of an identity")
        self.spacetime("login", "--token", token[:-4] + "AAAA", fails="does not accept your token")
        self.assertEqual(self.spacetime("login", "--show-token").strip(), token)
        self.assertIn("test\t", self.spacetime("server", "list"))
        self.assertIn({"name": "test", "url": self.server, "default": True}, json.loads(self.spacetime("server", "list", "--json")))

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
        with socket.create_server(("127.0.0.1", 0)) as taken:
            listen = ["--name", "second", "--listen", f"127.0.0.1:{taken.getsockname()[1]}"]
            self.spacetime("gateway", "--database-url", self.database, *listen, fails="already listens")

    def test_completions(self):
        script = self.folder / "completions"
        script.write_text(self.spacetime("completions", "bash"))
        offered = subprocess.run(
            ["bash", "-c", "source $0; COMP_WORDS=(spacetime pu); COMP_CWORD=1; _spacetime spacetime pu; echo $COMPREPLY", script],
            stdout=subprocess.PIPE, text=True,
        )
        self.assertEqual(offered.stdout.strip(), "publish")

    def in_terminal(self, *arguments, answer="", **environment) -> tuple[int, str]:
        """Exit status, and what a person at a terminal sees."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [command(), *map(str, arguments)], cwd=self.folder, env=self.environment | environment,
            stdin=theirs, stdout=theirs, stderr=theirs,
        )
        os.close(theirs)
        os.write(ours, answer.encode())
        seen = b""
        while True:
            try:
                seen += os.read(ours, 4096)
            except OSError:
                # All of its ends are closed.
                os.close(ours)
                return process.wait(TIMEOUT_S), seen.decode()

    def test_terminal(self):
        """Colours are for terminals, unless NO_COLOR says no; a question is answered there."""
        failing = ["logs", "nobody"]
        self.assertIn("\x1b[", self.in_terminal(*failing)[1])
        self.assertNotIn("\x1b[", self.in_terminal(*failing, NO_COLOR="1")[1])
        piped = subprocess.run([command(), *failing], env=self.environment, stderr=subprocess.PIPE, text=True)
        self.assertIn("error: ", piped.stderr)
        self.spacetime("publish", "dear", "--bin-path", MODULES / "chat.wasm")
        status, seen = self.in_terminal("delete", "dear", answer="n\n")
        self.assertEqual((status, "nothing was changed" in seen), (3, True))
        self.assertIn("dear", [module["name"] for module in json.loads(self.spacetime("list", "--json"))])
        self.assertEqual(self.in_terminal("delete", "dear", answer="y\n")[0], 0)
        self.spacetime("delete", "dear", "--yes", fails="not found")
