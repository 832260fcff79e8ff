"""What the page accepts beside what Python accepts: hostile signatures, statements and visits."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from test_page_modules import modules

from edge_infer.errors import Untrusted
from edge_infer.trust import p256
from edge_infer.trust.authority import verify_statement
from edge_infer.trust.envelope import Envelope, pae, write_envelope
from edge_infer.trust.keygen import load_private_key
from edge_infer.trust.keys import PublicKey, parse_public_key
from edge_infer.trust.statement import Statement, write_statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from small_bundles import Fleet

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")

A, B = "a" * 64, "b" * 64
PAYLOAD = write_statement(Statement.of("m", {"x": A}), ignore_paths=("model.sig",))


def both(key: PublicKey, signed: Sequence[tuple[bytes, bytes]]) -> list[tuple[bool, bool]]:
    """Whether the page and whether Python take each payload with its signature."""
    files = [write_envelope(Envelope(payload, (der,), key.hint)) for payload, der in signed]
    pem = base64.b64encode(key.pem).decode()
    said = modules(signatures=[[base64.b64encode(one).decode(), pem] for one in files])
    return [
        ("names" in page, accepted(one, key))
        for page, one in zip(said["signatures"], files, strict=True)
    ]


def accepted(signature: bytes, key: PublicKey) -> bool:
    try:
        verify_statement(signature, [key])
    except Untrusted:
        return False
    return True


def test_the_page_and_python_take_the_same_encodings_of_a_signature(fleet: Fleet) -> None:
    """Zero, n, n + 1, high values, BER variants, wrong lengths, and honest ones of all lengths."""
    key = parse_public_key(fleet.trust().read_bytes())
    private = load_private_key(fleet.key())
    honest = [private.sign(pae(PAYLOAD), ec.ECDSA(SHA256())) for _ in range(40)]
    r, s = decode_dss_signature(honest[0])
    n, edges = p256.N, [0, 1, p256.N - 1, p256.N, p256.N + 1, p256.P, 2**256 - 1]
    built = [encode_dss_signature(*pair) for e in edges for pair in ((e, s), (r, e), (e, e))]
    built += [encode_dss_signature(r + n, s), encode_dss_signature(r, s + n)]
    built += [encode_dss_signature(r, n - s)]
    der = honest[0]
    body = der[2:]
    first, second = body[: 2 + body[1]], body[2 + body[1] :]
    broken = [
        b"\x30\x81" + der[1:],
        b"\x30\x80" + body + b"\0\0",
        der + b"\0",
        der[:-1],
        der[1:],
        b"",
        b"\x31" + der[1:],
        b"\x30" + bytes([len(body) + 1]) + body,
        b"\x30"
        + bytes([len(body) + 1])
        + b"\x02"
        + bytes([first[1] + 1])
        + b"\0"
        + first[2:]
        + second,
        b"\x30"
        + bytes([len(body) + 1])
        + first
        + b"\x02"
        + bytes([second[1] + 1])
        + b"\0"
        + second[2:],
        b"\x30" + bytes([len(body)]) + b"\x03" + first[1:] + second,
        b"\x30" + bytes([len(first)]) + first,
        b"\x30" + bytes([len(body) + 3]) + body + b"\x02\x01\x01",
        b"\x30\x06\x02\x01\x01\x02\x01\x01",
        b"\x30\x04\x02\0\x02\0",
        r.to_bytes(32, "big") + s.to_bytes(32, "big"),
        b"\x30\x06\x02\x01\xff\x02\x01\x01",
        bytes(72),
    ]
    found = both(key, [(PAYLOAD, der) for der in [*honest, *built, *broken]])
    assert all(page == python for page, python in found)
    # The negated s is the same signature to ECDSA, and to both.
    assert [page for page, _ in found].count(True) == len(honest) + 1


def changed(**parts: Any) -> bytes:
    """The payload with some of its parts exchanged; None takes one away."""
    value = json.loads(PAYLOAD)
    for path, part in parts.items():
        place = value
        *folders, last = path.split("__")
        for name in folders:
            place = place[int(name) if name.isdigit() else name]
        if part is None:
            del place[last]
        else:
            place[last] = part
    return json.dumps(value, separators=(",", ":")).encode()


def listing(*names: str) -> bytes:
    resources = [{"name": n, "algorithm": "sha256", "digest": A} for n in names]
    root = hashlib.sha256(bytes.fromhex(A) * len(names)).hexdigest()
    return changed(predicate__resources=resources, subject__0__digest={"sha256": root})


STATEMENTS = [
    changed(subject__0__name=None),
    changed(subject__0__name=7),
    changed(subject__0__name={"a": 1}),
    changed(predicate__resources__0__digest=[A]),
    changed(predicate__resources__0__digest=A.upper()),
    changed(predicate__resources__0__name=["x"]),
    changed(predicate__resources=[]),
    changed(predicate__serialization__allow_symlinks=True),
    changed(_type="other"),
    changed(predicate__serialization__hash_type="sha1"),
    changed(predicateType="other"),
    changed(predicate__resources__0__algorithm="sha1"),
    changed(extra=1),
    changed(subject__0__digest={"sha256": B}),
    PAYLOAD.replace(b'"name":"m"', b'"name":"n","name":"m"'),
    PAYLOAD + b" ",
    b"\xef\xbb\xbf" + PAYLOAD,
    listing("a", "A"),
    listing("a", "a/b"),
    listing("a/b", "A/c"),
    listing("a", "a"),
    listing("../a"),
    listing("/a"),
    listing("a//b"),
    listing("."),
    listing("a/./b"),
    listing("C:a"),
    listing("a\\b"),
    listing("a" * 256),
    listing("/".join("a" * 33)),
    listing("/".join(["a" * 200] * 6)),
    listing("a\0"),
    listing(*map(str, range(10_001))),
]


def test_the_page_takes_no_statement_that_python_refuses(fleet: Fleet) -> None:
    """Each rightly signed by the trusted key: a careless signer is no excuse."""
    key = parse_public_key(fleet.trust().read_bytes())
    private = load_private_key(fleet.key())
    rows = [PAYLOAD, listing("a/b", "a/c", "d"), *STATEMENTS]
    found = both(key, [(one, private.sign(pae(one), ec.ECDSA(SHA256()))) for one in rows])
    assert found[:2] == [(True, True)] * 2
    assert [(i, pair) for i, pair in enumerate(found[2:]) if pair[0]] == []


def test_a_signature_of_more_than_a_mebibyte_is_not_read(fleet: Fleet) -> None:
    key = parse_public_key(fleet.trust().read_bytes())
    private = load_private_key(fleet.key())
    payload = changed(subject__0__name="m" * (1 << 20))
    signature = private.sign(pae(payload), ec.ECDSA(SHA256()))
    assert both(key, [(payload, signature)]) == [(False, False)]


KEY, THIEF = f"SHA256:{'k' * 43}", f"SHA256:{'t' * 43}"


def visit(
    sequence: int = 1,
    *,
    link: str = "",
    key: str = KEY,
    content: str = A,
    may: int | None = None,
    expires: str | None = None,
    head: str | None = None,
    inside: int | None = None,
    name: str = "m",
) -> dict[str, Any]:
    written = {
        "format": 1,
        "target": "phone",
        "name": name,
        "sequence": sequence,
        "may_replace": may,
    }
    return {
        "link": link,
        "key": key,
        "content": content,
        "head": json.dumps(written) if head is None else head,
        "contract": {
            "name": "m",
            "sequence": str(sequence if inside is None else inside),
            "expires": expires,
            "created": "2026-01-01T00:00:00+00:00",
        },
    }


@pytest.mark.parametrize(
    "link",
    [
        f"#{KEY[:-1]}",
        "#SHA256:",
        f"#{KEY.lower()}",
        f"#x{KEY}",
        f"#{KEY}x",
        "#%",
        "#key",
        "#%E0%A4%A",
    ],
)
def test_a_link_whose_key_was_cut_short_does_not_count_as_one_without(link: str) -> None:
    assert modules(visits=[visit(link=link)])["visits"] == ["link_malformed"]


def test_a_link_names_the_key_or_refuses_another() -> None:
    visits = [
        visit(link=f"#{KEY}"),
        visit(link=f"#{THIEF}"),
        visit(key=THIEF),
        visit(),
        visit(link=f"#{THIEF}", key=THIEF),
    ]
    said = modules(visits=visits)["visits"]
    assert said == ["link", "key_not_of_link", "key_changed", "remembered", "link"]


def test_what_a_browser_verified_before_is_not_gone_back_from() -> None:
    highest = 2**63 - 1
    visits = [
        visit(5),
        visit(4),
        visit(5),
        visit(5, content=B),
        visit(4, may=4),
        visit(4, may=5),
        visit(4),
        visit(4, may=5),
        visit(6),
        visit(highest),
        visit(highest),
        visit(highest - 1),
    ]
    assert modules(visits=visits)["visits"] == [
        "first",
        "older_release",
        "remembered",
        "other_release",
        "older_release",
        "remembered",
        "older_release",
        "remembered",
        "remembered",
        "remembered",
        "remembered",
        "older_release",
    ]


def test_what_has_expired_is_not_taken_but_what_was_taken_goes_on() -> None:
    past, ever = "2026-01-02T00:00:00+00:00", "2999-01-01T00:00:00+00:00"
    born_late = "2025-01-01T00:00:00+00:00"
    visits = [
        visit(1, expires=past),
        visit(1),
        visit(1, expires=past),
        visit(2, expires=ever),
        visit(3, expires=born_late, content=B),
        visit(3, expires="soon", content=B),
    ]
    said = modules(visits=visits)["visits"]
    assert said == [
        "release_expired",
        "first",
        "remembered",
        "remembered",
        "release_expired",
        "release_expired",
    ]


HEADS = [
    "",
    "{}",
    "null",
    "[]",
    '{"format":1,"target":"phone","name":"m","sequence":1,"sequence":2}',
    '{"format":2,"target":"phone","name":"m","sequence":1}',
    '{"format":1,"target":"phone","sequence":1}',
    '{"format":1,"target":"generic","name":"m","sequence":1}',
    '{"format":1,"target":"phone","name":"m","sequence":"1"}',
    '{"format":1,"target":"phone","name":"m","sequence":0}',
    '{"format":1,"target":"phone","name":"m","sequence":1,"may_replace":"9"}',
]


def test_a_head_that_is_none_or_of_another_model_is_refused() -> None:
    said = modules(visits=[visit(head=head) for head in HEADS])["visits"]
    assert said == ["head_malformed"] * len(HEADS)
    assert modules(visits=[visit(9, inside=1), visit(name="n")])["visits"] == ["head_differs"] * 2
