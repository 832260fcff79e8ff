"""Service units: what starts the user's firmware script on the device, and again when it ends."""

from __future__ import annotations

from importlib import resources

NAMES = {"systemd": "services/gadget.service", "procd": "services/gadget.init"}
"""Kind of unit to its name in a bundle."""


def service_files(kind: str | None) -> dict[str, bytes]:
    """Name to content of the unit of that kind; none where a target takes none."""
    if kind is None:
        return {}
    template = resources.files("firmware_bundle").joinpath("templates", f"{kind}.unit")
    return {NAMES[kind]: template.read_bytes()}
