"""The child process: limits itself, unpickles, exports, hands back the artifact's parts.

Started by `parent.py` as `python -I -S child.py FD DIRECTORY...` with an empty environment;
FD is the pipe that the result goes to, the directories are where packages are found.
It is not a sandbox: it limits what a pickle signed by a careless or dishonest trainer can do.
"""

from __future__ import annotations

import io
import os
import resource
import sys
import traceback
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from convert.artifact import Artifact
    from convert.unpickle.wire import Request

_unpickling = False


def main() -> None:
    """Read the request from standard input, write progress and the result to the pipe."""
    sys.path[:0] = sys.argv[2:]
    from convert.unpickle import wire
    from convert.unpickle.confinement import confine, end_with_parent
    from edge_infer.contract.codec import decode
    from edge_infer.errors import EdgeInferError
    from edge_infer.strict_json import dump_json, parse_json

    source = sys.stdin.buffer
    with os.fdopen(int(sys.argv[1]), "wb") as pipe:
        end_with_parent(pipe.fileno())
        sys.addaudithook(_refuse_events)
        try:
            header = parse_json(wire.read_frame(source, wire.REQUEST), what="the request")
            request = decode(wire.Request, header, what="the request")
            limit(request.memory_bytes, request.cpu_s)
            held = confine()
            # The kernel forgets it where rights change, as in a namespace of its own.
            end_with_parent(pipe.fileno())
            _send(pipe, wire.HELD, dump_json(list(held)))
            data = wire.read_frame(source, wire.PICKLE)
            samples = wire.read_frame(source, wire.SAMPLES)
            estimator = unpickle(data, request)
            convert(estimator, samples, request, pipe)
        except EdgeInferError as error:
            _send_error(pipe, error)
        except MemoryError:
            _send_error(pipe, _too_large(request.memory_bytes))


def limit(memory_bytes: int, cpu_s: int) -> None:
    """Bound what this process may use; `confinement.py` holds root as well."""
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CPU, cpu_s),
    ):
        _bound(what, most)
    if sys.platform == "linux":  # macOS reserves more address space than it uses
        _bound(resource.RLIMIT_AS, memory_bytes)


def _bound(what: int, most: int) -> None:
    """At most `most`, or what the caller's own limit leaves: nobody but root may raise that."""
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(what, (most, most))


