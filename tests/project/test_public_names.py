"""What each room promises to the outside. A name that comes or goes is a decision."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

PUBLIC = {
    "convert": ["Artifact", "NotExact", "Unsupported", "convert", "export", "register"],
    "firmware_bundle": ["Manifest", "bundle", "gc", "install", "rollback", "status"],
    "edge_infer": [
        "BadInput",
        "EdgeInferError",
        "Incompatible",
        "Model",
        "Unavailable",
        "Untrusted",
        "__version__",
        "load",
    ],
}


@pytest.mark.parametrize("room", PUBLIC)
def test_the_public_names_are_exactly_these(room: str) -> None:
    module = importlib.import_module(room)
    assert list(module.__all__) == PUBLIC[room]
    assert all(hasattr(module, name) for name in PUBLIC[room])


@pytest.mark.parametrize("room", PUBLIC)
def test_every_public_function_and_class_is_documented(room: str) -> None:
    module = importlib.import_module(room)
    objects = {name: getattr(module, name) for name in PUBLIC[room] if name != "__version__"}
    assert [name for name, found in objects.items() if not (found.__doc__ or "").strip()] == []


@pytest.mark.parametrize("room", ["edge_infer", "firmware_bundle"])
def test_importing_a_room_is_silent_and_needs_no_third_party_module(room: str) -> None:
    code = (
        f"import sys; before = set(sys.modules); import {room}; "
        "print(*sorted({n.partition('.')[0] for n in set(sys.modules) - before} "
        f"- sys.stdlib_module_names - {{'edge_infer', '{room}'}}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("", "")
