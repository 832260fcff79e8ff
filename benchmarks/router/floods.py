"""Memory under floods, over time: `python -m benchmarks.router.floods`.

A Python without numpy or anything else runs the native engine, either flow table, the compiled one
built first, and a dry run of enforcement, on three floods of a million packets each: handshakes of
a million invented sources, a scan of UDP ports by one source, and the recording `sv_denial6-5`
again and again (left out where it is not found). Resident memory is read from /proc every ten
thousand packets, and at the end the most that it was; docs/router/memory.json keeps it, which
docs/pictures/router.py draws.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from examples.router.compiled import build
from examples.router.compiled.choice import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.router.compiled.choice import Kind
    from examples.router.enforce import Enforcer
    from examples.router.judge import Judged
    from examples.router.packets import Frame

ROOT = Path(__file__).parents[2]
DENIAL = (
    Path(os.environ.get("EDGE_INFER_DATA", ROOT / "../shared/data"))
    / "packets/malicious/sv_denial6-5.pcap"
)
PACKETS = 1_000_000
EVERY = 10_000
LIMIT_MB = 64
PAGE = os.sysconf("SC_PAGE_SIZE")
STATM = Path("/proc/self/statm")
ETHERNET = bytes(12) + b"\x08\x00"


def syn_flood(packets: int) -> Iterator[Frame]:
    """Each of another source, fifty thousand a second."""
    from examples.router.packets import Frame

    for number in range(packets):
        source = 0x0B000000 + number * 2654435761 % 0xE0000000
        head = struct.pack(
            ">BBHHHBBHII", 0x45, 0, 40, 0, 0, 64, 6, 0, source & 0xFFFFFFFF, 0x0A000001
        )
        segment = struct.pack(">HHIIBBHHH", number & 0xFFFF | 1, 80, 0, 0, 0x50, 2, 512, 0, 0)
        yield Frame(number * 20_000, 1, ETHERNET + head + segment, 54)


def udp_scan(packets: int) -> Iterator[Frame]:
    """Every port of sixteen hosts, from one source."""
    from examples.router.packets import Frame

    for number in range(packets):
        target = 0x0A000001 + (number >> 16)
        head = struct.pack(">BBHHHBBHII", 0x45, 0, 36, 0, 0, 64, 17, 0, 0x0B000009, target)
        data = struct.pack(">HHHH", 4444, number & 0xFFFF | 1, 16, 0) + bytes(8)
        yield Frame(number * 20_000, 1, ETHERNET + head + data, 50)


def denial(packets: int) -> Iterator[Frame]:
    """The recording until there are enough packets, each round an hour after the last."""
    from examples.router.packets import Problems, read_file

    number = 0
    while number < packets:
        for frame in read_file(DENIAL, Problems()):
            yield frame._replace(timestamp_ns=frame.timestamp_ns + number * 1_000_000_000)
            number += 1


FLOODS = {"spoofed SYN flood": syn_flood, "UDP scan": udp_scan, "sv_denial6-5": denial}


def resident_mb() -> float:
    """Of this process, now."""
    return int(STATM.read_text("ascii").split()[1]) * PAGE / 1e6


def peak_mb() -> float:
    """The most that was resident of this process since its start."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def measure(name: str, kind: Kind, packets: int) -> dict[str, object]:
    """Run one flood in this process; its memory every `EVERY` packets."""
    from examples.router.bundles import open_judge
    from examples.router.compiled import open_table
    from examples.router.enforce import Enforcer
    from examples.router.enforce.allow import AllowList
    from examples.router.replay import BATCH

    judge = open_judge(engine="native")
    enforcer = Enforcer(allow=AllowList(root=Path("/nowhere")))
    assert "numpy" not in sys.modules
    table = open_table(kind)
    memory, malicious = [resident_mb()], 0
    for number, frame in enumerate(FLOODS[name](packets), 1):
        table.add(frame)
        if len(table.due) >= BATCH:
            malicious += _considered(judge(table.due), enforcer)
            table.due.clear()
        if number % EVERY == 0:
            memory.append(resident_mb())
    is_left = True
    while is_left:
        is_left = table.end(BATCH)
        malicious += _considered(judge(table.due), enforcer)
        table.due.clear()
    malicious += _considered(judge.end(), enforcer)
    summary = table.summary()
    return {
        "name": name,
        "table": kind,
        "packets": number,
        "memory_mb": [round(one, 2) for one in memory],
        "peak_mb": round(peak_mb(), 1),
        "flows": summary["flows"],
        "evicted": summary["evicted"],
        "hosts_evicted": summary["hosts_evicted"],
        "malicious": malicious,
    }


def _considered(found: Iterator[Judged], enforcer: Enforcer) -> int:
    """The flows that are malicious in the end; enforcement hears of the model's own verdicts."""
    malicious = 0
    for judged in found:
        if judged.is_own:
            enforcer.consider(judged.verdict)
        malicious += judged.final and judged.verdict.verdict == "malicious"
    return malicious


def in_child(name: str, kind: Kind, packets: int) -> dict[str, object]:
    """The same in a Python that finds the standard library and this project, nothing else."""
    program = (
        f"import sys, json; sys.path.insert(0, {str(ROOT)!r})\n"
        f"from benchmarks.router.floods import measure\n"
        f"print(json.dumps(measure({name!r}, {kind!r}, {packets})))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure, and keep what a picture needs."""
    packets = int(sys.argv[1]) if len(sys.argv) > 1 else PACKETS
    names = [name for name in FLOODS if name != "sv_denial6-5" or DENIAL.is_file()]
    build()
    found = [in_child(name, kind, packets) for name in names for kind in KINDS]
    for one in found:
        print(json.dumps({key: value for key, value in one.items() if key != "memory_mb"}))
    kept = {"every": EVERY, "limit_mb": LIMIT_MB, "floods": found}
    (ROOT / "docs" / "router" / "memory.json").write_text(json.dumps(kept) + "\n", "utf-8")


if __name__ == "__main__":
    main()
