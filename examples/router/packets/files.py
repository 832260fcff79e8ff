"""Capture files by their first bytes: pcap or pcapng, plain or gzip."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer import BadInput, Unavailable
from examples.router.packets import pcap, pcapng
from examples.router.packets.pipe import open_pipe
from examples.router.packets.problems import Problems
from examples.router.packets.stream import Stream

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from io import BufferedReader

    from examples.router.packets.frame import Frame

UNPACKED, CONVERTED = "unpack it first: {}", "convert it: editcap -F pcap FROM TO"
OTHERS = {
    b"\xfd7zX": ("xz", UNPACKED.format("xz -dk")),
    b"\x28\xb5\x2f\xfd": ("zstd", UNPACKED.format("zstd -d")),
    b"BZh": ("bzip2", UNPACKED.format("bzip2 -dk")),
    b"PK\x03\x04": ("zip", UNPACKED.format("unzip")),
    b"snoop": ("a capture of Solaris's snoop", CONVERTED),
    b"GMBU": ("a capture of Microsoft's Network Monitor", CONVERTED),
    b"\x34\xcd\xb2\xa1": ("a pcap of a patched libpcap", CONVERTED),
    b"\xa1\xb2\xcd\x34": ("a pcap of a patched libpcap", CONVERTED),
}
"""What is often given for a capture, by how it begins."""


def read_file(path: str | os.PathLike[str], problems: Problems) -> Iterator[Frame]:
    """Frames of a capture file in their order; damage ends it early and is counted.

    Raises:
        BadInput: it is no capture file at all.
        Unavailable: it cannot be opened.
    """
    yield from read_open_file(_opened(path), str(path), problems)


def open_capture(path: str | os.PathLike[str], problems: Problems) -> Stream:
    """A capture file's bytes, of which the magic number is known to be one.

    Raises:
        BadInput: it is no capture file at all.
        Unavailable: it cannot be opened.
    """
    stream = Stream(_opened(path), problems)
    try:
        _check_magic(stream, str(path))
    except BadInput:
        stream.close()
        raise
    return stream


def check_file(path: str | os.PathLike[str]) -> None:
    """Refuse what `read_file` would refuse at its first byte; a pipe's bytes are left in it.

    Raises:
        BadInput: it is no capture file at all.
        Unavailable: it cannot be opened.
    """
    try:
        mode = Path(path).stat().st_mode
    except OSError:  # opening it says why
        mode = stat.S_IFREG
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        open_capture(path, Problems()).close()


def read_open_file(file: BufferedReader, name: str, problems: Problems) -> Iterator[Frame]:
    """As `read_file`, of a file that is open and is closed at the end.

    Raises:
        BadInput: it is no capture file at all.
    """
    with Stream(file, problems) as stream:
        _check_magic(stream, name)
        yield from frames_of(stream, problems)


def frames_of(stream: Stream, problems: Problems) -> Iterator[Frame]:
    """Frames of a stream from its magic number on."""
    if stream.data.startswith(pcapng.MAGIC, stream.at):
        yield from pcapng.read_pcapng(stream, problems)
    else:
        yield from pcap.read_pcap(stream, problems)


def _opened(path: str | os.PathLike[str]) -> BufferedReader:
    try:
        return open_pipe(path) if Path(path).is_fifo() else Path(path).open("rb")
    except OSError as error:
        raise Unavailable(
            f"{path}: cannot be opened",
            expected="a capture file",
            actual=error.strerror or "?",
            hint="name files, such as FOLDER/*.pcap"
            if isinstance(error, IsADirectoryError)
            else "check the path, and that you may read it",
        ) from error


def _check_magic(stream: Stream, name: str) -> None:
    stream.fill(4)
    magic = stream.data[:4]
    if magic in pcap.MAGICS or magic == pcapng.MAGIC:
        return
    hint = "record one with tcpdump -w FILE, or convert it with editcap"
    if stream.is_damaged:
        found = "a gzip stream that is corrupt or cut short"
        hint = f"look at it with gzip -t {name}; copy it again from where it was whole"
    elif not magic:
        found = "a gzip stream of nothing" if stream.is_packed else "an empty file"
    else:
        stream.fill(8)
        kinds = (kind for begin, kind in OTHERS.items() if stream.data.startswith(begin))
        found, hint = next(kinds, (f"a file that begins with {magic.hex()}", hint))
    raise BadInput(
        f"{name}: not a capture file",
        expected="pcap or pcapng, plain or gzip",
        actual=found,
        hint=hint,
    )
