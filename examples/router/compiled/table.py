"""The compiled flow table behind the interface of `FlowTable`."""

from __future__ import annotations

import ctypes
import secrets
import struct
from collections import deque
from dataclasses import asdict, fields
from functools import cache
from time import perf_counter
from typing import TYPE_CHECKING

from edge_infer import Incompatible, Unavailable
from examples.router.features import NAMES
from examples.router.flows.due import Due
from examples.router.flows.flow import SECOND
from examples.router.flows.opening import OPENINGS
from examples.router.flows.portless import Counters, Portless
from examples.router.flows.table import CAPACITY, HOSTS
from examples.router.packets import dissect
from examples.router.packets.files import frames_of, open_capture
from examples.router.packets.pcap import CUT_SHORT, MAGICS, TOO_LONG, layout_of
from examples.router.packets.transport import FRAGMENT, IDENTIFICATION_SHIFT, LATER_FRAGMENT

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

    from examples.router.flows.due import Block
    from examples.router.flows.link_control import Key
    from examples.router.packets import Frame
    from examples.router.packets.stream import Stream

ABI = 6
MOST_BATCH = 4096
"""Rows that may be waited for, beside those that one packet may bring."""

MOST_AT_ONCE = 64
"""Rows that a lazy table brings at once: thousands of flows may end on one whole second."""

MOST_ENDED = 1024
"""Flows that a lazy table ends at once: more are a matter of the next call, before any packet."""

NO_LIMIT = (1 << 32) - 1

_MORE, _BATCH, _RARE, _DAMAGED = range(4)
_PLAIN, _FIRST, _LATER = range(1, 4)
_FLAGS = (1 << 17) - 1

_LOW = (1 << 64) - 1
_key = struct.Struct("=QQQQIHH")
_packet = struct.Struct("=QQQQIHHIIQQ")
_record = {order: struct.Struct(order + "IIII") for order in "<>"}
_due = struct.Struct("=QQQQIHHQqqqdii")
_ROW_BYTES = 8 * len(NAMES)


class _State(ctypes.Structure):
    """The beginning of `table` in flows.h."""

    packets: int
    unread: int
    link_control: int
    errors: int
    due_number: int
    dues_at: int
    rows_at: int

    _fields_ = [
        *((one.name, ctypes.c_uint64) for one in fields(Counters)),
        ("due_number", ctypes.c_uint64),
        ("hosts_evicted", ctypes.c_uint64),
        ("flows_now", ctypes.c_uint64),
        ("covered", ctypes.c_int64),
        ("dues_at", ctypes.c_void_p),
        ("rows_at", ctypes.c_void_p),
    ]


class CompiledFlow:
    """What the judge keeps of a flow; what it begins with is the class's own: many end at once."""

    is_malicious = False
    score = -1.0
    reasons: list[str] = []  # noqa: RUF012 - replaced, never appended to

    def __init__(self, key: Key, first_ns: int) -> None:
        self.key = key
        self.first_ns = first_ns


