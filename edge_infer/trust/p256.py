"""ECDSA over P-256 with SHA-256: verification (FIPS 186-5, SEC 1 section 4.1.4).

Two verifiers accept the same signatures. `verify` takes `cryptography` where the process has
imported it already, and our own otherwise: importing it costs 12-50 ms from a cold start, our
own verifier 2 ms in all (`benchmarks/trust.py`), and slow machines slow both down alike.
Nothing here is secret, so nothing needs constant time.
"""

from __future__ import annotations

import sys

from edge_infer.trust.digest import sha256

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
"""The field's prime."""
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
"""The curve is y² = x³ - 3x + B."""
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The group's prime order; with cofactor 1, no point on the curve has a small order."""
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)

Point = tuple[int, int]
Jacobian = tuple[int, int, int]
"""(X, Y, Z) stands for (X/Z², Y/Z³); Z = 0 is the point at infinity."""

_INFINITY: Jacobian = (1, 1, 0)
_WINDOW_BITS = 5


def on_curve(x: int, y: int) -> bool:
    """Whether (x, y) is a point of the curve in its one reduced form."""
    return 0 <= x < P and 0 <= y < P and (y * y - (x * x - 3) * x - B) % P == 0


def verify(point: Point, message: bytes, signature: bytes) -> bool:
    """Whether `signature`, strict DER, is one of `message` under the public key `point`."""
    if "cryptography.hazmat.primitives.asymmetric.ec" in sys.modules:
        return verify_by_cryptography(point, message, signature)
    return verify_by_own_arithmetic(point, message, signature)


def verify_by_cryptography(point: Point, message: bytes, signature: bytes) -> bool:
    """As `verify`, by the package `cryptography`."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256

    key = ec.EllipticCurvePublicNumbers(*point, ec.SECP256R1()).public_key()
    try:
        key.verify(signature, message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def verify_by_own_arithmetic(point: Point, message: bytes, signature: bytes) -> bool:
    """As `verify`, by the standard library."""
    pair = parse_signature(signature)
    if pair is None:
        return False
    digest = int.from_bytes(sha256(message).digest(), "big")
    return verify_digest(point, digest, *pair)


def verify_digest(point: Point, digest: int, r: int, s: int) -> bool:
    """Whether (r, s) signs `digest`, the hash as a 256-bit integer, under `point` on the curve."""
    if not (0 < r < N and 0 < s < N):
        return False
    inverse = pow(s, -1, N)
    x, _, z = _sum_of_multiples(digest * inverse % N, G, r * inverse % N, point)
    if z == 0:
        return False
    # Compares x/z² mod N with r without dividing: x/z² is r, or r + N where that is below P.
    zz = z * z % P
    return x == r * zz % P or (r + N < P and x == (r + N) * zz % P)


def parse_signature(der: bytes) -> tuple[int, int] | None:
    """(r, s) from `SEQUENCE { INTEGER r, INTEGER s }` in DER, None for anything else.

    Short lengths, minimal integers, no sign, nothing after them: each pair has one encoding.
    """
    if not 8 <= len(der) <= 72 or der[0] != 0x30 or der[1] != len(der) - 2:
        return None
    first = _parse_integer(der, 2)
    second = _parse_integer(der, first[1]) if first else None
    if first is None or second is None or second[1] != len(der):
        return None
    return first[0], second[0]


def _parse_integer(der: bytes, start: int) -> tuple[int, int] | None:
    """The positive INTEGER at `start` and where it ends."""
    body = der[start + 2 :]
    if len(body) < 1 or der[start] != 0x02 or not 1 <= der[start + 1] <= min(33, len(body)):
        return None
    body = body[: der[start + 1]]
    if body[0] & 0x80 or (body[0] == 0 and len(body) > 1 and not body[1] & 0x80):
        return None
    return int.from_bytes(body, "big"), start + 2 + len(body)


def _sum_of_multiples(u: int, first: Point, v: int, second: Point) -> Jacobian:
    """u·first + v·second, doubling once for both (Shamir's trick, windows of 5 signed bits)."""
    total = _INFINITY
    u_digits, v_digits = _signed_windows(u), _signed_windows(v)
    u_table, v_table = _odd_multiples(first), _odd_multiples(second)
    for i in range(max(len(u_digits), len(v_digits)) - 1, -1, -1):
        total = _double(total)
        if i < len(u_digits) and u_digits[i]:
            total = _add(total, _signed_multiple(u_table, u_digits[i]))
        if i < len(v_digits) and v_digits[i]:
            total = _add(total, _signed_multiple(v_table, v_digits[i]))
    return total


def _signed_windows(k: int) -> list[int]:
    """Digits d, each 0 or odd with |d| < 16, such that k = sum of d[i]·2^i (the w-ary NAF)."""
    digits = []
    while k:
        digit = 0
        if k & 1:
            digit = k & (1 << _WINDOW_BITS) - 1
            if digit >> _WINDOW_BITS - 1:
                digit -= 1 << _WINDOW_BITS
            k -= digit
        digits.append(digit)
        k >>= 1
    return digits


def _odd_multiples(point: Point) -> list[Jacobian]:
    """1, 3, 5, … 15 times `point`."""
    multiples: list[Jacobian] = [(*point, 1)]
    twice = _double(multiples[0])
    while len(multiples) < 1 << _WINDOW_BITS - 2:
        multiples.append(_add(multiples[-1], twice))
    return multiples


def _signed_multiple(table: list[Jacobian], digit: int) -> Jacobian:
    if digit > 0:
        return table[digit >> 1]
    x, y, z = table[-digit >> 1]
    return x, P - y, z


def _double(point: Jacobian) -> Jacobian:
    """2·point, for a = -3 (hyperelliptic.org's dbl-2001-b; infinity stays infinity)."""
    x, y, z = point
    zz = z * z % P
    yy = y * y % P
    xyy = x * yy % P
    slope = 3 * (x - zz) * (x + zz) % P
    x3 = (slope * slope - 8 * xyy) % P
    return x3, (slope * (4 * xyy - x3) - 8 * yy * yy) % P, 2 * y * z % P


def _add(a: Jacobian, b: Jacobian) -> Jacobian:
    """a + b for any two points (add-1998-cmo)."""
    x1, y1, z1 = a
    x2, y2, z2 = b
    if not z1:
        return b
    if not z2:
        return a
    zz1, zz2 = z1 * z1 % P, z2 * z2 % P
    u1, s1 = x1 * zz2 % P, y1 * zz2 * z2 % P
    h, r = (x2 * zz1 - u1) % P, (y2 * zz1 * z1 - s1) % P
    if not h:
        return _INFINITY if r else _double(a)
    hh = h * h % P
    hhh, v = h * hh % P, u1 * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - s1 * hhh) % P, z1 * z2 * h % P
