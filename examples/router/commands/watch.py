"""`watch IFACE`: verdicts on live traffic, for a person, for a script, and for the firewall."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack, nullcontext
from importlib.util import find_spec
from time import monotonic
from typing import TYPE_CHECKING

from edge_infer import BadInput
from examples.router.bundles import open_judge
from examples.router.commands.options import (
    add_model_options,
    add_table_option,
    mebibytes,
    positive,
    queue_number,
)
from examples.router.ending import Stop
from examples.router.enforce.options import add_options, build
from examples.router.inline import PacketQueue
from examples.router.live import Interface, Watch
from examples.router.live.interface import RETIRE_MS, RING_MEBIBYTES
from examples.router.live.watching import BATCH, within_ms
from examples.router.output import unheld
from examples.router.replay import json_line, text_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from examples.router.enforce import Decision, Enforcer
    from examples.router.judge import Judged
    from examples.router.output import Output

REFRESH_SECONDS = 0.25


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `watch`."""
    parser.add_argument("interface", nargs="?", metavar="IFACE", help="interface to copy from")
    parser.add_argument(
        "--queue", type=queue_number, metavar="N", help="read NFQUEUE N instead, inline"
    )
    parser.add_argument("--json", action="store_true", help="a JSON line a flow, then a summary")
    parser.add_argument("--seconds", type=positive, metavar="S", help="stop by itself")
    parser.add_argument(
        "--no-batch",
        action="store_true",
        help="judge what a packet asks for at once, on the native engine where the bundle has it",
    )
    parser.add_argument(
        "--ring", type=mebibytes, metavar="MB", default=RING_MEBIBYTES,
        help=f"what the kernel keeps while the program waits for a processor ({RING_MEBIBYTES})",
    )  # fmt: skip
    add_model_options(parser)
    add_table_option(parser)
    add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Watch until the end is asked for; leave the firewall as it was.

    Raises:
        BadInput: no source is named, or two; options contradict each other.
        Unavailable: a capability is missing, or the interface vanished.
    """
    if (options.interface is None) == (options.queue is None):
        raise BadInput(
            "one source is needed",
            expected="an interface, or --queue N",
            actual="neither" if options.interface is None else "both",
            hint="such as: python3 -m examples.router watch eth0",
        )
    stop = Stop().listen()
    judge = open_judge(
        options.bundle,
        trust=options.trust,
        engine=options.engine,
        one_by_one=options.no_batch,
    )
    watch = Watch(judge, batch=1 if options.no_batch else BATCH, table=options.table)
    enforcer = build(options)
    retire_ms = 1 if options.no_batch else RETIRE_MS
    source = (
        Interface(options.interface, retire_ms=retire_ms, ring_mebibytes=options.ring)
        if options.queue is None
        else PacketQueue(options.queue, blocked=None if enforcer is None else enforcer.bans)
    )
    name = options.interface or f"queue {options.queue}"
    with unheld() as out, source, ExitStack() as guarded:
        # Entered first: what it refuses ends the program before anything was watched.
        guarded.enter_context(enforcer or nullcontext())
        show = _shown(watch, name, options)
        print(f"watching {name}", file=sys.stderr, flush=True)
        if not source.is_up():
            hint = f"it is down, and nothing comes before: ip link set {name} up"
            print(hint, file=sys.stderr, flush=True)
        try:
            # The bans are undone before the last flows are judged, which may take a while.
            with guarded:
                _loop(watch, source, enforcer, show, stop, options.seconds)
        finally:
            show.close()
            for judged in watch.end():
                show.verdict(judged)
            drops = source.drops()
            # Packets that were in the ring, unread, when the end was asked for.
            waiting = max(0, source.received - drops - watch.table.counters.packets)
            show.summary(watch, drops, waiting, out)
    return 0


def _loop(
    watch: Watch,
    source: Interface | PacketQueue,
    enforcer: Enforcer | None,
    show: _Lines,
    stop: Stop,
    seconds: float | None,
) -> None:
    """Show and enforce verdicts until a signal or the time ends it, at the next pause."""
    ends = None if seconds is None else monotonic() + seconds
    draws = 0.0
    for judged in watch.run(source):
        if judged is not None:
            decision = None
            if enforcer is not None and judged.is_own and not stop.asked:
                decision = enforcer.consider(judged.verdict)
            show.verdict(judged)
            if decision is not None:
                show.decision(decision)
            continue
        show.pause()
        now = monotonic()
        if now >= draws:
            draws = now + REFRESH_SECONDS
            show.draw(source.drops())
        if stop.asked or (ends is not None and now >= ends):
            return


class _Lines:
    """Malicious flows as lines of text, or every flow as a line of JSON."""

    def __init__(self, *, is_json: bool) -> None:
        self._is_json = is_json
        self._said: set[tuple[object, float]] = set()
        """Malicious flows that go on: each of them ends, so the table's size bounds it."""

    def verdict(self, judged: Judged) -> None:
        """One verdict fell. A line of text comes as soon as a flow is malicious, and once."""
        verdict = judged.verdict
        if self._is_json:
            if judged.final:
                print(json_line(verdict))
            return
        if verdict.verdict != "malicious":
            return
        flow = verdict.flow, verdict.first
        if flow not in self._said:
            print(text_line(verdict))
        if judged.final:
            self._said.discard(flow)
        else:
            self._said.add(flow)

    def decision(self, decision: Decision) -> None:
        """A source was banned, or would have been."""
        if decision.action != "spare":
            said = f"{decision.action} {decision.address}: {decision.reason}"
            print(said, file=sys.stderr, flush=True)

    def pause(self) -> None:
        """No packet waits, or a block of them is done: what was said goes out at once."""
        sys.stdout.flush()

    def draw(self, drops: int) -> None:
        """A moment passed."""

    def close(self) -> None:
        """The traffic ended."""

    def summary(self, watch: Watch, drops: int, waiting: int, out: Output) -> None:
        """What it was in all."""
        counts = {
            "flows": watch.flows,
            "malicious": watch.malicious,
            "dropped": drops,
            "waiting": waiting,
            "lines_dropped": out.dropped,
            "latency_ms": _spread(watch.latencies_ms),
            "wire_ms": _spread(watch.wire_ms),
            "ended_ms": _spread(watch.ended_ms),
        }
        if self._is_json:
            print(json.dumps({"summary": {**watch.table.summary(), **counts}}))
        else:
            unread = f", {out.dropped:,} lines nobody read" if out.dropped else ""
            counted = f"{watch.flows:,} flows, {watch.malicious:,} malicious, {drops:,} dropped"
            print(counted + unread)


def _spread(latencies: Iterable[float]) -> dict[str, float]:
    return {"median": within_ms(latencies, 0.5), "p99": within_ms(latencies, 0.99)}


class _Screen(_Lines):
    """The same as a picture that is drawn anew four times a second."""

    def __init__(self, watch: Watch, name: str, mode: str) -> None:
        from rich.live import Live

        from examples.router.live.view import View

        super().__init__(is_json=False)
        self._view = View(watch, name, mode)
        self._live = Live(auto_refresh=False, screen=True)
        self._live.start()

    def verdict(self, judged: Judged) -> None:
        """The picture is drawn from the watch itself."""

    def decision(self, decision: Decision) -> None:
        """The audit log has it."""

    def draw(self, drops: int) -> None:
        self._live.update(self._view.draw(drops), refresh=True)

    def close(self) -> None:
        self._live.stop()


def _shown(watch: Watch, name: str, options: argparse.Namespace) -> _Lines:
    """The picture where a person looks and rich is installed, lines otherwise."""
    if options.json or not sys.stdout.isatty() or find_spec("rich") is None:
        return _Lines(is_json=options.json)
    modes = {True: "enforcing", False: "dry run" if options.enforce else "watching"}
    return _Screen(watch, name, modes[bool(options.act)])
