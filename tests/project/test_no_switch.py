"""Nothing turns verification off: no flag, no variable of the environment, no value, no mode.

Each list here is the whole of what there is: what is added to the code has to be added to the
list, where somebody looks at it.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import convert
import edge_infer
import firmware_bundle
from edge_infer import trust
from edge_infer.commands import dispatch
from edge_infer.errors import EdgeInferError

ROOT = Path(__file__).parents[2]
ROOMS = ("edge_infer", "convert", "firmware_bundle")
FROZEN = ROOT / "tests" / "data" / "v1"

ENVIRONMENT = {
    # Set before the import; a release that was imported without it is refused.
    ("edge_infer/engines/onnxruntime.py", "ORT_DISABLE_TELEMETRY"),
    # Handed on to the user's own health check.
    ("firmware_bundle/slots/trial.py", None),
    # Handed on to the tool that copies, with its messages in English.
    ("firmware_bundle/delivery/push.py", None),
}

OF_EXAMPLES = {
    # The plain way that the demo compares with.
    ("examples/digits/naive.py", "ORT_DISABLE_TELEMETRY"),
    # Where recordings lie that are learned from.
    ("examples/router/commands/train.py", "EDGE_INFER_DATA"),
    # How systemd wants to be told that the camera lives.
    ("examples/camera/notify.py", "NOTIFY_SOCKET"),
    ("examples/camera/notify.py", "WATCHDOG_USEC"),
    # Set before the import: OpenCV then allots no memory for a picture bomb.
    ("examples/camera/__init__.py", "OPENCV_IO_MAX_IMAGE_PIXELS"),
    # How OpenCV hands options to FFmpeg while a camera is opened: one connection, no other.
    ("examples/camera/sources/grabbers.py", "OPENCV_FFMPEG_CAPTURE_OPTIONS"),
    # Which root a release goes into; what it holds is verified under the key pinned there.
    ("examples/fleet/mender_module.py", "EDGE_INFER_ROOT"),
    # The laboratory's tools and namespaces, which run no model.
    ("examples/router/lab/hosts.py", "PATH"),
    ("examples/router/lab/bounds.py", None),
}
"""The same, in the examples."""

SWITCHES = {"help", "json", "passphrase", "secret", "tar", "with_wheels", "later"}
"""Options without a value, of any command."""


def environment(path: Path) -> set[tuple[str, str | None]]:
    """Variables that a file reads or sets by name; None for the environment as a whole."""
    found: set[tuple[str, str | None]] = set()
    name = str(path.relative_to(ROOT))
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv"):
            found.add((name, None))
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        key = None
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            key = node.slice
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("os.environ.get", "os.getenv"):
            key = node.args[0]
        if isinstance(key, ast.Constant):
            found.discard((name, None))
            found.add((name, key.value))
    return found


def test_the_environment_is_read_only_where_this_list_says() -> None:
    found = {
        one for room in ROOMS for path in (ROOT / room).rglob("*.py") for one in environment(path)
    }
    assert found <= ENVIRONMENT


def test_the_examples_read_nothing_else() -> None:
    found = {one for path in (ROOT / "examples").rglob("*.py") for one in environment(path)}
    assert found <= OF_EXAMPLES


BAD = ("insecure", "verif", "unsafe", "skip", "ignore", "no-trust", "unsigned", "untrusted")


def test_no_option_of_an_example_is_a_switch_for_trust() -> None:
    options: set[str] = set()
    for path in (ROOT / "examples").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".add_argument"):
                words = [a.value for a in node.args if isinstance(a, ast.Constant)]
                options |= {word for word in words if str(word).startswith("--")}
    assert {"--trust", "--faces-trust"} <= options
    assert not [option for option in options for part in BAD if part in option]


def commands() -> dict[str, argparse.ArgumentParser]:
    parsers = {}
    for command in dispatch._find(""):
        parsers[command.name] = argparse.ArgumentParser(command.name)
        command.add_arguments(parsers[command.name])
    return parsers


def actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Of a parser and those under it."""
    found = []
    for action in parser._actions:
        found.append(action)
        if isinstance(action, argparse._SubParsersAction):
            found += [one for sub in action.choices.values() for one in actions(sub)]
    return found


