"""How an optimizer wants to be called: with a closure, and with the graph of its gradients.

The signature decides where `step` requires its closure. Else a twin of the optimizer is tried:
sharpness-aware optimizers and their kin refuse a step without one, or do nothing in it.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from inspect import Parameter
from types import FrameType
from typing import NamedTuple

import torch
from torch.optim import Optimizer

from lrtui.engine.checks.twin import NoTwinError, Twin, undisturbed
from lrtui.engine.reading.callable import signature_of_callable
from lrtui.output.exceptions import message_of

RATE = 1e-2  # at which steps are tried
STEPS = 2
NO_GRAPH = re.compile("create_graph|grad_fn|does not require grad", re.IGNORECASE)
_OF_GRADIENTS = (1.0, -2.0)  # factors: steps that read the gradients differ with them
_UNUSUAL = ("Rprop", "Adafactor")  # do not use every rate that is set


class OptimizerError(ValueError):
    """An optimizer that cannot be used as the settings say; the message says what to change."""


class Updates(NamedTuple):
    """How the optimizers of a test are called.

    Attributes:
        closure: `step` gets a closure, which computes the gradients.
        gradients_first: it also wants gradients before it calls the closure.
    """

    closure: bool = False
    gradients_first: bool = False


PLAIN = Updates()
Step = Callable[[Twin], object]


class Try(NamedTuple):
    """A few steps of a fork: the error that they raised, or the parameters that they led to."""

    values: list[torch.Tensor | None]
    moved: bool = False
    error: Exception | None = None


def updates_of(optimizers: Iterable[Optimizer], *, create_graph: bool = False) -> Updates:
    """How optimizers are called, the same way for all of them.

    Raises:
        OptimizerError: one needs `create_graph`.
    """
    found = [_updates_of_one(optimizer, create_graph) for optimizer in optimizers]
    return Updates(
        closure=any(one.closure for one in found),
        gradients_first=any(one.gradients_first for one in found),
    )


def step_of(updates: Updates, *, create_graph: bool = False) -> Step:
    """One step of a twin in this way."""
    if not updates.closure:
        return lambda twin: _plain_step(twin, create_graph)
    if updates.gradients_first:
        return lambda twin: _closure_step(twin, create_graph, times=1.0)
    return lambda twin: _closure_step(twin, create_graph)


def needs_closure(optimizer: Optimizer) -> bool:
    """Whether `optimizer.step` cannot be called without a closure."""
    closure = signature_of_callable(optimizer.step).parameters.get("closure")
    return closure is not None and closure.default is Parameter.empty


def is_known(optimizer: Optimizer) -> bool:
    """Whether this is torch's own, of those that use their rate and no closure of their own."""
    kind = type(optimizer)
    if kind.__name__ in _UNUSUAL or needs_closure(optimizer):
        return False
    return getattr(torch.optim, kind.__name__, None) is kind


def optimizer_that_failed(error: BaseException) -> str:
    """The class of the optimizer whose step raised an error; "" where it came from elsewhere.

    The closure that a step calls is the model's concern.
    """
    name = ""
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if _is_step(frame):
            name = type(frame.f_locals["self"]).__name__
        elif name and frame.f_code.co_name == "closure":
            name = ""
        trace = trace.tb_next
    return name


def _is_step(frame: FrameType) -> bool:
    return frame.f_code.co_name == "step" and isinstance(frame.f_locals.get("self"), Optimizer)


def _updates_of_one(optimizer: Optimizer, create_graph: bool) -> Updates:
    if is_known(optimizer):
        return Updates()
    required = needs_closure(optimizer)
    with undisturbed():
        try:
            # curved: a gradient uphill differs from the one here
            twin = Twin(optimizer, curved=True)
            return _tried(twin, required, create_graph)
        except NoTwinError:
            return Updates(required)


def _tried(twin: Twin, required: bool, create_graph: bool) -> Updates:
    plain = Try([])
    if not required:
        plain = _try(twin, step_of(Updates(), create_graph=create_graph))
        if plain.moved:
            return Updates()
    closure = _try(twin, lambda fork: _closure_step(fork, create_graph))
    with_gradients = [
        _try(twin, partial(_closure_step, create_graph=create_graph, times=times))
        for times in _OF_GRADIENTS
    ]
    if not closure.moved and not with_gradients[0].moved:
        _check_graph(twin, create_graph, (plain, closure, with_gradients[0]))
        return Updates(required)
    return Updates(True, not closure.moved or not _equal(*with_gradients))


def _check_graph(twin: Twin, create_graph: bool, tries: Sequence[Try]) -> None:
    """Raise OptimizerError for an optimizer that works with the graph of its gradients only."""
    messages = [str(one.error) for one in tries if one.error is not None]
    if create_graph or not any(map(NO_GRAPH.search, messages)):
        return
    name = type(twin.optimizer).__name__
    raise OptimizerError(
        f"{name} differentiates the gradients once more, and needs their graph:"
        " set create_graph=True (in a spec or by --set: range.create_graph=true)"
    )


def _try(twin: Twin, step: Step) -> Try:
    fork = twin.fork()
    fork.set_rates([RATE] * len(fork.params))
    before = fork.values()
    try:
        for _ in range(STEPS):
            step(fork)
    except Exception as error:  # noqa: BLE001 - the other ways of calling it are tried
        return Try([], error=error)
    values = fork.values()
    return Try(values, moved=not same(values, before))


def _plain_step(twin: Twin, create_graph: bool) -> None:
    twin.put_gradients(graph=create_graph)
    try:
        twin.optimizer.step()
    except RuntimeError as error:
        message = message_of(error).lower()
        if "sparse" not in message or "dense" not in message:
            raise
        twin.make_sparse()
        twin.optimizer.step()


def _closure_step(twin: Twin, create_graph: bool, times: float | None = None) -> None:
    for param in twin.trained:
        param.grad = None
    if times is not None:
        twin.put_gradients(graph=create_graph, times=times)
    closure = partial(twin.put_gradients, graph=create_graph)
    twin.optimizer.step(closure)  # type: ignore[arg-type]


def same(some: Sequence[torch.Tensor | None], others: Sequence[torch.Tensor | None]) -> bool:
    """Whether all values are equal, to the last bit."""
    return all(map(equal, some, others))


def equal(one: torch.Tensor | None, other: torch.Tensor | None) -> bool:
    """Whether two values are equal, to the last bit."""
    if one is None or other is None:
        return one is other
    return torch.equal(one, other)


def _equal(one: Try, other: Try) -> bool:
    return one.error is None and other.error is None and same(one.values, other.values)
