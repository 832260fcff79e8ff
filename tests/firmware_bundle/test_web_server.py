"""A device that takes its releases from a plain web server which, and whose line, is hostile."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from artifact_builder import write_signed
from small_bundles import Fleet, serves

import firmware_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Path(__file__).parents[2] / "examples" / "fleet" / "web_update.sh"


class Site(BaseHTTPRequestHandler):
    """Files by name, from the byte that is asked for; `cut` ends the next answer after so many."""

    def __init__(self, files: dict[str, bytes], sent: list[int], *request: object) -> None:
        self.files, self.sent = files, sent
        super().__init__(*request)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        whole = self.files.get(self.path[1:])
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        if whole is None or start >= len(whole):
            self.send_error(404 if whole is None else 416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(whole) - start))
        self.send_header("Content-Range", f"bytes {start}-{len(whole) - 1}/{len(whole)}")
        self.end_headers()
        limit = int(self.files.pop("cut", b"1000000000")) if len(whole) > 100 else len(whole)
        self.wfile.write(whole[start : start + limit])
        self.sent.append(len(whole[start : start + limit]))

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Say nothing."""


@contextmanager
def serving(files: dict[str, bytes], sent: list[int]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Site, files, sent)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def releases(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> dict[int, bytes]:
    """Whole bundles as `.tar`: the device starts what is in them."""
    folder = tmp_path_factory.mktemp("releases")
    made = {}
    for number in (1, 2, 3):
        parts = {p.name: p.read_bytes() for p in (fleet.bundle(number) / "artifact").iterdir()}
        artifact = write_signed(folder / f"artifact-{number}", fleet.key(), parts)
        out = folder / f"bundle-{number}.tar"
        firmware_bundle.bundle(artifact, out, key=fleet.key(), trust=fleet.trust(), tar=True)
        made[number] = out.read_bytes()
    return made


def update(url: str, root: Path, *, blocks: int = 20_000) -> int:
    environment = {"PYTHON": sys.executable, "PATH": "/usr/bin:/bin", "MAX_BLOCKS": str(blocks)}
    command = ["sh", str(SCRIPT), url, str(root)]
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode


@pytest.mark.deep
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_releases_from_a_web_server_whose_line_drops_and_whose_files_are_forged(
    fleet: Fleet, releases: dict[int, bytes], tmp_path: Path
) -> None:
    root, sent = tmp_path / "gadget", []
    (tmp_path / "first.tar").write_bytes(releases[1])
    fleet.install(root, bundle=tmp_path / "first.tar")
    two, three = releases[2], releases[3]
    files = {"latest": b"bundle-2.tar\n", "bundle-2.tar": two, "bundle-3.tar": three}
    with serving(files, sent) as url:
        files["cut"] = b"100000"
        assert (update(url, root), serves(root)) == (6, 1)
        sent.clear()
        assert (update(url, root), serves(root)) == (0, 2), "it goes on where it was cut"
        assert len(two) - 100_000 in sent
        sent.clear()
        assert (update(url, root), len(sent)) == (0, 1), "nothing new is not fetched again"

        files["latest"], files["cut"] = b"bundle-3.tar", b"50000"
        assert (update(url, root), serves(root)) == (6, 2)
        files["bundle-9.tar"] = three[:70_000] + b"forged" + three[70_006:]
        files["latest"] = b"bundle-9.tar"
        assert (update(url, root), serves(root)) == (3, 2), "an altered release"
        files["latest"], files["bundle-8.tar"] = b"bundle-8.tar", releases[1]
        assert (update(url, root), serves(root)) == (3, 2), "an older release"
        files["latest"] = b"../../etc/passwd"
        assert (update(url, root), serves(root)) == (6, 2)
        files["latest"] = b"bundle-3.tar"
        assert update(url, root, blocks=100) == 6, "more than the device is to take"
        (root / "incoming.part").write_bytes(three)  # whole, and the power went before its end
        (root / "incoming.begun").write_bytes(b"bundle-3.tar")
        assert update(url, root) in (0, 6)
        assert update(url, root) == 0
    assert serves(root) == 3
    assert not (root / "incoming.part").exists()
