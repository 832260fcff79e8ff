"""Options and files that cannot be, refused before a key is asked for or a pickle is read."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import pytest
from sklearn.linear_model import LinearRegression

import convert
from convert.device_kind import KINDS
from convert.native.targets import named_targets
from convert.unpickle.parent import Limits
from edge_infer.__main__ import main
from edge_infer.errors import BadInput
from edge_infer.trust.keygen import generate
from edge_infer.trust.secret import generate_secret
from firmware_bundle.targets import TARGETS

if TYPE_CHECKING:
    from pathlib import Path

LINE = "convert none.pkl --trust fleet.pub --samples X.csv --key fleet.key --out made"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    generate(tmp_path / "fleet")
    generate_secret(tmp_path / "lab")
    return tmp_path


def test_the_kinds_of_device_are_those_of_bundles() -> None:
    assert list(KINDS) == list(TARGETS)


def test_a_misspelled_target_is_refused_with_the_nearest(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*LINE.split(), "--target", "raspbery-pi-64"]) == 5
    assert "perhaps raspberry-pi-64 is meant" in capsys.readouterr().err


def test_a_misspelled_native_target_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadInput) as caught:
        named_targets("host,arch64")
    assert "aarch64" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"target": "raspbery-pi-64"}, "raspberry-pi-64"),
        ({"sequence": 0}, "2^63"),
        ({"sequence": 2**63}, "2^63"),
        ({"sequence": True}, "2^63"),
        ({"name": ""}, "printable"),
        ({"name": "digits\n0 labels differ"}, "printable"),
        ({"name": "digits\u202egnp"}, "printable"),
        ({"image": "L:0x8"}, "misspelled"),
    ],
    ids=str,
)
def test_export_and_convert_refuse_what_no_device_would_take(
    folder: Path, options: dict[str, Any], said: str
) -> None:
    rows = [[0.0], [1.0]]
    with pytest.raises(BadInput, match=re.escape(said)):
        convert.export(LinearRegression().fit(rows, [0.0, 1.0]), rows, **options)
    with pytest.raises(BadInput, match=re.escape(said)):
        convert.convert(
            "none.pkl", trust="fleet.pub", samples=rows, out="made", key="fleet.key", **options
        )


@pytest.mark.parametrize("seconds", ["-5", "0", "nan", "inf", "1e300"])
def test_a_time_that_allows_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], seconds: str
) -> None:
    assert main([*LINE.split(), f"--timeout={seconds}"]) == 5
    assert "limits" in capsys.readouterr().err
    with pytest.raises(BadInput):
        Limits(timeout_s=math.nan)
    with pytest.raises(BadInput):
        Limits(memory_bytes=0)


@pytest.mark.parametrize("place", [".", "..", "folder", "/"])
@pytest.mark.parametrize("how", ["--key fleet.key", "--secret lab.secret"])
def test_a_directory_is_not_signed(
    folder: Path, capsys: pytest.CaptureFixture[str], place: str, how: str
) -> None:
    (folder / "folder").mkdir()
    before = sorted(folder.rglob("*"))
    assert main(["sign", place, *how.split()]) == 3
    assert "not a regular file" in capsys.readouterr().err
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("kind", ["file", "link"])
@pytest.mark.parametrize(
    ("how", "suffix"), [("--key fleet.key", ".sig"), ("--secret lab.secret", ".hmac")]
)
def test_only_an_older_signature_is_replaced(
    folder: Path, capsys: pytest.CaptureFixture[str], how: str, suffix: str, kind: str
) -> None:
    (folder / "model.pkl").write_bytes(b"one")
    beside = folder / f"model.pkl{suffix}"
    if kind == "file":
        beside.write_bytes(b"mine")
    else:
        beside.symlink_to(folder / "fleet.key")
    before = beside.read_bytes()
    assert main(["sign", "model.pkl", *how.split()]) == 5
    assert "exists" in capsys.readouterr().err
    assert beside.read_bytes() == before
    beside.unlink()
    assert main(["sign", "model.pkl", *how.split()]) == 0
    signed = beside.read_bytes()
    (folder / "model.pkl").write_bytes(b"two")
    assert main(["sign", "model.pkl", *how.split()]) == 0
    assert beside.read_bytes() != signed
