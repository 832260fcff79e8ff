"""Fuzz every target for a while, led by coverage (atheris): `make fuzz`.

python tests/fuzz/fuzz.py [--seconds N] [TARGET…]

One process a target. What libFuzzer finds it keeps in `.fuzz/TARGET/`, so that a longer run goes
on where a shorter one ended; an input that fails is written there as `crash-…`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / ".fuzz"
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import targets  # noqa: E402

INSTRUMENTED = ["edge_infer", "firmware_bundle", "convert.unpickle", "examples.router"]
HANG_SECONDS = 20
"""Of real time, on a machine that may be busy; `targets.run` holds the processor time."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[[], *targets.TARGETS], default=[])
    parser.add_argument("--seconds", type=int, default=15, help="for each target")
    parser.add_argument("--child", metavar="TARGET", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        return fuzz(arguments.child, arguments.seconds)
    build_flow_table()
    chosen = arguments.targets or list(targets.TARGETS)
    failed = [name for name in chosen if not report(name, arguments.seconds)]
    print(f"failed: {', '.join(failed)}" if failed else held(chosen))
    return 1 if failed else 0


def held(names: list[str]) -> str:
    """What is said of targets of which none failed: never that others hold too."""
    if len(names) == len(targets.TARGETS):
        return f"all {len(names)} targets hold"
    return f"{', '.join(names)}: {'holds' if len(names) == 1 else 'hold'}"


def build_flow_table() -> None:
    """What `capture` compares with, where there is a compiler. Not in a child: it instruments."""
    from edge_infer import Unavailable
    from examples.router.compiled import build

    try:
        build()
    except Unavailable as error:
        print(f"capture: the flow table in Python alone: {error}")


def report(name: str, seconds: int) -> bool:
    """Run one target in a process of its own and print a line about it."""
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", __file__, "--child", name, "--seconds", str(seconds)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stderr.splitlines()
    stats = {
        k: v for k, _, v in (line.partition(": ") for line in lines if line.startswith("stat::"))
    }
    runs = int(stats.get("stat::number_of_executed_units", 0))
    peak = stats.get("stat::peak_rss_mb", "?").strip()
    print(
        f"{name:10} {runs:9,} inputs  {time.monotonic() - start:5.1f} s  {peak} MB at most",
        flush=True,
    )
    if done.returncode != 0 or not runs:
        print("\n".join([*done.stdout.splitlines()[-20:], *lines[-60:]]))
        return False
    return True


def fuzz(name: str, seconds: int) -> int:
    """In the child: instrument, then hand over to libFuzzer, which ends the process."""
    import atheris

    target = targets.TARGETS[name]
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    with atheris.instrument_imports(include=INSTRUMENTED):
        for number, seed in enumerate(target.seeds()):
            (folder / f"seed-{number}").write_bytes(seed)
            if number == 0:
                target.read(seed)  # imports and instruments, which no input is to be timed with
            assert targets.run(target, seed), f"the honest file {number} is refused"
    atheris.instrument_func(targets.run)

    def one(data: bytes) -> None:
        targets.run(target, data)

    options = [
        f"-max_total_time={seconds}",
        f"-timeout={HANG_SECONDS}",
        f"-rss_limit_mb={targets.MOST_MEBIBYTES}",
        f"-max_len={targets.MOST_BYTES}",
        f"-artifact_prefix={folder}/",
        "-print_final_stats=1",
        "-verbosity=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(folder)], one)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
