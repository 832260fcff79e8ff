"""Rows are the same however packets come; the table stays small and no clock breaks it."""

from __future__ import annotations

import gzip
import struct
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING

import pytest
from router_frames import A4, B4, enhanced, ethernet, icmp, interface, ipv4, pcap, section, tcp, udp

from examples.router.features import FEATURES, NAMES
from examples.router.flows import FlowTable
from examples.router.packets import Frame, Problems, read_file
from examples.router.synthetic.attacks import ATTACKS
from examples.router.synthetic.make import BENIGN
from examples.router.synthetic.scene import Scene
from examples.router.synthetic.wire import Wire

if TYPE_CHECKING:
    from pathlib import Path

NS = 1_000_000_000
START = 1_700_000_000 * NS
SYN, SYNACK, ACK, RST, FINACK = 2, 18, 16, 20, 17


def frame(time_s: float, ip: bytes) -> Frame:
    data = ethernet(0x800, ip)
    return Frame(START + int(time_s * NS), 1, data, len(data))


def rows(table: FlowTable) -> list[dict[str, float]]:
    return [dict(zip(NAMES, due.row, strict=True)) for due in table.due]


def run(frames: list[Frame], **options: int) -> FlowTable:
    table = FlowTable(**options)
    for one in frames:
        table.add(one)
    table.end()
    return table


def scenes() -> list[Frame]:
    """A little of everything, in the order of time."""
    random = Random(3)
    wire = Wire(random)
    for number, play in enumerate((*BENIGN.values(), *ATTACKS.values())):
        play(Scene(wire, random), 1_700_000_000 + number * 3)
    wire.frames.sort(key=lambda one: one[0])
    frames = wire.frames[:12_000]
    return [Frame(int(time * 1e6) * 1000, 1, data, len(data)) for time, data in frames]


@pytest.fixture(scope="module")
def traffic() -> list[Frame]:
    return scenes()


def packed(table: FlowTable) -> list[bytes]:
    return [struct.pack(f"{len(NAMES)}d", *due.row) for due in table.due]


