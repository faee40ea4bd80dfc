"""User code that raises anything at all, anywhere: the run ends as failed, and says where and what.

The worker's runner is driven in this process, because an exception needs no process of its own.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from lrtui.catalog.trust import ANYTHING
from lrtui.endings import StopFlag
from lrtui.events import ConfirmationResult, Ended, Event, Measured, Step
from lrtui.protocol import Confirm, Run
from lrtui.record import new_id
from lrtui.runs.store import load
from lrtui.spec import Choice, LoaderSpec, RangeSpec, RunSpec
from lrtui.worker.runner import Runner
from lrtui.worker.start_method import fork_by_default
from lrtui.worker.watch import Stacks
from tests.user_files import WriteFile, imports_undone, user_file

__all__ = ["imports_undone", "user_file"]

HEAD = """
import sys
import torch
from torch import nn
from torch.utils.data import Dataset

class Own(BaseException):
    pass

class Mute(Exception):
    def __str__(self):
        raise ZeroDivisionError("in __str__")
    __repr__ = __str__

class NoText(Exception):
    def __str__(self):
        return 7

class Rude(Exception):
    def __str__(self):
        raise KeyboardInterrupt

def recurse():
    return recurse()

def fail(kind):
    if kind == "recursion":
        recurse()
    if kind == "exit":
        sys.exit(3)
    raise {
        "interrupt": KeyboardInterrupt,
        "generator": GeneratorExit,
        "own": lambda: Own("mine"),
        "mute": Mute,
        "no text": NoText,
        "rude": Rude,
        "long": lambda: ValueError("x" * 100_000_000),
        "group": lambda: ExceptionGroup("two", [ValueError("first"), TypeError("second")]),
        "memory": MemoryError,
        "stop": StopIteration,
    }[kind]()
"""
NET = """
class Net(nn.Module):
    def __init__(self, num_classes: int = 2):
        super().__init__()
        BUILD
        self.head = nn.Linear(4, num_classes)
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        FORWARD
        return self.head(x)

class Points(Dataset):
    def __init__(self):
        DATA

    def __len__(self):
        return 64

    def __getitem__(self, index):
        ITEM
        return torch.ones(4), index % 2
"""
KINDS = {
    "interrupt": "KeyboardInterrupt",
    "generator": "GeneratorExit",
    "exit": "sys.exit(3)",
    "own": "Own: mine",
    "mute": "Mute",
    "no text": "NoText",
    "rude": "Rude",
    "long": "ValueError: xxx",
    "group": "ExceptionGroup: two (2 sub-exceptions); the first: ValueError: first",
    "recursion": "RecursionError: maximum recursion depth exceeded",
    "memory": "MemoryError",
    "stop": "StopIteration",
}
PLACES = {
    "import": ("IMPORT", "fail({kind})", "data"),
    "building": ("BUILD", "fail({kind})", "model"),
    "data": ("DATA", "fail({kind})", "data"),
    "first batch": ("ITEM", "fail({kind})", "data"),
    "first step": ("FORWARD", "fail({kind})", "model"),
    "training": ("FORWARD", "if self.training and self.calls > 7: fail({kind})", "model"),
    "validation": ("FORWARD", "if not self.training and self.calls > 7: fail({kind})", "model"),
    "loading": ("ITEM", "self.n = getattr(self, 'n', 0) + 1; self.n > 99 and fail({kind})", "data"),
}


def written(user_file: WriteFile, **bodies: str) -> Path:
    """The user's file, with these bodies at their places."""
    code = HEAD + bodies.get("IMPORT", "") + NET
    for name in ("BUILD", "FORWARD", "DATA", "ITEM"):
        code = code.replace(name, bodies.get(name, "pass"))
    return user_file(code)


def spec_of(path: Path) -> RunSpec:
    test = RangeSpec(num_iter=12, start_lr=1e-6, end_lr=1e-5, val=True)
    return RunSpec(
        model=Choice(f"{path}:Net"),
        data=Choice(f"{path}:Points"),
        loader=LoaderSpec(batch_size=8),
        range=test,
    )


class Worker:
    """A runner whose events are kept."""

    def __init__(self, seen: Callable[[Event], None] | None = None, patience: float = 30.0) -> None:
        self.events: list[Event] = []
        self._seen = seen
        stacks = None if seen is None else Stacks()
        fork_by_default()
        self.runner = Runner(self._send, StopFlag(), patience=patience, stacks=stacks)

    def _send(self, event: Event) -> None:
        self.events.append(event)
        if self._seen is not None:
            self._seen(event)

    def run(self, spec: RunSpec) -> Ended:
        self.runner.range_test(Run(spec=spec, id=new_id(), agreed=(ANYTHING,)))
        assert isinstance(self.events[-1], Ended)
        return self.events[-1]

    @property
    def steps(self) -> int:
        return sum(isinstance(event, Step) for event in self.events)


@pytest.fixture
def worker() -> Worker:
    return Worker()


def check(end: Ended, kind: str, phase: str, path: Path) -> None:
    assert end.status == "failed"
    assert KINDS[kind] in end.reason
    assert "ZeroDivision" not in end.reason
    assert len(end.reason) < 600
    assert end.phase == phase
    assert end.where is not None
    assert end.where.file == str(path)
    assert end.where.function in ("fail", "recurse")
    assert load(Path(end.record)).status == "failed"


@pytest.mark.parametrize("kind", KINDS)
def test_anything_that_a_model_raises_in_mid_run_is_told_apart(
    worker: Worker, user_file: WriteFile, kind: str
) -> None:
    name, body, phase = PLACES["training"]
    path = written(user_file, **{name: body.format(kind=repr(kind))})
    end = worker.run(spec_of(path))
    check(end, kind, phase, path)
    assert worker.steps >= 2
    assert len(load(Path(end.record)).history.lr) == worker.steps


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ["interrupt", "generator", "own", "mute"])
def test_it_is_told_apart_wherever_it_is_raised(
    worker: Worker, user_file: WriteFile, place: str, kind: str
) -> None:
    name, body, phase = PLACES[place]
    path = written(user_file, **{name: body.format(kind=repr(kind))})
    check(worker.run(spec_of(path)), kind, phase, path)


@pytest.mark.parametrize("kind", ["interrupt", "generator", "own", "mute"])
def test_a_race_that_fails_says_why_and_leaves_the_run_as_it_was(
    worker: Worker, user_file: WriteFile, kind: str
) -> None:
    # counted by the class: a trial puts the model back
    count = "Net.total = getattr(Net, 'total', 0) + 1"
    body = f"{count}\n        if Net.total == 70: fail({kind!r})"
    path = written(user_file, FORWARD=body)
    end = worker.run(spec_of(path))
    assert end.status == "completed"
    worker.runner.confirm(Confirm(lr=1e-3, iterations=200))
    last = worker.events[-1]
    assert isinstance(last, Measured)
    assert isinstance(last.result, ConfirmationResult)
    assert KINDS[kind] in last.result.problem
    assert path.name in last.result.problem
    assert worker.run(spec_of(path)).status == "completed"
