"""`replay` of files that are damaged or no captures: named, counted, and the rest is judged."""

from __future__ import annotations

import gzip
import json
import struct
from typing import TYPE_CHECKING

import pytest
from router_frames import ethernet, icmp, ipv4, pcap, tcp, udp

from edge_infer import Unavailable
from examples.router.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

SYN = ethernet(0x800, ipv4(6, tcp()))


def test_a_link_type_that_is_not_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wifi.pcap").write_bytes(pcap([(0, bytes(60))], linktype=127))
    assert main(["replay", str(tmp_path / "wifi.pcap")]) == 5
    assert "802.11 with radiotap" in capsys.readouterr().err


@pytest.mark.parametrize("data", [b"", b"#!/bin/sh\n"])
def test_what_is_no_capture_is_refused(
    data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x").write_bytes(data)
    assert main(["replay", str(tmp_path / "x")]) == 5
    assert "not a capture file" in capsys.readouterr().err


def test_packets_of_no_flow_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a capture of questions for hosts would seem to have been read in vain."""
    arp = struct.pack(">HHBBH6xI6xI", 1, 0x800, 6, 4, 1, 1, 2)
    quoted = icmp(3, 3, ipv4(17, udp()))
    frames = [
        (0, ethernet(0x806, arp)),
        (1, ethernet(0x806, arp)),
        (2, ethernet(0x800, ipv4(1, quoted))),
    ]
    (tmp_path / "x.pcap").write_bytes(pcap(frames))
    assert main(["replay", str(tmp_path / "x.pcap")]) == 0
    assert "0 flows, 0 malicious; 3 packets (2 of the link itself, 1 ICMP errors), " in (
        capsys.readouterr().out
    )


def test_damage_is_counted_and_the_rest_is_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = [(0, bytes(4)), (1, SYN), (2, b""), (3, SYN[:30]), (4, SYN + bytes(64_000))]
    (tmp_path / "x.pcap").write_bytes(pcap(frames)[:-100])
    assert main(["replay", str(tmp_path / "x.pcap"), "--json"]) == 0
    *flows, last = map(json.loads, capsys.readouterr().out.splitlines())
    summary = last["summary"]
    assert len(flows) == 1
    (file,) = summary["files"]
    assert file["problems"] == {
        "ethernet: header cut short": 2,
        "file: cut short": 1,
        "ipv4: header cut short": 1,
    }


@pytest.mark.parametrize("how", ["pcap", "gzip", "frame"])
def test_damage_is_told_without_json_too(
    how: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    syn = ethernet(0x800, ipv4(6, tcp()))
    whole = pcap([(n, syn) for n in range(400)])
    data = {
        "pcap": whole[:-7],
        "gzip": gzip.compress(whole)[:-9],
        "frame": pcap([(1, syn), (2, ethernet(0x800, bytes(9)))]),
    }[how]
    (tmp_path / "cut.pcap").write_bytes(data)
    assert main(["replay", str(tmp_path / "cut.pcap")]) == 0
    said, _ = capsys.readouterr().out.splitlines()[-2:]
    assert said.startswith(f"not read of {tmp_path / 'cut.pcap'}: ")
    assert "(1)" in said
    (tmp_path / "whole.pcap").write_bytes(whole)
    assert main(["replay", str(tmp_path / "whole.pcap")]) == 0
    assert "not read" not in capsys.readouterr().out


def test_a_name_too_long_for_a_file_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "x" * 300]) == Unavailable.exit_code
    assert "cannot be opened" in capsys.readouterr().err