def test_rows_are_byte_identical_from_file_memory_and_ring(
    traffic: list[Frame], tmp_path: Path
) -> None:
    whole = packed(run(traffic))
    assert len(whole) > 1500
    files = {
        "x.pcap": pcap([(one.timestamp_ns, bytes(one.captured)) for one in traffic], nano=True),
        "x.pcapng.gz": gzip.compress(
            section(">")
            + interface(">")
            + b"".join(
                enhanced(">", bytes(one.captured), units=one.timestamp_ns // 1000)
                for one in traffic
            ),
            1,
        ),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        assert packed(run(list(read_file(tmp_path / name, Problems())))) == whole
    views = [one._replace(captured=memoryview(one.captured)) for one in traffic]
    assert packed(run(views)) == whole
    live, found, chance = FlowTable(), [], Random(1)
    for one, following in zip(views, [*views[1:], views[-1]], strict=True):
        live.add(one)
        gap_ns = max(following.timestamp_ns - one.timestamp_ns, 0)
        for _ in range(chance.choice((0, 0, 3))):
            live.tick(one.timestamp_ns + int(gap_ns * chance.random()))
        found += packed(live)
        live.due.clear()
    live.end()
    assert found + packed(live) == whole


def test_every_row_has_finite_numbers_in_the_order_of_the_features(traffic: list[Frame]) -> None:
    for due in run(traffic).due:
        assert len(due.row) == len(FEATURES)
        assert all(type(value) is float and -1e12 < value < 1e12 for value in due.row)


def test_a_flow_gives_rows_after_8_64_and_512_packets_and_at_its_end() -> None:
    sent = [frame(n * 0.01, ipv4(17, udp(b"x" * 50))) for n in range(600)]
    found = rows(run(sent))
    assert [row["packets_up"] for row in found] == [8, 64, 512, 600]


def test_the_answer_of_a_handshake_is_not_taken_for_its_opening() -> None:
    answer = ipv4(6, tcp(SYNACK, ports=(80, 1000)), ends=(B4, A4))
    table = run([frame(0, answer), frame(0.1, ipv4(6, tcp(ACK)))])
    (due,) = table.due
    assert due.flow.key[0] == A4
    assert (due.flow.up, due.flow.down) == (1, 1)


def test_a_port_that_is_used_again_is_another_flow() -> None:
    sent = []
    for again in range(3):
        at = again * 1.0
        sent += [
            frame(at, ipv4(6, tcp(SYN))),
            frame(at + 0.1, ipv4(6, tcp(RST, ports=(80, 1000)), ends=(B4, A4))),
        ]
    found = rows(run(sent))
    assert len(found) == 3
    assert all(row["refused"] == 1 for row in found)
    assert found[-1]["recent_turned_away"] == 3


def test_an_unreachable_port_is_the_refusal_of_its_flow() -> None:
    asked = ipv4(17, udp(b"?"))
    error = ipv4(1, icmp(3, 3, asked), ends=(B4, A4))
    table = run([frame(0, asked), frame(0.1, error)])
    (row,) = rows(table)
    assert (row["refused"], row["recent_turned_away"]) == (1, 1)
    assert table.counters.errors == 1


def test_later_fragments_belong_to_the_flow_of_the_first() -> None:
    first = ipv4(17, udp(bytes(1000)), fragment=0x2000)
    later = ipv4(17, bytes(500), fragment=126)
    (row,) = rows(run([frame(0, first), frame(0.1, later), frame(0.2, later)]))
    assert (row["packets_up"], row["fragments"]) == (3, 1)
    assert row["bytes_up"] == 2000


def test_a_flood_of_handshakes_shows_at_its_target_and_spares_who_is_answered() -> None:
    sent = [frame(n / 1000, ipv4(6, tcp(SYN), ends=(n << 8 | 9, B4))) for n in range(400)]
    good = (A4, B4)
    sent += [
        frame(0.5, ipv4(6, tcp(SYN), ends=good)),
        frame(0.6, ipv4(6, tcp(SYNACK, ports=(80, 1000)), ends=(B4, A4))),
        frame(0.7, ipv4(6, tcp(ACK), ends=good)),
    ]
    table = run(sent)
    found = {due.flow.key[0]: row for due, row in zip(table.due, rows(table), strict=True)}
    assert found[5 << 8 | 9]["half_open"] == 400
    assert found[A4]["half_open"] == 0


def test_a_scan_raises_what_is_counted_of_its_source() -> None:
    sent = [
        frame(n / 50, ipv4(6, tcp(SYN, ports=(40000, n + 1)), ends=(A4, B4 + n % 60)))
        for n in range(300)
    ]
    last = rows(run(sent))[-1]
    assert last["recent_flows"] == 300
    assert 50 <= last["recent_hosts"] <= 60
    assert last["recent_services"] > 150
    assert last["recent_failed_share"] == 1


@pytest.mark.parametrize("steps", [[0, 6 * 3e7, 0.5], [6 * 3e7, 0, 6 * 3e7], [5, 4.99, 5.01]])
def test_clocks_that_jump_by_years_end_no_flow_twice(steps: list[float]) -> None:
    sent = [
        frame(step + n * 0.01, ipv4(6, tcp(ACK, b"x", ports=(1000 + n % 7, 80))))
        for step in steps
        for n in range(40)
    ]
    table = run(sent)
    ended = [due for due in table.due if due.ended]
    assert len({id(due.flow) for due in ended}) == len(ended) == table.counters.flows
    assert sum(due.flow.packets for due in ended) == len(sent)
    assert all(0 <= row["packet_rate"] <= 120 for row in rows(table))
    back = any(later < earlier - 1 for earlier, later in pairwise(steps))
    assert table.counters.clock_steps == back


def test_a_clock_that_is_set_to_the_end_of_time_is_not_followed() -> None:
    sent = [frame(n * 0.1, ipv4(17, udp(b"x"))) for n in range(40)]
    far = [one._replace(timestamp_ns=one.timestamp_ns + (1 << 61)) for one in sent]
    table = run([*sent, *far, *sent, *far, *sent])
    assert table.counters.clock_steps == 3
    assert sum(due.flow.packets for due in table.due if due.ended) == 200
    assert table._clock_ns <= 1 << 62


def test_a_table_that_is_full_evicts_counts_and_forgets_nobody() -> None:
    sent = [
        frame(n / 1e5, ipv4(6, tcp(SYN), ends=(n << 8 | 9, B4 + n % 5000 * 256)))
        for n in range(5000)
    ]
    busy = [
        frame(n / 1e5, ipv4(17, udp(b"x", ports=(7, 7)), ends=(A4, B4))) for n in range(0, 5000, 40)
    ]
    every = sorted([*sent, *busy], key=lambda one: one.timestamp_ns)
    table = run(every, capacity=128, hosts=64)
    assert table.counters.most_flows <= 128
    assert table.counters.evicted > 4000
    assert table.summary()["hosts_evicted"] > 4000
    ended = [due for due in table.due if due.ended]
    assert sum(due.flow.packets for due in ended) == len(every)
    # Of one packet each, the invented ones make room before a flow that goes on.
    assert max(due.flow.packets for due in ended) == len(busy)


def test_idle_flows_end_while_others_go_on() -> None:
    sent = [frame(0, ipv4(17, udp(b"x", ports=(5, 5))))]
    sent += [frame(n, ipv4(17, udp(b"x"))) for n in range(40)]
    table = FlowTable()
    for one in sent:
        table.add(one)
    assert len(table) == 1
    table.tick(START + 30 * NS)
    assert len(table) == 1
    table.tick(START + 200 * NS)
    assert len(table) == 0
