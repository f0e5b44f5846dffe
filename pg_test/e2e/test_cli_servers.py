"""The `spacetime` command with servers that are not ours: an OpenID provider, and a server that serves a schema."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import threading
import unittest
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from harness.command import command

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "crates" / "cli" / "golden"
TIMEOUT_S = 120


def token(subject: str) -> str:
    """A token whose signature nobody looks at."""
    part = lambda claims: base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"{part({'alg': 'none'})}.{part({'iss': 'https://issuer.example', 'sub': subject})}.signature"


class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        url = f"http://127.0.0.1:{self.server.server_port}"
        path = urllib.parse.urlsplit(self.path)
        if path.path == "/.well-known/openid-configuration":
            self.answer(200, {"token_endpoint": f"{url}/token", "device_authorization_endpoint": f"{url}/device"})
        elif path.path == "/flowless/.well-known/openid-configuration":
            self.answer(200, {"token_endpoint": f"{url}/token"})
        elif path.path == "/elsewhere/.well-known/openid-configuration":
            self.answer(200, {"token_endpoint": "http://issuer.example/token", "device_authorization_endpoint": url})
        elif path.path.endswith("/verify"):
            self.server.authorization = self.headers["Authorization"]
            self.answer(204 if self.server.is_trusting else 401, {})
        elif path.path == "/v1/database/old/schema" and path.query == "version=10":
            self.answer(400, {})
        elif path.path in ("/v1/database/chat/schema", "/v1/database/old/schema"):
            self.answer(200, json.loads((GOLDEN / f"chat.{'v9.' if 'old' in path.path else ''}json").read_text()))
        elif path.path == "/v1/database/strange/schema":
            self.answer(200, {"sections": [{"Unheard": []}]})
        else:
            self.answer(404, {})

    def do_POST(self):
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.server.forms.append((self.path, form))
        if self.path == "/device":
            self.answer(200, {
                "device_code": "d&=1", "user_code": "ABCD-EFGH", "verification_uri": "https://issuer.example/device",
                "interval": 1,
            })
        else:
            answer = self.server.tokens.pop(0)
            self.answer(400 if "error" in answer else 200, answer)

    def answer(self, status, body):
        self.send_response(status)
        body = json.dumps(body).encode() if status != 204 else b""
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class ServersTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="spacetime-cli-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.server.forms, self.server.tokens, self.server.is_trusting = [], [], True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        serving = threading.Thread(target=self.server.serve_forever)
        serving.start()
        self.addCleanup(serving.join)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def spacetime(self, *arguments, fails=None):
        """What the command prints, results and messages; `fails` is what it must say when it must fail."""
        done = subprocess.run(
            [command(), *map(str, arguments)], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_S,
            env={**os.environ, "XDG_CONFIG_HOME": str(self.folder / "config")},
        )
        self.assertEqual(done.returncode, 0 if fails is None else 1, done.stderr)
        if fails is not None:
            self.assertIn(fails, done.stderr)
        return done.stdout, done.stderr

    def log_in(self, issuer="", fails=None):
        there = ["--server", self.url, "--issuer", self.url + issuer, "--client-id", "terminal"]
        return self.spacetime("login", *there, fails=fails)

    def test_device_flow(self):
        """The user is told where to type what; the ID token is kept once the server takes it."""
        self.server.tokens = [{"error": "authorization_pending"}, {"access_token": "opaque", "id_token": token("ada")}]
        _, said = self.log_in()
        self.assertIn("https://issuer.example/device", said)
        self.assertIn("ABCD-EFGH", said)
        self.assertEqual(self.server.authorization, f"Bearer {token('ada')}")
        asked = {"client_id": "terminal", "scope": "openid profile email"}
        grant = {
            "client_id": "terminal", "device_code": "d&=1",
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        }
        self.assertEqual(self.server.forms, [("/device", asked), ("/token", grant), ("/token", grant)])
        self.assertEqual(self.spacetime("login", "--show-token", "--server", self.url)[0].strip(), token("ada"))
        kept = self.folder / "config" / "spacetime" / "config.toml"
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)
        self.spacetime("login", "--logout", "--server", self.url)
        self.assertNotIn("ey", kept.read_text())

    def test_refused_logins(self):
        self.server.tokens = [{"error": "authorization_pending"}, {"error": "access_denied"}]
        self.log_in(fails="the login was refused")
        self.server.tokens = [{"error": "expired_token"}]
        self.log_in(fails="not typed in time")
        self.server.tokens = [{"error": "invalid_client", "error_description": "who are you?"}]
        self.log_in(fails="who are you?")
        self.server.tokens = [{"access_token": "no ID token"}]
        self.log_in(fails="it gave no ID token")
        self.log_in("/flowless", fails="has no device flow")
        self.log_in("/elsewhere", fails='"http://issuer.example/token" is no address')
        self.log_in("/nowhere", fails="has no device flow")
        self.server.tokens, self.server.is_trusting = [{"id_token": token("ada")}], False
        self.log_in(fails="does not accept your token")
        self.assertFalse((self.folder / "config").exists(), "nothing was kept")

    def test_schema(self):
        """A published module is described, and bindings made of it, by the schema that any server serves."""
        there = ["--server", self.url]
        self.assertIn("public table user", self.spacetime("describe", "chat", *there)[0])
        self.assertIn("sections", json.loads(self.spacetime("describe", "chat", "--json", *there)[0]))
        for module in ["chat", "old"]:
            self.spacetime("generate", module, "--lang", "typescript", "--out-dir", module, *there)
            self.assertEqual((self.folder / module / "index.ts").read_text(), (GOLDEN / "chat.ts").read_text())
        self.spacetime("generate", "nobody", "--lang", "sql", "--out-dir", "out", *there, fails="404")
        self.spacetime("generate", "strange", "--lang", "sql", "--out-dir", "out", *there, fails='"Unheard" is not known')
        rust = []
        for module in ["chat", "old"]:
            out = self.folder / f"{module}-rust"
            self.spacetime("generate", module, "--lang", "rust", "--out-dir", out, *there)
            rust.append({path.name: path.read_text() for path in out.iterdir()})
        self.assertEqual(*rust)
        self.assertIn("message_table.rs", rust[0])
