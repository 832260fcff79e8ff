"""Frozen values: `dataclasses.dataclass(frozen=True)` without what importing it costs.

`dataclasses` imports `inspect`, and with it `re`, `enum` and `ast`, and compiles the methods of
each class as it is made: a fifth of the memory and a third of the time from the start of a small
process to its first prediction (docs/adr/0008). The device's values are made here instead. Type
checkers see the standard library's decorator, and `dataclasses.fields`, `replace` and `asdict`
work on these values: what they ask for is made when they ask.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_FIELDS = "__dataclass_fields__"


class _Missing:
    """The default of a field that has none."""


class _Field:
    """What `field` says of one."""

    def __init__(self, *, default_factory: Any = _Missing, repr: bool = True) -> None:  # noqa: A002 - dataclasses' own name
        self.default: Any = _Missing
        self.factory = default_factory
        self.is_shown = repr
        self.is_argument = False
        """Given to `__post_init__` and not kept: an InitVar."""


class _Fields:
    """`__dataclass_fields__`, made by `dataclasses` itself when somebody asks."""

    def __init__(self, cls: type, fields: dict[str, _Field]) -> None:
        self.cls, self.fields = cls, fields

    def __get__(self, instance: object, owner: type) -> Any:
        import dataclasses

        described: list[tuple[str, Any, Any]] = []
        for name, one in self.fields.items():
            if one.factory is not _Missing:
                default = dataclasses.field(default_factory=one.factory, repr=one.is_shown)
            elif one.default is not _Missing:
                default = dataclasses.field(default=one.default, repr=one.is_shown)
            else:
                default = dataclasses.field(repr=one.is_shown)
            kind = dataclasses.InitVar if one.is_argument else self.cls.__annotations__.get(name)
            described.append((name, kind, default))
        twin = dataclasses.make_dataclass(self.cls.__name__, described, frozen=True)
        setattr(self.cls, _FIELDS, getattr(twin, _FIELDS))
        return getattr(twin, _FIELDS)


def is_value(value: object) -> bool:
    """Whether it is a class, or an object of one, that this module or `dataclasses` made."""
    return _FIELDS in (value if isinstance(value, type) else type(value)).__dict__


def _dataclass(*, frozen: bool, repr: bool = True) -> Callable[[type], type]:  # noqa: A002
    assert frozen, "values do not change"
    return lambda cls: _made(cls, shows=repr)


def _made(cls: type, *, shows: bool) -> type:
    fields: dict[str, _Field] = {}
    for name, annotation in cls.__annotations__.items():
        default = cls.__dict__.get(name, _Missing)
        if isinstance(default, _Field):
            fields[name] = default
            delattr(cls, name)
        else:
            fields[name] = _Field()
            fields[name].default = default
        fields[name].is_argument = annotation.startswith("InitVar")
    kept = tuple(name for name, one in fields.items() if not one.is_argument)
    methods = _methods(cls, fields, kept)
    if shows:
        shown = tuple(name for name in kept if fields[name].is_shown)
        methods["__repr__"] = lambda self: (
            f"{cls.__qualname__}({', '.join(f'{n}={getattr(self, n)!r}' for n in shown)})"
        )
    for name, method in methods.items():
        if name not in cls.__dict__ or name == "__hash__":
            setattr(cls, name, method)
    setattr(cls, _FIELDS, _Fields(cls, fields))
    return cls


def _methods(cls: type, fields: dict[str, _Field], kept: tuple[str, ...]) -> dict[str, Any]:
    def content(value: object) -> tuple[Any, ...]:
        found = value.__dict__
        return tuple([found[name] for name in kept])

    def equal(self: object, other: object) -> Any:
        if type(other) is not type(self):
            return NotImplemented
        return content(self) == content(other)

    def refuse(_self: object, name: str, _value: object = None) -> None:
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot change {name!r} of a {cls.__name__}")

    return {
        "__init__": _init(cls, fields),
        "__eq__": equal,
        "__hash__": lambda self: hash(content(self)),
        "__setattr__": refuse,
        "__delattr__": refuse,
        "__match_args__": kept,
    }


def _init(cls: type, fields: dict[str, _Field]) -> Any:
    names = tuple(fields)
    arguments = [name for name, one in fields.items() if one.is_argument]
    after = cls.__dict__.get("__post_init__")

    def init(self: object, *args: object, **named: object) -> None:
        values = self.__dict__
        if len(args) > len(names):
            raise TypeError(f"{cls.__name__} takes {len(names)} values, not {len(args)}")
        values.update(zip(names, args, strict=False))
        for name, value in named.items():
            if name not in fields or name in values:
                wrong = "twice" if name in fields else "no field of it"
                raise TypeError(f"{cls.__name__}: {name!r} is given {wrong}")
            values[name] = value
        if len(values) < len(names):
            for name in names:
                if name not in values:
                    values[name] = _default(cls, name, fields[name])
        if after is not None:
            after(self, *[values.pop(name) for name in arguments])

    return init


def _default(cls: type, name: str, field: _Field) -> Any:
    if field.factory is not _Missing:
        return field.factory()
    if field.default is _Missing:
        raise TypeError(f"{cls.__name__}: {name!r} is missing")
    return field.default


def _replace(value: Any, /, **changes: object) -> Any:
    return type(value)(**{**vars(value), **changes})


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
    from dataclasses import replace as replace
else:
    dataclass, field, replace = _dataclass, _Field, _replace
