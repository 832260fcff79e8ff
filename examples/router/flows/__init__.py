"""Packets become flows: a table of fixed size, with what each host did lately beside it."""

from __future__ import annotations

from examples.router.flows.table import Counters, Due, FlowTable

__all__ = ["Counters", "Due", "FlowTable"]
