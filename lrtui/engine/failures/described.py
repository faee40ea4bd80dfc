"""An exception in the middle of a test, described: its phase, its batch, and what to change.

Everything is read from the traceback, so that the loop does nothing for it.
"""

import functools
import inspect
import signal
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any, Literal

from torch import nn
from torch.optim import Optimizer

from lrtui.engine.data.batch_size import batch_size
from lrtui.engine.data.batches import DataLoaderIter
from lrtui.engine.failures import labels
from lrtui.engine.failures.device import FIRST_HELP, WHAT_HAPPENED, device_trouble
from lrtui.engine.reading.words import BatchError, summary
from lrtui.engine.step import TrainStep
from lrtui.engine.types import Batch
from lrtui.engine.validation import Validation
from lrtui.output.exceptions import chain, message_of

Phase = Literal["data", "model", "loss", "metric", "step", "optimizer", "device", "training"]
ONE_EXAMPLE = "Expected more than 1 value per channel when training"
NOT_COLLATED = "stack expects each tensor to be equal size"
NOT_COLLATED_IN_WORKER = "Trying to resize storage that is not resizable"
_ENDING_SECONDS = 0.2
LOADER_DIED = "DataLoader worker (pid"
DROP_LAST = "DataLoader(…, drop_last=True)"
WHAT_FAILED: dict[Phase, str] = {
    "data": "loading",
    "model": "the model failed on",
    "loss": "the loss failed on",
    "metric": "the metric failed on",
    "step": "the step failed on",
    "optimizer": "the optimizer's step failed after",
    "training": "training failed on",
}


@dataclass(frozen=True)
class Parts:
    """The user's objects in a test: the innermost one in a traceback is where it failed."""

    models: Sequence[nn.Module]  # the model, and its compiled form
    criterion: object
    metric: object
    step: object
    optimizers: Sequence[Optimizer]


@dataclass(frozen=True)
class Failure:
    """Why a test failed.

    Attributes:
        phase: where it failed.
        what: what failed, on which batch of which shapes.
        reason: what is wrong and the way out; "" where only the exception says it.
    """

    phase: Phase
    what: str
    reason: str = ""


def describe(error: BaseException, parts: Parts) -> Failure:
    """The phase, the batch and the way out of an exception that ended a test."""
    if isinstance(error.__cause__, StopIteration):
        error = error.__cause__  # which Python makes a RuntimeError of, in a generator
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    message = message_of(error)
    phase, layer = _phase(frames, parts)
    died = loader_died(error)
    if died:  # torch may say so anywhere
        phase, layer = "data", ""
    train = _local(frames, TrainStep)
    validates = _local(frames, Validation) is not None
    number = _number(train, loading=phase == "data")
    batch = train.recent[-1] if train is not None and train.recent else None
    where = _where(frames, number, batch, phase, validates)
    trouble = device_trouble(error)
    if trouble is not None:  # the tensors of a failed device cannot be looked at
        if trouble != "host memory":
            phase = "device"
        what = f"{WHAT_HAPPENED[trouble]} on {where}"
        return Failure(phase, what, FIRST_HELP.get(trouble, ""))
    if ONE_EXAMPLE in message:
        return Failure("data", f"{where}: {one_example(batch)}", f"use {DROP_LAST}")
    reason = labels.explained(error)
    if isinstance(error, labels.LabelError):
        reason = message
    if reason:
        return Failure("loss", f"the loss failed on {where}", reason)
    if NOT_COLLATED in message or NOT_COLLATED_IN_WORKER in message:
        sizes = "examples of one batch differ in shape"
        if NOT_COLLATED in message:
            sizes = message[message.index(NOT_COLLATED) :].splitlines()[0]
        way_out = "crop or pad the examples, or give a collate_fn"
        return Failure("data", f"loading {where} failed", f"{sizes}; {way_out}")
    what = f"{WHAT_FAILED[phase]} {where}"
    if layer:
        what = f"{layer} of the model failed on {where}"
    if phase == "data":
        what += " failed"
    return Failure(phase, what, _ends_of_workers(frames) if died else "")


def loader_died(error: BaseException) -> bool:
    """Whether a worker process of a loader has ended, instead of giving a batch."""
    if any(message_of(cause).startswith(LOADER_DIED) for cause in chain(error)):
        return True
    # it may die while it passes a batch on
    if not isinstance(error, OSError | EOFError):
        return False
    return bool(_ends_of_workers([frame for frame, _ in traceback.walk_tb(error.__traceback__)]))


