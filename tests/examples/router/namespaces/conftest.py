"""Tests between real hosts in namespaces: `make test-router`, as root."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import edge_infer
from examples.router.lab.hosts import require

KINDS = ("pages", "household", "scan-syn", "flood-syn")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = why_not()
    if reason:
        for item in items:
            if "namespaces" in item.path.parts:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few kinds of the lab, recorded once."""
    out = tmp_path_factory.mktemp("recorded")
    kinds = [word for kind in KINDS for word in ("--kind", kind)]
    argv = [sys.executable, "-m", "examples.router.lab", "--rounds", "1", "--workers", "2"]
    done = subprocess.run(
        [*argv, "--out", str(out), *kinds],
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return out


def why_not() -> str:
    if os.environ.get("EDGE_INFER_ROUTER") != "1":
        return "needs network namespaces: run `make test-router` as root"
    try:
        require("ip", "unshare", "nsenter", "ethtool", "tcpdump", "nft")
    except edge_infer.Unavailable as error:
        return str(error).replace("\n", " ")
    return ""
