"""Values behave as the standard library's frozen dataclasses, and cost what they promise."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import edge_infer
from edge_infer.values import dataclass, field, is_value, replace

ROOT = Path(edge_infer.__file__).parents[1]


def _class(made: Any) -> Any:
    """The same class by either decorator."""

    @made(frozen=True)
    class Point:
        x: int
        y: tuple[int, ...] = (1, 2)
        name: str = dataclasses.field(default="p", repr=False) if made is not dataclass else "p"

        @property
        def total(self) -> int:
            return self.x + sum(self.y)

    return Point


@dataclass(frozen=True)
class Sealed:
    x: int
    seen: list[int] = field(default_factory=list, repr=False)


@pytest.fixture(params=[dataclass, dataclasses.dataclass], ids=["ours", "standard library"])
def point(request: pytest.FixtureRequest) -> Any:
    return _class(request.param)


def test_construction_equality_and_hash(point: Any) -> None:
    assert point(1) == point(x=1, y=(1, 2)) == point(1, (1, 2), name="p")
    assert point(1) != point(2)
    assert point(1) != (1, (1, 2), "p")
    assert len({point(1), point(1, (1, 2)), point(3)}) == 2
    assert point(1).total == 4
    assert point.__match_args__ == ("x", "y", "name")


@pytest.mark.parametrize(
    ("args", "named"), [((), {}), ((1, 2, 3, 4), {}), ((1,), {"x": 1}), ((1,), {"z": 1})]
)
def test_wrong_arguments_are_refused(point: Any, args: Any, named: Any) -> None:
    with pytest.raises(TypeError):
        point(*args, **named)


def test_a_value_does_not_change(point: Any) -> None:
    value = point(1)
    for change in (lambda: setattr(value, "x", 2), lambda: setattr(value, "new", 2)):
        with pytest.raises(dataclasses.FrozenInstanceError):
            change()
    with pytest.raises(dataclasses.FrozenInstanceError):
        del value.x
    assert value == point(1)


def test_the_standard_library_works_on_a_value(point: Any) -> None:
    value = point(1)
    assert dataclasses.is_dataclass(value)
    assert is_value(value)
    assert is_value(point)
    assert dataclasses.replace(value, y=(5,)) == point(1, (5,))
    assert dataclasses.asdict(value) == {"x": 1, "y": (1, 2), "name": "p"}
    assert [one.name for one in dataclasses.fields(point)] == ["x", "y", "name"]
    assert copy.deepcopy(value) == value


def test_replacing_is_what_the_standard_library_does(point: Any) -> None:
    value = point(1)
    assert replace(value, y=(5,)) == dataclasses.replace(value, y=(5,)) == point(1, (5,))
    assert value == point(1)
    with pytest.raises(TypeError, match="'z'"):
        replace(value, z=1)


def test_a_value_is_shown_and_pickled() -> None:
    value = Sealed(3)
    assert repr(value) == "Sealed(x=3)"
    assert pickle.loads(pickle.dumps(value)) == value
    assert Sealed(3).seen is not Sealed(3).seen
    assert not is_value(3)
    assert dataclasses.fields(Sealed)[1].default_factory is list


def test_what_only_a_verifier_builds_cannot_be_copied_with_changes() -> None:
    from edge_infer.trust.verify import VerifiedTree

    with pytest.raises(TypeError, match="only a verifier"):
        VerifiedTree("/", None, None, {}, {}, "", seal=object())  # type: ignore[arg-type]
    assert "seal" not in [one.name for one in dataclasses.fields(VerifiedTree)]


HEAVY = {"dataclasses", "inspect", "typing", "ast"}
LOADS = {
    "a bundle": ("edge_infer.compiled_model", HEAVY | {"re", "enum", "json", "pathlib", "hashlib"}),
    "a root": ("edge_infer.compiled_model, edge_infer.slots.serve", HEAVY),
}


@pytest.mark.parametrize("what", LOADS)
def test_loading_imports_nothing_that_costs_more_than_a_small_model(what: str) -> None:
    modules, heavy = LOADS[what]
    code = (
        f"import sys; sys.path[:0] = [{str(ROOT)!r}]\n"
        f"import edge_infer, edge_infer.artifact, {modules}\n"
        "print(*sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-S", "-I", "-c", code], capture_output=True, text=True, check=True
    )
    assert heavy.isdisjoint(ended.stdout.split())
