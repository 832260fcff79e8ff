"""No command writes over what is there: a key, samples, an artifact. It is said before the work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import convert
from edge_infer.__main__ import main
from edge_infer.errors import BadInput
from edge_infer.trust.keygen import generate

if TYPE_CHECKING:
    from pathlib import Path

LINES = {
    "--report": "convert none.pkl --trust fleet.pub --samples X.csv --key fleet.key --out made "
    "--report",
    "--emit-c": "convert none.pkl --trust fleet.pub --samples X.csv --key fleet.key --out made "
    "--emit-c",
    "--out": "convert none.pkl --trust fleet.pub --samples X.csv --key fleet.key --out",
    "bundle": "bundle none --trust fleet.pub --key fleet.key --out",
    "bundle --tar": "bundle none --trust fleet.pub --key fleet.key --tar --out",
    "revocation": "trust revoke none.trust a --key fleet.key --reason b --out",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    generate(tmp_path / "fleet")
    return tmp_path


@pytest.mark.parametrize("output", LINES)
@pytest.mark.parametrize("there", ["fleet.key", "link"])
def test_what_is_there_stays_and_the_work_does_not_begin(
    folder: Path, capsys: pytest.CaptureFixture[str], output: str, there: str
) -> None:
    (folder / "link").symlink_to("nowhere")
    before = (folder / "fleet.key").read_bytes()
    assert main([*LINES[output].split(), there]) == 5
    assert "the output path exists" in capsys.readouterr().err
    assert (folder / "fleet.key").read_bytes() == before


@pytest.mark.parametrize("option", ["--report", "--emit-c"])
def test_two_outputs_in_one_place(
    folder: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    assert main([*LINES[option].split(), "./made"]) == 5
    assert "two outputs" in capsys.readouterr().err


def test_a_report_of_an_export_is_not_written_over_a_file(folder: Path) -> None:
    X = np.arange(12.0).reshape(6, 2)
    artifact = convert.export(LinearRegression().fit(X, X[:, 0]), X)
    before = (folder / "fleet.key").read_bytes()
    with pytest.raises(BadInput, match="exists"):
        artifact.report(folder / "fleet.key")
    assert (folder / "fleet.key").read_bytes() == before
