"""Capture files by their first bytes: pcap or pcapng, plain or gzip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer import BadInput, Unavailable
from examples.router.packets import pcap, pcapng
from examples.router.packets.stream import Stream

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from io import BufferedReader

    from examples.router.packets.frame import Frame
    from examples.router.packets.problems import Problems


def read_file(path: str | os.PathLike[str], problems: Problems) -> Iterator[Frame]:
    """Frames of a capture file in their order; damage ends it early and is counted.

    Raises:
        BadInput: it is no capture file at all.
        Unavailable: it cannot be opened.
    """
    try:
        file = Path(path).open("rb")  # noqa: SIM115 - the stream closes it
    except OSError as error:
        raise Unavailable(
            f"{path}: cannot be opened",
            expected="a capture file",
            actual=error.strerror or "?",
            hint="name files, such as FOLDER/*.pcap"
            if isinstance(error, IsADirectoryError)
            else "check the path, and that you may read it",
        ) from error
    yield from read_open_file(file, str(path), problems)


def read_open_file(file: BufferedReader, name: str, problems: Problems) -> Iterator[Frame]:
    """As `read_file`, of a file that is open and is closed at the end.

    Raises:
        BadInput: it is no capture file at all.
    """
    with Stream(file, problems) as stream:
        stream.fill(4)
        magic = stream.data[:4]
        if magic in pcap.MAGICS:
            yield from pcap.read_pcap(stream, problems)
        elif magic == pcapng.MAGIC:
            yield from pcapng.read_pcapng(stream, problems)
        else:
            raise BadInput(
                f"{name}: not a capture file",
                expected="pcap or pcapng, plain or gzip",
                actual="an empty file" if not magic else f"a file that begins with {magic.hex()}",
            )
