"""Options that several commands share, laid over the configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from examples.camera.config.checks import check

if TYPE_CHECKING:
    import argparse

    from examples.camera.config import Config
    from examples.camera.config.schema import FaceSettings
    from examples.camera.tracking.faces import Detector


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add `--config`, `--fps` and `--faces`."""
    parser.add_argument("--config", type=Path, metavar="camera.toml")
    parser.add_argument("--fps", type=float, help="pictures a second of a folder")
    parser.add_argument(
        "--faces", metavar="shipped|off|BUNDLE|yunet=FILE", help="which face detector"
    )
    parser.add_argument("--faces-trust", metavar="KEY.pub", help="key of a bundle of your own")


def configured(config: Config, options: argparse.Namespace) -> Config:
    """The configuration with the options over it, checked. Raises BadInput."""
    if options.fps is not None:
        config = replace(config, source=replace(config.source, fps=options.fps))
    if options.faces is not None:
        config = replace(config, faces=replace(config.faces, detector=options.faces))
    if options.faces_trust is not None:
        config = replace(config, faces=replace(config.faces, trust=options.faces_trust))
    check(config)
    return config


def open_detector(settings: FaceSettings) -> Detector | None:
    """The face detector of the settings, None where faces are off.

    Raises:
        EdgeInferError: no such bundle, not vouched for, or an engine that is not here.
    """
    if settings.detector == "off":
        return None
    from examples.camera.faces.detector import open_detector as opened

    return opened(
        settings.detector,
        trust=settings.trust or None,
        engine=settings.engine or None,
        smallest=settings.smallest_px,
        min_score=settings.min_score,
    )
