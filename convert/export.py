"""An estimator in memory becomes an artifact: emitted, proven, described; or refused."""

from __future__ import annotations

import platform
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from convert.artifact import Artifact
from convert.device_kind import check_kind
from convert.errors import NotExact, Unsupported
from convert.expiry import read_expiry
from convert.precision import DOUBLE_TOLERANCE, check_precision
from convert.progress import Progress, quiet
from convert.release import check_release
from edge_infer.contract import FORMAT, Contract, Runtimes, Source
from edge_infer.engines.onnxruntime import MINIMUM, REFUSED
from edge_infer.errors import BadInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from convert.graph.emitted import Emitted
    from convert.precision import Precision
    from convert.prove import Proof
    from convert.table import TableCodec
    from edge_infer.contract import Image

_PACKAGES = ("scikit-learn", "skl2onnx", "onnx", "onnxruntime", "numpy", "scipy")


def export(
    estimator: Any,
    samples: Any,
    *,
    name: str = "model",
    sequence: int = 1,
    image: str | Image | None = None,
    expires: str | None = None,
    target: str = "generic",
    source_sha256: str | None = None,
    precision: Precision = "double",
    progress: Progress = quiet,
) -> Artifact:
    """Export a fitted estimator and prove the result on `samples` and on hostile rows.

    Args:
        estimator: fitted scikit-learn estimator or Pipeline.
        samples: `(n, f)` rows such as the device will see; a DataFrame will do, and has to
            where a column holds text.
        name: what the model is called in the contract.
        sequence: orders releases of this model; a device refuses to go back.
        image: how a picture becomes one row, such as `L:8x8,range=0..16`.
        expires: when it is no longer to be installed: an ISO 8601 date, which lasts to its end
            in UTC, or a moment with its offset.
        target: which kind of device it is for.
        source_sha256: digest of the signed pickle, where there is one.
        precision: `double`, `float32`, or `auto` for float32 where it proves.
        progress: called with a stage and the fraction done.

    Raises:
        BadInput: unfitted, not an estimator, samples that do not fit it, an expiry that is no
            date or has passed, or an option that no device would take.
        Unsupported: no exact converter for a step.
        NotExact: the graph and the estimator disagree on a probe.
    """
    # Imported here, so that `edge-infer keygen` does not wait for scikit-learn.
    from convert.estimators.nesting import check_nesting
    from convert.image_option import check_range, read_image
    from convert.table import is_documents, is_table, read_documents, read_table, reads_documents

    expires = read_expiry(expires)
    check_precision(precision)
    check_kind(target)
    check_release(name, sequence)
    picture = read_image(image)
    check_nesting(estimator)
    codec = None
    if is_table(samples) and samples.shape[1] == 1 and reads_documents(estimator):
        samples = samples.iloc[:, 0].tolist()
    if is_table(samples):
        codec, rows = read_table(samples, estimator)
    elif is_documents(samples):
        codec, rows = read_documents(samples, estimator)
    else:
        rows = _check_samples(samples)
    if picture is not None:
        _check_image(picture, rows.shape[1])
        check_range(picture, rows)
    progress("exporting", 0.0)
    _check_features(estimator, samples, rows)
    emitted, proof = _proven(estimator, rows, codec, precision, progress)
    contract = Contract(
        format=FORMAT,
        name=name,
        sequence=sequence,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        expires=expires,
        target=target,
        inputs=proof.inputs,
        image=picture,
        outputs=proof.outputs,
        classes=emitted.classes,
        golden=proof.golden,
        certificate=proof.certificate,
        source=Source(_describe(estimator), source_sha256, _versions()),
        runtimes=Runtimes(MINIMUM, REFUSED),
        target_classes=emitted.target_classes,
        checks=emitted.checks,
        texts=tuple(one.text for one in emitted.texts),
    )
    return Artifact(
        contract=contract,
        onnx=emitted.onnx,
        golden=proof.golden_bytes,
        probes=proof.probes,
        details=proof.details,
    )


def _proven(
    estimator: Any,
    rows: NDArray[np.float64],
    codec: TableCodec | None,
    precision: Precision,
    progress: Progress,
) -> tuple[Emitted, Proof]:
    """The graph in the precision that is asked for, the shorter form where that proves."""
    from convert.graph.compaction import compacted
    from convert.graph.emit import emit_model, fitted_in_part
    from convert.prove import prove
    from convert.shortening import fewest_excused
    from convert.single import prove_single

    columns = None if codec is None else codec.graph_columns()
    names = _feature_names(estimator)

    def proven(graph: Emitted, tolerance: float) -> Proof:
        try:
            return prove(
                estimator,
                graph,
                rows,
                feature_names=names,
                codec=codec,
                tolerance=tolerance,
                progress=progress,
            )
        except AttributeError as error:
            raise fitted_in_part(error) from error

    def tried(graph: Emitted) -> tuple[Emitted, Proof]:
        if precision != "double":
            try:
                return prove_single(estimator, graph, rows, proven, columns=names, codec=codec)
            except (NotExact, Unsupported):
                if precision == "float32":
                    raise
        in_double = replace(graph, onnx=compacted(graph.onnx))
        return in_double, proven(in_double, DOUBLE_TOLERANCE)

    def tried_longer() -> tuple[Emitted, Proof]:
        return tried(emit_model(estimator, rows.shape[1], columns=columns))

    brief = emit_model(estimator, rows.shape[1], columns=columns, brief=True)
    return fewest_excused(estimator, brief, tried, tried_longer)


