"""`inspect`: what a pickle would import, told without loading, importing or trusting anything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer.commands import Command
from edge_infer.commands.output import columns, print_json, print_table
from edge_infer.errors import Untrusted

if TYPE_CHECKING:
    import argparse
    import os

    from convert.unpickle.audit import Audit
    from convert.unpickle.compression import Bounds


@dataclass(frozen=True)
class Inspection:
    """The report on a file that nobody need vouch for."""

    compression: str
    size_bytes: int
    decompressed_bytes: int
    sha256: str
    audit: Audit


def inspect(path: str | os.PathLike[str], *, bounds: Bounds | None = None) -> Inspection:
    """Decompress `path` within `bounds` and follow its opcodes; nothing of it is executed.

    Raises:
        BadInput: it is no pickle that is read here, or there is no such file.
        Untrusted: it is a link or not a regular file, or too large.
    """
    import hashlib

    from convert.unpickle.audit import audit
    from convert.unpickle.compression import Bounds, decompress, detect
    from edge_infer.trust import read_file

    bounds = bounds or Bounds()
    data = read_file(Path(path), max_bytes=bounds.compressed_bytes)
    pickle = decompress(data, bounds=bounds)
    return Inspection(
        compression=detect(data),
        size_bytes=len(data),
        decompressed_bytes=len(pickle),
        sha256=hashlib.sha256(data).hexdigest(),
        audit=audit(pickle),
    )


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pickle", help="model.pkl, model.pkl.gz or model.joblib, signed or not")


def _run(arguments: argparse.Namespace) -> int:
    found = inspect(arguments.pickle)
    report = found.audit
    if arguments.json:
        print_json(
            {
                "sha256": found.sha256,
                "compression": found.compression,
                "size_bytes": found.size_bytes,
                "decompressed_bytes": found.decompressed_bytes,
                "protocol": report.protocol,
                "sklearn_versions": list(report.sklearn_versions),
                "arrays": report.arrays,
                "imports": [
                    {"name": f"{m.module} {m.name}", "at": m.position, "allowed": m.allowed}
                    for m in report.mentions
                ],
            }
        )
    else:
        _print(found)
    # What a script asks is whether it would be refused.
    return Untrusted.exit_code if report.refused else 0


def _print(found: Inspection) -> None:
    report = found.audit
    rows = [
        (_printable(f"{m.module} {m.name}"), f"byte {m.position:,}", "" if m.allowed else "REFUSED")
        for m in report.mentions
    ]
    unpacked = f"{found.size_bytes:,} bytes, {found.decompressed_bytes:,} unpacked"
    print_table(
        {
            "file": f"{unpacked} ({found.compression})",
            "SHA-256": found.sha256,
            "protocol": report.protocol,
            "scikit-learn": report.sklearn_versions or ("not named",),
            "arrays": report.arrays,
            "would import": columns(rows) if rows else "nothing",
            "refused": f"{len(report.refused)} of {len(report.mentions)}",
            "note": "nothing was loaded or imported; whether a signature holds, convert says",
        }
    )


def _printable(text: str) -> str:
    return text if text.isprintable() else ascii(text)


INSPECT = Command("inspect", "show what a pickle would import, without it", _add_arguments, _run)
