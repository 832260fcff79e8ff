"""Capture files of every kind and every kind of damage: counted, never fatal."""

from __future__ import annotations

import gzip
import os
import struct
from pathlib import Path

import pytest
from router_frames import block, enhanced, ethernet, interface, ipv4, pcap, section, tcp

from edge_infer import BadInput, Unavailable
from examples.router.packets import Frame, Problems, dissect, read_file

SYN = ethernet(0x800, ipv4(6, tcp()))
ROOT = Path(__file__).parents[4]
DATA = Path(os.environ.get("EDGE_INFER_DATA", ROOT / "../shared/data")) / "packets"
NS = 1_700_000_000_250_000_000


def read(path: Path, data: bytes) -> tuple[list[Frame], dict[str, int]]:
    path.write_bytes(data)
    problems = Problems()
    return list(read_file(path, problems)), problems.as_dict()


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("nano", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_either_byte_order_and_resolution_plain_and_packed(
    order: str, nano: bool, packed: bool, tmp_path: Path
) -> None:
    data = pcap([(NS, SYN), (NS, b"")], order=order, nano=nano)
    data = gzip.compress(data) if packed else data
    frames, problems = read(tmp_path / "x", data)
    assert frames == [Frame(NS, 1, SYN, len(SYN)), Frame(NS, 1, b"", 0)]
    assert problems == {}


@pytest.mark.parametrize("order", "<>")
def test_pcapng_with_resolutions_offsets_and_two_sections(order: str, tmp_path: Path) -> None:
    nano = struct.pack(order + "HHBxxx", 9, 1, 9)
    binary = struct.pack(order + "HHBxxx", 9, 1, 0x80 | 10)
    moved = struct.pack(order + "HHq", 14, 8, 100)
    data = section(order) + interface(order) + interface(order, linktype=101, options=nano)
    data += interface(order, options=binary) + interface(order, options=moved)
    data += enhanced(order, SYN, units=NS // 1000) + enhanced(order, SYN[14:], units=NS, number=1)
    data += enhanced(order, SYN, units=1_700_000_000 * 1024 + 256, number=2)
    data += enhanced(order, SYN, units=(NS - 100 * 10**9) // 1000, number=3)
    data += block(order, 5, bytes(8)) + block(order, 3, struct.pack(order + "I", len(SYN)) + SYN)
    other = ">" if order == "<" else "<"
    data += section(other) + interface(other) + enhanced(other, SYN, units=NS // 1000)
    frames, problems = read(tmp_path / "x", data)
    assert [frame.timestamp_ns for frame in frames] == [NS] * 6
    assert [frame.linktype for frame in frames] == [1, 101, 1, 1, 1, 1]
    assert {len(frame.captured) for frame in frames} == {len(SYN), len(SYN) - 14}
    assert problems == {}


def test_a_file_cut_anywhere_gives_its_whole_frames(tmp_path: Path) -> None:
    plain = pcap([(NS, SYN)] * 3)
    blocks = section() + interface() + enhanced("<", SYN, units=1) * 3
    for data in (plain, blocks):
        for size in range(4, len(data)):
            frames, problems = read(tmp_path / "x", data[:size])
            assert len(frames) <= 2
            whole = {24, *(24 + n * (16 + len(SYN)) for n in (1, 2))}
            if data is plain and size not in whole:
                assert problems == {"file: cut short": 1}


def test_a_cut_gzip_stream_is_counted(tmp_path: Path) -> None:
    data = gzip.compress(pcap([(NS, bytes(n % 251 for n in range(60)))] * 500))
    frames, problems = read(tmp_path / "x", data[:-20])
    assert 0 < len(frames) <= 500
    assert "file: its gzip stream is corrupt or cut short" in problems


def test_frames_of_64_kilobytes_and_larger_than_the_buffer(tmp_path: Path) -> None:
    for size in (65_535, 262_144):
        frames, problems = read(tmp_path / "x", pcap([(NS, bytes(size)), (NS, SYN)]))
        assert [len(frame.captured) for frame in frames] == [size, len(SYN)]
        assert problems == {}


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no recordings in {DATA}; set EDGE_INFER_DATA")
def test_the_frame_of_four_bytes_in_a_recording_is_counted_and_the_others_are_read() -> None:
    problems, causes = Problems(), []
    for frame in read_file(DATA / "malicious" / "ustc_Tinba.pcap", problems):
        found = dissect(frame.linktype, frame.captured)
        if len(frame.captured) == 4:
            causes.append(found)
        else:
            assert not isinstance(found, str) or "cut short" not in found
    assert causes == ["ethernet: header cut short"]
    assert problems.as_dict() == {}


def test_a_record_of_gigabytes_ends_the_file(tmp_path: Path) -> None:
    data = pcap([(NS, SYN)]) + struct.pack("<IIII", 0, 0, 0xFFFFFFFF, 0xFFFFFFFF)
    frames, problems = read(tmp_path / "x", data)
    assert len(frames) == 1
    (cause,) = problems
    assert "262,144" in cause


@pytest.mark.parametrize("size", [0, 8, 13, 0xFFFFFFFC])
def test_a_block_of_an_impossible_length_ends_the_file(size: int, tmp_path: Path) -> None:
    data = section() + interface() + enhanced("<", SYN, units=1)
    data += struct.pack("<II", 6, size) + bytes(64)
    frames, problems = read(tmp_path / "x", data)
    assert len(frames) == 1
    assert list(problems) == ["file: a block's length is impossible; the rest is skipped"]


@pytest.mark.parametrize("is_cut", [False, True])
def test_a_long_block_of_names_or_keys_is_passed_over(is_cut: bool, tmp_path: Path) -> None:
    data = section() + interface() + enhanced("<", SYN, units=1)
    data += block("<", 10, bytes(3 << 20)) + enhanced("<", SYN, units=2)
    frames, problems = read(tmp_path / "x", data[: 2 << 20] if is_cut else data)
    assert len(frames) == (1 if is_cut else 2)
    assert problems == ({"file: cut short": 1} if is_cut else {})


@pytest.mark.parametrize(
    ("begin", "kind", "hint"),
    [
        (b"\xfd7zXZ\0", "xz", "xz -d"),
        (b"\x28\xb5\x2f\xfd", "zstd", "zstd -d"),
        (b"BZh9", "bzip2", "bzip2 -d"),
        (b"PK\3\4", "zip", "unzip"),
        (b"snoop\0\0\0", "snoop", "editcap"),
        (b"GMBU", "Network Monitor", "editcap"),
        (struct.pack("<I", 0xA1B2CD34), "patched", "editcap"),
        (struct.pack(">I", 0xA1B2CD34), "patched", "editcap"),
    ],
)
def test_what_is_often_taken_for_a_capture_is_named(
    begin: bytes, kind: str, hint: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=kind) as refused:
        read(tmp_path / "x", begin + bytes(40))
    assert hint in str(refused.value)


def test_blocks_that_lie_are_counted(tmp_path: Path) -> None:
    lying = struct.pack("<IIIII", 0, 0, 0, 5000, 5000) + SYN
    data = section() + enhanced("<", SYN, units=1) + interface() + block("<", 6, lying)
    data += block("<", 6, b"") + block("<", 1, b"") + block("<", 3, b"")
    frames, problems = read(tmp_path / "x", data)
    assert frames == []
    assert problems == {
        "file: a packet block does not hold what it says": 4,
        "file: an interface block cannot be used": 1,
    }


def test_a_time_that_no_clock_has_is_counted_and_the_one_before_stands(tmp_path: Path) -> None:
    at = NS // 1000
    blocks = [enhanced("<", SYN, units=units) for units in (at, (1 << 64) - 1, at + 1)]
    frames, problems = read(tmp_path / "x", section() + interface() + b"".join(blocks))
    assert [one.timestamp_ns // 1000 for one in frames] == [at, at, at + 1]
    assert problems == {"file: a time before 1970 or after 2115": 1}


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a" + bytes(50), gzip.compress(b"hello world", mtime=0)],
    ids=["empty", "gif", "packed text"],
)
def test_what_is_no_capture_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not a capture file"):
        read(tmp_path / "x", data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x1f\x8b", "a gzip stream that is corrupt or cut short"),
        (gzip.compress(pcap([(NS, SYN)]), mtime=0)[:12], "a gzip stream that is corrupt"),
        (
            gzip.compress(pcap([(NS, SYN)]), mtime=0)[:10] + b"\xff" * 40,
            "a gzip stream that is corrupt",
        ),
        (b"\x1f\x8b\x07" + bytes(60), "a gzip stream that is corrupt"),
        (gzip.compress(b"", mtime=0), "a gzip stream of nothing"),
        (b"", "an empty file"),
    ],
    ids=["two bytes", "cut in its header", "corrupt", "no method", "of nothing", "empty"],
)
def test_what_cannot_be_unpacked_is_not_called_empty(
    data: bytes, said: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="not a capture file") as refused:
        read(tmp_path / "x.pcap.gz", data)
    assert str(refused.value.actual).startswith(said)
    assert ("gzip -t" in str(refused.value)) == ("corrupt" in said)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="nothing"):
        list(read_file(tmp_path / "nothing", Problems()))


def test_causes_are_bounded() -> None:
    problems = Problems()
    for number in range(1000):
        problems.add(f"no IP: EtherType 0x{number:04x}")
    assert len(problems.as_dict()) == 257
    assert problems.total() == 1000
