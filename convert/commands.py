"""The workstation's commands: `keygen`, `sign`, `convert`. They only wrap the functions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from convert.progress import terminal
from edge_infer.commands import Command
from edge_infer.commands.output import columns, print_json, print_table
from edge_infer.commands.private_key import ask_new_passphrase, read_private_key

if TYPE_CHECKING:
    import argparse

    from convert.artifact import Artifact


def _keygen_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stem", help="writes STEM.key (keep it) and STEM.pub (hand it out)")
    parser.add_argument(
        "--passphrase", action="store_true", help="encrypt the key; asks at the terminal"
    )


def _keygen(arguments: argparse.Namespace) -> int:
    from edge_infer.trust import read_trust
    from edge_infer.trust.keygen import generate

    passphrase = ask_new_passphrase() if arguments.passphrase else None
    private, public = generate(arguments.stem, passphrase=passphrase)
    fingerprint = read_trust(public)[0].fingerprint
    if arguments.json:
        print_json({"key": str(private), "trust": str(public), "fingerprint": fingerprint})
    else:
        print_table(
            {
                "private key": f"{private} (mode 0600: keep it, it signs)",
                "public key": f"{public} (hand it out: --trust {public})",
                "fingerprint": fingerprint,
            }
        )
    return 0


def _sign_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pickle", help="model.pkl, model.pkl.gz or model.joblib")
    parser.add_argument("--key", required=True, metavar="TRAINER.key", help="private key")


def _sign(arguments: argparse.Namespace) -> int:
    from edge_infer.staging import write_file_atomically
    from edge_infer.trust.keygen import public_key
    from edge_infer.trust.signing import sign_file

    key = read_private_key(arguments.key)
    pickle = Path(arguments.pickle)
    signature = pickle.with_name(pickle.name + ".sig")
    write_file_atomically(signature, sign_file(pickle, key=key))
    fingerprint = public_key(key).fingerprint
    if arguments.json:
        print_json({"signature": str(signature), "fingerprint": fingerprint})
    else:
        print_table({"signature": signature, "signed by": fingerprint})
    return 0


def _convert_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pickle", help="signed model.pkl, model.pkl.gz or model.joblib")
    parser.add_argument(
        "--trust",
        required=True,
        action="append",
        metavar="TRAINER.pub",
        help="public key of whoever trained it; may be given several times",
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
    parser.add_argument("--expires", metavar="DATE", help="not to be installed after (ISO 8601)")
    parser.add_argument("--target", default="generic", help="kind of device (default: generic)")
    parser.add_argument(
        "--timeout", type=float, default=1800.0, metavar="S", help="seconds (default: 1800)"
    )


def _convert(arguments: argparse.Namespace) -> int:
    from convert.conversion import convert
    from convert.unpickle.parent import Limits

    key = read_private_key(arguments.key)
    with terminal() as progress:
        artifact = convert(
            arguments.pickle,
            trust=arguments.trust,
            samples=arguments.samples,
            out=arguments.out,
            key=key,
            name=arguments.name,
            sequence=arguments.sequence,
            image=arguments.image,
            expires=arguments.expires,
            target=arguments.target,
            limits=Limits(timeout_s=arguments.timeout),
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
    print_table(
        {
            "artifact": f"{out} ({sum(map(len, artifact.files.values())):,} bytes)",
            "model": f"{contract.name}, sequence {contract.sequence}",
            "estimator": contract.source.estimator,
            "proven on": f"{certificate.engine}, {rows:,} probes",
            "probes": columns((p.kind, f"{p.rows:,} rows") for p in certificate.probes),
            "certificate": columns(table),
            "notes": certificate.notes,
        }
    )


KEYGEN = Command("keygen", "make a key pair", _keygen_arguments, _keygen)
SIGN = Command("sign", "sign a pickle", _sign_arguments, _sign)
CONVERT = Command(
    "convert", "turn a signed pickle into a proven artifact", _convert_arguments, _convert
)
