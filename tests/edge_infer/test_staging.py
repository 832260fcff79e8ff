"""Nothing half-written: errors, a full disk and an existing output."""

from __future__ import annotations

import errno
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from edge_infer.errors import BadInput, Unavailable
from edge_infer.staging import staged_directory, write_file_atomically


def names(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


def test_the_directory_appears_whole_at_the_end(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with staged_directory(out) as staging:
        (staging / "deep").mkdir()
        (staging / "deep" / "file").write_bytes(b"content")
        assert not out.exists()
    assert (out / "deep" / "file").read_bytes() == b"content"
    assert names(tmp_path) == ["out"]
    umask = os.umask(0o022)
    os.umask(umask)
    assert stat.S_IMODE(out.stat().st_mode) == 0o777 & ~umask


def test_an_error_in_the_block_leaves_nothing_and_passes_unchanged(tmp_path: Path) -> None:
    def write(out: Path) -> None:
        with staged_directory(out) as staging:
            (staging / "file").write_bytes(b"content")
            Path("/no/such/source").read_bytes()

    with pytest.raises(FileNotFoundError):
        write(tmp_path / "out")
    assert names(tmp_path) == []


@pytest.mark.parametrize("replace", [True, False])
def test_a_power_cut_leaves_no_name_without_its_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replace: bool
) -> None:
    """The bytes are forced to the disk before the name, and the name before it is relied on."""
    out, forced, fsync = tmp_path / "out", [], os.fsync

    def noting(descriptor: int) -> None:
        found = os.fstat(descriptor)
        forced.append((found.st_ino, found.st_size, out.exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    write_file_atomically(out, b"new", replace=replace)
    assert forced[0] == (out.stat().st_ino, 3, False)
    assert (forced[-1][0], forced[-1][2]) == (tmp_path.stat().st_ino, True)


@pytest.mark.parametrize("kind", ["directory", "file", "dangling link"])
def test_an_existing_output_is_refused_and_kept(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "out"
    if kind == "directory":
        out.mkdir()
    elif kind == "file":
        out.write_bytes(b"old")
    else:
        out.symlink_to(tmp_path / "nowhere")
    with pytest.raises(BadInput, match="exists"), staged_directory(out):
        raise AssertionError("the block must not run")
    with pytest.raises(BadInput, match="exists"):
        write_file_atomically(out, b"new", replace=False)
    assert names(tmp_path) == ["out"]


def test_an_output_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(BadInput, match="exists"), staged_directory(out):
        out.write_bytes(b"somebody else")
    assert out.read_bytes() == b"somebody else"
    assert names(tmp_path) == ["out"]


def test_a_missing_parent_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no directory"), staged_directory(tmp_path / "no" / "out"):
        pass
    with pytest.raises(BadInput, match="no directory"):
        write_file_atomically(tmp_path / "no" / "file", b"")


def test_a_file_is_replaced_whole_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_file_atomically(path, b"old")
    write_file_atomically(path, b"new", mode=0o600)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(tmp_path) == ["key"]


WRITE_TOO_MUCH = """
import sys
from pathlib import Path
from edge_infer.errors import Unavailable
from edge_infer.staging import staged_directory, write_file_atomically

root = Path(sys.argv[1])
(root / "kept").write_bytes(b"old")
try:
    write_file_atomically(root / "kept", b"x" * 2_000_000)
except Unavailable as error:
    print(error.what)
try:
    with staged_directory(root / "out") as staging:
        (staging / "small").write_bytes(b"x")
        (staging / "large").write_bytes(b"x" * 2_000_000)
except Unavailable as error:
    print(error.what)
"""


def write_too_much(root: Path, *, limit_bytes: int | None = None) -> str:
    def limit() -> None:
        if limit_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))

    done = subprocess.run(
        [sys.executable, "-c", WRITE_TOO_MUCH, str(root)],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=limit,
    )
    assert (root / "kept").read_bytes() == b"old"
    assert names(root) == ["kept"]
    return done.stdout


def test_a_file_size_limit_leaves_nothing_half_written(tmp_path: Path) -> None:
    printed = write_too_much(tmp_path, limit_bytes=1_000_000)
    assert printed.count("File too large") == 2


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a small tmpfs can only be mounted as root")
    try:
        assert write_too_much(tmp_path).count("No space left on device") == 2
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_read_only_place_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="cannot write"), staged_directory("/proc/out"):
        pass


def _no_links(self: Path, target: Path) -> None:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(target), None, str(self))


def test_a_new_file_is_written_where_the_filesystem_has_no_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FAT and exFAT answer EPERM to link(2)."""
    monkeypatch.setattr(Path, "hardlink_to", _no_links)
    write_file_atomically(tmp_path / "report.html", b"new", replace=False)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"new"]


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_meanwhile_is_refused_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    out = tmp_path / "report.html"
    link = Path.hardlink_to if links else _no_links

    def raced(self: Path, target: Path) -> None:
        out.write_bytes(b"theirs")
        link(self, target)

    monkeypatch.setattr(Path, "hardlink_to", raced)
    with pytest.raises(BadInput, match="output path exists"):
        write_file_atomically(out, b"ours", replace=False)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"theirs"]


@pytest.mark.parametrize("below", ["out", "deep/out", "../link/out"])
def test_nothing_is_written_into_a_signed_directory(tmp_path: Path, below: str) -> None:
    signed = tmp_path / "artifact"
    (signed / "deep").mkdir(parents=True)
    (signed / "model.sig").write_bytes(b"")
    (tmp_path / "link").symlink_to(signed / "deep")
    out = signed / below
    with pytest.raises(BadInput, match="signed directory"), staged_directory(out):
        raise AssertionError("the block must not run")
    with pytest.raises(BadInput, match="signed directory"):
        write_file_atomically(out, b"new")
    assert sorted(names(signed)) == ["deep", "model.sig"]
    assert names(signed / "deep") == []
