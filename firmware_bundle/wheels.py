"""Wheels for a device without a network: fetched by pip from a lock, checked, made slim.

`wheels.lock` names each wheel with its SHA-256, so what is packed is what was tried, whatever a
registry says by then. A slim wheel lacks what no prediction needs: the C library that the Python
module of onnxruntime contains once more, tools, tests, headers, and it asks for no package that
inference does not import. It is a wheel still, with a
RECORD of its own, and `wheels/requirements.txt` names its new digest.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import subprocess
import sys
import tempfile
import zipfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from firmware_bundle.targets import Target

LOCK = "wheels.lock"
FOLDER = "wheels"
TIMEOUT_S = 600
_EPOCH = (1980, 1, 1, 0, 0, 0)

NEEDLESS = re.compile(
    r"onnxruntime/(capi/libonnxruntime(_providers_shared)?\.so|transformers/|quantization/|tools/)"
    r"|numpy/(f2py|distutils|typing|testing|random|polynomial)/"
    r"|numpy/_core/(_simd|_\w+_tests)\."
    r"|numpy/linalg/lapack_lite\."
    r"|numpy/(\w+/)*tests/"
    r"|numpy/.*\.(pyi|pxd|h|a|pc|ini)$"
)
"""What predictions do not need. A program might miss numpy's `random` and `polynomial`."""

UNUSED = re.compile(rb"^Requires-Dist: (flatbuffers|packaging|protobuf)\b.*\n", re.MULTILINE)
"""What onnxruntime asks for and no inference imports."""


def wheel_files(target: Target, *, python: tuple[int, int] | None = None) -> dict[str, bytes]:
    """Name to content of `wheels/`: slim wheels and the list by which pip installs them.

    Raises:
        BadInput: there are no wheels for such a target, or for such a release of Python.
        Unavailable: pip cannot fetch them, or what came is not what the lock names.
    """
    if not target.wheels:
        raise BadInput(
            f"there are no wheels of onnxruntime for {target.name}",
            expected="linux-x86-64 or raspberry-pi-64",
            actual=target.name,
            hint="leave --with-wheels out",
        )
    release = python or sys.version_info[:2]
    _check_locked(release)
    fetched = _fetch(target, release)
    files: dict[str, bytes] = {}
    lines = []
    for name, content in sorted(fetched.items()):
        slim = slim_wheel(content)
        files[f"{FOLDER}/{name}"] = slim
        project, version = name.split("-")[:2]
        lines.append(f"{project}=={version} --hash=sha256:{hashlib.sha256(slim).hexdigest()}\n")
    files[f"{FOLDER}/requirements.txt"] = "".join(lines).encode("ascii")
    return files


def parse_release(text: str) -> tuple[int, int]:
    """`3.13` as `(3, 13)`.

    Raises:
        BadInput: it is no release of Python.
    """
    found = re.fullmatch(r"(3)\.([0-9]{1,2})", text)
    if found is None:
        raise BadInput(
            "no release of Python",
            expected="such as 3.13",
            actual=text,
            hint="name the device's: python3 --version says it there",
        )
    return int(found[1]), int(found[2])


def locked_releases() -> list[tuple[int, int]]:
    """The releases of Python for which the lock names wheels, in order."""
    lock = resources.files("firmware_bundle").joinpath(LOCK).read_text("utf-8")
    return sorted({(3, int(minor)) for minor in re.findall(r"-cp3([0-9]+)-cp3", lock)})


def _check_locked(release: tuple[int, int]) -> None:
    known = locked_releases()
    if release not in known:
        names = " or ".join(f"{major}.{minor}" for major, minor in known)
        raise BadInput(
            f"there are no wheels for Python {release[0]}.{release[1]} in the lock",
            expected=f"Python {names}",
            actual=f"{release[0]}.{release[1]}",
            hint=f"name the device's release where it is one of these, as in --with-wheels "
            f"{known[-1][0]}.{known[-1][1]}, or leave --with-wheels out and install numpy and "
            "onnxruntime on the device",
        )


def slim_wheel(wheel: bytes) -> bytes:
    """The wheel without what `NEEDLESS` names, and with a RECORD that says so."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(wheel)) as whole,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as slim,
    ):
        record = ""
        rows = []
        for name in sorted(whole.namelist()):
            if name.endswith(".dist-info/RECORD"):
                record = name
            elif not name.endswith("/") and not NEEDLESS.match(name):
                content = whole.read(name)
                if name.endswith(".dist-info/METADATA"):
                    content = UNUSED.sub(b"", content)
                rows.append((name, _digest(content), str(len(content))))
                _add(slim, name, content, whole.getinfo(name).external_attr)
        assert record, "a wheel has a RECORD"
        _add(slim, record, _record([*rows, (record, "", "")]), 0o644 << 16)
    return packed.getvalue()


def unpacked_bytes(wheel: bytes) -> int:
    """What a wheel takes where it is installed."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _fetch(target: Target, python: tuple[int, int]) -> dict[str, bytes]:
    """The untouched wheels, by pip, which checks their digests."""
    tag = f"cp{python[0]}{python[1]}"
    lock = resources.files("firmware_bundle").joinpath(LOCK)
    with tempfile.TemporaryDirectory() as folder, resources.as_file(lock) as path:
        command = [
            sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
            "--no-input", "--no-deps", "--require-hashes", "--only-binary=:all:",
            "--requirement", str(path), "--dest", folder, "--implementation", "cp",
            "--python-version", f"{python[0]}.{python[1]}",
            "--abi", tag, "--abi", "abi3", "--abi", "none",
        ]  # fmt: skip
        for platform in target.wheels:
            command += ["--platform", platform]
        try:
            done = subprocess.run(  # noqa: S603 - pip, with options of ours
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Unavailable(
                "pip did not fetch the wheels in time",
                expected=f"at most {TIMEOUT_S} s",
                hint="try again; what pip has fetched stays in its cache",
            ) from None
        if done.returncode != 0:
            raise Unavailable(
                "pip cannot fetch the wheels that the lock names",
                expected=f"wheels of {tag} for {target.name}",
                actual=done.stderr.strip()[-500:],
                hint="connect this machine to a network or a package mirror, or leave "
                "--with-wheels out",
            )
        return {one.name: one.read_bytes() for one in Path(folder).glob("*.whl")}


def _add(archive: zipfile.ZipFile, name: str, content: bytes, attributes: int) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.external_attr = attributes
    archive.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=9)


def _digest(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
    return "sha256=" + digest.decode("ascii")


def _record(rows: list[tuple[str, str, str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8")
