"""The gateway, with the official client SDKs of five years of releases, unmodified, in Node."""

import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from harness.gateway import ROOT, TIMEOUT_S, GatewayTestCase

SDK = Path(__file__).resolve().parent / "sdk"
# Installed once for all runs and checkouts.
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "spacetime-sdks"


class GatewayTest(GatewayTestCase):
    modules = ["chat"]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.install_sdks()

    @classmethod
    def install_sdks(cls):
        CACHE.mkdir(parents=True, exist_ok=True)
        wanted = (SDK / "package.json").read_text()
        installed = CACHE / "installed.json"
        if not installed.exists() or installed.read_text() != wanted:
            shutil.copy(SDK / "package.json", CACHE)
            subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=CACHE, check=True)
            installed.write_text(wanted)
        # Node looks for packages beside the script, whatever the working directory is.
        for script in SDK.glob("*.mjs"):
            shutil.copy(script, CACHE)

    def run_sdk(self, script, *arguments):
        """Runs the scenario; when it is this side's turn, changes rows with SQL."""
        self.grant_all()
        client = subprocess.Popen(
            ["node", CACHE / script, *arguments], cwd=CACHE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        lines = []
        for line in client.stdout:
            lines.append(line)
            if line.startswith("{"):
                who = json.loads(line)
                self.sql.execute(
                    "INSERT INTO chat.message (id, sender, receiver, content, timestamp) "
                    "VALUES (1000, decode(%s, 'hex'), decode(%s, 'hex'), 'from psql', now())",
                    (who["alice"], who["bob"]),
                )
                self.sql.execute("DELETE FROM chat.message WHERE content = 'hello'")
        errors = client.stderr.read()
        client.stderr.close()
        client.stdout.close()
        self.assertEqual(client.wait(TIMEOUT_S), 0, "".join(lines) + errors)
        self.assertEqual(lines[-1:], ["done\n"], errors)

    def grant_all(self):
        self.sql.execute("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA chat TO PUBLIC")

    def test_sdk_1_0(self):
        self.run_sdk("v1.mjs", "sdk-1-0", f"ws://127.0.0.1:{self.port}")

    def test_sdk_1_3(self):
        self.run_sdk("v1.mjs", "sdk-1-3", f"ws://127.0.0.1:{self.port}")

    def test_sdk_1_12(self):
        self.run_sdk("schema.mjs", "sdk-1-12", "1", f"ws://127.0.0.1:{self.port}")

    def test_sdk_2_0(self):
        self.run_sdk("schema.mjs", "sdk-2-0", "2", f"ws://127.0.0.1:{self.port}")

    def test_procedures_of_sdk_2(self):
        self.publish(self.sql, "procedures")
        self.addCleanup(lambda: self.connect().execute("SELECT spacetime.drop_module('procedures')"))
        for sdk in ("sdk-2-0", "sdk-2"):
            client = subprocess.run(
                ["node", CACHE / "procedures.mjs", sdk, f"ws://127.0.0.1:{self.port}"],
                cwd=CACHE, capture_output=True, text=True, timeout=TIMEOUT_S,
            )
            self.assertEqual((client.returncode, client.stdout[-7:]), (0, "> done\n"), client.stdout + client.stderr)
            self.sql.execute("TRUNCATE procedures.entry RESTART IDENTITY")

    def test_sdk_2(self):
        self.run_sdk("schema.mjs", "sdk-2", "2", f"ws://127.0.0.1:{self.port}")

    def insert(self, number, content, receiver):
        self.connect().execute(
            "INSERT INTO chat.message (id, sender, receiver, content, timestamp) "
            "VALUES (%s, decode(repeat('01', 32), 'hex'), decode(%s, 'hex'), %s, now())",
            (number, receiver, content),
        )

    def test_rows_follow_through_restarts(self):
        """A client keeps its connection while Postgres restarts; what it misses reaches it as a difference."""
        self.grant_all()
        client = subprocess.Popen(
            ["node", CACHE / "schema.mjs", "sdk-2", "2", f"ws://127.0.0.1:{self.port}", "lasting"],
            cwd=CACHE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        self.addCleanup(client.wait)
        self.addCleanup(client.stdout.close)
        self.addCleanup(client.kill)

        def heard():
            return next((line[2:].strip() for line in client.stdout if line.startswith("> ")), "the client has ended")

        def expect(rows, call=None):
            client.stdin.write(json.dumps({"rows": sorted(rows), "call": call}) + "\n")
            client.stdin.flush()
            return heard()

        # Messages are seen by who sent or received them.
        identity = heard()
        self.insert(1, "first", identity)
        self.assertEqual(expect(["first"], ["register_user", "Ann"]), "ok")
        for number, mode in enumerate(["fast", "immediate"], start=2):
            self.cluster.restart(mode)
            self.insert(number, mode, identity)
            self.assertEqual(expect(["first", "fast", "immediate"][:number]), "seen")
            # The executor's connection was lost, too.
            self.assertEqual(expect(["first", "fast", "immediate"][:number], ["set_name", mode]), "ok")
        with self.connect(autocommit=False) as connection:
            connection.execute("TRUNCATE chat.message")
            connection.execute("SAVEPOINT a")
            connection.execute("UPDATE chat.message SET content = 'never'")
            connection.execute("ROLLBACK TO a")
        self.assertEqual(expect([]), "seen")
        self.insert(9, "last", identity)
        self.assertEqual(expect(["last"], ["register_user", "again"]),
                         "you are registered already; use set_name to change your name")
        client.stdin.close()
        self.assertEqual(heard(), "done")

    def test_calls_over_http(self):
        identity, token = self.new_identity()
        call = "/v1/database/chat/call/register_user"
        json_type = "application/json"
        self.assertEqual(self.http("POST", call, b'["Eve"]', token)[0], 415)
        # Nobody has granted EXECUTE.
        self.sql.execute("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA chat FROM spacetime_client")
        self.assertEqual(self.http("POST", call, b'["Eve"]', token, json_type)[0], 403)
        self.grant_all()
        self.assertEqual(self.http("POST", call, b'["Eve"]', token, json_type), (200, ""))
        status, body = self.http("POST", call, b'["Eve"]', token, json_type)
        self.assertEqual((status, body), (530, "you are registered already; use set_name to change your name"))
        status, body = self.http("POST", call, b'[1]', token, json_type)
        self.assertEqual(status, 400)
        self.assertTrue(body.startswith("invalid arguments for reducer register_user"), body)
        nothing = self.http("POST", "/v1/database/chat/call/nothing", b"[]", token, json_type)
        self.assertEqual(nothing, (404, "no such reducer"))
        rows = self.sql.execute("SELECT encode(id, 'hex'), name FROM chat.user").fetchall()
        self.assertEqual(rows, [(identity, "Eve")])
        status, body = self.http("POST", "/v1/database/chat/sql", b"SELECT * FROM user", token)
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(body)[0]["rows"][0][1], [0, "Eve"])
        # What only Postgres can decide it decides.
        self.sql.execute('CREATE POLICY of_operator ON chat."user" AS RESTRICTIVE USING (name IS NULL)')
        status, body = self.http("POST", "/v1/database/chat/sql", b"SELECT * FROM user", token)
        self.assertEqual((status, json.loads(body)[0]["rows"]), (200, []))

    def test_functions_of_gateways_are_theirs(self):
        self.sql.execute("DROP ROLE IF EXISTS nobody; CREATE ROLE nobody LOGIN; GRANT USAGE ON SCHEMA chat TO nobody")
        nobody = self.connect(user="nobody")
        for call in ["call_batch('')", "wait_durable('0/0')", "_select('chat', '{}')"]:
            self.assert_sqlstate("42501", nobody, f"SELECT spacetime.{call}")
        self.assert_sqlstate("22023", self.sql, "SELECT spacetime.call_batch('\\x02')")
        self.assert_sqlstate("22023", self.sql, "SELECT spacetime._select('chat', '{}')")

    def upgrade(self, protocol):
        """A WebSocket by hand, past the handshake; its bytes are for the test to say."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_S)
        self.addCleanup(client.close)
        client.sendall(
            f"GET /v1/database/chat/subscribe HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
            f"Sec-WebSocket-Protocol: {protocol}\r\n\r\n".encode()
        )
        stream = client.makefile("rb")
        self.addCleanup(stream.close)
        status = int(stream.readline().split()[1])
        while stream.readline().strip():
            pass
        return status, client, stream

    def close_code(self, stream):
        """Reads frames up to the close frame."""
        while head := stream.read(2):
            length = head[1]
            if length >= 126:
                length = int.from_bytes(stream.read(2 if length == 126 else 8), "big")
            payload = stream.read(length)
            if head[0] & 15 == 8:
                return int.from_bytes(payload[:2], "big")
        return None

    def test_bad_frames_end_their_connection_only(self):
        self.assertEqual(self.upgrade("v9.bsatn.spacetimedb")[0], 400)
        for protocol, frame in [
            # Masked with zeros. An unknown tag, a length beyond the message, text where bytes must be.
            ("v1.bsatn.spacetimedb", b"\x82\x81\0\0\0\0\x63"),
            ("v2.bsatn.spacetimedb", b"\x82\x86\0\0\0\0\x03\xff\xff\xff\xff\xff"),
            ("v3.bsatn.spacetimedb", b"\x82\x80\0\0\0\0"),
            ("v2.bsatn.spacetimedb", b"\x81\x81\0\0\0\0x"),
        ]:
            status, client, stream = self.upgrade(protocol)
            self.assertEqual(status, 101)
            client.sendall(frame)
            self.assertEqual(self.close_code(stream), 1011, (protocol, frame))
        self.assertEqual(self.http("GET", "/v1/ping")[0], 200)
        clients = "SELECT count(*) FROM spacetime._client"
        deadline = time.monotonic() + TIMEOUT_S
        while self.sql.execute(clients).fetchone() != (0,):
            self.assertLess(time.monotonic(), deadline, "clients are still recorded as connected")
            time.sleep(0.01)

    def test_gateway_is_killed(self):
        """Tokens outlive the gateway; clients it left connected are disconnected by the next run."""
        identity, token = self.new_identity()
        status, _, stream = self.upgrade("v2.bsatn.spacetimedb")
        self.assertEqual(status, 101)
        # The first message comes after client_connected.
        self.assertEqual(stream.read(1), b"\x82")
        clients = "SELECT count(*) FROM spacetime._client"
        self.assertEqual(self.sql.execute(clients).fetchone(), (1,))
        self.gateway.kill()
        self.gateway.wait(TIMEOUT_S)
        self.start_gateway()
        self.assertEqual(self.sql.execute(clients).fetchone(), (0,))
        self.assertEqual(self.http("GET", f"/v1/identity/{identity}/verify", token=token)[0], 204)

    def test_identity_and_tokens(self):
        identity, token = self.new_identity()
        self.assertEqual(self.http("GET", f"/v1/identity/{identity}/verify", token=token)[0], 204)
        self.assertEqual(self.http("GET", f"/v1/identity/{'0' * 64}/verify", token=token)[0], 400)
        self.assertEqual(self.http("POST", "/v1/identity/websocket-token"), (401, "Authorization required"))
        status, body = self.http("POST", "/v1/identity/websocket-token", token=token)
        self.assertEqual(status, 200)
        short = json.loads(body)["token"]
        self.assertEqual(self.http("GET", f"/v1/identity/{identity}/verify", token=short)[0], 204)
        self.assertEqual(self.http("GET", "/v1/identity/x/verify", token=token[:-8])[0], 401)
        self.assertIn("BEGIN PUBLIC KEY", self.http("GET", "/v1/identity/public-key")[1])

    def test_publish_and_describe(self):
        identity, token = self.new_identity()
        wasm = (ROOT / "modules" / "build" / "bank.wasm").read_bytes()
        self.assertEqual(self.http("PUT", "/v1/database/bank", wasm)[0], 401)
        status, body = self.http("PUT", "/v1/database/bank", wasm, token)
        self.assertEqual(status, 200, body)
        success = json.loads(body)["Success"]
        self.assertEqual((success["domain"], success["op"]), ("bank", "created"))
        module = success["database_identity"]
        self.assertEqual(self.http("GET", "/v1/database/bank/identity"), (200, module))
        self.assertEqual(json.loads(self.http("GET", f"/v1/database/{module}/names")[1]), {"names": ["bank"]})
        self.assertEqual(self.http("GET", "/v1/database/nowhere"), (404, "`nowhere` not found"))
        self.assertEqual(self.http("GET", "/v1/database/bank/schema?version=9")[0], 200)
        owned = json.loads(self.http("GET", f"/v1/identity/{identity}/databases")[1])
        self.assertEqual(owned, {"identities": [module]})
        _, other = self.new_identity()
        self.assertEqual(self.http("PUT", "/v1/database/bank", wasm, other)[0], 403)
        self.assertEqual(self.http("GET", "/v1/database/bank/logs", token=other)[0], 403)
        self.assertEqual(self.http("GET", "/v1/database/bank/logs?num_lines=10", token=token)[0], 200)
        self.assertEqual(self.http("DELETE", "/v1/database/bank", token=other)[0], 403)
        self.assertEqual(self.http("DELETE", "/v1/database/bank", token=token)[0], 200)
        self.assertEqual(self.http("GET", "/v1/database/bank")[0], 404)

    def test_sdk_2_with_joins_views_and_events(self):
        self.publish(self.sql, "subscriptions")
        self.addCleanup(lambda: self.connect().execute("SELECT spacetime.drop_module('subscriptions')"))
        self.sql.execute("INSERT INTO subscriptions.team VALUES (1, 1), (2, 2); "
                         "INSERT INTO subscriptions.player VALUES (1, 1, 9), (2, 1, 0), (3, 2, -1)")
        client = subprocess.Popen(
            ["node", CACHE / "subscriptions.mjs", "sdk-2", f"ws://127.0.0.1:{self.port}"],
            cwd=CACHE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        self.addCleanup(client.wait)
        self.addCleanup(client.stdout.close)
        self.addCleanup(client.kill)
        said = []

        def heard():
            for line in client.stdout:
                said.append(line)
                if line.startswith("> "):
                    return line[2:].strip()
            return "".join(said)

        self.assertEqual(heard(), "ready")
        self.sql.execute("UPDATE subscriptions.team SET rank = 3 WHERE id = 1")
        self.assertEqual(heard(), "done")
        self.assertEqual(client.wait(TIMEOUT_S), 0)
