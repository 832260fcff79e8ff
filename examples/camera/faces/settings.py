"""`detector.json`: how a trained detector is to be used. Its digest is in each model's name.

A model's contract has no place for a threshold of groups of windows, and its signed directory
takes no further file. So the file lies beside it, and the signed name says which file it must be.
A phone's page reads the same format (docs/adr/0017), and a test holds both readers together.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from edge_infer import Incompatible, Untrusted
from examples.camera.faces.features import VERSION

NAME = "detector.json"
FORMAT = 1


@dataclass(frozen=True)
class Settings:
    """What was chosen at training."""

    features: str
    """`features.VERSION` of the training."""
    step: float
    """Ratio between the sizes of neighbouring levels of the pyramid."""
    least: float
    """Windows under this score of the linear model are no candidates."""
    doubt: float
    """Windows up to this score of the second model add nothing to a face."""
    min_score: float
    """Groups under this score are no faces, unless the caller asks for another."""
    box: tuple[float, float, float, float]
    """The face within its window of side 1: x0, y0, x1, y1."""


def write_settings(settings: Settings) -> bytes:
    """The file's content."""
    return (json.dumps({"format": FORMAT, **asdict(settings)}, indent=2) + "\n").encode()


def model_name(content: bytes) -> str:
    """The name that a model used with this `detector.json` bears in its contract."""
    return f"faces-{hashlib.sha256(content).hexdigest()}"


def read_settings(content: bytes, name: str) -> Settings:
    """Settings from the file's content, which the verified model's `name` has to vouch for.

    Raises:
        Untrusted: it is another file than the one that the name was signed with.
        Incompatible: it is of another format, or of other features.
    """
    wanted = model_name(content)
    if name != wanted:
        raise Untrusted(
            f"{NAME} is not the file that its model was signed with", expected=name, actual=wanted
        )
    found: dict[str, Any] = json.loads(content)
    if found.pop("format") != FORMAT:
        raise Incompatible(
            f"{NAME} is of another format",
            expected=FORMAT,
            hint="train it again with examples/camera/train_faces.py",
        )
    settings = Settings(**{**found, "box": tuple(found["box"])})
    if settings.features != VERSION:
        raise Incompatible(
            "the detector was trained on other features",
            expected=VERSION,
            actual=settings.features,
            hint="train it again with examples/camera/train_faces.py",
        )
    return settings
