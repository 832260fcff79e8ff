"""Our ECDSA against NIST's vectors and against `cryptography`, on the same inputs."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_infer.trust import p256

VECTORS = Path(__file__).parents[2] / "data" / "nist"
MESSAGE = b"the model's payload"
DIGEST = int.from_bytes(hashlib.sha256(MESSAGE).digest(), "big")
PRIVATE = ec.derive_private_key(0xC0FFEE, ec.SECP256R1())


def point_of(key: ec.EllipticCurvePrivateKey) -> p256.Point:
    numbers = key.public_key().public_numbers()
    return numbers.x, numbers.y


def signature_of(length: int) -> bytes:
    """One in four is 70 bytes, r and s without padding; one in four 72, both padded."""
    while True:
        signature: bytes = PRIVATE.sign(MESSAGE, ec.ECDSA(SHA256()))
        if len(signature) == length:
            return signature


POINT = point_of(PRIVATE)
VALID = signature_of(70)


def verdict(point: p256.Point, message: bytes, signature: bytes) -> bool:
    """Both verifiers' one opinion."""
    own = p256.verify_by_own_arithmetic(point, message, signature)
    assert own == p256.verify_by_cryptography(point, message, signature), signature.hex()
    return own


def vectors(file: str, section: str) -> list[dict[str, str]]:
    text = (VECTORS / file).read_text("ascii")
    body = text.split(f"\n[{section}]\n")[1].split("\n[")[0]
    records = [dict(re.findall(r"^(\w+) = (.*)$", part, re.M)) for part in body.split("\n\n")]
    return [record for record in records if record]


def test_nist_signature_verification_vectors() -> None:
    cases = vectors("SigVer.rsp", "P-256,SHA-256")
    assert {case["Result"][0] for case in cases} == {"P", "F"}
    assert len(cases) == 15
    for case in cases:
        point = int(case["Qx"], 16), int(case["Qy"], 16)
        if not p256.on_curve(*point):
            assert case["Result"].startswith("F (4")
            continue
        signature = encode_dss_signature(int(case["R"], 16), int(case["S"], 16))
        expected = case["Result"].startswith("P")
        assert verdict(point, bytes.fromhex(case["Msg"]), signature) is expected


def test_nist_signature_generation_vectors() -> None:
    cases = [case for case in vectors("SigGen.txt", "P-256,SHA-256") if "R" in case]
    assert len(cases) == 15
    for case in cases:
        point = int(case["Qx"], 16), int(case["Qy"], 16)
        signature = encode_dss_signature(int(case["R"], 16), int(case["S"], 16))
        assert verdict(point, bytes.fromhex(case["Msg"]), signature)


def test_nist_public_key_validation_vectors() -> None:
    cases = vectors("PKV.rsp", "P-256")
    assert len(cases) == 12
    for case in cases:
        valid = p256.on_curve(int(case["Qx"], 16), int(case["Qy"], 16))
        assert valid is case["Result"].startswith("P")


def test_every_unreduced_point_is_off_the_curve() -> None:
    x, y = POINT
    assert p256.on_curve(x, y)
    for point in [(x + p256.P, y), (x, y + p256.P), (x, -y), (x - p256.P, y), (0, 0)]:
        assert not p256.on_curve(*point)


@pytest.mark.parametrize("secret", [*range(1, 20), *range(p256.N - 19, p256.N)])
def test_points_that_meet_the_tables_of_g(secret: int) -> None:
    key = ec.derive_private_key(secret, ec.SECP256R1())
    signature = key.sign(MESSAGE, ec.ECDSA(SHA256()))
    assert verdict(point_of(key), MESSAGE, signature)
    assert not verdict(point_of(key), MESSAGE + b".", signature)


@settings(deadline=None, max_examples=60)
@given(secret=st.integers(1, p256.N - 1), message=st.binary(max_size=200))
def test_random_signatures_hold_and_no_other_message_does(secret: int, message: bytes) -> None:
    key = ec.derive_private_key(secret, ec.SECP256R1())
    signature = key.sign(message, ec.ECDSA(SHA256()))
    assert verdict(point_of(key), message, signature)
    assert not verdict(point_of(key), message + b"\0", signature)
    assert not verdict(POINT, message, signature)


