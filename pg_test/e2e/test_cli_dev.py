"""`spacetime dev`, and builds that are interrupted."""

import time

from harness.cluster import free_port
from harness.command import CommandTestCase, processes_of

RENAME = """
    #[reducer]
    pub fn rename(ctx: &ReducerContext, name: String) {
        for person in ctx.db.person().iter() {
            ctx.db.person().id().update(Person { name: name.clone(), ..person });
        }
    }
"""


class DevTest(CommandTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.port, cls.postgres_port = free_port(), free_port()
        cls.server = f"http://127.0.0.1:{cls.port}"

    def setUp(self):
        self.data = self.folder / "data"
        self.serve()

    def serve(self):
        self.process, self.running = self.started(self.data, self.port, "--postgres-port", self.postgres_port)

    def project(self, name):
        """A new one, whose dependencies are built: that may take longer than any other wait."""
        self.spacetime("init", self.folder / name)
        self.spacetime("build", cwd=self.folder / name)
        return self.folder / name

    def dev(self, project, *options):
        log = self.folder / f"{project.name}.log"
        with log.open("w") as output:
            return self.begin("dev", *options, cwd=project, output=output), log

    def wait_until_called(self, what, *arguments):
        def works():
            try:
                self.spacetime("call", *arguments)
                return True
            except AssertionError:
                time.sleep(0.2)
                return False

        self.wait_for(what, works)

    def test_edits(self):
        """An edit is live soon, with the data kept; a broken one shows the compiler's error and changes nothing."""
        live = self.project("live")
        there = ["--server", self.server]
        (live / "spacetime.toml").write_text(
            f'name = "live"\nserver = "{self.server}"\n[generate]\nlang = "typescript"\nout_dir = "bindings"\n'
        )
        dev, log = self.dev(live)
        self.wait_until_called("the first version", "live", "add", "Ada", *there)
        source = live / "src" / "lib.rs"
        text = source.read_text()
        source.write_text(text + RENAME)
        self.wait_until_called("the second version", "live", "rename", "Grace", *there)
        self.assertIn("Grace", self.spacetime("sql", "live", "SELECT * FROM person", *there))
        bindings = live / "bindings" / "index.ts"
        self.wait_for("bindings of the second version", lambda: "rename" in bindings.read_text())
        source.write_text(text + RENAME + "\nthis is no Rust\n")
        self.wait_for("the refusal of the third", lambda: "live stays as it was" in log.read_text())
        self.assertIn("src/lib.rs", log.read_text())
        self.spacetime("call", "live", "rename", "Joan", *there)
        # As many words as it takes: this one compiles and would lose data.
        log.write_text("")
        source.write_text(text.replace("name: String,\n}", "name: u32,\n}").replace("Person { id: 0, name }", "Person { id: 0, name: 1 }"))
        self.wait_for("the refusal of the fourth", lambda: "live stays as it was" in log.read_text())
        self.assertIn("cannot be kept", log.read_text())
        self.assertIn("Joan", self.spacetime("sql", "live", "SELECT * FROM person", *there))
        self.assertEqual(self.interrupt(dev), 0)
        self.assertEqual(processes_of(dev), [])

    def test_restarted_server(self):
        """What was edited while the database was away is live when it is back."""
        project = self.project("patient")
        there = ["--database-url", self.running["database_url"]]
        dev, log = self.dev(project, *there)
        self.wait_until_called("the first version", "patient", "add", "Ada", *there)
        self.spacetime("stop", "--data-dir", self.data)
        self.process.wait()
        source = project / "src" / "lib.rs"
        source.write_text(source.read_text() + RENAME)
        self.wait_for("the news that Postgres is away", lambda: "Waiting for the server" in log.read_text())
        self.serve()
        self.wait_until_called("the second version", "patient", "rename", "Grace", *there)
        self.assertIn("Grace", self.spacetime("sql", "SELECT name FROM patient.person", *there))
        self.assertEqual(self.interrupt(dev), 0)

    def test_interrupted(self):
        """Ctrl-C while something is built or published leaves no process, and the next time it works."""
        project = self.project("hasty")
        there = ["--server", self.server]
        source = project / "src" / "lib.rs"
        text = source.read_text()
        for at, (verb, delay_s) in enumerate([("publish", 0.05), ("publish", 0.5), ("build", 1), ("publish", 2), ("dev", 0.5)]):
            # There is something to do each time.
            source.write_text(text + f"\nconst _ROUND: u32 = {at};\n")
            options = [] if verb == "build" else there
            process = self.begin(verb, *options, cwd=project)
            time.sleep(delay_s)
            self.interrupt(process)
            self.wait_for("the end of the compiler", lambda: not processes_of(process))
        self.spacetime("publish", "--yes", *there, cwd=project)
        self.spacetime("call", "hasty", "add", "Ada", *there)

    def test_bad_input(self):
        project = self.project("strange")
        self.spacetime("dev", "--server", "nobody", cwd=project, fails="no server is called")
        self.spacetime("dev", "--database-url", "postgres://127.0.0.1:1/x", cwd=project, fails="is Postgres running")
        (project / "spacetime.toml").write_text("nmae = 'x'\n")
        self.spacetime("dev", cwd=project, fails="unknown field `nmae`")
        (project / "spacetime.toml").unlink()
        self.spacetime("dev", cwd=project, fails="the module has no name")
        empty = self.folder / "empty"
        empty.mkdir()
        self.spacetime("dev", cwd=empty, fails="is no module")
