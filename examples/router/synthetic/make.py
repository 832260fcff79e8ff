"""Writes labelled captures and their manifest: `make_captures(folder, seed=…, each=…)`."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

from examples.router.synthetic.attacks import ATTACKS
from examples.router.synthetic.benign import SCENES
from examples.router.synthetic.devices import MACHINES
from examples.router.synthetic.programs import PROGRAMS
from examples.router.synthetic.scene import Scene
from examples.router.synthetic.uploads import uploads
from examples.router.synthetic.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BENIGN = {**SCENES, "uploads": uploads, **MACHINES, **PROGRAMS}
EPOCH = 1_700_000_000.0
REPEATED = {
    "solo": 8, "stream": 3, "work": 2, "poll": 2, "discovery": 2,
    "flood": 6, "dns-tunnel": 5, "icmp-tunnel": 5, "web-attack": 8,
}  # fmt: skip
"""Times that a scene of few flows is played within a capture, by other hosts each time."""


def make_captures(
    folder: Path,
    *,
    seed: int,
    each: int,
    first: int = 0,
    labels: Sequence[str] = ("benign", "malicious"),
) -> list[dict[str, object]]:
    """Write `each` captures of every kind of scene; the manifest that was written too.

    Those of a seed are numbered, and the first ones may be left out.
    A benign capture plays one kind alone or mixes it with others. The same seed gives the same
    bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest: list[dict[str, object]] = []
    kinds = {"benign": BENIGN, "malicious": ATTACKS}
    for label in labels:
        for kind, play in kinds[label].items():
            for number in range(first, first + each):
                own_seed = f"{seed}/{kind}/{number}"
                random = Random(own_seed)
                wire = Wire(random)
                scene = Scene(wire, random)
                start = EPOCH + random.random() * 3e7
                for again in range(REPEATED.get(kind, 1)):
                    play(scene, start + again * random.uniform(0.0, 90.0))
                if label == "benign" and random.random() < 0.5:
                    for other in random.sample(sorted(BENIGN), random.randint(1, 3)):
                        BENIGN[other](scene, start + random.random() * 20)
                name = f"{label}-{kind}-{number}.pcap"
                packets = wire.write(folder / name)
                manifest.append(
                    {
                        "file": name,
                        "label": label,
                        "kind": kind,
                        "seed": own_seed,
                        "packets": packets,
                    }
                )
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
    return manifest
