"""What trust costs: one signature by each verifier, from a cold start too, and a small tree.

python benchmarks/trust.py
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer.trust import p256, verify_tree
from edge_infer.trust.envelope import pae, parse_envelope
from edge_infer.trust.keygen import generate
from edge_infer.trust.keys import parse_public_key
from edge_infer.trust.signing import sign_tree

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = {f"part{i // 10}/file{i:02}.bin": os.urandom(4096) for i in range(40)}

COLD = """
import time
from edge_infer.trust import p256
start = time.thread_time()
assert p256.{verifier}({point}, bytes.fromhex({message!r}), bytes.fromhex({signature!r}))
print(time.thread_time() - start)
"""


def median_ms(call: Callable[[], object], times: int) -> float:
    """Of the thread's own time: nothing here waits, and the machine may be busy."""
    seconds = []
    for _ in range(times):
        start = time.thread_time()
        call()
        seconds.append(time.thread_time() - start)
    return 1000 * statistics.median(seconds)


def cold_ms(verifier: str, *arguments: object, times: int = 11) -> float:
    """The first verification of a new process, imports that it causes included."""
    point, message, signature = arguments
    assert isinstance(message, bytes)
    assert isinstance(signature, bytes)
    program = COLD.format(
        verifier=verifier, point=point, message=message.hex(), signature=signature.hex()
    )
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout
        for _ in range(times)
    ]
    return 1000 * statistics.median(float(run) for run in runs)


LARGE_BYTES = 100 << 20
LARGE_FILES = 8
VERIFY = """
import sys, time
from edge_infer.trust import verify_tree
# Not getrusage: across fork and exec it keeps the peak of the parent.
peak = lambda: int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])
before = peak()
start = time.perf_counter()
verify_tree({root!r}, {pub!r}, keep=lambda name: False)
took = time.perf_counter() - start
print(took, peak() - before)
"""


def large_bundle(folder: Path, key: Path, pub: Path) -> None:
    """Verify 100 MB, signature included, beside `sha256sum` over the same files."""
    root = folder / "large"
    root.mkdir()
    files = {f"part{i}.bin": os.urandom(LARGE_BYTES // LARGE_FILES) for i in range(LARGE_FILES)}
    for name, data in files.items():
        (root / name).write_bytes(data)
    (root / "model.sig").write_bytes(sign_tree(files, key=key, name="large"))
    paths = [root / name for name in files]
    ours, theirs, grown = [], [], 0.0
    for _ in range(7):
        start = time.perf_counter()
        subprocess.run(["sha256sum", *paths], capture_output=True, check=True)
        theirs.append(time.perf_counter() - start)
        program = VERIFY.format(root=str(root), pub=str(pub))
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
        took, kib = map(float, done.stdout.split())
        ours.append(took)
        grown = max(grown, kib / 1024)
    best, bare = min(ours), min(theirs)
    print(f"\n100 MB in {LARGE_FILES} files: verified in {best * 1000:.0f} ms, ", end="")
    print(f"sha256sum {bare * 1000:.0f} ms: {best / bare:.2f} times; memory grew by {grown:.1f} MB")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        key, pub = generate(Path(folder) / "fleet")
        root = Path(folder) / "tree"
        for name, data in FILES.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
        (root / "model.sig").write_bytes(sign_tree(FILES, key=key, name="tree"))
        envelope = parse_envelope((root / "model.sig").read_bytes())
        public = parse_public_key(pub.read_bytes())
        signed = (public.x, public.y), pae(envelope.payload), envelope.signatures[0]

        print(f"{platform.machine()}, Python {platform.python_version()}, ms of processor time\n")
        print(f"{'':32}{'warm':>8}{'cold':>8}")
        for verifier in ("verify_by_own_arithmetic", "verify_by_cryptography"):
            call = getattr(p256, verifier)
            warm, cold = median_ms(lambda call=call: call(*signed), 200), cold_ms(verifier, *signed)
            print(f"{verifier:32}{warm:8.2f}{cold:8.2f}")
        tree = median_ms(lambda: verify_tree(root, pub), 50)
        p256.verify = p256.verify_by_own_arithmetic
        own = median_ms(lambda: verify_tree(root, pub), 50)
        print(f"\n{'verify_tree, 40 files of 4 KiB':32}{own:8.2f}  by our own arithmetic")
        print(f"{'':32}{tree:8.2f}  by cryptography, already imported")
        large_bundle(Path(folder), key, pub)


if __name__ == "__main__":
    main()
