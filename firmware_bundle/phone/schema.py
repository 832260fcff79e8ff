"""`web/contract_schema.js` from the dataclasses of the contract, the one definition.

python -m firmware_bundle.phone.schema >firmware_bundle/web/contract_schema.js
"""

from __future__ import annotations

import dataclasses
import json
import sys
import types
import typing

from edge_infer.contract import FORMAT, Contract
from edge_infer.contract.detector import Detector

_HEAD = """\
/** Generated from edge_infer's dataclasses by `python -m firmware_bundle.phone.schema`. */

export const FORMAT = %d;

/** Dataclass to field to its type and whether it must be there. */
export const SCHEMA = /** @type {Record<string, Record<string, [string, boolean]>>} */ (%s);
"""


def schema_module() -> str:
    """The source of the module."""
    found: dict[str, dict[str, tuple[str, bool]]] = {}
    _describe(Contract, found)
    _describe(Detector, found)
    return _HEAD % (FORMAT, _lines(found))


def _lines(found: dict[str, dict[str, tuple[str, bool]]]) -> str:
    """JSON with a dataclass a paragraph and a field a line."""
    classes = [
        f"  {json.dumps(name)}: {{\n"
        + ",\n".join(f"    {json.dumps(one)}: {json.dumps(kind)}" for one, kind in fields.items())
        + "\n  }"
        for name, fields in found.items()
    ]
    return "{\n" + ",\n".join(classes) + "\n}"


def _describe(cls: type, found: dict[str, dict[str, tuple[str, bool]]]) -> None:
    hints = typing.get_type_hints(cls)
    fields = {one.name: one.default is dataclasses.MISSING for one in dataclasses.fields(cls)}
    found[cls.__name__] = {}
    for name, required in fields.items():
        found[cls.__name__][name] = _spell(hints[name], found), required


def _spell(hint: typing.Any, found: dict[str, dict[str, tuple[str, bool]]]) -> str:
    """`A|B` for a union, `list:T` and `dict:T` for containers, `A/B` for a union within one."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return "|".join(_spell(one, found) for one in arguments)
    if origin is tuple:
        return "list:" + _spell(arguments[0], found).replace("|", "/")
    if origin is dict:
        return "dict:" + _spell(arguments[1], found).replace("|", "/")
    if hint is types.NoneType:
        return "null"
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if hint.__name__ not in found:
            _describe(hint, found)
        return hint.__name__
    return str(hint.__name__)


if __name__ == "__main__":
    sys.stdout.write(schema_module())
