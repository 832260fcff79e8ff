"""Estimators that are known to be refused, and how the refusal begins or why there is none.

Every class of the installed scikit-learn that is not named here is expected to be exact. A new
release's new class therefore fails the coverage test until it is converted or named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_ROWS: Mapping[str, str] = {
    "DictVectorizer": "reads dictionaries, not rows: use OneHotEncoder on columns",
    "FeatureHasher": "reads dictionaries or pairs, not rows: use OneHotEncoder on columns",
    "MultiLabelBinarizer": "transforms sets of labels, not rows",
    "PatchExtractor": "makes many rows of one picture",
    "TSNE": "has no transform: it places no new rows",
}
"""They have no `transform` of rows of columns, or none at all."""

NO_NEW_ROWS: Mapping[str, str] = {
    "AgglomerativeClustering": "clusters the rows of the training alone",
    "ClassicalMDS": "places the rows of the training alone",
    "DBSCAN": "clusters the rows of the training alone",
    "EmpiricalCovariance": "estimates a covariance: EllipticEnvelope judges rows by it",
    "GraphicalLasso": "estimates a covariance",
    "GraphicalLassoCV": "estimates a covariance",
    "HDBSCAN": "clusters the rows of the training alone",
    "KernelDensity": "bounds its sum over a tree by a tolerance",
    "LedoitWolf": "estimates a covariance",
    "MDS": "places the rows of the training alone",
    "MinCovDet": "estimates a covariance: EllipticEnvelope judges rows by it",
    "NearestNeighbors": "finds neighbours and predicts nothing: use KNeighborsTransformer",
    "OAS": "estimates a covariance",
    "OPTICS": "clusters the rows of the training alone",
    "ShrunkCovariance": "estimates a covariance",
    "SpectralBiclustering": "clusters the rows of the training alone",
    "SpectralClustering": "clusters the rows of the training alone",
    "SpectralCoclustering": "clusters the rows of the training alone",
    "SpectralEmbedding": "places the rows of the training alone",
}
"""They neither predict nor transform new rows, so they are in no table of measurements."""

REFUSED: Mapping[str, str] = {
    "LatentDirichletAllocation": "solves for every row in as many rounds as a tolerance asks for",
    "MiniBatchNMF": "solves for every row in as many rounds as a tolerance asks for",
    "NMF": "solves for every row in as many rounds as a tolerance asks for",
}
"""What `Unsupported` says of them."""

REFUSED_ON: Mapping[tuple[str, str], str] = {
    ("Isomap", "breast_cancer"): "searches by brute force",
}
"""An estimator and a data set, and what is said of the two together.

Where scikit-learn disagrees with itself, which hangs on the processor, nothing need be named.
"""


def is_expected(estimator: str, dataset: str, outcome: str, reason: str) -> bool:
    """Whether these tables say that it would come out so."""
    if estimator in NOT_ROWS:
        return outcome != "exact"
    if estimator in REFUSED:
        return outcome == "does not fit" or (
            outcome == "unsupported" and REFUSED[estimator] in reason
        )
    if (estimator, dataset) in REFUSED_ON:
        return outcome == "unsupported" and REFUSED_ON[estimator, dataset] in reason
    return outcome in ("exact", "self-disagreement", "does not fit")
