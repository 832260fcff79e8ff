"""`edge-infer trust` as somebody keeps a fleet with it: pin, rotate, revoke, carry it over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from artifact_builder import random_linear, write_artifact

from edge_infer.__main__ import main
from edge_infer.trust.keygen import generate
from edge_infer.trust.secret import generate_secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Any]:
    """Runs a line in a folder with keys `fleet`, `next`, `offline`; returns code and JSON."""
    monkeypatch.chdir(tmp_path)
    for name in ("fleet", "next", "offline"):
        generate(tmp_path / name)
    write_artifact(tmp_path / "artifact", tmp_path / "fleet.key", random_linear(3, [0, 1]))

    def run(line: str) -> Any:
        code = main([*line.split(), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return run


def test_pin_rotate_revoke(shell: Callable[..., Any], tmp_path: Path) -> None:
    code, said = shell("trust add fleet.trust fleet.pub --id fleet --role publisher")
    assert (code, said["keys"][0]["roles"], said["keys"][0]["revoked"]) == (0, ["publisher"], None)
    assert shell("trust add fleet.trust offline.pub --id offline --role revoker")[0] == 0
    line = "trust add fleet.trust next.pub --id next --role publisher --until 2040-01-01T00:00:00Z"
    assert shell(line)[1]["keys"][2]["valid_until"] == "2040-01-01T00:00:00+00:00"
    code, said = shell("verify artifact --trust fleet.trust")
    assert (code, said["signed_by"].split()[0]) == (0, "fleet")

    (tmp_path / "device.trust").write_bytes((tmp_path / "fleet.trust").read_bytes())
    line = "trust revoke fleet.trust fleet --key offline.key --reason stolen --out f.revocation"
    assert shell(line)[1]["keys"][0]["revoked"] == "stolen"
    assert shell("verify artifact --trust fleet.trust")[0] == 3
    assert shell("verify artifact --trust device.trust")[0] == 0
    assert shell("trust apply device.trust f.revocation")[0] == 0
    code, said = shell("verify artifact --trust device.trust")
    assert (code, "stolen" in said["actual"]) == (3, True)

    code, said = shell("trust remove device.trust next")
    assert [one["id"] for one in said["keys"]] == ["fleet", "offline"]
    assert shell("trust remove device.trust next")[0] == 5


def test_a_secret_is_pinned_as_trainer_only(shell: Callable[..., Any], tmp_path: Path) -> None:
    generate_secret(tmp_path / "lab")
    assert shell("trust add lab.trust lab.secret --id lab --role publisher")[0] == 3
    assert not (tmp_path / "lab.trust").exists()
    code, said = shell("trust add lab.trust lab.secret --id lab --role trainer")
    assert (code, said["secrets"][0]["roles"]) == (0, ["trainer"])
    assert "secret" not in (tmp_path / "lab.trust").read_text().replace('"secrets"', "")


def test_what_people_compare_is_shown(
    shell: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    said = shell("trust add fleet.trust fleet.pub --id fleet --role publisher --role trainer")[1]
    assert main(["trust", "show", "fleet.trust"]) == 0
    text = capsys.readouterr().out
    assert f"compare: {said['keys'][0]['grouped']}" in text
    assert said["keys"][0]["fingerprint"] in text
    assert "publisher, trainer" in text


def test_a_failed_change_leaves_the_file(shell: Callable[..., Any], tmp_path: Path) -> None:
    shell("trust add fleet.trust fleet.pub --id fleet --role publisher")
    before = (tmp_path / "fleet.trust").read_bytes()
    for line in (
        "trust add fleet.trust fleet.pub --id again --role publisher",
        "trust add fleet.trust next.pub --id fleet --role publisher",
        "trust add fleet.trust next.key --id next --role publisher",
        "trust add fleet.trust next.pub --id next --role publisher --until tomorrow",
        "trust revoke fleet.trust fleet --key next.key",
        "trust revoke fleet.trust nobody --key fleet.key",
        "trust apply fleet.trust fleet.pub",
    ):
        assert shell(line)[0] in (3, 5), line
    assert (tmp_path / "fleet.trust").read_bytes() == before


def test_an_unknown_role_is_wrong_usage(shell: Callable[..., Any]) -> None:
    with pytest.raises(SystemExit) as caught:
        shell("trust add fleet.trust fleet.pub --id fleet --role root")
    assert caught.value.code == 2


def test_a_model_made_after_its_keys_retirement_is_refused(shell: Callable[..., Any]) -> None:
    shell("trust add t fleet.pub --id fleet --role publisher --until 2020-01-01T00:00:00Z")
    code, said = shell("verify artifact --trust t")
    assert (code, "retired" in said["what"]) == (3, True)
    shell("trust add u fleet.pub --id fleet --role publisher --until 2090-01-01T00:00:00Z")
    assert shell("verify artifact --trust u")[0] == 0
