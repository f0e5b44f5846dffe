"""`spacetime start`, `status`, `stop`: how everything begins and ends, and what can be in the way."""

import json
import os
import resource
import shlex
import signal
import socket
import subprocess
import time

from harness.cluster import free_port, pg_config
from harness.command import MODULES, TIMEOUT_S, CommandTestCase, command, postgres_of


class StartTest(CommandTestCase):
    def test_life(self):
        data, port = self.folder / "life", free_port()
        process, running = self.started(data, port, "--postgres-port", free_port())
        self.assertEqual(json.loads(self.spacetime("status", "--json", "--data-dir", data)), running)
        self.assertEqual((running["pid"], running["server"]), (process.pid, f"http://127.0.0.1:{port}"))
        self.assertIn("healthy", self.spacetime("status", "--data-dir", data))
        self.spacetime("start", "--data-dir", data, "--listen", f"127.0.0.1:{free_port()}", fails="already runs in")
        there = ["--server", f"http://127.0.0.1:{port}"]
        self.spacetime("publish", "kept", "--bin-path", MODULES / "chat.wasm", *there)
        self.spacetime("stop", "--data-dir", data)
        self.assertEqual(process.wait(TIMEOUT_S), 0)
        self.assertEqual(postgres_of(data), [])
        self.spacetime("status", "--data-dir", data, fails="nothing runs in")
        self.spacetime("stop", "--data-dir", data, fails="nothing runs in")

        # What was published is there after a restart, under the same identity.
        self.started(data, port)
        self.spacetime("call", "kept", "register_user", "Ada", *there)
        self.spacetime("publish", "kept", "--bin-path", MODULES / "chat.wasm", *there)
        self.spacetime("stop", "--data-dir", data)

    def test_words(self):
        """Which lines to type next; and a second gateway for the same database."""
        said = self.folder / "said"
        with said.open("w") as output:
            process = self.begin("start", "--data-dir", self.folder / "words", "--listen", f"127.0.0.1:{free_port()}", output=output)
        self.wait_for("the last line", lambda: "Ctrl-C stops" in said.read_text())
        running = json.loads(self.spacetime("status", "--json", "--data-dir", self.folder / "words"))
        self.assertIn(f"psql {running['database_url']}\n", said.read_text())
        self.assertIn(running["server"].replace("http", "ws"), said.read_text())

        address = f"127.0.0.1:{free_port()}"
        with said.open("w") as output:
            second = self.begin("start", "--database-url", running["database_url"], "--listen", address, output=output)
        self.wait_for("the last line", lambda: "Ctrl-C stops" in said.read_text())
        self.spacetime("publish", "shared", "--bin-path", MODULES / "chat.wasm", "--server", f"http://{address}")
        self.assertIn("user", self.spacetime("describe", "shared", "--server", running["server"]))
        self.assertEqual(self.interrupt(second), 0)
        self.assertEqual(self.interrupt(process), 0)
        self.assertNotIn("WARN", said.read_text())

    def test_interrupted(self):
        """Ctrl-C at any moment, or closing the terminal, leaves no process, and data that the next start takes."""
        data = self.folder / "interrupted"
        signals = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
        for at, delay_s in enumerate([0.02, 0.1, 0.3, 0.8, 1.5, 2.5]):
            process = self.start(data, free_port())
            time.sleep(delay_s)
            self.interrupt(process, signals[at % len(signals)])
            self.assertEqual(postgres_of(data), [], f"after {delay_s} s")
        process, _ = self.started(data, free_port())
        self.assertEqual(self.interrupt(process), 0)
        self.assertEqual(postgres_of(data), [])

    def test_killed(self):
        """Its Postgres outlives a start that was killed; the next one replaces it, and has the data."""
        data, port = self.folder / "killed", free_port()
        process, running = self.started(data, port)
        there = ["--server", running["server"]]
        self.spacetime("publish", "kept", "--bin-path", MODULES / "chat.wasm", *there)
        self.spacetime("call", "kept", "register_user", "Ada", *there)
        process.kill()
        process.wait()
        self.assertNotEqual(postgres_of(data), [])
        self.spacetime("status", "--data-dir", data, fails="nothing runs in")
        (data / "running.json").unlink()
        process, _ = self.started(data, port)
        self.assertIn("Ada", self.spacetime("sql", "kept", "SELECT * FROM user", *there))
        self.assertEqual(self.interrupt(process), 0)
        self.assertEqual(postgres_of(data), [])

    def test_taken_ports(self):
        data = self.folder / "ports"
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            listen = ["--data-dir", data, "--listen"]
            self.spacetime("start", *listen, f"127.0.0.1:{port}", fails="choose an address with --listen")
            self.assertFalse(data.exists())
            free = f"127.0.0.1:{free_port()}"
            self.spacetime("start", *listen, free, "--postgres-port", port, fails="choose another with --postgres-port")
        self.spacetime("start", *listen, "192.0.2.1:3000", fails="choose an address of this machine")

    def test_full_disk(self):
        """No file may grow, which is how programs see it. With room again, the same folder is fine."""
        data, port = self.folder / "full", free_port()

        def without_room():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
            # Otherwise the first of them is killed instead of told.
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        def refused():
            done = subprocess.run(
                [command(), "start", "--data-dir", data, "--listen", f"127.0.0.1:{port}"], env=self.environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                preexec_fn=without_room, restore_signals=False, timeout=TIMEOUT_S,
            )
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn("make space on the disk", done.stdout)
            self.assertEqual(postgres_of(data), [])

        refused()
        process, _ = self.started(data, port)
        self.assertEqual(self.interrupt(process), 0)

    def test_what_is_missing(self):
        data = self.folder / "missing"
        options = ["--data-dir", data, "--listen", f"127.0.0.1:{free_port()}"]
        self.spacetime("start", *options, fails="cannot run /nowhere", PG_CONFIG="/nowhere")
        fake = self.folder / "pg_config"
        bindir = shlex.quote(pg_config("--bindir"))
        for version, programs, complaint in [
            ("PostgreSQL 9.6.24", bindir, "Postgres 15 to 18 are"),
            ("PostgreSQL 16.1", "/nowhere", "apt install postgresql-16"),
            ("PostgreSQL 16.1", bindir, "extension spacetime is not installed"),
        ]:
            fake.write_text(
                f'#!/bin/sh\ncase $1 in --version) echo "{version}";; --bindir) echo {programs};; *) echo /nowhere;; esac\n'
            )
            fake.chmod(0o755)
            self.spacetime("start", *options, fails=complaint, PG_CONFIG=str(fake))
        self.assertFalse(data.exists())
        old = self.folder / "old"
        (old / "postgres").mkdir(parents=True)
        (old / "postgres" / "PG_VERSION").write_text("9\n")
        self.spacetime("start", "--data-dir", old, *options[2:], fails="were made by Postgres 9")
        self.spacetime("start", *options, "--database-url", "postgres://127.0.0.1:1/x", fails="could not reach Postgres")

    def test_other_users(self):
        """Postgres does not run as root; the others cannot run it as somebody else."""
        options = ["--data-dir", self.folder / "closed" / "data", "--listen", f"127.0.0.1:{free_port()}"]
        (self.folder / "closed").mkdir(mode=0o700)
        if os.geteuid() != 0:
            self.spacetime("start", *options, "--run-as", "nobody", fails="only root can run Postgres as somebody else")
            return
        self.spacetime("start", *options, "--run-as", "root", fails="name an ordinary user with --run-as")
        self.spacetime("start", *options, "--run-as", "no-such-user", fails="there is no user")
        self.spacetime("start", *options, fails="choose a folder elsewhere with --data-dir")
