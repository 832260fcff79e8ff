"""The signed models that the repository carries, by us, by the stock tool and by openssl."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge_infer.errors import Untrusted
from edge_infer.trust import verify_tree
from edge_infer.trust.envelope import pae

ROOT = Path(__file__).parents[2]
STOCK = Path(sys.executable).with_name("model_signing")
KEYS = {
    "examples/camera/models/faces/judge": "examples/camera/models/faces/trainer.pub",
    "examples/camera/models/faces/scan": "examples/camera/models/faces/trainer.pub",
    "examples/router/models/bundle": "examples/router/models/router.pub",
    "examples/router/models/bundle/artifact": "examples/router/models/router.pub",
}
SHIPPED = [pytest.param(ROOT / one, ROOT / key, id=one) for one, key in KEYS.items()]


def test_every_signed_model_is_in_the_list() -> None:
    found = (ROOT / "examples").rglob("model.sig")
    assert {str(one.parent.relative_to(ROOT)) for one in found} == KEYS.keys()


@pytest.mark.parametrize(("tree", "key"), SHIPPED)
def test_every_byte_is_vouched_for_and_no_stranger_vouches(tree: Path, key: Path) -> None:
    assert verify_tree(tree, key).sizes
    with pytest.raises(Untrusted):
        verify_tree(tree, ROOT / "tests" / "data" / "v1" / "fleet.pub")


@pytest.mark.parametrize(("tree", "key"), SHIPPED)
def test_openssl_verifies_it(tree: Path, key: Path, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    envelope = json.loads((tree / "model.sig").read_bytes())["dsseEnvelope"]
    (tmp_path / "signed").write_bytes(pae(base64.b64decode(envelope["payload"])))
    (tmp_path / "sig").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    check = ["openssl", "dgst", "-sha256", "-verify", key, "-signature", tmp_path / "sig"]
    done = subprocess.run([*check, tmp_path / "signed"], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("tree", "key"), SHIPPED[1:])
def test_the_stock_tool_verifies_it(tree: Path, key: Path) -> None:
    command = [STOCK, "verify", "key", tree, "--public_key", key, "--signature", tree / "model.sig"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
