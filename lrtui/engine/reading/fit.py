"""Output and target made to fit each other: never a loss over other pairs than the user's."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import torch
from torch.overrides import TorchFunctionMode

from lrtui.engine.reading.scoring import Scoring
from lrtui.engine.reading.words import BatchError, shape, summary
from lrtui.engine.types import ModelOutput, Target

FitTarget: TypeAlias = Callable[[ModelOutput, Target], Target]
_OPERATORS = frozenset(
    (
        "add",
        "sub",
        "rsub",
        "mul",
        "div",
        "true_divide",
        "__add__",
        "__radd__",
        "__sub__",
        "__rsub__",
        "__mul__",
        "__truediv__",
        "eq",
        "pow",
        "maximum",
        "minimum",
        "where",
        "broadcast_tensors",
    )
)


class Fit(NamedTuple):
    """How the target is made to fit the output, and in words; "" where it fits already."""

    target: FitTarget
    words: str = ""


def fit_of(output: ModelOutput, target: Target, scoring: Scoring) -> Fit | None:
    """How a target is made to fit an output; None where nothing is to be done or checked.

    Raises:
        BatchError: the shapes differ in more than dimensions of 1.
    """
    if not isinstance(output, torch.Tensor) or not isinstance(target, torch.Tensor):
        return None
    if scoring.elementwise:
        return _elementwise(output, target, scoring)
    if scoring.classes:
        return _labels(output, target, scoring)
    return None


def _elementwise(output: torch.Tensor, target: torch.Tensor, scoring: Scoring) -> Fit:
    """The shapes of every batch are compared: the last one may have another size."""

    def fitted(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        if output.shape == target.shape:
            return target
        return _reshaped(output, target, scoring)

    words = []
    if fitted(output, target) is not target:
        words.append(f"target {shape(target)} reshaped to the output's {shape(output)}")
    if not _needs_float(output, target):
        return Fit(fitted, ", ".join(words))
    dtype = output.dtype
    words.append(f"target {summary(target)} converted to {_type(dtype)}")
    return Fit(lambda output, target: fitted(output, target).to(dtype), ", ".join(words))


def _reshaped(output: torch.Tensor, target: torch.Tensor, scoring: Scoring) -> torch.Tensor:
    sizes = [size for size in output.shape if size != 1]
    if sizes != [size for size in target.shape if size != 1]:
        raise BatchError(
            f"{scoring.name} compares number by number, but the output is {summary(output)} and "
            f"the target {summary(target)}: make their shapes equal (squeeze(1), unsqueeze(1), "
            "one output for each number of the target), or give a step"
        )
    return target.reshape(output.shape)


def _needs_float(output: torch.Tensor, target: torch.Tensor) -> bool:
    """Whether torch would refuse the target's type: whole numbers, or more precise ones."""
    if not output.is_floating_point():
        return False
    is_wider = target.dtype == torch.float64 and output.dtype != torch.float64
    return is_wider or not (target.is_floating_point() or target.is_complex())


def _labels(output: torch.Tensor, target: torch.Tensor, scoring: Scoring) -> Fit | None:
    """Labels as torch wants them: int64, without a dimension for the classes."""
    if target.is_complex() or output.dim() < 1:
        return None
    same_shape = output.shape == target.shape
    if target.is_floating_point() and (same_shape or scoring.own_shapes):
        return None  # probabilities
    if target.is_floating_point():
        return _float_labels(output, target, scoring)
    if same_shape and output.dim() > 1 and not scoring.own_shapes and _is_one_hot(target):
        words = f"one-hot target {summary(target)} taken as int64 labels"
        return Fit(lambda output, target: target.argmax(1), words)
    if _has_channel(output, target) and not scoring.own_shapes:
        words = f"target {summary(target)} taken as int64 labels without its channel of 1"
        return Fit(lambda output, target: target.squeeze(1).long(), words)
    if target.dtype == torch.int64:
        return None
    return Fit(_to_long, f"labels {_type(target.dtype)} converted to int64")


def _float_labels(output: torch.Tensor, target: torch.Tensor, scoring: Scoring) -> Fit:
    whole = bool((target == target.round()).all())
    if whole and (_has_channel(output, target) or target.dim() < output.dim()):
        channel = _has_channel(output, target)
        words = f"labels {summary(target)} are whole numbers, converted to int64"
        if channel:
            return Fit(lambda output, target: target.squeeze(1).long(), words)
        return Fit(_to_long, words)
    raise BatchError(
        f"{scoring.name} wants labels of classes (int64), or probabilities of the output's shape "
        f"{shape(output)}, but the target is {summary(target)}: convert it, or pick another loss"
    )


def _to_long(output: ModelOutput, target: torch.Tensor) -> torch.Tensor:
    return target.long()


def _is_one_hot(target: torch.Tensor) -> bool:
    is_flag = bool(((target == 0) | (target == 1)).all())
    return is_flag and bool((target.sum(1) == 1).all())


def _has_channel(output: torch.Tensor, target: torch.Tensor) -> bool:
    """Whether labels have a dimension of 1 where the output has its classes."""
    if output.dim() < 2 or output.dim() != target.dim() or target.shape[1] != 1:
        return False
    return output.shape[1] > 1 and output.shape[:1] + output.shape[2:] == (
        target.shape[:1] + target.shape[2:]
    )


def _type(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


class Broadcasts(TorchFunctionMode):
    """Watches a criterion of a user's own: an operation on all pairs of output and target.

    It is one whose two tensors differ in their number of dimensions, and whose result is larger
    than both. Pairs on purpose, such as `t[:, None] == t[None]`, have equal numbers.

    Args:
        losses_only: watch torch's loss functions alone, as inside a forward or a step.
    """

    def __init__(self, *, losses_only: bool = False) -> None:
        super().__init__()
        self._losses_only = losses_only
        self._first: tuple[str, torch.Tensor, torch.Tensor] | None = None

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        """Note the first operation on all pairs, then call the function."""
        name = getattr(func, "__name__", "")
        named = kwargs or {}
        if self._first is None and self._watches(name):
            tensors = [
                value for value in (*args, *named.values()) if isinstance(value, torch.Tensor)
            ]
            if len(tensors) > 1 and _pairs_all(tensors[0], tensors[1]):
                self._first = (name, tensors[0], tensors[1])
        return func(*args, **named)

    def check(self, what: str) -> None:
        """Raise BatchError for an operation that was seen.

        Raises:
            BatchError: it names both shapes.
        """
        if self._first is None:
            return
        name, one, other = self._first
        all_pairs = "x".join(map(str, _broadcast(one, other)))
        raise BatchError(
            f"{what} compares {shape(one)} with {shape(other)} ({name.strip('_')}), which gives "
            f"all pairs, {all_pairs}: make the shapes equal, with squeeze or unsqueeze on one of "
            "them"
        )

    def _watches(self, name: str) -> bool:
        if "loss" in name or name.startswith("binary_cross_entropy"):
            return True
        return name in _OPERATORS and not self._losses_only


def _pairs_all(one: torch.Tensor, other: torch.Tensor) -> bool:
    if not one.dim() or not other.dim() or one.dim() == other.dim():
        return False
    try:
        result = _broadcast(one, other)
    except RuntimeError:
        return False
    return result.numel() > max(one.numel(), other.numel())


def _broadcast(one: torch.Tensor, other: torch.Tensor) -> torch.Size:
    result: torch.Size = torch.broadcast_shapes(one.shape, other.shape)  # type: ignore[no-untyped-call]
    return result
