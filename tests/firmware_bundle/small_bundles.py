"""Small signed bundles of models whose answers say which release they are."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from artifact_builder import Linear, contract_parts, write_signed

import edge_infer
from edge_infer.contract import write_contract
from edge_infer.trust.keygen import generate
from firmware_bundle.manifest import FORMAT, Manifest, write_manifest
from firmware_bundle.slots import Installation, install

if TYPE_CHECKING:
    from pathlib import Path

    from edge_infer.slots import Root

ROW = [0.5, 0.25]


def telling(sequence: int) -> Linear:
    """A model that answers its own number, whatever is asked."""
    W = np.zeros((2, 2))
    return Linear(
        np.zeros(2), np.ones(2), W, np.array([1.0, 0.0]), np.array([sequence, sequence + 10**9])
    )


def in_process(root: Root, name: str) -> None:
    """A trial without a process of its own: as `run_trial`, but quick."""
    edge_infer.load(root.version(name), trust=root.trust())


@dataclass
class Fleet:
    """A folder of keys and bundles, each made once."""

    folder: Path
    made: dict[Any, Path] = field(default_factory=dict)

    def key(self, name: str = "fleet") -> Path:
        path = self.folder / f"{name}.key"
        return path if path.exists() else generate(self.folder / name)[0]

    def trust(self, name: str = "fleet") -> Path:
        return self.key(name).with_suffix(".pub")

    def bundle(self, sequence: int = 1, *, key: str = "fleet", **changes: Any) -> Path:
        """The bundle of that number. `changes`: `golden`, `extra` files, `may_replace`, `target`,
        or fields of the contract.
        """
        tag = (sequence, key, repr(sorted(changes.items())))
        if tag not in self.made:
            self.made[tag] = self._make(sequence, key, dict(changes))
        return self.made[tag]

    def _make(self, sequence: int, key: str, changes: dict[str, Any]) -> Path:
        golden, extra = changes.pop("golden", None), changes.pop("extra", {})
        manifest = {
            name: changes.pop(name) for name in ("may_replace", "format") if name in changes
        }
        target = changes.pop("bundle_target", "generic")
        model = telling(sequence)
        contract, answers = contract_parts(model, np.array([ROW, [1.0, 2.0]]))
        contract = dataclasses.replace(contract, sequence=sequence, **changes)
        described = Manifest(
            **{
                "format": FORMAT, "name": "telling", "sequence": sequence, "target": target,
                "runtime": "0", "bytecode": "none", "files": 4, "size_bytes": 0, **manifest,
            }
        )  # fmt: skip
        files = {
            "artifact/contract.json": write_contract(contract),
            "artifact/model.onnx": model.onnx(),
            "artifact/golden.bin": answers if golden is None else golden,
            "bundle.json": write_manifest(described),
            **extra,
        }
        return write_signed(self.folder / f"bundle-{len(self.made)}", self.key(key), files)

    def install(self, root: Path, sequence: int = 1, **options: Any) -> Installation:
        """Install a bundle of that number, trying it in this process."""
        made = {k: options.pop(k) for k in list(options) if k in ("golden", "key", "may_replace")}
        options = {"trust": self.trust() if not (root / "trust").exists() else None, **options}
        return install(
            options.pop("bundle", None) or self.bundle(sequence, **made), root,
            **{"trial": in_process, **options},
        )  # fmt: skip


def serves(root: Path, **options: Any) -> int:
    """The number that the root's model answers."""
    return int(edge_infer.load(root, **options).predict_one(ROW))
