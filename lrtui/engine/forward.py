"""The forward pass on any batch: what the model gets, and where the loss comes from.

The rule is in `lrtui.engine.reading`. It is read once, on the first batch, and compiled: later
batches of the same structure cost a comparison.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from numbers import Real
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import nn

from lrtui.engine.data.batch_size import batch_size
from lrtui.engine.reading.fit import Broadcasts, FitTarget, fit_of
from lrtui.engine.reading.items import Reading, Taken, length_of
from lrtui.engine.reading.losses import check_real, loss_rule, structure
from lrtui.engine.reading.notes import Notes
from lrtui.engine.reading.outputs import pick_of
from lrtui.engine.reading.rule import read
from lrtui.engine.reading.scoring import Scoring, scoring_of
from lrtui.engine.reading.signature import signature_of
from lrtui.engine.reading.words import WAY_OUT, summary
from lrtui.engine.reading.words import BatchError as BatchError
from lrtui.engine.restore.random_state import RngState
from lrtui.engine.types import Batch, BatchStep, Criterion, Metric, ModelOutput, Scalar, Target
from lrtui.output.exceptions import message_of

Inputs: TypeAlias = tuple[Any, ...]
StepResult: TypeAlias = Any  # what a user's step returned
_MOST_READINGS_SAID = 2  # batches that change all the time are not listed


class Output(NamedTuple):
    """The result of a forward pass: a scalar loss with its graph, and the metric if there is one.

    `target` and `inputs` are what the loss was computed from.
    """

    loss: torch.Tensor
    target: Target
    inputs: Inputs = ()
    metric: Scalar | None = None

    @property
    def size(self) -> int:
        """How many examples the loss is a mean over."""
        return batch_size(self.target, self.inputs)


class Forward:
    """Calls the model on a batch and computes the loss.

    What a batch, an output and a loss are taken for is in the table of `lrtui.engine.reading`.

    Args:
        model: what is called.
        criterion: None where the model returns its loss.
        batch_step: a user's step instead of both: it takes the batch whole.
        metric: measured beside the loss.
        split: batches are (inputs, target), from a `DataLoaderIter`.
        names: what the user says that each item is; "" where the rule decides.
        scorer: what is called instead of the criterion.
        notes: where what was read is said and kept.
    """

    def __init__(
        self,
        model: nn.Module,
        criterion: Criterion | None,
        batch_step: BatchStep | None = None,
        metric: Metric | None = None,
        split: bool = False,
        *,
        names: str = "",
        scorer: Criterion | None = None,
        notes: Notes | None = None,
    ) -> None:
        self._model = model
        self._batch_step = batch_step
        self._metric = metric
        self._split = split
        self._names = names
        self._notes = Notes() if notes is None else notes
        self._criterion = criterion
        self._scoring = scoring_of(criterion)
        self._scorer = criterion if scorer is None else scorer
        self._score: Criterion = self._watched_score
        self._signature = signature_of(model)
        self._replicated = isinstance(model, nn.DataParallel)
        self._times_read = 0
        # of the batches so far: how they are read
        self._type: type | None = None
        self._length: int | None = None
        self._take: Callable[[Batch], Taken] = _nothing_to_take
        # of the outputs so far: what the criterion gets of them
        self._output_type: type | None = None
        self._pick: Callable[[ModelOutput], Any] | None = None
        self._fit: FitTarget | None = None

    def __call__(self, batch: Batch, *extra: Any) -> Output:
        """The output for one batch that is on the model's device; `extra` goes to the user's step.

        Raises:
            BatchError: the batch has no target, or there is no loss.
        """
        if self._batch_step is not None:
            return self._step_output(batch, extra)
        taken = self._taken(batch)
        if taken is None:
            output, taken = self._first_output(batch)
        else:
            output = self._model(*taken[0], **taken[1])
        return self._output(output, *taken)

    def output_of(self, batch: Batch) -> ModelOutput:
        """What the model returns for a batch, without a loss.

        Raises:
            BatchError: the batch cannot be read.
        """
        return self._first_output(batch)[0]

    @property
    def classifies(self) -> bool:
        """Whether the criterion is torch's for labels of several classes."""
        return isinstance(self._criterion, nn.CrossEntropyLoss | nn.NLLLoss) or (
            self._criterion in (nn.functional.cross_entropy, nn.functional.nll_loss)
        )

    def describe(self, batch: Batch) -> str:
        """How a batch is used, in words.

        Raises:
            BatchError: it cannot be used.
        """
        if self._batch_step is not None:
            return f"{summary(batch)}, given to the step whole"
        return self._readings(batch)[0].describe(batch)

    def _readings(self, batch: Batch) -> list[Reading]:
        return read(self._signature, batch, self._scoring, names=self._names, split=self._split)

    def _taken(self, batch: Batch) -> Taken | None:
        """What is taken out of a batch; None where it has not the structure of those before."""
        if type(batch) is not self._type:  # a comparison of types is cheaper than isinstance
            return None
        if self._length is not None and self._length != len(batch):  # type: ignore[arg-type]
            return None
        try:
            return self._take(batch)
        except (KeyError, IndexError, AttributeError):
            return None

    def _first_output(self, batch: Batch) -> tuple[ModelOutput, Taken]:
        """Read a batch; where there are several readings, the first that the forward takes."""
        readings = self._readings(batch)
        if len(readings) == 1:
            self._adopt(readings[0], batch)
            taken = self._take(batch)
            return self._watched_model(taken), taken
        failures: list[Exception] = []
        random_state = RngState()
        for reading in readings:
            taken = reading.compiled()(batch)
            try:
                output = self._watched_model(taken)
            except torch.OutOfMemoryError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever the forward raises for it
                failures.append(error)
                random_state.restore()
                continue
            self._adopt(reading, batch)
            return output, taken
        raise BatchError(_no_reading(readings, batch, failures)) from failures[0]

    def _adopt(self, reading: Reading, batch: Batch) -> None:
        """Read the batches that follow like this one."""
        self._type, self._length = type(batch), length_of(batch)
        self._take = reading.compiled()
        self._output_type = None  # the target may be another
        if self._times_read < _MOST_READINGS_SAID:
            self._times_read += 1
            self._notes.add(f"batch: {reading.describe(batch)}", about=reading.roles)

    def _output(
        self, output: ModelOutput, args: Inputs, named: dict[str, Any], target: Target
    ) -> Output:
        if type(output) is not self._output_type:
            self._settle(output, target)
        if self._pick is not None:
            output = self._pick(output)
        if self._fit is not None:
            target = self._fit(output, target)
        loss = self._loss(output, target)
        metric = self._measure(output, target)
        return Output(loss, target, (*args, *named.values()) if named else args, metric)

    def _settle(self, output: ModelOutput, target: Target) -> None:
        """Decide what the criterion gets of an output of this type, and how the target fits it."""
        self._pick = self._fit = None
        self._output_type = type(output)
        scoring = self._scoring
        if scoring is not None:
            pick = pick_of(output, target, scoring)
            if pick is not None:
                self._pick = pick.get
                output = pick.get(output)
                self._notes.add(f"the criterion gets {pick.words}")
            fit = fit_of(output, target, scoring)
            if fit is not None:
                self._fit = fit.target
                self._notes.add(fit.words)
            if scoring.from_torch:
                _check_target(target, scoring)

    def _loss(self, output: ModelOutput, target: Target) -> torch.Tensor:
        returned = output if self._scorer is None else self._score(output, target)
        if type(returned) is torch.Tensor and not returned.dim():
            return returned
        return self._loss_in(returned)

    def _loss_in(self, returned: Any) -> torch.Tensor:
        """The loss in what the model, the criterion or the step returned."""
        rules = self._notes.loss_rules
        key = structure(returned)
        if key not in rules:
            rule = loss_rule(returned, replicated=self._replicated)
            if rule is None:
                raise BatchError(self._no_loss(returned))
            rules[key] = rule
            if rule.words:
                self._notes.add(f"{self._returner} returned {rule.words}")
        return rules[key].get(returned)

    @property
    def _returner(self) -> str:
        if self._batch_step is not None:
            return "the step"
        return "the model" if self._scorer is None else "the criterion"

    def _no_loss(self, returned: Any) -> str:
        if self._batch_step is not None:
            return (
                f"the step must return a loss, or (loss, {{name: value}}), got {summary(returned)}"
            )
        if self._scorer is not None:
            is_vector = isinstance(returned, torch.Tensor)
            hint = ': a scalar, such as with reduction="mean"' if is_vector else ""
            return f"the criterion must return its loss as a tensor, got {summary(returned)}{hint}"
        return (
            f"no criterion was given and the model returned no scalar loss, but {summary(returned)}"
            f"; give a loss, return the mean as `loss`, or {WAY_OUT}"
        )

    def _watched_model(self, taken: Taken) -> ModelOutput:
        """Call the model for the first time: no loss in it may be over all pairs."""
        watch = Broadcasts(losses_only=True)
        is_watched = self._scorer is None and _can_be_watched(self._model)
        with watch if is_watched else nullcontext():
            output = self._model(*taken[0], **taken[1])
        watch.check("the loss in the forward")
        if self._scorer is None:
            check_real(getattr(output, "loss", output))
        return output

    def _watched_score(self, output: ModelOutput, target: Target) -> Any:
        """Call the criterion for the first time: one of a user's own must not broadcast."""
        assert self._scorer is not None
        assert self._scoring is not None
        is_own = not (self._scoring.elementwise or self._scoring.classes)
        if is_own and not hasattr(self._scorer, "_torchdynamo_orig_callable"):
            watch = Broadcasts()
            with watch:
                returned = self._scorer(output, target)
            watch.check(self._scoring.name)
        else:
            returned = self._scorer(output, target)
        self._score = self._scorer
        check_real(returned)
        return returned

    def _step_output(self, batch: Batch, extra: Inputs) -> Output:
        """The output of a user's step."""
        assert self._batch_step is not None
        if self._times_read == 0:
            self._times_read = 1
            self._notes.add(f"batch: {self.describe(batch)}")
            watch = Broadcasts(losses_only=True)
            with watch if _can_be_watched(self._model) else nullcontext():
                result = self._batch_step(self._model, batch, *extra)
            watch.check("a loss in the step")
            check_real(result)
        else:
            result = self._batch_step(self._model, batch, *extra)
        return Output(self._loss_of_step(result), batch, metric=_step_metric(result))

    def _loss_of_step(self, result: StepResult) -> torch.Tensor:
        if type(result) is torch.Tensor and not result.dim():
            return result
        return self._loss_in(result)

    def _measure(self, output: ModelOutput, target: Target) -> Scalar | None:
        if self._metric is None:
            return None
        with torch.no_grad():
            metric: Scalar = self._metric(output, target)
        if not _is_number(metric):
            raise BatchError(f"the metric must return a number, got {summary(metric)}")
        return metric


