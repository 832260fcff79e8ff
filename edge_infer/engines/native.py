"""The native engine: a compiled model, loaded from verified bytes with ctypes alone.

No numpy unless arrays come in. The functions of the model keep no state, so any number of
threads may call them; each call brings its own workspace.
"""

from __future__ import annotations

import math
from array import array

from edge_infer.engines.elf import identify, running
from edge_infer.errors import BadInput, Incompatible, Unavailable
from edge_infer.rows import INFINITE_HINT, beyond

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ctypes
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from edge_infer.contract.schema import Contract, Input, NativeModel, Output

ABI = 1
"""Version of the exported functions that this engine calls."""

CODES = {"float64": "d", "int64": "q", "float32": "f", "bool": "B", "str": "q"}
"""`array` type codes of the outputs; text comes as its position in the model's strings."""

LARGEST_EXACT_INTEGER = 2.0**53

_OK, _NULL, _ALIGNMENT, _COUNT, _WORKSPACE, _NAN, _INFINITE, _LIMIT, _INDEX = range(9)
_REFUSED = 16


class NativeEngine:
    """One compiled model. `plain` verbs take and give flat arrays; `run` takes numpy's."""

    name = "native"

    def __init__(self, library: ctypes.CDLL, contract: Contract, native: NativeModel) -> None:
        import ctypes

        self.version = f"{native.abi} ({native.target})"
        self._library = library
        self._ctypes = ctypes
        self._wanted = contract.inputs[0]
        features = self._wanted.shape[1]
        assert features is not None
        self.features = features
        self._checks = contract.checks
        self._workspace_bytes = native.workspace_bytes
        self._row_bytes = native.row_bytes
        self._workspaces: list[array[float]] = []
        self._outputs: dict[str, list[Output]] = {}
        for output in contract.outputs:
            self._outputs.setdefault(output.verb, []).append(output)
        self._functions = {verb: self._function(verb) for verb in self._outputs}
        self._check_model(contract)
        self._texts: dict[int, str] = {}

    def run(self, output_names: Sequence[str], feeds: Mapping[str, Any]) -> list[Any]:
        """Outputs in the order asked for; `feeds` holds one float64 array `(n, f)`.

        Raises:
            BadInput: scikit-learn raises on a row.
        """
        import numpy as np

        X = np.require(feeds[self._wanted.name], np.float64, ("C", "A"))
        found: dict[str, Any] = {}
        for verb, outputs in self._outputs.items():
            if any(output.name in output_names for output in outputs):
                answers = [
                    np.empty((len(X), *widths(output)), dtype=_NUMPY[CODES[output.dtype]])
                    for output in outputs
                ]
                pointers = [(answer.ctypes.data, answer.size) for answer in answers]
                self._call(verb, X.ctypes.data, X.size, pointers)
                for output, answer in zip(outputs, answers, strict=True):
                    found[output.name] = self._as_text(answer) if output.dtype == "str" else answer
        for position, check in enumerate(self._checks):
            if check.name in output_names:
                reached = self._reasons(X.ctypes.data, len(X)) if not found else [-1] * len(X)
                found[check.name] = np.array([reason == position for reason in reached])
        return [found[name] for name in output_names]

    def bind_row(self, input_name: str, output_name: str) -> None:
        """None: `RowCall` is the shorter way, and needs no numpy."""
        del input_name, output_name

    def plain(self, verb: str, rows: array[float]) -> list[array[Any]]:
        """The outputs of a verb for rows one after another, each flat in C order.

        Raises:
            BadInput: scikit-learn raises on a row.
        """
        n = len(rows) // self.features
        answers = []
        for output in self._outputs[verb]:
            code = CODES[output.dtype]
            answers.append(array(code, bytes(array(code).itemsize * n * width_of(output))))
        pointers = [answer.buffer_info() for answer in answers]
        self._call(verb, rows.buffer_info()[0], len(rows), pointers)
        return answers

    def text(self, position: int) -> str:
        """The label at a position of the model's strings."""
        if position not in self._texts:
            found = self._library.edge_model_string(position)
            if found is None:
                raise Incompatible("the compiled model gave a label that it has no text for")
            self._texts[position] = found.decode("utf-8")
        return self._texts[position]

    def row_call(self) -> tuple[array[float], Callable[[], int]] | None:
        """A frame and what computes its output from its row: the shortest call there is.

        The frame holds f doubles of the row, the largest |x| (written), the output (written) and
        workspace. One caller at a time.
        """
        # Letting other threads run meanwhile costs as much as a small model, and one row is over
        # long before their turn.
        library = self._ctypes.PyDLL(None, handle=self._library._handle)
        try:
            function: Any = library.edge_model_predict_row
        except AttributeError:
            return None
        (output,) = self._outputs["predict"]
        units = self.features + 1 + width_of(output) + self._row_bytes // 8
        frame = array("d", bytes(8 * units))
        function.argtypes, function.restype = None, self._ctypes.c_int
        from functools import partial

        return frame, partial(function, self._ctypes.c_void_p(frame.buffer_info()[0]))

    def _function(self, verb: str) -> Callable[..., int]:
        try:
            function: Any = getattr(self._library, f"edge_model_{verb}")
        except AttributeError:
            raise _not_the_model(f"a function for {verb}", "none") from None
        pointer, size = self._ctypes.c_void_p, self._ctypes.c_size_t
        function.argtypes = [pointer, size] * (2 + len(self._outputs[verb]))
        function.restype = self._ctypes.c_int
        found: Callable[..., int] = function
        return found

    def _check_model(self, contract: Contract) -> None:
        library = self._library
        library.edge_model_features.restype = self._ctypes.c_size_t
        library.edge_model_workspace_bytes.restype = self._ctypes.c_size_t
        library.edge_model_string.argtypes = [self._ctypes.c_int64]
        library.edge_model_string.restype = self._ctypes.c_char_p
        library.edge_model_row_bytes.restype = self._ctypes.c_size_t
        found = (
            library.edge_model_features(),
            library.edge_model_workspace_bytes(),
            library.edge_model_row_bytes(),
        )
        wanted = (self.features, self._workspace_bytes, self._row_bytes)
        if found != wanted:
            raise _not_the_model(wanted, found)
        if len(contract.inputs) != 1:
            raise _not_the_model("one matrix of doubles", f"{len(contract.inputs)} inputs")

    def _call(self, verb: str, x: int, count: int, outputs: Sequence[tuple[int, int]]) -> None:
        status = self._status(verb, x, count, outputs)
        if status:
            raise self._refusal(status, verb, x, count)

    def _status(self, verb: str, x: int, count: int, outputs: Sequence[tuple[int, int]]) -> int:
        try:
            workspace = self._workspaces.pop()
        except IndexError:
            workspace = array("d", bytes(self._workspace_bytes))
        flat = [number for output in outputs for number in output]
        place = workspace.buffer_info()[0]
        status = self._functions[verb](x, count, *flat, place, self._workspace_bytes)
        self._workspaces.append(workspace)
        return int(status)

    def _reasons(self, x: int, n: int) -> list[int]:
        """For each row the check that refuses it, or -1."""
        verb, outputs = next(iter(self._outputs.items()))
        scratch = [array("d", bytes(8 * max(width_of(output), 1))) for output in outputs]
        given = [
            (answer.buffer_info()[0], width_of(output))
            for answer, output in zip(scratch, outputs, strict=True)
        ]
        step = 8 * self.features
        found = [self._status(verb, x + row * step, self.features, given) for row in range(n)]
        return [status - _REFUSED if status >= _REFUSED else -1 for status in found]

    def _refusal(self, status: int, verb: str, x: int, count: int) -> BadInput | Incompatible:
        if status >= _REFUSED:
            n = count // self.features
            reasons = self._reasons(x, n)
            reason = max(reasons)
            return BadInput(
                f"row {reasons.index(reason)}: {self._checks[reason].message}",
                expected="a row that scikit-learn answers",
                actual=f"{reasons.count(reason)} of {n} rows on which it raises",
            )
        if status in (_NAN, _INFINITE, _LIMIT):
            values = (self._ctypes.c_double * count).from_address(x)
            return refused_value(list(values), self._wanted)
        if status == _INDEX:
            return BadInput(
                "a row leads beyond a table of the model",
                actual=verb,
                hint="pass rows such as those of training",
            )
        return Incompatible(
            "the compiled model refuses the call",
            actual=f"status {status} of edge_model.h",
            hint="compile the model again: edge-infer convert --native",
        )

    def _as_text(self, positions: Any) -> Any:
        import numpy as np

        found = np.empty(positions.shape, dtype=object)
        found.reshape(-1)[:] = [self.text(position) for position in positions.ravel().tolist()]
        return found


