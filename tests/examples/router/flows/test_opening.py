"""Who opened a flow whose beginning was not seen: told by its answers, or not known."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from router_frames import A4, B4, ethernet, icmp, ipv4, tcp, udp

from examples.router.bundles import open_judge
from examples.router.enforce import Enforcer, Policy
from examples.router.enforce.allow import AllowList
from examples.router.features import NAMES
from examples.router.flows import FlowTable
from examples.router.packets import Frame

if TYPE_CHECKING:
    from pathlib import Path

    from examples.router.judge import Judge
    from examples.router.verdicts import Verdict

NS = 1_000_000_000
START = 1_700_000_000 * NS
HOST, OTHER = A4, B4
SYN, SYNACK, ACK, RST, RSTACK, FINACK = 2, 18, 16, 4, 20, 17
NAME = b"\7example\0\0\1\0\1"
QUESTION = struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + NAME
ANSWER = struct.pack(">6H", 7, 0x8180, 1, 1, 0, 0) + NAME + b"\xc0\x0c\0\1\0\1\0\0\1\0\0\4\n\0\0\1"


def frame(time_s: float, ip: bytes) -> Frame:
    data = ethernet(0x800, ip)
    return Frame(START + int(time_s * NS), 1, data, len(data))


def sent(kind: str, ports: tuple[int, int]) -> bytes:
    """A packet of `HOST` to `OTHER`."""
    if kind in ("question", "answer", "datagram"):
        said = {"question": QUESTION, "answer": ANSWER, "datagram": bytes(range(40))}[kind]
        return ipv4(17, udp(said, ports))
    if kind in ("ping", "pong"):
        return ipv4(1, icmp(8 if kind == "ping" else 0))
    flags = {"syn": SYN, "syn-ack": SYNACK, "rst": RST, "rst-ack": RSTACK, "ack": ACK,
             "data": 24, "fin-ack": FINACK, "fin": 1, "null": 0, "xmas": 41}[kind]  # fmt: skip
    return ipv4(6, tcp(flags, b"x" if kind == "data" else b"", ports))


@pytest.mark.parametrize(
    ("kind", "ports", "opening", "source"),
    [
        ("syn", (40000, 80), "seen", HOST),
        ("fin", (40000, 80), "seen", HOST),
        ("null", (40000, 80), "seen", HOST),
        ("xmas", (40000, 80), "seen", HOST),
        ("syn-ack", (80, 40000), "inferred", OTHER),
        ("rst-ack", (81, 40000), "inferred", OTHER),
        ("rst", (82, 40000), "inferred", OTHER),
        ("ack", (80, 40000), "unknown", HOST),
        ("data", (40000, 80), "unknown", HOST),
        ("fin-ack", (80, 40000), "unknown", HOST),
        ("question", (40000, 53), "seen", HOST),
        ("answer", (53, 40000), "inferred", OTHER),
        ("answer", (5300, 40000), "inferred", OTHER),
        ("datagram", (40000, 443), "seen", HOST),
        ("datagram", (5000, 6000), "seen", HOST),
        ("datagram", (443, 40000), "unknown", HOST),
        ("ping", (0, 0), "seen", HOST),
        ("pong", (0, 0), "inferred", OTHER),
    ],
)
def test_the_first_packet_tells_who_opened(
    kind: str, ports: tuple[int, int], opening: str, source: int
) -> None:
    table = FlowTable()
    table.add(frame(0, sent(kind, ports)))
    table.end()
    (due,) = table.due
    assert (due.opening, due.flow.key[0]) == (opening, source)
    up, down = due.row[4:6]
    assert (up, down) == ((1, 0) if source == HOST else (0, 1))


@pytest.mark.parametrize("kind", [6, 17])
def test_a_fragment_without_its_first_one_and_an_unknown_protocol_tell_nothing(kind: int) -> None:
    table = FlowTable()
    table.add(frame(0, ipv4(kind, bytes(64), fragment=5)))
    table.add(frame(0, ipv4(47, bytes(64))))
    table.end()
    assert [due.opening for due in table.due] == ["unknown", "unknown"]
    assert not any(due.row[NAMES.index("odd_start")] for due in table.due)


def test_an_announcement_to_many_is_no_answer_of_theirs() -> None:
    table = FlowTable()
    table.add(frame(0, ipv4(17, udp(ANSWER, (5353, 5353)), ends=(HOST, 0xE00000FB))))
    table.end()
    (due,) = table.due
    assert (due.flow.key[0], due.opening) == (HOST, "unknown")


def test_a_handshake_that_comes_after_its_answer_is_a_flow_of_its_own() -> None:
    """It may be one that nobody asked for: what was counted with it stays apart."""
    table = FlowTable()
    table.add(frame(0, sent("syn-ack", (80, 40000))))
    table.add(frame(0.001, ipv4(6, tcp(SYN, ports=(40000, 80)), ends=(OTHER, HOST))))
    table.end()
    assert [due.opening for due in table.due] == ["inferred", "seen"]
    assert {due.flow.key[0] for due in table.due} == {OTHER}


@pytest.mark.parametrize(
    ("first", "then", "service"),
    [
        ("syn-ack", "syn", 80),
        ("rst", "syn", 80),
        ("rst-ack", "xmas", 80),
        ("answer", "question", 53),
        ("answer", "datagram", 5300),
        ("pong", "ping", 0),
    ],
)
def test_an_answer_to_nothing_does_not_turn_round_what_its_sender_opens_next(
    first: str, then: str, service: int
) -> None:
    """Else one packet a connection makes the victim the source of all that is done to it."""
    ports = (40000, service) if service else (0, 0)
    table = FlowTable()
    for at, kind in enumerate((first, then, first)):
        table.add(frame(at / 100, sent(kind, ports)))
    table.end()
    assert [(due.flow.key[0], due.opening, tuple(due.row[4:6])) for due in table.due] == [
        (OTHER, "inferred", (0, 1)),
        (HOST, "seen", (2, 0)),
    ]


def test_a_connection_in_its_middle_is_over_where_the_other_side_opens_one() -> None:
    table = FlowTable()
    table.add(frame(0, sent("ack", (80, 40000))))
    table.add(frame(0.1, ipv4(6, tcp(SYN, ports=(40000, 80)), ends=(OTHER, HOST))))
    table.end()
    assert [(due.flow.key[0], due.opening) for due in table.due] == [
        (HOST, "unknown"), (OTHER, "seen"),
    ]  # fmt: skip


def test_answers_and_later_fragments_do_not_turn_round_who_asked() -> None:
    table = FlowTable()
    for kind, ports in (("answer", (5300, 40000)), ("pong", (0, 0)), ("syn-ack", (80, 40000))):
        for _ in range(3):
            table.add(frame(0, sent(kind, ports)))
    for part, body in ((0x2000, udp(bytes(40), (5300, 40000))), (5, bytes(40))):
        table.add(frame(0, ipv4(17, body, fragment=part)))
    table.add(frame(0, ipv4(1, bytes([8]) * 16, fragment=5)))
    table.end()
    assert {(due.flow.key[0], due.opening) for due in table.due} == {(OTHER, "inferred")}


def test_a_reset_that_comes_late_opens_nothing_for_who_sends_it() -> None:
    """A connection is long over; the row of what comes after it must not turn the sides round."""
    table = FlowTable()
    for at, ip in (
        (0.0, sent("syn", (40000, 80))),
        (0.1, ipv4(6, tcp(RSTACK, ports=(80, 40000)), ends=(OTHER, HOST))),
        (30.0, ipv4(6, tcp(RSTACK, ports=(80, 40000)), ends=(OTHER, HOST))),
    ):
        table.add(frame(at, ip))
    table.end()
    assert [(due.flow.key[0], due.opening) for due in table.due] == [
        (HOST, "seen"), (HOST, "inferred"),
    ]  # fmt: skip


# --- and what enforcement makes of it ----------------------------------------------------------


@pytest.fixture(scope="module")
def judge() -> Judge:
    return open_judge()


def decided(
    judge: Judge,
    frames: list[Frame],
    folder: Path,
    policy: Policy = Policy(strikes=1, share=0.0),  # noqa: B008 - frozen
) -> tuple[list[Verdict], Enforcer]:
    """All verdicts on frames, and an enforcer that has considered them; it spares nobody else."""
    table = FlowTable()
    for one in frames:
        table.add(one)
    table.end()
    found = [judged.verdict for judged in judge(table.due)]
    enforcer = Enforcer(policy=policy, allow=AllowList(root=folder))
    for verdict in found:
        enforcer.consider(verdict)
    return found, enforcer


def scanned(*, both_sides: bool) -> list[Frame]:
    """A host of which 300 ports are tried; one in ten is open."""
    frames = []
    for n in range(300):
        at, flags = n / 100, SYNACK if n % 10 == 0 else RSTACK
        if both_sides:
            ends, ports = (OTHER, HOST), (40000 + n, n + 1)
            frames.append(frame(at, ipv4(6, tcp(SYN, ports=ports), ends=ends)))
        frames.append(frame(at + 0.001, ipv4(6, tcp(flags, ports=(n + 1, 40000 + n)))))
    return frames


def test_of_a_scan_seen_by_its_answers_alone_the_scanner_is_named_and_nobody_is_banned(
    judge: Judge, tmp_path: Path
) -> None:
    verdicts, enforcer = decided(judge, scanned(both_sides=False), tmp_path)
    malicious = [one for one in verdicts if one.verdict == "malicious"]
    assert malicious
    assert {one.source for one in verdicts} == {"10.0.0.2"}
    assert {one.opening for one in verdicts} == {"inferred"}
    assert all("not seen" in one.why[-1] for one in malicious)
    assert set(enforcer.counts) == {"spare"}
    verdicts, enforcer = decided(judge, scanned(both_sides=True), tmp_path)
    assert {one.opening for one in verdicts} == {"seen"}
    assert enforcer.counts["would ban"] == 1


def test_a_name_server_is_not_banned_for_a_tunnel_of_which_its_replies_alone_are_seen(
    judge: Judge, tmp_path: Path
) -> None:
    frames = []
    for n in range(400):
        label = b"%062x" % (n * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 244))
        name = b"\x3e" + label + b"\4evil\3org\0\0\x10\0\1"
        answer = struct.pack(">6H", n, 0x8183, 1, 0, 0, 0) + name
        frames.append(frame(n / 20, ipv4(17, udp(answer, (53, 20000 + n)))))
    verdicts, enforcer = decided(judge, frames, tmp_path)
    assert {one.source for one in verdicts} == {"10.0.0.2"}
    assert not {"ban", "would ban"} & set(enforcer.counts)


def test_a_server_of_which_the_middle_of_its_connections_is_seen_is_not_banned(
    judge: Judge, tmp_path: Path
) -> None:
    frames = [
        frame(n / 100, ipv4(6, tcp(ACK, bytes(n % 7), (443, 30000 + n)), ends=(HOST, OTHER + n)))
        for n in range(400)
    ]
    verdicts, enforcer = decided(judge, frames, tmp_path)
    assert {one.opening for one in verdicts} == {"unknown"}
    assert not {"ban", "would ban"} & set(enforcer.counts)


def flood_of(ports: list[int]) -> list[Frame]:
    """Datagrams of HOST to a port of OTHER each; the first to each is a name server's answer."""
    frames, number = [], len(ports)
    for n in range(5 * number):
        said = ANSWER if n < number else bytes([n % 200]) * 8
        ends = ports[n % number], 1025 + n % number
        frames.append(frame(n / 500, ipv4(17, udp(said, ends))))
    return frames


