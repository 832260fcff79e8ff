"""From the state of a flow and its hosts to one row of numbers, in the order of `FEATURES`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from examples.router.packets.transport import ICMP, ICMP6, TCP, UDP

if TYPE_CHECKING:
    from examples.router.flows.flow import Flow
    from examples.router.flows.hosts import Source

Row = Sequence[float]
"""A tuple, or a part of an array of many rows."""

_Numbers = tuple[float, ...]

SECOND = 1_000_000_000
DETAILED = 32


def row_of(flow: Flow, clock_ns: int) -> Row:
    """The features of a flow now; see `FEATURES` for each one."""
    packets, up, down = flow.packets, flow.up, flow.down
    bytes_up, bytes_down = flow.bytes_up, flow.bytes_down
    detailed = packets if packets < DETAILED else DETAILED
    seconds = float(flow.seen_ns - flow.opened_ns) / SECOND
    protocol = flow.protocol
    shape_up, shape_down = flow.shape_up, flow.shape_down
    is_unanswered = not (flow.is_answered or flow.is_multicast)
    return (
        1.0 if protocol == TCP else 0.0,
        1.0 if protocol == UDP else 0.0,
        1.0 if protocol in (ICMP, ICMP6) else 0.0,
        1.0 if flow.is_multicast else 0.0,
        float(up),
        float(down),
        float(bytes_up),
        float(bytes_down),
        bytes_up / up if up else 0.0,
        bytes_down / down if down else 0.0,
        float(flow.largest_up),
        float(flow.largest_down),
        flow.payloads_up / detailed,
        flow.payloads_down / detailed,
        float(flow.sizes.bit_count()),
        packets / (seconds + 1.0),
        1.0 if is_unanswered else 0.0,
        1.0 if flow.is_refused else 0.0,
        float(flow.syns),
        float(flow.resets_up),
        float(flow.resets_down),
        float(flow.fins.bit_count()),
        1.0 if flow.odd else 0.0,
        flow.fragments / detailed,
        shape_up.text_share,
        shape_up.distinct_share,
        shape_up.code_target,
        shape_up.meta_rest,
        shape_down.text_share,
        shape_down.distinct_share,
        float(flow.dns_queries),
        float(flow.dns_failed),
        float(flow.dns_longest),
        flow.dns_other,
        float(flow.dns_distinct),
        float(flow.target_host.half_open(clock_ns)) if is_unanswered else 0.0,
        *_lately(flow.source_host, clock_ns),
    )


def _lately(source: Source, clock_ns: int) -> _Numbers:
    """What the flow's source did in the short window, then in the long one."""
    now = source.roll(clock_ns)
    before, long, long_before = source.before, source.long, source.long_before
    recent = _counts(
        now.flows + before.flows,
        now.answered + before.answered,
        now.refused + before.refused,
        now.hosts | before.hosts,
        now.services | before.services,
        now.ports | before.ports,
        now.queries + before.queries,
        now.dns_failed + before.dns_failed,
        now.dns_names | before.dns_names,
    )
    if long is long_before:  # nothing went before the running period
        return recent + recent
    return recent + _counts(
        now.flows + long.flows + long_before.flows,
        now.answered + long.answered + long_before.answered,
        now.refused + long.refused + long_before.refused,
        now.hosts | long.hosts | long_before.hosts,
        now.services | long.services | long_before.services,
        now.ports | long.ports | long_before.ports,
        now.queries + long.queries + long_before.queries,
        now.dns_failed + long.dns_failed + long_before.dns_failed,
        now.dns_names | long.dns_names | long_before.dns_names,
    )


def _counts(
    flows: int,
    answered: int,
    refused: int,
    hosts: int,
    services: int,
    ports: int,
    queries: int,
    failed: int,
    names: int,
) -> _Numbers:
    unanswered = flows - answered if flows > answered else 0
    different = services.bit_count()
    return (
        float(flows),
        float(hosts.bit_count()),
        float(different),
        float(ports.bit_count()),
        flows / different if different else 0.0,
        float(unanswered),
        unanswered / flows if flows else 0.0,
        float(refused),
        float(queries),
        float(names.bit_count()),
        failed / queries if queries else 0.0,
    )
