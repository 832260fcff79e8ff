"""A loaded model: scikit-learn's verbs on an engine that has passed its self-test."""

from __future__ import annotations

from edge_infer.blocks import run_in_blocks
from edge_infer.contract.inputs import is_text_alone, is_typed
from edge_infer.errors import BadInput, Incompatible
from edge_infer.rows import check_row, check_rows
from edge_infer.verbs import check_logarithms, not_served

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from edge_infer.contract.schema import Certificate, Classes, Contract, Input, Output
    from edge_infer.engines import Engine
    from edge_infer.one_row import OneRow
    from edge_infer.selftest import SelfTest
    from edge_infer.slots import Slot


class Model:
    """What `edge_infer.load` returns. Safe to share between threads.

    Every verb takes X as an `(n, f)` array, a list of rows, or a data frame or mapping of
    column name to sequence, and raises `BadInput` where scikit-learn would raise. A model of
    typed columns takes a data frame, such a mapping, or a list of mappings; one of text alone a
    list of str.
    """

    slot: Slot | None = None
    """Which version of a root this is; None for a model of a bundle or an artifact."""

    def __init__(self, contract: Contract, engine: Engine, self_test: SelfTest) -> None:
        self.contract = contract
        self.self_test = self_test
        self._engine = engine
        self._wanted = contract.inputs[0]
        self._columns = contract.inputs if is_typed(contract.inputs) else None
        self._counted = _counting(contract)
        self._classes = None if contract.classes is None else _as_array(contract.classes)
        self._target_classes = [_as_array(classes) for classes in contract.target_classes]
        self._label_dtype = _label_dtype(contract)
        self._one_row = self._shortcut()

    @property
    def classes(self) -> NDArray[Any] | list[NDArray[Any]] | None:
        """The labels in scikit-learn's order and dtype, a list of them for several outputs.

        None where there are none.
        """
        if self._target_classes:
            return [classes.copy() for classes in self._target_classes]
        return None if self._classes is None else self._classes.copy()

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What the rows must be."""
        return self.contract.inputs

    @property
    def verbs(self) -> tuple[str, ...]:
        """The verbs that this model serves."""
        found = list(dict.fromkeys(output.verb for output in self.contract.outputs))
        if "predict_proba" in found and "predict_log_proba" not in found:
            found.insert(found.index("predict_proba") + 1, "predict_log_proba")
        return tuple(found)

    @property
    def engine(self) -> str:
        """The engine that runs it, such as `onnxruntime 1.32.0`."""
        return f"{self._engine.name} {self._engine.version}"

    @property
    def certificate(self) -> Certificate:
        """What was compared with the estimator before signing."""
        return self.contract.certificate

    def predict(self, X: Any) -> Any:
        """Labels or values of shape `(n,)` or `(n, k)`, in scikit-learn's dtype.

        Raises:
            BadInput: the rows are not what the contract accepts.
        """
        if self._one_row is not None:
            found = self._one_row.try_run(X, self._one_row.matrix_shape)
            if found is not None:
                return self._as_label(found)
        return self._run("predict", X)

    def predict_one(self, row: Any) -> Any:
        """The label or value of one row of f values, as a plain Python value.

        Raises:
            BadInput: the row is not what the contract accepts.
        """
        if self._one_row is not None:
            found = self._one_row.try_run(row, self._one_row.row_shape)
            if found is not None:
                return self._as_label(found).tolist()[0]
        if self._columns is not None:
            from edge_infer.columns import one_record

            record = one_record(row, self._columns)
            rows = record["text"] if is_text_alone(self._columns) else record
            return self.predict(rows).tolist()[0]
        return self.predict(check_row(row, self._wanted)).tolist()[0]

    def predict_proba(self, X: Any) -> Any:
        """Probabilities of shape `(n, k)`, columns in the order of `classes`.

        Where scikit-learn returns a list of them, one for each target, so does this.

        Raises:
            BadInput: the rows are not what the contract accepts, or there is no such verb.
        """
        return self._run("predict_proba", X)

    def predict_log_proba(self, X: Any) -> Any:
        """The logarithm of `predict_proba`, of shape `(n, k)`.

        Where that is 0 it is -inf, if the estimator's own is.

        Raises:
            BadInput: as `predict_proba`; or a probability is 0 of an estimator that does not take
                logarithms of probabilities, such as naive Bayes.
        """
        if self._outputs("predict_log_proba"):
            return self._run("predict_log_proba", X)
        import numpy as np

        found = self._run("predict_proba", X, asked="predict_log_proba")
        for part in found if isinstance(found, list) else [found]:
            check_logarithms(self.contract.source.estimator, float(np.min(part, initial=1.0)))
        with np.errstate(divide="ignore"):
            return [np.log(p) for p in found] if isinstance(found, list) else np.log(found)

    def decision_function(self, X: Any) -> Any:
        """Decision scores of shape `(n,)` for two classes, else `(n, k)`.

        Raises:
            BadInput: the rows are not what the contract accepts, or there is no such verb.
        """
        return self._run("decision_function", X)

    def score_samples(self, X: Any) -> Any:
        """Scores of shape `(n,)`, as density and outlier models give.

        Raises:
            BadInput: the rows are not what the contract accepts, or there is no such verb.
        """
        return self._run("score_samples", X)

    def transform(self, X: Any) -> Any:
        """Transformed rows of shape `(n, k)`.

        Raises:
            BadInput: the rows are not what the contract accepts, or there is no such verb.
        """
        return self._run("transform", X)

    def predict_image(self, source: str | os.PathLike[str] | bytes | Any) -> Any:
        """The label of a picture (path, bytes of a file, or `PIL.Image.Image`).

        Raises:
            BadInput: it is not a picture that can be served, or the model takes none.
            Unavailable: Pillow is not installed, or the file cannot be read.
        """
        return self.predict_one(self.read_image(source)[0])

    def read_image(self, source: str | os.PathLike[str] | bytes | Any) -> NDArray[np.float64]:
        """A picture as rows of shape `(1, f)`, prepared as the contract says.

        Raises:
            BadInput: as `predict_image`.
            Unavailable: as `predict_image`.
        """
        if self.contract.image is None:
            raise BadInput(
                "the contract does not say how a picture becomes a row of this model",
                expected="rows of numbers",
                actual="a picture",
                hint="declare it at conversion: edge-infer convert --image",
            )
        from edge_infer.images import read_image

        return read_image(source, self.contract.image)

    def refresh(self) -> Model:
        """The model that is to serve now: this one, unless its root has another version.

        For a program's own safe point, as `model = model.refresh()`. Nothing is written where
        nothing is new, and this model stays usable.

        Raises:
            Unavailable: no version of the root can serve any more.
        """
        if self.slot is None:
            return self
        from edge_infer.slots.serve import refresh

        return refresh(self, self.slot)

    def _run(self, verb: str, X: Any, *, asked: str | None = None) -> Any:
        outputs = self._outputs(verb)
        if not outputs:
            raise not_served(asked or verb, self.verbs, self.certificate)
        if self._columns is None:
            feeds = {self._wanted.name: check_rows(X, self._wanted)}
        else:
            from edge_infer.columns import check_columns

            feeds = check_columns(X, self._columns)
            if self._counted is not None:
                feeds = self._counted(feeds)
        names = [output.name for output in outputs]
        checks = self.contract.checks
        wanted = [*names, *(check.name for check in checks)]
        found = run_in_blocks(self._engine, wanted, feeds)
        for check in reversed(checks):
            _refuse_rows(found.pop(), check.message)
        if verb == "predict":
            found = [self._as_label(label) for label in found]
        return found[0] if outputs[0].target is None else found

    def _outputs(self, verb: str) -> list[Output]:
        return [output for output in self.contract.outputs if output.verb == verb]

    def _as_label(self, label: Any) -> Any:
        """Labels in the classes' dtype: the graph has neither bool nor fixed-width text."""
        wanted = self._label_dtype
        return label if wanted is None or label.dtype is wanted else label.astype(wanted)

    def _shortcut(self) -> OneRow | None:
        outputs = self._outputs("predict")
        if len(outputs) != 1 or self.contract.checks or self._columns is not None:
            return None
        bound = self._engine.bind_row(self._wanted.name, outputs[0].name)
        if bound is None:
            return None
        from edge_infer.one_row import OneRow

        return OneRow(bound, self._wanted)


