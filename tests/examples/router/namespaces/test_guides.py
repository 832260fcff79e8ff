"""The commands of the guides that need root, run on the lab's router as they stand there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[3] / "project"))

import markdown_runner
from three_hosts import three_hosts

from examples.router.bundles import SHIPPED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from three_hosts import Lab

ROUTER = Path(__file__).parents[4] / "examples" / "router"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with three_hosts(tmp_path_factory.mktemp("lab"), serving=False) as made:
        made.hosts.router.run("mount", "-t", "bpf", "bpf", "/sys/fs/bpf")
        yield made


def run(path: Path, lab: Lab, replaced: dict[str, str]) -> None:
    printed = ""
    for block in markdown_runner.blocks(path.read_text("utf-8")):
        where = f"{path.name}:{block.line}"
        if block.language == "sh":
            text = block.text
            for old, new in replaced.items():
                text = text.replace(old, new)
            argv = ("bash", "-euo", "pipefail", "-c", text)
            done = lab.hosts.router.run(*argv, limit_seconds=90, check=False)
            printed = done.stdout + done.stderr
            assert done.returncode == 0, f"{where}: {printed}"
        elif block.language == "text" and printed:
            markdown_runner.check_output(block.text, printed, where)
            printed = ""


@pytest.mark.skipif(
    not SHIPPED.is_dir(), reason="no bundle is shipped: python -m examples.router train"
)
def test_the_guide_of_enforcement(lab: Lab, tmp_path: Path) -> None:
    run(ROUTER / "enforce" / "README.md", lab, {"/tmp/": f"{tmp_path}/"})


def test_the_guide_of_the_kernel_tree(lab: Lab, recorded: Path, tmp_path: Path) -> None:
    replaced = {"/tmp/": f"{tmp_path}/", " .lab ": f" {recorded} "}
    run(ROUTER / "xdp" / "README.md", lab, replaced)