class CompiledTable(Portless):
    """As `FlowTable`. What is rare comes here from the C, is read in Python, and goes back."""

    def __init__(self, path: Path, *, capacity: int = CAPACITY, hosts: int = HOSTS) -> None:
        """Make an empty one.

        Raises:
            Unavailable: the file does not load here, or there is no memory.
            Incompatible: it is of another version.
        """
        super().__init__()
        self.due: list[Due] = []
        self._library = library = _load(path)
        table = library.flows_make(capacity, hosts, secrets.randbits(64), MOST_BATCH)
        if not table:
            raise Unavailable(
                "there is no memory for the compiled flow table",
                expected="43 MB of address space",
                hint="--table python takes memory as flows come",
            )
        self._table = ctypes.c_void_p(table)
        self._state = _State.from_address(table)
        self._frame = library.flows_frame
        self._ahead = perf_counter() - library.flows_now()
        self._flows: dict[int, CompiledFlow] = {}
        self.is_lazy = False
        self.late_rows = 0
        self.most_waiting = 4096
        self._late: deque[tuple[memoryview, memoryview[float]]] = deque()

    def __del__(self) -> None:
        table = getattr(self, "_table", None)
        if table is not None:
            self._library.flows_free(table)

    def __len__(self) -> int:
        self._library.flows_sum_up(self._table)
        return int(self._state.flows_now)

    @property
    def counters(self) -> Counters:
        """What it saw until now."""
        return Counters(*(getattr(self._state, one.name) for one in fields(Counters)))

    @property
    def seconds(self) -> float:
        """Time that the frames covered, at most a minute for each pause."""
        return float(self._state.covered / SECOND)

    def summary(self) -> dict[str, object]:
        """Counters, problems by cause and how full the tables are."""
        self._library.flows_sum_up(self._table)
        return {
            **asdict(self.counters),
            "hosts_evicted": self._state.hosts_evicted,
            "problems": self.problems.as_dict(),
        }

    def add(self, frame: Frame) -> None:
        """One frame, in the order of capture."""
        time_ns, linktype, data, _ = frame
        if type(data) is not bytes:
            data = bytes(data)
        if not self._frame(self._table, time_ns, linktype, data, len(data)):
            self._add_rare(time_ns, linktype, data)
        if self._state.due_number:
            self._fetch()

    def take_file(self, path: str | os.PathLike[str], batch: int) -> Iterator[None]:
        """All frames of a capture file; a halt whenever `batch` rows are due.

        Raises:
            BadInput: it is no capture file at all.
            Unavailable: it cannot be opened.
        """
        with open_capture(path, self.problems) as stream:
            if stream.data[stream.at : stream.at + 4] in MAGICS:
                yield from self._take_pcap(stream, min(batch, MOST_BATCH))
                return
            for frame in frames_of(stream, self.problems):
                self.add(frame)
                if len(self.due) >= batch:
                    yield

    def take_block(self, block: Block, batch: int) -> Iterator[None]:
        """All frames of a ring's block; a halt whenever `batch` rows are due."""
        memory = ctypes.addressof(ctypes.c_char.from_buffer(block.ring)) + block.start
        at, left = ctypes.c_uint64(block.first), ctypes.c_uint32(block.number)
        where = memory, block.size, ctypes.byref(at), ctypes.byref(left)
        how = block.linktype, batch, self._most_ended
        while left.value:
            found = self._library.flows_block(self._table, *where, *how)
            if found == _RARE:
                frame, step = block.frame(at.value)
                self._add_rare(frame.timestamp_ns, frame.linktype, bytes(frame.captured))
                at.value += step
                left.value = left.value - 1 if step else 0
            self._fetch()
            if found == _BATCH or len(self.due) >= batch:
                yield
            if found == _DAMAGED:
                return

    def end(self, most: int = CAPACITY) -> bool:
        """No more packets come: `most` flows end; whether there are others."""
        is_left: int = self._library.flows_end(self._table, most)
        self._fetch()
        return is_left != 0

    def tick(self, time_ns: int) -> bool:
        """No packet before this time is still to come; whether it has to be told again at once."""
        is_all = self._library.flows_tick(self._table, time_ns, self._most_ended)
        self._fetch()
        return not is_all

    @property
    def _most_ended(self) -> int:
        return MOST_ENDED if self.is_lazy else NO_LIMIT

    def _take_pcap(self, stream: Stream, batch: int) -> Iterator[None]:
        """The loop of `read_pcap`, of which the C does all but the rare."""
        layout = layout_of(stream, self.problems)
        if layout is None:
            return
        order, unit_ns, linktype = layout
        unpack, at = _record[order].unpack_from, ctypes.c_uint64()
        records, how = self._library.flows_pcap, (order == ">", unit_ns, linktype)
        while stream.fill(16):
            at.value = stream.at
            found = records(self._table, stream.data, stream.end, ctypes.byref(at), *how, batch)
            stream.at = at.value
            yield from self._fetch_in_parts(batch)
            if found == _BATCH or stream.end - stream.at < 16:
                continue
            if found == _DAMAGED:
                self.problems.add(TOO_LONG)
                return
            seconds, fraction, captured, _ = unpack(stream.data, stream.at)
            if found == _MORE and not stream.fill(16 + captured):
                break
            if found == _RARE:
                start = stream.at + 16
                stream.at = start + captured
                time_ns = seconds * SECOND + fraction * unit_ns
                self._add_rare(time_ns, linktype, stream.data[start : stream.at])
        if stream.at < stream.end:
            self.problems.add(CUT_SHORT)

    def _add_rare(self, time_ns: int, linktype: int, data: bytes) -> None:
        """As `FlowTable.add`, of a frame that the C does not read."""
        state = self._state
        state.packets += 1
        packet = dissect(linktype, data)
        if isinstance(packet, str):
            state.unread += 1
            self.problems.add(packet)
            return
        while not self._library.flows_end_before(self._table, time_ns, self._most_ended):
            self._fetch()
        self._library.flows_advance(self._table, time_ns)
        source, destination, source_port, destination_port, protocol, flags, size, at = packet
        if not (source_port or destination_port):
            if self.without_ports(packet, data, state) is None:
                return
            how = _LATER if flags & LATER_FRAGMENT else _PLAIN
        else:
            how = _FIRST if flags & FRAGMENT else _PLAIN
        key = source, destination, source_port, destination_port, protocol
        told = _packet.pack(*_halves(key), flags & _FLAGS, flags >> IDENTIFICATION_SHIFT, size, at)
        self._library.flows_packet(self._table, time_ns, told, data, len(data), how)

    def _looked_for(self, source: int, destination: int) -> None:
        self._library.flows_asked(self._table, source, destination)

    def _failed(self, key: Key) -> None:
        self._library.flows_refused(self._table, _key.pack(*_halves(key)))

    def _fetch(self) -> None:
        """Take over what is due."""
        number = self._state.due_number
        if not number:
            return
        dues, rows = self._taken(0, number)
        self._state.due_number = 0
        if self.is_lazy and number > MOST_AT_ONCE:
            # Of what one packet brings, all but the last row are of flows that it has ended.
            self._late.append((dues[: -_due.size], rows[: -len(NAMES)]))
            self.late_rows += number - 1
            dues, rows = dues[-_due.size :], rows[-len(NAMES) :]
        self._read(dues, rows)

    def _fetch_in_parts(self, batch: int) -> Iterator[None]:
        """As `_fetch`, with a halt whenever `batch` rows are due: one packet may end all flows."""
        number = self._state.due_number
        for start in range(0, number, batch):
            self._read(*self._taken(start, min(batch, number - start)))
            if len(self.due) >= batch:
                yield
        self._state.due_number = 0

    def _taken(self, start: int, number: int) -> tuple[memoryview, memoryview[float]]:
        """Copies of what the C has written of so many rows."""
        state, string_at = self._state, ctypes.string_at
        dues = string_at(state.dues_at + start * _due.size, number * _due.size)
        rows = string_at(state.rows_at + start * _ROW_BYTES, number * _ROW_BYTES)
        return memoryview(dues), memoryview(rows).cast("d")

    def late(self, most: int) -> None:
        """Bring rows that were left for later, into `due`."""
        if not self._late:
            return
        dues, rows = self._late.popleft()
        size, width = most * _due.size, most * len(NAMES)
        if len(dues) > size:
            self._late.appendleft((dues[size:], rows[width:]))
        self.late_rows -= min(len(dues), size) // _due.size
        self._read(dues[:size], rows[:width])

    def _read(self, dues: memoryview, rows: memoryview[float]) -> None:
        """Rows as Python has them."""
        flows, f, start, ahead = self._flows, len(NAMES), 0, self._ahead
        new, append = tuple.__new__, self.due.append
        for (
            sh, sl, dh, dl, protocol, source_port, port, serial, first, last, seen, asked, ended,
            opening,
        ) in _due.iter_unpack(dues):  # fmt: skip
            flow = flows.pop(serial, None) if flows else None
            if flow is None:
                key = (sh << 64 | sl, dh << 64 | dl, source_port, port, protocol)
                flow = CompiledFlow(key, first)
            if not ended:
                flows[serial] = flow
            stop = start + f
            end, how = ended == 1, OPENINGS[opening]
            append(new(Due, (flow, rows[start:stop], end, asked + ahead, seen, last, how)))
            start = stop


