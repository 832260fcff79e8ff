"""The cheapest one-to-one assignment, by shortest augmenting paths (Kuhn, Munkres; O(n³)).

In plain Python: scipy is not on a device, and a frame has a handful of boxes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def assign(costs: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Pairs (row, column) of the least total cost, as many as the shorter side has.

    >>> assign([[4, 1, 3], [2, 0, 5]])
    [(0, 1), (1, 0)]
    """
    if not costs or not costs[0]:
        return []
    if len(costs) > len(costs[0]):
        turned = [list(column) for column in zip(*costs, strict=True)]
        return sorted((row, column) for column, row in assign(turned))
    rows, columns = len(costs), len(costs[0])
    row_price, column_price = [0.0] * (rows + 1), [0.0] * (columns + 1)
    taken_by = [0] * (columns + 1)
    for row in range(1, rows + 1):
        path = _shortest(costs, row, row_price, column_price, taken_by)
        column = path[0]
        while column:
            before = path[1][column]
            taken_by[column] = taken_by[before]
            column = before
    return sorted((taken_by[c] - 1, c - 1) for c in range(1, columns + 1) if taken_by[c])


def _shortest(
    costs: Sequence[Sequence[float]], row: int,
    row_price: list[float], column_price: list[float], taken_by: list[int],
) -> tuple[int, list[int]]:  # fmt: skip
    """The free column at the end of the cheapest path from a row, and the way back."""
    columns = len(costs[0])
    way, cheapest = [0] * (columns + 1), [float("inf")] * (columns + 1)
    seen = [False] * (columns + 1)
    taken_by[0], column = row, 0
    while taken_by[column]:
        seen[column] = True
        at, least, following = taken_by[column], float("inf"), 0
        for c in range(1, columns + 1):
            if seen[c]:
                continue
            price = costs[at - 1][c - 1] - row_price[at] - column_price[c]
            if price < cheapest[c]:
                cheapest[c], way[c] = price, column
            if cheapest[c] < least:
                least, following = cheapest[c], c
        for c in range(columns + 1):
            if seen[c]:
                row_price[taken_by[c]] += least
                column_price[c] -= least
            else:
                cheapest[c] -= least
        column = following
    return column, way
