"""Rounding through projections and kernel features: Σ|terms| of their sums, in units of eps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg
from sklearn.cluster import FeatureAgglomeration
from sklearn.decomposition import FactorAnalysis, FastICA, KernelPCA
from sklearn.kernel_approximation import (
    AdditiveChi2Sampler,
    Nystroem,
    PolynomialCountSketch,
    RBFSampler,
    SkewedChi2Sampler,
)
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.neural_network import BernoulliRBM
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

from convert.prove.rounding.columns import ULPS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]
    Step = Callable[[Any, Doubles, Doubles], Doubles | None]


def _dense(value: Any) -> Doubles:
    return np.asarray(value.toarray() if hasattr(value, "toarray") else value, dtype=np.float64)


def _product(step: Any, x: Doubles, error: Doubles) -> Doubles:
    return np.asarray((np.abs(x) + error) @ np.abs(_dense(step.components_)).T)


def _independent(step: Any, x: Doubles, error: Doubles) -> Doubles:
    return _product(step, np.abs(x) + np.abs(step.mean_) if step.whiten else x, error)


def _factors(step: Any, x: Doubles, error: Doubles) -> Doubles:
    weighted = step.components_ / step.noise_variance_
    gram = np.eye(len(weighted)) + np.dot(weighted, step.components_.T)
    centered = np.abs(x) + np.abs(step.mean_) + error
    return np.asarray(centered @ np.abs(weighted).T @ np.abs(linalg.inv(gram)))


def _pooled(step: Any, x: Doubles, error: Doubles) -> Doubles:
    del x
    members = np.asarray(step.labels_)[:, None] == np.unique(step.labels_)
    return np.asarray(error @ members.astype(np.float64))


def _waves(step: Any, x: Doubles, error: Doubles) -> Doubles:
    weights = np.abs(step.random_weights_)
    angle = (np.abs(x) + error) @ weights + np.abs(step.random_offset_)
    return np.asarray((angle + 1.0) * (2.0 / step.n_components) ** 0.5)


def _skewed_waves(step: Any, x: Doubles, error: Doubles) -> Doubles:
    shifted = np.abs(x + step.skewedness)
    log = np.abs(np.log(shifted))
    moved = ULPS * log + error / shifted
    angle = (log + moved) @ np.abs(step.random_weights_) + np.abs(step.random_offset_)
    return np.asarray((angle + 1.0) * np.sqrt(2.0 / step.n_components))


def _harmonics(step: Any, x: Doubles, error: Doubles) -> Doubles | None:
    if error.any():
        return None
    interval = step.sample_interval or {1: 0.8, 2: 0.5, 3: 0.4}[step.sample_steps]
    value = np.where(x > 0, x, 1.0)
    blocks = [np.zeros(x.shape)]
    for j in range(1, step.sample_steps):
        factor = np.sqrt(2 * value * interval / np.cosh(np.pi * j * interval)) * (x > 0)
        wave = ULPS * factor * (1.0 + j * interval * np.abs(np.log(value)))
        blocks += [wave, wave]
    return np.hstack(blocks)


def _hidden(step: Any, x: Doubles, error: Doubles) -> Doubles:
    p = np.asarray(step.transform(x))
    inner = (np.abs(x) + error) @ np.abs(step.components_).T + np.abs(step.intercept_hidden_)
    return np.asarray(p * (1 - p) * inner + ULPS * p)


def _sketched(step: Any, x: Doubles, error: Doubles) -> Doubles:
    """No value of a convolution exceeds the product of its factors' sums."""
    bias = np.sqrt(step.coef0)
    size = np.sqrt(step.gamma) * np.abs(x).sum(axis=1, keepdims=True) + bias
    moved = np.sqrt(step.gamma) * error.sum(axis=1, keepdims=True)
    degree = int(step.degree)
    own = size**degree * (degree + np.log2(2.0 * step.n_components))
    carried = degree * size ** (degree - 1) * moved
    return np.asarray(np.repeat(own + carried, step.n_components, axis=1))


def _kernel(
    kernel: Any, settings: Mapping[str, Any], x: Doubles, error: Doubles, points: Doubles
) -> tuple[Doubles, Doubles] | None:
    """|kernel values| and their errors, None for a kernel that is not known here."""
    size, other = np.abs(x) + error, np.abs(points)
    inner = size @ other.T
    if kernel == "linear":
        return inner, inner
    gamma = settings.get("gamma")
    gamma = 1.0 / x.shape[1] if gamma is None else float(gamma)
    if kernel == "rbf":
        squares = (size**2).sum(axis=1, keepdims=True) + (other**2).sum(axis=1) + 2 * inner
        difference = ((x[:, None, :] - points) ** 2).sum(axis=2)
        value = np.exp(-gamma * difference)
        return value, value * (gamma * squares + 1.0)
    coef0 = settings.get("coef0")
    total = gamma * inner + np.abs(1.0 if coef0 is None else coef0)
    if kernel == "sigmoid":
        return np.ones(inner.shape), total + 1.0
    if kernel in ("poly", "polynomial"):
        degree = 3 if settings.get("degree") is None else settings["degree"]
        value = total**degree
        return value, value * (degree + 1.0)
    return None


def _landmarks(step: Any, x: Doubles, error: Doubles) -> Doubles | None:
    if not isinstance(step.kernel, str):
        return None
    found = _kernel(step.kernel, step._get_kernel_params(), x, error, _dense(step.components_))
    if found is None:
        return None
    value, own = found
    return np.asarray((value + own) @ np.abs(step.normalization_).T)


def _kernel_components(step: Any, x: Doubles, error: Doubles) -> Doubles | None:
    settings = {"gamma": step.gamma_, "degree": step.degree, "coef0": step.coef0}
    if step.kernel == "precomputed":
        value, own = np.abs(x), error
    else:
        found = _kernel(step.kernel, settings, x, error, _dense(step.X_fit_))
        if found is None:
            return None
        value, own = found
    centerer = step._centerer
    whole = value + own + np.abs(centerer.K_fit_rows_)
    whole = whole + (value + own).mean(axis=1, keepdims=True) + np.abs(centerer.K_fit_all_)
    used = np.flatnonzero(step.eigenvalues_)
    scaled = np.zeros_like(step.eigenvectors_)
    scaled[:, used] = step.eigenvectors_[:, used] / np.sqrt(step.eigenvalues_[used])
    return np.asarray(whole @ np.abs(scaled))


MAPS: Mapping[type, Step] = {
    AdditiveChi2Sampler: _harmonics,
    BernoulliRBM: _hidden,
    FactorAnalysis: _factors,
    FastICA: _independent,
    FeatureAgglomeration: _pooled,
    GaussianRandomProjection: _product,
    KernelPCA: _kernel_components,
    NeighborhoodComponentsAnalysis: _product,
    Nystroem: _landmarks,
    PolynomialCountSketch: _sketched,
    RBFSampler: _waves,
    SkewedChi2Sampler: _skewed_waves,
    SparseRandomProjection: _product,
}
