"""From a verified artifact to an object that the kernel loads: verify, translate, compile."""

from __future__ import annotations

import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

import edge_infer
from edge_infer import BadInput, Unavailable
from examples.router.xdp.fields import FIELDS
from examples.router.xdp.tree import decide, read_trees, to_c

PROGRAM = Path(__file__).with_name("program.bpf.c")
WARNINGS = ("-Wall", "-Wextra", "-Werror")
SECONDS = 60


def build(artifact: Path, trust: Path, out: Path) -> Path:
    """Write `tree.h` and `router.bpf.o` into `out`; return the object.

    Raises:
        Untrusted, Incompatible: the artifact's signature or contract does not hold.
        BadInput: it is no binary tree on the fields of one packet.
        Unavailable: clang or libbpf's headers are missing, or the compiler fails.
    """
    with tempfile.TemporaryDirectory(prefix="router-xdp-") as name:
        # A private copy, so that the graph that is read is the one that was verified.
        copy = Path(shutil.copytree(artifact, Path(name) / "artifact"))
        model = edge_infer.load(copy, trust=trust)  # verified and self-tested, or an error
        classes = [] if model.classes is None else [int(one) for one in model.classes]
        width = model.inputs[0].shape[-1]
        if classes != [0, 1] or width != len(FIELDS):
            raise BadInput(
                f"{artifact}: not a model of single packets",
                expected=f"classes [0, 1] on {len(FIELDS)} fields",
                actual=f"classes {classes} on {width}",
                hint="python -m examples.router.xdp train",
            )
        decision = decide(read_trees(copy / "model.onnx"))
    out.mkdir(parents=True, exist_ok=True)
    (out / "tree.h").write_text(to_c(decision, classes.index(1)), "ascii")
    return compile_object(out)


def compile_object(out: Path) -> Path:
    """Compile the program around `out/tree.h`.

    Raises:
        Unavailable: clang or libbpf's headers are missing, or the compiler fails.
    """
    clang = shutil.which("clang")
    if clang is None:
        raise Unavailable("clang is not installed", hint="apt install clang libbpf-dev")
    made = out / "router.bpf.o"
    headers = f"-I/usr/include/{platform.machine()}-linux-gnu"
    argv = [clang, "-O2", "-g", "-target", "bpf", *WARNINGS, headers, f"-I{out}"]
    done = subprocess.run(
        [*argv, "-c", str(PROGRAM), "-o", str(made)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise Unavailable(
            f"clang failed: {done.stderr.strip()[-800:]}", hint="apt install clang libbpf-dev"
        )
    return made
