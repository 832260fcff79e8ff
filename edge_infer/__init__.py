"""Signed scikit-learn models on small offline devices.

A model is a directory that was proven and signed on a workstation (see `convert`) and copied
here. `load` verifies every byte of it against the public key you trust, runs its golden
vectors on this machine, and returns a model with scikit-learn's verbs:

    >>> import edge_infer
    >>> model = edge_infer.load("bundle", trust="fleet.pub")
    >>> model.engine
    'onnxruntime ...'
    >>> model.classes
    array(['cold', 'hot', 'warm'], dtype='<U4')

Rows are `(n, f)`: an array, a list of rows, or columns by name. Answers are scikit-learn's, in
scikit-learn's dtypes; `predict_one` takes one row and is the fastest:

    >>> model.predict([[21.5, 40.0], [35.0, 20.0]])
    array(['warm', 'hot'], dtype='<U4')
    >>> model.predict({"humidity": [40.0], "celsius": [21.5]})
    array(['warm'], dtype='<U4')
    >>> model.predict_one([3.0, 80.0])
    'cold'
    >>> model.predict_proba([[21.5, 40.0]]).shape
    (1, 3)

What cannot be answered exactly is refused, and the message says what to do:

    >>> model.predict([21.5, 40.0])
    Traceback (most recent call last):
    edge_infer.errors.BadInput: X is not a matrix of rows
      expected: shape (n, 2)
      actual:   shape (2,)
      to do:    for one row use predict_one(row) or X.reshape(1, -1)

Every refusal is an `EdgeInferError`: `Untrusted`, `Incompatible`, `BadInput` or `Unavailable`.
The same from a shell: `edge-infer predict bundle rows.csv --trust fleet.pub`.
"""

from __future__ import annotations

from edge_infer.errors import BadInput, EdgeInferError, Incompatible, Unavailable, Untrusted
from edge_infer.loading import load
from edge_infer.model import Model

__version__ = "0.1.0"

__all__ = [
    "BadInput",
    "EdgeInferError",
    "Incompatible",
    "Model",
    "Unavailable",
    "Untrusted",
    "__version__",
    "load",
]
