"""Compiled code on disk is disposable: whatever happens to it, the next connection compiles the module again, says so in the
server's log where something is wrong, and never runs what does not belong to the module."""

import os
import stat

from harness.testcase import ClusterTestCase


class ArtifactTest(ClusterTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.directory = cls.cluster.data / "spacetime" / "artifacts"

    def setUp(self):
        """Publishes bank and chat afresh, so that each test begins with their artifacts in order."""
        connection = self.connect()
        for module in ["bank", "chat"]:
            connection.execute(
                "SELECT spacetime.drop_module(name) FROM spacetime.modules WHERE name = %s", [module]
            )
            self.publish(connection, module)
        connection.execute("SELECT bank.seed(2, 100)")
        self.log_before = len(self.cluster.log_text())

    def files(self, module, suffix):
        sha256 = self.connect().execute(
            "SELECT wasm_sha256 FROM spacetime.modules WHERE name = %s", [module]
        ).fetchone()[0]
        found = [path for path in self.directory.iterdir() if path.name.startswith(sha256[:32]) and path.name.endswith(suffix)]
        return sorted(found)

    def code(self, module):
        found = self.files(module, ".cwasm")
        self.assertEqual(len(found), 1, found)
        return found[0]

    def replace(self, path, contents):
        """As another program would: by a new file, because sessions have the old one mapped."""
        owner = path.stat()
        path.unlink()
        path.write_bytes(contents)
        path.chmod(0o600)
        os.chown(path, owner.st_uid, owner.st_gid)

    def log(self):
        return self.cluster.log_text()[self.log_before:]

    def call(self):
        """The first call of a new connection works, and is the right module's."""
        connection = self.connect()
        before = connection.execute("SELECT balance FROM bank.account WHERE id = 1").fetchone()[0]
        connection.execute("SELECT bank.transfer(0, 1, 5)")
        after = connection.execute("SELECT balance FROM bank.account WHERE id = 1").fetchone()[0]
        self.assertEqual(after, before + 5)
        self.assertNotIn("terminated by signal", self.log())

    def assert_rebuilt(self, good, warned=True):
        """One connection notices and repairs; the next finds everything in order."""
        self.call()
        self.assertEqual(self.code("bank").read_bytes(), good)
        if warned:
            self.assertIn("is made anew", self.log())
        else:
            self.assertNotIn("is made anew", self.log())
        self.log_before = len(self.cluster.log_text())
        self.call()
        self.assertNotIn("compiled code", self.log())

    def test_in_order(self):
        """Nothing is written when nothing is wrong: otherwise the other tests prove nothing."""
        def written():
            return [path.stat().st_mtime_ns for path in self.files("bank", "")]

        before = written()
        self.call()
        self.assertEqual(written(), before)
        self.assertNotIn("compiled code", self.log())

    def test_private(self):
        """Whoever can write there owns the server."""
        self.assertEqual(stat.S_IMODE(self.directory.stat().st_mode), 0o700)
        for path in self.files("bank", ""):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path)

    def test_damaged_code(self):
        code = self.code("bank")
        good = code.read_bytes()
        middle = len(good) // 2
        damages = {
            "truncated": good[:middle],
            "empty": b"",
            "longer": good + b"\0",
            "garbage": os.urandom(len(good)),
            "one bit": good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1:],
            "of another module": self.code("chat").read_bytes(),
        }
        for name, contents in damages.items():
            with self.subTest(name):
                self.log_before = len(self.cluster.log_text())
                self.replace(code, contents)
                self.assert_rebuilt(good)

    def test_damaged_sum(self):
        (path,) = self.files("bank", ".sum")
        good = self.code("bank").read_bytes()
        right = path.read_bytes()
        for contents in [b"", b"\xff\xfe", right[:20], right.replace(b" ", b"  "), b"9" * 100_000]:
            with self.subTest(contents[:20]):
                self.log_before = len(self.cluster.log_text())
                self.replace(path, contents)
                self.assert_rebuilt(good)
                self.assertEqual(path.read_bytes(), right)

    def test_files_of_another_module(self):
        """Code and sum of chat under the names of bank: they fit each other, and are not bank's."""
        code, (sum_,) = self.code("bank"), self.files("bank", ".sum")
        good = code.read_bytes()
        foreign_code, (foreign_sum,) = self.code("chat"), self.files("chat", ".sum")
        key = sum_.name.removesuffix(".sum")
        foreign_key = foreign_sum.name.removesuffix(".sum")
        self.replace(code, foreign_code.read_bytes())
        self.replace(sum_, foreign_sum.read_bytes())
        code.rename(self.directory / foreign_code.name.replace(foreign_key, key))
        self.call()
        self.assertIn(good, [path.read_bytes() for path in self.files("bank", ".cwasm")])

    def test_missing(self):
        good = self.code("bank").read_bytes()
        (sum_,) = self.files("bank", ".sum")
        with self.subTest("code"):
            self.code("bank").unlink()
            self.assert_rebuilt(good)
        with self.subTest("sum"):
            sum_.unlink()
            self.assert_rebuilt(good, warned=False)
        with self.subTest("directory"):
            for path in self.directory.iterdir():
                path.unlink()
            self.directory.rmdir()
            self.assert_rebuilt(good, warned=False)

    def test_links_and_folders(self):
        """What is not a plain file is not followed or read."""
        good = self.code("bank").read_bytes()
        code = self.code("bank")
        elsewhere = self.cluster.directory / "elsewhere.cwasm"
        elsewhere.write_bytes(good)
        with self.subTest("link"):
            code.unlink()
            code.symlink_to(elsewhere)
            self.assert_rebuilt(good)
            self.assertFalse(code.is_symlink())
        with self.subTest("folder"):
            code.unlink()
            code.mkdir()
            self.call()
            self.assertNotIn("could not be mapped", self.log())
            code.rmdir()
            self.call()

    def test_read_only_directory(self):
        for path in self.files("bank", ""):
            path.unlink()
        self.directory.chmod(0o500)
        self.addCleanup(self.directory.chmod, 0o700)
        self.call()
        self.assertIn("could not be written", self.log())
        self.assertEqual(self.files("bank", ""), [])
        self.directory.chmod(0o700)
        self.call()
        self.assertEqual(len(self.files("bank", ".cwasm")), 1)

    def test_running_sessions_keep_their_code(self):
        """A session that has the file mapped is not disturbed by what happens to the folder."""
        connection = self.connect()
        connection.execute("SELECT bank.transfer(0, 1, 5)")
        for path in self.files("bank", ""):
            path.unlink()
        connection.execute("SELECT bank.transfer(0, 1, 5)")
        connection.execute("DO $$ BEGIN PERFORM bank.transfer(0, 1, 500); EXCEPTION WHEN OTHERS THEN NULL; END $$")
        connection.execute("SELECT bank.transfer(0, 1, 5)")
        self.assertEqual(connection.execute("SELECT balance FROM bank.account WHERE id = 1").fetchone(), (115,))
