"""Start the child, feed it, read its frames within bounds, and end it whatever happens."""

from __future__ import annotations

import importlib.util
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from convert.errors import NotExact, Unsupported
from convert.progress import Progress, quiet
from convert.unpickle import wire
from convert.unpickle.confinement import LAYERS
from edge_infer.contract.codec import encode
from edge_infer.errors import BadInput, EdgeInferError, Incompatible, Unavailable, Untrusted
from edge_infer.strict_json import dump_json, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator

CHILD = Path(__file__).with_name("child.py")
PACKAGES = (
    *("numpy", "scipy", "sklearn", "joblib", "threadpoolctl", "narwhals"),
    *("skl2onnx", "onnx", "onnxruntime", "google", "ml_dtypes", "typing_extensions"),
    *("convert", "edge_infer"),
)
"""What the child imports: only the directories that hold these are on its path."""

_ERRORS: dict[str, type[EdgeInferError]] = {
    kind.__name__: kind
    for kind in (Untrusted, Incompatible, BadInput, Unavailable, NotExact, Unsupported)
}
_PIECE = 1 << 16
_TICK_S = 0.2


LONGEST_S = 30 * 24 * 3600
"""Longer than any proof takes, and a number that every clock of the system holds."""


@dataclass(frozen=True)
class Limits:
    """What the child may use."""

    timeout_s: float = 1800.0
    memory_bytes: int = 8 << 30
    """Address space; onnxruntime and BLAS reserve far more of it than they touch."""

    def __post_init__(self) -> None:
        """Refuse a limit that allows nothing.

        Raises:
            BadInput: the time or the memory is no positive, finite number.
        """
        if not 0 < self.timeout_s <= LONGEST_S or self.memory_bytes <= 0:
            raise BadInput(
                "the limits of the conversion allow nothing, or are none",
                expected=f"more than 0 and at most {LONGEST_S} seconds, more than 0 bytes",
                actual=f"{self.timeout_s:g} seconds, {self.memory_bytes} bytes",
                hint="leave --timeout out for half an hour",
            )


@dataclass(frozen=True)
class Returned:
    """What the child handed back: bytes of unknown honesty."""

    contract: bytes
    onnx: bytes
    golden: bytes
    seen: bytes | None = None
    """What the proof saw, where the request asks for it."""
    held: tuple[str, ...] = ()
    """Layers of `confinement.py` that held, as the child said before it unpickled."""


def run_child(
    request: wire.Request,
    pickle: bytes,
    samples: bytes,
    *,
    limits: Limits | None = None,
    progress: Progress = quiet,
    script: Path = CHILD,
) -> Returned:
    """Unpickle and export in a child process.

    Args:
        request: what to make; `samples` are the bytes of a `.npy` file.
        pickle: verified, decompressed and audited.
        samples: `(n, f)` float64.
        limits: time and memory; the child is killed beyond them.
        progress: called with what the child reports.
        script: what the child runs.

    Raises:
        Unavailable: it ran out of time or memory.
        BadInput: it crashed, or refused the pickle as damaged.
        EdgeInferError: any other refusal of the child, as its own class.
    """
    limits = limits or Limits()
    frames = [
        wire.frame(wire.REQUEST, dump_json(encode(request))),
        wire.HEAD.pack(wire.PICKLE, len(pickle)),
        pickle,
        wire.frame(wire.SAMPLES, samples),
    ]
    with (
        tempfile.TemporaryDirectory(prefix="edge-infer-") as directory,
        _start(script, Path(directory)) as (child, result),
    ):
        return _Conversation(child, result, limits, progress).run(frames)


