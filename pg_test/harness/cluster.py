"""Private Postgres clusters for tests, benchmarks and demos.

A cluster lives in one folder: `data`, `settings.conf`, `log` and the socket. Nobody but its owner can enter that folder,
which is why its connections need no password. The server listens on that socket only, unless asked for TCP.

Postgres refuses to run as root, so root hands the folder and the server to the user `postgres`; anybody else owns
them. Servers are stopped by the pid in their own folder, never by name.
"""

import functools
import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "modules" / "build"
SETTINGS = ROOT / "pg_test" / "postgresql.conf"

SUPERUSER = "postgres"
# Root's server runs as this user; the Debian package makes it.
SERVER_USER = "postgres"
# Holds the pid of the process a throw-away cluster belongs to; `sweep` removes those whose process is gone.
OWNER_FILE = "owner.pid"
PREFIX = "spacetime-test-"
TIMEOUT_S = 60


class ClusterError(Exception):
    """A cluster could not be made, started or stopped; the message says why."""


def server_user() -> pwd.struct_passwd:
    """Whose processes root's servers are."""
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        raise ClusterError(f"Postgres does not run as root, and there is no user {SERVER_USER!r} to run it as") from None


@functools.cache
def pg_config(option: str) -> str:
    """The answer of the chosen Postgres' pg_config, e.g. to `--bindir`."""
    program = subprocess.run([ROOT / "tools" / "find-pg-config"], capture_output=True, text=True).stdout.strip()
    if not program:
        raise ClusterError("no Postgres found; run tools/setup first")
    return subprocess.run([program, option], check=True, capture_output=True, text=True).stdout.strip()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """One cluster. As a context manager it starts on entry, and stops and disappears on exit."""

    def __init__(self, directory=None, *, durable=False, tcp=False, settings=None):
        """
        directory: where it lives and stays; a fresh temporary folder, removed at the end, if None.
        durable: wait for the disk as in production (benchmarks) instead of trusting the machine to stay up (tests).
        tcp: also listen on 127.0.0.1.
        settings: name -> value as in postgresql.conf, stronger than pg_test/postgresql.conf; a later change of the
            dict takes effect at the next start.
        """
        self.bindir = Path(pg_config("--bindir"))
        if directory is None:
            # A short path on purpose: that of a socket may have 107 bytes.
            self.directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=temporary_directory()))
            (self.directory / OWNER_FILE).write_text(str(os.getpid()))
        else:
            self.directory = Path(directory).absolute()
        self.data = self.directory / "data"
        self.log = self.directory / "log"
        self.modules = self.data / "test_modules"
        self.durable = durable
        self.tcp = tcp
        self.settings = dict(settings or {})
        self.port = free_port()

    def __enter__(self):
        try:
            self.create()
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_):
        self.remove()

    # --- life ---------------------------------------------------------------------------------------------------------

    def create(self):
        """Makes the data directory; the server is not running yet."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Handing over or opening up a folder that has another purpose would do damage.
        if self.directory.stat().st_uid != os.geteuid() or set(os.listdir(self.directory)) - {OWNER_FILE}:
            raise ClusterError(f"{self.directory} is not a cluster of this harness, nor an empty folder of yours")
        self.directory.chmod(0o700)
        if os.geteuid() == 0:
            server = server_user()
            os.chown(self.directory, server.pw_uid, server.pw_gid)
        # From here on the folder is recognised as a cluster, if only to be removed.
        self._server_write(self.directory / "settings.conf", self._settings())
        # Locale C: the same order and the same messages on every machine.
        self._server_run(
            "initdb", "--pgdata", self.data, "--username", SUPERUSER, "--encoding", "UTF8", "--locale", "C",
            "--auth", "trust", *([] if self.durable else ["--no-sync"]),
        )
        self._server_write(self.data / "postgresql.conf", f"include '{self.directory}/settings.conf'\n", append=True)
        self.copy_modules()

    def exists(self) -> bool:
        """Is there a cluster of this harness in the folder?"""
        owner = server_user().pw_uid if os.geteuid() == 0 else os.geteuid()
        return (self.directory / "settings.conf").exists() and self.directory.stat().st_uid == owner

    def _settings(self) -> str:
        settings = {
            "port": self.port,
            "unix_socket_directories": f"'{self.directory}'",
            "listen_addresses": "'127.0.0.1'" if self.tcp else "''",
        }
        if not self.durable:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        settings |= self.settings
        return SETTINGS.read_text() + "".join(f"{name} = {value}\n" for name, value in settings.items())

    def copy_modules(self):
        """Puts the built modules where `pg_read_binary_file('test_modules/chat.wasm')` finds them."""
        self._server_run("mkdir", "-p", self.modules, program_of_postgres=False)
        for wasm in sorted(MODULES.glob("*.wasm")):
            self._server_write(self.modules / wasm.name, wasm.read_bytes())

    def start(self):
        self._server_write(self.directory / "settings.conf", self._settings())
        self._server_run(
            "pg_ctl", "start", "--wait", "--timeout", TIMEOUT_S, "--silent", "--pgdata", self.data, "--log", self.log,
        )

    def stop(self, mode="fast"):
        """Stops the server if it runs. Modes are those of pg_ctl; `immediate` is a crash as far as recovery goes."""
        if self.running():
            self._server_run("pg_ctl", "stop", "--wait", "--mode", mode, "--silent", "--pgdata", self.data)

    def restart(self, mode="fast"):
        self.stop(mode)
        self.start()

    def upgrade_from(self, old: "Cluster"):
        """Takes over everything of another cluster by pg_upgrade. This one was created and never started; none runs."""
        self._server_run(
            "pg_upgrade", "--old-bindir", old.bindir, "--new-bindir", self.bindir, "--old-datadir", old.data,
            "--new-datadir", self.data, "--old-port", old.port, "--new-port", self.port, "--username", SUPERUSER,
            "--socketdir", self.directory,
        )

    def remove(self):
        """Stops the server and deletes the folder, whatever state they are in."""
        try:
            self.stop()
        except ClusterError:
            # A server that does not stop when asked: the fixtures try hard. Immediate needs nobody's cooperation.
            self.stop("immediate")
        shutil.rmtree(self.directory, ignore_errors=True)

    # --- for tests ----------------------------------------------------------------------------------------------------

    def pid(self):
        """The postmaster's pid, or None."""
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None

    def running(self) -> bool:
        pid = self.pid()
        if pid is None:
            return False
        return self._is_ours(pid)

    def _is_ours(self, pid: int) -> bool:
        """A pid file may outlive its server, and the pid may be somebody else's by now."""
        try:
            return os.path.samefile(f"/proc/{pid}/cwd", self.data)
        except OSError:
            return False

    def kill(self, pid: int, signal_number=signal.SIGKILL):
        """Signals one process of this server, e.g. the backend whose pg_backend_pid() a test has read."""
        if not self._is_ours(pid):
            raise ClusterError(f"process {pid} is not of this cluster")
        os.kill(pid, signal_number)

    def wait_ready(self, timeout_s=TIMEOUT_S):
        """Returns once the server takes connections (again), e.g. after a crash of one backend."""
        deadline = time.monotonic() + timeout_s
        while subprocess.run([self.bindir / "pg_isready", "--quiet"], env=self.environment()).returncode != 0:
            if time.monotonic() > deadline:
                raise ClusterError(f"the server was not ready within {timeout_s} s:\n{self.log_tail()}")
            time.sleep(0.05)

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def log_tail(self, lines=30) -> str:
        return "\n".join(self.log_text().splitlines()[-lines:])

    def psql(self, sql: str, database="postgres", check=True) -> subprocess.CompletedProcess:
        """Runs SQL as the superuser; rows come back unaligned, without header, errors with SQLSTATE."""
        result = subprocess.run(
            [self.bindir / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose",
             "-d", database],
            input=sql, capture_output=True, text=True, env=self.environment(),
        )
        if check and result.returncode != 0:
            raise ClusterError(f"psql failed:\n{result.stderr}")
        return result

    # --- connecting ---------------------------------------------------------------------------------------------------

    def connection(self) -> dict:
        """What libpq programs need, as environment variables."""
        return {
            "PGHOST": str(self.directory),
            "PGPORT": str(self.port),
            "PGUSER": SUPERUSER,
            "PGDATABASE": "postgres",
        }

    def environment(self) -> dict:
        """This process' environment with the connection in it, and with the programs of the right Postgres first."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG") or name == "PG_CONFIG"}
        path = f"{self.bindir}{os.pathsep}{os.environ.get('PATH', '')}"
        return inherited | {"PATH": path} | self.connection()

    def exports(self) -> str:
        """The connection as lines for a shell."""
        return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in self.connection().items())

    # --- acting as the server's user ----------------------------------------------------------------------------------

    def _server_command(self, command):
        command = [str(word) for word in command]
        return ["runuser", "-u", SERVER_USER, "--", *command] if os.geteuid() == 0 else command

    def _server_run(self, program, *arguments, program_of_postgres=True):
        program = self.bindir / program if program_of_postgres else program
        result = subprocess.run(
            self._server_command([program, *arguments]),
            # The caller's folder may be closed to the server's user; its settings for libpq are not ours.
            cwd=self.directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        if result.returncode != 0:
            raise ClusterError(f"{Path(program).name} failed:\n{result.stdout}{self.log_tail()}")

    def _server_write(self, path: Path, content, append=False):
        subprocess.run(
            self._server_command(["tee", *(["--append"] if append else []), path]),
            input=content.encode() if isinstance(content, str) else content,
            stdout=subprocess.DEVNULL, cwd=self.directory, check=True,
        )


def temporary_directory() -> Path:
    """Where throw-away clusters are made. The server's user must be able to get there, so not a home directory."""
    return Path(os.environ.get("SPACETIME_TEST_DIR", "/tmp"))


def sweep() -> list:
    """Removes throw-away clusters whose test run was killed before it could; gives their folders."""
    removed = []
    for owner in temporary_directory().glob(f"{PREFIX}*/{OWNER_FILE}"):
        try:
            os.kill(int(owner.read_text()), 0)
        except ProcessLookupError:
            Cluster(owner.parent).remove()
            removed.append(owner.parent)
        except (PermissionError, ValueError):
            pass  # somebody else's
    return removed
