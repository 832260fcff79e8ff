"""Whatever the camera refuses, it says what to do about it."""

from __future__ import annotations

import ast
import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from examples.camera.__main__ import main

ROOT = Path(__file__).parents[3]
REFUSALS = {"BadInput", "Unavailable", "Incompatible"}


def refusals() -> list[tuple[str, set[str | None]]]:
    """Where an error is raised, and the keywords it is raised with."""
    found = []
    for path in sorted((ROOT / "examples" / "camera").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            call = node.exc if isinstance(node, ast.Raise) else None
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in REFUSALS:
                place = f"{path.relative_to(ROOT)}:{call.lineno}"
                found.append((place, {word.arg for word in call.keywords}))
    return found


def test_every_refusal_says_what_to_do() -> None:
    found = refusals()
    assert len(found) > 40
    assert [place for place, words in found if "hint" not in words] == []


ADDRESSES = [
    "rtsp://bob:hunter2@8.8.8.8/1", "rtsp://bob:hunter2@cam.lan:x/1", " rtsp://bob:hunter2@cam.lan/1",
    "//bob:hunter2@cam.lan/x", "rtsp//bob:hunter2@cam.lan/x", "bob:hunter2@cam.lan",
    "rtsp://bob:hun ter2@cam.lan/1", "rtsp://b'ob:hunter2@cam.lan", "rtsp://8.8.8.8/?key=hunter2",
]  # fmt: skip
WORDS = {
    "forgotten option": ["run", "{}"],
    "source": ["run", "--faces", "off", "--source", "{}"],
    "replay": ["replay", "{}", "--faces", "off"],
    "motion": ["motion", "{}", "--masks", "m"],
    "detect": ["detect", "{}"],
    "tune": ["tune", "{}", "--rectangle", "{}"],
    "rate": ["replay", "--fps", "{}"],
    "faces": ["replay", "x", "--faces", "{}"],
    "configuration": ["replay", "--config", "{}"],
}


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_no_password_of_an_address_is_printed(
    words: list[str], address: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with contextlib.suppress(SystemExit):
        assert main([word.replace("{}", address) for word in words]) > 0
    told = capfd.readouterr()
    assert told.err
    assert "hun" not in told.err + told.out
    assert "ter2" not in told.err + told.out


@pytest.mark.parametrize(
    "text",
    [
        'source = "{}"',
        '[source]\nurl = ["{}"]',
        '[mqtt]\nhost = "{}"',
        '[events]\nlog = "{}"',
        '["{}"]\na = 1',
        '"{}"',
    ],
)
@pytest.mark.parametrize("address", ADDRESSES)
def test_no_password_of_a_configuration_is_printed(
    text: str, address: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "camera.toml"
    path.write_text(text.replace("{}", address))
    assert main(["run", "--source", "nothing.mp4", "--faces", "off", "--config", str(path)]) == 5
    told = capfd.readouterr().err
    assert told
    assert "hun" not in told
    assert "ter2" not in told


BOMB = r"""
import sys, zlib, struct
from pathlib import Path
from examples.camera.__main__ import main
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
squeeze, rows = zlib.compressobj(9), b""
for _ in range(20000):
    rows += squeeze.compress(bytes(60001))
head = struct.pack(">IIBBBBB", 20000, 20000, 8, 2, 0, 0, 0)
picture = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
picture += chunk(b"IDAT", rows + squeeze.flush()) + chunk(b"IEND", b"")
place = Path(sys.argv[1]); (place / "1.png").write_bytes(picture)
from examples.camera.sources.http import _decoded
assert _decoded(picture) is None
masks = ["motion", str(place), "--masks", str(place / "m")]
print(main(["detect", str(place / "1.png")]), main(masks))
peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2]
print(int(peak.split()[0]) // 1024)
"""


def test_a_small_file_that_claims_gigabytes_takes_no_memory(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BOMB, str(tmp_path)], cwd=ROOT, check=True, capture_output=True,
        text=True, timeout=60,
    )  # fmt: skip
    codes, megabytes = done.stdout.splitlines()
    assert codes == "5 5"
    assert int(megabytes) < 400, "1,200 MB are claimed"
