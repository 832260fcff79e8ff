"""Features whose inner products approximate a kernel: `sklearn.kernel_approximation`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.kernel_approximation import (
    AdditiveChi2Sampler,
    Nystroem,
    PolynomialCountSketch,
    RBFSampler,
    SkewedChi2Sampler,
)

from convert.estimators.arrays import Doubles, dense
from convert.estimators.pairwise_kernels import any_cell, pairwise_kernel
from convert.estimators.special_functions import cosine
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor


def rbf_sampler(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`RBFSampler.transform`: scaled cosines of random projections."""
    y = _cosines(g, x, estimator, (2.0 / estimator.n_components) ** 0.5)
    return Emission({"transform": Scores(y, int(estimator.n_components))})


def skewed_chi2_sampler(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`SkewedChi2Sampler.transform`: the same of log(x + skewedness)."""
    skewedness = float(estimator.skewedness)
    message = "SkewedChi2Sampler takes values above -skewedness only"
    check = any_cell(g, g.op("LessOrEqual", x, -skewedness), message)
    scale = np.sqrt(2.0) / np.sqrt(estimator.n_components)
    y = _cosines(g, g.op("Log", g.op("Add", x, skewedness)), estimator, float(scale))
    return Emission({"transform": Scores(y, int(estimator.n_components))}, checks=(check,))


def _cosines(g: Graph, x: Tensor, estimator: Any, scale: float) -> Tensor:
    projection = g.op("MatMul", x, dense(estimator.random_weights_))
    angle = g.op("Add", projection, dense(estimator.random_offset_))
    return g.op("Mul", cosine(g, angle), scale)


def additive_chi2_sampler(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`AdditiveChi2Sampler._transform_dense`: a cosine and a sine of log(x) for each step."""
    interval = estimator.sample_interval
    if interval is None:
        interval = {1: 0.8, 2: 0.5, 3: 0.4}[estimator.sample_steps]
    check = any_cell(g, g.op("Less", x, 0.0), "AdditiveChi2Sampler takes no negative values")
    zero = g.op("Equal", x, 0.0)
    value = g.op("Where", zero, 1.0, x)
    blocks = [g.op("Sqrt", g.op("Mul", x, float(interval)))]
    log = g.op("Mul", g.op("Log", value), float(interval))
    twice = g.op("Mul", g.op("Mul", value, 2.0), float(interval))
    for step in range(1, estimator.sample_steps):
        spread = float(np.cosh(np.pi * step * interval))
        factor = g.op("Sqrt", g.op("Div", twice, spread))
        angle = log if step == 1 else g.op("Mul", log, float(step))
        for wave in (cosine(g, angle), g.op("Sin", angle)):
            block = g.op("Mul", factor, wave)
            blocks.append(g.op("Where", zero, 0.0, block))
    y = blocks[0] if len(blocks) == 1 else g.op("Concat", *blocks, axis=1)
    columns = int(estimator.n_features_in_) * len(blocks)
    return Emission({"transform": Scores(y, columns)}, checks=(check,))


def nystroem(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`Nystroem.transform`: kernel values against `components_`, normalised."""
    settings = {"gamma": None, "degree": None, "coef0": None, **estimator._get_kernel_params()}
    kernel, checks = pairwise_kernel(g, x, estimator.components_, estimator.kernel, settings)
    weights = dense(estimator.normalization_).T
    y = g.op("MatMul", kernel, weights)
    return Emission({"transform": Scores(y, weights.shape[1])}, checks=checks)


def polynomial_count_sketch(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`PolynomialCountSketch.transform`: the circular convolution of `degree` sketches of x.

    The Fourier transform is a product with its matrix; of the spectrum of real rows the first
    half suffices.
    """
    size = int(estimator.n_components)
    rows = g.op("Mul", x, float(np.sqrt(estimator.gamma)))
    bias = float(np.sqrt(estimator.coef0)) if estimator.coef0 != 0 else None
    real: Tensor | None = None
    imaginary: Tensor | None = None
    for bits, places in zip(estimator.bitHash_, estimator.indexHash_, strict=True):
        sketch = np.zeros((len(places), size))
        sketch[np.arange(len(places)), places] = bits
        spectrum = np.fft.rfft(sketch, axis=1)
        a = _affine(g, rows, spectrum.real, bias)
        b = _affine(g, rows, spectrum.imag, bias)
        if real is None or imaginary is None:
            real, imaginary = a, b
            continue
        real, imaginary = (
            g.op("Sub", g.op("Mul", real, a), g.op("Mul", imaginary, b)),
            g.op("Add", g.op("Mul", real, b), g.op("Mul", imaginary, a)),
        )
    assert real is not None, "a sketch has a degree of at least 1"
    assert imaginary is not None
    half = size // 2 + 1
    back = np.fft.irfft(np.vstack([np.eye(half), 1j * np.eye(half)]), n=size, axis=1)
    y = g.op("MatMul", g.op("Concat", real, imaginary, axis=1), back)
    return Emission({"transform": Scores(y, size)})


def _affine(g: Graph, rows: Tensor, matrix: Doubles, bias: float | None) -> Tensor:
    """`[rows, bias] @ matrix`."""
    if bias is None:
        return g.op("MatMul", rows, matrix)
    return g.op("Add", g.op("MatMul", rows, matrix[:-1]), bias * matrix[-1])


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    AdditiveChi2Sampler: additive_chi2_sampler,
    Nystroem: nystroem,
    PolynomialCountSketch: polynomial_count_sketch,
    RBFSampler: rbf_sampler,
    SkewedChi2Sampler: skewed_chi2_sampler,
}
