"""Write the allow-list: `python -m convert.unpickle.collect > convert/unpickle/allowlist.txt`.

Fits and pickles every estimator of the installed scikit-learn, once with each option that its
constructor names, and collects the globals that the pickles name. Review the difference before
committing it: a pair is fit to be listed when calling it with arguments of the attacker's
choice runs no code of the attacker's.
"""

from __future__ import annotations

import importlib
import io
import pickle
import sys
import warnings
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from convert.unpickle.allowlist import REVIEWED
from convert.unpickle.restricted import RestrictedUnpickler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convert.unpickle.allowlist import Pair

REFUSED = frozenset(
    {
        ("builtins", "getattr"),
        ("builtins", "eval"),
        ("builtins", "exec"),
        ("builtins", "__import__"),
        ("numpy._core", "_ufunc_reconstruct"),  # imports the module that it is told
    }
)
PROTOCOLS = (3, 4, 5)


def collect(*, options: bool = True) -> tuple[set[Pair], list[str]]:
    """Pairs that the installed scikit-learn's pickles name, and what could not be tried.

    `options=False` tries each estimator with its default settings on one kind of target only.
    """
    pairs: set[Pair] = set()
    missed: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for estimator, every_kind in _estimators(options=options):
            tried = 0
            for fitted in _fits(estimator, every_kind=every_kind):
                tried += 1
                try:
                    pairs |= globals_of(fitted)
                except (pickle.PicklingError, TypeError, AttributeError) as error:
                    missed.append(f"cannot pickle {_line(estimator)}: {error}")
            if not tried:
                missed.append(f"cannot fit {_line(estimator)}")
        for value in _values():
            pairs |= globals_of(value)
    left_out = {pair for pair in pairs if not may_be_listed(*pair)}
    missed += [f"left out {module} {name}" for module, name in sorted(left_out)]
    return pairs - left_out, missed


def may_be_listed(module: str, name: str) -> bool:
    """Whether the pair is an undotted class or function of a reviewed package."""
    if "." in name or module.partition(".")[0] not in REVIEWED or (module, name) in REFUSED:
        return False
    value = getattr(importlib.import_module(module), name)
    home = getattr(value, "__module__", None) or module
    return callable(value) and home.partition(".")[0] in REVIEWED


def globals_of(value: object) -> set[Pair]:
    """The globals of `value`'s pickles, as joblib and as pickle write them."""
    import joblib

    found: set[Pair] = set()
    for protocol in PROTOCOLS:
        dumped = io.BytesIO()
        joblib.dump(value, dumped, protocol=protocol)
        for data in (dumped.getvalue(), pickle.dumps(value, protocol)):
            recorder = _Recorder()
            RestrictedUnpickler(io.BytesIO(data), recorder).load()
            found |= recorder.seen
    return found


