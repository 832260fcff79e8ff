"""The second model, fitted on what passes the first."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

if TYPE_CHECKING:
    from examples.camera.faces.features import Floats

COMPONENTS = 60
HIDDEN = 64
DECAY = 0.1
EPOCHS = 50
DOUBT = -2.0
"""Log-odds up to which a window adds nothing to a face."""


def fit_judge(faces: Floats, others: Floats) -> Pipeline:
    """Tells the rows of faces from those of windows that resemble faces to the first model."""
    rows = np.concatenate([faces, others]).astype(np.float64)
    labels = np.repeat([1, 0], [len(faces), len(others)])
    network = MLPClassifier(
        (HIDDEN,),
        alpha=DECAY,
        batch_size=256,
        learning_rate_init=0.002,
        max_iter=EPOCHS,
        random_state=0,
    )
    components = PCA(COMPONENTS, svd_solver="randomized", random_state=0)
    with warnings.catch_warnings():
        # Scores are as good after these rounds as after the hundreds that converging takes.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return make_pipeline(components, StandardScaler(), network).fit(rows, labels)
