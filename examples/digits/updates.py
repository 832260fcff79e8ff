"""The last act: the device is updated, loses its power on the way, and goes on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from examples.digits.device import DeviceRefused, flip_one_byte
from examples.digits.workstation import next_release

if TYPE_CHECKING:
    from pathlib import Path

    from examples.digits.device import Device
    from examples.digits.report import Report
    from examples.digits.workstation import Published

ROOT = "gadget"


def update(report: Report, device: Device, bundle: Path, published: Published) -> int:
    """Install, update, cut, recover; return how many labels differed on the way.

    `bundle` is the copy on the device, whole again.
    """
    with report.step("install into slots") as step:
        trust = published.trust.name
        install(device, bundle / "run", "install", bundle, ROOT, "--trust", trust)
        differ = labels_that_differ(device, published)
        step.result = f"release {serving(device)} serves; {differ} labels differ"

    with report.step("cut the power midway") as step:
        newer = device.copy(next_release(bundle.parent.parent, published))
        arguments = (f"{ROOT}/run", "install", newer, ROOT)
        copied = device.run_and_kill(*arguments, once=lambda: staged(device))
        wrong = labels_that_differ(device, published)
        cut = f"killed with {copied} files copied" if copied else "the copy was quicker"
        step.result = f"{cut}; release {serving(device)} serves, {wrong} labels differ"
        differ += wrong

    with report.step("update again") as step:
        install(device, *arguments)
        wrong = labels_that_differ(device, published)
        step.result = f"release {serving(device)} serves; {wrong} labels differ"
        differ += wrong

    with report.step("spoil the new release") as step:
        model = next((device.folder / ROOT / "versions").glob("2-*/artifact/model.onnx"))
        flip_one_byte(model)
        wrong = labels_that_differ(device, published)
        bad = [one["name"][0] for one in status(device)["versions"] if one["fault"]]
        step.result = f"release {', '.join(bad)} is refused, release 1 serves instead; "
        step.result += f"{wrong} labels differ"
        differ += wrong if bad == ["2"] else len(published.digits.held_out)
    return differ


def install(device: Device, *arguments: str | Path) -> None:
    """Run `install` on the device.

    Raises:
        DeviceRefused: it refused.
    """
    answer = device.run(*arguments)
    if answer.exit_code != 0:
        raise DeviceRefused(f"exit {answer.exit_code}\n{answer.output}{answer.errors}")


def serving(device: Device) -> str:
    """The number of the release that serves."""
    return str(status(device)["current"]).partition("-")[0]


def status(device: Device) -> dict[str, Any]:
    """What the device says about its root."""
    shown: dict[str, Any] = json.loads(device.run(f"{ROOT}/run", "status", "--json").output)
    return shown


def staged(device: Device) -> int:
    """How many files of an installation that has not ended are there."""
    found = (device.folder / ROOT / "staging").rglob("*")
    return sum(path.is_file() for path in found)


def labels_that_differ(device: Device, published: Published) -> int:
    """How many of the held-out digits the device labels otherwise than scikit-learn."""
    rows = published.digits.held_out
    file = device.folder / "held-out.npy"
    np.save(file, rows)
    answer = device.run(f"{ROOT}/run", "predict", file, "--json")
    if answer.exit_code != 0:
        raise DeviceRefused(f"exit {answer.exit_code}\n{answer.output}{answer.errors}")
    got = np.array([json.loads(line)["label"] for line in answer.output.splitlines()])
    return int(np.sum(got != published.estimator.predict(rows)))