def _refuse_rows(refused: Any, message: str) -> None:
    """Raise where scikit-learn raises.

    Raises:
        BadInput: naming the first such row.
    """
    if refused.any():
        raise BadInput(
            f"row {int(refused.argmax())}: {message}",
            expected="a row that scikit-learn answers",
            actual=f"{int(refused.sum())} of {len(refused)} rows on which it raises",
        )


_GRAPH_DTYPES = {"bool": "int64"}
"""What a graph gives for labels that it has no kind for."""


def _counting(contract: Contract) -> Callable[[dict[str, Any]], dict[str, Any]] | None:
    """Most models read no text, and start sooner without what reads it."""
    if not contract.texts:
        return None
    from edge_infer.text import counting

    return counting(contract)


def _label_dtype(contract: Contract) -> np.dtype[Any] | None:
    """What `predict` returns; None where that is what the graph gives."""
    import numpy as np

    every = contract.target_classes or (() if contract.classes is None else (contract.classes,))
    given = {output.dtype for output in contract.outputs if output.verb == "predict"}
    if not every or not given <= {every[0].dtype, _GRAPH_DTYPES.get(every[0].dtype)}:
        return None
    return np.result_type(*(_as_array(classes).dtype for classes in every))


def _as_array(classes: Classes) -> NDArray[Any]:
    """The labels in numpy's dtype of `classes_`.

    Raises:
        Incompatible: the dtype that the contract names does not hold them.
    """
    import numpy as np

    named = classes.numpy or (None if classes.dtype == "str" else classes.dtype)
    try:
        found = np.array(classes.values, dtype=named)
    except (TypeError, ValueError, OverflowError) as error:
        raise _other_labels(classes, error) from None
    if found.tolist() != list(classes.values):
        raise _other_labels(classes, f"labels changed by {classes.numpy}")
    return found


def _other_labels(classes: Classes, actual: object) -> Incompatible:
    return Incompatible(
        "the contract's class labels do not have the dtype that it names",
        expected=f"{classes.dtype} labels",
        actual=actual,
        hint="convert the model again",
    )
