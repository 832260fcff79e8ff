"""What the double graph computes when it is opened, the float32 graph computes there too.

Support vectors that are whole numbers take a byte each as such, and four as centred float32.
"""

from __future__ import annotations

from typing import Any

from convert.graph.folding import over_constants
from convert.single.rewrite import narrow_name


def left_to_opening(single: bytes, double: bytes) -> bytes:
    """`single`, made of the folded `double`, with the constants that `double` computes computed.

    They are computed in double and then cast, so they are the same to the last bit.
    """
    from onnx import TensorProto, helper, load_model_from_string

    model, source = load_model_from_string(single), load_model_from_string(double)
    inner, _ = over_constants(source.graph)
    made = {name for node in inner for name in node.output}
    narrow = {narrow_name(name): name for name in made}
    kept, casts, wanted = [], [], set[str]()
    for tensor in model.graph.initializer:
        if tensor.name in narrow:
            wide = narrow[tensor.name]
            casts.append(helper.make_node("Cast", [wide], [tensor.name], to=TensorProto.FLOAT))
            wanted.add(wide)
        elif tensor.name in made:
            wanted.add(tensor.name)
        else:
            kept.append(tensor)
    nodes = _needed(inner, wanted)
    present = {tensor.name for tensor in kept}
    kept += [t for t in source.graph.initializer if t.name in wanted and t.name not in present]
    nodes = [*nodes, *casts, *model.graph.node]
    for number, node in enumerate(nodes):
        node.name = str(number)
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)
    return bytes(model.SerializeToString(deterministic=True))


def _needed(nodes: list[Any], wanted: set[str]) -> list[Any]:
    """The nodes that lead to `wanted`, which grows by what they read."""
    kept = []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            kept.append(node)
    return kept[::-1]
