"""One training step: the gradients of one or more batches, then the optimizer."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from inspect import Parameter
from typing import Any, NamedTuple, TypeVar

import torch
from torch import nn
from torch.optim import Optimizer

from lrtui.engine.checks.class_order import LabelWatch
from lrtui.engine.checks.gradients import NoGradientError, why_no_gradient
from lrtui.engine.checks.updates import PLAIN, Updates, needs_closure
from lrtui.engine.data.batches import OutOfData
from lrtui.engine.data.transfer import move
from lrtui.engine.forward import Forward, Output
from lrtui.engine.optim import moded, parameters_of
from lrtui.engine.precision import Precision
from lrtui.engine.reading.callable import signature_of_callable
from lrtui.engine.types import Batch, BatchStep, Scalar

Value = TypeVar("Value")


class Update(NamedTuple):
    """What a training step measured, still on the device.

    `loss` is the one before the optimizer's step, averaged over accumulated batches; `scale` is the
    loss scale after it.
    """

    loss: torch.Tensor
    metric: Scalar | None = None
    scale: Scalar | None = None


class TrainStep:
    """Each call takes one optimizer step on the gradients of `accumulation_steps` batches.

    Optimizers that need a closure (LBFGS) get one, which computes the gradients of the same batches
    as often as they ask. A user's step that requires a third argument gets the list of optimizers
    and does the whole update itself (several optimizers, as in a GAN).

    Args:
        updates: how the optimizers are called.
        create_graph: keep the graph of the gradients, for optimizers of second order.
        updates_itself: the user's step does the whole update.
        has_drawn: the loader has yielded batches before, so that its end is no error.
        kept_batches: how many of the last batches are kept, for messages about them.
    """

    def __init__(
        self,
        model: nn.Module,
        forward: Forward,
        batches: Iterator[Batch],
        optimizers: Sequence[Optimizer],
        precision: Precision,
        device: torch.device,
        *,
        accumulation_steps: int = 1,
        clip_grad_norm: float | None = None,
        non_blocking: bool = True,
        updates: Updates = PLAIN,
        create_graph: bool = False,
        updates_itself: bool = False,
        has_drawn: bool = False,
        kept_batches: int = 1,
    ) -> None:
        self._model = model
        self._bare_forward = forward
        self._forward: Callable[..., Output] = forward
        self._batches = batches
        self._optimizers = optimizers
        self._precision = precision
        self._device = device
        self._accumulation_steps = accumulation_steps
        self._clip_grad_norm = clip_grad_norm
        self._non_blocking = non_blocking
        self._create_graph = create_graph
        self._gradients_first = updates.gradients_first
        self._in_train_mode = False
        self._moded_optimizers = moded(optimizers)
        self._has_drawn = has_drawn
        self.batches_per_step = 1 if updates_itself else accumulation_steps
        self.drawn = 0  # batches so far
        self.recent: deque[Batch] = deque(maxlen=kept_batches)  # as the loader gave them
        self._update = self._choose_update(updates, updates_itself)

    def __call__(self) -> Update:
        """Train on the next batches.

        Raises:
            OutOfData: the loader is exhausted and may not be restarted.
            ValueError: the loader had no batch at all.
        """
        # every module at first, as torch_lr_finder does; later only after somebody called eval()
        if not (self._in_train_mode and self._model.training):
            self._model.train()
            for optimizer in self._moded_optimizers:
                optimizer.train()
            self._in_train_mode = True
        return self._update()

    def watch_labels(self, labels: LabelWatch) -> None:
        """Keep the targets of the first batches; afterwards the forward pass is the bare one."""
        forward = self._bare_forward

        def watched(batch: Batch, *extra: Any) -> Output:
            output = forward(batch, *extra)
            labels.add(batch, output.target, classifies=forward.classifies)
            if labels.is_done:
                self._forward = forward
            return output

        self._forward = watched

    def loss_scale(self) -> float | None:
        """The current loss scale, or None if losses are not scaled; waits for the device."""
        return self._precision.scale_now()

    def agreed(self, value: Value, is_certain: Callable[[Value], bool]) -> Value:
        """What all ranks say of a step; without other ranks, the value itself."""
        return value

    def _choose_update(self, updates: Updates, updates_itself: bool) -> Callable[[], Update]:
        if updates_itself:
            return self._user_update
        if updates.closure:
            return self._closure_update
        return self._plain_update

    def _plain_update(self) -> Update:
        clear_gradients(self._optimizers)
        loss, metric = self._backward(self._next_batch)
        self._clip()
        for optimizer in self._optimizers:
            self._precision.step(optimizer)
        self._precision.update()
        self._forget_graph()
        return Update(loss, metric, self._precision.scale())

    def _closure_update(self) -> Update:
        batches = [self._next_batch() for _ in range(self._accumulation_steps)]
        updates: list[Update] = []

        def closure() -> torch.Tensor:
            clear_gradients(self._optimizers)
            with torch.enable_grad():
                loss, metric = self._backward(iter(batches).__next__)
            self._clip()
            updates.append(Update(loss, metric))
            return loss

        for optimizer in self._optimizers:
            if self._gradients_first:
                closure()
            optimizer.step(closure)  # type: ignore[arg-type]
        self._forget_graph()
        return updates[0]

    def _user_update(self) -> Update:
        with self._precision.autocast():
            output = self._forward(self._next_batch(), list(self._optimizers))
        return Update(output.loss.detach(), output.metric)

    def _backward(self, draw: Callable[[], Batch]) -> tuple[torch.Tensor, Scalar | None]:
        """The mean loss and metric of the accumulated batches, after their backward passes."""
        if self._accumulation_steps == 1:
            return self._backward_one(draw())
        parts = [self._backward_one(draw()) for _ in range(self._accumulation_steps)]
        losses = [loss for loss, _ in parts]
        metrics = [metric for _, metric in parts if metric is not None]
        mean_metric = sum(metrics) / len(metrics) if metrics else None
        return reduce(torch.add, losses), mean_metric

    def _backward_one(self, batch: Batch) -> tuple[torch.Tensor, Scalar | None]:
        return self._backpropagated(batch, self._forward_one(batch))

    def _forward_one(self, batch: Batch) -> Output:
        with self._precision.autocast():
            return self._forward(batch)

    def _backpropagated(self, batch: Batch, output: Output) -> tuple[torch.Tensor, Scalar | None]:
        """The loss and the metric of an output, after its backward pass."""
        loss = output.loss
        # averaged, so that the gradient is that of one large batch
        if self._accumulation_steps > 1:
            loss = loss / self._accumulation_steps
        try:
            self._precision.backward(loss, self._optimizers, self._create_graph)
        except RuntimeError as error:
            if loss.requires_grad:
                raise
            reason = why_no_gradient(self._model, lambda: self._forward(batch))
            raise NoGradientError(reason) from error
        return loss.detach(), output.metric

    def _forget_graph(self) -> None:
        """Gradients with a graph and their parameters would keep each other in memory."""
        if self._create_graph:
            clear_gradients(self._optimizers)

    def _clip(self) -> None:
        if self._clip_grad_norm is None:
            return
        for optimizer in self._optimizers:
            self._precision.unscale(optimizer)
        nn.utils.clip_grad_norm_(parameters_of(self._optimizers), self._clip_grad_norm)

    def _next_batch(self) -> Batch:
        try:
            batch = next(self._batches)
        except StopIteration:
            if self._has_drawn:
                raise OutOfData from None
            raise ValueError("the training loader has no batches") from None
        self._has_drawn = True
        self.drawn += 1
        self.recent.append(batch)
        return move(batch, self._device, self._non_blocking)


def check_update(
    optimizers: Sequence[Optimizer],
    precision: Precision,
    accumulation_steps: int,
    batch_step: BatchStep | None,
    *,
    create_graph: bool = False,
) -> None:
    """Raise ValueError for a combination that no training step can do."""
    if create_graph and precision.scaler is not None:
        raise ValueError("create_graph cannot be combined with a GradScaler; use fp32 or bf16")
    if create_graph and updates_itself(batch_step):
        raise ValueError(
            "create_graph has no effect with a step that updates the model itself:"
            " call backward(create_graph=True) in it"
        )
    if updates_itself(batch_step):
        if accumulation_steps > 1 or precision.scaler is not None:
            raise ValueError(
                "a step that updates the model itself cannot be combined with accumulation_steps "
                "or a GradScaler"
            )
    else:
        check_closure(precision, closure=any(map(needs_closure, optimizers)))


def check_closure(precision: Precision, *, closure: bool) -> None:
    """Raise ValueError for an optimizer that needs a closure beside a GradScaler."""
    if closure and precision.scaler is not None:
        raise ValueError(
            "an optimizer that needs a closure (LBFGS, SAM) cannot be used with a GradScaler; "
            "use fp32 or bf16"
        )


def clear_gradients(optimizers: Iterable[Optimizer]) -> None:
    """`zero_grad` of every optimizer.

    torch's own is inlined: its wrappers take longer than its work.
    """
    for optimizer in optimizers:
        if type(optimizer).zero_grad is not Optimizer.zero_grad or "zero_grad" in vars(optimizer):
            optimizer.zero_grad()
            continue
        for group in optimizer.param_groups:
            for param in group["params"]:
                param.grad = None


def updates_itself(batch_step: BatchStep | None) -> bool:
    """Whether a user's step requires a third argument, the optimizers, and does the update."""
    if batch_step is None:
        return False
    try:
        parameters = signature_of_callable(batch_step).parameters.values()
    except (TypeError, ValueError):  # written in C, without a readable signature
        return False
    return len([parameter for parameter in parameters if _is_required(parameter)]) >= 3


def _is_required(parameter: Parameter) -> bool:
    positional = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return parameter.kind in positional and parameter.default is Parameter.empty
