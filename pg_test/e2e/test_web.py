"""The chat's web client in Chromium: two windows, psql, logins, a gateway that goes away and comes back."""

import functools
import http.server
import json
import os
import shutil
import subprocess
import threading
import urllib.parse
from pathlib import Path

from harness.gateway import ROOT, TIMEOUT_S, GatewayTestCase
from harness.node import install_packages

SCRIPTS = Path(__file__).resolve().parent / "web"


class Site(http.server.SimpleHTTPRequestHandler):
    """The built client with a configuration of its own, and an OpenID Connect issuer that asks nothing."""

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path == "/config.json":
            self.answer(self.server.config)
        elif path == "/issuer/.well-known/openid-configuration":
            at = self.server.config["oidc"]["issuer"]
            self.answer({"authorization_endpoint": f"{at}/authorize", "token_endpoint": f"{at}/token"})
        elif path == "/issuer/authorize":
            asked = dict(urllib.parse.parse_qsl(query))
            assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256", asked
            back = urllib.parse.urlencode({"code": asked["client_id"], "state": asked["state"]})
            self.send_response(302)
            self.send_header("Location", f"{asked['redirect_uri']}?{back}")
            self.end_headers()
        else:
            super().do_GET()

    def do_POST(self):
        asked = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        assert asked["code"] == "chat-web" and asked["code_verifier"], asked
        self.answer({"id_token": self.server.id_token})

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_):
        pass


class WebTest(GatewayTestCase):
    modules = ["chat"]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.chromium = shutil.which("chromium")
        assert cls.chromium, "chromium is not installed; run tools/setup"
        subprocess.run([ROOT / "modules" / "web.sh"], check=True, stderr=subprocess.PIPE)
        cls.scripts = install_packages(SCRIPTS, "spacetime-e2e-web")

    def serve(self) -> str:
        """The URL of the web client."""
        handler = functools.partial(Site, directory=ROOT / "modules" / "build" / "chat-web")
        self.site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        url = f"http://127.0.0.1:{self.site.server_port}"
        self.site.config = {
            "gateway": f"ws://127.0.0.1:{self.port}",
            "module": "chat",
            "oidc": {"issuer": f"{url}/issuer", "clientId": "chat-web"},
        }
        thread = threading.Thread(target=self.site.serve_forever)
        thread.start()
        self.addCleanup(self.site.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(self.site.shutdown)
        return f"{url}/"

    def test_two_windows(self):
        # Kept where the variable says, to be looked at.
        picture = os.environ.get("SPACETIME_WEB_PICTURE", Path(self.cluster.directory) / "chat.png")
        browser = subprocess.Popen(
            ["node", self.scripts / "windows.mjs", self.chromium, self.serve(), picture],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        last = None
        for last in browser.stdout:
            if last.startswith("{"):
                self.turn(**json.loads(last))
                browser.stdin.write("\n")
                browser.stdin.flush()
        _, errors = browser.communicate()
        self.assertEqual((last, browser.wait(TIMEOUT_S)), ("done\n", 0), errors)
        self.assertTrue(Path(picture).read_bytes().startswith(b"\x89PNG"))

    def turn(self, turn, alice=None, bob=None, token=None):
        if turn == "insert":
            self.cluster.psql(
                "INSERT INTO chat.message (id, sender, receiver, content, timestamp) "
                f"VALUES (1000, '\\x{alice}', '\\x{bob}', 'And I am psql.', now())"
            )
        elif turn == "issue":
            self.site.id_token = token
        elif turn == "stop":
            self.stop_gateway()
        elif turn == "start":
            self.start_gateway()
