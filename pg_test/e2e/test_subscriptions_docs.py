"""The examples of docs/subscriptions.md, run as they stand there."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from harness.cluster import ROOT
from harness.subscription import Subscription
from harness.testcase import ClusterTestCase

PACKAGE = Path(__file__).parent / "node_postgres" / "package.json"
NODE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spacetime-node-postgres"


def example(language, containing=""):
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / "docs/subscriptions.md").read_text(), re.M | re.S)
    return next(block for block in blocks if containing in block)


def install_node_postgres():
    NODE.mkdir(parents=True, exist_ok=True)
    installed = NODE / "package.json"
    if not installed.exists() or installed.read_bytes() != PACKAGE.read_bytes() or not (NODE / "node_modules").exists():
        (NODE / "package.json.new").write_bytes(PACKAGE.read_bytes())
        (NODE / "package.json.new").rename(installed)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=NODE, check=True)


class ExamplesTest(ClusterTestCase):
    def setUp(self):
        self.owner = self.connect()
        self.publish(self.owner, "bank")
        self.owner.execute("SELECT bank.seed(3, 1000)")
        self.addCleanup(self.owner.execute, "SELECT spacetime.drop_module('bank')")

    def test_psql(self):
        # The example waits a second; on a busy machine the notifier's start alone may take longer.
        first = Subscription(self.connect(), "SELECT * FROM bank.account")
        self.owner.execute("SELECT bank.transfer(0, 1, 1)")
        first.next_message()
        output = self.cluster.psql(example("sql", "spacetime.subscribe(").replace("pg_sleep(1)", "pg_sleep(5)")).stdout
        row = next(line for line in output.splitlines() if "|spacetime_" in line)
        self.assertEqual(len(json.loads(row.split("|")[2])), 3)
        payload = re.search(r'with payload "(.*)" received', output)[1]
        told = json.loads(re.search(r"```text.*?with payload \"(.*?)\" received", (ROOT / "docs/subscriptions.md").read_text(), re.S)[1])
        message = json.loads(payload)
        self.assertEqual(message["changes"], told["changes"])
        self.assertEqual(set(message), set(told))

    def follow(self, command, **options):
        """The program's view of what another session does."""
        program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=self.cluster.environment(), **options)
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        self.assertEqual(program.stdout.readline(), "rows 3\n")
        self.owner.execute("SELECT bank.transfer(0, 1, 400)")
        self.assertEqual(program.stdout.readline(), "rows 3 after transfer\n")
        self.owner.execute("SELECT bank.transfer(0, 1, 400)")
        self.assertEqual(program.stdout.readline(), "rows 2 after transfer\n")
        self.owner.execute("INSERT INTO bank.account SELECT i, i FROM generate_series(1001, 2000) i")
        self.assertEqual(program.stdout.readline(), "rows 1002 after SQL\n")

    def test_psycopg(self):
        self.follow([sys.executable, "-c", example("python")])

    def test_node_postgres(self):
        install_node_postgres()
        with tempfile.NamedTemporaryFile("w", suffix=".mjs", dir=NODE) as script:
            script.write(example("js"))
            script.flush()
            self.follow(["node", script.name], cwd=NODE)
