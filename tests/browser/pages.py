"""Bundles with a page, and servers for them."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from firmware_bundle.phone.serving import PageServer

DETECTOR = Path(__file__).parents[2] / "examples" / "camera" / "models" / "faces"
_SERVED: set[int] = set()
PHONE = {"viewport": {"width": 360, "height": 740}, "deviceScaleFactor": 1}


@dataclass
class Shop:
    """Keys, artifacts and bundles, each made once."""

    folder: Path
    made: dict[str, Path] = field(default_factory=dict)

    @property
    def key(self) -> Path:
        from edge_infer.trust.keygen import generate

        path = self.folder / "fleet.key"
        return path if path.exists() else generate(self.folder / "fleet")[0]

    @property
    def trust(self) -> Path:
        return self.key.with_suffix(".pub")

    def bundle(self, tag: str, estimator: Any, samples: Any, **options: Any) -> Path:
        """The bundle known as `tag`; `options` are those of `convert.export`."""
        import convert
        import firmware_bundle

        if tag not in self.made:
            artifact = self.folder / f"{tag}-artifact"
            options.setdefault("name", tag)
            convert.export(estimator, samples, **options).write(artifact, key=self.key)
            self.made[tag] = firmware_bundle.bundle(
                artifact, self.folder / tag, key=self.key, trust=self.trust, target="phone"
            )
        return self.made[tag]

    def digits(self, *, sequence: int = 1, may_replace: int | None = None) -> Path:
        """Handwritten digits by logistic regression; its model reads pictures."""
        import firmware_bundle
        from convert.image_option import parse_image

        X, y = digits()
        tag = f"digits-{sequence}"
        made = self.bundle(
            tag, trained(X, y), X[:1347:6], name="digits", sequence=sequence,
            image=parse_image("L:8x8,range=0..16"),
        )  # fmt: skip
        if may_replace is None:
            return made
        return firmware_bundle.bundle(
            self.folder / f"{tag}-artifact", self.folder / f"{tag}-back", key=self.key,
            trust=self.trust, target="phone", may_replace=may_replace,
        )  # fmt: skip

    def faces(self) -> Path:
        """The camera's detector, as it is shipped."""
        import firmware_bundle

        if "faces" not in self.made:
            self.made["faces"] = firmware_bundle.bundle(
                DETECTOR, self.folder / "faces", key=self.key,
                trust=DETECTOR / "trainer.pub", target="phone",
            )  # fmt: skip
        return self.made["faces"]

    def identity(self, image: Any) -> dict[str, bytes]:
        """What is served of a model whose decision scores are the row itself."""
        from artifact_builder import Linear, contract_parts

        from edge_infer.contract import write_contract

        f = image.width * image.height * (1 if image.mode == "L" else 3)
        model = Linear(np.zeros(f), np.ones(f), np.eye(f), np.zeros(f), np.arange(f))
        contract, golden = contract_parts(model, np.random.default_rng(0).normal(size=(4, f)))
        contract = dataclasses.replace(contract, image=image, outputs=contract.outputs[:2])
        contract = dataclasses.replace(
            contract,
            golden=dataclasses.replace(contract.golden, outputs=contract.golden.outputs[:2]),
        )
        return self.page(
            {
                "contract.json": write_contract(contract),
                "model.onnx": model.onnx(),
                "golden.bin": golden,
            },
            contract,
        )

    def page(self, artifact: dict[str, bytes], contract: Any) -> dict[str, bytes]:
        """What is served of an artifact's files."""
        from firmware_bundle.phone.page import phone_files

        made = phone_files(artifact, contract, key=self.key)
        return {name.removeprefix("phone/"): content for name, content in made.items()}

    def files(self, bundle: Path) -> dict[str, bytes]:
        """Name to content of what is served of it."""
        from firmware_bundle.phone.serving import read_page

        return read_page(bundle, [self.trust])[0]


def digits() -> tuple[Any, Any]:
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return X, y


def trained(X: Any, y: Any) -> Any:
    from sklearn.linear_model import SGDClassifier

    return SGDClassifier(loss="log_loss", random_state=0).fit(X[:1347], y[:1347])


def new_server(files: Mapping[str, bytes], port: int = 0) -> PageServer:
    """At a port of its own: under an address that served before, the browser keeps that page."""
    from firmware_bundle.phone.serving import PageServer

    while True:
        server = PageServer(files, port=port)
        if port or server.server_port not in _SERVED:
            _SERVED.add(server.server_port)
            return server
        server.server_close()


@contextlib.contextmanager
def serving(files: Mapping[str, bytes], port: int = 0) -> Iterator[str]:
    """The address of a server of these files."""
    with new_server(files, port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            thread.join()


def csv(X: Any) -> str:
    """Rows as text, every digit of them."""
    return "\n".join(",".join(repr(float(x)) for x in row) for row in np.asarray(X))
