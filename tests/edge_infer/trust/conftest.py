"""A fleet's key pair, a stranger's, and small directories signed with the fleet's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from edge_infer.trust.envelope import Envelope, pae, write_envelope
from edge_infer.trust.keygen import generate, load_private_key, public_key
from edge_infer.trust.signing import sign_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_infer.trust import PublicKey

FILES = {
    "model.onnx": b"\x08\x0a\x12\x04onnx" + bytes(range(40)),
    "contract.json": b'{"format": 1}\n',
    "native/linux-x86_64.so": b"\x7fELF" + b"\x00" * 12,
}


@dataclass(frozen=True)
class Signer:
    key: Path
    pub: Path
    private: ec.EllipticCurvePrivateKey
    public: PublicKey

    def sign_payload(self, payload: bytes) -> bytes:
        """Any payload, as an insider with the key could sign it."""
        signature = self.private.sign(pae(payload), ec.ECDSA(SHA256()))
        return write_envelope(Envelope(payload, (signature,), self.public.hint))


def _signer(stem: Path) -> Signer:
    key, pub = generate(stem)
    private = load_private_key(key)
    return Signer(key, pub, private, public_key(private))


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return _signer(tmp_path_factory.mktemp("fleet") / "fleet")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return _signer(tmp_path_factory.mktemp("stranger") / "stranger")


@pytest.fixture
def sign_into(fleet: Signer) -> Callable[..., Path]:
    """Write files and their signature into a directory."""

    def write(root: Path, files: dict[str, bytes] = FILES, *, signer: Signer = fleet) -> Path:
        for name, data in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        signature = sign_tree(files, key=signer.private, name=root.name)
        (root / "model.sig").write_bytes(signature)
        return root

    return write


@pytest.fixture
def tree(sign_into: Callable[..., Path], tmp_path: Path) -> Path:
    return sign_into(tmp_path / "artifact")
