"""The messages of onnx.proto, less what a graph of plain arithmetic has no use for.

There is no subgraph, so no message contains itself and nesting ends after seven levels; a field
for a function, training, a sparse tensor or data in another file is not in these tables, and what
is not in them is refused. Source: onnx.proto of IR 10.
"""

from __future__ import annotations

from typing import TypeAlias

VARINT, BYTES, FIXED32 = 0, 2, 5
"""Wire types."""

Field: TypeAlias = "tuple[str, int | str, bool]"
"""Name, wire type or name of a message, and whether it may come several times."""

MESSAGES: dict[str, dict[int, Field]] = {
    "model": {
        1: ("ir_version", VARINT, False),
        2: ("producer_name", BYTES, False),
        3: ("producer_version", BYTES, False),
        4: ("domain", BYTES, False),
        5: ("model_version", VARINT, False),
        6: ("doc_string", BYTES, False),
        7: ("graph", "graph", False),
        8: ("opset_import", "opset", True),
        14: ("metadata_props", "entry", True),
    },
    "opset": {1: ("domain", BYTES, False), 2: ("version", VARINT, False)},
    "entry": {1: ("key", BYTES, False), 2: ("value", BYTES, False)},
    "graph": {
        1: ("node", "node", True),
        2: ("name", BYTES, False),
        5: ("initializer", "tensor", True),
        10: ("doc_string", BYTES, False),
        11: ("input", "value", True),
        12: ("output", "value", True),
        13: ("value_info", "value", True),
    },
    "node": {
        1: ("input", BYTES, True),
        2: ("output", BYTES, True),
        3: ("name", BYTES, False),
        4: ("op_type", BYTES, False),
        5: ("attribute", "attribute", True),
        6: ("doc_string", BYTES, False),
        7: ("domain", BYTES, False),
    },
    "attribute": {
        1: ("name", BYTES, False),
        2: ("f", FIXED32, False),
        3: ("i", VARINT, False),
        4: ("s", BYTES, False),
        5: ("t", "tensor", False),
        7: ("floats", FIXED32, True),
        8: ("ints", VARINT, True),
        9: ("strings", BYTES, True),
        13: ("doc_string", BYTES, False),
        20: ("type", VARINT, False),
    },
    "tensor": {
        1: ("dims", VARINT, True),
        2: ("data_type", VARINT, False),
        4: ("float_data", BYTES, False),
        5: ("int32_data", BYTES, False),
        6: ("string_data", BYTES, True),
        7: ("int64_data", BYTES, False),
        8: ("name", BYTES, False),
        9: ("raw_data", BYTES, False),
        10: ("double_data", BYTES, False),
        12: ("doc_string", BYTES, False),
    },
    "value": {1: ("name", BYTES, False), 2: ("type", "type", False), 3: ("doc", BYTES, False)},
    "type": {1: ("tensor_type", "tensor_type", False), 6: ("denotation", BYTES, False)},
    "tensor_type": {1: ("elem_type", VARINT, False), 2: ("shape", "shape", False)},
    "shape": {1: ("dim", "dimension", True)},
    "dimension": {
        1: ("dim_value", VARINT, False),
        2: ("dim_param", BYTES, False),
        3: ("denotation", BYTES, False),
    },
}

KNOWN_REFUSED = {
    ("model", 20): "training information",
    ("model", 25): "functions of its own",
    ("model", 26): "a configuration of devices",
    ("graph", 14): "annotations of quantization",
    ("graph", 15): "sparse tensors",
    ("attribute", 6): "a subgraph",
    ("attribute", 11): "subgraphs",
    ("attribute", 22): "a sparse tensor",
    ("attribute", 23): "sparse tensors",
    ("tensor", 13): "data in other files",
    ("tensor", 14): "data in other files",
    ("type", 4): "a sequence",
    ("type", 5): "a map",
    ("type", 9): "an optional value",
}