class _Recorder(dict["Pair", object]):
    """Looks every pair up, and remembers it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[Pair] = set()

    def __missing__(self, pair: Pair) -> object:
        self.seen.add(pair)
        return getattr(importlib.import_module(pair[0]), pair[1])


def _estimators(*, options: bool) -> Iterator[tuple[Any, bool]]:
    """Estimators, and whether to fit them on every kind of target or on the first that fits."""
    # Imported for what it does: all_estimators then knows scikit-learn's experimental ones.
    from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer  # noqa: F401
    from sklearn.utils import all_estimators
    from sklearn.utils._param_validation import StrOptions
    from sklearn.utils._test_common.instance_generator import _construct_instances

    for _, kind in all_estimators():
        try:
            yield from ((instance, options) for instance in _construct_instances(kind))
        except Exception as error:
            print(f"# not constructed: {kind.__name__}: {error}", file=sys.stderr)
            continue
        declared = getattr(kind, "_parameter_constraints", {}) if options else {}
        for parameter, constraints in declared.items():
            if parameter == "scoring":  # each scorer is collected by itself
                continue
            for constraint in constraints if isinstance(constraints, list) else ():
                for value in constraint.options if isinstance(constraint, StrOptions) else ():
                    for instance in _construct_instances(kind):
                        if parameter in instance.get_params():
                            yield instance.set_params(**{parameter: value}), False


def _line(estimator: Any) -> str:
    return " ".join(repr(estimator).split())


def _fits(estimator: Any, *, every_kind: bool) -> Iterator[Any]:
    """The estimator fitted on the first data that it takes, of each kind of target or of one."""
    kinds = set()
    for kind, X, y in _DATA:
        if kind in kinds:
            continue
        for arguments in ((X, y), (X,)):
            try:
                estimator.fit(*arguments)
            except Exception:  # noqa: S112 - which exception depends on the estimator
                continue
            kinds.add(kind)
            yield estimator
            if not every_kind:
                return
            break


def _data() -> list[tuple[str, Any, Any]]:
    import numpy as np

    rng = np.random.default_rng(0)
    X = np.abs(rng.normal(size=(45, 4))) + 0.1
    y = np.repeat([0, 1, 2], 15)
    labels = np.stack([y > 0, y > 1], axis=1).astype(int)
    constant = np.stack([y > 0, y >= 0], axis=1).astype(int)
    return [
        ("classes", X, np.array(["cat", "dog", "eel"])[y]),
        ("binary", X, y > 0),
        ("other", X, X[:, 0] * 3),
        ("other", X, X[:, :2]),
        ("other", X[:, 0], y),
        ("other", ["red green blue", "red sea", "blue sea at night"] * 15, y),
        ("other", [{"a": 1, "b": "x"}] * 45, y),
        ("labels", X, labels),
        ("constant", X, constant),
        ("other", [["a", "b"], ["c"], ["a"]] * 15, None),
        ("other", X @ X.T, y),
        ("other", X[:, :3], y),
    ]


_DATA = _data()


def _values() -> Iterator[object]:
    """Values that users hand to constructors, which default settings do not show."""
    import inspect

    import numpy as np
    import scipy.sparse
    from sklearn import metrics, model_selection
    from sklearn.feature_selection import chi2, f_classif, f_regression, mutual_info_classif
    from sklearn.frozen import FrozenEstimator
    from sklearn.gaussian_process import kernels

    for _, kind in inspect.getmembers(kernels, inspect.isclass):
        if kind.__module__ == kernels.__name__ and not inspect.isabstract(kind):
            yield kind
    for name in model_selection.__all__:
        if inspect.isclass(kind := getattr(model_selection, name)) and hasattr(kind, "split"):
            yield kind
    for name in metrics.get_scorer_names():
        yield metrics.get_scorer(name)
    yield from (chi2, f_classif, f_regression, mutual_info_classif)
    # A neighbours' tree holds its metric; those that need no argument are tried as settings.
    yield metrics.DistanceMetric.get_metric("minkowski", p=3)
    yield metrics.DistanceMetric.get_metric("seuclidean", V=np.ones(2))
    yield metrics.DistanceMetric.get_metric("mahalanobis", VI=np.eye(2))
    yield metrics.DistanceMetric.get_metric("haversine")
    yield model_selection.check_cv([([0], [1])])
    yield from (np.mean, np.median, np.max, np.min)
    for name in ("log", "log1p", "log2", "log10", "exp", "expm1", "sqrt", "cbrt", "square"):
        yield getattr(np, name)
    for name in ("abs", "sign", "sin", "cos", "tan", "tanh", "reciprocal", "negative", "deg2rad"):
        yield getattr(np, name)
    for code in "?bBhHiIlLefd":
        yield np.dtype(code).type
        yield np.dtype(code).type(1)
    yield from (int, float, bool, str, object, {1}, frozenset([1]), bytearray(b"1"), 1j)
    for layout in (scipy.sparse.csr_matrix, scipy.sparse.csc_matrix, scipy.sparse.csr_array):
        yield layout(np.eye(2))
    yield from (np.random.RandomState(0), np.random.default_rng(0))
    yield np.array(["a", None, 1.5], dtype=object)
    yield np.array(["a"])
    yield FrozenEstimator(None)
    yield OrderedDict(a=1)


def main() -> None:
    """Print the list to standard output, and what is missing from it to standard error."""
    import sklearn

    pairs, missed = collect()
    print("# Written by convert/unpickle/collect.py and reviewed; one exact pair a line.")
    print(f"scikit-learn {sklearn.__version__}")
    for module, name in sorted(pairs):
        print(module, name)
    for line in missed:
        print(f"# {line}", file=sys.stderr)


if __name__ == "__main__":
    main()
