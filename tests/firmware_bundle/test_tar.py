"""A bundle as one `.tar`: the same bytes each time, and hostile ones are refused whole."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from small_bundles import Fleet, serves

import edge_infer
from edge_infer.errors import BadInput, Untrusted
from firmware_bundle.archive import pack
from firmware_bundle.slots import install

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def files_of(bundle: Path) -> dict[str, bytes]:
    return {
        p.relative_to(bundle).as_posix(): p.read_bytes() for p in bundle.rglob("*") if p.is_file()
    }


@pytest.fixture
def files(fleet: Fleet) -> dict[str, bytes]:
    return files_of(fleet.bundle(1))


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def refused(fleet: Fleet, tmp_path: Path, data: bytes, match: str) -> None:
    root = tmp_path / "gadget"
    with pytest.raises(Untrusted, match=match):
        install(put(tmp_path / "b.tar", data), root, trust=fleet.trust(), trial=None)
    assert not root.exists() or not list((root / "versions").iterdir())
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "gadget") == ["b.tar"]


def test_a_tar_installs_as_its_directory_does(
    fleet: Fleet, files: dict[str, bytes], tmp_path: Path
) -> None:
    packed = put(tmp_path / "b.tar", pack(files, executable=frozenset()))
    root = tmp_path / "gadget"
    from_tar = fleet.install(root, bundle=packed)
    assert fleet.install(root, 1).version == from_tar.version
    assert serves(root) == 1


def test_the_same_files_give_the_same_bytes(files: dict[str, bytes]) -> None:
    backwards = dict(sorted(files.items(), reverse=True))
    assert pack(files, executable=frozenset()) == pack(backwards, executable=frozenset())


@pytest.mark.parametrize("form", ["--format=ustar", "--format=gnu", "--format=pax"])
def test_what_tar_itself_packs_installs(
    fleet: Fleet, tmp_path: Path, form: str, files: dict[str, bytes]
) -> None:
    packed = tmp_path / "b.tar"
    command = ["tar", form, "-C", str(fleet.bundle(1)), "-cf", str(packed), *sorted(files)]
    subprocess.run(command, check=True)
    fleet.install(tmp_path / "gadget", bundle=packed)
    assert serves(tmp_path / "gadget") == 1


def hostile(files: dict[str, bytes], *members: tarfile.TarInfo) -> bytes:
    """The bundle's files and, behind them, `members`."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for entry in members:
            archive.addfile(entry, io.BytesIO(bytes(entry.size)))
    return packed.getvalue()


def member(name: str, **fields: Any) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(entry, field, value)
    return entry


