"""The table of bans in the kernel: two sets whose elements the kernel itself removes in time.

The chain hangs before connection tracking, so a flood costs little, and accepts whatever no set
names. If this program dies, the kernel goes on removing the elements: the network opens.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from edge_infer import Unavailable

TABLE = "edge_router"
LOCK = "\0edge-router-enforcement"
SECONDS = 3.0
SILENT_SECONDS = 60.0
"""An nft that did not answer is asked for no ban for so long: packets wait for it meanwhile."""

NET_ADMIN = 12  # CAP_NET_ADMIN of linux/capability.h
RULES = f"""
table inet {TABLE} {{
  set banned4 {{ type ipv4_addr; flags timeout; size %(most)d; }}
  set banned6 {{ type ipv6_addr; flags timeout; size %(most)d; }}
  counter dropped {{ }}
  chain before {{
    type filter hook prerouting priority raw; policy accept;
    ip saddr @banned4 counter name dropped drop
    ip6 saddr @banned6 counter name dropped drop
  }}
}}
"""
GRANT = (
    "run it as root, or grant CAP_NET_ADMIN: in a systemd unit by "
    "AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW, by hand with "
    "`setpriv --inh-caps +net_admin,+net_raw --ambient-caps +net_admin,+net_raw COMMAND`"
)


class NftFailed(Exception):
    """nft refused a command; its words are the message."""


class NftSilent(NftFailed):
    """nft did not answer in time."""


@dataclass
class Nftables:
    """Bans in a table of our own; no other table is read or changed."""

    most_bans: int = 4096
    program: str = "nft"
    status: Path = Path("/proc/self/status")
    _lock: socket.socket | None = None
    _asked_again: float = 0.0

    def open(self) -> int:
        """Make the table empty and return how many bans an earlier run had left in it.

        Raises:
            Unavailable: nft or the capability is missing, the kernel lacks nftables, or another
                program enforces in this network namespace.
        """
        if shutil.which(self.program, path="/usr/sbin:/sbin:/usr/bin:/bin") is None:
            raise Unavailable(
                f"{self.program} is not installed",
                expected="nftables",
                hint="apt install nftables (on OpenWrt: opkg install nftables)",
            )
        if not has_capability(NET_ADMIN, self.status):
            raise Unavailable(
                "the firewall may not be changed by this process",
                expected="the capability CAP_NET_ADMIN",
                actual="it is not among the effective ones",
                hint=GRANT,
            )
        self._take_lock()
        left = len(self.banned())
        try:
            self._run(f"add table inet {TABLE}\ndelete table inet {TABLE}\n" + self._rules())
        except NftFailed as error:
            self._release()
            raise Unavailable(
                "the table of bans could not be made",
                expected="a kernel with nf_tables, its sets and the inet family",
                actual=error,
                hint="try `nft add table inet test`; without --act nothing is banned",
            ) from error
        return left

    def ban(self, address: str, seconds: int) -> None:
        """Drop what comes from an address for so long.

        The table is made again where someone has flushed it.

        Raises:
            NftFailed: the kernel did not take it; the address is not banned.
        """
        name = "banned6" if ":" in address else "banned4"
        command = f"add element inet {TABLE} {name} {{ {address} timeout {seconds}s }}\n"
        if monotonic() < self._asked_again:
            raise NftSilent(f"{self.program} did not answer in the last {SILENT_SECONDS:.0f} s")
        try:
            self._run(command)
        except NftSilent:
            raise
        except NftFailed:
            if self._exists():
                raise
            self._run(self._rules() + command)

    def banned(self) -> dict[str, int]:
        """Addresses that the kernel drops now, each with the seconds that remain."""
        found: dict[str, int] = {}
        for name in ("banned4", "banned6"):
            try:
                told = json.loads(self._run("", "-j", "list", "set", "inet", TABLE, name))
            except NftFailed:
                continue
            for part in told["nftables"]:
                for item in part.get("set", {}).get("elem", []):
                    found[item["elem"]["val"]] = item["elem"].get("expires", 0)
        return found

    def dropped(self) -> int:
        """Packets that the table has dropped."""
        told = json.loads(self._run("", "-j", "list", "counter", "inet", TABLE, "dropped"))
        return int(
            next(part["counter"]["packets"] for part in told["nftables"] if "counter" in part)
        )

    def close(self) -> None:
        """Remove the table: nothing of ours remains in the kernel."""
        try:
            self._run(f"add table inet {TABLE}\ndelete table inet {TABLE}\n")
        finally:
            self._release()

    def _rules(self) -> str:
        return RULES % {"most": self.most_bans}

    def _exists(self) -> bool:
        try:
            self._run("", "-t", "list", "table", "inet", TABLE)
        except NftFailed:
            return False
        return True

    def _run(self, commands: str, *words: str) -> str:
        argv = [self.program, *(words or ("-f", "-"))]
        try:
            done = subprocess.run(
                argv,
                input=commands,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin", "LANG": "C"},
                check=False,
                start_new_session=True,  # a second Ctrl-C must not end nft while it undoes bans
            )
        except subprocess.TimeoutExpired as error:
            self._asked_again = monotonic() + SILENT_SECONDS
            raise NftSilent(f"{self.program} did not answer within {SECONDS} s") from error
        except OSError as error:
            raise NftFailed(f"{self.program} cannot be started: {error}") from error
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip() or f"exit status {done.returncode}"
            raise NftFailed(said.splitlines()[0])
        return done.stdout

    def _take_lock(self) -> None:
        """An abstract socket is a lock for one network namespace that dies with its holder."""
        self._lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._lock.bind(LOCK)
        except OSError as error:
            self._release()
            raise Unavailable(
                "another program enforces in this network namespace",
                hint="end it first: it removes its bans when it ends",
            ) from error

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def has_capability(number: int, status: Path) -> bool:
    """Is a capability among the effective ones of this process?"""
    for line in status.read_text("ascii", "replace").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> number & 1)
    return False
