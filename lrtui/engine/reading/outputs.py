"""The part of a model's output that a criterion of torch gets: one tensor."""

from collections.abc import Callable, Mapping
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

import torch

from lrtui.engine.data.batch_size import is_sequence
from lrtui.engine.reading.scoring import Scoring
from lrtui.engine.reading.words import BatchError, summary
from lrtui.engine.types import ModelOutput, Target

_KEYS = ("logits", "out")  # of Hugging Face and Inception; of torchvision's segmentation
_STEP = "give a step, or a criterion of your own, which gets the output whole"


class Pick(NamedTuple):
    """How the tensor is taken out of an output, and in words what it is."""

    get: Callable[[ModelOutput], Any]
    words: str


def pick_of(output: ModelOutput, target: Target, scoring: Scoring) -> Pick | None:
    """The part of an output that the criterion gets; None for the output itself.

    Raises:
        BatchError: it is not clear which part that is.
    """
    if isinstance(output, torch.Tensor) or not scoring.from_torch:
        return None
    for key in _KEYS:
        if isinstance(output, Mapping):
            if isinstance(output.get(key), torch.Tensor):
                return Pick(itemgetter(key), f"the output's {key}")
        elif isinstance(getattr(output, key, None), torch.Tensor):
            return Pick(attrgetter(key), f"the output's {key}")
    if is_sequence(output):
        return _of_sequence(output, target, scoring)
    return _of_named(output)


def _of_sequence(output: Any, target: Target, scoring: Scoring) -> Pick:
    tensors = [i for i, part in enumerate(output) if isinstance(part, torch.Tensor)]
    fitting = [i for i in tensors if _fits(output[i], target, scoring)] or tensors
    if not fitting:
        raise BatchError(f"the model returned {summary(output)}, without a tensor: {_STEP}")
    chosen = fitting[0]
    alike = [i for i in fitting if output[i].shape == output[chosen].shape]
    if len(alike) > 1 or (chosen > 0 and len(fitting) > 1):
        raise BatchError(
            f"the model returned {len(output)} outputs, {summary(output)}, and {len(fitting)} of "
            f"them could be what {scoring.name} compares: {_STEP}"
        )
    if len(output) == 1:
        return Pick(itemgetter(0), "the output in a list of one")
    return Pick(itemgetter(chosen), f"output {chosen + 1} of {len(output)}")


def _of_named(output: ModelOutput) -> Pick:
    is_mapping = isinstance(output, Mapping)
    parts = dict(output) if is_mapping else dict(getattr(output, "__dict__", {}))
    tensors = [key for key, value in parts.items() if isinstance(value, torch.Tensor)]
    if len(tensors) == 1:
        get = itemgetter(tensors[0]) if is_mapping else attrgetter(tensors[0])
        return Pick(get, f"the output's {tensors[0]}")
    kind = type(output).__name__
    keys = ", ".join(map(str, parts)) or "nothing"
    raise BatchError(
        f"the model returned a {kind} with {keys}: expected a tensor, or one under logits or out; "
        f"{_STEP}"
    )


def _fits(output: torch.Tensor, target: Target, scoring: Scoring) -> bool:
    """Whether a tensor has the shape that a criterion wants for a target."""
    if not isinstance(target, torch.Tensor):
        return True
    if scoring.elementwise:
        return _without_ones(output) == _without_ones(target)
    if scoring.classes:
        return output.dim() > 1 and len(output) == len(target) if target.dim() else True
    return True


def _without_ones(tensor: torch.Tensor) -> list[int]:
    return [size for size in tensor.shape if size != 1]
