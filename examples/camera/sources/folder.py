"""A folder of pictures as a recording: one file a frame, by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from edge_infer import BadInput
from examples.camera.sources.frames import Frame
from examples.camera.sources.images import SUFFIXES, read_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Folder:
    """The pictures of a folder, `fps` of them a second of the recording's own time."""

    live = False

    def __init__(self, path: Path, *, fps: float) -> None:
        """Raises BadInput where there is no picture."""
        if not path.is_dir():
            raise BadInput(
                "not a folder",
                expected="a folder of pictures",
                actual=str(path),
                hint="`replay` takes videos" if path.is_file() else "check the path",
            )
        files = [p for p in path.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file()]
        if not files:
            raise BadInput(
                "no picture in the folder",
                expected=" ".join(SUFFIXES),
                actual=path,
                hint="name the folder that holds the pictures themselves",
            )
        self.files = sorted(files, key=_by_number)
        self.fps = fps
        self._troubles: list[str] = []
        self._closed = False

    def frames(self) -> Iterator[Frame]:
        """Yield the pictures; one that cannot be read is left out and told of."""
        for number, path in enumerate(self.files):
            if self._closed:
                return
            try:
                image = read_image(path)
            except BadInput as error:
                words = str(error).replace("\n", ";")
                self._troubles.append(f"{path.name}: {words}")
                continue
            yield Frame(image, number / self.fps, number, path.stem)

    def troubles(self) -> list[str]:
        """Pictures that could not be read since the last call."""
        told, self._troubles = self._troubles, []
        return told

    def close(self) -> None:
        """End `frames`; nothing is kept open."""
        self._closed = True


def _by_number(path: Path) -> tuple[list[tuple[int, str]], str]:
    """`frame-9` before `frame-10`.

    >>> from pathlib import Path
    >>> [p.name for p in sorted(map(Path, ["b10.png", "b9.png", "a1.png"]), key=_by_number)]
    ['a1.png', 'b9.png', 'b10.png']
    """
    parts = re.findall(r"\d+|\D+", path.stem)
    key = [(int(p), "") if p.isdigit() and p.isascii() else (-1, p) for p in parts]
    return key, path.name
