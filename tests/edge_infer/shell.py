"""The device's commands, run in this process on one artifact."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from edge_infer.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class Shell:
    """Runs commands in this process on one artifact."""

    def __init__(self, bundle: Path, trust: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.bundle, self.trust, self.capsys = bundle, trust, capsys

    def __call__(self, name: str, *arguments: object, code: int = 0) -> str:
        line = [name, str(self.bundle), *map(str, arguments), "--trust", str(self.trust)]
        assert main(line) == code
        captured = self.capsys.readouterr()
        assert captured.err == "" or code
        return captured.out if not code or "--json" in line else captured.err

    def json(self, name: str, *arguments: object, code: int = 0) -> Any:
        return json.loads(self(name, *arguments, "--json", code=code))
