"""`keygen` and `sign`: key pairs, and shared secrets for those who still use them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer.commands import Command
from edge_infer.commands.output import print_json, print_table
from edge_infer.commands.private_key import ask_new_passphrase, read_private_key

if TYPE_CHECKING:
    import argparse

FORGEABLE = "authenticated, not signed: whoever can check it can forge it"


def _keygen_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stem", help="writes STEM.key (keep it) and STEM.pub (hand it out)")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument(
        "--passphrase", action="store_true", help="encrypt the key; asks at the terminal"
    )
    kinds.add_argument(
        "--secret",
        action="store_true",
        help="write STEM.secret instead, shared by who makes and who checks a pickle",
    )


def _keygen(arguments: argparse.Namespace) -> int:
    if arguments.secret:
        return _make_secret(arguments)
    from edge_infer.trust import read_trust
    from edge_infer.trust.keygen import generate

    passphrase = ask_new_passphrase() if arguments.passphrase else None
    private, public = generate(arguments.stem, passphrase=passphrase)
    key = read_trust(public)[0]
    if arguments.json:
        print_json(
            {
                "key": str(private),
                "trust": str(public),
                "fingerprint": key.fingerprint,
                "compare": key.grouped,
            }
        )
    else:
        print_table(
            {
                "private key": f"{private} (mode 0600: keep it, it signs)",
                "public key": f"{public} (hand it out: --trust {public})",
                "fingerprint": key.fingerprint,
                "compare": f"{key.grouped} (read it out where the key arrives)",
            }
        )
    return 0


def _make_secret(arguments: argparse.Namespace) -> int:
    from edge_infer.trust.secret import generate_secret, read_secret

    path = generate_secret(arguments.stem)
    fingerprint = read_secret(path).fingerprint
    if arguments.json:
        print_json({"secret": str(path), "fingerprint": fingerprint})
    else:
        print_table(
            {
                "shared secret": f"{path} (mode 0600: whoever has it can forge)",
                "fingerprint": fingerprint,
                "what it does": "authorises unpickling where a trust file pins it as trainer, "
                "and nothing else",
            }
        )
    return 0


def _sign_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "pickle",
        help="model.pkl, model.pkl.gz or model.joblib; an older signature beside it is replaced",
    )
    kinds = parser.add_mutually_exclusive_group(required=True)
    kinds.add_argument("--key", metavar="TRAINER.key", help="private key")
    kinds.add_argument(
        "--secret", metavar="THE.secret", help="authenticate with a shared secret instead"
    )


def _sign(arguments: argparse.Namespace) -> int:
    from edge_infer.staging import write_file_atomically

    pickle = Path(arguments.pickle)
    if arguments.secret:
        return _authenticate(pickle, arguments)
    from edge_infer.trust.keygen import public_key
    from edge_infer.trust.signing import sign_file

    key = read_private_key(arguments.key)
    signed = sign_file(pickle, key=key)
    signature = _place_beside(pickle, ".sig")
    write_file_atomically(signature, signed)
    fingerprint = public_key(key).fingerprint
    if arguments.json:
        print_json({"signature": str(signature), "fingerprint": fingerprint})
    else:
        print_table({"signature": signature, "signed by": fingerprint})
    return 0


def _authenticate(pickle: Path, arguments: argparse.Namespace) -> int:
    from edge_infer.staging import write_file_atomically
    from edge_infer.trust import read_file
    from edge_infer.trust.secret import authenticate, read_secret

    secret = read_secret(arguments.secret)
    authenticated = authenticate(read_file(pickle), secret)
    tag = _place_beside(pickle, ".hmac")
    write_file_atomically(tag, authenticated)
    if arguments.json:
        print_json({"hmac": str(tag), "fingerprint": secret.fingerprint, "note": FORGEABLE})
    else:
        print_table({"hmac": tag, "secret": secret.fingerprint, "note": FORGEABLE})
    return 0


def _place_beside(pickle: Path, suffix: str) -> Path:
    """Where the signature of a pickle that was read stands: `.` has no name to add to.

    The one of an earlier training is replaced, for it is of no use any more; nothing else is.

    Raises:
        BadInput: something else is there.
    """
    from edge_infer.staging import check_output

    place = pickle.with_name(pickle.name + suffix)
    if not _is_signature(place):
        check_output(place)
    return place


def _is_signature(place: Path) -> bool:
    from edge_infer.errors import EdgeInferError
    from edge_infer.trust import read_file
    from edge_infer.trust.envelope import MAX_BYTES, parse_envelope

    try:
        data = read_file(place, max_bytes=MAX_BYTES)
        if not data.startswith(b"HMAC-SHA256 "):
            parse_envelope(data)
    except EdgeInferError:
        return False
    return True


KEYGEN = Command("keygen", "make a key pair, or a shared secret", _keygen_arguments, _keygen)
SIGN = Command("sign", "sign a pickle", _sign_arguments, _sign)
