"""One training step: gradients of one or more batches, then the optimizer."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.optim import Optimizer

from lrtui.engine.batches import OutOfData, move
from lrtui.engine.forward import Forward
from lrtui.engine.precision import Precision


class Update(NamedTuple):
    """What a training step measured: the loss before the step (averaged over accumulation), all still on the device."""

    loss: torch.Tensor
    metric: Any = None
    scale: torch.Tensor | None = None


class TrainStep:
    """Calls `optimizer.step` once per call, on the gradients of `accumulation_steps` batches.

    Optimizers that need a closure (LBFGS) get one, over the same batches as often as they ask. A user's step that
    requires a third argument gets the optimizers too and does the whole update itself (several of them, as in a GAN).
    """

    def __init__(
        self,
        model: nn.Module,
        forward: Forward,
        batches: Iterator[Any],
        optimizers: Sequence[Optimizer],
        precision: Precision,
        device: torch.device,
        *,
        accumulation_steps: int = 1,
        clip_grad_norm: float | None = None,
        non_blocking: bool = True,
        updates_itself: bool = False,
        begun: bool = False,
    ) -> None:
        self._model = model
        self._forward = forward
        self._batches = batches
        self._optimizers = optimizers
        self._precision = precision
        self._device = device
        self._accumulation_steps = accumulation_steps
        self._clip_grad_norm = clip_grad_norm
        self._non_blocking = non_blocking
        self._in_train_mode = False
        self._with_modes = with_modes(optimizers)
        self._fed = begun
        self._update = self._choose(updates_itself)

    def __call__(self) -> Update:
        """Train on the next batches.

        Raises:
            OutOfData: the loader is exhausted and is not to be restarted.
            ValueError: it had nothing from the start.
        """
        # every module at first, as torch_lr_finder does; later only after somebody's eval()
        if not (self._in_train_mode and self._model.training):
            self._model.train()
            for optimizer in self._with_modes:
                optimizer.train()
            self._in_train_mode = True
        return self._update()

    def loss_scale(self) -> float | None:
        """The loss scale as it is now, or None where losses are not scaled; waits for the device."""
        return self._precision.scale_now()

    def _choose(self, updates_itself: bool) -> Callable[[], Update]:
        if updates_itself:
            return self._user_update
        return (
            self._closure_update
            if any(map(needs_closure, self._optimizers))
            else self._plain_update
        )

    def _plain_update(self) -> Update:
        clear_gradients(self._optimizers)
        loss, metric = self._backward(self._next)
        if self._clip_grad_norm is not None:
            self._clip(self._clip_grad_norm)
        for optimizer in self._optimizers:
            self._precision.step(optimizer)
        self._precision.update()
        return Update(loss, metric, self._precision.scale())

    def _closure_update(self) -> Update:
        batches = [self._next() for _ in range(self._accumulation_steps)]
        first: list[tuple[torch.Tensor, Any]] = []

        def closure() -> torch.Tensor:
            clear_gradients(self._optimizers)
            with torch.enable_grad():
                loss, metric = self._backward(iter(batches).__next__)
            if self._clip_grad_norm is not None:
                self._clip(self._clip_grad_norm)
            first.append((loss, metric))
            return loss

        for optimizer in self._optimizers:
            optimizer.step(closure)  # type: ignore[arg-type]
        return Update(*first[0])

    def _user_update(self) -> Update:
        with self._precision.autocast():
            output = self._forward(self._next(), list(self._optimizers))
        return Update(output.loss.detach(), output.metric)

    def _backward(self, draw: Callable[[], Any]) -> tuple[torch.Tensor, Any]:
        if self._accumulation_steps == 1:
            return self._backward_one(draw())
        parts = [self._backward_one(draw()) for _ in range(self._accumulation_steps)]
        metrics = [metric for _, metric in parts if metric is not None]
        total = reduce(torch.add, (loss for loss, _ in parts))
        return total, sum(metrics) / len(metrics) if metrics else None

    def _backward_one(self, batch: Any) -> tuple[torch.Tensor, Any]:
        with self._precision.autocast():
            output = self._forward(batch)
        loss = output.loss
        # averaged, so that the gradient is that of one large batch
        if self._accumulation_steps > 1:
            loss = loss / self._accumulation_steps
        self._precision.backward(loss, self._optimizers)
        return loss.detach(), output.metric

    def _clip(self, norm: float) -> None:
        for optimizer in self._optimizers:
            self._precision.unscale(optimizer)
        parameters = [
            param
            for one in self._optimizers
            for group in one.param_groups
            for param in group["params"]
        ]
        nn.utils.clip_grad_norm_(parameters, norm)

    def _next(self) -> Any:
        try:
            batch = next(self._batches)
        except StopIteration:
            if self._fed:
                raise OutOfData from None
            raise ValueError("the training loader has no batches") from None
        self._fed = True
        return move(batch, self._device, self._non_blocking)


def check_update(
    optimizers: Sequence[Optimizer],
    precision: Precision,
    accumulation_steps: int,
    batch_step: Callable[..., Any] | None,
) -> None:
    """Raise ValueError for an update that these cannot do together."""
    if updates_itself(batch_step):
        if accumulation_steps > 1 or precision.scaler is not None:
            raise ValueError(
                "a step that updates the model itself leaves no room for accumulation_steps or a GradScaler"
            )
    elif any(map(needs_closure, optimizers)) and precision.scaler is not None:
        raise ValueError(
            "an optimizer that needs a closure (LBFGS) cannot be used with a GradScaler; use fp32 or bf16"
        )


def clear_gradients(optimizers: Iterable[Optimizer]) -> None:
    """`zero_grad` of every optimizer; torch's own is written out, as its wrappers take longer than its work."""
    for optimizer in optimizers:
        if type(optimizer).zero_grad is not Optimizer.zero_grad or "zero_grad" in vars(optimizer):
            optimizer.zero_grad()
            continue
        for group in optimizer.param_groups:
            for param in group["params"]:
                param.grad = None


def with_modes(optimizers: Iterable[Any]) -> list[Any]:
    """Those that train and evaluate at different weights (schedule-free ones), and have to be told which."""
    return [
        one
        for one in optimizers
        if callable(getattr(one, "train", None)) and callable(getattr(one, "eval", None))
    ]


def needs_closure(optimizer: Optimizer) -> bool:
    """Whether `optimizer.step` cannot be called without a closure."""
    closure = inspect.signature(optimizer.step).parameters.get("closure")
    return closure is not None and closure.default is closure.empty


def updates_itself(batch_step: Callable[..., Any] | None) -> bool:
    """Whether a user's step requires a third argument, the optimizers, and so does the update itself."""
    if batch_step is None:
        return False
    try:
        parameters = inspect.signature(batch_step).parameters.values()
    except (TypeError, ValueError):  # written in C: it tells nothing of its parameters
        return False
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(one.kind in kinds and one.default is one.empty for one in parameters) >= 3