def _check_target(target: Target, scoring: Scoring) -> None:
    if not isinstance(target, torch.Tensor):
        raise BatchError(
            f"{scoring.name} compares tensors, but the target is {summary(target)}; {WAY_OUT}"
        )


def _no_reading(readings: list[Reading], batch: Batch, failures: list[Exception]) -> str:
    """The message for a batch that the forward takes in none of the possible ways."""
    tried = []
    for reading, failure in zip(readings, failures, strict=True):
        first_line = (message_of(failure).splitlines() or [""])[0]
        tried.append(f"with {reading.describe(batch)}: {type(failure).__name__}: {first_line}")
    keys = f" with the keys {', '.join(map(str, batch))}" if isinstance(batch, Mapping) else ""
    return f"the forward fails on a batch{keys}, {'; '.join(tried)}; {WAY_OUT}"


def _can_be_watched(model: nn.Module) -> bool:
    """Whether torch's functions can be watched in it: gradients on, nothing compiled."""
    if not torch.is_grad_enabled():
        return False
    return not any(hasattr(part, "_orig_mod") for part in model.modules())


def _nothing_to_take(batch: Batch) -> Taken:
    raise AssertionError("no batch was read")


def _step_metric(result: StepResult) -> Scalar | None:
    """The first metric in what a user's step returned."""
    metrics: list[Scalar] = []
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], Mapping):
        metrics = list(result[1].values())
    elif isinstance(result, Mapping):
        for key, value in result.items():
            if "loss" not in str(key) and _is_number(value):
                metrics.append(value)
    if not metrics:
        return None
    metric = metrics[0]
    return metric.detach() if isinstance(metric, torch.Tensor) else metric


def _is_number(value: object) -> bool:
    if isinstance(value, torch.Tensor):
        return value.numel() == 1
    return isinstance(value, Real)
