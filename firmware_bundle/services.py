"""Service units: what starts the user's firmware script on the device, and again when it ends."""

from __future__ import annotations

from importlib import resources

NAMES = {"systemd": "services/gadget.service", "procd": "services/gadget.init"}
"""Kind of unit to its name in a bundle."""


WITH_PACKAGES, BARE = "/opt/python/bin/python3", "/usr/bin/python3"
"""The environment that a bundle's README makes, and the system's own Python."""


def service_files(kind: str | None, *, is_compiled: bool) -> dict[str, bytes]:
    """Name to content of the unit of that kind; none where a target takes none.

    A target that is served by a compiled model alone needs no environment of its own.
    """
    if kind is None:
        return {}
    template = resources.files("firmware_bundle").joinpath("templates", f"{kind}.unit")
    python = BARE if is_compiled else WITH_PACKAGES
    return {NAMES[kind]: template.read_text("utf-8").replace("{python}", python).encode("utf-8")}
