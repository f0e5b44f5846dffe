"""Names as modules and clients write them, and what lifecycle reducers write (wire.md §4.5, §1.4)."""

import struct

from harness.gateway import GatewayTestCase


class NamesTest(GatewayTestCase):
    modules = ["names", "chat"]

    def test_canonical_names_and_those_of_the_source(self):
        """Queries may use either, messages have the canonical ones."""
        self.sql.execute('INSERT INTO names."MixedCase" VALUES (7, 9), (8, 10); INSERT INTO names.mixedcase VALUES (7)')
        seven, eight = struct.pack("<II", 7, 9), struct.pack("<II", 8, 10)
        client = self.client("names")
        numbers = {}
        for query, rows in [
            ("SELECT * FROM MixedCase", [seven, eight]),
            ("SELECT * FROM mixed_case", [seven, eight]),
            ("SELECT * FROM mixed_case WHERE theId = 7", [seven]),
            ("SELECT * FROM MixedCase WHERE the_id = 7", [seven]),
            ("SELECT a.* FROM mixed_case a JOIN lower_case b ON a.theId = b.id", [seven]),
            ("SELECT a.* FROM MixedCase a JOIN mixedcase b ON a.the_id = b.id", [seven]),
        ]:
            self.assertEqual({name: sorted(found) for name, found in client.one_off(query).items()}, {"MixedCase": rows}, query)
            numbers[query] = client.subscribe(query)
            self.assertEqual(client.rows(numbers[query], "MixedCase"), dict.fromkeys(rows, 1), query)
        self.sql.execute('INSERT INTO names.mixedcase VALUES (8); DELETE FROM names."MixedCase" WHERE the_id = 7')
        for query, number in numbers.items():
            client.wait_for(number, "MixedCase", {} if "7" in query else {eight: 1})
        self.assertRegex(client.refusal("SELECT * FROM mixedCase"), "no such table: `mixedCase`")

    def test_rows_of_lifecycle_reducers(self):
        """Who connects finds what `client_connected` wrote for it; others see who comes and who leaves."""
        first = self.client("chat")
        number = first.subscribe("SELECT * FROM session")
        [own] = first.rows(number, "session")
        self.assertEqual(own[16:48][::-1].hex(), first.identity)
        second = self.client("chat")
        [other] = set(second.rows(second.subscribe("SELECT * FROM session"), "session")) - {own}
        self.assertEqual(other[16:48][::-1].hex(), second.identity)
        first.wait_for(number, "session", {own: 1, other: 1})
        second.close()
        first.wait_for(number, "session", {own: 1})
