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


def cosine(g: Graph, x: Tensor) -> Tensor:
    """`numpy.cos` as 1 - 2 sin(x / 2)², to an ulp of 1; onnxruntime 1.21 has no double `Cos`."""
    half = g.op("Sin", g.op("Mul", x, 0.5))
    return g.op("Sub", 1.0, g.op("Mul", g.op("Mul", half, half), 2.0))


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


def erf(g: Graph, x: Tensor) -> Tensor:
    """`scipy.special.erf`: Cephes' `ndtr.c` (S. L. Moshier, 1988), 1 from |x| = 8 on."""
    square = g.op("Mul", x, x)
    inner = g.op("Div", polynomial(g, square, _ERF_T), polynomial(g, square, _ERF_U))
    size = g.op("Min", g.op("Abs", x), 8.0)
    ratio = g.op("Div", polynomial(g, size, _ERF_P), polynomial(g, size, _ERF_Q))
    tail = g.op("Mul", g.op("Exp", g.op("Neg", g.op("Mul", size, size))), ratio)
    outer = g.op("Mul", g.op("Sub", 1.0, tail), g.op("Sign", x))
    is_inner = g.op("LessOrEqual", size, 1.0)
    return g.op("Where", is_inner, g.op("Mul", x, inner), outer)


_ERF_P = (
    2.46196981473530512524e-10,
    5.64189564831068821977e-1,
    7.46321056442269912687e0,
    4.86371970985681366614e1,
    1.96520832956077098242e2,
    5.26445194995477358631e2,
    9.34528527171957607540e2,
    1.02755188689515710272e3,
    5.57535335369399327526e2,
)
_ERF_Q = (
    1.0,
    1.32281951154744992508e1,
    8.67072140885989742329e1,
    3.54937778887819891062e2,
    9.75708501743205489753e2,
    1.82390916687909736289e3,
    2.24633760818710981792e3,
    1.65666309194161350182e3,
    5.57535340817727675546e2,
)
_ERF_T = (
    9.60497373987051638749e0,
    9.00260197203842689217e1,
    2.23200534594684319226e3,
    7.00332514112805075473e3,
    5.55923013010394962768e4,
)
_ERF_U = (
    1.0,
    3.35617141647503099647e1,
    5.21357949780152679795e2,
    4.59432382970980127987e3,
    2.26290000613890934246e4,
    4.92673942608635921086e4,
)