def unpickle(data: bytes, request: Request) -> Any:
    """A fitted scikit-learn estimator.

    Raises:
        Untrusted: the pickle names or does what no scikit-learn pickle needs.
        Incompatible: it was pickled with another scikit-learn.
        BadInput: it is damaged, no estimator, or not fitted.
    """
    import importlib
    import warnings

    import sklearn
    from sklearn.exceptions import InconsistentVersionWarning

    from convert.unpickle.allowlist import check_installed, read_allow_list
    from convert.unpickle.restricted import RestrictedUnpickler
    from edge_infer.errors import BadInput, EdgeInferError, Incompatible

    global _unpickling
    allow_list = read_allow_list()
    check_installed(allow_list, sklearn.__version__)
    asked = {(module, name) for module, _, name in (pair.partition(" ") for pair in request.pairs)}
    named = {
        pair: getattr(importlib.import_module(pair[0]), pair[1])
        for pair in sorted(asked & allow_list.pairs)
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", InconsistentVersionWarning)
            _unpickling = True
            found = RestrictedUnpickler(io.BytesIO(data), named).load()
    except (EdgeInferError, MemoryError):
        raise
    except InconsistentVersionWarning as error:
        raise Incompatible(
            "the estimator was pickled with another scikit-learn",
            expected=f"scikit-learn {error.current_sklearn_version}",
            actual=f"scikit-learn {error.original_sklearn_version}",
            hint="train and dump it again with the expected version, then sign it again",
        ) from None
    except Exception as error:
        raise BadInput(
            "the pickle cannot be read",
            expected="an estimator as joblib.dump or pickle.dump writes it",
            actual=f"{type(error).__name__}: {error}",
            hint="dump the estimator again",
        ) from None
    finally:
        _unpickling = False
    return _check_fitted(found)


def convert(estimator: Any, samples: bytes, request: Request, pipe: BinaryIO) -> None:
    """Export the estimator and send the artifact's parts."""
    import joblib

    from convert.export import export
    from convert.precision import check_precision
    from convert.samples import samples_of_bytes
    from convert.unpickle import wire
    from edge_infer.contract import write_contract
    from edge_infer.strict_json import dump_json

    def progress(stage: str, fraction: float) -> None:
        _send(pipe, wire.PROGRESS, dump_json([stage[:200], float(fraction)]))

    X = samples_of_bytes(samples)
    _check_columns(estimator, request.columns)
    # An estimator trained with n_jobs=-1 would start threads, which the limits forbid.
    with joblib.parallel_config(backend="sequential"):
        artifact = export(
            estimator,
            X,
            name=request.name,
            sequence=request.sequence,
            image=request.image,
            expires=request.expires,
            target=request.target,
            source_sha256=request.source_sha256,
            precision=check_precision(request.precision),
            progress=progress,
        )
        if request.report:
            _send(pipe, wire.SEEN, _seen(artifact, estimator, X))
    _send(pipe, wire.CONTRACT, write_contract(artifact.contract))
    _send(pipe, wire.GRAPH, artifact.onnx)
    _send(pipe, wire.GOLDEN, artifact.golden)


def _seen(artifact: Artifact, estimator: Any, samples: Any) -> bytes:
    from convert.report.timing import as_called, time_estimator
    from convert.unpickle.seen import Seen, write_seen

    assert artifact.details is not None
    verbs = tuple(output.verb for output in artifact.contract.outputs)
    rows = as_called(samples, artifact.contract)
    baseline = time_estimator(estimator, rows, verbs, size_bytes=None)
    return write_seen(Seen(artifact.details, baseline))


def _check_fitted(found: Any) -> Any:
    from sklearn.base import BaseEstimator
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    from edge_infer.errors import BadInput

    if isinstance(found, type) or not isinstance(found, BaseEstimator):
        raise BadInput(
            "the pickle holds no scikit-learn estimator",
            expected="a fitted estimator or Pipeline",
            actual=f"{type(found).__module__}.{type(found).__qualname__}",
            hint="dump the estimator itself: joblib.dump(estimator, path)",
        )
    try:
        check_is_fitted(found)
    except NotFittedError:
        raise BadInput(
            "the estimator is not fitted",
            expected="an estimator after fit",
            actual=f"{type(found).__name__} before fit",
            hint="call fit, then dump and sign it again",
        ) from None
    return found


def _check_columns(estimator: Any, columns: tuple[str, ...] | None) -> None:
    from convert.table import reads_documents
    from edge_infer.errors import BadInput

    names = getattr(estimator, "feature_names_in_", None)
    if columns is not None and len(columns) == 1 and names is None and reads_documents(estimator):
        if columns != ("text",):
            raise BadInput(
                "the first line of the samples may be a header or the first document",
                expected="text",
                actual=columns[0][:80],
                hint="write text as the first line, above the documents: "
                "pandas.DataFrame({'text': documents}).to_csv(FILE, index=False)",
            )
        return
    if columns is not None and names is not None and tuple(names) != columns:
        raise BadInput(
            "the samples' columns are not those of the training",
            expected=", ".join(map(str, names)),
            actual=",".join(columns),
            hint="write no spaces around the names: they count, as for pandas.read_csv"
            if tuple(name.strip() for name in columns) == tuple(names)
            else "write the columns in the order of the training, without the index: "
            "X.to_csv(FILE, index=False)",
        )


def _refuse_events(event: str, _arguments: tuple[object, ...]) -> None:
    """While unpickling nothing needs to open, import or start anything (PEP 578)."""
    if _unpickling and event not in _HARMLESS:
        from edge_infer.errors import Untrusted

        raise Untrusted(
            "the pickle does what no scikit-learn pickle does",
            expected="building objects in memory",
            actual=f"the event {event}",
            hint="ask whoever signed it",
        )


_HARMLESS = frozenset({"builtins.id"})
"""All that the pickles of scikit-learn's estimators cause, our own unpickler included."""


def _too_large(memory_bytes: int) -> Any:
    from edge_infer.errors import Unavailable

    return Unavailable(
        "the conversion needs more memory than it is given",
        expected=f"at most {memory_bytes >> 20:,} MiB",
        hint="use fewer samples, or raise the limit: Limits(memory_bytes=...)",
    )


def _send(pipe: BinaryIO, kind: bytes, payload: bytes) -> None:
    from convert.unpickle.wire import frame

    pipe.write(frame(kind, payload))
    pipe.flush()


def _send_error(pipe: BinaryIO, error: Any) -> None:
    from convert.unpickle.wire import ERROR
    from edge_infer.strict_json import dump_json

    found = {key: value for key, value in error.to_json().items() if key != "exit_code"}
    _send(pipe, ERROR, dump_json(found))


if __name__ == "__main__":
    try:
        main()
    except Exception:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    # Skips destructors that a hostile pickle could have armed.
    os._exit(0)
