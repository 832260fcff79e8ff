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

REFUSED: Mapping[str, str] = {
    "LatentDirichletAllocation": "solves for every row in as many rounds as a tolerance asks for",
    "MiniBatchNMF": "solves for every row in as many rounds as a tolerance asks for",
    "NMF": "solves for every row in as many rounds as a tolerance asks for",
}
"""What `Unsupported` says of them."""
