"""Arguments inferred from the data: channels, sizes, classes, for parameters with common names."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from lrtui.catalog.offers import Field

Inferred = int | list[int]

CHANNELS = (
    "in_channels",
    "in_chans",
    "input_channels",
    "n_channels",
    "num_channels",
    "image_channels",
    "img_channels",
)
CLASSES = ("num_classes", "n_classes", "nclasses", "num_labels", "n_labels", "num_class")
OUTPUTS = ("out_features", "output_dim", "out_dim", "output_size", "num_outputs", "n_outputs")
FEATURES = (
    "in_features",
    "input_dim",
    "in_dim",
    "n_features",
    "num_features",
    "input_features",
    "n_inputs",
    "num_inputs",
)
SIZE = (
    "image_size",
    "img_size",
    "input_size",
    "image_shape",
    "img_shape",
    "input_shape",
    "input_resolution",
)
VOCABULARY = (
    "vocab_size",
    "num_tokens",
    "n_tokens",
    "num_embeddings",
    "n_vocab",
    "vocabulary_size",
)
LENGTH = (
    "seq_len",
    "seq_length",
    "sequence_length",
    "context",
    "context_length",
    "block_size",
    "max_len",
    "max_length",
)

INFERABLE = frozenset((*CHANNELS, *CLASSES, *OUTPUTS, *FEATURES, *SIZE, *VOCABULARY, *LENGTH))


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch and its data set say about the data. Shapes are those of one example."""

    inputs: tuple[int, ...]
    tokens: bool = False  # the input is integers, to be embedded
    outputs: tuple[int, ...] = ()  # shape of the target
    classes: int | None = None
    exact: bool = True  # false: counted in one batch, so a lower bound of the classes
    vocabulary: int | None = None


def infer_args(
    fields: Iterable[Field], facts: Facts, given: Mapping[str, Any]
) -> dict[str, Inferred]:
    """Values for the parameters with common names that are not in `given`.

    Pretrained weights (`weights`) fix the number of classes: then it is not inferred.
    """
    args: dict[str, Inferred] = {}
    for field in fields:
        if field.name in given or (field.name in CLASSES and given.get("weights")):
            continue
        value = value_for(field, facts)
        if value is not None:
            args[field.name] = value
    return args


def value_for(field: Field, facts: Facts) -> Inferred | None:
    """The value that fits the data, or None where the data does not tell."""
    name = field.name
    rank = len(facts.inputs)
    if name in CHANNELS and not facts.tokens and rank > 1:
        return facts.inputs[0]
    if name in FEATURES or (name == "input_size" and rank < 3):
        return _features(facts)
    if name in SIZE and rank == 3:
        return _size(field, facts.inputs)
    if name in VOCABULARY:
        return facts.vocabulary
    if name in LENGTH and rank == (1 if facts.tokens else 2):
        return _unless_large_enough(field, facts.inputs[0])
    if name in CLASSES:
        return _classes(field, facts)
    if name in OUTPUTS:
        return facts.classes or math.prod(facts.outputs)
    return None


def _features(facts: Facts) -> int | None:
    """Numbers in one example, or in one step of a sequence."""
    if facts.tokens or not facts.inputs:
        return None
    if len(facts.inputs) == 2:
        return facts.inputs[1]
    return math.prod(facts.inputs)


def _classes(field: Field, facts: Facts) -> int | None:
    if facts.exact or facts.classes is None:
        return facts.classes
    return _unless_large_enough(field, facts.classes)


def _size(field: Field, image: tuple[int, ...]) -> Inferred | None:
    """An image's size as the parameter wants it: one number, (height, width), or with channels."""
    _, height, width = image
    if field.kind == "tuple":
        if field.length == 3 or (field.length is None and "shape" in field.name):
            return list(image)
        return [height, width]
    if height == width:
        return height
    if field.kind == "int":
        return None
    return [height, width]


def _unless_large_enough(field: Field, value: int) -> int | None:
    """The value, or None where the default is at least as large."""
    if isinstance(field.default, int) and field.default >= value:
        return None
    return value
