from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from edge_infer.errors import BadInput, Untrusted
from edge_infer.trust import PublicKey, p256, parse_public_key, read_trust

if TYPE_CHECKING:
    from pathlib import Path

SPKI = serialization.PublicFormat.SubjectPublicKeyInfo


def pem_of(der: bytes, kind: str = "PUBLIC KEY") -> bytes:
    body = base64.encodebytes(der)
    return b"-----BEGIN %b-----\n%b-----END %b-----\n" % (kind.encode(), body, kind.encode())


def der_of(key: Any) -> bytes:
    der: bytes = key.public_key().public_bytes(serialization.Encoding.DER, SPKI)
    return der


KEY = ec.derive_private_key(0xBEEF, ec.SECP256R1())
PEM: bytes = KEY.public_key().public_bytes(serialization.Encoding.PEM, SPKI)


def test_reading_undoes_writing_byte_for_byte() -> None:
    key = parse_public_key(PEM)
    assert key.pem == PEM
    assert parse_public_key(key.pem) == key
    numbers = KEY.public_key().public_numbers()
    assert (key.x, key.y) == (numbers.x, numbers.y)


def test_fingerprint_and_hint_are_digests_of_the_published_encodings() -> None:
    key = parse_public_key(PEM)
    digest = base64.b64encode(hashlib.sha256(der_of(KEY)).digest()).decode().rstrip("=")
    assert key.fingerprint == f"SHA256:{digest}"
    assert key.hint == hashlib.sha256(PEM).hexdigest()
    assert repr(key) == f"PublicKey({key.fingerprint})"


@pytest.mark.parametrize(
    "variant",
    [PEM.replace(b"\n", b"\r\n"), b"\n" + PEM + b"\n\n", PEM.rstrip(), pem_of(der_of(KEY))],
)
def test_line_ends_do_not_make_another_key(variant: bytes) -> None:
    assert parse_public_key(variant).pem == PEM


@pytest.mark.parametrize(
    "key",
    [
        ec.derive_private_key(5, ec.SECP384R1()),
        ec.derive_private_key(5, ec.SECP521R1()),
        ec.derive_private_key(5, ec.SECP256K1()),
        ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=["P-384", "P-521", "secp256k1", "Ed25519", "RSA"],
)
def test_key_of_another_kind_is_refused_when_pinned(key: Any) -> None:
    with pytest.raises(Untrusted, match="another kind"):
        parse_public_key(pem_of(der_of(key)))


@pytest.mark.parametrize("small_order", [0, 1, 2**255 - 20], ids=["order 4", "order 1", "order 2"])
def test_small_order_ed25519_key_is_refused_when_pinned(small_order: int) -> None:
    der = bytes.fromhex("302a300506032b6570032100") + small_order.to_bytes(32, "little")
    with pytest.raises(Untrusted):
        parse_public_key(pem_of(der))


def points() -> dict[str, bytes]:
    x, y = parse_public_key(PEM).x, parse_public_key(PEM).y
    return {
        "off the curve": x.to_bytes(32, "big") + (y ^ 1).to_bytes(32, "big"),
        "zero": bytes(64),
        "x not reduced": (5 + p256.P).to_bytes(32, "big") + y.to_bytes(32, "big"),
        "all ones": b"\xff" * 64,
    }


@pytest.mark.parametrize("name", points())
def test_off_curve_key_is_refused_when_pinned(name: str) -> None:
    with pytest.raises(Untrusted, match="not a point"):
        parse_public_key(pem_of(der_of(KEY)[:27] + points()[name]))


def test_off_curve_key_cannot_be_constructed() -> None:
    with pytest.raises(Untrusted):
        PublicKey(1, 1)


def malformed() -> dict[str, bytes]:
    der = der_of(KEY)
    compressed = KEY.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
    )
    infinity = bytes.fromhex("3019301306072a8648ce3d020106082a8648ce3d03010703020000")
    return {
        "empty": b"",
        "blank": b"\n \n",
        "not PEM": b"ssh-ed25519 AAAA",
        "DER": der,
        "no end": PEM.split(b"-----END")[0],
        "two keys": PEM + PEM,
        "text before": b"# fleet\n" + PEM,
        "text after": PEM + b"x",
        "blank line inside": PEM.replace(b"\nM", b"\nM!", 1),
        "base64 cut": PEM.replace(b"=", b""),
        "UTF-16": PEM.decode().encode("utf-16"),
        "another label": pem_of(der, "EC PUBLIC KEY"),
        "certificate": pem_of(der, "CERTIFICATE"),
        "trailing byte": pem_of(der + b"\0"),
        "bytes before the point": pem_of(der[:27] + bytes(3) + der[27:]),
        "truncated": pem_of(der[:-1]),
        "hybrid point": pem_of(der[:26] + b"\x06" + der[27:]),
        "compressed point": pem_of(
            bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + compressed
        ),
        "infinity": pem_of(infinity),
        "unused bits": pem_of(der[:25] + b"\x01" + der[26:]),
        "huge": PEM + b"\n" * (1 << 20) + b"x",
    }


