"""HTTP requests of procedures: to hosts that an administrator has allowed for the module, and to no others."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg

from harness.testcase import ClusterTestCase


class Handler(BaseHTTPRequestHandler):
    """Answers by path; remembers what it was asked."""

    protocol_version = "HTTP/1.1"

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        kind, _, rest = self.path.strip("/").partition("/")
        if kind == "hang":
            self.server.released.wait(60)
        if kind == "redirect":
            return self.answer(302, b"", {"location": f"http://{rest}"})
        if kind == "here":
            return self.answer(302, b"", {"location": "/text"})
        if kind == "loop":
            return self.answer(302, b"", {"location": "/loop"})
        if kind == "large":
            return self.answer(200, b"x" * int(rest))
        if kind == "endless":
            self.send_response(200)
            self.end_headers()
            try:
                while not self.server.released.is_set():
                    self.wfile.write(b"x" * 65536)
            except OSError:
                self.close_connection = True
            return None
        if kind == "echo":
            return self.answer(201, body, {"x-method": self.command, "x-given": self.headers.get("x-given", "")})
        if kind == "status":
            return self.answer(int(rest), b"whatever")
        return self.answer(200, "grüße".encode())

    def handle(self):
        # Who asks may hang up: that is what some tests are about.
        try:
            super().handle()
        except OSError:
            pass

    def answer(self, status, body, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = handle_any

    def log_message(self, *_):
        pass


class HttpTest(ClusterTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        cls.server.asked, cls.server.released = [], threading.Event()
        cls.server.daemon_threads = True
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.server.server_close)
        cls.addClassCleanup(cls.server.shutdown)
        cls.addClassCleanup(cls.server.released.set)
        cls.host = f"127.0.0.1:{cls.server.server_port}"
        cls.cluster.psql("SELECT publish_module('procedures', pg_read_binary_file('test_modules/procedures.wasm'), '{\"schema\": \"proc\"}')")

    def setUp(self):
        self.control = self.connect()
        self.control.execute("DELETE FROM spacetime._http_host")
        self.server.asked.clear()

    def allow(self, host=None, private=True, insecure=True):
        self.control.execute(
            "SELECT spacetime.allow_http('procedures', %s, private_addresses => %s, insecure_http => %s)",
            [host or self.host, private, insecure],
        )

    def fetch(self, path, host=None, scheme="http"):
        """What the procedure gets: ('ok', text) or ('err', message)."""
        row = self.control.execute("CALL proc.fetch(%s)", [f"{scheme}://{host or self.host}/{path}"]).fetchone()
        (outcome, text), = row[0].items()
        return outcome.lower(), text

    def assert_refused(self, words, *where, **options):
        outcome, text = self.fetch(*where, **options)
        self.assertEqual(outcome, "err", text)
        self.assertIn(words, text)
        return text

    def test_nothing_is_allowed(self):
        for host in [self.host, "example.com", "localhost", "169.254.169.254"]:
            text = self.assert_refused("may make no requests", "text?secret=1", host)
            self.assertIn(f"SELECT spacetime.allow_http('procedures', '{host}')", text)
            self.assertNotIn("secret", text)
        self.assertEqual(self.server.asked, [])

    def test_allowed(self):
        self.allow()
        self.assertEqual(self.fetch("text"), ("ok", "grüße"))
        self.assertEqual(self.fetch("status/404"), ("ok", "whatever"))
        hosts = "SELECT module, host, private_addresses, insecure_http FROM spacetime.http_hosts"
        self.assertEqual(self.control.execute(hosts).fetchall(), [("procedures", self.host, True, True)])
        self.control.execute("SELECT spacetime.disallow_http('procedures', %s)", [self.host])
        self.assert_refused("may make no requests", "text")
        self.assert_sqlstate("22023", self.control, "SELECT spacetime.disallow_http('procedures', 'example.com')")

    def test_each_permission_is_needed(self):
        """A name that is allowed is checked where it leads to, whoever owns it."""
        port = self.server.server_port
        for host in [self.host, f"localhost:{port}"]:
            self.allow(host, private=False)
            self.assert_refused("not on the public internet", "text", host)
            self.allow(host, insecure=False)
            self.assert_refused("it is not https", "text", host)
            self.allow(host)
            self.assertEqual(self.fetch("text", host)[0], "ok")
        # Other notations of the address, other ports, other hosts.
        self.assert_refused("may make no requests", "text", f"127.0.0.2:{port}")
        self.assert_refused("may make no requests", "text", "127.0.0.1")
        self.assertEqual(self.fetch("text", f"2130706433:{port}")[0], "ok")
        self.assert_refused("user or a password", "text", f"user:password@{self.host}")
        self.assert_refused("not https", "text", scheme="ftp")
        self.assert_refused("is refused", "etc/passwd", scheme="file")
        for everything in ["*", f"*:{port}"]:
            self.allow(everything, private=False)
            self.assert_refused("not on the public internet", "text", f"127.0.0.3:{port}" if ":" in everything else "127.0.0.3")

    def test_request_and_response(self):
        self.allow()
        row = self.control.execute(
            "CALL proc.send('POST', %s, '[[\"x-given\", \"value\"], [\"host\", \"elsewhere\"], [\"content-length\", \"3\"]]', 'body')",
            [f"http://{self.host}/echo"],
        ).fetchone()
        response = row[0]["ok"]
        self.assertEqual((response["code"], response["body"]), (201, "body"))
        headers = dict(response["headers"])
        self.assertEqual((headers["x-method"], headers["x-given"]), ("POST", "value"))
        (method, _, sent, body), = self.server.asked
        self.assertEqual((method, sent["host"], body), ("POST", self.host, b"body"))
        self.assertTrue(sent["user-agent"].startswith("spacetime/"))
        for method in ["HEAD", "PUT", "DELETE", "PATCH"]:
            row = self.control.execute("CALL proc.send(%s, %s, '[]', '')", [method, f"http://{self.host}/echo"]).fetchone()
            self.assertEqual(dict(row[0]["ok"]["headers"])["x-method"], method)

    def test_redirects(self):
        """Followed on the same host; any other is the answer, and nobody is asked."""
        self.allow()
        self.assertEqual(self.fetch("here"), ("ok", "grüße"))
        self.assertEqual(self.fetch(f"redirect/localhost:{self.server.server_port}/text"), ("ok", ""))
        self.assertEqual(self.fetch("loop"), ("ok", ""))
        paths = [path for _, path, _, _ in self.server.asked]
        self.assertEqual(paths.count("/text"), 1)
        self.assertLess(len(paths), 15)

    def test_limits(self):
        self.allow()
        outcome, text = self.fetch(f"large/{16 << 20}")
        self.assertEqual((outcome, len(text)), ("ok", 16 << 20))
        self.assert_refused("too long", f"large/{(16 << 20) + 1}")
        self.assert_refused("too long", "endless")
        row = self.control.execute("CALL proc.fetch_within(%s, 200)", [f"http://{self.host}/hang"]).fetchone()
        self.assertIn("no answer in time", row[0]["err"])
        # Nobody listens there.
        self.allow("127.0.0.1:1")
        self.assert_refused("request to http://127.0.0.1:1/x", "x", "127.0.0.1:1")

    def test_cancelled(self):
        """By statement_timeout, and by pg_cancel_backend; what was committed before stays."""
        self.allow()
        self.control.execute("SET statement_timeout = '1s'")
        self.assert_sqlstate("57014", self.control, f"CALL proc.fetch('http://{self.host}/hang')")
        self.control.execute("RESET statement_timeout")
        other = self.connect()
        errors = []

        def call():
            try:
                other.execute(f"CALL proc.record_and_fetch('before', 'http://{self.host}/hang')")
            except psycopg.Error as error:
                errors.append(error.sqlstate)

        thread = threading.Thread(target=call, daemon=True)
        thread.start()
        deadline = time.monotonic() + 30
        while not any(path == "/hang" and len(self.server.asked) > 1 for _, path, _, _ in self.server.asked):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        # No lock of the module, no snapshot is held meanwhile.
        self.control.execute("SET statement_timeout = '30s'")
        self.control.execute("SELECT proc.add_entry('meanwhile')")
        horizon = "SELECT backend_xmin IS NULL AND backend_xid IS NULL FROM pg_stat_activity WHERE pid = %s"
        self.assertEqual(self.control.execute(horizon, [other.info.backend_pid]).fetchone(), (True,))
        self.control.execute("SELECT pg_cancel_backend(%s)", [other.info.backend_pid])
        thread.join(30)
        self.assertEqual(errors, ["57014"])
        texts = self.control.execute("SELECT text FROM proc.entry WHERE text = 'before'").fetchall()
        self.assertEqual(texts, [("before",)])
        # The session is as good as before.
        self.assertEqual(other.execute("CALL proc.add(1, 2)").fetchone(), (3,))

    def test_within_a_transaction(self):
        """Not while the procedure has one open: errno 17, which the SDK does not let happen."""
        self.allow()
        self.assertEqual(self.control.execute("CALL proc.fetch_in_transaction()").fetchone(), (17,))
        # What cannot be read is errno 3.
        self.assertEqual(self.control.execute("CALL proc.http_errnos()").fetchone(), ([3, 3, 3, 3, 21],))
        self.assertEqual(self.server.asked, [])

    def test_rights(self):
        self.control.execute("CREATE ROLE operator LOGIN")
        self.addCleanup(lambda: self.connect().execute("DROP OWNED BY operator; DROP ROLE operator"))
        operator = self.connect(user="operator")
        allow = "SELECT spacetime.allow_http('procedures', 'example.com')"
        self.assert_sqlstate("42501", operator, allow)
        self.assert_sqlstate("42501", operator, "SELECT spacetime.disallow_http('procedures', 'example.com')")
        self.assert_sqlstate("42501", operator, "SELECT * FROM spacetime._http_host")
        self.assert_sqlstate("42501", operator, "SELECT * FROM spacetime.http_hosts")
        self.control.execute("GRANT EXECUTE ON FUNCTION spacetime.allow_http(text, text, boolean, boolean) TO operator")
        operator.execute(allow)
        self.control.execute("GRANT spacetime_admin TO operator")
        hosts = "SELECT host, private_addresses, insecure_http FROM spacetime.http_hosts"
        self.assertEqual(operator.execute(hosts).fetchall(), [("example.com", False, False)])

    def test_what_is_no_host(self):
        for host in ["", "https://example.com", "example.com/path", "a b", "*.*", "user@example.com", ":80"]:
            self.assert_sqlstate("22023", self.control, "SELECT spacetime.allow_http('procedures', %s)", [host])
        everywhere = "SELECT spacetime.allow_http('procedures', '*', private_addresses => true)"
        self.assert_sqlstate("22023", self.control, everywhere)
        self.assert_sqlstate("42704", self.control, "SELECT spacetime.allow_http('nobody', 'example.com')")

    def test_goes_with_the_module(self):
        self.publish(self.control, "chat", "passing")
        self.control.execute("SELECT spacetime.allow_http('passing', 'Example.COM:8443')")
        self.assertEqual(self.control.execute("SELECT host FROM spacetime.http_hosts").fetchall(), [("example.com:8443",)])
        self.control.execute("SELECT spacetime.drop_module('passing')")
        self.assertEqual(self.control.execute("SELECT count(*) FROM spacetime._http_host").fetchone(), (0,))
