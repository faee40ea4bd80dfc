"""What a criterion is, as far as a batch and an output are read for it."""

import functools
from dataclasses import dataclass

from torch import nn

from lrtui.engine.types import Criterion

_TORCH_LOSSES = ("torch.nn.modules.loss", "torch.nn.functional")
_CLASSES = (nn.CrossEntropyLoss, nn.NLLLoss, nn.MultiMarginLoss)
_CLASS_FUNCTIONS = ("cross_entropy", "nll_loss", "multi_margin_loss")
_ELEMENTWISE = (
    nn.MSELoss,
    nn.L1Loss,
    nn.HuberLoss,
    nn.SmoothL1Loss,
    nn.BCELoss,
    nn.BCEWithLogitsLoss,
    nn.SoftMarginLoss,
    nn.PoissonNLLLoss,
    nn.KLDivLoss,
    nn.MultiLabelSoftMarginLoss,
)
_ELEMENTWISE_FUNCTIONS = (
    "mse_loss",
    "l1_loss",
    "huber_loss",
    "smooth_l1_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "soft_margin_loss",
    "poisson_nll_loss",
    "kl_div",
    "multilabel_soft_margin_loss",
)


@dataclass(frozen=True)
class Scoring:
    """What is known of a criterion.

    Args:
        name: of its class or function.
        from_torch: it is torch's, so that it takes tensors; one of a user's own gets the output
            whole.
        elementwise: it compares each number of the output with one of the target.
        classes: the target is labels of classes (or their probabilities).
        own_shapes: its class overrides torch's forward, which fits the shapes.
    """

    name: str = "the criterion"
    from_torch: bool = False
    elementwise: bool = False
    classes: bool = False
    own_shapes: bool = False


AUTO = Scoring("the loss", from_torch=True)  # a criterion of torch that is not chosen yet


def scoring_of(criterion: Criterion | None) -> Scoring | None:
    """What a criterion is; None without one, where the model or a step returns the loss."""
    if criterion is None:
        return None
    function = _unwrapped(criterion)
    kind = type(function) if isinstance(function, nn.Module) else None
    name = getattr(function, "__name__", type(function).__name__)
    origins = kind.__mro__ if kind is not None else (function,)
    if not any(getattr(origin, "__module__", "") in _TORCH_LOSSES for origin in origins):
        return Scoring(name)
    if kind is None:
        return Scoring(
            name,
            from_torch=True,
            elementwise=name in _ELEMENTWISE_FUNCTIONS,
            classes=name in _CLASS_FUNCTIONS,
        )
    overridden = not getattr(kind.forward, "__module__", "").startswith("torch.")
    return Scoring(
        name,
        from_torch=True,
        elementwise=issubclass(kind, _ELEMENTWISE) and not overridden,
        classes=issubclass(kind, _CLASSES),
        own_shapes=overridden,
    )


def _unwrapped(criterion: object) -> object:
    """A criterion without `functools.partial` and torch.compile around it."""
    while True:
        if isinstance(criterion, functools.partial):
            criterion = criterion.func
        elif isinstance(criterion, nn.Module) and hasattr(criterion, "_orig_mod"):
            criterion = criterion._orig_mod
        else:
            return criterion
