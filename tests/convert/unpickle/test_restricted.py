"""The unpickler by itself, as if no audit stood before it."""

from __future__ import annotations

import importlib
import io
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from joblib.numpy_pickle import NumpyArrayWrapper
from sklearn.svm import SVC

from convert.unpickle.allowlist import read_allow_list
from convert.unpickle.compression import decompress
from convert.unpickle.restricted import RestrictedUnpickler
from edge_infer.errors import BadInput, Untrusted

sys.path.insert(0, str(Path(__file__).parent))
import opcodes as op

PAIRS = {
    (module, name): getattr(importlib.import_module(module), name)
    for module, name in read_allow_list().pairs
}


def load(data: bytes) -> Any:
    return RestrictedUnpickler(io.BytesIO(data), PAIRS).load()


def test_it_reads_what_joblib_and_pickle_write(pickles, estimator, digits) -> None:
    for form, data in pickles.items():
        found = load(decompress(data))
        assert type(found) is type(estimator), form
        assert np.array_equal(found.coef_, estimator.coef_), form
        assert np.array_equal(found.predict(digits[0]), estimator.predict(digits[0])), form


def test_a_malicious_pickle_runs_nothing(malicious, canary: Path) -> None:
    with pytest.raises(Untrusted, match="names code"):
        load(pickle.dumps(malicious))
    assert not canary.exists()


def test_a_dotted_name_reaches_nothing(canary: Path) -> None:
    for module in ("sklearn.datasets._base", "sklearn.utils.fixes", "numpy", "joblib.numpy_pickle"):
        argument = op.text(f"touch {canary}")
        with pytest.raises(Untrusted):
            load(op.stream(op.call(module, "os.system", argument)))
    assert not canary.exists()


def test_the_nested_pickle_of_an_object_array_runs_nothing(canary: Path) -> None:
    with pytest.raises(Untrusted, match="names code"):
        load(op.object_array(op.stream(op.system(f"touch {canary}"))))
    assert not canary.exists()


def test_the_nested_pickle_of_an_object_array_cannot_rewrite_a_class() -> None:
    before = SVC.predict
    attack = op.stream(
        op.name("sklearn.svm._classes", "SVC"),
        op.NONE + op.dictionary(predict=op.name("numpy", "mean")) + b"\x86" + op.BUILD,
    )
    with pytest.raises(Untrusted, match="rewrites code"):
        load(op.object_array(attack))
    assert SVC.predict is before


def test_object_arrays_are_read() -> None:
    out = io.BytesIO()
    import joblib

    joblib.dump(np.array(["a", None, 2.5], dtype=object), out)
    assert load(out.getvalue()).tolist() == ["a", None, 2.5]


def test_build_on_the_array_wrapper_class_leaves_it_as_it_is() -> None:
    before = NumpyArrayWrapper.read
    with pytest.raises(Untrusted, match="rewrites code"):
        load(
            op.stream(
                op.name("joblib.numpy_pickle", "NumpyArrayWrapper"),
                op.NONE + op.dictionary(read=op.name("numpy", "mean")) + b"\x86" + op.BUILD,
            )
        )
    assert NumpyArrayWrapper.read is before


@pytest.mark.parametrize("field", ["read", "read_array", "read_mmap", "x"])
def test_build_on_an_array_wrapper_takes_only_what_joblib_writes(field: str) -> None:
    extra = {field: op.name("numpy", "mean")}
    with pytest.raises(Untrusted, match="state that joblib never writes"):
        load(op.stream(op.wrapper("f8", (0,), **extra)))


def test_a_slot_state_on_an_array_wrapper_is_refused() -> None:
    data = op.stream(
        op.name("joblib.numpy_pickle", "NumpyArrayWrapper"), op.EMPTY_TUPLE + op.NEWOBJ,
        op.NONE + op.dictionary(read=op.name("numpy", "mean")) + b"\x86" + op.BUILD,
    )  # fmt: skip
    with pytest.raises(Untrusted, match="state that joblib never writes"):
        load(data)


def test_an_object_that_the_pickle_built_is_not_called() -> None:
    """A scorer is callable, and calls what its state says."""
    scorer = op.name("sklearn.metrics._scorer", "_Scorer") + op.EMPTY_TUPLE + op.NEWOBJ
    for ending in (op.EMPTY_TUPLE + op.REDUCE, op.EMPTY_TUPLE + op.NEWOBJ, b")}\x92"):
        with pytest.raises(Untrusted, match="calls an object that it built"):
            load(op.stream(scorer + ending))


def test_an_array_wrapper_within_a_nested_pickle_is_refused() -> None:
    with pytest.raises(BadInput, match="another array wrapper"):
        load(op.object_array(op.stream(op.wrapper("f8", (0,)))))


@pytest.mark.parametrize("opcode", [b"\x82\x01", b"\x97", op.text("x") + b"Q"])
def test_extension_registry_buffers_and_persistent_ids_are_refused(opcode: bytes) -> None:
    with pytest.raises((Untrusted, pickle.UnpicklingError, ValueError)):
        load(op.stream(opcode))
