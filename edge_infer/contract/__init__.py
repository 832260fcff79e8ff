"""The contract: read strictly, written one way, versioned."""

from __future__ import annotations

from edge_infer.contract.codec import decode, encode
from edge_infer.contract.schema import (
    FORMAT,
    Certificate,
    Check,
    Classes,
    Contract,
    Golden,
    Image,
    Input,
    NativeModel,
    Output,
    Parity,
    ProbeCount,
    Runtimes,
    Source,
    Tensor,
    Text,
)
from edge_infer.errors import Incompatible
from edge_infer.strict_json import dump_json, parse_json

__all__ = [
    "FORMAT",
    "Certificate",
    "Check",
    "Classes",
    "Contract",
    "Golden",
    "Image",
    "Input",
    "NativeModel",
    "Output",
    "Parity",
    "ProbeCount",
    "Runtimes",
    "Source",
    "Tensor",
    "Text",
    "read_contract",
    "write_contract",
]


def read_contract(data: bytes) -> Contract:
    """Parse `contract.json`.

    Raises:
        BadInput: it is not strict JSON.
        Incompatible: it is of another format, or its fields are not the contract's.
    """
    what = "contract.json"
    value = parse_json(data, what=what)
    found = value.get("format") if isinstance(value, dict) else None
    if found != FORMAT:
        raise Incompatible(
            "the artifact has a format that this runtime does not read",
            expected=f"format {FORMAT}",
            actual=f"format {found}",
            hint="update edge-infer on the device" if isinstance(found, int) else None,
        )
    return decode(Contract, value, what=what)


def write_contract(contract: Contract) -> bytes:
    """The bytes of `contract.json`; `read_contract(write_contract(c)) == c`."""
    return dump_json(encode(contract))