@pytest.mark.parametrize("name", malformed())
def test_malformed_key_is_refused(name: str) -> None:
    with pytest.raises(Untrusted):
        parse_public_key(malformed()[name])


@given(st.binary(max_size=300))
def test_no_bytes_end_in_another_error(data: bytes) -> None:
    with pytest.raises(Untrusted):
        parse_public_key(data)


@given(st.integers(26, 90), st.integers(1, 255))
def test_no_changed_byte_of_a_key_is_the_same_key(index: int, mask: int) -> None:
    der = bytearray(der_of(KEY))
    der[index] ^= mask
    with pytest.raises(Untrusted):
        parse_public_key(pem_of(bytes(der)))


def test_private_key_is_refused_as_a_public_one(fleet: Any) -> None:
    with pytest.raises(Untrusted, match="private key") as refused:
        read_trust(fleet.key)
    assert ".pub" in str(refused.value.hint)


def test_trust_is_a_file_a_key_or_several(fleet: Any, stranger: Any) -> None:
    assert read_trust(fleet.pub) == read_trust(str(fleet.pub)) == (fleet.public,)
    assert read_trust(fleet.public) == (fleet.public,)
    several = read_trust([fleet.pub, [stranger.public, fleet.public]])
    assert several == (fleet.public, stranger.public)


def test_linked_trust_file_is_the_callers_own_choice(fleet: Any, tmp_path: Path) -> None:
    link = tmp_path / "pinned.pub"
    link.symlink_to(fleet.pub)
    assert read_trust(link) == (fleet.public,)


@pytest.mark.parametrize("nothing", [[], (), [[]]])
def test_empty_trust_trusts_nobody(nothing: Any) -> None:
    with pytest.raises(Untrusted, match="no trusted key"):
        read_trust(nothing)


@pytest.mark.parametrize("value", [True, False, None, 1, object(), [None], {"fleet.pub": 1}])
def test_no_stray_value_switches_verification_off(value: Any) -> None:
    with pytest.raises(BadInput, match="wrong type"):
        read_trust(value)


@pytest.mark.parametrize("name", ["missing.pub", "", "missing/missing.pub", "nul\0.pub"])
def test_missing_trust_file_is_bad_input(name: str, tmp_path: Path) -> None:
    with pytest.raises((BadInput, Untrusted)):
        read_trust(f"{tmp_path}/{name}")


def test_huge_trust_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.pub"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(Untrusted, match="too large"):
        read_trust(path)


def test_importing_trust_imports_the_standard_library_only() -> None:
    program = (
        "import sys; before = set(sys.modules); import edge_infer.trust\n"
        "new = {name.split('.')[0] for name in sys.modules} - {n.split('.')[0] for n in before}\n"
        "print(sorted(new - sys.stdlib_module_names))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "['edge_infer']\n"