@contextmanager
def _start(script: Path, directory: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A child in a session of its own; when the block ends, so do the child and its children."""
    if os.name != "posix":
        raise Unavailable(
            "a pickle is unpickled in a limited process, which this system does not have",
            expected="Linux or macOS",
            actual=sys.platform,
            hint="convert it there, or export an estimator in memory: convert.export",
        )
    receiver, sender = os.pipe()
    command = [sys.executable, "-I", "-S", "-B", str(script), str(sender), *package_paths()]
    environment = {
        "HOME": str(directory),
        "TMPDIR": str(directory),
        "LC_ALL": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "ORT_DISABLE_TELEMETRY": "1",
    }
    try:
        child = subprocess.Popen(  # noqa: S603 - our own interpreter and script
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=(sender,),
            env=environment,
            cwd=directory,
            start_new_session=True,
        )
    except OSError as error:
        os.close(receiver)
        raise Unavailable(
            f"cannot start a process to unpickle in: {error}",
            hint="free memory or processes (ulimit -u), then convert again",
        ) from error
    finally:
        os.close(sender)
    try:
        with child:
            try:
                yield child, receiver
            finally:
                _kill(child)
    finally:
        os.close(receiver)


def _kill(child: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        child.kill()


def package_paths() -> list[str]:
    """The directories that hold the packages which the child imports, each once."""
    found: dict[str, None] = {}
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        if spec is None:
            continue
        for place in spec.submodule_search_locations or [spec.origin or ""]:
            found[str(Path(place).resolve().parent)] = None
    return list(found)


class _Conversation:
    """One child, from the request to its last frame."""

    def __init__(
        self, child: subprocess.Popen[bytes], result: int, limits: Limits, progress: Progress
    ) -> None:
        self.child = child
        self.result = result
        self.limits = limits
        self.progress = progress
        self.deadline = time.monotonic() + limits.timeout_s
        self.parts: dict[bytes, bytes] = {}
        self.held: tuple[str, ...] | None = None
        self.unread = bytearray()
        self.complaint = b""

    def run(self, frames: list[bytes]) -> Returned:
        """Feed `frames` and read until the last part, an error, or the child's end."""
        assert self.child.stdin is not None
        assert self.child.stderr is not None
        outgoing = [memoryview(frame) for frame in frames]
        stdin, stderr = self.child.stdin.fileno(), self.child.stderr.fileno()
        os.set_blocking(stdin, False)
        with selectors.DefaultSelector() as selector:
            selector.register(stdin, selectors.EVENT_WRITE)
            selector.register(stderr, selectors.EVENT_READ)
            selector.register(self.result, selectors.EVENT_READ)
            ended_at = None
            while not self.is_complete():
                ready = selector.select(_TICK_S)
                for key, _ in ready:
                    if key.fd == stdin:
                        if not self.feed(stdin, outgoing):
                            selector.unregister(stdin)
                    elif not self.read(key.fd, stderr):
                        selector.unregister(key.fd)
                now = time.monotonic()
                if now > self.deadline:
                    raise self.out_of_time()
                if ended_at is None and self.child.poll() is not None:
                    ended_at = now
                # A grandchild may hold the pipe open; what the child wrote is read by then.
                if ended_at is not None and (not ready or now > ended_at + 5):
                    raise self.ended()
        return Returned(
            contract=self.parts[wire.CONTRACT],
            onnx=self.parts[wire.GRAPH],
            golden=self.parts[wire.GOLDEN],
            seen=self.parts.get(wire.SEEN),
            held=self.held or (),
        )

    def is_complete(self) -> bool:
        """Whether all parts of the artifact came."""
        return {wire.CONTRACT, wire.GRAPH, wire.GOLDEN} <= self.parts.keys()

    def feed(self, stdin: int, outgoing: list[memoryview]) -> bool:
        """Write what fits; whether more is to be written."""
        try:
            written = os.write(stdin, outgoing[0][:_PIECE])
        except BlockingIOError:
            return True
        except BrokenPipeError:
            return False
        outgoing[0] = outgoing[0][written:]
        if not outgoing[0]:
            outgoing.pop(0)
        return bool(outgoing)

    def read(self, descriptor: int, stderr: int) -> bool:
        """Take what came; whether more can come."""
        piece = os.read(descriptor, _PIECE)
        if descriptor == stderr:
            self.complaint = (self.complaint + piece)[-2000:]
        else:
            self.unread += piece
            while self.take_frame():
                pass
        return bool(piece)

    def take_frame(self) -> bool:
        """Handle one frame if it is complete.

        Raises:
            Untrusted: a frame of another kind, twice, or beyond its bound.
        """
        if len(self.unread) < wire.HEAD.size:
            return False
        kind, length = wire.HEAD.unpack_from(self.unread)
        if length > wire.MOST_BYTES.get(kind, -1) or kind in self.parts:
            raise Untrusted(
                "the process that unpickles handed back what it should not",
                expected="one contract, graph and set of golden vectors within their bounds",
                actual=f"kind {kind!r} of {length:,} bytes",
                hint="the pickle may have taken it over: ask whoever signed it",
            )
        end = wire.HEAD.size + length
        if len(self.unread) < end:
            return False
        payload = bytes(memoryview(self.unread)[wire.HEAD.size : end])
        del self.unread[:end]
        self.handle(kind, payload)
        return True

    def handle(self, kind: bytes, payload: bytes) -> None:
        """Report progress, raise the child's error, keep a part."""
        if kind == wire.PROGRESS:
            match parse_json(payload, what="progress"):
                case [str() as stage, float() as fraction]:
                    self.progress(printable(stage), fraction)
        elif kind == wire.HELD:
            self.hold(payload)
        elif kind == wire.ERROR:
            raise child_error(payload)
        else:
            self.parts[kind] = payload

    def hold(self, payload: bytes) -> None:
        """Take what the child says once, before anything else: later the pickle could say it."""
        said = parse_json(payload, what="what confines the child")
        if self.held is None:
            self.held = tuple(one for one in LAYERS if isinstance(said, list) and one in said)

    def out_of_time(self) -> Unavailable:
        """The error for a child that does not come to an end."""
        return Unavailable(
            "the conversion did not end in time; it was stopped and nothing was written",
            expected=f"at most {self.limits.timeout_s:g} s",
            hint="use fewer samples, or allow more: --timeout SECONDS, in Python "
            "limits=Limits(timeout_s=...)",
        )

    def ended(self) -> EdgeInferError:
        """The error for a child that ended without a result."""
        code = self.child.returncode
        told = printable(self.complaint.decode("utf-8", "replace")).strip()
        if code == 1 and told:
            return EdgeInferError(
                "the conversion failed for a reason that was not foreseen",
                actual=told,
                hint="report it, with the versions that `edge-infer convert` was run with",
            )
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        if code == -signal.SIGXCPU:
            return self.out_of_time()
        return BadInput(
            "the process that unpickles ended without a result",
            expected="an artifact or a refusal",
            actual=f"{how}{': ' if told else ''}{told}",
            hint="the pickle may be damaged, or memory was short: dump the estimator again",
        )


def child_error(payload: bytes) -> EdgeInferError:
    """The child's refusal as an exception of its class.

    Raises:
        BadInput: it is no such JSON.
    """
    found = parse_json(payload, what="the child's error")
    fields = found if isinstance(found, dict) else {}
    texts = {
        field: printable(text)
        for field in ("what", "expected", "actual", "hint")
        if isinstance(text := fields.get(field), str)
    }
    kind = _ERRORS.get(str(fields.get("error")), EdgeInferError)
    return kind(texts.pop("what", "the conversion failed"), **texts)


def printable(text: str) -> str:
    """Without control characters, which could rewrite what a terminal shows."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
