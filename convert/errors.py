"""What the workstation refuses beyond the errors of the device (see `edge_infer.errors`)."""

from __future__ import annotations

from edge_infer.errors import EdgeInferError


class NotExact(EdgeInferError):
    """The exported graph predicts something else than the estimator on a probe."""

    exit_code = 7
    is_of_graph = True
    """False where scikit-learn contradicts itself, so that no other graph is worth a try."""


class Unsupported(EdgeInferError):
    """No exact converter for this estimator or setting; names the step of the pipeline."""

    exit_code = 8
    usual_hint = (
        "take an estimator or a setting that docs/converting.md lists, or register an emitter of "
        "your own: convert.register"
    )

    def at(self, path: str) -> Unsupported:
        """This refusal of an estimator that lies at `path` within another."""
        return Unsupported(
            f"{path}: {self.what}", expected=self.expected, actual=self.actual, hint=self.hint
        )
