"""What the kernel is asked to take from the child before it unpickles; all of it one way.

Each layer is tried by itself, for none is everywhere: a container may forbid namespaces, an old
kernel lacks Landlock. What held is reported, and a conversion goes on where nothing held: the
signature is the boundary, this limits what a dishonest trainer's pickle could do behind it.

Linux alone, by its C library: the well-kept binding of libseccomp needs that library on the
machine, and the filter is thirty lines.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

NO_NETWORK, NO_RIGHTS = "network namespace without interfaces", "user namespace without rights"
READ_ONLY, NO_CALLS = "Landlock: files read-only", "seccomp: no sockets, processes or tracing"
LAYERS = (NO_NETWORK, NO_RIGHTS, READ_ONLY, NO_CALLS)

_CLONE_NEWNET, _CLONE_NEWIPC, _CLONE_NEWUSER = 0x40000000, 0x08000000, 0x10000000
_PR_SET_PDEATHSIG, _SIGKILL = 1, 9
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _SECCOMP_FILTER = 22, 38, 2
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446
# linux/landlock.h: execute, write, remove and make of every kind; then, by ABI, refer, truncate.
_ACCESS_FILES = {1: 0b1_1111_1111_0011, 2: 1 << 13, 3: 1 << 14}
_ACCESS_NETWORK = {4: 0b11}

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_CLONE_THREAD = 0x00010000
_X32 = 0x40000000

_CLONE3 = 435
_SAME_EVERYWHERE = (424, 425, 426, 427, 434, 438)
"""pidfd_send_signal, io_uring_setup, _enter, _register, pidfd_open, pidfd_getfd."""

# AUDIT_ARCH, clone, and what is refused: socket, socketpair, bind, listen, accept, accept4,
# connect, sendto, kill, execve, execveat, ptrace, mount, umount2, setns, unshare,
# process_vm_readv, process_vm_writev, bpf, userfaultfd, perf_event_open, keyctl, add_key,
# request_key, kexec_load, init_module, finit_module, open_by_handle_at, and on x86 fork, vfork.
_CALLS: dict[str, tuple[int, int, tuple[int, ...]]] = {
    "x86_64": (
        0xC000003E,
        56,
        (
            *(41, 53, 49, 50, 43, 288, 42, 44, 62, 59, 322, 101, 165, 166, 308, 272, 310, 311),
            *(321, 323, 298, 250, 248, 249, 246, 175, 313, 304, 57, 58),
        ),
    ),
    "aarch64": (
        0xC00000B7,
        220,
        (
            *(198, 199, 200, 201, 202, 242, 203, 206, 129, 221, 281, 117, 40, 39, 268, 97, 270),
            *(271, 280, 282, 241, 219, 217, 218, 104, 105, 273, 265),
        ),
    ),
}


def end_with_parent(pipe: int) -> None:
    """Have the kernel kill this process when the one that started it ends, however that ends.

    `pipe` is a pipe that the parent alone reads: where nobody does any more, it ended before.
    Elsewhere than on Linux the next report into that pipe fails.
    """
    if sys.platform != "linux":
        return
    import os
    import select

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    poll = select.poll()
    poll.register(pipe, 0)
    if any(events & select.POLLERR for _, events in poll.poll(0)):
        os._exit(1)


def confine() -> tuple[str, ...]:
    """Give up what unpickling does not need, and say which layers held, in the order of LAYERS.

    To be called before any thread is started.
    """
    if sys.platform != "linux":
        return ()
    libc = ctypes.CDLL(None, use_errno=True)
    steps: tuple[tuple[str, Callable[[Any], bool]], ...] = (
        (NO_NETWORK, _leave_network),
        (NO_RIGHTS, _give_up_rights),
        (READ_ONLY, _restrict_files),
        (NO_CALLS, _filter_calls),
    )
    return tuple(name for name, step in steps if step(libc))


def _leave_network(libc: Any) -> bool:
    """A network namespace of its own; without rights of root only together with a user's."""
    of_its_own = _CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC
    return bool(libc.unshare(of_its_own) == 0 or libc.unshare(_CLONE_NEWNET) == 0)


def _give_up_rights(libc: Any) -> bool:
    """Whether this process is nobody's in a user namespace without a map, nor can become more."""
    import os

    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    try:
        with open("/proc/self/uid_map", encoding="ascii") as file:  # noqa: PTH123
            return not file.read().strip() and os.getuid() == 65534
    except OSError:
        return False


def _restrict_files(libc: Any) -> bool:
    """Landlock: nothing may be written, made, removed or executed, and no TCP port be used."""
    libc.syscall.restype = ctypes.c_long
    abi = libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint(1))
    if abi < 1:
        return False
    rules = ctypes.create_string_buffer(
        struct.pack(
            "=QQ",
            sum(bits for least, bits in _ACCESS_FILES.items() if abi >= least),
            sum(bits for least, bits in _ACCESS_NETWORK.items() if abi >= least),
        ),
        16,
    )
    size = ctypes.c_size_t(16 if abi >= 4 else 8)
    rules_fd = libc.syscall(_LANDLOCK_CREATE, rules, size, ctypes.c_uint(0))
    if rules_fd < 0:
        return False
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return bool(libc.syscall(_LANDLOCK_RESTRICT, ctypes.c_int(rules_fd), ctypes.c_uint(0)) == 0)


def _filter_calls(libc: Any) -> bool:
    """A seccomp filter; unknown machines go without."""
    known = _CALLS.get(platform.machine())
    if known is None or struct.calcsize("P") != 8:
        return False
    program = _program(*known)
    code = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return bool(
        libc.prctl(_PR_SET_SECCOMP, _SECCOMP_FILTER, ctypes.create_string_buffer(head), 0, 0) == 0
    )


def _program(architecture: int, clone: int, refused: tuple[int, ...]) -> bytes:
    """Classic BPF over `struct seccomp_data`: each test is followed by its own verdict."""

    def step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("=HBBI", code, yes, no, value)

    def give(code: int, value: int, verdict: int) -> bytes:
        return step(code, value, 0, 1) + step(_RETURN, verdict)

    refuse, lacking = _ERRNO | _EPERM, _ERRNO | _ENOSYS
    program = step(_LOAD, _ARCHITECTURE)
    program += step(_EQUAL, architecture, 1, 0) + step(_RETURN, _KILL)
    program += step(_LOAD, _NUMBER) + give(_AT_LEAST, _X32, refuse)
    for number in (*refused, *_SAME_EVERYWHERE):
        program += give(_EQUAL, number, refuse)
    # The C library asks again by clone, whose flags can be read here: threads, no processes.
    program += give(_EQUAL, _CLONE3, lacking)
    program += step(_EQUAL, clone, 1, 0) + step(_RETURN, _ALLOW)
    program += step(_LOAD, _FIRST_ARGUMENT) + give(_ANY_BIT, _CLONE_THREAD, _ALLOW)
    return program + step(_RETURN, refuse)
