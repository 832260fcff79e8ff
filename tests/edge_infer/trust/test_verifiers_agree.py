"""Ten thousand signatures, by our own arithmetic and by `cryptography`: one opinion on each."""

from __future__ import annotations

import random
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256

from edge_infer.trust import p256


def spoiled(chance: random.Random, signature: bytes) -> bytes:
    """The signature with another number, another encoding or another byte."""
    r, s = decode_dss_signature(signature)
    match chance.randrange(5):
        case 0:
            at = chance.randrange(len(signature))
            return (
                signature[:at]
                + bytes([signature[at] ^ 1 << chance.randrange(8)])
                + signature[at + 1 :]
            )
        case 1:
            return encode_dss_signature(
                r, chance.choice([0, p256.N, p256.N + s, chance.getrandbits(256)])
            )
        case 2:
            return encode_dss_signature(
                chance.choice([0, p256.N, p256.N + r, chance.getrandbits(256)]), s
            )
        case 3:
            return signature[: chance.randrange(len(signature))]
        case _:
            return signature + chance.randbytes(chance.randint(1, 3))


@pytest.mark.parametrize("signatures", [1_000, pytest.param(10_000, marks=pytest.mark.deep)])
def test_random_signatures(signatures: int) -> None:
    chance = random.Random(20_261_123)
    valid = 0
    for number in range(signatures):
        if number % 50 == 0:
            key = ec.derive_private_key(chance.randrange(1, p256.N), ec.SECP256R1())
            numbers = key.public_key().public_numbers()
            point = numbers.x, numbers.y
        message = chance.randbytes(chance.randrange(200))
        signature = key.sign(message, ec.ECDSA(SHA256()))
        if number % 2:
            signature = spoiled(chance, signature)
        own = p256.verify_by_own_arithmetic(point, message, signature)
        assert own == p256.verify_by_cryptography(point, message, signature), signature.hex()
        valid += own
    # A negated s is not among the spoiled, so every one of them is refused.
    assert valid == signatures // 2


def test_one_verification_takes_milliseconds() -> None:
    key = ec.derive_private_key(0xC0FFEE, ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    signature = key.sign(b"payload", ec.ECDSA(SHA256()))
    took = []
    for _ in range(20):
        start = time.thread_time()
        assert p256.verify_by_own_arithmetic((numbers.x, numbers.y), b"payload", signature)
        took.append(time.thread_time() - start)
    assert min(took) < 0.010, "2 ms where this was written"
