"""Reads answers of spacetime.changes: the layout of docs/internals/change-log.md, written a second time."""

import struct
from dataclasses import dataclass, field


@dataclass
class Call:
    reducer: str
    sender: bytes
    connection_id: bytes
    timestamp_us: int
    arguments: bytes
    tag: int


@dataclass
class Table:
    name: str
    is_event: bool
    deletes: list
    inserts: list


@dataclass
class Entry:
    seq: int
    lsn: int
    xid: int
    committed_at_us: int
    module: str
    kind: str
    calls: list = field(default_factory=list)
    tables: dict = field(default_factory=dict)
    version: int = 0
    breaks_clients: bool = False


class Bytes:
    def __init__(self, data):
        self.data, self.at = bytes(data), 0

    def take(self, count):
        taken = self.data[self.at : self.at + count]
        assert len(taken) == count, "truncated"
        self.at += count
        return taken

    def number(self, code):
        return struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]

    def string(self):
        return self.take(self.number("I"))

    def finish(self):
        assert self.at == len(self.data), "trailing bytes"


def _rows(data):
    count, rows = data.number("I"), Bytes(data.string())
    result = [rows.string() for _ in range(count)]
    rows.finish()
    return result


def _entry(raw):
    data = Bytes(raw)
    entry = Entry(
        data.number("Q"), data.number("Q"), data.number("Q"), data.number("q"), data.take(32)[::-1].hex(),
        ["changes", "published", "resync"][data.number("B")],
    )
    if entry.kind == "published":
        entry.version, entry.breaks_clients = data.number("I"), bool(data.number("B"))
    elif entry.kind == "changes":
        for _ in range(data.number("H")):
            entry.calls.append(Call(
                data.string().decode(), data.take(32), data.take(16), data.number("q"), data.string(), data.number("Q")
            ))
        for _ in range(data.number("H")):
            table = Table(data.string().decode(), bool(data.number("B")), _rows(data), _rows(data))
            entry.tables[table.name] = table
    data.finish()
    return entry


@dataclass
class Answer:
    is_resync: bool
    cursor: bytes
    entries: list


def decode(raw) -> Answer:
    data = Bytes(raw)
    assert data.number("B") == 1
    is_resync, cursor = bool(data.number("B")), data.take(16)
    entries = [_entry(data.string()) for _ in range(data.number("I"))]
    data.finish()
    return Answer(is_resync, cursor, entries)


class Reader:
    """A session that follows the change log from now on."""

    def __init__(self, connection):
        self.connection = connection
        self.cursor = self.ask(None).cursor

    def ask(self, cursor, wait_ms=0, max_bytes=1 << 20) -> Answer:
        row = self.connection.execute("SELECT spacetime.changes(%s, %s, %s)", (cursor, max_bytes, wait_ms)).fetchone()
        return decode(row[0])

    def next(self, wait_ms=5000, max_bytes=1 << 20) -> Answer:
        """What was committed since; waits for something."""
        answer = self.ask(self.cursor, wait_ms, max_bytes)
        self.cursor = answer.cursor
        return answer
