"""Optional: the tree in the kernel: the verdicts of Python, counters, and an open network."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from three_hosts import ATTACKER, CLIENT, MAC, SERVER, three_hosts

import edge_infer
from examples.router.lab.flood import Frames, arguments
from examples.router.packets.files import read_file
from examples.router.packets.problems import Problems
from examples.router.xdp.build import build
from examples.router.xdp.fields import fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from three_hosts import Lab

ROOT = Path(__file__).parents[4]
MISSING = [
    tool for tool in ("clang", "bpftool") if shutil.which(tool, path="/usr/sbin:/usr/bin") is None
]
MISSING += [] if Path("/usr/include/bpf/bpf_helpers.h").exists() else ["libbpf-dev"]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"needs {MISSING}: see packages.debian")
PACKETS, DROP = 240, 1


@pytest.fixture(scope="module")
def built(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained on the lab's recording, proven, verified, compiled: by the commands of the guide."""
    folder = tmp_path_factory.mktemp("xdp")
    edge_infer_command("keygen", str(folder / "router"))
    command = [sys.executable, "-m", "examples.router.xdp"]
    key, artifact = ("--key", str(folder / "router.key")), str(folder / "artifact")
    run([*command, "train", str(recorded), *key, "--out", artifact])
    trust, out = ("--trust", str(folder / "router.pub")), ("--out", str(folder / "object"))
    run([*command, "build", artifact, *trust, *out])
    return folder


def edge_infer_command(*words: str) -> None:
    run([sys.executable, "-m", "edge_infer", *words])


def run(argv: list[str]) -> None:
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with three_hosts(tmp_path_factory.mktemp("lab")) as made:
        made.hosts.router.run("mount", "-t", "bpf", "bpf", "/sys/fs/bpf")
        yield made


