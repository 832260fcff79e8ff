"""Ways past other tools that were published: each is tried here, under its advisory.

Scanners refuse names from a list of bad ones, and each of these was missing from one. Here a name
must be on a list of good ones, whatever the file is called and however it is wrapped.
"""

from __future__ import annotations

import bz2
import io
import lzma
import pickle
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from convert.unpickle.audit import audit
from convert.unpickle.source import read_signed_pickle
from edge_infer.errors import BadInput, EdgeInferError, Untrusted

sys.path.insert(0, str(Path(__file__).parent))
import opcodes as op

NAMES = {
    # picklescan before 0.0.21: pip was no unsafe global.
    "CVE-2025-1716": [("pip", "main"), ("pip._internal", "main")],
    # picklescan before 0.0.31: a submodule of an unsafe module passed.
    "CVE-2025-10157": [("asyncio.unix_events", "_UnixSubprocessTransport._start")],
    # picklescan before 1.0.4: seven modules of the standard library start programs.
    "CVE-2026-56315": [
        ("uuid", "_get_command_stdout"),
        ("_osx_support", "_read_output"),
        ("_aix_support", "_read_cmd_output"),
        ("_pyrepl.pager", "pipe_pager"),
        ("imaplib", "IMAP4_stream"),
    ],
    # fickling before 0.1.7: ctypes and pydoc were missing.
    "CVE-2026-22608": [("pydoc", "locate"), ("ctypes", "CDLL"), ("_ctypes", "dlopen")],
    # fickling before 0.1.6 and 0.1.7: marshal and types, pty, runpy, cProfile.
    "CVE-2025-67747": [("marshal", "loads"), ("types", "FunctionType"), ("types", "CodeType")],
    "CVE-2025-67748": [("pty", "spawn")],
    "CVE-2026-22606": [("runpy", "run_path"), ("runpy", "_run_code")],
    "CVE-2026-22607": [("cProfile", "run"), ("profile", "Profile.runctx")],
    # skops before 0.12: what was reported as an operator's function was another callable.
    "CVE-2025-54412": [("operator", "methodcaller"), ("operator", "itemgetter")],
    # skops before 0.12: a method's name reached attributes of attributes.
    "CVE-2025-54413": [("sklearn.svm", "SVC.fit"), ("builtins", "getattr")],
    # skops: a trusted package's own function loads or runs what it is given.
    "CVE-2024-37065": [("joblib", "load"), ("numpy", "load"), ("sklearn.datasets", "load_files")],
    # joblib before 1.2: a string of pre_dispatch was evaluated.
    "CVE-2022-21797": [("joblib.parallel", "Parallel"), ("joblib._utils", "eval_expr")],
}


@pytest.mark.parametrize(
    ("advisory", "module", "name"),
    [(advisory, *pair) for advisory, pairs in NAMES.items() for pair in pairs],
)
def test_a_name_that_a_scanner_let_through(advisory: str, module: str, name: str) -> None:
    for data in (
        op.stream(op.call(module, name, op.text("true"))),
        b"\x80\x03c" + f"{module}\n{name}\n".encode() + b"X\x04\0\0\0true\x85R.",
        op.object_array(op.stream(op.call(module, name, op.text("true")))),
    ):
        assert (module, name) in [(m.module, m.name) for m in audit(data).refused], advisory


def test_a_build_at_the_end_hides_nothing() -> None:
    """GHSA-mhc9-48gj-9gp3: fickling took a call whose result got a state for harmless."""
    data = op.stream(op.call("socketserver", "TCPServer"), op.dictionary(), op.BUILD)
    assert [m.module for m in audit(data).refused] == ["socketserver"]


def test_a_name_that_the_analysis_saw_before_is_looked_at_again() -> None:
    """fickling up to 0.1.11: the first pass marked imports as reported, the next skipped them."""
    data = op.stream(op.MARK, *[op.call("smtplib", "SMTP")] * 2, op.call("ftplib", "FTP"), op.TUPLE)
    assert {m.module for m in audit(data).refused} == {"smtplib", "ftplib"}


@pytest.mark.parametrize("name", ["model.skops", "model.txt", "model.config", "model", "model.pt"])
def test_the_name_of_the_file_decides_nothing(
    sign: Any, keys: Path, malicious: Any, name: str
) -> None:
    """CVE-2025-1889, CVE-2025-10155, CVE-2025-54886: another ending, another way to read it."""
    source = read_signed_pickle(sign(pickle.dumps(malicious), name), keys / "trainer.pub")
    assert [m.name for m in audit(source.pickle).refused] == ["system"]


def zipped(data: bytes, *, flag_bits: int = 0) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("data.pkl", data)
    raw = bytearray(out.getvalue())
    raw[6] |= flag_bits  # the local header alone, so that readers disagree
    return bytes(raw)


@pytest.mark.parametrize(
    "wrap", [zipped, lambda d: zipped(d, flag_bits=1), bz2.compress, lzma.compress],
    ids=["zip", "zip with other flags", "bz2", "xz"],
)  # fmt: skip
def test_no_archive_is_opened(
    sign: Any, keys: Path, malicious: Any, canary: Path, wrap: Any
) -> None:
    """CVE-2025-1944, CVE-2025-1945, CVE-2025-10156: archives that two readers read differently.

    CVE-2024-37065 concerned such an archive as well: a `.skops` file is a zip.
    """
    with pytest.raises(BadInput):
        read_signed_pickle(sign(wrap(pickle.dumps(malicious))), keys / "trainer.pub")
    assert not canary.exists()


def test_the_nested_pickle_of_an_object_array() -> None:
    """GHSA-m62q-453p-gv66: joblib before 1.6 read it without any filter."""
    data = op.object_array(op.stream(op.system("true")))
    assert [m.name for m in audit(data).refused] == ["system"]
    import joblib

    assert tuple(map(int, joblib.__version__.split(".")[:2])) >= (1, 6)


def test_data_behind_the_end() -> None:
    """A second pickle in one file: scanners read the first, `pickle.load` in a loop reads both."""
    with pytest.raises(BadInput, match="data follows"):
        audit(pickle.dumps(1) + op.stream(op.system("true")))


def test_a_pickle_that_breaks_after_its_payload() -> None:
    """A broken end makes a scanner give up after the call that unpickling has run by then."""
    for end in (b"", b"X", b"\xff", b"h\x7f."):
        with pytest.raises(EdgeInferError):
            audit(op.PROTO + op.system("true") + end)


def test_a_memo_that_is_filled_twice_shows_both_names() -> None:
    """An allowed name in the memo's place, replaced before it is called."""
    good, bad = op.name("sklearn.svm._classes", "SVC"), op.name("os", "system")
    put, get = b"q\x00" + op.POP, b"h\x00"
    data = op.stream(good, put, bad, put, get, op.text("true"), b"\x85R")
    assert [m.name for m in audit(data).refused] == ["system"]


def test_a_name_put_together_while_running_is_refused() -> None:
    """CVE-2025-54412 in pickle's terms: what is named is not what is written down."""
    joined = op.call("numpy", "dtype", op.text("f8")) + op.text("system") + b"\x93"
    with pytest.raises(Untrusted, match="computes the name"):
        audit(op.stream(joined))
