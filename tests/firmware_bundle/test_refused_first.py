"""What a bundle, an installation or a start is refused for, said plainly and before the work."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

import firmware_bundle
from edge_infer.__main__ import main
from edge_infer.contract import read_contract
from edge_infer.errors import BadInput, Incompatible
from firmware_bundle import bundling, wheels
from firmware_bundle.bundling import find_target
from firmware_bundle.parts import Parts
from firmware_bundle.runtime import runtime_files
from firmware_bundle.slots import gc
from firmware_bundle.targets import TARGETS

if TYPE_CHECKING:
    from pathlib import Path

    from small_bundles import Fleet


@pytest.mark.parametrize("check", ["nosuchcmd", "./nosuch.sh", "/dev/null", "", "'open"])
def test_a_health_check_that_cannot_be_started_is_not_the_versions_fault(
    fleet: Fleet, tmp_path: Path, capsys: pytest.CaptureFixture[str], check: str
) -> None:
    root = tmp_path / "root"
    words = ["install", str(fleet.bundle(1)), str(root), "--trust", str(fleet.trust())]
    assert main([*words, "--health", check]) == BadInput.exit_code
    assert "the health check can" in (said := capsys.readouterr().err)
    assert "to do:" in said
    assert not root.exists()


@pytest.mark.parametrize("how", ["path", "root", "whole"])
def test_a_health_check_is_found_where_it_is_started(
    fleet: Fleet, tmp_path: Path, how: str
) -> None:
    root = tmp_path / "root"
    fleet.install(root, 1)
    (root / "check").write_text("#!/bin/sh\nexit 0\n")
    (root / "check").chmod(0o755)
    command = {"path": "true", "root": "./check", "whole": str(root / "check")}[how]
    assert fleet.install(root, 2, health=[command]).version.startswith("2-")


def test_a_budget_of_less_than_nothing(fleet: Fleet, tmp_path: Path) -> None:
    root = tmp_path / "root"
    with pytest.raises(BadInput, match="budget"):
        fleet.install(root, 1, budget_bytes=-1)
    fleet.install(root, 1)
    with pytest.raises(BadInput, match="budget"):
        gc(root, budget_bytes=-1)


def test_wheels_are_for_the_releases_of_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheels, "_fetch", lambda *_: pytest.fail("pip was started"))
    with pytest.raises(BadInput, match=r"3\.12") as caught:
        wheels.wheel_files(TARGETS["raspberry-pi-64"], python=(3, 12))
    assert caught.value.expected == "Python 3.11 or 3.13"
    assert wheels.locked_releases() == [(3, 11), (3, 13)]


def test_a_misspelled_target_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadInput) as caught:
        find_target("raspbery-pi-64")
    assert caught.value.hint == "perhaps raspberry-pi-64 is meant"


def test_what_no_device_would_install_is_not_bundled(fleet: Fleet, tmp_path: Path) -> None:
    past = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    ahead = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for expires, number in ((past, 1), (ahead, 2)):
        files = {
            p.relative_to(source).as_posix(): p.read_bytes()
            for source in [fleet.bundle(number, expires=expires) / "artifact"]
            for p in source.rglob("*")
        }
        from artifact_builder import write_signed

        artifact = write_signed(tmp_path / f"artifact-{number}", fleet.key(), files)
        options = {"key": fleet.key(), "trust": fleet.trust()}
        out = tmp_path / f"out-{number}"
        if expires == past:
            with pytest.raises(Incompatible, match="expired"):
                firmware_bundle.bundle(artifact, out, **options)
            assert not out.exists()
        else:
            firmware_bundle.bundle(artifact, out, **options)


@pytest.mark.parametrize("size", [None, 0, 1, 0.5, 0.999])
def test_a_runtime_that_is_missing_or_cut_short_is_said_in_plain_words(
    tmp_path: Path, size: float | None
) -> None:
    shutil.copy(f"{firmware_bundle.__path__[0]}/templates/run", tmp_path / "run")
    whole = runtime_files(Parts())["runtime.zip"]
    if size is not None:
        length = int(size * len(whole)) if isinstance(size, float) else size
        (tmp_path / "runtime.zip").write_bytes(whole[:length])
    done = subprocess.run(
        [sys.executable, "-I", "-S", "run", "verify", "--trust", "none.pub"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (3, "")
    assert "runtime.zip, beside this file, is missing or damaged" in done.stderr
    assert "copy the whole directory again" in done.stderr
    assert "Traceback" not in done.stderr


def test_text_is_not_sent_to_a_compiler_that_takes_none(fleet: Fleet) -> None:
    contract = read_contract((fleet.bundle(1) / "artifact" / "contract.json").read_bytes())
    text = replace(contract.inputs[0], accepts=("str",))
    for inputs, advice in ((contract.inputs, "--native armv7hf"), ((text,), "raspberry-pi-64")):
        with pytest.raises(Incompatible, match="no compiled model") as caught:
            bundling._check_target(
                replace(contract, inputs=inputs), find_target("raspberry-pi-32"), {}
            )
        assert advice in str(caught.value.hint)
