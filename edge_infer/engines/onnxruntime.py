"""The onnxruntime engine: silent, single-threaded, and never a release that flips labels."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from edge_infer.engines.onnx_check import check_onnx
from edge_infer.errors import Incompatible, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edge_infer.contract.schema import Contract, Runtimes

MINIMUM = "1.21"
"""The first release with double `TreeEnsemble` of ai.onnx.ml 5."""

REFUSED = ("1.26", "1.27")
"""They flip labels of tree ensembles (github.com/microsoft/onnxruntime, number 28557)."""

_DOMAINS = {"int64": "tensor(int64)", "float64": "tensor(double)", "str": "tensor(string)"}
_ELEMENTS = {"tensor(int64)": "int64", "tensor(double)": "float64"}
_FATAL = 4

_SINGLE_PRECISION = ("MatMulScaleFusion", "NoopElimination")
"""Optimisers that read a double constant as float32.

The first, in 1.28, the factor of a product; the second, in all releases up to 1.32, the one number
that is added or multiplied by: `x + 1e-60` and `x * (1 + 2**-24)` become `x`.
"""


class OnnxruntimeEngine:
    """One session on the CPU provider, opened from bytes."""

    name = "onnxruntime"

    def __init__(self, onnxruntime: Any, session: Any) -> None:
        self.version: str = onnxruntime.__version__
        self._onnxruntime = onnxruntime
        self._session = session
        self._shapes = {o.name: (o.type, o.shape) for o in session.get_outputs()}
        self.inputs = {i.name: (i.type, i.shape) for i in session.get_inputs()}

    def run(self, output_names: Sequence[str], feeds: Mapping[str, Any]) -> list[Any]:
        """Outputs in the order asked for.

        Raises:
            Unavailable: onnxruntime could not compute them, as when memory ran out.
        """
        try:
            found: list[Any] = self._session.run(output_names, feeds)
        # onnxruntime's exceptions share no base class of their own.
        except Exception as error:
            raise Unavailable(
                "onnxruntime could not compute the outputs",
                actual=error,
                hint="try fewer rows at once; the model stays usable",
            ) from error
        return found

    def bind_row(self, input_name: str, output_name: str) -> _BoundRow | None:
        """Buffers shared with the session, for an output of numbers and of known width."""
        kind, shape = self._shapes[output_name]
        if kind not in _ELEMENTS or not all(isinstance(length, int) for length in shape[1:]):
            return None
        f = self.inputs[input_name][1][1]
        return _BoundRow(
            self._onnxruntime, self._session, (input_name, f), (output_name, _ELEMENTS[kind], shape)
        )

    def check_names(self, contract: Contract) -> None:
        """Hold the graph against the contract that was signed with it.

        Raises:
            Incompatible: an input or output is missing or of another type.
        """
        wanted_in = {i.name: (_DOMAINS.get(i.dtype), i.shape[1:]) for i in contract.inputs}
        found_in = {name: (kind, tuple(shape[1:])) for name, (kind, shape) in self.inputs.items()}
        missing = [o.name for o in contract.outputs if o.name not in self._shapes]
        if wanted_in != found_in or missing:
            raise Incompatible(
                "model.onnx is not the graph that contract.json describes",
                expected=f"inputs {wanted_in}, outputs {[o.name for o in contract.outputs]}",
                actual=f"inputs {found_in}, outputs {list(self._shapes)}",
            )


class _BoundRow:
    """An io binding whose input and output share their memory with two numpy arrays."""

    def __init__(
        self,
        onnxruntime: Any,
        session: Any,
        taken: tuple[str, int],
        given: tuple[str, str, Sequence[Any]],
    ) -> None:
        import numpy as np

        self.row = np.zeros((1, taken[1]), dtype=np.float64)
        self.output = np.zeros((1, *given[2][1:]), dtype=given[1])
        share = onnxruntime.OrtValue.ortvalue_from_numpy
        # The values must outlive the binding, which keeps their addresses only.
        self._values = share(self.row), share(self.output)
        self._binding = session.io_binding()
        self._binding.bind_ortvalue_input(taken[0], self._values[0])
        self._binding.bind_ortvalue_output(given[0], self._values[1])
        self._run = session.run_with_iobinding

    def run(self) -> None:
        self._run(self._binding)


def open_engine(onnx: bytes, contract: Contract) -> OnnxruntimeEngine:
    """Check the release, then open the graph from verified bytes.

    Raises:
        Unavailable: onnxruntime is not installed, or was imported with its telemetry on.
        Incompatible: its release is refused, or it cannot open the graph.
    """
    onnxruntime = import_silently()
    check_release(onnxruntime.__version__, contract.runtimes)
    engine = open_session(onnx)
    engine.check_names(contract)
    return engine


def open_session(onnx: bytes) -> OnnxruntimeEngine:
    """Open a graph on one thread of the CPU, without spinning, telemetry or log output.

    onnxruntime follows references to other files even where the graph comes from memory, and runs
    whatever operators it knows; so it sees only what `check_onnx` let through.

    Raises:
        Unavailable: as `import_silently`.
        Incompatible: it is more than plain arithmetic, or onnxruntime cannot open it.
    """
    check_onnx(onnx)
    onnxruntime = import_silently()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _FATAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(
            onnx,
            sess_options=options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=list(_SINGLE_PRECISION),
        )
    # onnxruntime's exceptions share no base class of their own.
    except Exception as error:
        raise Incompatible(
            "onnxruntime cannot open model.onnx",
            actual=f"onnxruntime {onnxruntime.__version__}: {error}",
            hint="install the release named in the certificate (edge-infer info)",
        ) from error
    return OnnxruntimeEngine(onnxruntime, session)


def import_silently() -> Any:
    """The onnxruntime module, imported with its telemetry off.

    From 1.29 on the Linux wheels write a device id and an event database below `~/.cache` and
    look up their collector's address, unless this variable is set before the import. Nothing
    that is called later undoes it.

    Raises:
        Unavailable: it is not installed, or something imported it with telemetry on.
    """
    loaded = sys.modules.get("onnxruntime")
    if loaded is None:
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    elif os.environ.get("ORT_DISABLE_TELEMETRY") != "1" and _release(loaded.__version__) >= (1, 29):
        raise Unavailable(
            "onnxruntime was imported with its telemetry on, which cannot be turned off later",
            expected="ORT_DISABLE_TELEMETRY=1 in the environment before the import",
            actual=f"onnxruntime {loaded.__version__} imported without it",
            hint="load the model before importing onnxruntime, or set the variable",
        )
    try:
        import onnxruntime
    except ImportError as error:
        raise Unavailable(
            "the engine onnxruntime is not installed",
            actual=error,
            hint=f"pip install '{_wanted(sorted(map(_release, REFUSED)))}' "
            "(64-bit Linux with glibc, macOS or Windows)",
        ) from error
    return onnxruntime


def check_release(version: str, runtimes: Runtimes) -> None:
    """Hold an onnxruntime release against ours and the contract's list.

    Raises:
        Incompatible: it is too old or known to predict something else.
    """
    minimum = max(_release(MINIMUM), _release(runtimes.minimum))
    refused = sorted({*map(_release, REFUSED), *map(_release, runtimes.refused)})
    found = _release(version)
    if found >= minimum and found not in refused:
        return
    wanted = _wanted(refused, minimum)
    raise Incompatible(
        "this onnxruntime does not predict what was proven",
        expected=wanted,
        actual=f"onnxruntime {version}",
        hint=f"pip install '{wanted}'",
    )


def _wanted(refused: list[tuple[int, int]], minimum: tuple[int, int] | None = None) -> str:
    """As pip spells the releases that serve."""
    major, minor = _release(MINIMUM) if minimum is None else minimum
    parts = [f">={major}.{minor}", *(f"!={one}.{other}.*" for one, other in refused)]
    return f"onnxruntime{','.join(parts)}"


def _release(version: str) -> tuple[int, int]:
    major, _, rest = version.partition(".")
    minor = rest.partition(".")[0]
    if not (major.isdecimal() and minor.isdecimal()):
        raise Incompatible("a runtime release has no number", expected="1.32", actual=version)
    return int(major), int(minor)
