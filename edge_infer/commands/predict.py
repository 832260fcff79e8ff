"""`edge-infer predict`: pictures or rows in, labels out.

Text: one label a line. With `--json` one object a line, in the order of the input:

    {"label": 7, "scores": {"0": 0.01, …, "7": 0.93, …}}     a classifier
    {"prediction": 3.5}                                      a regressor

`scores` are the probabilities, or the decision scores of a model that has none, by class (a
model of two classes without probabilities has one decision score, that of its second class);
where columns are not classes, they are a list. Values with several targets are lists.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_infer.commands import Command, add_bundle_arguments
from edge_infer.commands.output import print_json
from edge_infer.commands.rows_file import read_rows
from edge_infer.commands.standard_output import say
from edge_infer.contract.inputs import is_text_alone, is_typed
from edge_infer.errors import BadInput
from edge_infer.loading import load

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from edge_infer.model import Model

_ROWS = (".csv", ".npy")
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm")


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_bundle_arguments(parser)
    parser.add_argument(
        "source",
        nargs="+",
        metavar="FILE",
        help="pictures, or rows as .csv or .npy; - reads CSV from stdin. Columns of text need "
        "their names as the first line, documents the name text; numbers may do without",
    )


def _run(arguments: argparse.Namespace) -> int:
    model = load(arguments.bundle, trust=arguments.trust)
    # All files are answered before the first line is printed: a bad one prints no half answer.
    inputs: list[tuple[Any, list[Any]]] = []
    for source in arguments.source:
        with _naming(source):
            X = _read(model, source)
            inputs.append((X, _plain(model.predict(X))))
    for X, labels in inputs:
        if arguments.json:
            for answer in answers(model, X, labels):
                print_json(answer)
        else:
            for label in labels:
                say(label)
    return 0


@contextlib.contextmanager
def _naming(source: str) -> Iterator[None]:
    """Let what is wrong with a file say which one it is."""
    try:
        yield
    except BadInput as error:
        if source in f"{error.what} {error.actual}":
            raise
        raise BadInput(
            f"{'standard input' if source == '-' else source}: {error.what}",
            expected=error.expected,
            actual=error.actual,
            hint=error.hint,
        ) from error


def answers(model: Model, X: Any, labels: list[Any]) -> Iterator[dict[str, Any]]:
    """What `--json` prints for each row of X, whose labels or values are `labels`."""
    kinds = {o.verb: o.kind for o in model.contract.outputs}
    if kinds["predict"] != "label":
        yield from ({"prediction": value} for value in labels)
        return
    verb = next((v for v in ("predict_proba", "decision_function") if v in kinds), None)
    if verb is None:
        yield from ({"label": label} for label in labels)
        return
    scores = getattr(model, verb)(X)
    targets = next(o.target for o in model.contract.outputs if o.verb == verb) is not None
    for row, label in enumerate(labels):
        found = [_plain(one[row]) for one in scores] if targets else _plain(scores[row])
        yield {"label": label, "scores": _by_class(model, found)}


def _plain(values: Any) -> Any:
    """Python's own numbers and lists; without numpy they are that already."""
    return values.tolist() if hasattr(values, "tolist") else values


def _by_class(model: Model, scores: Any) -> Any:
    found = model.contract.classes
    classes = [] if found is None or model.contract.target_classes else list(found.values)
    if isinstance(scores, float) and len(classes) == 2:
        return {str(classes[1]): scores}
    if isinstance(scores, list) and len(scores) == len(classes):
        return {str(c): score for c, score in zip(classes, scores, strict=True)}
    return scores


def _read(model: Model, source: str) -> Any:
    if Path(source).is_dir():
        raise BadInput(
            f"{source} is a directory",
            expected="files: pictures, .csv or .npy",
            actual="a directory",
            hint=f"name the files in it: {Path(source, '*')}; a bundle is named before the files",
        )
    if source == "-" or source.lower().endswith(_ROWS):
        if is_typed(model.inputs) and source.lower().endswith(".npy"):
            raise _no_rows_file(model, source)
        if is_text_alone(model.inputs):
            from edge_infer.commands.table_file import read_documents

            return read_documents(source, model.inputs[0])
        if is_typed(model.inputs):
            from edge_infer.commands.table_file import read_table

            return read_table(source, model.inputs)
        return read_rows(source, model.inputs[0].columns)
    if model.contract.image is None:
        raise _no_rows_file(model, source)
    return model.read_image(source)


def _no_rows_file(model: Model, source: str) -> BadInput:
    suffix = Path(source).suffix.lower()
    picture = suffix in _PICTURES
    typed = is_typed(model.inputs)
    return BadInput(
        f"this model takes rows, {'not pictures' if picture else f'and not from {source}'}",
        expected="a file ending in .csv" + ("" if typed else " or .npy"),
        actual=source if picture else suffix or "a name without an ending",
        hint="convert the model with --image to have it read pictures"
        if picture
        else "write the rows with X.to_csv('rows.csv', index=False)"
        if typed
        else "write the rows with numpy.save('rows.npy', X); of an .npz, numpy.load(FILE)['X']",
    )


PREDICT = Command("predict", "predict pictures or rows", _add_arguments, _run)