EDGES = [0, 1, 2, p256.N - 1, p256.N, p256.N + 1, p256.P, p256.P - 1, 1 << 255, (1 << 256) - 1]


@pytest.mark.parametrize("r", [*EDGES, None])
@pytest.mark.parametrize("s", [*EDGES, None])
def test_r_or_s_out_of_range_is_refused(r: int | None, s: int | None) -> None:
    pair = p256.parse_signature(VALID)
    assert pair is not None
    signature = encode_dss_signature(
        pair[0] if r is None else r,
        pair[1] if s is None else s,
    )
    assert verdict(POINT, MESSAGE, signature) is (r is None and s is None)


@pytest.mark.parametrize("plus", ["r", "s"])
def test_adding_the_order_to_a_valid_signature_is_refused(plus: str) -> None:
    pair = p256.parse_signature(VALID)
    assert pair is not None
    r, s = pair
    r, s = (r + p256.N, s) if plus == "r" else (r, s + p256.N)
    assert not verdict(POINT, MESSAGE, encode_dss_signature(r, s))
    assert not p256.verify_digest(POINT, DIGEST, r, s)


def test_negated_s_is_the_same_signature_to_ecdsa() -> None:
    pair = p256.parse_signature(VALID)
    assert pair is not None
    assert verdict(POINT, MESSAGE, encode_dss_signature(pair[0], p256.N - pair[1]))


def affine(point: p256.Jacobian) -> p256.Point | None:
    x, y, z = point
    if z == 0:
        return None
    inverse = pow(z, -1, p256.P)
    return x * inverse**2 % p256.P, y * inverse**3 % p256.P


def test_multiples_that_meet_are_doubled_or_cancelled() -> None:
    multiples = [None] + [point_of(ec.derive_private_key(k, ec.SECP256R1())) for k in range(1, 39)]
    for u in range(20):
        for v in range(20):
            assert affine(p256._sum_of_multiples(u, p256.G, v, p256.G)) == multiples[u + v]
            rest = affine(p256._sum_of_multiples(u + v, p256.G, p256.N - v, p256.G))
            assert rest == multiples[u]


def point_for(r_point: p256.Point, r: int, s: int) -> p256.Point:
    """The key under which (r, s) signs DIGEST with `r_point` as its point: (s·R - e·G) / r."""
    inverse = pow(r, -1, p256.N)
    point = affine(
        p256._sum_of_multiples(s * inverse % p256.N, r_point, -DIGEST * inverse % p256.N, p256.G)
    )
    assert point is not None
    return point