_AS_ROWS = (
    "a single row: samples.reshape(1, -1); a file: numpy.load, or give its path to "
    "convert.convert; columns by name: pandas.DataFrame"
)


def _check_samples(samples: Any) -> NDArray[np.float64]:
    import numpy as np

    # Integers and booleans side by side would make objects of each other.
    is_frame = hasattr(samples, "dtypes") and hasattr(samples, "to_numpy")
    if hasattr(samples, "toarray") or np.ma.is_masked(samples):
        raise BadInput(
            "the samples are not a dense array",
            expected="a two-dimensional array (n, f)",
            actual=type(samples).__name__,
            hint="pass samples.toarray(); of a masked array samples.filled(numpy.nan)",
        )
    try:
        array = samples.to_numpy(dtype=np.float64) if is_frame else np.asarray(samples)
    except (ValueError, TypeError) as error:
        raise BadInput(
            "the samples are not rows of numbers",
            expected="a two-dimensional array (n, f) with at least one row",
            actual=str(error),
            hint=_AS_ROWS,
        ) from error
    if array.ndim != 2 or 0 in array.shape:
        raise BadInput(
            "the samples are not rows",
            expected="a two-dimensional array (n, f) with at least one row",
            actual=f"shape {array.shape}",
            hint=_AS_ROWS,
        )
    if array.dtype.kind not in "fiub":
        raise BadInput(
            "the samples are not numbers",
            expected="float, int or bool columns",
            actual=f"dtype {array.dtype}",
            hint="numbers that numpy holds as objects or text: samples.astype(float); text and "
            "categories: a data frame, with an encoder inside the Pipeline",
        )
    return np.ascontiguousarray(array, dtype=np.float64)


def _check_features(estimator: Any, samples: Any, rows: NDArray[np.float64]) -> None:
    from sklearn.preprocessing import LabelBinarizer, LabelEncoder

    if type(estimator) in (LabelBinarizer, LabelEncoder) and rows.shape[1] != 1:
        raise BadInput(
            f"{type(estimator).__name__} reads one column of labels",
            expected="1 column",
            actual=f"{rows.shape[1]} columns",
            hint="of columns of a table, use OrdinalEncoder or OneHotEncoder",
        )
    expected = getattr(estimator, "n_features_in_", None)
    names, given = _feature_names(estimator), getattr(samples, "columns", None)
    if expected is not None and expected != rows.shape[1]:
        raise BadInput(
            "the samples do not fit the estimator",
            expected=f"{expected} columns",
            actual=f"{rows.shape[1]} columns",
            hint="pass rows such as the ones it was trained on" + _unlike(names, given),
        )
    if names is not None and given is not None and tuple(given) != names:
        in_order = "samples[list(estimator.feature_names_in_)] has them in order"
        raise BadInput(
            "the samples' columns are not those of the training",
            expected=", ".join(names),
            actual=", ".join(map(str, given)),
            hint=_unlike(names, given).removeprefix("; ") or in_order,
        )


def _unlike(names: tuple[str, ...] | None, given: Any) -> str:
    """Which names are on one side alone."""
    if names is None or given is None:
        return ""
    here = [str(name) for name in given]
    missing = ", ".join(name for name in names if name not in here)
    unknown = ", ".join(name for name in here if name not in names)
    said = [f"missing: {missing}"] * bool(missing) + [f"not known: {unknown}"] * bool(unknown)
    return "".join(f"; {part}" for part in said)


def _check_image(image: Image, n_features: int) -> None:
    pixels = image.width * image.height * (3 if image.mode == "RGB" else 1)
    if pixels != n_features:
        raise BadInput(
            "the picture does not make one row of the samples",
            expected=f"{n_features} values",
            actual=f"{image.mode} {image.width}x{image.height} gives {pixels}",
            hint="give width and height as in training; RGB makes three values of a pixel, L one",
        )


def _feature_names(estimator: Any) -> tuple[str, ...] | None:
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else tuple(str(name) for name in names)


def _describe(estimator: Any) -> str:
    from convert.estimators.dispatch import class_path

    steps = getattr(estimator, "steps", None)
    if steps is None:
        return class_path(type(estimator))
    return " -> ".join(class_path(type(step)) for _, step in steps)


def _versions() -> dict[str, str]:
    found = {package: version(package) for package in _PACKAGES}
    return {**found, "python": platform.python_version(), "platform": platform.platform()}
