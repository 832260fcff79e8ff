"""The page's files: made of the sources whole, one definition of the format, refused by name."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import onnx
import pytest

from edge_infer.contract import read_contract
from edge_infer.errors import Incompatible, Unavailable, Untrusted
from firmware_bundle.phone import engine, modules, page
from firmware_bundle.phone.schema import schema_module
from firmware_bundle.targets import TARGETS, check_machine

if TYPE_CHECKING:
    from small_bundles import Fleet

WEB = Path(page.__file__).parents[1] / "web"
FROZEN = Path(__file__).parents[1] / "data" / "v1"
USED = re.compile(r"(?:new Refusal\(\s*'\w+',|say\(|write\(\s*'state',) *'(\w+)'")


def test_the_fields_of_the_contract_in_the_page_are_those_of_the_dataclasses() -> None:
    text = (WEB / "contract_schema.js").read_text("utf-8")
    assert text == schema_module(), "python -m firmware_bundle.phone.schema writes it again"


@pytest.mark.parametrize("entry", [page.SCRIPT, page.WORKER])
def test_a_script_holds_each_module_once_after_those_it_imports(entry: str) -> None:
    script = modules.joined(entry)
    assert script.count("class Refusal extends Error") == 1
    assert script.index("class Refusal") < script.index("new Refusal")
    assert "/** @type" not in re.sub(r"\(?/\*\* @type.*?\*/ ?\(?", "", script)
    if shutil.which("node"):
        done = subprocess.run(
            ["node", "--check", "-"], input=script, text=True, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_a_graph_that_is_more_than_arithmetic_is_put_into_no_page(fleet: Fleet) -> None:
    """Python reads a graph within bounds before onnxruntime does; in a page nobody else would."""
    node = onnx.helper.make_node("Spy", ["x"], ["y"], domain="elsewhere")
    ends = [onnx.helper.make_tensor_value_info(name, 11, [None, 1]) for name in "xy"]
    graph = onnx.helper.make_graph([node], "g", ends[:1], ends[1:])
    opsets = [onnx.helper.make_opsetid("", 18), onnx.helper.make_opsetid("elsewhere", 1)]
    hostile = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
    artifact = {"contract.json": b"{}", "golden.bin": b"", "model.onnx": hostile}
    contract = read_contract((FROZEN / "linear" / "contract.json").read_bytes())
    with pytest.raises(Incompatible, match="elsewhere"):
        page.phone_files(artifact, contract, key=fleet.key())


def test_two_modules_with_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = {
        "a.js": b"import { b } from './b.js';\nconst SAME = b;\n",
        "b.js": b"const SAME = 1;\nexport const b = SAME;\n",
    }
    monkeypatch.setattr(modules, "source", sources.__getitem__)
    with pytest.raises(AssertionError, match="SAME"):
        modules.joined("a.js")


def test_every_sentence_that_a_module_says_is_in_the_one_file_of_sentences() -> None:
    known = page.strings()
    said = {key for path in WEB.glob("*.js") for key in USED.findall(path.read_text("utf-8"))}
    assert len(said) > 40
    assert said - known.keys() == set()
    shown = set(re.findall(r"\{\{(\w+)\}\}", (WEB / "index.html").read_text("utf-8")))
    assert shown - known.keys() == {"csp", "form", "head", "body"}
    everywhere = "".join(path.read_text("utf-8") for path in WEB.glob("*.js"))
    spoken = said | shown | set(re.findall(r"'(\w+)'", everywhere))
    prefixes = ("pin_", "proof_")
    assert {key for key in known if key not in spoken and not key.startswith(prefixes)} == set()


def test_a_bundle_without_the_engine_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unavailable, match="npm ci --omit=dev --prefix"):
        engine._read(tmp_path / "node_modules" / "x.wasm", "0" * 64, tmp_path)
    (tmp_path / "x.wasm").write_bytes(b"another release")
    with pytest.raises(Untrusted, match="not the file that was tried"):
        engine._read(tmp_path / "x.wasm", "0" * 64, tmp_path)


def test_the_lock_names_no_place_and_the_release_that_is_held_by_digest() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text("utf-8"))
    packages = lock["packages"].values()
    assert not [one for one in packages if "resolved" in one]
    version = lock["packages"]["node_modules/onnxruntime-web"]["version"]
    assert version in (WEB / "engine.lock").read_text("utf-8").partition("\n")[0]
    assert version in (WEB / "LICENCES.txt").read_text("utf-8")


def test_any_machine_may_install_what_is_for_a_phone(fleet: Fleet) -> None:
    assert TARGETS["phone"].web
    check_machine("phone", machine="riscv64", bits=64)
