"""The flow table: packets in, rows out, in memory that does not grow.

A flow gives a row after its 8th packet, its 64th, its 512th and so on, and when it ends: closed,
idle, or evicted because the table is full. Time is a clock of the table's own that never goes
back: where a capture's clock steps back by more than a second, it goes on from there.
"""

from __future__ import annotations

from array import array
from dataclasses import asdict
from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING

from examples.router.features import row_of
from examples.router.flows.due import Due
from examples.router.flows.flow import (
    CONNECTION_NS,
    DETAILED,
    EXCHANGE_NS,
    LINGER_NS,
    ODD_STARTS,
    ROW_FACTOR,
    RST,
    SECOND,
    SYN,
    Flow,
)
from examples.router.flows.hosts import Hosts, Source, Target, host_of
from examples.router.flows.opening import APART, is_opened_anew, is_opened_by, opening_of
from examples.router.flows.portless import Counters, Portless
from examples.router.packets import dissect, read_file
from examples.router.packets.transport import FRAGMENT, TCP

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from examples.router.flows.due import Block
    from examples.router.flows.link_control import Key
    from examples.router.packets import Frame, Packet

CAPACITY = 16_384
"""Flows; with as many details as they keep, about 20 MB."""

HOSTS = 4_096
"""Sources, and as many targets."""

SWEEP_NS = SECOND
STEP_BACK_NS = SECOND
PAUSE_NS = 60 * SECOND
LAST_NS = 1 << 62
"""The year 2116: times beyond are no times, and the clock does not follow them."""

MOST_ENDED = 256
"""Flows that a lazy table ends at once: more are a matter of the next call, before any packet."""


