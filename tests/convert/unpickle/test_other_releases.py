"""A pickle that another scikit-learn wrote is refused by the versions, as scikit-learn warns."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn
from sklearn.datasets import load_iris
from sklearn.exceptions import InconsistentVersionWarning

import convert
from convert.inspection import inspect
from convert.unpickle import child, wire
from convert.unpickle.audit import audit
from edge_infer.errors import Incompatible

OLD = sorted((Path(__file__).parents[2] / "data" / "releases").glob("*.pkl"))
X, _ = load_iris(return_X_y=True)


@pytest.fixture(params=OLD, ids=lambda path: path.stem)
def old(request: pytest.FixtureRequest) -> tuple[str, bytes]:
    """The release that wrote a pickle, and the pickle."""
    path: Path = request.param
    return path.stem.partition("-")[2], path.read_bytes()


def test_there_is_a_pickle_of_another_release() -> None:
    assert OLD
    assert sklearn.__version__ not in {path.stem.partition("-")[2] for path in OLD}


def test_scikit_learn_itself_warns_of_it(old: tuple[str, bytes]) -> None:
    version, data = old
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        pickle.loads(data)
    found = [w.message for w in told if isinstance(w.message, InconsistentVersionWarning)]
    assert {w.original_sklearn_version for w in found} == {version}
    assert {w.current_sklearn_version for w in found} == {sklearn.__version__}


def test_it_is_refused_by_both_versions(
    old: tuple[str, bytes], sign: Any, keys: Path, tmp_path: Path
) -> None:
    version, data = old
    np.save(tmp_path / "X.npy", X)
    with pytest.raises(Incompatible, match="pickled with another scikit-learn") as refused:
        convert.convert(
            sign(data),
            trust=keys / "trainer.pub",
            samples=tmp_path / "X.npy",
            out=tmp_path / "artifact",
            key=keys / "fleet.key",
        )
    assert refused.value.expected == f"scikit-learn {sklearn.__version__}"
    assert refused.value.actual == f"scikit-learn {version}"
    assert "train and dump it again" in refused.value.hint
    assert not (tmp_path / "artifact").exists()


def test_the_child_takes_the_warning_for_an_error(old: tuple[str, bytes]) -> None:
    """Were the audit to miss a version, what unpickles it names both all the same."""
    version, data = old
    pairs = tuple(f"{module} {name}" for module, name in audit(data).pairs)
    asked = wire.Request(
        name="model", sequence=1, image=None, expires=None, target="generic",
        source_sha256="0" * 64, columns=None, pairs=pairs, memory_bytes=2**30, cpu_s=60,
    )  # fmt: skip
    with pytest.raises(Incompatible) as refused:
        child.unpickle(data, asked)
    assert refused.value.expected == f"scikit-learn {sklearn.__version__}"
    assert refused.value.actual == f"scikit-learn {version}"


def test_inspect_tells_the_release(old: tuple[str, bytes], sign: Any) -> None:
    version, data = old
    assert inspect(sign(data)).audit.sklearn_versions == (version,)
