"""The workstation's commands, which only wrap the functions: `convert` here, others beside it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from convert.device_kind import KINDS
from convert.inspection import INSPECT
from convert.key_commands import FORGEABLE, KEYGEN, SIGN
from convert.progress import terminal
from edge_infer.commands import Command
from edge_infer.commands.output import columns, print_json, print_table
from edge_infer.commands.private_key import read_private_key

if TYPE_CHECKING:
    import argparse

    from convert.artifact import Artifact


def _convert_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pickle", help="signed model.pkl, model.pkl.gz or model.joblib")
    parser.add_argument(
        "--trust",
        required=True,
        action="append",
        metavar="TRAINER.pub",
        help="public key of whoever trained it, or a trust file; may be given several times",
    )
    parser.add_argument(
        "--secret",
        metavar="THE.secret",
        help="check the pickle's .hmac instead of its .sig; the trust file must pin this secret",
    )
    parser.add_argument(
        "--samples",
        required=True,
        metavar="X.npy",
        help="rows such as the device will see: .npy, .npz or .csv of shape (n, f)",
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="artifact to make")
    parser.add_argument("--key", required=True, metavar="FLEET.key", help="signs the artifact")
    parser.add_argument("--name", help="of the model; by default the pickle's")
    parser.add_argument(
        "--sequence", type=int, default=1, metavar="N", help="release number (default: 1)"
    )
    parser.add_argument(
        "--image",
        metavar="SPEC",
        help="how a picture becomes a row: L:8x8,range=0..16[,invert][,resample=bilinear]",
    )
    parser.add_argument(
        "--expires",
        metavar="DATE",
        help="last day (UTC) on which it may be installed, 2030-01-31, or a moment with its offset",
    )
    parser.add_argument(
        "--target",
        default="generic",
        metavar="TARGET",
        help=f"kind of device: {', '.join(KINDS)} (default: generic)",
    )
    parser.add_argument(
        "--native",
        metavar="TARGETS",
        help="compile as well for devices without onnxruntime: host, all, or names such as "
        "aarch64,mipsel-sf",
    )
    parser.add_argument(
        "--max-bytes", type=int, metavar="N", help="refuse a compiled model larger than this"
    )
    parser.add_argument("--emit-c", metavar="DIR", help="write the C source, for firmware")
    parser.add_argument(
        "--precision",
        choices=("double", "float32", "auto"),
        default="double",
        help="of the graph; auto takes float32 where that proves (default: double)",
    )
    parser.add_argument(
        "--report", metavar="FILE.html", help="write a page on what was proven, to sign off"
    )
    parser.add_argument(
        "--timeout", type=float, default=1800.0, metavar="S", help="seconds (default: 1800)"
    )


def _convert(arguments: argparse.Namespace) -> int:
    from convert.conversion import convert
    from convert.unpickle.parent import Limits

    limits = Limits(timeout_s=arguments.timeout)
    key = read_private_key(arguments.key)
    with terminal() as progress:
        artifact = convert(
            arguments.pickle,
            trust=arguments.trust,
            secret=arguments.secret,
            samples=arguments.samples,
            out=arguments.out,
            key=key,
            name=arguments.name,
            sequence=arguments.sequence,
            image=arguments.image,
            expires=arguments.expires,
            target=arguments.target,
            limits=limits,
            native=arguments.native,
            max_bytes=arguments.max_bytes,
            emit_c=arguments.emit_c,
            precision=arguments.precision,
            report=arguments.report,
            progress=progress,
        )
    if arguments.json:
        print_json(_report(artifact, Path(arguments.out)))
    else:
        _print_certificate(artifact, Path(arguments.out))
    return 0


def _report(artifact: Artifact, out: Path) -> dict[str, object]:
    from edge_infer.contract.codec import encode

    contract = artifact.contract
    return {
        "artifact": str(out),
        "name": contract.name,
        "sequence": contract.sequence,
        "estimator": contract.source.estimator,
        "sha256": contract.source.sha256,
        "pickle": None if artifact.origin is None else asdict(artifact.origin),
        "size_bytes": {name: len(content) for name, content in artifact.files.items()},
        "certificate": encode(contract.certificate),
    }


def _print_certificate(artifact: Artifact, out: Path) -> None:
    contract = artifact.contract
    certificate = contract.certificate
    rows = sum(probe.rows for probe in certificate.probes)
    table: list[tuple[str, ...]] = [("", "compared", "differ", "undecided", "largest difference")]
    for parity in certificate.parity:
        kind = next((o.kind for o in contract.outputs if o.name == parity.output), "score")
        largest = "equal" if kind == "label" else f"{parity.max_difference:.1e}"
        counts = (f"{n:,}" for n in (parity.compared, parity.differ, parity.undecided))
        table.append((parity.output, *counts, largest))
    origin = artifact.origin
    assert origin is not None
    print_table(
        {
            "pickle": [
                f"signed by {origin.authorised_by}"
                if origin.signed
                else f"{FORGEABLE}, by {origin.authorised_by}",
                f"unpickled under: {'; '.join(origin.confinement) or 'resource limits alone'}",
            ],
            "artifact": f"{out} ({sum(map(len, artifact.files.values())):,} bytes)",
            "model": f"{contract.name}, sequence {contract.sequence}",
            "estimator": contract.source.estimator,
            "proven on": f"{certificate.engine}, {rows:,} probes",
            "probes": columns((p.kind, f"{p.rows:,} rows") for p in certificate.probes),
            "certificate": columns(table),
            "native": columns(
                (n.target, f"{n.size_bytes:,} bytes", _tried(n.rows_compared))
                for n in contract.native
            ),
            "notes": certificate.notes,
        }
    )


def _tried(rows: int) -> str:
    return f"equal on {rows:,} rows" if rows else "not run here; the device runs its self-test"


CONVERT = Command(
    "convert", "turn a signed pickle into a proven artifact", _convert_arguments, _convert
)

__all__ = ["CONVERT", "INSPECT", "KEYGEN", "SIGN"]
