"""The guide for phones works as it stands: its blocks, the server, the program of the app."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "project"))
GUIDE = ROOT / "docs" / "phone.md"

if TYPE_CHECKING:
    from chromium import Chromium


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of somebody who followed the guide."""
    import markdown_runner

    folder = tmp_path_factory.mktemp("guide")
    assert markdown_runner.run(GUIDE, folder) >= 2
    return folder


def test_the_command_of_the_guide_serves_a_page_that_verifies(
    followed: Path, browser: Chromium
) -> None:
    (line,) = re.findall(r"^\$ edge-infer (.*)$", GUIDE.read_text("utf-8"), re.MULTILINE)
    process = subprocess.Popen(
        [sys.executable, "-m", "edge_infer", *line.split(), "--port", "0"],
        cwd=followed, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    link = process.stdout.readline().split()[-1]
    try:
        page = browser.open(link)
        assert page.state == "verified", page.text("#refused_text")
        assert "the same" in page.text("#proof_pin")
        page.close()
        with urllib.request.urlopen(link.partition("#")[0] + "phone.html") as answer:
            assert answer.read() == (followed / "bundle" / "phone.html").read_bytes()
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_the_apps_name_what_the_contract_names(followed: Path) -> None:
    contract = json.loads((followed / "artifact" / "contract.json").read_text())
    golden = {
        one["name"]: one for part in ("inputs", "outputs") for one in contract["golden"][part]
    }
    kotlin = (ROOT / "docs" / "phone" / "Digits.kt").read_text()
    swift = (ROOT / "docs" / "phone" / "Digits.swift").read_text()
    assert [one["name"] for one in contract["inputs"]] == ["X"]
    assert golden["X"]["shape"] == [18, 64]
    for program in (kotlin, swift):
        for name in ("label", "probabilities"):
            assert f'"{name}"' in program
            assert str(golden[name]["offset_bytes"]) in program
        assert str(contract["golden"]["rows"]) in program


STANDINS = {
    "OrtEnvironment": """public class OrtEnvironment {
        public static OrtEnvironment getEnvironment() { return null; }
        public OrtSession createSession(byte[] model, OrtSession.SessionOptions options)
            throws OrtException { return null; } }""",
    "OrtException": "public class OrtException extends Exception {}",
    "OnnxValue": "public interface OnnxValue { Object getValue() throws OrtException; }",
    "OnnxTensor": """public class OnnxTensor implements OnnxValue, AutoCloseable {
        public static OnnxTensor createTensor(OrtEnvironment e, java.nio.DoubleBuffer d, long[] s)
            throws OrtException { return null; }
        public Object getValue() throws OrtException { return null; }
        public void close() {} }""",
    "OrtSession": """public class OrtSession {
        public Result run(java.util.Map<String, OnnxTensor> in, java.util.Set<String> out)
            throws OrtException { return null; }
        public static class Result implements AutoCloseable {
            public java.util.Optional<OnnxValue> get(String name) { return null; }
            public void close() {} }
        public static class SessionOptions {
            public void setIntraOpNumThreads(int n) throws OrtException {}
            public void addConfigEntry(String key, String value) throws OrtException {} } }""",
}
"""What the program uses of ai.onnxruntime, with the signatures that its documentation gives."""


@pytest.mark.skipif(
    not (shutil.which("kotlinc") and shutil.which("javac")),
    reason="needs kotlinc and javac (Debian: kotlin, default-jdk-headless)",
)
def test_the_program_for_android_compiles(tmp_path: Path) -> None:
    package = tmp_path / "ai" / "onnxruntime"
    package.mkdir(parents=True)
    for name, text in STANDINS.items():
        (package / f"{name}.java").write_text(f"package ai.onnxruntime;\n{text}\n")
    sources = sorted(map(str, package.glob("*.java")))
    subprocess.run(["javac", "-d", str(tmp_path / "classes"), *sources], check=True)
    program = ROOT / "docs" / "phone" / "Digits.kt"
    done = subprocess.run(
        ["kotlinc", str(program), "-cp", str(tmp_path / "classes"), "-d", str(tmp_path / "out")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    errors = [line for line in done.stderr.splitlines() if ": error:" in line]
    assert done.returncode == 0, done.stderr
    assert errors == []
    assert list((tmp_path / "out").rglob("Digits.class"))
