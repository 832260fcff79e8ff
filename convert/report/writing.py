"""Measure what the page shows, then write it, whole or not at all."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convert.report.page import page
from convert.report.timing import as_called, time_engines, time_estimator
from edge_infer.staging import check_output, write_file_atomically

if TYPE_CHECKING:
    from convert.artifact import Artifact
    from edge_infer.trust.signing import SigningKey


def write_report(
    artifact: Artifact,
    path: str | os.PathLike[str],
    *,
    estimator: Any = None,
    samples: Any = None,
    key: SigningKey | None = None,
) -> Path:
    """What `Artifact.report` does."""
    check_output(Path(path))
    timings = [] if artifact.baseline is None else [artifact.baseline]
    if samples is not None:
        samples = as_called(samples, artifact.contract)
        if estimator is not None:
            verbs = tuple(dict.fromkeys(output.verb for output in artifact.contract.outputs))
            size = len(pickle.dumps(estimator))
            timings = [time_estimator(estimator, samples, verbs, size_bytes=size)]
        timings += time_engines(artifact, samples)
    text = page(artifact, timings, None if key is None else _fingerprint(key))
    write_file_atomically(path, text.encode("utf-8"), replace=False)
    return Path(path)


def _fingerprint(key: SigningKey) -> str:
    from edge_infer.trust.keygen import load_private_key, public_key

    private = load_private_key(key) if isinstance(key, str | os.PathLike) else key
    return public_key(private).fingerprint