def test_a_point_whose_x_exceeds_the_order_is_reduced() -> None:
    x = p256.N
    while True:  # one x in two is on the curve
        square = (x**3 - 3 * x + p256.B) % p256.P
        y = pow(square, (p256.P + 1) // 4, p256.P)
        if y * y % p256.P == square and x > p256.N:
            break
        x += 1
    r, s = x - p256.N, 0x1234567
    point = point_for((x, y), r, s)
    assert p256.on_curve(*point)
    assert verdict(point, MESSAGE, encode_dss_signature(r, s))
    assert not verdict(point, MESSAGE, encode_dss_signature(r + 1, s))


def test_a_sum_at_infinity_is_refused() -> None:
    secret = PRIVATE.private_numbers().private_value
    r = -DIGEST * pow(secret, -1, p256.N) % p256.N
    for s in (1, 2, p256.N - 1):
        assert not verdict(POINT, MESSAGE, encode_dss_signature(r, s))


def test_zero_digest_verifies_by_the_key_alone() -> None:
    """u = 0: only the key's multiple is left; r is x of (r/s)·Q, so take R = k·Q, s = r/k."""
    r, _, _ = p256._sum_of_multiples(1, POINT, 0, p256.G)
    assert p256.verify_digest(POINT, 0, r % p256.N, r % p256.N)
    assert not p256.verify_digest(POINT, 1, r % p256.N, r % p256.N)


def ber_variants() -> dict[str, bytes]:
    r_length = VALID[3]
    r, s = VALID[2 : 4 + r_length], VALID[4 + r_length :]

    def sequence(body: bytes) -> bytes:
        return bytes([0x30, len(body)]) + body

    def padded(one: bytes) -> bytes:
        return bytes([2, one[1] + 1, 0]) + one[2:]

    return {
        "empty": b"",
        "trailing byte": VALID + b"\0",
        "trailing byte inside": sequence(r + s + b"\0"),
        "third integer": sequence(r + s + b"\2\1\1"),
        "one integer": sequence(r),
        "padded r": sequence(padded(r) + s),
        "padded s": sequence(r + padded(s)),
        "long-form length": b"\x30\x81" + VALID[1:],
        "long-form length of r": sequence(b"\2\x81" + r[1:] + s),
        "indefinite length": b"\x30\x80" + VALID[2:] + b"\0\0",
        "set, not sequence": b"\x31" + VALID[1:],
        "octet string, not integer": sequence(b"\4" + r[1:] + s),
        "empty integer": sequence(b"\2\0" + s),
        "negative r": sequence(b"\2\1\x81" + s),
        "negative s": sequence(r + b"\2\1\xff"),
        "raw r and s": bytes(64),
        "longer than it is": bytes([0x30, VALID[1] + 1]) + VALID[2:],
        "shorter than it is": bytes([0x30, VALID[1] - 1]) + VALID[2:],
        "r reaches into s": VALID[:3] + bytes([r_length + 1]) + VALID[4:],
        "r to the end": sequence(b"\2" + bytes([len(r) - 2 + len(s)]) + r[2:] + s),
        "huge": sequence(b"\2\x70" + b"\1" * 0x70),
    }


@pytest.mark.parametrize("variant", ber_variants())
def test_another_encoding_of_a_valid_signature_is_refused(variant: str) -> None:
    assert verdict(POINT, MESSAGE, VALID)
    assert not verdict(POINT, MESSAGE, ber_variants()[variant])


def test_padding_left_out_makes_r_and_s_negative() -> None:
    padded = signature_of(72)
    r, s = padded[5:37], padded[40:72]
    assert verdict(POINT, MESSAGE, padded)
    for first, second in [(r, b"\0" + s), (b"\0" + r, s), (r, s)]:
        body = b"".join(bytes([2, len(one)]) + one for one in (first, second))
        assert not verdict(POINT, MESSAGE, bytes([0x30, len(body)]) + body)


def test_every_truncated_signature_is_refused() -> None:
    assert not any(verdict(POINT, MESSAGE, VALID[:end]) for end in range(len(VALID)))


def test_every_flipped_bit_of_a_signature_is_refused() -> None:
    for i in range(len(VALID)):
        for bit in range(8):
            flipped = bytearray(VALID)
            flipped[i] ^= 1 << bit
            assert not verdict(POINT, MESSAGE, bytes(flipped))


@given(st.binary(max_size=80))
def test_no_random_bytes_are_a_signature(data: bytes) -> None:
    assert not verdict(POINT, MESSAGE, data)


@given(r=st.integers(1, p256.N - 1), s=st.integers(1, p256.N - 1))
def test_parsing_undoes_encoding(r: int, s: int) -> None:
    assert p256.parse_signature(encode_dss_signature(r, s)) == (r, s)


def test_cryptography_is_taken_where_it_is_imported_already(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(p256, "verify_by_own_arithmetic", lambda *_: pytest.fail("ours ran"))
    assert p256.verify(POINT, MESSAGE, VALID)


def test_a_cold_start_verifies_without_importing_cryptography() -> None:
    program = (
        "import sys\n"
        "from edge_infer.trust import p256\n"
        f"assert p256.verify({POINT!r}, {MESSAGE!r}, {VALID!r})\n"
        f"assert not p256.verify({POINT!r}, {MESSAGE + b'.'!r}, {VALID!r})\n"
        "print([name for name in sys.modules if name.startswith('cryptography')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
