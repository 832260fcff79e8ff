"""A configuration is refused by the field that is wrong, and with what to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_infer import BadInput
from examples.camera.config import Config, read_config
from examples.camera.config.checks import BOUNDS
from examples.camera.config.reading import parse_config

if TYPE_CHECKING:
    from collections.abc import Iterable

EXAMPLE = Path(__file__).parents[4] / "examples" / "camera" / "camera.toml"


def test_without_a_file_the_defaults_serve() -> None:
    assert read_config(None) == Config()
    assert not Config().store.snapshots, "no picture is kept unless it is asked for"
    assert not Config().store.clips
    assert not Config().mqtt.host, "no network unless it is asked for"


def test_the_example_shows_every_field_at_its_default() -> None:
    assert read_config(EXAMPLE) == Config()
    text = EXAMPLE.read_text("utf-8")
    for table in ("source", "motion", "zones", "faces", "tracking", "events", "store", "hook"):
        for name in vars(getattr(Config(), table)):
            assert f"{name} = " in text, f"{table}.{name}"


WRONG = {
    "not TOML": ("motion = [", "no TOML"),
    "unknown table": ("[motions]\n", "motions"),
    "unknown field": ("[motion]\nmin_area = 1\n", "motion.min_area"),
    "no table": ("motion = 3\n", "motion"),
    "text for a number": ('[motion]\nthreshold = "14"\n', "motion.threshold"),
    "a part of a whole number": ("[motion]\nthreshold = 14.5\n", "motion.threshold"),
    "truth for a number": ("[motion]\nwarmup_s = true\n", "motion.warmup_s"),
    "number for truth": ("[store]\nclips = 1\n", "store.clips"),
    "not finite": ("[motion]\nwarmup_s = inf\n", "motion.warmup_s"),
    "not a number": ("[store]\nbudget_mb = nan\n", "store.budget_mb"),
    "no polygon": ("[zones]\ninclude = [[[0, 0], [1, 1]]]\n", "zones.include[0]"),
    "a line": ("[zones]\ninclude = [[[0, 0], [1, 1], [0.3, 0.3]]]\n", "zones.include[0]"),
    "beyond the picture": ("[zones]\nexclude = [[[0, 0], [1, 1], [2, 0]]]\n", "zones.exclude[0]"),
    "a command as one text": ('[hook]\ncommand = "rm -rf"\n', "hook.command"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_refused_by_its_field(name: str) -> None:
    text, field = WRONG[name]
    with pytest.raises(BadInput) as caught:
        parse_config(text)
    assert field in str(caught.value)


def bounds() -> Iterable[tuple[str, float]]:
    for field, (least, most) in BOUNDS.items():
        yield field, least - 1
        yield field, most + 1


@pytest.mark.parametrize(("field", "value"), list(bounds()))
def test_a_value_beyond_its_bounds_is_refused(field: str, value: float) -> None:
    table, _, key = field.partition(".")
    shown = int(value) if isinstance(getattr(getattr(Config(), table), key), int) else float(value)
    with pytest.raises(BadInput, match=field):
        parse_config(f"[{table}]\n{key} = {shown}\n")


CONTRADICTIONS = {
    "pictures without a folder": ("[store]\nsnapshots = true\n", "store.folder"),
    "blur without faces": (
        '[store]\nclips = true\nfolder = "x"\nblur_faces = true\n[faces]\ndetector = "off"\n',
        "store.blur_faces",
    ),
    "blur without pictures": ("[store]\nblur_faces = true\n", "store.blur_faces"),
    "a clip longer than the longest": (
        '[store]\nclips = true\nfolder = "x"\npre_s = 60.0\npost_s = 90.0\n', "store.longest_s",
    ),
    "confirming without bridging": ("[tracking]\nbridge_s = 0.0\n", "tracking.confirm_s"),
    "a key for the shipped detector": ('[faces]\ntrust = "my.pub"\n', "faces.trust"),
    "half a size": ("[source]\nwidth = 640\n", "source.height"),
    "a password of nobody": ('[mqtt]\npassword_file = "x"\n', "mqtt.user"),
    "an engine that is none": ('[faces]\nengine = "tpu"\n', "faces.engine"),
    "a broker elsewhere": ('[mqtt]\nhost = "broker.example.com"\n', "mqtt.host"),
    "a public address": ('[mqtt]\nhost = "8.8.8.8"\n', "mqtt.host"),
    "a public address as one number": ('[mqtt]\nhost = "134744072"\n', "mqtt.host"),
    "a public address in base 16": ('[source]\nurl = "http://0x08080808/1"\n', "source.url"),
    "a public address within IPv6": ('[mqtt]\nhost = "::ffff:8.8.8.8"\n', "mqtt.host"),
    "a stream from elsewhere": ('[source]\nurl = "rtsp://example.com/1"\n', "source.url"),
    "a stream of another kind": ('[source]\nurl = "ftp://nas.lan/1"\n', "source.url"),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_contradiction_is_refused_with_its_fields(name: str) -> None:
    text, field = CONTRADICTIONS[name]
    with pytest.raises(BadInput) as caught:
        parse_config(text)
    assert field in str(caught.value)


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    for name in ("absent.toml", "binary.toml"):
        with pytest.raises(BadInput, match="configuration"):
            read_config(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('[mqtt]\ntopic = "cam/#"', "mqtt.topic"),
        ('[mqtt]\ntopic = ""', "mqtt.topic"),
        ('[store]\nfolder = "a\\u0000b"', "store.folder"),
        ('[hook]\ncommand = ["true", "a\\u0000b"]', "hook.command"),
        ("[motion]\nmin_area_percent = " + "9" * 400, "motion.min_area_percent"),
        ("[motion]\nmin_area_percent = " + "9" * 5000, "TOML"),
        ("a = " + "[" * 5000, "TOML"),
    ],
)
def test_what_no_library_takes_is_refused_before_it_is_asked(text: str, field: str) -> None:
    with pytest.raises(BadInput, match=field):
        parse_config(text)
