"""`push`: rsync to `ROOT/incoming/`, then `install` over ssh."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_infer.errors import BadInput, Incompatible, Unavailable, Untrusted
from edge_infer.slots.state import is_version_name
from edge_infer.trust import SIGNATURE_NAME, read_pins
from firmware_bundle.slots.pinning import pinned_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_infer.trust import Trust

INCOMING = "incoming"
KEY = "incoming.pub"
SILENCE_S = 60
"""A connection that says nothing for so long is taken for dead."""

_PLACE = re.compile(r"(?P<host>(?:[^\s@:/-][^\s@:/]*@)?[^\s@:/-][^\s@:/]*):(?P<root>[^\s].*)")
_SENT = re.compile(r"^Total bytes sent: ([\d,.]+)", re.MULTILINE)
_FILES = re.compile(r"^Number of regular files transferred: ([\d,.]+)", re.MULTILINE)


@dataclass(frozen=True)
class Pushed:
    """What a push did."""

    version: str
    previous: str | None
    on_trial: bool
    sent_bytes: int
    """Over the connection, before ssh encrypts it."""
    sent_files: int
    all_files: int


@dataclass(frozen=True)
class Device:
    """Where a bundle goes: a root on a host, and how to reach it."""

    host: str
    root: str
    ssh: tuple[str, ...]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command there; its words are quoted for the shell of the other side.

        Raises:
            Unavailable: there is no connection.
        """
        done = _run([*self.ssh, self.host, shlex.join(words)])
        if done.returncode == 255:  # ssh's own
            raise Unavailable(
                f"there is no connection to {self.host}",
                actual=done.stderr.strip()[-500:],
                hint="push again when there is: it goes on where it stopped",
            )
        return done


def push(
    bundle: str | os.PathLike[str],
    place: str,
    *,
    trust: Trust | None = None,
    health: str | None = None,
    later: bool = False,
    ssh: Sequence[str] = ("ssh",),
    python: str = "python3",
) -> Pushed:
    """Send a bundle to `user@host:ROOT` and have it installed there.

    Args:
        bundle: directory that `bundle` made; of it only files that changed are sent.
        place: where to, as rsync and scp write it.
        trust: the public key file or trust file that a new device is to pin; not needed afterwards.
        health: a command on the device that says with exit status 0 that all is well.
        later: leave the trial to the next start of the model there.
        ssh: the command that connects, with its options.
        python: the device's interpreter.

    Raises:
        BadInput: `bundle` or `place` is none.
        Unavailable: ssh or rsync is missing, the connection drops, or there is no room there.
        Untrusted, Incompatible: the device refuses it, with the reason.
    """
    folder = Path(bundle)
    if not (folder / SIGNATURE_NAME).is_file():
        raise BadInput(
            f"{bundle} is no bundle's directory",
            hint="push the directory, not a .tar: then only what changed is sent",
        )
    device = _device(place, tuple(ssh))
    current = _current(device)
    sent_bytes, sent_files = _send(folder, device, current)
    words = [python, "-B", f"{device.root}/run"]
    if current is None:
        words = [python, "-B", f"{device.root}/{INCOMING}/run"]
    words += ["install", f"{device.root}/{INCOMING}", device.root, "--json"]
    if trust is not None:
        words += ["--trust", _send_key(trust, device)]
    if health is not None:
        words += ["--health", health]
    if later:
        words.append("--later")
    done = _answer(device.run(*words))
    device.run("rm", "-rf", "--", f"{device.root}/{INCOMING}", f"{device.root}/{KEY}")
    return Pushed(
        version=str(done["version"]),
        previous=done["previous"],
        on_trial=bool(done["on_trial"]),
        sent_bytes=sent_bytes,
        sent_files=sent_files,
        all_files=sum(path.is_file() for path in folder.rglob("*")),
    )


