"""What reads bytes that anybody may have written: each ends in a value or in a refusal of ours.

A target is a function of the bytes and a few honest files to begin with. It takes no second of
processor time and no 256 MB, or it has failed.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_SECONDS = 1.0
MOST_MEBIBYTES = 256
MOST_BYTES = 64 << 10


@dataclass(frozen=True)
class Target:
    """One reader, and files of the kind that it is meant for."""

    read: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]


def run(target: Target, data: bytes) -> bool:
    """Whether `data` was read; a refusal is an answer too, anything else is a failure."""
    from edge_infer.errors import EdgeInferError

    start = time.thread_time()
    try:
        target.read(data)
        accepted = True
    except EdgeInferError as error:
        str(error).encode("utf-8")
        accepted = False
    took = time.thread_time() - start
    if took > MOST_SECONDS:
        raise TimeoutError(f"{took:.2f} s of processor time")
    return accepted


def read_bundle(data: bytes) -> None:
    from firmware_bundle.manifest import read_manifest, write_manifest

    read_manifest(write_manifest(read_manifest(data)))


def read_signature(data: bytes) -> None:
    from edge_infer.trust.envelope import parse_envelope, write_envelope

    envelope = parse_envelope(data)
    assert parse_envelope(write_envelope(envelope)) == envelope


def read_statement(data: bytes) -> None:
    from edge_infer.trust.statement import parse_statement, write_statement

    statement = parse_statement(data)
    assert parse_statement(write_statement(statement)) == statement


def read_trust_file(data: bytes) -> None:
    from edge_infer.trust.trust_file import parse_trust_file, write_trust_file

    file = parse_trust_file(data, what="the file")
    assert parse_trust_file(write_trust_file(file), what="the file") == file


def read_pickle(data: bytes) -> None:
    from convert.unpickle.audit import audit
    from convert.unpickle.compression import MIB, Bounds, decompress

    audit(decompress(data, bounds=Bounds(floor_bytes=8 * MIB)))


def read_onnx(data: bytes) -> None:
    from edge_infer.engines.onnx_check import check_onnx

    check_onnx(data)


def read_picture(data: bytes) -> None:
    from edge_infer.contract import Image
    from edge_infer.images import read_image

    image = Image("X", "L", 8, 8, 0.0, 16.0, False, "bilinear")
    row = read_image(data, image)
    assert row.shape[-1] == 64
    assert (row >= 0).all()
    assert (row <= 16).all()


def read_capture(data: bytes) -> None:
    examples_on_path()
    from examples.router.compiled import built
    from examples.router.compiled.table import CompiledTable
    from examples.router.flows import FlowTable
    from examples.router.packets.files import read_open_file

    table = FlowTable(capacity=64, hosts=16)
    file = io.BufferedReader(io.BytesIO(data))
    frames = list(read_open_file(file, "the file", table.problems))
    for frame in frames:
        table.add(frame)
    table.end()
    library = built()
    if library is not None:
        compiled = CompiledTable(library, capacity=64, hosts=16)
        for frame in frames:
            compiled.add(frame)
        compiled.end()
        assert compiled.counters == table.counters
        for one, other in zip(table.due, compiled.due, strict=True):
            assert one.flow.key == other.flow.key
            assert tuple(one.row) == tuple(other.row)
            assert one.opening == other.opening
    counters = table.counters
    assert counters.packets == counters.unread + counters.link_control + counters.errors + sum(
        due.flow.packets for due in table.due if due.ended
    )
    assert all(value == value for due in table.due for value in due.row)


def read_npy(data: bytes) -> None:
    from edge_infer.commands.rows_file import _parse_npy

    assert _parse_npy(data, "X.npy").nbytes <= len(data)


def read_contract(data: bytes) -> None:
    from edge_infer.contract import read_contract, write_contract
    from edge_infer.contract.detector import read_detector

    if b'"features"' in data:
        read_detector(data, [f"faces-{hashlib.sha256(data).hexdigest()}"])
        return
    contract = read_contract(data)
    assert read_contract(write_contract(contract)) == contract


def examples_on_path() -> None:
    """The examples are no installed package."""
    import sys
    from pathlib import Path

    root = str(Path(__file__).parents[2])
    if root not in sys.path:
        sys.path.append(root)


def bundle_seeds() -> list[bytes]:
    import inspect

    from firmware_bundle.manifest import Manifest, write_manifest

    values = {"int": 1, "str": "generic"}
    fields = inspect.signature(Manifest).parameters.values()
    required = {f.name: values[f.annotation] for f in fields if f.annotation in values}
    return [write_manifest(Manifest(**required))]


def statement_seeds() -> list[bytes]:
    from edge_infer.trust.statement import Statement, write_statement

    files = [{"a/b": "0" * 64, "c": "1" * 64}, {".": "0" * 64}]
    return [write_statement(Statement.of("m", digests)) for digests in files]


def signature_seeds() -> list[bytes]:
    from edge_infer.trust.envelope import Envelope, write_envelope

    payloads = statement_seeds()
    return [write_envelope(Envelope(one, (b"x" * 70,), "0" * 64)) for one in payloads]


def trust_seeds() -> list[bytes]:
    from edge_infer.trust import PublicKey, editing
    from edge_infer.trust.p256 import G
    from edge_infer.trust.trust_file import write_trust_file

    file = editing.add_key(editing.EMPTY, PublicKey(*G), name="a", roles=("publisher",))
    secret = "HMAC-SHA256:" + "0" * 64
    return [write_trust_file(editing.add_secret(file, secret, name="s", roles=("trainer",)))]


def pickle_seeds() -> list[bytes]:
    import joblib
    import numpy as np
    from sklearn.preprocessing import StandardScaler

    value = [StandardScaler().fit([[0.0, 1.0], [1.0, 3.0]]), np.array(["a", None], dtype=object)]
    out = io.BytesIO()
    joblib.dump(value, out)
    plain = [out.getvalue(), pickle.dumps(value), pickle.dumps(value, 3), pickle.dumps((1, "a"), 4)]
    return [*plain, gzip.compress(plain[0])]


def npy_seeds() -> list[bytes]:
    import numpy as np

    found = []
    for array in (np.eye(3), np.array([["a", "bc"]]), np.asfortranarray(np.ones((2, 3), ">f4"))):
        out = io.BytesIO()
        np.save(out, array)
        found.append(out.getvalue())
    return found


def contract_seeds() -> list[bytes]:
    from pathlib import Path

    data = Path("tests/data")
    paths = [*data.glob("v*/*/contract.json"), *data.glob("detectors/*.json")]
    return [path.read_bytes() for path in paths]


def onnx_seeds() -> list[bytes]:
    from pathlib import Path

    return [path.read_bytes() for path in Path("tests/data").glob("v*/linear/model.onnx")]


def picture_seeds() -> list[bytes]:
    from PIL import Image

    found = []
    for form in ("PNG", "JPEG", "BMP", "GIF", "TIFF", "PPM", "WEBP"):
        for mode in ("L", "RGB"):
            out = io.BytesIO()
            Image.new(mode, (5, 4), 100).save(out, form)
            found.append(out.getvalue())
    return found


def capture_seeds() -> list[bytes]:
    import struct
    import tempfile
    from pathlib import Path
    from random import Random

    examples_on_path()
    from examples.router.synthetic.attacks import dns_tunnel, guessing, udp_scan
    from examples.router.synthetic.benign import chatter, discovery
    from examples.router.synthetic.scene import Scene
    from examples.router.synthetic.wire import Wire

    found = []
    for number, play in enumerate((dns_tunnel, guessing, udp_scan, chatter, discovery)):
        wire = Wire(Random(number))
        play(Scene(wire, wire.random), 1_700_000_000.0)
        wire.frames = wire.frames[:40]
        with tempfile.TemporaryDirectory() as folder:
            wire.write(Path(folder) / "x")
            found.append((Path(folder) / "x").read_bytes())
    section = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    interface = struct.pack("<IIHHII", 1, 20, 1, 0, 0, 20)
    frame = wire.frames[0][1][:60]
    block = (
        struct.pack("<IIIIIII", 6, 92, 0, 1, 2, 60, 60) + frame.ljust(60) + struct.pack("<I", 92)
    )
    return [*found, section + interface + block, gzip.compress(found[0])]


TARGETS = {
    "bundle": Target(read_bundle, bundle_seeds),
    "signature": Target(read_signature, signature_seeds),
    "statement": Target(read_statement, statement_seeds),
    "trust": Target(read_trust_file, trust_seeds),
    "pickle": Target(read_pickle, pickle_seeds),
    "onnx": Target(read_onnx, onnx_seeds),
    "picture": Target(read_picture, picture_seeds),
    "capture": Target(read_capture, capture_seeds),
    "contract": Target(read_contract, contract_seeds),
    "npy": Target(read_npy, npy_seeds),
}
