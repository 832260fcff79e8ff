"""The workstation: a fitted estimator becomes a proven, signed artifact, or is refused.

From a file that somebody else trained and signed; nothing of it is unpickled in this process:

    >>> import convert
    >>> artifact = convert.convert(
    ...     "model.pkl.gz", trust="trainer.pub", samples="X.npy", out="artifact", key="fleet.key"
    ... )

From an estimator in memory, which stays where it is:

    >>> artifact = convert.export(estimator, X, name="digits")
    >>> artifact.write("digits", key="fleet.key")
    PosixPath('digits')

Either way every output was compared with scikit-learn's on the samples and on hostile rows made
from the model itself, and the certificate says what was seen:

    >>> max(parity.differ for parity in artifact.contract.certificate.parity)
    0

What cannot be shown to be exact is refused: `NotExact` names the probe, `Unsupported` the step.

    >>> convert.export(AgglomerativeClustering().fit(X), X)
    Traceback (most recent call last):
    convert.errors.Unsupported: ...

The same from a shell: `edge-infer keygen`, `sign`, `convert`.
"""

from __future__ import annotations

from convert.artifact import Artifact
from convert.conversion import convert
from convert.custom import register
from convert.errors import NotExact, Unsupported
from convert.export import export

__all__ = ["Artifact", "NotExact", "Unsupported", "convert", "export", "register"]
