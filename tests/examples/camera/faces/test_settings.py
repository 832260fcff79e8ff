"""`detector.json` is believed only where the signed model names its digest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge_infer import Incompatible, Untrusted
from examples.camera.faces.features import VERSION
from examples.camera.faces.settings import Settings, model_name, read_settings, write_settings

SETTINGS = Settings(VERSION, 1.2, -0.6, -1.0, 2.5, (0.05, 0.05, 0.95, 0.95))


def test_what_is_written_is_read() -> None:
    content = write_settings(SETTINGS)
    assert read_settings(content, model_name(content)) == SETTINGS


def test_a_threshold_altered_after_signing_is_refused() -> None:
    content = write_settings(SETTINGS)
    altered = content.replace(b"2.5", b"0.5")
    assert altered != content
    with pytest.raises(Untrusted, match=r"detector\.json"):
        read_settings(altered, model_name(content))


def test_a_detector_of_other_features_is_refused_by_name() -> None:
    content = write_settings(replace(SETTINGS, features="gradients-of-last-year"))
    with pytest.raises(Incompatible, match="other features"):
        read_settings(content, model_name(content))


def test_another_format_is_refused() -> None:
    content = write_settings(SETTINGS).replace(b'"format": 1', b'"format": 2')
    with pytest.raises(Incompatible, match="format"):
        read_settings(content, model_name(content))