class FlowTable(Portless):
    """Takes frames, and appends to `due` the rows that they complete."""

    def __init__(self, *, capacity: int = CAPACITY, hosts: int = HOSTS) -> None:
        super().__init__()
        self.due: list[Due] = []
        self.is_lazy = False
        self.late_rows = 0
        self.most_waiting = 2048
        self.counters = Counters()
        self._capacity = capacity
        self._flows: dict[Key, Flow] = {}
        self._sources = Hosts(Source, hosts)
        self._targets = Hosts(Target, hosts)
        self._clock_ns = self._offset_ns = self._sweep_ns = 0
        self._covered_ns = -PAUSE_NS  # the first frame comes after a pause
        self._before_ns: int | None = None
        """The clock, when flows were ended that the next packet ends."""

    def __len__(self) -> int:
        return len(self._flows)

    @property
    def seconds(self) -> float:
        """Time that the frames covered, at most a minute for each pause."""
        return self._covered_ns / SECOND

    def summary(self) -> dict[str, object]:
        """Counters, problems by cause and how full the tables are."""
        return {
            **asdict(self.counters),
            "hosts_evicted": self._sources.evicted + self._targets.evicted,
            "problems": self.problems.as_dict(),
        }

    def add(self, frame: Frame) -> None:
        """One frame, in the order of capture."""
        packet = self._read(frame)
        if packet is not None:
            self._take(frame, packet)

    def _read(self, frame: Frame) -> Packet | None:
        self.counters.packets += 1
        packet = dissect(frame.linktype, frame.captured)
        if isinstance(packet, str):
            self.counters.unread += 1
            self.problems.add(packet)
            return None
        return packet

    def _take(self, frame: Frame, packet: Packet) -> None:
        time_ns, _, data, _ = frame
        now = time_ns + self._offset_ns
        if now < self._clock_ns or now > LAST_NS:
            now = self._stepped(now)
        gap_ns = now - (self._clock_ns if self._before_ns is None else self._before_ns)
        self._before_ns = None
        self._covered_ns += gap_ns if gap_ns < PAUSE_NS else PAUSE_NS
        if now >= self._sweep_ns:
            self._sweep(now)
            if not self._flows:
                self._sweep_ns = (now // SWEEP_NS + 1) * SWEEP_NS
        self._clock_ns = now
        source, destination, source_port, destination_port, protocol, flags, size, at = packet
        if not (source_port or destination_port):
            ports = self.without_ports(packet, data, self.counters)
            if ports is None:
                return
            source_port, destination_port = ports
        elif flags >= FRAGMENT:
            self.first_fragment(packet)
        key = (source, destination, source_port, destination_port, protocol)
        up, is_new = True, False
        flow = self._flows.get(key)
        if flow is not None:
            if flow.opening == "inferred":
                is_new = is_opened_anew(key, flags, at, data)
        else:
            flow = self._flows.get((destination, source, destination_port, source_port, protocol))
            up = False
            if flow is not None and flow.opening != "seen":
                is_new = is_opened_by(flow.opening, key, flags, at, data)
        if flow is None or is_new or flow.is_reopened_by(flags):
            if flow is not None:
                self._end(flow)
            flow, up = self._open(key, time_ns, flags, at, data)
        flow.seen_ns = now
        flow.last_ns = time_ns
        flow.packets = number = flow.packets + 1
        if up:
            flow.up += 1
            flow.bytes_up += size
        else:
            flow.down += 1
            flow.bytes_down += size
            if not flow.is_answered:
                self._answered(flow, flags)
        if flow.protocol == TCP and flags & 7:
            flow.connection(up, flags)
        if number <= DETAILED:
            flow.detail(up, flags, size, at, data)
        if number == flow.next_row:
            flow.next_row *= ROW_FACTOR
            self._row(flow, False)

    def take_file(self, path: str | os.PathLike[str], batch: int) -> Iterator[None]:
        """All frames of a capture file; a halt whenever `batch` rows are due.

        Raises:
            BadInput: it is no capture file at all.
            Unavailable: it cannot be opened.
        """
        add, due = self.add, self.due
        for frame in read_file(path, self.problems):
            add(frame)
            if len(due) >= batch:
                yield

    def take_block(self, block: Block, batch: int) -> Iterator[None]:
        """All frames of a ring's block; a halt whenever `batch` rows are due."""
        due = self.due
        for frame in block.frames():
            packet = self._read(frame)
            if packet is None:
                continue
            while self._ends_more(frame.timestamp_ns):
                yield
            self._take(frame, packet)
            if len(due) >= batch:
                yield

    def late(self, most: int) -> None:
        """Nothing: here a row is what it costs, and none is left for later."""

    def end(self, most: int = CAPACITY) -> bool:
        """No more packets come: `most` flows end; whether there are others."""
        for flow in list(islice(self._flows.values(), most)):
            self._end(flow)
        return bool(self._flows)

    def tick(self, time_ns: int) -> bool:
        """No packet before this time is still to come; whether it has to be told again at once.

        The rows are those that the next packet would have brought, only sooner. The table's clock
        does not follow it beyond the last of them: the host's clock may be set back again before a
        packet comes, and flows that come then must end in their time.
        """
        now = time_ns + self._offset_ns
        if LAST_NS >= now >= self._clock_ns and now >= self._sweep_ns and self._sweep_ns:
            return not self._sweep(now, MOST_ENDED if self.is_lazy else None)
        return False

    def _ends_more(self, time_ns: int) -> bool:
        """The same for a packet at hand, which counts for the time that was covered."""
        clock_ns = self._clock_ns
        is_more = self.tick(time_ns)
        if self._clock_ns != clock_ns and self._before_ns is None:
            self._before_ns = clock_ns
        return is_more

    def _stepped(self, now: int) -> int:
        """The table's clock where the capture's went back, or away: it stands still."""
        if self._clock_ns - now > STEP_BACK_NS or now > LAST_NS:
            self.counters.clock_steps += 1
            self._offset_ns += self._clock_ns - now
        return self._clock_ns

    def _looked_for(self, source: int, destination: int) -> None:
        now = self._clock_ns
        self._sources.get(source, now).opened(now, destination, 0, True)

    def _failed(self, key: Key) -> None:
        flow = self._flows.get(key)
        if flow is not None and not flow.is_answered:
            self._refused(flow)

    def _open(
        self, key: Key, time_ns: int, flags: int, at: int, data: bytes | memoryview
    ) -> tuple[Flow, bool]:
        """A new flow, and whether its first packet goes up: an answer does not."""
        opening = opening_of(key, flags, at, data)
        up = opening != "inferred"
        if not up:
            key = (key[1], key[0], key[3], key[2], key[4])
        if len(self._flows) >= self._capacity:
            self._make_room()
        now = self._clock_ns
        target = self._targets.get(host_of(key[1], key[4]), now)
        opener = host_of(key[0], key[4])
        source = self._sources.get(opener if up else opener ^ APART, now)
        flow = self._flows[key] = Flow(key, now, time_ns, source, target, opening)
        self.counters.flows += 1
        if len(self._flows) > self.counters.most_flows:
            self.counters.most_flows = len(self._flows)
        if flow.protocol == TCP:
            if flags & 0x17 == SYN:
                flow.limit_ns = LINGER_NS
                target.handshake(now, 1)
                flow.is_handshake = True
            elif flags & 0x3F in ODD_STARTS and (key[2] or key[3]):  # fragments alone have neither
                flow.odd = True
                flow.limit_ns = LINGER_NS
        flow.source_host.opened(now, key[1], key[3], flow.is_multicast)
        return flow, up

    def _answered(self, flow: Flow, flags: int) -> None:
        """The first packet down: an answer, unless it is TCP's refusal."""
        if flow.protocol == TCP:
            if flags & RST:
                self._refused(flow)
                return
            flow.limit_ns = CONNECTION_NS
            if flow.is_handshake:
                flow.target_host.handshake(self._clock_ns, -1)
        else:
            flow.limit_ns = EXCHANGE_NS
        flow.is_answered = True
        if not flow.is_multicast:
            flow.source_host.answered(self._clock_ns)

    def _refused(self, flow: Flow) -> None:
        if not flow.is_refused:
            flow.is_refused = True
            flow.source_host.refused(self._clock_ns)

    def _sweep(self, now: int, most: int | None = None) -> bool:
        """Ends the flows that were idle for longer than they may be; whether that was all.

        Always on the whole seconds of the table's clock, one after another, so that it does not
        matter to any row when somebody looked.
        """
        flows = self._flows
        while self._sweep_ns <= now and flows:
            self._clock_ns = at = self._sweep_ns
            idle = (one for one in flows.values() if at - one.seen_ns > one.limit_ns)
            ending = list(islice(idle, most))
            for flow in ending:
                self._end(flow)
            if most is not None:
                most -= len(ending)
                if not most:
                    return False
            self._sweep_ns = at + SWEEP_NS
        return True

    def _make_room(self) -> None:
        """Evicts a few flows, the oldest first; one that had packets since it was last looked at
        goes to the end of the line instead (the clock algorithm).
        """
        wanted = max(self._capacity // 64, 1)
        while wanted:
            for flow in list(islice(self._flows.values(), 2 * wanted)):
                if flow.packets > flow.looked:
                    flow.looked = flow.packets
                    self._flows[flow.key] = self._flows.pop(flow.key)
                elif wanted:
                    wanted -= 1
                    self.counters.evicted += 1
                    self._end(flow)

    def _end(self, flow: Flow) -> None:
        del self._flows[flow.key]
        self._row(flow, True)

    def _row(self, flow: Flow, ended: bool) -> None:
        self.counters.rows += 1
        row = row_of(flow, self._clock_ns)
        if ended:  # thousands may end at once, and a tuple of numbers takes four times the memory
            row = array("d", row)
        asked = perf_counter()
        self.due.append(Due(flow, row, ended, asked, flow.seen_ns, flow.last_ns, flow.opening))
