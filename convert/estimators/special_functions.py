"""Functions that onnxruntime has no double kernel for, from those that it has.

Each stays within a few ulp of numpy's or scipy's over the whole range of its argument.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convert.graph.builder import Graph, Tensor


def log1p(g: Graph, x: Tensor) -> Tensor:
    """`numpy.log1p`: log(u) * x / (u - 1) with u = fl(1 + x), which cancels u's rounding.

    W. Kahan's formula, as in the HP-15C Advanced Functions Handbook, appendix.
    """
    u = g.op("Add", x, 1.0)
    rounded = g.op("Sub", u, 1.0)
    log = g.op("Log", u)
    corrected = g.op("Mul", log, g.op("Div", x, rounded))
    # also where both are infinite
    exact = g.op("Where", g.op("Equal", rounded, x), log, corrected)
    return g.op("Where", g.op("Equal", u, 1.0), x, exact)


def expm1(g: Graph, x: Tensor) -> Tensor:
    """`numpy.expm1`: (u - 1) * x / log(u) with u = fl(exp(x)), which cancels u's rounding."""
    u = g.op("Exp", x)
    minus_one = g.op("Sub", u, 1.0)
    corrected = g.op("Mul", minus_one, g.op("Div", x, g.op("Log", u)))
    # Beyond a few dozen, u - 1 is exact to the last bit or infinite.
    large = g.op("Greater", g.op("Abs", x), 40.0)
    found = g.op("Where", large, minus_one, corrected)
    return g.op("Where", g.op("Equal", u, 1.0), x, found)


def polynomial(g: Graph, x: Tensor, coefficients: tuple[float, ...]) -> Tensor:
    """Horner's rule, the highest power first, at least two coefficients."""
    first, second, *rest = coefficients
    y = g.op("Add", x if first == 1.0 else g.op("Mul", x, first), second)
    for coefficient in rest:
        y = g.op("Add", g.op("Mul", y, x), coefficient)
    return y


def ndtri(g: Graph, y: Tensor) -> Tensor:
    """`scipy.special.ndtri` (`scipy.stats.norm.ppf`) for exp(-32) < y < 1 - exp(-32).

    Cephes' `ndtri.c` (S. L. Moshier, 1989), its branch for arguments beyond exp(-32) left out.
    """
    upper = g.op("Greater", y, 1.0 - _EXP_MINUS_2)
    folded = g.op("Where", upper, g.op("Sub", 1.0, y), y)
    t = g.op("Sub", folded, 0.5)
    t2 = g.op("Mul", t, t)
    ratio = g.op("Div", polynomial(g, t2, _P0), polynomial(g, t2, _Q0))
    central = g.op("Add", t, g.op("Mul", t, g.op("Mul", t2, ratio)))
    central = g.op("Mul", central, math.sqrt(2 * math.pi))
    r = g.op("Sqrt", g.op("Mul", g.op("Log", folded), -2.0))
    z = g.op("Div", 1.0, r)
    ratio = g.op("Div", polynomial(g, z, _P1), polynomial(g, z, _Q1))
    tail = g.op("Sub", g.op("Sub", r, g.op("Div", g.op("Log", r), r)), g.op("Mul", z, ratio))
    tail = g.op("Where", upper, tail, g.op("Neg", tail))
    return g.op("Where", g.op("Greater", folded, _EXP_MINUS_2), central, tail)


_EXP_MINUS_2 = math.exp(-2.0)

_P0 = (
    -5.99633501014107895267e1,
    9.80010754185999661536e1,
    -5.66762857469070293439e1,
    1.39312609387279679503e1,
    -1.23916583867381258016e0,
)
_Q0 = (
    1.0,
    1.95448858338141759834e0,
    4.67627912898881538453e0,
    8.63602421390890590575e1,
    -2.25462687854119370527e2,
    2.00260212380060660359e2,
    -8.20372256168333339912e1,
    1.59056225126211695515e1,
    -1.18331621121330003142e0,
)
_P1 = (
    4.05544892305962419923e0,
    3.15251094599893866154e1,
    5.71628192246421288162e1,
    4.40805073893200834700e1,
    1.46849561928858024014e1,
    2.18663306850790267539e0,
    -1.40256079171354495875e-1,
    -3.50424626827848203418e-2,
    -8.57456785154685413611e-4,
)
_Q1 = (
    1.0,
    1.57799883256466749731e1,
    4.53907635128879210584e1,
    4.13172038254672030440e1,
    1.50425385692907503408e1,
    2.50464946208309415979e0,
    -1.42182922854787788574e-1,
    -3.80806407691578277194e-2,
    -9.33259480895457427372e-4,
)
