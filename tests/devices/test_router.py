"""The shipped router on the processors of routers: emulated, a bare Python, offline.

Its compiled models for ARM and MIPS come from the bundle as it is shipped; what they say of
recorded flows is held to onnxruntime here. The flow table in C is cross-compiled and held to the
one in Python.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from digits import succeed
from emulation import KINDS, Machine, NotHere, machine

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("EDGE_INFER_DATA", ROOT / "../shared/data")) / "packets"
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

pytestmark = pytest.mark.skipif(
    os.environ.get("EDGE_INFER_DEVICES") != "1", reason="make test-devices runs the emulated ones"
)

COMPILERS = {
    "arm64": "aarch64-linux-gnu-gcc",
    "armhf": "arm-linux-gnueabihf-gcc",
    "mipsel": "mipsel-linux-gnu-gcc",
}
"""Debian's name to the compiler for it."""

RECORDED = (
    "malicious/slips_ssh-bruteforce.pcap", "malicious/slips_test12-icmp-portscan.pcap",
    "malicious/ndpi_emotet.pcap", "malicious/ndpi_dns-tunnel-iodine.pcap",
    "malicious/ndpi_sql_injection.pcap", "benign/ndpi_netflix.pcap", "benign/ndpi_webex.pcap",
    "benign/ndpi_alexa-app.pcapng",
)  # fmt: skip


@dataclass(frozen=True)
class Router:
    """An emulated router with the program and the captures on its card."""

    machine: Machine
    card: Path
    captures: list[Path]

    def replay(self, *options: str) -> list[dict[str, Any]]:
        words = ("-m", "examples.router", "replay", *self.captures, "--json", *options)
        return verdicts(succeed(self.machine.run(*words, cwd=self.card, site=self.card)))


def verdicts(printed: str) -> list[dict[str, Any]]:
    """The flows of JSON lines, without the time that each took."""
    *flows, last = map(json.loads, printed.splitlines())
    assert last["summary"]["flows"] == len(flows) > 100
    for flow in flows:
        del flow["latency_ms"]
    return flows


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Made flows, and recorded ones where they are at hand."""
    from examples.router.synthetic.attacks import guessing, tcp_scan
    from examples.router.synthetic.benign import browse
    from examples.router.synthetic.scene import Scene
    from examples.router.synthetic.wire import Wire

    folder, found = tmp_path_factory.mktemp("captures"), []
    for play in (browse, tcp_scan, guessing):
        wire = Wire(Random(2))
        play(Scene(wire, wire.random), 1_700_000_000.0)
        found.append(folder / f"{play.__name__}.pcap")
        wire.write(found[-1])
    return found + [DATA / name for name in RECORDED if (DATA / name).is_file()]


@pytest.fixture(scope="module", params=COMPILERS)
def router(
    request: pytest.FixtureRequest, captures: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> Router:
    try:
        found = machine(KINDS[request.param])
    except NotHere as error:
        pytest.skip(f"emulated {request.param}: {error}")
    card = tmp_path_factory.mktemp(request.param)
    ignored = shutil.ignore_patterns("__pycache__", "built", "lab", "training", "*.onnx.tmp")
    shutil.copytree(ROOT / "edge_infer", card / "edge_infer", ignore=ignored)
    shutil.copytree(ROOT / "examples" / "router", card / "examples" / "router", ignore=ignored)
    shutil.rmtree(card / "examples" / "router" / "models" / "bundle")
    bundle = "examples/router/models/bundle"  # with its bytecode, as it was signed
    shutil.copytree(ROOT / bundle, card / bundle)
    return Router(found, card, captures)


def here(captures: list[Path], capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    from examples.router.__main__ import main

    options = ["--json", "--engine", "onnxruntime", "--table", "python"]
    assert main(["replay", *map(str, captures), *options]) == 0
    return verdicts(capsys.readouterr().out)


def check_same(found: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> None:
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert one["score"] == pytest.approx(other["score"], rel=1e-9, abs=1e-9)
        assert {**one, "score": 0} == {**other, "score": 0}
    assert {one["verdict"] for one in found} == {"benign", "malicious"}


def test_its_compiled_model_says_what_onnxruntime_says(
    router: Router, captures: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    check_same(router.replay("--table", "python"), here(captures, capsys))


def test_the_cross_compiled_flow_table_gives_the_same_flows(
    router: Router, captures: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    from examples.router.compiled import build

    compiler = COMPILERS[router.machine.kind.debian]
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed (packages.debian names what is needed)")
    folder = router.card / "examples" / "router" / "compiled" / "built"
    build(compiler=[compiler], machine=router.machine.kind.machine, folder=folder)
    check_same(router.replay("--table", "compiled"), here(captures, capsys))
