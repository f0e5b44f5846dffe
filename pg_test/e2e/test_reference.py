"""docs/reference.md names what there is: every function, view and setting, and nothing else."""

import re

from harness.cluster import ROOT
from harness.testcase import ClusterTestCase

REFERENCE = (ROOT / "docs" / "reference.md").read_text()


class ReferenceTest(ClusterTestCase):
    def names(self, query):
        return {row[0] for row in self.connect().execute(query)}

    def test_functions(self):
        there = self.names(
            "SELECT p.proname FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid"
            " JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid"
            " WHERE e.extname = 'spacetime' AND p.proname !~ '^_|_handler$|_inline$|_validator$'"
        )
        documented = set(re.findall(r"`(?:CALL )?(?:spacetime\.)?([a-z_]+)\(", REFERENCE))
        self.assertEqual(documented, there)

    def test_parameters(self):
        """By name, as they are called."""
        query = (
            "SELECT pg_get_function_identity_arguments(p.oid) FROM pg_proc p WHERE p.proname = %s"
            " AND p.pronamespace IN ('public'::regnamespace, 'spacetime'::regnamespace)"
        )
        connection = self.connect()
        for name, parameters in re.findall(r"`(?:CALL )?(?:spacetime\.)?([a-z_]+)\(([^)]*)\)`", REFERENCE):
            with self.subTest(name):
                documented = [parameter.split()[0] for parameter in parameters.split(",") if parameter.strip()]
                arguments = connection.execute(query, (name,)).fetchone()[0]
                there = [argument.split() for argument in arguments.split(",") if argument.strip()]
                self.assertEqual(documented, [words[1] if words[0] == "IN" else words[0] for words in there if words[0] not in ("OUT", "INOUT")])

    def test_views(self):
        there = self.names("SELECT relname FROM pg_class WHERE relnamespace = 'spacetime'::regnamespace AND relkind = 'v'")
        documented = re.findall(r"^\| (`spacetime\.[a-z_`, .]+`) \|", REFERENCE, re.M)
        views = {name for line in documented for name in re.findall(r"spacetime\.([a-z_]+)", line)}
        settings = self.names("SELECT split_part(name, '.', 2) FROM pg_settings WHERE name LIKE 'spacetime.%'")
        self.assertEqual(views - settings, there)

    def test_settings(self):
        there = dict(self.connect().execute("SELECT name, boot_val FROM pg_settings WHERE name LIKE 'spacetime.%'").fetchall())
        documented = re.findall(r"^\| `(spacetime\.[a-z_]+)` \| .* \| (?:`([a-z]+)`|([0-9]+)) \|$", REFERENCE, re.M)
        self.assertEqual({name: word or number for name, word, number in documented}, there)
