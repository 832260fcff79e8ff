"""The second model, fitted on what passes the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import SVC

if TYPE_CHECKING:
    from examples.camera.faces.features import Floats

COMPONENTS = 40
C = 2.0
WIDTH = 0.7
"""Of the kernel, in terms of scikit-learn's `gamma="scale"`."""
DOUBT = -1.0
"""Score of this model up to which a window adds nothing to a face."""
_FACES = 7_000


def fit_judge(faces: Floats, others: Floats, rng: np.random.Generator) -> Pipeline:
    """Tells the rows of faces from those of windows that resemble faces to the first model."""
    faces = faces[rng.permutation(len(faces))[:_FACES]]
    rows = np.concatenate([faces, others]).astype(np.float64)
    labels = np.repeat([1, 0], [len(faces), len(others)])
    components = PCA(COMPONENTS, svd_solver="randomized", random_state=0).fit(rows)
    spread = components.transform(rows).var()
    machine = SVC(C=C, gamma=WIDTH / (COMPONENTS * spread))
    return make_pipeline(components, machine).fit(rows, labels)
