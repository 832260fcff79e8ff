"""From a signed pickle on disk to a signed artifact on disk, in one order:

read once → verify → decompress → audit → child: unpickle, export, prove → check → sign
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convert.progress import Progress, quiet
from edge_infer.errors import BadInput
from edge_infer.staging import check_output

if TYPE_CHECKING:
    from convert.artifact import Artifact
    from convert.precision import Precision
    from convert.samples import Samples
    from convert.unpickle.parent import Limits
    from edge_infer.contract import Image
    from edge_infer.trust import Trust
    from edge_infer.trust.signing import SigningKey


def convert(
    path: str | os.PathLike[str],
    *,
    trust: Trust,
    secret: str | os.PathLike[str] | None = None,
    samples: Any,
    out: str | os.PathLike[str],
    key: SigningKey,
    name: str | None = None,
    sequence: int = 1,
    image: str | Image | None = None,
    expires: str | None = None,
    target: str = "generic",
    limits: Limits | None = None,
    native: str | tuple[str, ...] | None = None,
    max_bytes: int | None = None,
    emit_c: str | os.PathLike[str] | None = None,
    precision: Precision = "double",
    report: str | os.PathLike[str] | None = None,
    progress: Progress = quiet,
) -> Artifact:
    """Convert `path`, a pickle signed by `trust`, and write the artifact `out`, signed by `key`.

    Args:
        path: `.pkl`, `.pkl.gz` or `.joblib`, beside its signature `path.sig`.
        trust: public key file of whoever trained it, or a trust file that pins them as trainer.
        secret: a shared secret that `trust` pins by name: `path.hmac` is checked instead.
        samples: `(n, f)` rows such as the device will see: `.npy`, `.npz`, `.csv` or an array.
        out: directory to make.
        key: private key file whose public half the devices trust.
        name: what the model is called; by default the file's name up to the first dot.
        sequence: orders releases of this model.
        image: how a picture becomes one row, such as `L:8x8,range=0..16`.
        expires: when it is no longer to be installed: an ISO 8601 date, which lasts to its end
            in UTC, or a moment with its offset.
        target: which kind of device it is for.
        limits: time and memory of the process that unpickles.
        native: compile the proven graph as well: `host`, `all` or target names.
        max_bytes: the largest compiled model that a device takes.
        emit_c: directory to make with the C source, for firmware.
        precision: `double`, `float32`, or `auto` for float32 where it proves.
        report: HTML page to write on what was proven, for the person who signs it off.
        progress: called with a stage and the fraction done.

    Raises:
        Untrusted: no trusted key vouches for the pickle, or it names code outside the list.
        Incompatible: it was made by another scikit-learn.
        BadInput: pickle, samples, option or output path cannot be used.
        Unsupported: no exact converter for a step.
        NotExact: the graph and the estimator disagree on a probe.
        Unavailable: disk, time or memory ran out, or a package is missing.
    """
    from convert.artifact import Origin
    from convert.device_kind import check_kind
    from convert.expiry import read_expiry
    from convert.image_option import read_image
    from convert.precision import check_precision
    from convert.release import check_release
    from convert.samples import read_samples
    from convert.unpickle.allowlist import read_allow_list
    from convert.unpickle.audit import audit, check_audit
    from convert.unpickle.parent import Limits, run_child
    from convert.unpickle.returned import check_returned
    from convert.unpickle.source import read_signed_pickle
    from convert.unpickle.wire import Request
    from edge_infer.trust.keygen import load_private_key

    out = Path(out)
    _check_outputs(out, emit_c, report)
    check_precision(precision)
    check_kind(target)
    if name is None:
        name = Path(path).name.partition(".")[0]
    check_release(name, sequence)
    expires = read_expiry(expires)
    _check_native(native)
    limits = limits or Limits()
    picture = read_image(image)
    # Read now, so that a wrong key or passphrase does not cost a whole conversion.
    signing_key = load_private_key(key) if isinstance(key, str | os.PathLike) else key
    progress("verify the pickle", 0.0)
    source = read_signed_pickle(path, trust, secret=secret)
    progress("verify the pickle", 1.0)
    allow_list = read_allow_list()
    audited = audit(source.pickle, allow_list=allow_list, progress=progress)
    check_audit(audited, allow_list)
    rows = read_samples(samples)
    request = Request(
        name=name,
        sequence=sequence,
        image=picture,
        expires=expires,
        target=target,
        source_sha256=source.sha256,
        columns=rows.columns,
        pairs=tuple(f"{module} {name}" for module, name in sorted(audited.pairs)),
        memory_bytes=limits.memory_bytes,
        cpu_s=max(1, int(limits.timeout_s)),
        report=report is not None,
        precision=precision,
    )
    returned = run_child(request, source.pickle, rows.to_bytes(), limits=limits, progress=progress)
    origin = Origin(source.authorised_by, secret is None, returned.held)
    artifact = replace(check_returned(returned, request), origin=origin)
    if native is not None:
        artifact = artifact.compiled(native, max_bytes=max_bytes, progress=progress)
    if report is not None and artifact.baseline is not None:
        baseline = replace(artifact.baseline, size_bytes=len(source.pickle))
        artifact = replace(artifact, baseline=baseline)
    write_all(artifact, out, signing_key, emit_c=emit_c, report=report, rows=rows)
    return artifact


def write_all(
    artifact: Artifact,
    out: Path,
    key: SigningKey,
    *,
    emit_c: str | os.PathLike[str] | None,
    report: str | os.PathLike[str] | None,
    rows: Samples,
) -> None:
    """All that one conversion makes, or nothing; `rows` are measured for the report."""
    if report is None:
        write_both(artifact, out, key, emit_c)
        return
    from convert.samples import samples_of_bytes

    # First, so that no artifact is signed whose report could not be made.
    artifact.report(report, samples=samples_of_bytes(rows.to_bytes()), key=key)
    try:
        write_both(artifact, out, key, emit_c)
    except BaseException:
        Path(report).unlink(missing_ok=True)
        raise


def write_both(
    artifact: Artifact, out: Path, key: SigningKey, emit_c: str | os.PathLike[str] | None
) -> None:
    """The artifact and the C source of its graph: both, or neither."""
    if emit_c is None:
        artifact.write(out, key=key)
        return
    from convert.native.build import emit_source
    from convert.native.files import staged_source

    source = emit_source(artifact.onnx, artifact.contract)
    is_written = False
    try:
        with staged_source(source, emit_c):
            artifact.write(out, key=key)
            is_written = True
    except BaseException:
        if is_written:
            shutil.rmtree(out, ignore_errors=True)
        raise


def _check_outputs(*outs: str | os.PathLike[str] | None) -> None:
    """As `check_output` for all that one conversion is to make; None is an output left out.

    Raises:
        BadInput: as `check_output`, or two of them are one place.
    """
    made: set[str] = set()
    for out in outs:
        if out is None:
            continue
        check_output(Path(out))
        place = os.path.realpath(out)
        if place in made:
            raise BadInput(
                "two outputs are to stand in one place",
                expected="a path of its own for each",
                actual=out,
                hint="choose another path for one of them",
            )
        made.add(place)


def _check_native(native: str | tuple[str, ...] | None) -> None:
    """Refuse before the work what would be refused after it."""
    if native is not None:
        from convert.native.compilers import find_compiler
        from convert.native.targets import named_targets

        for target in named_targets(native):
            find_compiler(target)
