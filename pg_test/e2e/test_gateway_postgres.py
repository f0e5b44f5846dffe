"""A gateway's way to Postgres: TLS, and a second server that takes over."""

import os
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from harness.cluster import Cluster, server_user
from harness.command import command
from harness.gateway import TIMEOUT_S, Client, GatewayTestCase


class PostgresTest(GatewayTestCase):
    modules = ["subscriptions"]
    # Over TCP: TLS is not for sockets in the file system.
    settings = {"listen_addresses": "'127.0.0.1'", "max_wal_senders": 4}

    def restart_gateway(self, url, *options):
        """In place of the one there is."""
        self.gateway = subprocess.Popen(
            [command(), "gateway", "--database-url", url, "--listen", f"127.0.0.1:{self.port}", *options], stderr=self.log
        )
        self.addCleanup(self.stop_gateway)
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            try:
                return self.assertEqual(self.http("GET", "/v1/ping")[0], 200)
            except OSError:
                self.assertIsNone(self.gateway.poll(), "the gateway has ended; see gateway.log")
                self.assertLess(time.monotonic(), deadline, "the gateway does not listen")
                time.sleep(0.05)

    def refusal(self, url, *options) -> str:
        """What a gateway says that does not start."""
        gateway = [command(), "gateway", "--database-url", url, "--listen", "127.0.0.1:0", *options]
        ended = subprocess.run(gateway, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_S)
        self.assertEqual(ended.returncode, 1, ended.stderr)
        return ended.stderr

    def certificate(self, folder, name, *more) -> tuple[Path, Path]:
        certificate, key = Path(folder, f"{name}.crt"), Path(folder, f"{name}.key")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-keyout", key, "-out", certificate, *more],
            check=True, capture_output=True,
        )
        return certificate, key

    def test_tls_to_postgres(self):
        self.stop_gateway()
        port = self.cluster.connection()["PGPORT"]
        url = f"host=127.0.0.1 port={port} user=postgres dbname=postgres sslmode=require"
        self.assertIn("TLS", self.refusal(url))
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        authority, authority_key = self.certificate(folder.name, "authority")
        certificate, key = self.certificate(
            folder.name, "server", "-CA", authority, "-CAkey", authority_key, "-addext", "basicConstraints=CA:FALSE"
        )
        stranger, _ = self.certificate(folder.name, "stranger")
        for source, name in [(certificate, "server.crt"), (key, "server.key")]:
            self.cluster._server_write(self.cluster.data / name, source.read_bytes())
            self.cluster._server_run("chmod", "600", self.cluster.data / name, program_of_postgres=False)
        self.sql.execute("ALTER SYSTEM SET ssl = on")
        self.addCleanup(lambda: self.connect().execute("ALTER SYSTEM RESET ssl"))
        self.sql.execute("SELECT pg_reload_conf()")
        while self.connect().execute("SHOW ssl").fetchone() != ("on",):
            time.sleep(0.01)
        self.assertIn("TLS handshake", self.refusal(url, "--database-ca", str(stranger)))
        for options in [[], ["--database-ca", str(authority)]]:
            self.restart_gateway(url, *options)
            client = self.client("subscriptions")
            number = client.subscribe("SELECT * FROM team")
            self.sql.execute("INSERT INTO subscriptions.team VALUES (%s, 10)", (len(options),))
            client.wait_for(number, "team", {struct.pack("<II", team, 10): 1 for team in {0, len(options)}})
            encrypted = (
                "SELECT count(*) > 0, bool_and(s.ssl) FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid) "
                "WHERE a.application_name = 'spacetime gateway'"
            )
            self.assertEqual(self.sql.execute(encrypted).fetchone(), (True, True))
            self.stop_gateway()

    def test_failover(self):
        """The first server stops for good, the second is promoted: clients keep their connections, and their rows are right."""
        self.stop_gateway()
        standby = Cluster()
        self.addCleanup(standby.remove)
        if os.geteuid() == 0:
            server = server_user()
            os.chown(standby.directory, server.pw_uid, server.pw_gid)
        where, other = self.cluster.connection(), standby.connection()
        standby._server_run(
            "pg_basebackup", "--pgdata", standby.data, "--host", where["PGHOST"], "--port", where["PGPORT"],
            "--username", where["PGUSER"], "--write-recovery-conf", "--checkpoint", "fast", "--no-sync",
        )
        settings = f"include '{standby.directory}/settings.conf'\n"
        standby._server_write(standby.data / "postgresql.conf", settings, append=True)
        standby.start()
        self.restart_gateway(
            f"host={where['PGHOST']},{other['PGHOST']} port={where['PGPORT']},{other['PGPORT']} user=postgres "
            "dbname=postgres target_session_attrs=read-write"
        )
        client = self.client("subscriptions")
        number = client.subscribe("SELECT * FROM player")
        one, two = struct.pack("<IIi", 1, 1, 1), struct.pack("<IIi", 2, 1, 1)
        client.do("set_player", one)
        self.assertEqual(client.rows(number, "player"), {one: 1})
        # A clean stop sends the standby all there is.
        self.addCleanup(self.cluster.start)
        self.cluster.stop()
        self.assertEqual(standby.psql("SELECT pg_promote()").stdout, "t\n")
        standby.psql("UPDATE subscriptions.player SET score = 5 WHERE id = 1")
        client.wait_for(number, "player", {struct.pack("<IIi", 1, 1, 5): 1})
        client.do("set_player", two)
        self.assertEqual(client.rows(number, "player"), {struct.pack("<IIi", 1, 1, 5): 1, two: 1})
        self.assertEqual(standby.psql("SELECT count(*) FROM subscriptions.player").stdout, "2\n")
        late = Client(self.port, "subscriptions")
        self.assertEqual(late.one_off("SELECT * FROM player"), {"player": [struct.pack("<IIi", 1, 1, 5), two]})
        late.close()
        self.stop_gateway()