def _halves(key: Key) -> tuple[int, ...]:
    """A key as `flows.h` has it."""
    source, destination, source_port, destination_port, protocol = key
    return (
        source >> 64, source & _LOW, destination >> 64, destination & _LOW, protocol,
        source_port, destination_port,
    )  # fmt: skip


@cache
def _load(path: Path) -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise Unavailable(
            "the compiled flow table does not load here",
            actual=error,
            hint="build it for this machine: python3 -m examples.router compile",
        ) from error
    pointer, number, wide = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint64
    time_ns, data, size = ctypes.c_int64, ctypes.c_char_p, ctypes.c_size_t
    if library.flows_abi() != ABI:
        raise Incompatible(
            f"{path}: a flow table of another version",
            expected=f"version {ABI}",
            actual=f"version {library.flows_abi()}",
            hint="build it again: python3 -m examples.router compile",
        )
    for name, answer, *taken in (
        ("make", pointer, number, number, wide, number),
        ("free", None, pointer),
        ("now", ctypes.c_double),
        ("end", ctypes.c_int, pointer, number),
        ("sum_up", None, pointer),
        ("advance", None, pointer, time_ns),
        ("tick", ctypes.c_int, pointer, time_ns, number),
        ("end_before", ctypes.c_int, pointer, time_ns, number),
        ("packet", None, pointer, time_ns, data, data, size, ctypes.c_int),
        ("refused", None, pointer, data),
        ("asked", None, pointer, number, number),
        ("block", ctypes.c_int, pointer, pointer, size, pointer, pointer, number, wide, number),
        ("frame", ctypes.c_int, pointer, time_ns, number, data, size),
        ("pcap", ctypes.c_int, pointer, data, size, pointer, ctypes.c_int, time_ns, number, wide),
    ):
        function = getattr(library, f"flows_{name}")
        function.restype, function.argtypes = answer, taken
    return library
