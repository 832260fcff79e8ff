"""A bundle inside RAUC and Mender: their own tools pack it, their own clients install it.

The commands are those of docs/fleet.md. The clients run in a mount namespace with an /opt, an
/etc and a /usr/share/mender of its own, so nothing of this machine changes.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from digits import succeed
from sklearn.linear_model import SGDClassifier

import convert
import firmware_bundle
from edge_infer.trust.keygen import generate
from firmware_bundle.archive import pack

if TYPE_CHECKING:
    from digits import Digits

pytestmark = pytest.mark.skipif(
    os.environ.get("EDGE_INFER_DEVICES") != "1", reason="make test-devices runs the update systems"
)

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs" / "fleet.md").read_text("utf-8")
RAUC = """\
[system]
compatible=gadget
bootloader=noop
bundle-formats=plain
statusfile=/etc/rauc/status
mountprefix=/etc/rauc/mnt

[keyring]
path=/etc/rauc/rauc.crt

[slot.rootfs.0]
device=/dev/null
bootname=A
"""
SERVICE = """
export DBUS_SYSTEM_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS
rauc --override-boot-slot=A service >rauc.log 2>&1 & service=$!
for n in $(seq 100); do rauc status >/dev/null 2>&1 && break; sleep 0.1; done
set +e
( set -e; {commands} )
status=$?
kill $service
cat rauc.log
exit $status
"""
MENDER = '{"ArtifactVerifyKey": "/etc/mender/mender.pub", "ServerURL": "https://localhost"}'


def commands(section: str) -> list[str]:
    """The console blocks of a section of the page, as they stand there."""
    text = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def shop(digits: Digits, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workstation's folder: two releases, the second trained anew, and the fleet's keys."""
    folder = tmp_path_factory.mktemp("shop")
    for name in ("fleet.key", "fleet.pub"):
        shutil.copy(digits.folder / name, folder)
    key = folder / "fleet.key"
    digits.artifact.write(folder / "artifact-1", key=key)
    firmware_bundle.bundle(
        folder / "artifact-1", folder / "bundle-1", key=key, trust=folder / "fleet.pub"
    )
    later = SGDClassifier(loss="log_loss", random_state=2).fit(
        digits.rows[100:], digits.labels[100:]
    )
    convert.export(later, digits.rows, name="digits", sequence=2).write(
        folder / "artifact-2", key=key
    )
    generate(folder / "stranger")
    for command in (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=rauc "
        "-days 2 -keyout rauc.key -out rauc.crt",
        "openssl ecparam -name prime256v1 -genkey -noout -out mender.key",
        "openssl pkey -in mender.key -pubout -out mender.pub",
    ):
        subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def device(shop: Path, tmp_path: Path) -> Path:
    """What a namespace mounts over this machine's folders: a root that serves release 1."""
    for name in ("opt", "rauc/mnt", "mender", "modules", "data"):
        (tmp_path / name).mkdir(parents=True)
    firmware_bundle.install(shop / "bundle-1", tmp_path / "opt/gadget", trust=shop / "fleet.pub")
    (tmp_path / "rauc" / "system.conf").write_text(RAUC)
    shutil.copy(shop / "rauc.crt", tmp_path / "rauc")
    (tmp_path / "mender" / "mender.conf").write_text(MENDER)
    (tmp_path / "mender" / "artifact_info").write_text("artifact_name=digits-1\n")
    (tmp_path / "data" / "device_type").write_text("device_type=gadget\n")
    shutil.copy(shop / "mender.pub", tmp_path / "mender")
    return tmp_path


def need(*tools: str) -> None:
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (packages.debian names them)")
    if os.geteuid() != 0:
        pytest.skip("not root: no mount namespace for the update system's own folders")


def at_the_workstation(shop: Path, block: str) -> str:
    return succeed(shell(block, shop))


def shell(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=folder, env=environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
    )  # fmt: skip


def environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin:/sbin"
    return {"PATH": path, "HOME": os.environ.get("HOME", "/"), "REPOSITORY": str(REPOSITORY)}


