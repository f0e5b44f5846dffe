"""The `spacetime` command: everything a user runs."""

import functools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "modules" / "build"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
TIMEOUT_S = 120


@functools.cache
def command() -> Path:
    """The program, built if SPACETIME_COMMAND does not name one."""
    built = os.environ.get("SPACETIME_COMMAND")
    if built:
        return Path(built)
    output = subprocess.run([ROOT / "tools" / "build-command"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return Path(output.strip())


def postgres_of(folder: Path) -> list[str]:
    """Processes of servers whose data are in a folder."""
    found = subprocess.run(["pgrep", "--full", "--list-full", str(folder / "postgres")], stdout=subprocess.PIPE, text=True)
    return [line for line in found.stdout.splitlines() if "pgrep" not in line]


def processes_of(session: subprocess.Popen) -> list[str]:
    """Processes that are left of what `CommandTestCase.begin` began."""
    found = subprocess.run(["pgrep", "--session", str(session.pid), "--list-full"], stdout=subprocess.PIPE, text=True)
    return found.stdout.splitlines()


def as_in_a_terminal():
    """A shell without job control lets what it runs in the background ignore signals, and that is inherited."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class CommandTestCase(unittest.TestCase):
    """Each class has a folder, in which the user's settings are, too."""

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="spacetime-cli-", dir="/var/tmp"))
        # Postgres runs as somebody else when the tests are root's.
        cls.folder.chmod(0o711)
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        unwanted = ("PG", "SPACETIME", "NO_COLOR", "CLICOLOR")
        cls.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(unwanted)},
            "XDG_CONFIG_HOME": str(cls.folder / "config"),
            # Guests of these tests are built where the next run finds them.
            "CARGO_TARGET_DIR": str(TARGET / "guests-of-cli"),
            "TERM": "xterm",
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

    def begin(self, *arguments, cwd=None, output=subprocess.DEVNULL) -> subprocess.Popen:
        """The command in a session of its own, as in a terminal of its own; ended after the test."""
        process = subprocess.Popen(
            [command(), *map(str, arguments)], cwd=cwd or self.folder, env=self.environment,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, preexec_fn=as_in_a_terminal,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return process

    def interrupt(self, process: subprocess.Popen, number=signal.SIGINT) -> int:
        """What Ctrl-C does: the signal goes to all that run in the foreground. Returns the exit status."""
        os.killpg(process.pid, number)
        return process.wait(TIMEOUT_S)

    def wait_for(self, what: str, check):
        end = time.monotonic() + TIMEOUT_S
        while not (value := check()):
            if time.monotonic() > end:
                self.fail(f"never happened: {what}")
            time.sleep(0.05)
        return value

    def start(self, data: Path, port: int, *options) -> subprocess.Popen:
        return self.begin("start", "--data-dir", data, "--listen", f"127.0.0.1:{port}", *options)

    def started(self, data: Path, port: int, *options) -> tuple[subprocess.Popen, dict]:
        """`spacetime start` once it serves, and what it says about itself."""
        note = data / "running.json"
        process = self.start(data, port, *options)

        def is_there():
            self.assertIsNone(process.poll(), "spacetime start has ended")
            return note.exists()

        self.wait_for("spacetime start", is_there)
        return process, json.loads(note.read_text())
