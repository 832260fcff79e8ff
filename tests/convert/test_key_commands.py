"""`keygen` and `sign`: where passphrases come from, and what is never overwritten."""

from __future__ import annotations

import io
import json
import stat
from typing import TYPE_CHECKING

import pytest

from edge_infer.__main__ import main
from edge_infer.trust import verify_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is typed at the terminal, in order."""
    words: list[str] = []
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", lambda prompt: words.pop(0))
    return words


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.pkl").write_bytes(b"\x80\x05N.")
    return tmp_path


def test_a_key_pair_is_made_once(folder: Path, capsys) -> None:
    assert main(["keygen", "fleet"]) == 0
    assert stat.S_IMODE((folder / "fleet.key").stat().st_mode) == 0o600
    before = (folder / "fleet.key").read_bytes()
    assert main(["keygen", "fleet"]) == 5
    assert (folder / "fleet.key").read_bytes() == before
    assert "exists" in capsys.readouterr().err


def test_a_signature_beside_the_pickle(folder: Path, capsys) -> None:
    main(["keygen", "fleet", "--json"])
    made = json.loads(capsys.readouterr().out)
    assert main(["sign", "model.pkl", "--key", "fleet.key", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"signature": "model.pkl.sig", "fingerprint": made["fingerprint"]}
    signature = (folder / "model.pkl.sig").read_bytes()
    verify_file((folder / "model.pkl").read_bytes(), signature, "fleet.pub", name="model.pkl")


def test_an_encrypted_key_asks_at_the_terminal(folder: Path, typed: list[str], capsys) -> None:
    typed += ["secret", "secret"]
    assert main(["keygen", "fleet", "--passphrase"]) == 0
    assert b"ENCRYPTED" in (folder / "fleet.key").read_bytes()
    typed += ["wrong"]
    assert main(["sign", "model.pkl", "--key", "fleet.key"]) == 5
    assert not (folder / "model.pkl.sig").exists()
    typed += ["secret"]
    assert main(["sign", "model.pkl", "--key", "fleet.key"]) == 0
    assert (folder / "model.pkl.sig").exists()
    assert typed == []
    assert "secret" not in "".join(capsys.readouterr())


def test_two_different_passphrases_make_no_key(folder: Path, typed: list[str]) -> None:
    typed += ["secret", "sceret"]
    assert main(["keygen", "fleet", "--passphrase"]) == 5
    assert sorted(path.name for path in folder.iterdir()) == ["model.pkl"]


def test_without_a_terminal_a_passphrase_is_refused_rather_than_read_from_a_pipe(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("secret\nsecret\n"))
    assert main(["keygen", "fleet", "--passphrase"]) == 5
    assert "no terminal" in capsys.readouterr().err
    assert not (folder / "fleet.key").exists()


def test_no_command_takes_a_passphrase_as_an_argument(folder: Path, capsys) -> None:
    for command in (["keygen", "fleet"], ["sign", "model.pkl", "--key", "fleet.key"]):
        with pytest.raises(SystemExit) as wrong:
            main([*command, "--passphrase=secret"])
        assert wrong.value.code == 2
    capsys.readouterr()


def test_a_missing_pickle_is_bad_input(folder: Path, capsys) -> None:
    main(["keygen", "fleet"])
    assert main(["sign", "none.pkl", "--key", "fleet.key"]) == 5
    assert not (folder / "none.pkl.sig").exists()
    assert capsys.readouterr().err
