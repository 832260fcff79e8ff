"""A program around a model, for devices without Python: rows in, labels and scores out."""

from __future__ import annotations

import math
from string import Template
from typing import TYPE_CHECKING

import numpy as np

from convert.errors import NotExact
from convert.native.compilers import C_FLAGS, Compiler, find_compiler, run_compiler
from convert.native.expressions import C_TYPES
from convert.native.tables import RUNTIME
from edge_infer.errors import Unavailable
from edge_infer.selftest import read_golden

if TYPE_CHECKING:
    from convert.native.emission import Source
    from convert.native.ir import Model, Output, Program
    from convert.native.targets import Target
    from edge_infer.contract import Contract
    from edge_infer.contract import Output as Described

_FLAGS = ("-static", "-s", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections")
_PRINT = {
    "float64": 'printf("%.17g", {0})',
    "float32": 'printf("%.9g", (double){0})',
    "int64": 'printf("%lld", (long long){0})',
    "bool": 'printf("%d", {0})',
    "str": "fputs(edge_model_string({0}), stdout)",
}


def main_source(model: Model) -> str:
    """The C of the program: a function per verb, and a table of them."""
    served = [program for program in model.programs if program.verb != "refused"]
    return Template((RUNTIME / "main.c").read_text()).substitute(
        verbs="\n".join(_verb(program) for program in served),
        table=", ".join(f'{{"{p.verb}", run_{p.verb}}}' for p in served),
        names=" ".join(p.verb for p in served),
        features=model.features,
    )


def compile_executable(
    model: Model, source: Source, target: Target, *, compiler: Compiler | None = None
) -> bytes:
    """A static program for a target; it brings the compiler's libc along.

    Raises:
        Unavailable: there is no compiler, or it fails.
    """
    compiler = compiler or find_compiler(target)
    extra = {"main.c": main_source(model)}
    return run_compiler(compiler, source, [*C_FLAGS, *_FLAGS], [], extra=extra)


def check_executable(data: bytes, contract: Contract, golden: bytes) -> int:
    """Run the golden rows through the program's standard input; how many gave the same.

    Raises:
        NotExact: an answer differs.
        Unavailable: it cannot be run.
    """
    import subprocess
    import tempfile
    from pathlib import Path

    inputs, wanted = read_golden(contract, golden)
    (X,) = inputs.values()
    with tempfile.TemporaryDirectory(prefix="edge-infer-exe-") as directory:
        program = Path(directory, "program")
        program.write_bytes(data)
        program.chmod(0o700)
        for verb in dict.fromkeys(output.verb for output in contract.outputs):
            outputs = [output for output in contract.outputs if output.verb == verb]
            for arguments, rows in (
                ([], "\n".join(",".join(map(repr, row)) for row in X.tolist()).encode()),
                (["--raw"], X.astype("<f8").tobytes()),
            ):
                try:
                    ended = subprocess.run(  # noqa: S603 - what was compiled here
                        [program, *arguments, verb], input=rows, capture_output=True, check=True
                    )
                except (OSError, subprocess.CalledProcessError) as error:
                    raise Unavailable("the program cannot be run here", actual=error) from error
                _compare(contract, outputs, ended.stdout.decode(), wanted)
    return len(X)


def _compare(
    contract: Contract, outputs: list[Described], text: str, wanted: dict[str, np.ndarray]
) -> None:
    rows = [line.split(",") for line in text.splitlines()]
    start = 0
    for output in outputs:
        width = math.prod(length or 0 for length in output.shape[1:])
        want = wanted[output.name].reshape(len(rows), -1)
        got = np.array([row[start : start + width] for row in rows])
        start += width
        if output.dtype == "str":
            same = got == want
        else:
            numbers = got.astype(np.float64)
            tolerance = 0.0 if output.kind == "label" else contract.certificate.relative_tolerance
            bound = tolerance * np.maximum(np.abs(want), output.scale)
            same = (numbers == want) | (np.abs(numbers - want) <= bound)
        if not np.asarray(same).all():
            raise NotExact(
                f"the program's {output.verb} differs from a golden vector",
                expected=want.tolist()[:3],
                actual=got.tolist()[:3],
            )


def _verb(program: Program) -> str:
    lines = [f"static int run_{program.verb}(void)", "{"]
    arguments = ""
    for i, output in enumerate(program.outputs):
        lines.append(f"    static {_c_type(output)} out_{i}[{output.width}];")
        arguments += f" out_{i}, {output.width},"
    lines += [
        "    size_t i;",
        f"    const int status = edge_model_{program.verb}(row, EDGE_MODEL_FEATURES,{arguments}",
        "        workspace, sizeof workspace);",
        "    if (status != EDGE_MODEL_OK)",
        "        return status;",
    ]
    for i, output in enumerate(program.outputs):
        comma = "if (i) putchar(',');" if i == 0 else "putchar(',');"
        show = _PRINT[output.dtype].format(f"out_{i}[i]")
        lines += [f"    for (i = 0; i < {output.width}; i++) {{", f"        {comma}"]
        lines += [f"        {show};", "    }"]
    lines += ["    putchar('\\n');", "    return EDGE_MODEL_OK;", "}", ""]
    return "\n".join(lines)


def _c_type(output: Output) -> str:
    return C_TYPES["int64" if output.dtype == "str" else output.dtype]