def test_a_flood_behind_forged_answers_is_its_sender_s(judge: Judge, tmp_path: Path) -> None:
    """He chooses a high port, so that nothing speaks for his being a name server."""
    verdicts, enforcer = decided(judge, flood_of([5300 + n for n in range(600)]), tmp_path)
    malicious = {(one.source, one.opening) for one in verdicts if one.verdict == "malicious"}
    assert malicious == {("10.0.0.1", "seen")}
    assert enforcer.counts["would ban"] == 1


@pytest.mark.parametrize("both_ways", [False, True])
def test_a_flood_from_a_service_s_port_bans_where_both_ways_pass(
    both_ways: bool, judge: Judge, tmp_path: Path
) -> None:
    """Else it may be what somebody asked for who is not seen here."""
    policy = Policy(strikes=1, share=0.0, both_ways=both_ways, settled_seconds=0.0)
    verdicts, enforcer = decided(judge, flood_of([53] * 600), tmp_path, policy)
    malicious = {(one.source, one.opening) for one in verdicts if one.verdict == "malicious"}
    assert malicious == {("10.0.0.1", "unknown")}
    assert set(enforcer.counts) == ({"would ban"} if both_ways else {"spare"})


def test_answers_that_nobody_asked_for_do_not_spoil_what_a_host_is_judged_by() -> None:
    """Else anybody could have a host banned without forging an address."""
    quiet, spoilt = FlowTable(), FlowTable()
    for n in range(300):
        spoilt.add(frame(n / 100, ipv4(6, tcp(RSTACK, ports=(n + 1, 40000 + n)))))
    for table in (quiet, spoilt):
        for n in range(3):
            ends, ports = (OTHER, HOST), (50000 + n, 443)
            table.add(frame(3 + n, ipv4(6, tcp(SYN, ports=ports), ends=ends)))
        table.end()
    assert [due.row for due in spoilt.due if due.opening == "seen"] == [
        due.row for due in quiet.due
    ]