ATTACKS: dict[str, Callable[[], tarfile.TarInfo]] = {
    "absolute": lambda: member("/etc/evil", size=1),
    "leaves": lambda: member("../evil", size=1),
    "leaves within": lambda: member("artifact/../../evil", size=1),
    "drive": lambda: member("C:\\evil", size=1),
    "link": lambda: member("evil", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "hard link": lambda: member("evil", type=tarfile.LNKTYPE, linkname="bundle.json"),
    "device": lambda: member("evil", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
    "block device": lambda: member("evil", type=tarfile.BLKTYPE, devmajor=8, devminor=0),
    "pipe": lambda: member("evil", type=tarfile.FIFOTYPE),
    "duplicate": lambda: member("bundle.json", size=1),
    "case": lambda: member("Bundle.JSON", size=1),
    "unicode": lambda: member("artifact/\u212aey", size=1),
    "file as folder": lambda: member("bundle.json/x", size=1),
    "control": lambda: member("evil\x1b[2J", size=1),
    "huge": lambda: member("evil", pax_headers={"size": str(1 << 50)}),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_hostile_member(
    fleet: Fleet, files: dict[str, bytes], tmp_path: Path, attack: str
) -> None:
    if attack == "unicode":
        files = {**files, "artifact/key": b""}
    refused(fleet, tmp_path, hostile(files, ATTACKS[attack]()), "the name|not a whole|not the ones")


def test_an_extra_member_that_nobody_signed(
    fleet: Fleet, files: dict[str, bytes], tmp_path: Path
) -> None:
    refused(fleet, tmp_path, hostile(files, member("note.txt", size=3)), "not the ones")


def test_a_truncated_tar_at_every_block(
    fleet: Fleet, files: dict[str, bytes], tmp_path: Path
) -> None:
    whole = pack(files, executable=frozenset())
    content = whole.rstrip(b"\0")
    for end in [*range(0, len(content), 512), len(content) - 1, 1, 511, 700]:
        refused(fleet, tmp_path, whole[:end], "not a whole|cut short|not the ones|nobody vouches")


def test_a_flipped_byte_in_every_member(
    fleet: Fleet, files: dict[str, bytes], tmp_path: Path
) -> None:
    for name, content in files.items():
        flipped = bytearray(content)
        flipped[len(content) // 2] ^= 1
        spoilt = {**files, name: bytes(flipped)}
        refused(fleet, tmp_path, pack(spoilt, executable=frozenset()), "signed|signature|base64")


def header(kind: bytes, size: int) -> bytes:
    return member("x", type=kind, size=size).tobuf(tarfile.USTAR_FORMAT)


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"], ids=repr)
def test_a_header_of_half_a_gigabyte_does_not_fill_the_memory(
    fleet: Fleet, tmp_path: Path, kind: bytes
) -> None:
    """Nobody has signed it yet when it is read: whoever carries the archive wrote it."""
    packed = tmp_path / "b.tar"
    with packed.open("wb") as file:
        file.write(header(kind, 500 << 20))
        file.truncate(600 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(Untrusted, match="not a whole"):
            install(packed, tmp_path / "gadget", trust=fleet.trust())
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", [b"x", b"L"], ids=repr)
def test_headers_of_headers_are_refused_not_recursed_into(
    fleet: Fleet, tmp_path: Path, kind: bytes
) -> None:
    refused(fleet, tmp_path, header(kind, 0) * 5000, "not a whole")


def test_a_sparse_member_that_never_ends_does_not_fill_the_memory(
    fleet: Fleet, tmp_path: Path
) -> None:
    """A header whose list of holes goes on, block after block."""
    first = bytearray(member("x", type=b"S", size=0).tobuf(tarfile.GNU_FORMAT))
    first[386:483] = (b"%011o\0%011o\0" % (1, 1) * 4) + b"\x01"
    first[148:156] = b" " * 8
    first[148:156] = b"%06o\0 " % sum(first)
    more = (b"%011o\0%011o\0" % (1, 1) * 21 + b"\x01").ljust(512, b"\0")
    refused(fleet, tmp_path, bytes(first) + more * 18_000, "not a whole")


def test_a_member_of_less_than_no_bytes_ends(fleet: Fleet, tmp_path: Path) -> None:
    """Its successor would be itself, for ever (CVE-2025-8194)."""
    entry = bytearray(header(b"0", 0))
    entry[124:136] = b"\xff" * 10 + (-512 & 0xFFFF).to_bytes(2, "big")
    entry[148:156] = b" " * 8
    entry[148:156] = b"%06o\0 " % sum(entry)
    refused(fleet, tmp_path, bytes(entry) * 4, "not a whole|less than no bytes")


@pytest.mark.parametrize("data", [b"", b"x" * 2000, b"\x1f\x8b" + bytes(600)], ids=len)
def test_what_is_no_tar(fleet: Fleet, tmp_path: Path, data: bytes) -> None:
    refused(fleet, tmp_path, data, "not a whole|nobody vouches")


def test_a_fifo_in_the_place_of_a_tar_does_not_block(fleet: Fleet, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "b.tar")
    with pytest.raises(Untrusted, match="not a regular file"):
        install(tmp_path / "b.tar", tmp_path / "gadget", trust=fleet.trust())


def test_a_tar_is_installed_not_loaded(
    fleet: Fleet, files: dict[str, bytes], tmp_path: Path
) -> None:
    packed = put(tmp_path / "b.tar", pack(files, executable=frozenset()))
    with pytest.raises((BadInput, Untrusted)):
        edge_infer.load(packed, trust=fleet.trust())
