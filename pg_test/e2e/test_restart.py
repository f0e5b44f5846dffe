"""What a module keeps over a restart of the server: its rows, identities, sequence and clock."""

from harness.testcase import ClusterTestCase

CALLS = "SELECT note, sender, database_identity, issuer, subject FROM semantics.call ORDER BY id DESC LIMIT 1"
PASSED_ON = "SELECT call_reducer('semantics', 'record_call', %s)"


class RestartTest(ClusterTestCase):
    def test_restart(self):
        connection = self.connect()
        self.publish(connection, "semantics")
        connection.execute("CREATE ROLE alice LOGIN IN ROLE spacetime_client")
        senders = {}
        for mode in ["fast", "fast", "immediate"]:
            for user in ["postgres", "alice"]:
                session = self.connect(user=user)
                for _ in range(10):
                    session.execute(PASSED_ON, [f'["{mode}"]'])
                call = self.connect().execute(CALLS).fetchone()
                # The first round says what the later ones must repeat.
                self.assertEqual(senders.setdefault(user, call[1:]), call[1:])
                self.assertEqual(session.execute("SELECT spacetime.sender()").fetchone()[0], call[1])
            self.cluster.restart(mode)
        self.assertNotEqual(senders["postgres"][0], senders["alice"][0])
        connection = self.connect()
        ids, times, connections = zip(*connection.execute(
            "SELECT id, timestamp, connection_id FROM semantics.call ORDER BY id"
        ).fetchall(), strict=True)
        self.assertEqual(len(ids), 60)
        # A crash may skip numbers of a sequence, and gives none twice.
        self.assertEqual(ids[:40], tuple(range(1, 41)))
        self.assertEqual(sorted(set(ids)), list(ids))
        self.assertTrue(all(earlier < later for earlier, later in zip(times, times[1:])), times)
        # One connection id per session, never the same again.
        self.assertEqual(len(set(connections)), 6)
        self.assertNotIn(None, connections)

    def test_clock_set_back(self):
        """The wall clock may go back; the module's does not. (Moving its last timestamp ahead looks the same.)"""
        connection = self.connect()
        self.publish(connection, "semantics", "ahead")
        connection.execute("SELECT ahead.record_call('now')")
        identity = connection.execute("SELECT identity FROM spacetime.modules WHERE name = 'ahead'").fetchone()[0]
        state = next((self.cluster.data / "spacetime").glob(f"*/state/{identity}"))
        self.cluster.stop()
        before = int.from_bytes(state.read_bytes()[:8], "little")
        hour_us = 3_600_000_000
        with state.open("r+b") as file:
            file.write((before + hour_us).to_bytes(8, "little"))
        self.cluster.start()
        connection = self.connect()
        for _ in range(2):
            connection.execute("SELECT ahead.record_call('later')")
        times = [row[0] for row in connection.execute("SELECT timestamp FROM ahead.call ORDER BY id")]
        self.assertEqual((times[1] - times[0]).total_seconds() * 1e6, hour_us + 1)
        self.assertEqual((times[2] - times[1]).total_seconds() * 1e6, 1)