_NUMPY = {"d": "f8", "q": "i8", "f": "f4", "B": "?"}


def refused_value(values: Sequence[float], wanted: Input) -> BadInput:
    """Name the first value that the contract's policy refuses, as `rows.check_values` does."""
    features = wanted.shape[-1]
    assert features is not None
    infinity = float("inf")
    tests: list[tuple[Callable[[float], bool], str, str | None]] = []
    if not wanted.nan:
        tests.append((lambda v: v != v, "a number", "replace missing values first"))
    if not wanted.infinite:
        tests.append((lambda v: abs(v) == infinity, "a finite number", INFINITE_HINT))
    limit = infinity if wanted.limit is None else wanted.limit
    expected = f"at most {wanted.limit!r} in magnitude"
    tests.append((lambda v: limit < abs(v) < infinity, expected, beyond(limit)))
    for test, expected, hint in tests:
        place = next((i for i, value in enumerate(values) if test(value)), None)
        if place is not None:
            row, column = divmod(place, features)
            name = f"column {column}"
            if wanted.columns is not None:
                name = f"column {wanted.columns[column]!r}"
            return BadInput(
                f"X holds a value that the estimator does not accept, in row {row}, {name}",
                expected=expected,
                actual=float(values[place]),
                hint=hint,
            )
    return BadInput(
        "X holds a value that the estimator does not accept",
        hint="find the row by predict_one, row by row",
    )


