"""Write `pipeline-VERSION.pkl` with the scikit-learn that is installed: an older one here."""

import pickle
from pathlib import Path

import sklearn
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X, y = load_iris(return_X_y=True)
chain = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
target = Path(__file__).with_name(f"pipeline-{sklearn.__version__}.pkl")
target.write_bytes(pickle.dumps(chain, protocol=4))
