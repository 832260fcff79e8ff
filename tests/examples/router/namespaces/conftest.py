"""Tests between real hosts in namespaces: `make test-router`, as root."""

from __future__ import annotations

import os

import pytest

import edge_infer
from examples.router.lab.hosts import require


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = why_not()
    if reason:
        for item in items:
            if "namespaces" in item.path.parts:
                item.add_marker(pytest.mark.skip(reason=reason))


def why_not() -> str:
    if os.environ.get("EDGE_INFER_ROUTER") != "1":
        return "needs network namespaces: run `make test-router` as root"
    try:
        require("ip", "unshare", "nsenter", "ethtool", "tcpdump", "nft")
    except edge_infer.Unavailable as error:
        return str(error).replace("\n", " ")
    return ""