def open_engine(data: bytes, contract: Contract, native: NativeModel) -> NativeEngine:
    """Load a compiled model from verified bytes.

    Raises:
        Incompatible: it is of another format version, for another processor, or not the model.
        Unavailable: this system loads no shared object from memory or a private file.
    """
    import ctypes

    if native.abi != ABI:
        raise Incompatible(
            "the compiled model has a format that this runtime does not call",
            expected=f"version {ABI}",
            actual=f"version {native.abi}",
            hint="update the older of edge-infer and the artifact",
        )
    mine, found = running(), identify(data)
    if mine is None or found != mine:
        raise Incompatible(
            "the compiled model is for another processor",
            expected=mine,
            actual=found,
            hint=f"convert --native {mine.target if mine and mine.target else 'TARGET'}",
        )
    try:
        library = _load(ctypes, data)
    except OSError as error:
        raise Unavailable(
            "this system does not load the compiled model",
            actual=error,
            hint="it needs /proc, or a directory that allows programs (TMPDIR)",
        ) from error
    try:
        abi = int(library.edge_model_abi())
    except AttributeError:
        abi = 0
    if abi != ABI:
        raise _not_the_model(f"version {ABI}", f"version {abi}")
    return NativeEngine(library, contract, native)


def _load(ctypes: Any, data: bytes) -> Any:
    """From memory that nobody else can write, or from a file that only we can."""
    import os

    try:
        descriptor = os.memfd_create("edge_model", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except (AttributeError, OSError):
        return _load_file(ctypes, data)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(data)
        import fcntl

        seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
        # The loader knows libraries by path: the descriptor stays open for as long as the library
        # stays loaded, so that no other model ever has its number.
        return ctypes.CDLL(f"/proc/self/fd/{descriptor}")
    except OSError:
        os.close(descriptor)
        return _load_file(ctypes, data)


def _load_file(ctypes: Any, data: bytes) -> Any:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory(prefix="edge-infer-") as directory:
        path = Path(directory, "edge_model.so")
        path.write_bytes(data)
        return ctypes.CDLL(str(path))


def width_of(output: Output) -> int:
    """Elements per row."""
    return math.prod(widths(output))


def widths(output: Output) -> tuple[int, ...]:
    """Lengths of an output's axes but the first."""
    return tuple(length or 0 for length in output.shape[1:])


def _not_the_model(expected: object, actual: object) -> Incompatible:
    return Incompatible(
        "the compiled model is not the one that contract.json describes",
        expected=expected,
        actual=actual,
        hint="make the artifact again with convert --native",
    )
