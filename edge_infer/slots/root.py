"""The layout of a root, and its files through a `Disk`."""

from __future__ import annotations

import contextlib
import os

from edge_infer.errors import EdgeInferError, Unavailable, Untrusted
from edge_infer.slots import state as states
from edge_infer.slots.disk import Disk, RealDisk
from edge_infer.slots.state import Installed, State, is_version_name, version_name
from edge_infer.trust import verify_tree
from edge_infer.trust.files import show
from edge_infer.values import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_infer.trust import Trust, VerifiedTree

STATE, TRUST, VERSIONS, STAGING, LOCK = "state.json", "trust", "versions", "staging", "lock"


def is_root(path: str | os.PathLike[str]) -> bool:
    """Whether `path` is a root rather than a bundle or an artifact."""
    return os.path.isdir(os.path.join(path, VERSIONS)) and not os.path.lexists(  # noqa: PTH112, PTH118
        os.path.join(path, "model.sig")  # noqa: PTH118
    )


@dataclass(frozen=True)
class Root:
    """A root on a disk. It holds no state of its own: each call looks."""

    path: Path
    disk: Disk = field(default_factory=RealDisk)

    def version(self, name: str) -> Path:
        """Where a version lies."""
        return self.path / VERSIONS / name

    def versions(self) -> list[str]:
        """The versions that are there, unverified, in the order of their names."""
        held = self.path / VERSIONS
        return [
            name
            for name in self.disk.names(held)
            if is_version_name(name) and self.disk.is_directory(held / name)
        ]

    def read_state(self) -> State | None:
        """The state; None where there is none that can be read."""
        try:
            data = self.disk.read(self.path / STATE, max_bytes=states.MAX_BYTES + 1)
        except OSError:
            return None
        return states.read_state(data)

    def write_state(self, state: State, *, behind: Path | None = None) -> None:
        """Replace the state: after a power cut it is the old one or this one.

        The names in the directory `behind` are on the medium before the new state is.
        """
        self.replace_file(STATE, states.write_state(state), behind=behind)

    def replace_file(
        self, name: str, data: bytes, *, mode: int = 0o644, behind: Path | None = None
    ) -> None:
        """Write a small file of the root in full, then give it its name."""
        target, fresh = self.path / name, self.path / f"{name}.new"
        # The temporary name is one for all: what a power cut left there is overwritten here.
        with contextlib.suppress(FileNotFoundError):
            self.disk.remove_file(fresh)
        self.disk.write(fresh, [data], mode=mode)
        self.disk.sync_tree(fresh)
        if behind is not None:
            # After the file: a journal has written both by then, and this waits for nothing.
            self.disk.sync_directory(behind)
        self.disk.rename(fresh, target)
        self.disk.sync_directory(self.path)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only one who changes this root.

        Raises:
            Unavailable: another process does.
            Untrusted: it is somebody else's, who could have us write or remove elsewhere.
        """
        self.check_owner()
        with self.disk.lock(self.path / LOCK) as held:
            if not held:
                raise Unavailable(
                    f"another process is at work on {show(self.path)}",
                    hint="wait until it has ended, then try again",
                )
            yield

    def trust(self, named: Trust | None = None) -> Trust:
        """What the caller names, or else what was pinned at provisioning.

        Raises:
            Untrusted: nothing is named or pinned, or somebody else could have pinned it.
        """
        if named is not None:
            return named
        pinned = self.path / TRUST
        if not os.path.lexists(pinned):
            raise Untrusted(
                f"no key is pinned in {show(self.path)}",
                hint="install with --trust KEY.pub once",
            )
        self.check_owner()
        return pinned

    def check_owner(self) -> None:
        """Pinned keys, and what is done in a root, are worth as much as the directory itself.

        Raises:
            Untrusted: it is neither ours nor root's, or everybody may write to it.
        """
        if not hasattr(os, "geteuid"):
            return
        seen = self.path.stat()
        if seen.st_uid not in (0, os.geteuid()) or seen.st_mode & 0o002:
            raise Untrusted(
                f"somebody else can change the pinned keys of {show(self.path)}",
                expected="a directory of yours or of root that others cannot write to",
                actual=f"owner {seen.st_uid}, mode {seen.st_mode & 0o7777:o}",
                hint=f"chown and chmod go-w {show(self.path)}, or name a key with --trust",
            )

    def verify(self, name: str, trust: Trust) -> VerifiedTree:
        """Verify a version, keeping nothing in memory but its contract.

        Raises:
            Untrusted: it is not what its publisher signed, or lies under another's name.
            Unavailable: it is not there or cannot be read.
        """
        path = self.version(name)
        if not self.disk.is_directory(path):
            raise Unavailable(
                f"the version {name} is not there",
                expected=show(path),
                hint="install the release again",
            )
        tree = verify_tree(path, trust, keep="artifact/contract.json".__eq__)
        check_name(name, tree.signature_sha256)
        return tree

    def survey(self, trust: Trust) -> list[Installed]:
        """Every version that is there and verified, for a root that lost its state."""
        from edge_infer.contract import read_contract

        found = []
        for name in self.versions():
            try:
                tree = self.verify(name, trust)
                sequence = read_contract(tree.files["artifact/contract.json"]).sequence
            except (EdgeInferError, KeyError):
                continue
            if version_name(sequence, tree.signature_sha256) == name:
                key = tree.key.fingerprint
                found.append(Installed(name, key, sequence, tree.signature_sha256))
        return found


def check_name(name: str, signature_sha256: str) -> None:
    """Refuse a version under the name of another.

    Raises:
        Untrusted: they do not belong together.
    """
    expected = name.partition("-")[2]
    if not signature_sha256.startswith(expected):
        raise Untrusted(
            f"the directory {name} holds another version",
            expected=f"a signature file of SHA-256 {expected}…",
            actual=signature_sha256,
        )
