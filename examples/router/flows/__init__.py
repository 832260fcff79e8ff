"""Packets become flows: a table of fixed size, with what each host did lately beside it."""

from __future__ import annotations

from examples.router.flows.due import Due, JudgedFlow, Table
from examples.router.flows.portless import Counters
from examples.router.flows.table import FlowTable

__all__ = ["Counters", "Due", "FlowTable", "JudgedFlow", "Table"]
