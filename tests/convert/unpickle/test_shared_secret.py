"""A pickle under a shared secret: let in where the user pins the secret, and never else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convert
from convert.unpickle.confinement import LAYERS
from convert.unpickle.source import read_signed_pickle
from edge_infer.__main__ import main
from edge_infer.errors import Untrusted
from edge_infer.trust.secret import generate_secret


@pytest.fixture
def lab(tmp_path: Path, pickles: dict[str, bytes], keys: Path, monkeypatch: Any) -> Path:
    """A folder with a secret, a trust file that pins it, and a pickle authenticated by it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.pkl").write_bytes(pickles["gzip"])
    generate_secret("lab")
    assert (
        main(["trust", "add", "lab.trust", "lab.secret", "--id", "lab", "--role", "trainer"]) == 0
    )
    assert main(["sign", "model.pkl", "--secret", "lab.secret"]) == 0
    return tmp_path


def test_it_converts_and_says_that_it_can_be_forged(
    lab: Path, keys: Path, digits: Any, capsys: Any
) -> None:
    np.save("X.npy", digits[0][:60])
    line = ["convert", "model.pkl", "--trust", "lab.trust", "--secret", "lab.secret"]
    line += ["--samples", "X.npy", "--key", str(keys / "fleet.key"), "--out"]
    assert main([*line, "one"]) == 0
    text = capsys.readouterr().out
    assert "authenticated, not signed: whoever can check it can forge it, by lab" in text
    assert "unpickled under: " in text
    assert main([*line, "two", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["pickle"]
    assert (told["signed"], told["authorised_by"]) == (False, "lab")
    assert set(told["confinement"]) <= set(LAYERS)


def test_the_secret_is_asked_for_by_nobody_but_the_user(lab: Path) -> None:
    with pytest.raises(Untrusted, match="has no signature"):
        read_signed_pickle("model.pkl", "lab.trust")
    assert read_signed_pickle("model.pkl", "lab.trust", secret="lab.secret").authorised_by == "lab"


def test_a_signature_does_not_stand_in_for_the_hmac(lab: Path, keys: Path) -> None:
    assert main(["sign", "model.pkl", "--key", str(keys / "trainer.key")]) == 0
    Path("model.pkl.hmac").unlink()
    with pytest.raises(Untrusted, match="has no signature"):
        read_signed_pickle("model.pkl", ["lab.trust", keys / "trainer.pub"], secret="lab.secret")


def test_every_flipped_byte_is_refused(lab: Path) -> None:
    data = Path("model.pkl").read_bytes()
    for at in range(0, len(data), 97):
        Path("model.pkl").write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(Untrusted, match="not the file that was authenticated"):
            read_signed_pickle("model.pkl", "lab.trust", secret="lab.secret")


def test_a_secret_that_the_user_did_not_pin(lab: Path, keys: Path) -> None:
    with pytest.raises(Untrusted, match="not pinned"):
        read_signed_pickle("model.pkl", keys / "trainer.pub", secret="lab.secret")
    with pytest.raises(Untrusted, match="can forge"):
        convert.convert(
            "model.pkl", trust="lab.secret", secret="lab.secret",
            samples=np.zeros((1, 64)), out="out", key=keys / "fleet.key",
        )  # fmt: skip
    assert not Path("out").exists()
