"""The tree of a proven `model.onnx` as C without floating point, which the kernel does not allow.

The fields are whole numbers from 0 to MOST, under 2^24, so scikit-learn's cast to float32 keeps
them as they are, and `x <= t` holds exactly where `x <= floor(t)` does. Trees of one graph are
walked together, so that a graph with a tree for each class becomes one tree of decisions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import onnx

from edge_infer import BadInput
from examples.router.xdp.fields import FIELDS, MOST

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = {"Cast", "TreeEnsemble", "ArgMax", "ArrayFeatureExtractor", "Gather", "Reshape"}
SUM, LESS_OR_EQUAL, NO_TRANSFORM = 1, 0, 0
MOST_LEAVES = 4096


@dataclass(frozen=True)
class Trees:
    """The attributes of a `TreeEnsemble` (ai.onnx.ml 5) that decide."""

    roots: list[int]
    features: list[int]
    splits: list[float]
    true_next: list[int]
    true_leaf: list[int]
    false_next: list[int]
    false_leaf: list[int]
    targets: list[int]
    weights: list[float]
    n_targets: int


Place = tuple[int, bool]
"""A node or a leaf: its number, and whether it is a leaf."""


@dataclass(frozen=True)
class Decision:
    """`field <= limit`, what follows if so, and what if not; a class where both are None."""

    index: int
    limit: int = 0
    low: Decision | None = None
    high: Decision | None = None


def read_trees(path: Path) -> Trees:
    """The trees of a model.

    Raises:
        BadInput: the graph is more than trees and a choice between their sums.
    """
    graph = onnx.load(path).graph
    kinds = [node.op_type for node in graph.node]
    if kinds.count("TreeEnsemble") != 1 or not set(kinds) <= KNOWN:
        raise BadInput(
            f"{path}: not a graph that the kernel can run",
            expected="one decision tree and nothing before or after it",
            actual=", ".join(kinds),
            hint="train a DecisionTreeClassifier on the fields themselves, without a scaler",
        )
    node = next(node for node in graph.node if node.op_type == "TreeEnsemble")
    value: dict[str, Any] = {
        one.name: onnx.helper.get_attribute_value(one) for one in node.attribute
    }
    modes = onnx.numpy_helper.to_array(value["nodes_modes"]).tolist()
    plain = (value["aggregate_function"], value["post_transform"], set(modes) - {LESS_OR_EQUAL})
    if plain != (SUM, NO_TRANSFORM, set()):
        raise BadInput(
            f"{path}: trees of another kind than scikit-learn's",
            actual=plain,
            hint="train one with python -m examples.router.xdp train",
        )
    return Trees(
        roots=list(value["tree_roots"]),
        features=list(value["nodes_featureids"]),
        splits=onnx.numpy_helper.to_array(value["nodes_splits"]).tolist(),
        true_next=list(value["nodes_truenodeids"]),
        true_leaf=list(value["nodes_trueleafs"]),
        false_next=list(value["nodes_falsenodeids"]),
        false_leaf=list(value["nodes_falseleafs"]),
        targets=list(value["leaf_targetids"]),
        weights=onnx.numpy_helper.to_array(value["leaf_weights"]).tolist(),
        n_targets=int(value["n_targets"]),
    )


def decide(trees: Trees) -> Decision:
    """One tree of decisions over whole numbers from 0 to MOST.

    Raises:
        BadInput: it has more leaves than a program of the kernel may have.
    """
    leaves = 0

    def walk(places: list[Place], low: list[int], high: list[int]) -> Decision:
        nonlocal leaves
        for number, place in enumerate(places):
            settled = settle(trees, place, low, high)
            places = [*places[:number], settled, *places[number + 1 :]]
            if not settled[1]:
                node = settled[0]
                feature, limit = trees.features[node], math.floor(trees.splits[node])
                below = [*high[:feature], limit, *high[feature + 1 :]]
                above = [*low[:feature], limit + 1, *low[feature + 1 :]]
                left, right = walk(places, low, below), walk(places, above, high)
                return left if left == right else Decision(feature, limit, left, right)
        leaves += 1
        if leaves > MOST_LEAVES:
            raise BadInput(
                "the tree is too large for the kernel",
                expected=f"{MOST_LEAVES} leaves",
                hint="train a shallower one",
            )
        return Decision(chosen(trees, [number for number, _ in places]))

    roots: list[Place] = [(root, False) for root in trees.roots]
    return walk(roots, [0] * len(FIELDS), [MOST] * len(FIELDS))


def settle(trees: Trees, place: Place, low: list[int], high: list[int]) -> Place:
    """Follow a tree down as far as what is known of the fields decides."""
    node, is_leaf = place
    while not is_leaf:
        feature, limit = trees.features[node], math.floor(trees.splits[node])
        if high[feature] <= limit:
            node, is_leaf = trees.true_next[node], bool(trees.true_leaf[node])
        elif low[feature] > limit:
            node, is_leaf = trees.false_next[node], bool(trees.false_leaf[node])
        else:
            break
    return node, is_leaf


def chosen(trees: Trees, leaves: list[int]) -> int:
    """The class with the largest sum; the first of equal ones, as ArgMax has it."""
    sums = [0.0] * trees.n_targets
    for leaf in leaves:
        sums[trees.targets[leaf]] += trees.weights[leaf]
    return sums.index(max(sums))


def to_c(decision: Decision, malicious: int) -> str:
    """`tree.h`: the numbers of the fields, and the tree as nested ifs."""
    lines = ["/* Made by tree.py from a proven model.onnx; not to be edited. */"]
    lines += [f"#define EDGE_FIELDS {len(FIELDS)}", f"#define EDGE_MALICIOUS {malicious}"]
    lines += [f"#define EDGE_{name.upper()} {index}" for index, name in enumerate(FIELDS)]
    lines += ["", "static __always_inline __u32 edge_tree(const __u32 *field)", "{"]
    emit(decision, 1, lines)
    return "\n".join([*lines, "}", ""])


def emit(decision: Decision, depth: int, lines: list[str]) -> None:
    """The statements of one decision, indented by its depth."""
    indent = "    " * depth
    if decision.low is None or decision.high is None:
        lines.append(f"{indent}return {decision.index};")
        return
    lines.append(
        f"{indent}if (field[EDGE_{FIELDS[decision.index].upper()}] <= {decision.limit}) {{"
    )
    emit(decision.low, depth + 1, lines)
    lines.append(f"{indent}}}")
    emit(decision.high, depth, lines)
