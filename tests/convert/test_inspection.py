"""`edge-infer inspect`: what a pickle would do, told without doing it."""

from __future__ import annotations

import gzip
import json
import os
import pickle
from typing import TYPE_CHECKING, Any

import joblib
import pytest
from sklearn.preprocessing import StandardScaler

from convert.inspection import inspect
from convert.unpickle.compression import Bounds
from edge_infer.__main__ import main
from edge_infer.errors import BadInput, Untrusted

if TYPE_CHECKING:
    from pathlib import Path


class Command:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


@pytest.fixture
def malicious(tmp_path: Path) -> Path:
    path = tmp_path / "model.pkl.gz"
    path.write_bytes(gzip.compress(pickle.dumps([Command(f"touch {tmp_path / 'canary'}")])))
    return path


def test_it_names_what_is_refused_and_runs_nothing(
    malicious: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", str(malicious)]) == 3
    text = capsys.readouterr().out
    assert "posix system" in text
    assert "REFUSED" in text
    assert "refused       1 of 1" in text
    assert not (tmp_path / "canary").exists()


def test_an_estimator_has_nothing_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.joblib"
    joblib.dump(StandardScaler().fit([[0.0], [1.0]]), path)
    assert main(["inspect", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert all(one["allowed"] for one in told["imports"])
    assert "StandardScaler" in str(told["imports"])
    assert (told["compression"], told["arrays"] >= 1) == ("none", True)
    assert main(["inspect", str(path)]) == 0
    assert "REFUSED" not in capsys.readouterr().out


def test_a_name_cannot_rewrite_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"\x80\x04\x8c\x06\x1b[2Jos\x8c\x06system\x93.")
    assert main(["inspect", str(path)]) == 3
    assert "\x1b" not in capsys.readouterr().out


def test_it_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(gzip.compress(b"\x80\x04" + bytes(1 << 20)))
    with pytest.raises(BadInput):
        inspect(path, bounds=Bounds(floor_bytes=1 << 16, ratio=1))
    with pytest.raises(Untrusted):
        inspect(path, bounds=Bounds(compressed_bytes=10))
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(Untrusted):
        inspect(link)
