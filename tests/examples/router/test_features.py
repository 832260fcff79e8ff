"""Every feature is told of: its unit, its meaning, and why its host cannot simply set it."""

from __future__ import annotations

import inspect
import re

import pytest

from examples.router.features import FEATURES, NAMES, Feature, row


@pytest.mark.parametrize("feature", FEATURES, ids=NAMES)
def test_a_feature_has_its_unit_meaning_and_robustness(feature: Feature) -> None:
    for told in (feature.unit, feature.meaning, feature.robust):
        assert len(told.split()) >= 1
        assert told == told.strip()
    assert len(feature.meaning) > 5
    assert len(feature.robust) > 20
    assert feature.trend in (0, 1)
    assert feature.ordinary >= 0


def test_names_are_unique_and_none_is_an_address_a_port_or_a_lifetime() -> None:
    assert len(set(NAMES)) == len(NAMES)
    for name in NAMES:
        assert not re.search(r"addr|ttl|window_size|sport|dport|source_port|destination_port", name)
    # What a row is made of: no number of a host, of a port or of time but what is counted.
    source = inspect.getsource(row)
    assert not re.search(r"\.key\b|first_ns|last_ns|source_port|destination_port", source)