def _ends_of_workers(frames: Sequence[FrameType]) -> str:
    """How the processes of a loader ended, which torch does not always say; "" if unknown."""
    ends = []
    for frame in frames:
        for worker in getattr(frame.f_locals.get("self"), "_workers", None) or []:
            code = _exit_code(worker)
            if code:
                ends.append(f"worker process {worker.pid} of the loader {ended_with(code)}")
        if ends:
            break
    return "; ".join(ends)


def _exit_code(worker: Any) -> int | None:
    """The exit code of a process that has ended, or is about to."""
    if not hasattr(worker, "exitcode"):
        return None
    worker.join(_ENDING_SECONDS)
    code: int | None = worker.exitcode
    return code


def ended_with(code: int) -> str:
    """How a process ended, from its exit code: "was ended by SIGSEGV"."""
    if code > 0:
        return f"exited with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def one_example(batch: Batch) -> str:
    """What to say of a batch that batch norm cannot train on."""
    if batch is not None and batch_size(batch) > 1:
        return "batch norm got one value per channel, and cannot train on it"
    return "it has one example, and batch norm cannot train on that"


def _phase(frames: Sequence[FrameType], parts: Parts) -> tuple[Phase, str]:
    """The phase of the innermost frame that belongs to one, and the layer that failed."""
    phase: Phase = "training"
    layer = ""
    codes: dict[Phase, CodeType | None] = {
        "loss": _code_of(parts.criterion),
        "metric": _code_of(parts.metric),
        "step": _code_of(parts.step),
    }
    for frame in frames:
        owner = frame.f_locals.get("self")
        found = _phase_of(frame, owner, parts, codes)
        if found is not None:
            phase, layer = found, ""
        elif phase == "model" and isinstance(owner, nn.Module):
            layer = _layer_name(owner, parts) or layer
    return phase, layer


def _phase_of(
    frame: FrameType, owner: object, parts: Parts, codes: dict[Phase, CodeType | None]
) -> Phase | None:
    if frame.f_code is TrainStep._next_batch.__code__ or isinstance(owner, DataLoaderIter):
        return "data"
    if owner is not None:
        if any(owner is model for model in parts.models):
            return "model"
        if owner is parts.criterion:
            return "loss"
        if any(owner is optimizer for optimizer in parts.optimizers):
            return "optimizer"
    for phase, code in codes.items():
        if code is not None and frame.f_code is code:
            return phase
    return None


def _code_of(scorer: object) -> CodeType | None:
    """The code of a function, of a bound method or of an object's `__call__`."""
    function: Any = scorer
    while isinstance(function, functools.partial):
        function = function.func
    if isinstance(function, nn.Module):
        return None  # its frames have it as `self`
    if function is not None and not inspect.isroutine(function):
        function = type(function).__call__
    return getattr(inspect.unwrap(function), "__code__", None)


def _layer_name(module: nn.Module, parts: Parts) -> str:
    for model in parts.models:
        for name, part in model.named_modules():
            if part is module and name:
                return f"{name} ({type(module).__name__})"
    return ""


def _local(frames: Sequence[FrameType], kind: type[Any]) -> Any:
    """The object of a class whose method is running."""
    owners: Iterator[object] = (frame.f_locals.get("self") for frame in frames)
    return next((owner for owner in owners if isinstance(owner, kind)), None)


def _number(train: TrainStep | None, *, loading: bool) -> int | None:
    """Which batch of the loader it was, from 1."""
    if train is None:
        return None
    return train.drawn + 1 if loading else train.drawn


def _where(
    frames: Sequence[FrameType], number: int | None, batch: Batch, phase: Phase, validates: bool
) -> str:
    """`batch 9 (iteration 8; 1x6 float32, 1 int64)`."""
    if validates:
        return "a batch of the validation loader"
    if number is None:
        return "a batch"
    details = []
    for frame in frames:
        iteration = frame.f_locals.get("iteration")
        if frame.f_code.co_name == "range_test" and isinstance(iteration, int):
            details.append(f"iteration {iteration}")
            break
    if batch is not None and phase != "data":
        details.append(summary(batch).removeprefix("(").removesuffix(")"))
    if not details:
        return f"batch {number}"
    return f"batch {number} ({'; '.join(details)})"


def replacement(error: BaseException, failure: Failure) -> BatchError | None:
    """A ValueError with the whole message, where the exception alone says too little.

    Any other exception keeps its type and gets the message as a note.
    """
    is_refused = ONE_EXAMPLE in message_of(error) or (failure.phase == "loss" and failure.reason)
    if not is_refused:
        return None
    return BatchError(f"{failure.what}: {failure.reason}")
