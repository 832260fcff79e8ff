"""`edge-infer info`: the contract, verified, without running the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_infer.artifact import read_artifact
from edge_infer.commands import Command, add_bundle_arguments
from edge_infer.commands.output import columns, print_json, print_table
from edge_infer.contract.codec import encode

if TYPE_CHECKING:
    import argparse

    from edge_infer.contract import Contract

_CLASSES_SHOWN = 20


def _run(arguments: argparse.Namespace) -> int:
    contract = read_artifact(arguments.bundle, trust=arguments.trust).contract
    if arguments.json:
        print_json(encode(contract))
    else:
        print_table(_summary(contract))
    return 0


def _summary(contract: Contract) -> dict[str, object]:
    certificate = contract.certificate
    return {
        "name": f"{contract.name}, sequence {contract.sequence}, format {contract.format}",
        "estimator": contract.source.estimator,
        "source": contract.source.sha256 and f"SHA-256 {contract.source.sha256}",
        "made": contract.created,
        "made with": [f"{k} {v}" for k, v in sorted(contract.source.versions.items())],
        "expires": contract.expires or "never",
        "target": contract.target,
        "inputs": [
            f"{i.name} {_shape(i.shape)} {i.dtype}"
            f"{', NaN' if i.nan else ''}{', infinities' if i.infinite else ''}"
            for i in contract.inputs
        ],
        "columns": [name for i in contract.inputs for name in i.columns or ()] or None,
        "picture": contract.image and _picture(contract.image),
        "verbs": [f"{o.verb} {_shape(o.shape)} {o.dtype}" for o in contract.outputs],
        "classes": contract.classes and _classes(contract.classes.values),
        "proven on": certificate.engine,
        "tolerance": f"{certificate.relative_tolerance:g} for scores, none for labels",
        "probes": columns((p.kind, f"{p.rows:,} rows") for p in certificate.probes),
        "parity": columns(
            (p.output, f"{p.differ:,} of {p.compared:,} differ", f"{p.undecided:,} undecided")
            for p in certificate.parity
        ),
        "golden": f"{contract.golden.rows} vectors",
        "notes": certificate.notes,
        "onnxruntime": f"at least {contract.runtimes.minimum}, "
        f"not {', '.join(contract.runtimes.refused) or 'none'}",
    }


def _shape(shape: tuple[int | None, ...]) -> str:
    lengths = ["n" if length is None else str(length) for length in shape]
    return f"({', '.join(lengths)}{',' if len(lengths) == 1 else ''})"


def _picture(image: Any) -> str:
    inverted = ", inverted" if image.invert else ""
    size = f"{image.mode} {image.width}x{image.height}"
    return f"{size}, {image.low:g}..{image.high:g}{inverted}, {image.resample}"


def _classes(values: tuple[object, ...]) -> str:
    more = len(values) - _CLASSES_SHOWN
    shown = ", ".join(map(str, values[:_CLASSES_SHOWN]))
    return f"{shown} and {more} more" if more > 0 else shown


INFO = Command("info", "show the contract and its certificate", add_bundle_arguments, _run)
