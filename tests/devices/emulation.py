"""Machines that are not there: Debian's own packages under qemu's user emulation.

Mirror and release are those of this machine's apt configuration. What is made is kept in
`.devices/`, so a second run starts at once.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PLACE = Path(__file__).parents[2] / ".devices"

CPU = """\
processor\t: {0}
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd08
CPU revision\t: 3

"""
"""A Cortex-A72: onnxruntime reads this file of the machine below otherwise, and crashes."""


@dataclass(frozen=True)
class Kind:
    """A kind of machine, as Debian, qemu and this project call it."""

    debian: str
    machine: str
    """What `uname -m` says there."""
    emulator: str
    processor: str
    """For `QEMU_CPU`."""
    release: str | None = None
    """The first Debian that has it, where this machine's may not."""
    include: str = "python3"


KINDS = {
    kind.debian: kind
    for kind in (
        Kind("arm64", "aarch64", "qemu-aarch64-static", "cortex-a72",
             include="python3,libstdc++6"),
        Kind("armhf", "armv7l", "qemu-arm-static", "cortex-a7"),
        Kind("mipsel", "mips", "qemu-mipsel-static", "24Kf"),
        Kind("riscv64", "riscv64", "qemu-riscv64-static", "rv64", release="trixie"),
    )
}  # fmt: skip


class NotHere(Exception):
    """What this machine lacks for the emulation; its text goes into the report."""


@dataclass(frozen=True)
class Machine:
    """An emulated machine."""

    kind: Kind
    root: Path
    python: Path
    version: tuple[int, int]
    release: str
    """Debian's name of what is installed there."""

    def run(
        self, *words: object, cwd: Path, site: Path | None = None, trace: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run its Python without a network and with nothing of this machine's Python.

        The system calls that the emulated program makes go to the file `trace`.
        """
        environment = {
            "PATH": os.defpath,
            "HOME": str(cwd),
            "QEMU_LD_PREFIX": str(self.root),
            "QEMU_CPU": self.kind.processor,
            "PYTHONDONTWRITEBYTECODE": "1",
            "ORT_DISABLE_TELEMETRY": "1",
            **({"PYTHONPATH": str(site)} if site is not None else {}),
            **({"QEMU_STRACE": "1", "QEMU_LOG_FILENAME": str(trace)} if trace else {}),
        }
        return subprocess.run(
            [*cut_network(), emulator(self.kind.emulator), str(self.python), *map(str, words)],
            cwd=cwd, env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip


def cut_network() -> list[str]:
    """What stands before a command so that it has no network.

    Raises:
        NotHere: neither root nor a user namespace is to be had.
    """
    for options in ("-n", "-rn"):
        command = ["unshare", options]
        done = subprocess.run([*command, "true"], capture_output=True, check=False)
        if done.returncode == 0:
            return command
    raise NotHere("the network cannot be cut: neither root nor user namespaces")


def machine(kind: Kind) -> Machine:
    """The machine, made where it is not there yet.

    Raises:
        NotHere: this is no Debian, a tool is missing, or the mirror does not answer.
    """
    emulator(kind.emulator)
    root = PLACE / kind.debian
    made = root / "made"
    if not made.exists():
        shutil.rmtree(root, ignore_errors=True)
        release = make_root(kind, root)
        (root / "proc").mkdir(exist_ok=True)
        if kind.debian == "arm64":
            (root / "proc" / "cpuinfo").write_text("".join(CPU.format(n) for n in range(2)))
        for name in ("bin", "lib", "sbin"):
            if not (root / name).exists():  # newer packages know /usr alone
                (root / name).symlink_to(f"usr/{name}")
        made.write_text(release)
    python = next(iter(sorted((root / "usr" / "bin").glob("python3.[0-9]*"))), None)
    if python is None:
        raise NotHere("the emulated system has no Python")
    version = (3, int(python.name.partition(".")[2]))
    return Machine(kind, root, python, version, made.read_text())


def emulator(name: str) -> str:
    """Where the emulator is: Debian's package, or the one file of it, which needs no root.

    Raises:
        NotHere: neither can be had.
    """
    found = shutil.which(name)
    if found is not None:
        return found
    unpacked = PLACE / "qemu"
    kept = unpacked / "usr" / "bin" / name
    if not kept.exists():
        _tool("apt-get")
        unpacked.mkdir(parents=True, exist_ok=True)
        _try(["apt-get", "download", "-qq", "qemu-user-static"], cwd=PLACE)
        package = next(iter(PLACE.glob("qemu-user-static_*.deb")), None)
        if package is None:
            raise NotHere("qemu-user-static cannot be downloaded")
        _try(["dpkg-deb", "-x", str(package), str(unpacked)], cwd=PLACE)
        package.unlink()
    return str(kept)


def make_root(kind: Kind, root: Path) -> str:
    """Unpack `kind.include` and what it needs; returns the release.

    Raises:
        NotHere: this is no Debian, a tool is missing, or the mirror does not answer.
    """
    _tool("mmdebstrap")
    mirror, release = _debian()
    release = kind.release or release
    command = [
        "mmdebstrap", "--quiet", f"--arch={kind.debian}", "--variant=extract",
        f"--include={kind.include}", release, str(root), f"deb {mirror} {release} main",
    ]  # fmt: skip
    if os.geteuid() != 0:
        command.insert(1, "--mode=unshare")
    root.parent.mkdir(exist_ok=True)
    _try(command, cwd=root.parent)
    return release


def _debian() -> tuple[str, str]:
    """The mirror and the release that this machine's apt uses."""
    _tool("apt-get")
    listed = _try(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(ORIGIN) $(COMPONENT)"],
        cwd=Path("/"),
    )
    for line in listed.splitlines():
        words = line.split()
        if len(words) == 4 and words[2:] == ["Debian", "main"] and "-" not in words[1]:
            return words[0], words[1]
    raise NotHere("apt knows no Debian mirror: run apt-get update")


def _tool(name: str) -> None:
    if shutil.which(name) is None:
        raise NotHere(f"{name} is not installed (packages.debian names what is needed)")


def _try(command: list[str], *, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotHere(f"{command[0]} failed: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


def install_wheels(bundle: Path, site: Path, target_tags: tuple[str, ...], python: str) -> None:
    """Install a bundle's wheels as its README says, for a machine of another kind."""
    command = [
        sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
        "--no-index", "--find-links", str(bundle / "wheels"), "--require-hashes",
        "--requirement", str(bundle / "wheels" / "requirements.txt"), "--target", str(site),
        "--only-binary=:all:", "--implementation", "cp", "--python-version", python,
        "--abi", f"cp{python.replace('.', '')}", "--abi", "abi3", "--abi", "none", "--no-compile",
    ]  # fmt: skip
    for tag in target_tags:
        command += ["--platform", tag]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
