from __future__ import annotations

import io
import pickle
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from convert.unpickle.allowlist import AllowList, read_allow_list
from convert.unpickle.audit import audit, check_audit
from convert.unpickle.compression import decompress
from edge_infer.errors import BadInput, Incompatible, Untrusted

sys.path.insert(0, str(Path(__file__).parent))
import opcodes as op

ALLOWED = read_allow_list()


class Recorder(joblib.numpy_pickle.NumpyUnpickler):  # type: ignore[misc]
    """joblib's own unpickler, which knows for certain what a pickle names."""

    def __init__(self, data: bytes) -> None:
        super().__init__("", io.BytesIO(data), True)
        self.seen: set[tuple[str, str]] = set()

    def find_class(self, module: str, name: str) -> Any:
        self.seen.add((module, name))
        return super().find_class(module, name)


def named_by_joblib(data: bytes) -> set[tuple[str, str]]:
    recorder = Recorder(data)
    recorder.load()
    return recorder.seen


def test_the_audit_names_what_joblib_names(pickles: dict[str, bytes]) -> None:
    for form, data in pickles.items():
        stream = decompress(data)
        report = audit(stream)
        assert report.pairs == named_by_joblib(stream), form
        assert report.refused == (), form
        assert report.sklearn_versions == (ALLOWED.sklearn_version,), form
        check_audit(report, ALLOWED)


@pytest.mark.parametrize("protocol", [3, 4, 5])
@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4),
        np.asfortranarray(np.arange(12).reshape(3, 4)),
        np.array(5.0),
        np.empty((0, 7)),
        np.array(["a", "bcd"]),
        np.array([b"ab", b"c"]),
        np.array([True, False]),
        np.zeros(3, dtype=[("left", "<i8"), ("threshold", "<f8"), ("missing", "u1")]),
        np.zeros(2, dtype=[("name", "U3"), ("values", "<f4", (2, 2))]),
        np.arange(3).astype(">i4"),
        np.array(["2026-01-01"], dtype="datetime64[D]"),
        np.array([1 + 2j]),
        np.frombuffer(pickle.dumps("........") * 9, dtype=np.uint8),
        np.array([1, "x", None, (2.5,)], dtype=object),
        np.array([np.array([1, None], dtype=object), 2], dtype=object),
        np.zeros(2, dtype=[("what", "O"), ("n", "<i4")]),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}"[:40],
)
def test_the_audit_passes_over_the_bytes_of_every_array(array: np.ndarray, protocol: int) -> None:
    out = io.BytesIO()
    joblib.dump({"a": array, "b": [array, array.dtype]}, out, protocol=protocol)
    report = audit(out.getvalue())
    assert report.pairs == named_by_joblib(out.getvalue())
    assert report.arrays == 2
    assert audit(pickle.dumps([array], protocol)).arrays == 0


def test_a_global_outside_the_list_is_reported_and_not_imported(malicious, canary: Path) -> None:
    for data in (pickle.dumps(malicious), pickle.dumps([1, {"a": malicious}], 3)):
        report = audit(data)
        assert [(m.module, m.name) for m in report.refused] == [("posix", "system")]
        with pytest.raises(Untrusted, match="names code") as refused:
            check_audit(report, ALLOWED)
        assert "posix.system" in str(refused.value.actual)
    assert not canary.exists()


def test_a_module_that_is_not_there_is_not_looked_for() -> None:
    assert audit(op.stream(op.name("never_installed", "x"))).refused[0].module == "never_installed"
    assert "never_installed" not in sys.modules


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("sklearn.datasets._base", "os.system"),
        ("sklearn.base", "BaseEstimator.__init__"),
        ("numpy", "ndarray.tofile"),
        ("functools", "partial"),
        ("operator", "attrgetter"),
        ("builtins", "getattr"),
        ("builtins", "eval"),
        ("importlib", "import_module"),
        ("numpy._core", "_ufunc_reconstruct"),
        ("joblib", "load"),
        ("sklearn.datasets", "fetch_openml"),
        ("SKLEARN.base", "clone"),
        ("numpy ", "ndarray"),
    ],
)
def test_dotted_and_dangerous_names_are_refused(module: str, name: str) -> None:
    report = audit(op.stream(op.name(module, name)))
    assert [(m.module, m.name) for m in report.refused] == [(module, name)]


