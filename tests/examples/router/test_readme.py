"""The README's commands do what it says, in order, where nothing but the sources lies."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from examples.router import caught
from examples.router.enforce.policy import Policy
from examples.router.flows.flow import CONNECTION_NS, LINGER_NS, MIDWAY_NS, SECOND

ROOT = Path(__file__).parents[3]
README = ROOT / "examples" / "router" / "README.md"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_shell_block_runs_and_prints_what_it_promises(tmp_path: Path) -> None:
    for folder in ("edge_infer", "examples/router"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
    }
    printed, ran = None, 0
    for language, text in FENCE.findall(README.read_text("utf-8")):
        if language == "text" and printed is not None:
            assert printed == text
        printed = None
        if language != "sh":
            continue
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        printed, ran = done.stdout, ran + 1
    assert ran == 4


def test_the_rules_that_it_names_are_in_force() -> None:
    text = " ".join(README.read_text("utf-8").split())
    assert "three seconds after a reset" in text
    assert "after 10 to 120 silent ones" in text
    assert (LINGER_NS, MIDWAY_NS, CONNECTION_NS) == (3 * SECOND, 10 * SECOND, 120 * SECOND)
    assert "has called fourteen of its latest 20 flows malicious within a minute" in text
    assert (caught.STRIKES, caught.AMONG, caught.WINDOW_NS) == (14, 20, 60 * 10**9)
    assert "eight malicious flows within a minute, among its latest twelve" in text
    policy = Policy()
    assert (policy.strikes, policy.among, policy.window_seconds) == (8, 12, 60.0)


def test_links_lead_somewhere() -> None:
    for document in (README, README.parent / "models" / "MODEL_CARD.md"):
        links = re.findall(r"\]\(([^)#\s]+)", document.read_text("utf-8"))
        assert links
        assert [link for link in links if not (document.parent / link).exists()] == []
