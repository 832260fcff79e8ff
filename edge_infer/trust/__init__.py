"""Who vouches for these bytes: pinned keys, signatures, and trees of files under them.

Signatures are OpenSSF Model Signing v1.0 with ECDSA P-256, so the stock `model_signing` tool
and `openssl` check what we sign. We are stricter: every file is listed, nothing is ignored,
there are no links, and nothing of a payload is parsed before its signature holds.

    keys.py       a public key file                   p256.py      is this signature one of it
    pins.py       who is trusted with what            trust_file.py, revocation.py   as files
    envelope.py   model.sig: payload and signatures   statement.py the payload: names and digests
    files.py      one regular file, read once         tree.py      all files under a directory
    authority.py  who vouches for a payload           verify.py    the files under it
    moments.py    what time it is at least            rollback.py  what may be installed, and when
    secret.py     a pickle's shared secret            signing.py, keygen.py   the workstation
"""

from __future__ import annotations

from edge_infer.trust.authority import VerifiedStatement, verify_statement
from edge_infer.trust.files import read_file
from edge_infer.trust.keys import PublicKey, parse_public_key
from edge_infer.trust.pins import PUBLISHER, REVOKER, TRAINER, Pin, Pins
from edge_infer.trust.sources import Trust, read_pins, read_trust
from edge_infer.trust.statement import Resource, Statement
from edge_infer.trust.verify import (
    SIGNATURE_NAME,
    VerifiedTree,
    verify_file,
    verify_tree,
)

__all__ = [
    "PUBLISHER",
    "REVOKER",
    "SIGNATURE_NAME",
    "TRAINER",
    "Pin",
    "Pins",
    "PublicKey",
    "Resource",
    "Statement",
    "Trust",
    "VerifiedStatement",
    "VerifiedTree",
    "parse_public_key",
    "read_file",
    "read_pins",
    "read_trust",
    "verify_file",
    "verify_statement",
    "verify_tree",
]