def _device(place: str, ssh: tuple[str, ...]) -> Device:
    found = _PLACE.fullmatch(place)
    if found is None:
        raise BadInput("the place is none", expected="user@host:/path/to/root", actual=place[:200])
    for tool in (ssh[0], "rsync"):
        if shutil.which(tool) is None:
            raise Unavailable(
                f"{tool} is not installed here",
                hint="install openssh-client and rsync, or copy the directory by other means",
            )
    return Device(found["host"], found["root"].rstrip("/") or "/", (*ssh, *_impatience(ssh[0])))


def _impatience(tool: str) -> tuple[str, ...]:
    """Options by which OpenSSH gives up on a silent peer; the caller's own come first and win."""
    if Path(tool).name != "ssh":
        return ()
    alive = f"ServerAliveInterval={max(1, SILENCE_S // 4)}"
    return ("-o", alive, "-o", "ServerAliveCountMax=4", "-o", f"ConnectTimeout={SILENCE_S}")


def _current(device: Device) -> str | None:
    """The version whose files the device has already; None where nothing is installed."""
    device.run("mkdir", "-p", "--", f"{device.root}/{INCOMING}")
    done = device.run("cat", "--", f"{device.root}/state.json")
    try:
        name = json.loads(done.stdout)["state"]["current"]
    except (ValueError, KeyError, TypeError):
        return None
    return name if isinstance(name, str) and is_version_name(name) else None


def _send(folder: Path, device: Device, current: str | None) -> tuple[int, int]:
    """Bytes and files that went over the connection."""
    command = [
        "rsync", "--recursive", "--perms", "--checksum", "--delete", "--partial", "--stats",
        "--protect-args", f"--timeout={SILENCE_S}", "--rsh", shlex.join(device.ssh),
    ]  # fmt: skip
    if current is not None:
        # A file that the current version has as well is copied there, not sent.
        command.append(f"--copy-dest=../versions/{current}")
    command += [f"{folder}/", f"{device.host}:{device.root}/{INCOMING}/"]
    done = _run(command)
    if done.returncode != 0:
        raise Unavailable(
            f"the bundle did not arrive whole on {device.host}",
            expected="rsync ends with 0",
            actual=f"{done.returncode}: {done.stderr.strip()[-500:]}",
            hint="push again: it goes on where it stopped; the device serves what it served",
        )
    return _number(_SENT, done.stdout), _number(_FILES, done.stdout)


def _send_key(trust: Trust, device: Device) -> str:
    """Put the keys there with their roles, for a device that has pinned none; return where."""
    pinned = pinned_bytes(read_pins(trust))
    there = f"{device.root}/{KEY}"
    words = f"cat > {shlex.quote(there)}"
    done = _run([*device.ssh, device.host, words], data=pinned.decode("utf-8"))
    if done.returncode != 0:
        raise Unavailable(
            "the key did not arrive",
            actual=done.stderr.strip()[-500:],
            hint=f"see that {device.root} can be written there, then push again",
        )
    return there


def _answer(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What `install --json` printed there, or the refusal that it was."""
    try:
        found = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        found = None
    if not isinstance(found, dict):
        raise Unavailable(
            "the device could not install the bundle",
            expected="an answer of edge-infer install",
            actual=f"exit status {done.returncode}: {(done.stderr or done.stdout).strip()[-500:]}",
            hint="is there a Python 3.11 or newer? --python names another one",
        )
    if "error" not in found:
        return found
    known = {one.__name__: one for one in (BadInput, Incompatible, Unavailable, Untrusted)}
    raise known.get(str(found["error"]), Unavailable)(
        f"the device refuses: {found.get('what')}",
        expected=found.get("expected"),
        actual=found.get("actual"),
        hint=found.get("hint"),
    )


def _number(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    return int(re.sub(r"[,.]", "", found[1])) if found else 0


def _run(command: list[str], *, data: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - ssh and rsync, words quoted for the other side's shell
        command,
        input="" if data is None else data,
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
