"""What emitters leave to be written at the end, when all that can share its nodes is known.

Some steps cost hundreds of nodes that do little: the search of one member of an ensemble costs
onnxruntime as much as the searches of ten, side by side in the same nodes. So an emitter leaves
such a step here, takes the names of its results and goes on; those of which none waits for another
are written together.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convert.graph.builder import Graph, Tensor

    Write = Callable[["Graph", Sequence["Later"]], Sequence[tuple[Tensor, ...]]]


@dataclass(frozen=True)
class Later:
    """One step: what it reads, what its results are called, and where in the graph it stands."""

    write: Write
    """Writes several of them; the results of each, in order."""
    operand: Tensor
    sizes: tuple[int, ...]
    """Whatever `write` has to know."""
    results: tuple[Tensor, ...]
    position: int
    """How many nodes were there before it."""


def settled(graph: Graph) -> dict[Tensor, Tensor]:
    """Write what was left; by the name of each result the tensor that it is."""
    left, graph.left = graph.left, []
    levels = _levels(graph, left)
    found: dict[Tensor, Tensor] = {}
    for level in sorted(set(levels)):
        now = [one for one, at in zip(left, levels, strict=True) if at == level]
        for write, several in groupby(now, key=lambda one: one.write):
            together = list(several)
            for one, results in zip(together, write(graph, together), strict=True):
                found.update(zip(one.results, results, strict=True))
    return found


def _levels(graph: Graph, left: Sequence[Later]) -> list[int]:
    """Of each how many others, one after the other, have to be there before it."""
    depth: dict[Tensor, int] = {}
    levels, done = [], 0
    for one in left:
        for node in graph.nodes[done : one.position]:
            deepest = max((depth.get(name, 0) for name in node.inputs), default=0)
            depth.update(dict.fromkeys(node.outputs, deepest))
        done = one.position
        levels.append(depth.get(one.operand, 0))
        depth.update(dict.fromkeys(one.results, levels[-1] + 1))
    return levels
