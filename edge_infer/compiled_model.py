"""A model on the native engine: scikit-learn's verbs with numpy, and without.

Where numpy is installed every verb but `predict_one` gives what `Model` gives. Where it is not,
rows are lists and so are answers: a list of labels, or of lists of scores. `predict_one` never
needs it.
"""

from __future__ import annotations

import math
import struct
from _thread import allocate_lock

from edge_infer.engines.native import LARGEST_EXACT_INTEGER, open_engine, width_of
from edge_infer.errors import BadInput, Unavailable
from edge_infer.model import Model
from edge_infer.plain_rows import flat_row, flat_rows
from edge_infer.plain_selftest import run_golden
from edge_infer.selftest import SelfTest
from edge_infer.verbs import check_logarithms, not_served

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable
    from typing import Any, Literal

    from edge_infer.contract.schema import Contract, NativeModel, Output
    from edge_infer.engines.native import NativeEngine

_PREDICT = "predict"
_CODES: dict[str, Literal["d", "f", "q"]] = {
    "float64": "d",
    "float32": "f",
    "int64": "q",
    "str": "q",
}


class CompiledModel(Model):
    """What `edge_infer.load` returns on the native engine. Safe to share between threads."""

    def __init__(self, contract: Contract, engine: NativeEngine, self_test: SelfTest) -> None:
        self.contract = contract
        self.self_test = self_test
        self._engine: NativeEngine = engine
        self._wanted = contract.inputs[0]
        self._arrays: Model | None = None
        self._convert = _converter(contract, engine)
        fast = _fast_row(contract, engine, self._convert, self.predict_one)
        if fast is not None:
            # In the instance: looking the method up and calling it costs as much as a small model.
            vars(self)["predict_one"] = fast

    @property
    def classes(self) -> Any:
        """The labels in scikit-learn's order; a list where numpy is not installed."""
        contract = self.contract
        if _has_numpy():
            return self._model().classes
        if contract.target_classes:
            return [list(classes.values) for classes in contract.target_classes]
        return None if contract.classes is None else list(contract.classes.values)

    def predict_one(self, row: Any) -> Any:
        """The label or value of one row of f values, as a plain Python value.

        Raises:
            BadInput: the row is not what the contract accepts.
        """
        if not isinstance(row, list | tuple | dict) and _has_numpy():
            return self._model().predict_one(row)
        flat = flat_row(row, self._wanted)
        outputs = [output for output in self.contract.outputs if output.verb == _PREDICT]
        if not outputs:
            raise self._no_verb(_PREDICT)
        answers = self._engine.plain(_PREDICT, flat)
        values = [self._shaped(o, a, 1)[0] for o, a in zip(outputs, answers, strict=True)]
        return values[0] if len(values) == 1 else values

    def predict(self, X: Any) -> Any:
        """As `Model.predict`; a list of labels where numpy is not installed."""
        return self._answer(_PREDICT, X)

    def predict_proba(self, X: Any) -> Any:
        """As `Model.predict_proba`; lists where numpy is not installed."""
        return self._answer("predict_proba", X)

    def predict_log_proba(self, X: Any) -> Any:
        """As `Model.predict_log_proba`; lists where numpy is not installed."""
        if _has_numpy() or "predict_log_proba" in self._served():
            return self._answer("predict_log_proba", X)
        found = self._answer("predict_proba", X)
        check_logarithms(self.contract.source.estimator, _least(found))
        return _logarithms(found)

    def decision_function(self, X: Any) -> Any:
        """As `Model.decision_function`; lists where numpy is not installed."""
        return self._answer("decision_function", X)

    def score_samples(self, X: Any) -> Any:
        """As `Model.score_samples`; a list where numpy is not installed."""
        return self._answer("score_samples", X)

    def transform(self, X: Any) -> Any:
        """As `Model.transform`; lists where numpy is not installed."""
        return self._answer("transform", X)

    def read_image(self, source: Any) -> Any:
        """As `Model.read_image`.

        Raises:
            Unavailable: numpy or Pillow is not installed.
        """
        if not _has_numpy():
            raise Unavailable("pictures need numpy and Pillow", hint="pip install numpy Pillow")
        return self._model().read_image(source)

    def _answer(self, verb: str, X: Any) -> Any:
        if _has_numpy():
            found = self._quick(verb, X)
            return getattr(self._model(), verb)(X) if found is None else found
        outputs = [output for output in self.contract.outputs if output.verb == verb]
        if not outputs:
            raise self._no_verb(verb)
        flat = flat_rows(X, self._wanted)
        n = len(flat) // self._engine.features
        answers = self._engine.plain(verb, flat)
        found = [self._shaped(o, a, n) for o, a in zip(outputs, answers, strict=True)]
        return found[0] if outputs[0].target is None else found

    def _quick(self, verb: str, X: Any) -> Any:
        """A C-ordered `(n, f)` float64 array, which the compiled model checks as it reads."""
        import numpy as np

        outputs = [output for output in self.contract.outputs if output.verb == verb]
        if (
            len(outputs) != 1
            or type(X) is not np.ndarray
            or X.dtype is not np.dtype(np.float64)
            or X.ndim != 2
            or X.shape[1] != self._engine.features
            or not X.size
            or not (X.flags.c_contiguous and X.flags.aligned)
        ):
            return None
        (found,) = self._engine.run([outputs[0].name], {self._wanted.name: X})
        return self._model()._as_label(found) if verb == _PREDICT else found

    def _shaped(self, output: Output, flat: array[Any], n: int) -> list[Any]:
        values = flat.tolist()
        if output.verb == _PREDICT and self._convert is not None:
            values = list(map(self._convert, values))
        if output.dtype == "str" and output.verb != _PREDICT:
            values = [self._engine.text(at) for at in flat]
        if len(output.shape) == 1:
            return values
        width = width_of(output)
        return [values[i * width : (i + 1) * width] for i in range(n)]

    def _served(self) -> set[str]:
        return {output.verb for output in self.contract.outputs}

    def _no_verb(self, verb: str) -> BadInput:
        return not_served(verb, self.verbs, self.certificate)

    def _model(self) -> Model:
        """The same engine behind numpy's verbs, made when arrays first come in."""
        if self._arrays is None:
            self._arrays = Model(self.contract, self._engine, self.self_test)
        return self._arrays


