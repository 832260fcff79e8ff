"""`edge-infer trust`: keep a trust file, and show it as people compare it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer.commands import Command
from edge_infer.commands.output import print_json, print_table

if TYPE_CHECKING:
    import argparse

    from edge_infer.trust.trust_file import TrustFile


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="VERB", required=True)

    def verb(name: str, help_: str) -> argparse.ArgumentParser:
        import argparse

        sub = verbs.add_parser(name, help=help_, description=help_)
        sub.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
        sub.add_argument("file", help="trust file")
        return sub

    add = verb("add", "pin a public key or a shared secret; makes the file where there is none")
    add.add_argument("key", help="KEY.pub or THE.secret")
    add.add_argument("--id", required=True, help="what to call it")
    add.add_argument(
        "--role",
        required=True,
        action="append",
        choices=("trainer", "publisher", "revoker"),
        help="trainer authorises unpickling, publisher artifacts and bundles, revoker revocations",
    )
    add.add_argument("--from", dest="valid_from", metavar="MOMENT", help="ISO 8601 with offset")
    add.add_argument("--until", dest="valid_until", metavar="MOMENT", help="ISO 8601 with offset")
    add.set_defaults(verb=_add)

    verb("show", "list who is trusted with what").set_defaults(verb=_show)

    remove = verb("remove", "no longer pin a key, as at the end of a rotation")
    remove.add_argument("id")
    remove.set_defaults(verb=_remove)

    revoke = verb("revoke", "sign that a key is not to be trusted any more")
    revoke.add_argument("id", help="of the key to revoke")
    revoke.add_argument("--key", required=True, help="its own private key, or that of a revoker")
    revoke.add_argument("--reason", default="", help="one line for people")
    revoke.add_argument("--out", metavar="FILE.revocation", help="write it here, for other devices")
    revoke.set_defaults(verb=_revoke)

    apply = verb("apply", "take up a revocation that came by any way")
    apply.add_argument("revocation", help="FILE.revocation")
    apply.set_defaults(verb=_apply)


def _run(arguments: argparse.Namespace) -> int:
    file: TrustFile = arguments.verb(arguments)
    shown = _describe(file)
    if arguments.json:
        print_json({"trust": arguments.file, **shown})
        return 0
    rows = {str(one["id"]): _lines(one) for kind in ("keys", "secrets") for one in shown[kind]}
    print_table(rows or {"nobody": "is trusted"})
    return 0


def _add(arguments: argparse.Namespace) -> TrustFile:
    from edge_infer.trust import editing, parse_public_key, read_file
    from edge_infer.trust.files import real_path
    from edge_infer.trust.secret import read_secret
    from edge_infer.trust.sources import SECRET_HEAD

    file = _read(arguments.file) if Path(arguments.file).exists() else editing.EMPTY
    data = read_file(real_path(arguments.key), max_bytes=65536)
    if data.startswith(SECRET_HEAD):
        fingerprint = read_secret(arguments.key).fingerprint
        file = editing.add_secret(file, fingerprint, name=arguments.id, roles=arguments.role)
    else:
        file = editing.add_key(
            file,
            parse_public_key(data),
            name=arguments.id,
            roles=arguments.role,
            valid_from=arguments.valid_from,
            valid_until=arguments.valid_until,
        )
    return _write(arguments.file, file)


def _show(arguments: argparse.Namespace) -> TrustFile:
    return _read(arguments.file)


def _remove(arguments: argparse.Namespace) -> TrustFile:
    from edge_infer.trust import editing

    return _write(arguments.file, editing.remove(_read(arguments.file), arguments.id))


def _revoke(arguments: argparse.Namespace) -> TrustFile:
    from edge_infer.commands.private_key import read_private_key
    from edge_infer.staging import check_output, write_file_atomically
    from edge_infer.trust import editing, revocation

    if arguments.out:
        check_output(Path(arguments.out))
    file = _read(arguments.file)
    key = read_private_key(arguments.key)
    named = editing.fingerprint_of(file, arguments.id)
    made = revocation.revoke(named, key=key, reason=arguments.reason)
    file = editing.add_revocation(file, made)
    if arguments.out:
        data = revocation.write_revocation(made)
        write_file_atomically(Path(arguments.out), data, replace=False)
    return _write(arguments.file, file)


def _apply(arguments: argparse.Namespace) -> TrustFile:
    from edge_infer.trust import editing, read_file, revocation
    from edge_infer.trust.files import real_path

    data = read_file(real_path(arguments.revocation), max_bytes=revocation.MAX_BYTES)
    file = editing.add_revocation(_read(arguments.file), revocation.parse_revocation(data))
    return _write(arguments.file, file)


def _read(path: str) -> TrustFile:
    from edge_infer.trust import read_file
    from edge_infer.trust.files import real_path, show
    from edge_infer.trust.trust_file import MAX_BYTES, parse_trust_file

    data = read_file(real_path(path), max_bytes=MAX_BYTES)
    return parse_trust_file(data, what=show(path))


def _write(path: str, file: TrustFile) -> TrustFile:
    from edge_infer.staging import write_file_atomically
    from edge_infer.trust.trust_file import write_trust_file

    write_file_atomically(Path(path), write_trust_file(file))
    return file


def _describe(file: TrustFile) -> dict[str, list[dict[str, object]]]:
    from edge_infer.trust.trust_file import pins_of

    pins = pins_of(file)
    keys: list[dict[str, object]] = []
    for pin in pins.keys:
        revoked = pins.revocation(pin.key)
        keys.append(
            {
                "id": pin.id,
                "roles": sorted(pin.roles),
                "grouped": pin.key.grouped,
                "fingerprint": pin.key.fingerprint,
                "valid_from": pin.valid_from and pin.valid_from.isoformat(),
                "valid_until": pin.valid_until and pin.valid_until.isoformat(),
                "revoked": None if revoked is None else revoked.reason or "no reason given",
            }
        )
    secrets: list[dict[str, object]] = [
        {"id": one.id, "roles": ["trainer"], "fingerprint": one.fingerprint} for one in pins.secrets
    ]
    return {"keys": keys, "secrets": secrets}


def _lines(one: dict[str, object]) -> list[str]:
    roles = one["roles"]
    assert isinstance(roles, list)
    lines = [", ".join(roles)]
    if "grouped" in one:
        lines.append(f"compare: {one['grouped']}")
    else:
        lines.append("a shared secret: whoever can check with it can forge")
    lines.append(str(one["fingerprint"]))
    dates = [
        f"{word} {one[f'valid_{word}']}" for word in ("from", "until") if one.get(f"valid_{word}")
    ]
    if dates:
        lines.append("valid " + " ".join(dates))
    if one.get("revoked"):
        lines.append(f"REVOKED: {one['revoked']}")
    return lines


TRUST = Command("trust", "keep a trust file: who may train, publish, revoke", _add_arguments, _run)
