"""The process that unpickles: what it refuses by itself, and how it ends whatever it does."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.cluster import AgglomerativeClustering
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from convert.errors import Unsupported
from convert.unpickle import wire
from convert.unpickle.allowlist import read_allow_list
from convert.unpickle.audit import audit
from convert.unpickle.parent import CHILD, Limits, Returned, package_paths, printable, run_child
from edge_infer.errors import BadInput, EdgeInferError, Incompatible, Unavailable, Untrusted

sys.path.insert(0, str(Path(__file__).parent))
import opcodes as op

X = np.arange(24.0).reshape(6, 4)
EVERY_PAIR = tuple(f"{module} {name}" for module, name in sorted(read_allow_list().pairs))
LIMITS = Limits(timeout_s=60)


def request(pairs: tuple[str, ...]) -> wire.Request:
    return wire.Request(
        name="model", sequence=1, image=None, expires=None, target="generic",
        source_sha256="0" * 64, columns=None, pairs=pairs,
        memory_bytes=LIMITS.memory_bytes, cpu_s=60,
    )  # fmt: skip


def npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def run(data: bytes, pairs: tuple[str, ...] | None = None, limits: Limits = LIMITS) -> Returned:
    """Run the real child without the audit's verdict."""
    if pairs is None:
        pairs = tuple(f"{module} {name}" for module, name in audit(data).pairs)
    asked = replace(request(pairs), memory_bytes=limits.memory_bytes, cpu_s=int(limits.timeout_s))
    return run_child(asked, data, npy(X), limits=limits)


def script(folder: Path, text: str) -> Path:
    path = folder / "script.py"
    path.write_text(
        f"import os, struct, sys, time\npipe = int(sys.argv[1])\n"
        f"frame = lambda kind, data: os.write(pipe, struct.pack('<cQ', kind, len(data)) + data)\n"
        f"{text}\n"
    )
    return path


def run_script(folder: Path, text: str, *, timeout_s: float = 20, size: int = 10) -> Returned:
    """Run a child that misbehaves, written out as a script."""
    limits = Limits(timeout_s=timeout_s)
    return run_child(request(()), b"x" * size, b"", limits=limits, script=script(folder, text))


def test_the_child_by_itself_refuses_a_malicious_pickle(malicious, canary: Path) -> None:
    with pytest.raises(Untrusted, match="names code"):
        run(pickle.dumps(malicious), pairs=("posix system", *EVERY_PAIR))
    assert not canary.exists()


def test_the_child_by_itself_refuses_a_malicious_nested_pickle(canary: Path) -> None:
    data = op.object_array(op.stream(op.system(f"touch {canary}")))
    with pytest.raises(Untrusted, match="names code"):
        run(data, pairs=("os system", *EVERY_PAIR))
    assert not canary.exists()