def on_the_device(
    device: Path, shop: Path, text: str, *over: tuple[str, str], bus: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run it where `over` (a folder of the device, a place of this machine) is mounted."""
    mounts = [f"mount --bind '{device / here}' '{mount_point(there)}'" for here, there in over]
    if bus:
        (device / "commands").write_text(SERVICE.replace("{commands}", text))
        text = f"dbus-run-session -- bash '{device / 'commands'}'"
    program = "\n".join([*mounts, f"cd '{shop}'", text])
    return shell(f"exec unshare -m bash -euo pipefail -c {shlex.quote(program)}", shop)


def mount_point(name: str) -> str:
    """A place to mount on: the package made it, or it is made for good, empty."""
    place = Path(name).resolve()
    place.mkdir(parents=True, exist_ok=True)
    return str(place)


def current(device: Path) -> str:
    return (firmware_bundle.status(device / "opt" / "gadget").current or "").partition("-")[0]


def test_rauc_carries_a_release_into_the_root(shop: Path, device: Path) -> None:
    need("rauc", "mksquashfs", "dbus-run-session", "unshare", "openssl")
    pack, install = commands("RAUC")
    assert "gadget" in at_the_workstation(shop, pack)
    over = (("opt", "/opt"), ("rauc", "/etc/rauc"))
    done = on_the_device(device, shop, install, *over, bus=True)
    assert done.returncode == 0, done.stdout
    assert ("succeeded" in done.stdout, current(device)) == (True, "2")
    check_page("RAUC bundle", (shop / "digits-2.raucb").stat().st_size)


def test_rauc_fails_where_the_root_refuses(shop: Path, device: Path) -> None:
    need("rauc", "mksquashfs", "dbus-run-session", "unshare", "openssl")
    pack, install = commands("RAUC")
    over = (("opt", "/opt"), ("rauc", "/etc/rauc"))
    stranger = pack.replace("content", "foreign").replace("digits-2", "foreign")
    stranger = stranger.replace("--key fleet.key", "--key stranger.key")
    at_the_workstation(shop, stranger)
    done = on_the_device(device, shop, install.replace("digits-2", "foreign"), *over, bus=True)
    assert done.returncode != 0
    assert "Untrusted" in done.stdout
    assert current(device) == "1"


MENDER_PLACES = (
    ("opt", "/opt"),
    ("modules", "/usr/share/mender/modules/v3"),
    ("data", "/var/lib/mender"),
    ("mender", "/etc/mender"),
)


def test_mender_carries_a_release_into_the_root_and_back(shop: Path, device: Path) -> None:
    need("mender", "mender-artifact", "unshare", "openssl")
    pack, install = commands("Mender")
    at_the_workstation(shop, pack)
    done = on_the_device(
        device, shop, install.replace("mender commit", "mender rollback"), *MENDER_PLACES
    )
    assert done.returncode == 0, done.stdout
    assert re.search(r"current +2-", done.stdout), "it served until it was rolled back"
    assert current(device) == "1"
    done = on_the_device(device, shop, install, *MENDER_PLACES)
    assert done.returncode == 0, done.stdout
    assert current(device) == "2"
    check_page("Mender artifact", (shop / "digits-2.mender").stat().st_size)


def test_mender_undoes_nothing_where_the_root_refuses(shop: Path, device: Path) -> None:
    """The root serves release 2, with 1 behind it: a rollback of what never came would serve 1."""
    need("mender", "mender-artifact", "unshare", "openssl")
    pack, install = commands("Mender")
    firmware_bundle.bundle(
        shop / "artifact-2", device / "bundle-2", key=shop / "fleet.key", trust=shop / "fleet.pub"
    )
    firmware_bundle.install(device / "bundle-2", device / "opt" / "gadget")
    old = pack.replace("artifact-2", "artifact-1").replace("digits-2", "old")
    (shop / "old").mkdir()
    at_the_workstation(shop, old.replace("bundle.tar", "old/bundle.tar"))
    done = on_the_device(device, shop, install.replace("digits-2", "old"), *MENDER_PLACES)
    assert done.returncode != 0
    assert "older" in done.stdout
    assert current(device) == "2"


def files_of(bundle: Path) -> dict[str, bytes]:
    return {
        p.relative_to(bundle).as_posix(): p.read_bytes() for p in bundle.rglob("*") if p.is_file()
    }


def test_the_page_about_fleets_says_what_an_update_really_takes(shop: Path, device: Path) -> None:
    firmware_bundle.bundle(
        shop / "artifact-2", device / "bundle-2", key=shop / "fleet.key", trust=shop / "fleet.pub"
    )
    old, new = files_of(shop / "bundle-1"), files_of(device / "bundle-2")
    whole = len(pack(new, executable=frozenset()))
    changed = sum(len(data) for name, data in new.items() if old.get(name) != data)
    check_page("whole `.tar`", whole)
    check_page("files that changed", changed)


def check_page(label: str, measured: int) -> None:
    """The page claims that many bytes for a device, and multiplies them rightly."""
    row = re.search(rf"^\| {re.escape(label)} \| ([\d,]+) \|(.*)\|$", PAGE, re.MULTILINE)
    assert row is not None, label
    claimed = int(row[1].replace(",", ""))
    print(f"\n{label}: {measured:,} bytes, on the page {claimed:,}")
    assert claimed == pytest.approx(measured, rel=0.05), f"{label}: {measured:,}"
    thousand, million = (cell.strip() for cell in row[2].split("|"))
    assert float(thousand.removesuffix(" MB")) == pytest.approx(claimed * 1e3 / 1e6, rel=0.01)
    assert float(million.removesuffix(" GB")) == pytest.approx(claimed * 1e6 / 1e9, rel=0.01)