def test_a_dotted_name_is_refused_even_if_it_were_listed() -> None:
    listed = AllowList("1", frozenset({("numpy", "ndarray.tofile")}))
    assert audit(op.stream(op.name("numpy", "ndarray.tofile")), allow_list=listed).refused


def test_a_global_in_an_object_arrays_nested_pickle_is_reported() -> None:
    data = op.object_array(op.stream(op.system("true")))
    assert [(m.module, m.name) for m in audit(data).refused] == [("os", "system")]


def test_a_global_behind_an_array_that_claims_to_end_later_is_not_hidden() -> None:
    """The wrapper's shape decides where opcodes go on, for the audit as for joblib."""
    hidden = op.system("true") + op.POP
    data = op.stream(op.wrapper("f8", (1,)), b"\0" * 8, hidden)
    assert audit(data).refused[0].name == "system"
    covered = op.stream(op.wrapper("u1", (len(hidden),)), hidden)
    assert audit(covered).refused == ()


@pytest.mark.parametrize(
    ("attack", "data"),
    [
        ("rewrites", op.stream(op.name("sklearn.svm", "SVC"), op.dictionary(a=op.NONE), op.BUILD)),
        (
            "rewrites",
            op.stream(
                op.name("joblib.numpy_pickle", "NumpyArrayWrapper"),
                op.NONE + op.dictionary(read=op.name("numpy", "dtype")) + b"\x86" + op.BUILD,
            ),
        ),
        ("calls an object", op.stream(op.call("numpy", "dtype", op.text("f8")) + b")R")),
        ("computes the name", op.stream(op.call("numpy", "dtype"), op.text("x"), b"\x93")),
        ("state that joblib never", op.stream(
            op.name("joblib.numpy_pickle", "NumpyArrayWrapper"), b")\x81N", op.BUILD)),
        ("has no shape", op.stream(op.wrapper("f8", (-1,)))),
        ("longer than the file", op.stream(op.wrapper("f8", (1 << 40,)))),
        ("another array wrapper", op.object_array(op.stream(op.wrapper("f8", (0,))))),
        ("opcode INST", b"\x80\x05(ios\nsystem\n."),
        ("opcode OBJ", op.stream(op.MARK, op.name("os", "system"), b"o")),
        ("opcode EXT1", op.stream(b"\x82\x01")),
        ("opcode PERSID", b"\x80\x05Pos.system\n."),
        ("opcode BINPERSID", op.stream(op.text("x"), b"Q")),
        ("opcode NEXT_BUFFER", op.stream(b"\x97")),
        ("opcode INT", b"\x80\x05I01\n."),
        ("stack is empty", op.stream(op.REDUCE)),
        ("protocol", b"N."),
        ("KeyError", op.stream(b"h\x07")),
        ("ValueError", b"\x80\x05\x8c\xff."),
        ("ValueError", op.PROTO + op.NONE),
        ("IndexError", op.stream(op.TUPLE)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_no_estimators_pickle_does_is_refused(attack: str, data: bytes) -> None:
    forged = attack in ("rewrites", "calls an object", "computes the name")
    with pytest.raises(Untrusted if forged else BadInput, match=attack):
        audit(data)


@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_old_protocols_are_refused(protocol: int, estimator: object) -> None:
    data = pickle.dumps(estimator, protocol)
    with pytest.raises(BadInput, match="protocol"):
        audit(data)


def test_data_behind_the_end_is_refused(pickles: dict[str, bytes]) -> None:
    with pytest.raises(BadInput, match="data follows"):
        audit(pickles["joblib"] + b"x")


def test_every_truncation_is_refused(pickles: dict[str, bytes]) -> None:
    data = pickles["joblib"]
    for kept in range(0, len(data) - 1, 61):
        with pytest.raises(BadInput):
            audit(data[:kept])


def test_another_scikit_learn_is_named(pickles: dict[str, bytes]) -> None:
    old = pickles["joblib"].replace(ALLOWED.sklearn_version.encode(), b"1.4.2")
    assert len(old) == len(pickles["joblib"]), "the versions have the same length"
    with pytest.raises(Incompatible) as refused:
        check_audit(audit(old), ALLOWED)
    assert (refused.value.expected, refused.value.actual) == (
        f"scikit-learn {ALLOWED.sklearn_version}",
        "scikit-learn 1.4.2",
    )


def test_the_audit_is_not_slowed_by_what_would_take_forever_to_build() -> None:
    assert audit(op.nested_tuples(100)).pairs == frozenset()