def test_no_option_of_a_command_is_a_switch_for_trust() -> None:
    parsers = commands()
    assert {"verify", "predict", "convert", "sign", "inspect", "bundle", "trust"} <= parsers.keys()
    for name, parser in parsers.items():
        switches = {a.dest for a in actions(parser) if a.option_strings and a.nargs == 0}
        assert switches <= SWITCHES, name
        words = {option.strip("-") for a in actions(parser) for option in a.option_strings}
        bad = ("insecure", "verif", "unsafe", "skip", "allow", "ignore", "no-trust", "unsigned")
        assert not [word for word in words for part in bad if part in word], name


@pytest.mark.parametrize("name", ["convert", "bundle"])
def test_trust_has_no_default(name: str) -> None:
    (option,) = [a for a in actions(commands()[name]) if a.dest == "trust"]
    assert option.required
    assert option.default is None


FUNCTIONS = [
    edge_infer.load, trust.verify_tree, trust.verify_file, convert.convert, firmware_bundle.bundle,
]  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_no_parameter_of_a_verifier_is_a_boolean(function: Any) -> None:
    parameters = inspect.signature(function).parameters
    booleans = {p.name for p in parameters.values() if "bool" in str(p.annotation).split("[")[0]}
    booleans |= {p.name for p in parameters.values() if isinstance(p.default, bool)}
    assert booleans <= {"tar", "wheels"}
    words = ("verify", "check", "unsafe")
    assert not [name for name in parameters if any(word in name for word in words)]


NOTHING: list[Any] = [None, False, True, 0, 1, "", b"", [], (), {}, [None], [[]], object(), ...]


@pytest.mark.parametrize("value", NOTHING, ids=lambda value: type(value).__name__)
def test_no_value_of_trust_stands_for_no_verification(value: Any, tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04N.")
    signature = (FROZEN / "linear" / "model.sig").read_bytes()
    (tmp_path / "model.pkl.sig").write_bytes(signature)
    calls = [
        lambda: edge_infer.load(FROZEN / "linear", trust=value),
        lambda: trust.verify_tree(FROZEN / "linear", value),
        lambda: trust.verify_file(b"", signature, value, name="x"),
        lambda: convert.convert(
            tmp_path / "model.pkl", trust=value, samples=[[0.0]], out=tmp_path / "out",
            key=object(),
        ),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises((EdgeInferError, TypeError)):
            call()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("mode", [[], ["-O"], ["-OO"], ["-I"], ["-S", "-I"]], ids=" ".join)
def test_no_mode_of_python_leaves_a_check_out(mode: list[str], tmp_path: Path) -> None:
    """`-O` takes the assertions away, so none of them may be what refuses."""
    root = shutil.copytree(FROZEN / "linear", tmp_path / "linear")
    (root / "model.onnx").write_bytes(b"evil" + (root / "model.onnx").read_bytes()[4:])
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        f"from edge_infer.__main__ import main\n"
        f"sys.exit(main(['verify', {str(root)!r}, '--trust', {str(FROZEN / 'fleet.pub')!r}]))"
    )
    done = subprocess.run([sys.executable, *mode, "-c", program], capture_output=True, check=False)
    assert done.returncode == 3, done.stderr
    (root / "model.onnx").write_bytes((FROZEN / "linear" / "model.onnx").read_bytes())
    done = subprocess.run([sys.executable, *mode, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_variable_is_seen_by_this_test(tmp_path: Path) -> None:
    path = ROOT / "tests" / "project" / "test_no_switch.py"
    tree = 'import os\nif os.environ.get("EDGE_INFER_INSECURE"):\n    pass\nos.getenv(name)\n'
    probe = tmp_path / "probe.py"
    probe.write_text(tree)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[__name__], "ROOT", tmp_path)
        assert ("probe.py", "EDGE_INFER_INSECURE") in environment(probe)
    assert path.is_file()
