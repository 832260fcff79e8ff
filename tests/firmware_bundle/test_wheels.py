"""Slim wheels are wheels: a RECORD that fits, nothing that runs is missing, the same bytes."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from importlib import resources
from pathlib import Path

import pytest

from edge_infer.errors import BadInput
from firmware_bundle.wheels import LOCK, NEEDLESS, parse_release, slim_wheel, unpacked_bytes

ROOT = Path(__file__).parents[2]


def wheel(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


SMALL = {
    "onnxruntime/__init__.py": b"answer = 42\n",
    "onnxruntime/capi/libonnxruntime.so.1.32.0": b"x" * 5000,
    "onnxruntime/tools/big.py": b"",
    "onnxruntime-1.0.dist-info/METADATA": (
        b"Metadata-Version: 2.1\nName: onnxruntime\nVersion: 1.0\nRequires-Dist: protobuf>=4\n"
    ),
    "onnxruntime-1.0.dist-info/WHEEL": (
        b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    ),
    "onnxruntime-1.0.dist-info/RECORD": b"stale\n",
}


def test_pip_installs_a_slim_wheel(tmp_path: Path) -> None:
    path = tmp_path / "onnxruntime-1.0-py3-none-any.whl"
    path.write_bytes(slim_wheel(wheel(**SMALL)))
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-index",
         "--disable-pip-version-check", "--target", str(tmp_path / "site"), str(path)],
        check=True, capture_output=True,
    )  # fmt: skip
    site = tmp_path / "site"
    assert (site / "onnxruntime" / "__init__.py").read_bytes() == b"answer = 42\n"
    assert not (site / "onnxruntime" / "capi").exists()
    assert not (site / "onnxruntime" / "tools").exists()


def test_the_same_wheel_gives_the_same_bytes_and_is_smaller() -> None:
    whole = wheel(**SMALL)
    assert slim_wheel(whole) == slim_wheel(whole)
    assert unpacked_bytes(slim_wheel(whole)) < unpacked_bytes(whole) - 4000


@pytest.mark.parametrize(
    "name",
    [
        "onnxruntime/capi/onnxruntime_pybind11_state.cpython-311-aarch64-linux-gnu.so",
        "onnxruntime/LICENSE",
        "onnxruntime/ThirdPartyNotices.txt",
        "numpy/_core/_multiarray_umath.cpython-311-aarch64-linux-gnu.so",
        "numpy/fft/__init__.py",
        "numpy/ma/core.py",
        "numpy/linalg/_linalg.py",
        "numpy.libs/libgfortran-daac5196-038a5e3c.so.5.0.0",
        "numpy-2.4.6.dist-info/licenses/LICENSE.txt",
    ],
)
def test_what_runs_and_what_the_licences_ask_for_stays(name: str) -> None:
    assert NEEDLESS.match(name) is None


def test_the_devices_python_may_be_another_than_this_one() -> None:
    assert parse_release("3.13") == (3, 13)
    for text in ("", "3", "313", "3.13.1", "2.7", "3.x"):
        with pytest.raises(BadInput, match="no release of Python"):
            parse_release(text)


def test_the_lock_names_the_tested_onnxruntime_and_only_digests() -> None:
    lock = resources.files("firmware_bundle").joinpath(LOCK).read_text()
    tested = re.search(r"^onnxruntime==.*$", (ROOT / "requirements/convert.txt").read_text(), re.M)
    assert tested is not None
    assert f"{tested[0]} \\" in lock
    pinned = [line for line in lock.splitlines() if "==" in line]
    assert len(pinned) == 2
    for block in lock.split("\n\n")[1:]:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", block)
