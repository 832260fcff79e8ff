"""`contract.json` as frozen dataclasses: what the artifact takes, gives and was proven to do.

The dataclasses are the format: `codec.py` reads and writes exactly these fields.
Arrays of shape `(n, …)` are written with `None` for n.
"""

from __future__ import annotations

from edge_infer.values import dataclass

FORMAT = 1
"""Version of the artifact format that this code writes; every older one stays readable."""


@dataclass(frozen=True)
class Input:
    """One input of the graph: `X` of shape `(n, f)`, or one column of a data frame."""

    name: str
    dtype: str
    """dtype of the graph's input, such as `float64`."""
    shape: tuple[int | None, ...]
    columns: tuple[str, ...] | None
    """Names of the f columns where the estimator was trained with names."""
    accepts: tuple[str, ...]
    """dtypes of rows on which parity was proven; any other is refused."""
    nan: bool
    """Whether scikit-learn accepts NaN here; where it raises, so do we."""
    infinite: bool
    """Whether scikit-learn accepts ±Inf here."""
    limit: float | None
    """Largest |x| that scikit-learn accepts (trees cast to float32), None for no bound."""
    missing: str | None = None
    """Text columns: what the graph is given where text is missing, for ONNX has no None."""


@dataclass(frozen=True)
class Image:
    """How a picture becomes one row: decode, upright, convert, resize, scale, invert."""

    input: str
    mode: str
    """`L` or `RGB`; the row is height x width (x 3), row by row."""
    width: int
    height: int
    low: float
    high: float
    """Pixel 0 becomes `low`, pixel 255 becomes `high`."""
    invert: bool
    resample: str


@dataclass(frozen=True)
class Output:
    """One output of the graph and the verb that returns it."""

    verb: str
    """`predict`, `predict_proba`, `decision_function`, `score_samples` or `transform`."""
    name: str
    dtype: str
    shape: tuple[int | None, ...]
    kind: str
    """`label` (compared for equality) or `score` (compared within the tolerance)."""
    scale: float
    """S, the output's largest |score| over the samples; 0 for labels."""
    target: int | None = None
    """Position in the list that the verb returns, None where it returns one array."""


@dataclass(frozen=True)
class Classes:
    """The labels in scikit-learn's order. `dtype` is `int64`, `float64`, `bool` or `str`."""

    dtype: str
    values: tuple[str | int | float | bool, ...]
    numpy: str | None = None
    """numpy's dtype of `classes_`, such as `int32` or `object`; None where `dtype` says it."""


@dataclass(frozen=True)
class Check:
    """A bool output `(n,)` of the graph: true for a row on which scikit-learn raises."""

    name: str
    message: str


@dataclass(frozen=True)
class Text:
    """How documents become the counts `(n, width)` that an input of the graph takes.

    The fields are those of scikit-learn's text vectorizers. An engine without Python's `re` and
    `str` refuses.
    """

    input: str
    analyzer: str
    """`word`, `char` or `char_wb`."""
    ngram_range: tuple[int, ...]
    """Least and largest n."""
    lowercase: bool
    strip_accents: str | None
    """`ascii`, `unicode` or None."""
    token_pattern: str | None
    """Python's regular expression, for `word` alone."""
    stop_words: tuple[str, ...]
    vocabulary: tuple[str, ...]
    """The term of each column; none where terms are hashed into `n_features` columns."""
    n_features: int
    alternate_sign: bool
    binary: bool
    unicode: str
    """Version of Unicode that the workstation's Python reads."""
    characters: tuple[int, ...]
    """Where its assigned code points begin and end in turn: a device with another version
    refuses a text with any other character."""


@dataclass(frozen=True)
class Tensor:
    """A little-endian, C-ordered tensor in `golden.bin`."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset_bytes: int
    size_bytes: int


@dataclass(frozen=True)
class Golden:
    """Rows and scikit-learn's answers, run before the first prediction on every device."""

    rows: int
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


@dataclass(frozen=True)
class ProbeCount:
    """How many rows of one kind of probe were tried."""

    kind: str
    rows: int


@dataclass(frozen=True)
class Parity:
    """What was seen on one output over all probes."""

    output: str
    compared: int
    differ: int
    """Decided labels or scores beyond the bound that differ: 0, or there is no artifact."""
    undecided: int
    """Rows whose margin lies under their rounding unit, where either tied label passes; of scores
    those that differ by more than the tolerance, and by less than what rounding makes of them."""
    widest_undecided: float
    """Largest margin among them."""
    max_difference: float
    """Largest |got - want| / max(|want|, S); 0 for labels."""


@dataclass(frozen=True)
class Certificate:
    """The proof: compared with the estimator itself, row by row, before signing."""

    relative_tolerance: float
    probes: tuple[ProbeCount, ...]
    parity: tuple[Parity, ...]
    engine: str
    """The engine that was compared, such as `onnxruntime 1.32.0`."""
    notes: tuple[str, ...]
    """What is not served and why, such as a verb without an exact graph."""


@dataclass(frozen=True)
class Source:
    """Where the model came from."""

    estimator: str
    """Class path, steps of a pipeline joined by ` -> `."""
    sha256: str | None
    """Digest of the pickle's bytes as they were signed; None for an in-memory export."""
    versions: dict[str, str]
    """Package name to version on the workstation, `python` and `platform` among them."""


@dataclass(frozen=True)
class Runtimes:
    """onnxruntime releases, as `major.minor`."""

    minimum: str
    refused: tuple[str, ...]


@dataclass(frozen=True)
class NativeModel:
    """The graph compiled for one kind of device, a shared object without dependencies."""

    target: str
    """Processor and float convention, such as `aarch64` or `mipsel-sf`."""
    file: str
    """Within the artifact, such as `native/aarch64.so`."""
    sha256: str
    size_bytes: int
    abi: int
    """Version of the functions that it exports."""
    workspace_bytes: int
    """What one call takes beside its rows and outputs, to be fastest on many rows."""
    row_bytes: int
    """The least of it that serves, a row at a time."""
    rows_compared: int
    """Rows on which it was run beside the proven graph; 0 where the workstation cannot run it.
    The golden vectors are run on every device."""


@dataclass(frozen=True)
class Contract:
    """All of `contract.json`."""

    format: int
    name: str
    sequence: int
    created: str
    """UTC, ISO 8601, as the workstation's clock said."""
    expires: str | None
    target: str
    inputs: tuple[Input, ...]
    image: Image | None
    outputs: tuple[Output, ...]
    classes: Classes | None
    golden: Golden
    certificate: Certificate
    source: Source
    runtimes: Runtimes
    target_classes: tuple[Classes, ...] = ()
    """A classifier of several outputs: the classes of each; `classes` is then None."""
    checks: tuple[Check, ...] = ()
    """Run with every verb; ONNX cannot raise, so the runtime does."""
    texts: tuple[Text, ...] = ()
    """Inputs that are counted from documents; `golden.bin` holds the documents."""
    native: tuple[NativeModel, ...] = ()
    """Compiled from the proven graph, one for each target that was asked for."""
