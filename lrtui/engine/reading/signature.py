"""What a model's forward accepts, read from its signature."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from inspect import Parameter
from typing import Any

from torch import nn

from lrtui.engine.reading.callable import signature_of_callable

TARGET_KEYS = ("labels", "label", "targets", "target", "y")
_WRAPPERS = ("DataParallel", "DistributedDataParallel")
_INPUT_ANNOTATIONS = ("Tensor", "PackedSequence", "Any", "dict", "Dict", "Mapping")
_CONTAINER_ANNOTATIONS = ("dict", "Dict", "Mapping", "BatchEncoding")
_CONTAINER_NAMES = ("batch", "data", "inputs", "x", "sample", "samples", "item")


@dataclass(frozen=True)
class Slot:
    """A parameter of a forward that can take an item of a batch."""

    name: str
    positional: bool
    keyword: bool
    annotation: str = ""

    @property
    def is_target(self) -> bool:
        """Whether it has the name of a target."""
        return self.name in TARGET_KEYS

    @property
    def takes_container(self) -> bool | None:
        """Whether it takes a mapping whole; None where neither annotation nor name says so."""
        if any(word in self.annotation for word in _CONTAINER_ANNOTATIONS):
            return True
        if "Tensor" in self.annotation:
            return False
        return True if self.name in _CONTAINER_NAMES else None


@dataclass(frozen=True)
class Signature:
    """The parameters of a forward.

    Args:
        required: those without a default, in order; one without a name where the signature says
            nothing.
        options: optional parameters that are inputs: their default is None, and their annotation
            allows a tensor. Switches and numbers are not among them.
        names: all that can be given by name.
        any_positional: it takes any number of positional arguments.
        any_keyword: it takes any keyword arguments.
    """

    required: tuple[Slot, ...]
    options: tuple[Slot, ...] = ()
    names: frozenset[str] = frozenset()
    any_positional: bool = False
    any_keyword: bool = False

    @property
    def count(self) -> int:
        """How many items the forward requires; 1 where it takes any number."""
        return max(1, len(self.required))

    @property
    def input_options(self) -> tuple[Slot, ...]:
        """The optional inputs that are no targets."""
        return tuple(slot for slot in self.options if not slot.is_target)

    @property
    def target_option(self) -> Slot | None:
        """The optional parameter for a target, of a forward that computes its loss."""
        return next((slot for slot in self.options if slot.is_target), None)

    def slot(self, index: int) -> Slot:
        """The required parameter that a positional item goes to."""
        return self.required[index] if index < len(self.required) else _UNNAMED


_UNNAMED = Slot("", positional=True, keyword=False)
UNKNOWN = Signature((_UNNAMED,))


def signature_of(model: nn.Module) -> Signature:
    """The signature of a model's forward."""
    inner: Any = getattr(model, "_orig_mod", model)  # torch.compile keeps the model there
    if type(inner).__name__ in _WRAPPERS:
        inner = inner.module
    return _signature(getattr(inner, "forward", None))


def signature_of_class(factory: object) -> Signature:
    """The signature of the forward of a model's class; `UNKNOWN` for another factory."""
    if not (isinstance(factory, type) and issubclass(factory, nn.Module)):
        return UNKNOWN
    bound = getattr(factory.forward, "__get__", None)
    return _signature(bound(object(), object) if bound is not None else None)


def _signature(forward: Any) -> Signature:
    try:
        parameters = list(signature_of_callable(forward).parameters.values())
    except (TypeError, ValueError):
        return UNKNOWN
    if getattr(forward, "__name__", "") == "_forward_unimplemented":
        return UNKNOWN
    return _of_parameters(parameters)


def _of_parameters(parameters: Sequence[Parameter]) -> Signature:
    any_positional = any(each.kind is Parameter.VAR_POSITIONAL for each in parameters)
    any_keyword = any(each.kind is Parameter.VAR_KEYWORD for each in parameters)
    required, options, names = [], [], set()
    for parameter in parameters:
        if parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD):
            continue
        slot = _slot(parameter)
        if slot.keyword:
            names.add(slot.name)
        if parameter.default is Parameter.empty:
            required.append(slot)
        elif _is_input(parameter, slot) and slot.keyword:
            options.append(slot)
    if not required:
        required = [_first_of(parameters, any_positional)]
        options = [slot for slot in options if slot not in required]
    return Signature(tuple(required), tuple(options), frozenset(names), any_positional, any_keyword)


def _first_of(parameters: Sequence[Parameter], any_positional: bool) -> Slot:
    """The parameter that takes the input of a forward that requires none."""
    if any_positional:
        return _UNNAMED
    for parameter in parameters:
        if parameter.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD):
            return _slot(parameter)
    return _UNNAMED


def _slot(parameter: Parameter) -> Slot:
    return Slot(
        parameter.name,
        positional=parameter.kind is not Parameter.KEYWORD_ONLY,
        keyword=parameter.kind is not Parameter.POSITIONAL_ONLY,
        annotation=_annotation(parameter),
    )


def _annotation(parameter: Parameter) -> str:
    if parameter.annotation is Parameter.empty:
        return ""
    if isinstance(parameter.annotation, str):
        return parameter.annotation
    return inspect.formatannotation(parameter.annotation)


def _is_input(parameter: Parameter, slot: Slot) -> bool:
    """Whether an optional parameter is an input, and no switch or number."""
    if parameter.default is not None:
        return False
    annotation = slot.annotation
    return not annotation or any(word in annotation for word in _INPUT_ANNOTATIONS)