def test_a_mistake_in_the_allow_list_still_runs_nothing(tmp_path: Path, canary: Path) -> None:
    """While unpickling, every event but the harmless ones of PEP 578 is refused."""
    program = f"""
import sys
sys.path.insert(0, {str(CHILD.parents[2])!r})
import sklearn
from convert.unpickle import allowlist, child, wire
from edge_infer.errors import Untrusted
wrong = allowlist.AllowList(sklearn.__version__, frozenset({{("os", "system")}}))
allowlist.read_allow_list = lambda: wrong
sys.addaudithook(child._refuse_events)
request = wire.Request("m", 1, None, None, "generic", "", None, ("os system",), 1, 1)
try:
    child.unpickle({op.stream(op.system(f"touch {canary}"))!r}, request)
except Untrusted as error:
    print(error.actual)
print(open(__import__("os").devnull).read() == "")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.splitlines() == ["the event os.system", "True"]
    assert not canary.exists()


def test_the_child_by_itself_refuses_another_scikit_learn() -> None:
    ours = read_allow_list().sklearn_version
    data = pickle.dumps(StandardScaler().fit(X)).replace(ours.encode(), b"1.4.2")
    with pytest.raises(Incompatible) as refused:
        run(data)
    assert refused.value.expected == f"scikit-learn {ours}"
    assert refused.value.actual == "scikit-learn 1.4.2"


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("no scikit-learn estimator", {"a": 1}),
        ("no scikit-learn estimator", StandardScaler),
        ("not fitted", SVC()),
    ],
)
def test_what_is_no_fitted_estimator_is_refused(what: str, value: object) -> None:
    with pytest.raises(BadInput, match=what) as refused:
        run(pickle.dumps(value))
    assert refused.value.expected
    assert refused.value.actual
    assert refused.value.hint


def test_a_step_without_an_exact_converter_is_unsupported() -> None:
    with pytest.raises(Unsupported, match="AgglomerativeClustering"):
        run(pickle.dumps(AgglomerativeClustering().fit(X)))


def test_a_damaged_pickle_is_bad_input() -> None:
    data = op.stream(op.call("numpy", "dtype", op.text("nonsense")))
    with pytest.raises(BadInput, match="cannot be read"):
        run(data)


def test_a_small_pickle_that_asks_for_much_memory_is_stopped() -> None:
    """Six gibibytes that are never touched: the limit refuses them, no machine would."""
    data = op.stream(op.call("builtins", "bytearray", op.number(6 << 30)))
    with pytest.raises(Unavailable, match="more memory") as refused:
        run(data, limits=Limits(timeout_s=60, memory_bytes=4 << 30))
    assert refused.value.expected == "at most 4,096 MiB"


def test_a_pickle_that_takes_forever_is_stopped() -> None:
    """Only listed opcodes: the hash of tuples nested sixty deep takes centuries."""
    started = time.monotonic()
    with pytest.raises(Unavailable, match="did not end in time"):
        run(op.nested_tuples(60), limits=Limits(timeout_s=6))
    assert time.monotonic() - started < 30


def test_a_child_that_hangs_is_killed(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="did not end in time") as caught:
        run_script(tmp_path, "time.sleep(60)", timeout_s=1)
    assert "--timeout" in str(caught.value.hint)


def test_a_child_that_reads_nothing_does_not_block_the_parent(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="did not end in time"):
        run_script(tmp_path, "time.sleep(60)", timeout_s=1, size=1 << 22)


def test_a_child_that_floods_standard_error_does_not_block_the_parent(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="without a result") as refused:
        run_script(tmp_path, "os.write(2, b'a' * (1 << 20)); os.write(2, b'last'); os._exit(3)")
    assert str(refused.value.actual).endswith("last")
    assert len(str(refused.value.actual)) < 3000


def test_the_children_of_a_child_are_killed_with_it(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with pytest.raises(BadInput, match="without a result"):
        run_script(
            tmp_path,
            f"child = os.fork()\nif child == 0:\n    time.sleep(60)\n"
            f"open({str(pid_file)!r}, 'w').write(str(child))\nos._exit(7)",
        )
    stop = time.monotonic() + 10
    while _is_running(int(pid_file.read_text())) and time.monotonic() < stop:
        time.sleep(0.05)
    assert not _is_running(int(pid_file.read_text()))


def test_the_limits_hold_in_the_child(tmp_path: Path) -> None:
    program = (
        f"import os, resource, sys; sys.path.insert(0, {str(CHILD.parents[2])!r})\n"
        "from convert.unpickle.child import limit\n"
        "limit(1 << 30, 5)\n"
        "for name in ('AS', 'CPU', 'FSIZE', 'NPROC', 'CORE'):\n"
        "    print(name, *resource.getrlimit(getattr(resource, 'RLIMIT_' + name)))\n"
        "try:\n    os.write(os.open('file', os.O_CREAT | os.O_WRONLY), b'x')\n"
        "except OSError as error:\n    print(error.strerror)\n"
        "try:\n    bytearray(2 << 30)\n"
        "except MemoryError:\n    print('MemoryError')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.splitlines() == [
        f"AS {1 << 30} {1 << 30}", "CPU 5 5", "FSIZE 0 0", "NPROC 0 0", "CORE 0 0",
        "File too large", "MemoryError",
    ]  # fmt: skip


def test_a_caller_with_tighter_limits_keeps_them() -> None:
    """As under `ulimit -t`, in a batch queue or a service unit: it is no reason to fail."""
    program = (
        "import resource as r; from convert.unpickle import child\n"
        "r.setrlimit(r.RLIMIT_CPU, (20, 20)); r.setrlimit(r.RLIMIT_AS, (3 << 30, 3 << 30))\n"
        "child.limit(4 << 30, 60)\n"
        "print(r.getrlimit(r.RLIMIT_CPU), r.getrlimit(r.RLIMIT_AS), r.getrlimit(r.RLIMIT_NPROC))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == f"(20, 20) {(3 << 30, 3 << 30)} (0, 0)", done.stderr


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ("SIGSEGV", "os.kill(os.getpid(), 11)"),
        ("SIGABRT", "os.abort()"),
        ("exit code 0", "os._exit(0)"),
        ("exit code 9", "os._exit(9)"),
    ],
)
def test_a_child_that_crashes_is_bad_input(tmp_path: Path, how: str, text: str) -> None:
    with pytest.raises(BadInput, match="without a result") as refused:
        run_script(tmp_path, text)
    assert how in str(refused.value.actual)


def test_a_bug_in_the_child_keeps_its_traceback(tmp_path: Path) -> None:
    with pytest.raises(EdgeInferError, match="not foreseen") as failed:
        run_script(tmp_path, "raise RuntimeError('a bug of ours')")
    assert failed.value.exit_code == 1
    assert "a bug of ours" in str(failed.value.actual)


@pytest.mark.parametrize(
    "text",
    [
        "frame(b'z', b'x')",
        "os.write(pipe, struct.pack('<cQ', b'o', 1 << 62))",
        "os.write(pipe, struct.pack('<cQ', b'p', 5000))",
        "frame(b'c', b'x'); frame(b'c', b'x')",
    ],
)
def test_frames_beyond_their_bounds_end_the_child(tmp_path: Path, text: str) -> None:
    with pytest.raises(Untrusted, match="handed back what it should not"):
        run_script(tmp_path, text + "; time.sleep(60)")


@pytest.mark.parametrize("payload", ["b'{'", "b'[1'", "b'[NaN, 1]'"])
def test_progress_that_is_no_json_is_refused(tmp_path: Path, payload: str) -> None:
    with pytest.raises(BadInput):
        run_script(tmp_path, f"frame(b'p', {payload}); time.sleep(60)")


def test_an_error_of_an_unknown_class_is_the_root(tmp_path: Path) -> None:
    text = """frame(b'e', b'{"error": "SystemExit", "what": "so it ends"}'); time.sleep(60)"""
    with pytest.raises(EdgeInferError, match="so it ends") as failed:
        run_script(tmp_path, text)
    assert type(failed.value) is EdgeInferError


def test_what_the_child_tells_cannot_rewrite_the_terminal(tmp_path: Path) -> None:
    assert printable("a\x1b[2Jb\rc\nd") == "a\ufffd[2Jb\ufffdc\nd"
    with pytest.raises(Untrusted) as refused:
        run_script(tmp_path, r"""frame(b'e', b'{"error": "Untrusted", "what": "\\u001b[2J"}')""")
    assert "\x1b" not in str(refused.value)


def test_the_child_sees_an_empty_environment_and_its_own_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "token")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit(9)")
    told = "str(sorted(os.environ)) + os.getcwd() + str(sys.flags.isolated)"
    with pytest.raises(EdgeInferError, match="TMPDIR") as failed:
        run_script(
            tmp_path,
            f"import json\nframe(b'e', json.dumps({{'error': 'x', 'what': {told}}}).encode())",
        )
    told = failed.value.what
    assert "SECRET" not in told
    assert "PYTHON" not in told
    assert "edge-infer-" in told
    assert told.endswith("1")
    assert not Path(told.partition("]")[2][:-1]).exists()


def test_the_childs_path_holds_neither_the_current_directory_nor_an_empty_entry() -> None:
    assert all(Path(path).is_absolute() for path in package_paths())
    assert len(package_paths()) == len(set(package_paths()))


def test_whole_frames_are_put_together_from_pieces(tmp_path: Path) -> None:
    text = """
data = struct.pack('<cQ', b'c', 3) + b'abc' + struct.pack('<cQ', b'o', 300000) + b'o' * 300000
data += struct.pack('<cQ', b'g', 0)
for start in range(0, len(data), 60001):
    os.write(pipe, data[start:start + 60001]); time.sleep(0.01)
time.sleep(60)
"""
    started = time.monotonic()
    found = run_script(tmp_path, text)
    assert (found.contract, len(found.onnx), found.golden) == (b"abc", 300000, b"")
    assert time.monotonic() - started < 15


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