def sample(recorded: Path) -> list[bytes]:
    """Frames of every recording, some of them cut short."""
    frames: list[bytes] = []
    files = sorted(recorded.glob("*.pcap"))
    for file in files:
        found = [bytes(frame.captured) for frame in read_file(file, Problems())]
        step = max(1, len(found) * len(files) // PACKETS)
        frames += found[::step]
    cut = [frame[: 14 + 3 * number] for number, frame in enumerate(frames[::7])]
    return frames + [frame for frame in cut if len(frame) >= 14]


def test_the_kernel_gives_the_verdicts_of_the_proven_model(
    built: Path, recorded: Path, lab: Lab
) -> None:
    model = edge_infer.load(built / "artifact", trust=built / "router.pub")
    frames = sample(recorded)
    want = []
    for number, frame in enumerate(frames):
        (lab.folder / f"frame-{number}").write_bytes(frame)
        row = fields(frame)
        want.append(0 if row is None else int(model.predict([row])[0]))
    code = (
        "import json, sys\n"
        "from pathlib import Path\n"
        "from examples.router.xdp.kernel import Loaded\n"
        f"with Loaded(Path({str(built / 'object/router.bpf.o')!r})) as loaded:\n"
        "    loaded.act_for(300.0)\n"
        f"    got = [loaded.verdict(Path({str(lab.folder)!r}) / f'frame-{{n}}')"
        f" for n in range({len(frames)})]\n"
        f"    took = loaded.run(Path({str(lab.folder)!r}) / 'frame-0', 200_000)['duration']\n"
        "    print(json.dumps([got, loaded.counters(), took]))\n"
    )
    got, counters, took = json.loads(
        lab.hosts.router.run("python3", "-c", code, limit_seconds=120).stdout
    )
    assert [int(one == DROP) for one in got] == want
    assert 20 < sum(want) < len(want) - 20
    assert counters["dropped"] >= sum(want)
    print(f"{len(want)} frames, {sum(want)} malicious, {took} ns a packet in the kernel")
    assert took < 3000


@contextmanager
def attached(lab: Lab, built: Path, *options: str) -> Iterator[list[str]]:
    router, log = lab.hosts.router, lab.folder / "xdp.log"
    log.write_text("")
    argv = ("run", "lan0", str(built / "object/router.bpf.o"), *options)
    program = router.start("python3", "-m", "examples.router.xdp", *argv, log=log)
    until = time.monotonic() + 15
    while "benign" not in log.read_text():
        assert time.monotonic() < until, log.read_text()
        assert program.poll() is None, log.read_text()
        time.sleep(0.05)
    lines: list[str] = []
    try:
        yield lines
    finally:
        time.sleep(1.2)
        router.run("pkill", "-TERM", "-f", "examples.router.xdp run", check=False)
        program.wait(timeout=10)
        lines += log.read_text().splitlines()


def counter(lines: list[str], name: str) -> int:
    found = re.search(rf"{name} ([\d,]+)", lines[-1])
    assert found, lines
    return int(found[1].replace(",", ""))


def flood_words(count: int) -> list[str]:
    """A SYN flood by the attacker; its seed is always the same."""
    ends = ["--from", ATTACKER, "--to", SERVER, "--port", "9", "--gateway-mac", MAC]
    return ["syn", *ends, "--count", str(count), "--rate", "4000", "--seconds", "5"]


def flood(lab: Lab, count: int = 2000) -> int:
    """Send it; how many packets the server saw meanwhile."""
    before = received(lab)
    argv = ("python3", "-m", "examples.router.lab.flood", *flood_words(count))
    lab.hosts.client.run(*argv, "--interface", "eth0")
    time.sleep(0.3)
    return received(lab) - before


def expected(built: Path, count: int = 2000) -> int:
    """How many packets of that flood the proven model calls malicious."""
    model = edge_infer.load(built / "artifact", trust=built / "router.pub")
    frames = Frames(arguments().parse_args([*flood_words(count), "--interface", "lo"]))
    rows = [fields(frames.next()) for _ in range(count)]
    return int(model.predict(rows).sum())


def received(lab: Lab) -> int:
    return int(lab.hosts.server.run("cat", "/sys/class/net/eth0/statistics/rx_packets").stdout)


def test_attached_it_counts_what_the_model_says_and_drops_nothing(lab: Lab, built: Path) -> None:
    with attached(lab, built) as lines:
        assert flood(lab) >= 2000
        assert lab.pings(CLIENT, 50) >= 49
    assert 0 <= counter(lines, "malicious") - expected(built) <= 50
    assert counter(lines, "dropped") == 0
    assert "xdp" not in lab.hosts.router.run("ip", "link", "show", "lan0").stdout


def test_acting_it_drops_what_the_model_says_and_lets_ordinary_echoes_through(
    lab: Lab, built: Path
) -> None:
    malicious = expected(built)
    assert malicious > 1000
    with attached(lab, built, "--act") as lines:
        assert flood(lab) <= 2000 - malicious + 50
        assert lab.pings(CLIENT, 50) >= 49
    assert counter(lines, "dropped") >= malicious


def test_killed_with_9_it_drops_nothing_after_its_deadline(lab: Lab, built: Path) -> None:
    with attached(lab, built, "--act"):
        lab.hosts.router.run("pkill", "-KILL", "-f", "examples.router.xdp run")
        assert flood(lab, 400) <= 400 - expected(built, 400) + 50
        time.sleep(4.5)
        assert flood(lab, 400) >= 400
    lab.hosts.router.run("bpftool", "net", "detach", "xdpgeneric", "dev", "lan0")


def test_an_interface_that_is_not_there_is_refused_and_nothing_stays(lab: Lab, built: Path) -> None:
    object_file = str(built / "object/router.bpf.o")
    argv = ("python3", "-m", "examples.router.xdp", "run", "nowhere0", object_file)
    before = lab.hosts.router.run("ls", "/sys/fs/bpf").stdout
    done = lab.hosts.router.run(*argv, check=False)
    assert done.returncode == 6
    assert "bpftool net attach failed" in done.stderr
    assert lab.hosts.router.run("ls", "/sys/fs/bpf").stdout == before


def test_an_artifact_that_was_tampered_with_is_not_compiled(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built / "artifact", tmp_path / "artifact")
    model = tmp_path / "artifact" / "model.onnx"
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 1
    model.write_bytes(data)
    with pytest.raises(edge_infer.Untrusted):
        build(tmp_path / "artifact", built / "router.pub", tmp_path / "out")
