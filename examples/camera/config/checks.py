"""Bounds of single fields, and fields that contradict each other."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from edge_infer import BadInput
from examples.camera.network import is_local, stream_parts, without_secrets

if TYPE_CHECKING:
    from examples.camera.config.schema import Config

BOUNDS: dict[str, tuple[float, float]] = {
    "source.fps": (0.1, 1000),
    "source.fps_cap": (0, 1000),
    "source.width": (0, 16384),
    "source.height": (0, 16384),
    "source.stale_s": (0.5, 3600),
    "source.retry_s": (0.1, 3600),
    "motion.min_area_percent": (0.001, 100),
    "motion.threshold": (2, 127),
    "motion.colour_threshold": (2, 127),
    "motion.memory_frames": (1, 256),
    "motion.absorb_frames": (1, 1_000_000),
    "motion.warmup_s": (0, 600),
    "motion.light_levels": (2, 255),
    "motion.light_settle_s": (0, 60),
    "motion.scene_percent": (1, 100),
    "faces.smallest_px": (12, 4096),
    "faces.moving_every_frames": (1, 1_000_000),
    "faces.follow_s": (0, 60),
    "faces.every_frames": (0, 1_000_000),
    "tracking.bridge_s": (0, 60),
    "tracking.confirm_s": (0, 60),
    "tracking.confirm_frames": (1, 1000),
    "events.update_s": (0, 3600),
    "mqtt.port": (1, 65535),
    "store.pre_s": (0, 60),
    "store.post_s": (0, 600),
    "store.longest_s": (1, 3600),
    "store.budget_mb": (1, 1e9),
    "store.memory_mb": (1, 4096),
    "hook.timeout_s": (0.1, 600),
}


def check(config: Config) -> None:
    """Refuse a configuration that cannot be meant. Raises BadInput."""
    for name, (least, most) in BOUNDS.items():
        table, _, key = name.partition(".")
        value = getattr(getattr(config, table), key)
        if not (isfinite(value) and least <= value <= most):
            raise BadInput(
                f"{name} is out of bounds",
                expected=f"{least} to {most}",
                actual=value,
                hint="camera.toml lists every field with its default",
            )
    for wrong, fields, hint in _contradictions(config):
        if wrong:
            raise BadInput(f"{fields} contradict each other", hint=hint)
    if config.mqtt.host and not is_local(config.mqtt.host):
        raise BadInput(
            "mqtt.host is not on the local network",
            expected="a private address, or a name without a public domain",
            actual=without_secrets(config.mqtt.host),
            hint="name a broker of your own network; nothing is sent beyond it",
        )
    if not config.mqtt.topic or set(config.mqtt.topic) & set("#+"):
        raise BadInput(
            "mqtt.topic is none to publish under",
            expected="a topic without the wildcards # and +",
            actual=repr(config.mqtt.topic),
            hint="name one such as camera or house/door",
        )
    check_url(config.source.url)


def check_url(url: str) -> None:
    """Refuse a stream from elsewhere than the local network. Raises BadInput."""
    if "://" in url:
        stream_parts(url)


def _contradictions(config: Config) -> list[tuple[bool, str, str]]:
    """Whether it is so, the fields, and what to do."""
    store, faces, tracking = config.store, config.faces, config.tracking
    keeps = store.snapshots or store.clips
    no_faces = faces.detector == "off"
    return [
        (keeps and not store.folder, "store.snapshots, store.clips and store.folder",
         "name a folder, or keep no pictures"),
        (store.blur_faces and no_faces, "store.blur_faces and faces.detector",
         "faces that are not searched for cannot be blurred: choose a detector"),
        (store.blur_faces and not keeps, "store.blur_faces and store.snapshots, store.clips",
         "without pictures there is nothing to blur"),
        (store.blur_faces and faces.every_frames == 0,
         "store.blur_faces and faces.every_frames",
         "faces that do not move would not be blurred: search the whole frame too"),
        (store.clips and store.pre_s + store.post_s >= store.longest_s,
         "store.pre_s, store.post_s and store.longest_s",
         "a clip of that length ends before its event: raise longest_s"),
        (tracking.confirm_s > 0 and tracking.bridge_s == 0,
         "tracking.confirm_s and tracking.bridge_s",
         "one missed frame would end what is not confirmed yet: bridge a little"),
        (bool(faces.trust) and faces.detector in ("off", "shipped"),
         "faces.trust and faces.detector",
         "the key is for a bundle of your own: name its directory"),
        (bool(faces.engine) and faces.engine not in ("onnxruntime", "native"),
         "faces.engine and the engines there are", "onnxruntime or native"),
        (bool(config.source.width) != bool(config.source.height),
         "source.width and source.height", "give both or none"),
        (bool(config.mqtt.password_file) and not config.mqtt.user,
         "mqtt.password_file and mqtt.user", "a password belongs to a user"),
    ]  # fmt: skip