def _fast_row(
    contract: Contract,
    engine: NativeEngine,
    convert: Callable[[Any], Any] | None,
    otherwise: Callable[[Any], Any],
) -> Callable[[Any], Any] | None:
    """`predict_one` in one frame in the model's own layout; None where the model has none.

    What it does not take, and a second thread meanwhile, is answered `otherwise`.
    """
    outputs = [output for output in contract.outputs if output.verb == _PREDICT]
    usable = len(outputs) == 1 and outputs[0].shape == (None,) and outputs[0].dtype in _CODES
    call = engine.row_call() if usable else None
    if call is None:
        return None
    code = _CODES[outputs[0].dtype]
    # numpy makes integers or bools of a list without a float; one float makes doubles of all.
    doubles = not {"int64", "bool"} <= set(contract.inputs[0].accepts)
    return _fast_path(*call, engine.features, code, doubles, convert, otherwise)


def _fast_path(
    frame: array[float],
    run: Callable[[], int],
    f: int,
    code: Literal["d", "f", "q"],
    doubles: bool,
    convert: Callable[[Any], Any] | None,
    otherwise: Callable[[Any], Any],
) -> Callable[[Any], Any]:
    """The innermost call as one closure: attribute look-ups would cost as much as the model."""
    pack = struct.Struct(f"{f}d").pack_into
    lock = allocate_lock()
    acquire, release = lock.acquire, lock.release
    row_view = memoryview(frame)[:f]
    output: memoryview[Any] = memoryview(frame).cast("B").cast(code)
    largest_at, output_at = f, (f + 1) * (2 if code == "f" else 1)
    largest = LARGEST_EXACT_INTEGER
    buffers: set[type] = {type(frame)}

    def predict_one(row: Any) -> Any:
        """As `CompiledModel.predict_one`."""
        kind = type(row)
        if acquire(False):
            try:
                if kind is not list and kind is not tuple:
                    if kind not in buffers:
                        _admit(kind, buffers)
                    row_view[:] = row
                elif doubles and type(row[0]) is not float:
                    raise ValueError
                else:
                    pack(frame, 0, *row)
                if not run() and frame[largest_at] < largest:
                    return output[output_at] if convert is None else convert(output[output_at])
            except (struct.error, TypeError, ValueError, OverflowError, IndexError):
                pass
            finally:
                release()
        return otherwise(row)

    return predict_one


def _admit(kind: type, buffers: set[type]) -> None:
    """Take the buffers of numpy's own arrays; a masked array's would lose the mask."""
    if (kind.__module__, kind.__name__) != ("numpy", "ndarray"):
        raise TypeError
    buffers.add(kind)


def _converter(contract: Contract, engine: NativeEngine) -> Callable[[Any], Any] | None:
    """From what the compiled model writes to the label as scikit-learn types it; None where that
    is the same.
    """
    output = next((o for o in contract.outputs if o.verb == _PREDICT), None)
    classes = contract.target_classes[0] if contract.target_classes else contract.classes
    dtype = classes.dtype if classes is not None else None
    if output is not None and output.dtype == "str":
        return engine.text
    if dtype == "bool":
        return bool
    if dtype == "float64":
        return float
    return None


_found: dict[str, bool] = {}


def _has_numpy() -> bool:
    """Looked for once: a second search of the path costs more than a prediction."""
    if "numpy" not in _found:
        try:
            import numpy  # noqa: F401
        except ImportError:
            _found["numpy"] = False
        else:
            _found["numpy"] = True
    return _found["numpy"]


def _least(found: Any) -> float:
    return min(map(_least, found), default=1.0) if isinstance(found, list) else found


def _logarithms(found: Any) -> Any:
    if isinstance(found, list):
        return [_logarithms(item) for item in found]
    return math.log(found) if found > 0 else -math.inf


def open_compiled(
    data: bytes, contract: Contract, native: NativeModel, golden: bytes
) -> CompiledModel:
    """Load a compiled model and run the golden vectors in it.

    Raises:
        Incompatible: it is another model, or a golden vector differs.
        Unavailable: this system loads no shared object.
    """
    engine = open_engine(data, contract, native)
    compared, worst = run_golden(engine, contract, golden)
    return CompiledModel(contract, engine, SelfTest(contract.golden.rows, compared, worst))
