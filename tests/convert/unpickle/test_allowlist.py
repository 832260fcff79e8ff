from __future__ import annotations

import importlib
from importlib.metadata import version

import pytest

from convert.unpickle.allowlist import check_installed, parse_allow_list, read_allow_list
from convert.unpickle.audit import audit
from convert.unpickle.collect import collect, may_be_listed
from edge_infer.errors import Incompatible

ALLOWED = read_allow_list()

DANGEROUS = [
    *(("builtins", name) for name in ("getattr", "eval", "exec", "compile", "open", "__import__")),
    *(("functools", name) for name in ("partial", "reduce")),
    *(("operator", name) for name in ("attrgetter", "itemgetter", "methodcaller")),
    ("numpy._core", "_ufunc_reconstruct"),
    ("numpy", "load"),
    ("numpy", "fromfile"),
    ("numpy", "vectorize"),
    ("joblib", "load"),
    ("joblib.memory", "Memory"),
    ("sklearn.datasets", "load_files"),
    ("sklearn.base", "clone"),
    ("os", "system"),
]


@pytest.mark.slow
def test_every_estimator_of_the_installed_scikit_learn_is_covered() -> None:
    pairs, _ = collect(options=False)
    assert pairs - ALLOWED.pairs == set()
    assert len(pairs) > 250


def test_every_pair_is_an_undotted_class_or_function_of_a_reviewed_package() -> None:
    assert [pair for pair in sorted(ALLOWED.pairs) if not may_be_listed(*pair)] == []
    for module, name in sorted(ALLOWED.pairs):
        assert callable(getattr(importlib.import_module(module), name))


@pytest.mark.parametrize(("module", "name"), DANGEROUS)
def test_a_way_to_run_code_is_not_listed(module: str, name: str) -> None:
    assert (module, name) not in ALLOWED.pairs


def test_whole_packages_that_reach_the_system_are_absent() -> None:
    roots = {module.partition(".")[0] for module, _ in ALLOWED.pairs}
    assert roots == {"builtins", "collections", "joblib", "numpy", "scipy", "sklearn"}
    joblibs = {pair for pair in ALLOWED.pairs if pair[0].startswith("joblib")}
    assert joblibs == {("joblib.numpy_pickle", "NumpyArrayWrapper")}


def test_a_value_of_another_package_may_not_be_listed() -> None:
    assert not may_be_listed("sklearn.datasets._base", "os.system")
    assert not may_be_listed("sklearn.datasets._base", "os")
    assert not may_be_listed("sklearn.utils._param_validation", "signature")
    assert not may_be_listed("os", "system")


def test_the_list_is_of_the_tested_scikit_learn() -> None:
    assert ALLOWED.sklearn_version == version("scikit-learn")
    check_installed(ALLOWED, version("scikit-learn"))


def test_another_scikit_learn_is_refused() -> None:
    with pytest.raises(Incompatible) as refused:
        check_installed(ALLOWED, "1.4.2")
    assert refused.value.actual == "scikit-learn 1.4.2"
    assert "pip install" in str(refused.value.hint)


@pytest.mark.parametrize(
    "text",
    ["", "# nothing\n", "scikit-learn 1\nos.path join x\n", "scikit-learn 1\nnumpy ndarray.tofile"],
)
def test_a_list_with_another_line_is_refused(text: str) -> None:
    with pytest.raises(Incompatible):
        parse_allow_list(text)


def test_an_empty_list_allows_nothing(pickles: dict[str, bytes]) -> None:
    report = audit(pickles["joblib"], allow_list=parse_allow_list("scikit-learn 1\n"))
    assert len(report.refused) == len(report.mentions) > 0
