"""Labels that a criterion for classes refuses, named with the way out."""

import functools
import traceback
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from lrtui.engine.types import Criterion, ModelOutput, Target

TORCH_IGNORES = -100  # torch's default ignore_index
USUAL_VOID = 255
_MODULES = (nn.CrossEntropyLoss, nn.NLLLoss, nn.MultiMarginLoss)
_FUNCTIONS = (functional.cross_entropy, functional.nll_loss, functional.multi_margin_loss)


class LabelError(ValueError):
    """Labels, or class weights, that do not fit the model's scores."""


def check_labels(criterion: Criterion, output: ModelOutput, target: Target) -> None:
    """Check labels and class weights before the criterion does.

    On a GPU a label out of range is an assert that ends the process.

    Raises:
        LabelError: a label has no score, or the weights are not as many as the scores.
    """
    options = _options(criterion)
    if options is None or not isinstance(output, torch.Tensor):
        return
    if not isinstance(target, torch.Tensor):
        return
    problem = _problem(output, target, options)
    if problem:
        raise LabelError(problem)


def explained(error: BaseException) -> str:
    """Why a criterion for classes raised, from its arguments in the traceback; "" if unknown."""
    codes = [function.__code__ for function in _FUNCTIONS]
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code not in codes:
            continue
        names = frame.f_locals
        output, target = names.get("input"), names.get("target")
        if isinstance(output, torch.Tensor) and isinstance(target, torch.Tensor):
            return _problem(output, target, names) or _type_problem(output, target)
    return ""


def class_count(labels: torch.Tensor, ignore_index: int | None = None) -> int | None:
    """How many classes labels show, without void ones; None if nothing is left.

    Void are `ignore_index`, negative labels, and 255 where no label comes near it.
    """
    kept = labels[labels >= 0]
    if ignore_index is not None:
        kept = kept[kept != ignore_index]
    if kept.numel() and int(kept.max()) == USUAL_VOID:
        classes = kept[kept != USUAL_VOID]
        if classes.numel() and int(classes.max()) < USUAL_VOID - 1:
            kept = classes
    if not kept.numel():
        return None
    return int(kept.max()) + 1


def score_count(output: torch.Tensor, target: torch.Tensor) -> int | None:
    """How many scores there are for each label; None if the target's shape does not hold labels."""
    if target.is_floating_point() or output.dim() < 2:
        return None
    if output.shape[:-1] == target.shape:
        return output.shape[-1]
    if output.shape[:1] + output.shape[2:] == target.shape:
        return output.shape[1]
    return None


def _options(criterion: Criterion) -> Mapping[str, Any] | None:
    """The arguments of a criterion for classes by name; None for any other criterion."""
    if isinstance(criterion, _MODULES):
        return {name: getattr(criterion, name, None) for name in ("weight", "ignore_index")}
    options: dict[str, Any] = {}
    function: Any = criterion
    while isinstance(function, functools.partial):
        options = function.keywords | options
        function = function.func
    return options if function in _FUNCTIONS else None


def _problem(output: torch.Tensor, target: torch.Tensor, options: Mapping[str, Any]) -> str:
    scores = score_count(output, target)
    if scores is None or target.dtype == torch.bool:
        return ""
    weight = options.get("weight")
    if isinstance(weight, torch.Tensor) and weight.numel() != scores:
        return f"weight has {weight.numel()} entries, but the model gives {scores} scores"
    ignore_index = options.get("ignore_index")
    if ignore_index is None:
        ignore_index = TORCH_IGNORES
    labels = target[target != ignore_index]
    if not labels.numel():
        return ""
    first, last = int(labels.min()), int(labels.max())
    if first >= 0 and last < scores:
        return ""
    return _void(target, labels, scores) or _out_of_range(first, last, scores)


def _void(target: torch.Tensor, labels: torch.Tensor, scores: int) -> str:
    """What to say where a single value that is no class stands among the labels."""
    strays = labels[(labels < 0) | (labels >= scores)]
    void = int(strays[0])
    if bool((strays != void).any()) or len(strays) == labels.numel():
        return ""
    if void != USUAL_VOID and void >= 0:
        return ""
    share = float((target == void).float().mean())
    likely = f"{void} is likely a void label ({share:.2g} of the target)"
    setting = f"loss.ignore_index={void} (CrossEntropyLoss(ignore_index={void}))"
    return f"{likely}, and the model gives {scores} scores: set {setting}"


def _out_of_range(first: int, last: int, scores: int) -> str:
    if last >= scores:
        needs = f"the model gives {scores} scores: it needs {last + 1} classes"
        one_based = first == 1 and last == scores
        hint = ", or labels that begin at 0" if one_based else ""
        return f"labels go up to {last}, but {needs}{hint}"
    return f"labels go down to {first}: they must begin at 0"


def _type_problem(output: torch.Tensor, target: torch.Tensor) -> str:
    """What to say of labels of a type that torch does not take."""
    kind = str(target.dtype).removeprefix("torch.")
    if output.shape == target.shape:
        if target.is_floating_point():
            return ""
        ways = "labels.argmax(1) for class numbers (int64), labels.float() for probabilities"
        return f"the labels are one-hot rows of {kind}: convert them, {ways}"
    if output.dim() > 2 and target.dim() == output.dim() and target.shape[1] == 1:
        shape = "x".join(map(str, target.shape))
        return f"the labels are {shape}, with a channel dimension: take target.squeeze(1)"
    if target.dtype == torch.int64:
        return ""
    return f"the labels are {kind}, and torch takes int64: convert them, labels.long()"
