"""What the kernel takes from the child: tried from within, layer by layer."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from convert.progress import quiet
from convert.unpickle import confinement, wire
from convert.unpickle.confinement import LAYERS, NO_CALLS, NO_NETWORK, NO_RIGHTS, READ_ONLY
from convert.unpickle.parent import CHILD, Limits, _Conversation

if TYPE_CHECKING:
    from pathlib import Path

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the layers are Linux's")

TRIES = {
    "socket": "socket.socket()",
    "unix socket": "socket.socket(socket.AF_UNIX)",
    "pair": "socket.socketpair()",
    "fork": "os._exit(0) if os.fork() == 0 else None",
    "exec": "os.execv('/bin/true', ['true'])",
    "spawn": "os.posix_spawn('/bin/true', ['true'], {})",
    "shell": "1 / 0 if os.system('true') else None",
    "kill": "os.kill(os.getppid(), 0)",
    "write": "open('new', 'w')",
    "overwrite": "open('there', 'w')",
    "remove": "os.remove('there')",
    "folder": "os.mkdir('folder')",
    "link": "os.symlink('there', 'link')",
    "rename": "os.rename('there', 'elsewhere')",
    "namespace": "1 / 0 if libc.unshare(0x10000000) else None",
    "trace": "1 / 0 if libc.ptrace(0, 0, 0, 0) else None",
    "mount": "1 / 0 if libc.mount(b'none', b'/', b'tmpfs', 0, None) else None",
    "io_uring": "1 / 0 if libc.syscall(425, 1, ctypes.create_string_buffer(256)) < 0 else None",
}
NEEDED = {
    "read": "open('there').read()",
    "thread": "(t := threading.Thread(target=int), t.start(), t.join())",
    "memory": "len(bytes(1 << 20))",
    "numpy": "__import__('numpy').ones((300, 300)) @ __import__('numpy').ones((300, 300))",
}


def confined(folder: Path, code: str) -> dict[str, str]:
    program = (
        f"import ctypes, json, os, socket, sys, threading\n"
        f"sys.path.insert(0, {str(CHILD.parents[2])!r})\n"
        f"from convert.unpickle import confinement\nlibc = ctypes.CDLL(None)\n{code}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


TRY = """
held = confinement.confine()
found = {"held": held}
for name, code in %r.items():
    try:
        eval(code)
        found[name] = "worked"
    except BaseException as error:
        found[name] = type(error).__name__
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("confined")
    (folder / "there").write_text("kept")
    found = confined(folder, TRY % (TRIES | NEEDED))
    assert (folder / "there").read_text() == "kept" or READ_ONLY not in found["held"]
    return found


@LINUX
@pytest.mark.parametrize("name", TRIES)
def test_the_confined_process_cannot(tried: dict[str, str], name: str) -> None:
    """Each is refused by its layer; where a kernel lacks the layer, that is what is reported."""
    files = {"write", "overwrite", "remove", "folder", "link", "rename"}
    layer = READ_ONLY if name in files else NO_CALLS
    assert (tried[name] != "worked") or layer not in tried["held"]


@LINUX
@pytest.mark.parametrize("name", NEEDED)
def test_the_confined_process_still_can(tried: dict[str, str], name: str) -> None:
    assert tried[name] == "worked"


@LINUX
def test_what_is_reported_is_what_holds(tried: dict[str, str]) -> None:
    held = tried["held"]
    assert [layer for layer in LAYERS if layer in held] == list(held)
    assert (tried["write"] != "worked") == (READ_ONLY in held)
    assert (tried["socket"] != "worked") == (NO_CALLS in held)


@LINUX
def test_the_network_namespace_has_no_way_out(tmp_path: Path) -> None:
    """Shown without the filter, which would refuse the socket itself."""
    code = (
        "held = confinement._leave_network(libc)\n"
        "names = [name for _, name in socket.if_nameindex()]\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "print(json.dumps({'held': held, 'names': names, 'code': s.connect_ex(('192.0.2.1', 9))}))"
    )
    found = confined(tmp_path, code)
    assert not found["held"] or (found["names"] == ["lo"] and found["code"] != 0)


def test_a_kernel_without_any_layer_is_reported_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lacking:
        """A C library on which every call fails."""

        def __getattr__(self, name: str) -> object:
            return Failing()

    class Failing:
        restype: object = None

        def __call__(self, *arguments: object) -> int:
            return -1

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(confinement.ctypes, "CDLL", lambda *_a, **_k: Lacking())
    assert NO_NETWORK not in confinement.confine()
    assert NO_CALLS not in confinement.confine()
    assert READ_ONLY not in confinement.confine()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert confinement.confine() == ()


def test_an_unknown_machine_goes_without_the_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert not confinement._filter_calls(None)


@pytest.mark.parametrize("machine", confinement._CALLS)
def test_the_filter_names_each_call_once_and_fits_the_kernels_bound(machine: str) -> None:
    architecture, clone, refused = confinement._CALLS[machine]
    numbers = [*refused, *confinement._SAME_EVERYWHERE, clone, confinement._CLONE3]
    assert len(set(numbers)) == len(numbers)
    program = confinement._program(architecture, clone, refused)
    assert len(program) % 8 == 0
    assert len(program) // 8 < 4096


def test_the_layers_have_names_of_their_own() -> None:
    assert len({NO_NETWORK, NO_RIGHTS, READ_ONLY, NO_CALLS}) == len(LAYERS) == 4


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ([[NO_CALLS], [NO_RIGHTS, READ_ONLY]], (NO_CALLS,)),
        ([[], list(LAYERS)], ()),
        ([["a sandbox", NO_CALLS, 1]], (NO_CALLS,)),
        (["all of it"], ()),
    ],
)
def test_the_child_is_believed_once_and_only_known_words(
    said: list[object], held: tuple[str, ...]
) -> None:
    """After its first word the pickle may be the one that speaks."""
    conversation = _Conversation(None, 0, Limits(), quiet)  # type: ignore[arg-type]
    for one in said:
        conversation.handle(wire.HELD, json.dumps(one).encode())
    assert conversation.held == held
