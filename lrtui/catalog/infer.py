"""What the data says about a model's parameters: channels, sizes and classes, for parameters of the usual names."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from lrtui.catalog.offers import Field

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

USUAL = frozenset((*CHANNELS, *CLASSES, *OUTPUTS, *FEATURES, *SIZE, *VOCABULARY, *LENGTH))


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What one batch, and the data set behind it, tell. Shapes are those of one example."""

    inputs: tuple[int, ...]
    tokens: bool = False  # the input is whole numbers, to be embedded
    outputs: tuple[int, ...] = ()  # of the target
    classes: int | None = None
    exact: bool = True  # false: one batch was seen, so there are at least so many classes
    vocabulary: int | None = None


def fit(fields: Iterable[Field], facts: Facts, given: Mapping[str, Any]) -> dict[str, Any]:
    """Values for parameters of the usual names that a person has not given.

    Trained weights (`weights`) decide the number of classes themselves.
    """
    found = {}
    for field in fields:
        value = None if field.name in given else value_for(field, facts)
        if value is not None and not (field.name in CLASSES and given.get("weights")):
            found[field.name] = value
    return found


def value_for(field: Field, facts: Facts) -> Any:
    """The value that the data asks for in one parameter, or None."""
    if field.name in CHANNELS and not facts.tokens and len(facts.inputs) > 1:
        return facts.inputs[0]
    if field.name in FEATURES or (field.name == "input_size" and len(facts.inputs) < 3):
        return _features(facts)
    if field.name in SIZE and len(facts.inputs) == 3:
        return _size(field, facts.inputs)
    if field.name in VOCABULARY:
        return facts.vocabulary
    if field.name in LENGTH and len(facts.inputs) == (1 if facts.tokens else 2):
        return _at_least(field, facts.inputs[0])
    if field.name in CLASSES:
        return (
            facts.classes
            if facts.exact or facts.classes is None
            else _at_least(field, facts.classes)
        )
    if field.name in OUTPUTS:
        return facts.classes or math.prod(facts.outputs)
    return None


def _features(facts: Facts) -> int | None:
    """Numbers in one example; in one place of a sequence."""
    if facts.tokens or not facts.inputs:
        return None
    return facts.inputs[-1] if len(facts.inputs) == 2 else math.prod(facts.inputs)


def _size(field: Field, image: tuple[int, ...]) -> Any:
    """Height and width, in whatever form the parameter has: one number, a pair, or a shape with its channels."""
    if field.kind == "tuple":
        return (
            list(image)
            if field.length == 3 or (field.length is None and "shape" in field.name)
            else list(image[1:])
        )
    if field.kind == "int" or image[1] == image[2]:
        return image[1] if image[1] == image[2] else None
    return list(image[1:])


def _at_least(field: Field, value: int) -> int | None:
    """A default that is large enough stays as it is."""
    enough = isinstance(field.default, int) and field.default >= value
    return None if enough else value
