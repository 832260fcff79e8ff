"""The fuzz targets without a fuzzer: honest files pass, and damaged ones are refused in time."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import fuzz
import targets

ROUNDS = 300


@pytest.mark.parametrize("name", targets.TARGETS)
def test_honest_files_are_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    target = targets.TARGETS[name]
    seeds = target.seeds()
    assert seeds
    assert all(targets.run(target, seed) for seed in seeds)


@pytest.mark.parametrize("name", targets.TARGETS)
def test_damaged_files_end_in_a_value_or_a_refusal(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    target, chance = targets.TARGETS[name], random.Random(name)
    seeds, refused = target.seeds(), 0
    for _ in range(ROUNDS):
        refused += not targets.run(target, damaged(chance.choice(seeds), chance))
    assert refused


def damaged(data: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, cut out, doubled or put in."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(4):
            case 0:
                data = data[:at] + chance.randbytes(1) + data[at + 1 :]
            case 1:
                data = data[:at] + data[at + chance.randint(1, 40) :]
            case 2:
                data = data[:at] + data[max(0, at - chance.randint(1, 40)) :]
            case 3:
                data = data[:at] + chance.randbytes(chance.randint(1, 8)) + data[at:]
    return data


def test_a_target_that_crashes_or_dawdles_is_seen() -> None:
    def crash(data: bytes) -> None:
        raise KeyError(data)

    def dawdle(data: bytes) -> None:
        import time

        start = time.thread_time()
        while time.thread_time() - start < 1.05 * targets.MOST_SECONDS:
            pass

    with pytest.raises(KeyError):
        targets.run(targets.Target(crash, list), b"x")
    with pytest.raises(TimeoutError):
        targets.run(targets.Target(dawdle, list), b"x")


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (["capture"], "capture: holds"),
        (["capture", "onnx"], "capture, onnx: hold"),
        ([], f"all {len(targets.TARGETS)} targets hold"),
    ],
)
def test_nothing_is_said_of_targets_that_were_not_run(
    chosen: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(fuzz, "build_flow_table", lambda: None)
    monkeypatch.setattr(fuzz, "report", lambda name, seconds: True)
    monkeypatch.setattr(sys, "argv", ["fuzz.py", *chosen])
    assert fuzz.main() == 0
    assert capsys.readouterr().out == said + "\n"
