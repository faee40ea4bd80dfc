"""The command in this process, range tests by the library, and what both say."""

import importlib
import io
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import pytest
import torch
from click.testing import CliRunner
from torch import nn

from lrtui import LRFinder, cli, protocol
from lrtui.analysis.answer import Suggestion
from lrtui.endings import StopFlag
from lrtui.events import Ended, Event, Notice, Started, Step, Suggested
from lrtui.record import new_id
from lrtui.spec import RunSpec
from lrtui.worker.runner import Runner

HERE = "tests.field.models"
Marks = Mapping[str, str]


@dataclass(frozen=True)
class Run:
    """What `lrtui run` did: its events, and the usage error where it did not begin."""

    events: list[Event] = field(default_factory=list)
    usage: str = ""
    spec: RunSpec | None = None

    @property
    def ended(self) -> Ended | None:
        """The end of the run, None where the command refused it."""
        return next((event for event in self.events if isinstance(event, Ended)), None)

    @property
    def refused(self) -> bool:
        """Whether there was no run, or one that failed."""
        return self.ended is None or self.ended.status == "failed"

    @property
    def phase(self) -> str:
        """The phase that failed, "" where none did."""
        return self.ended.phase if self.ended else ""

    @property
    def steps(self) -> list[Step]:
        """The points of the curve."""
        return [event for event in self.events if isinstance(event, Step)]

    @property
    def losses(self) -> list[float]:
        """The raw losses."""
        return [step.measured_loss for step in self.steps]

    @property
    def notices(self) -> list[str]:
        """The notices, in their order."""
        return [event.text for event in self.events if isinstance(event, Notice)]

    @property
    def started(self) -> Started | None:
        """The start of the run, None where the command refused it."""
        return next((event for event in self.events if isinstance(event, Started)), None)

    @property
    def suggestion(self) -> Suggestion | None:
        """The answer, where there is one."""
        found = [event for event in self.events if isinstance(event, Suggested)]
        return found[-1].suggestion if found else None

    @property
    def lr(self) -> float | None:
        """The suggested rate, None where there is none."""
        return self.suggestion.lr if self.suggestion else None

    @property
    def text(self) -> str:
        """All that a person reads of it."""
        lines = [self.usage, *self.notices]
        if self.started:
            lines += [self.started.batch, self.started.loss]
        if self.ended:
            lines += [self.ended.phase, self.ended.reason]
        if self.suggestion:
            lines += [self.suggestion.verdict, self.suggestion.reason, self.suggestion.advice]
        return "\n".join(lines)


def command(*flags: str) -> Run:
    """`lrtui run` with these flags, from command line to answer, without a second process."""
    events: list[Event] = []
    specs: list[RunSpec] = []

    def in_this_process(asked: Sequence[RunSpec], *_: Any) -> int:
        specs.extend(asked)
        Runner(events.append, StopFlag()).range_test(protocol.Run(spec=asked[0], id=new_id()))
        return 0

    with mock.patch("lrtui.commands.run.headless.run_headless", in_this_process):
        result = CliRunner().invoke(cli.lrtui, ["run", *flags], prog_name="lrtui")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Run(events, result.output if not specs else "", specs[0] if specs else None)


def here(name: str) -> str:
    """The target of a name in `models.py`; targets, `auto` and `none` stay as they are."""
    return name if ":" in name or name in ("auto", "none") else f"{HERE}:{name}"


def run(
    model: str,
    data: str,
    loss: str = "auto",
    *settings: str,
    optimizer: str = "torch.optim:SGD",
    num_iter: int = 20,
    start_lr: float = 1e-5,
    end_lr: float = 1.0,
) -> Run:
    """`lrtui run` on things in `models.py`; `settings` are flags, or `field=value` for --set."""
    flags = ["--model", here(model), "--data", here(data), "--loss", here(loss)]
    flags += ["--optimizer", here(optimizer), "--num-iter", str(num_iter)]
    flags += ["--start-lr", str(start_lr), "--end-lr", str(end_lr)]
    for setting in settings:
        flags += [setting] if setting.startswith("-") else ["--set", setting]
    return command(*flags)


def load(target: str) -> Any:
    """What a target names."""
    where, _, what = target.rpartition(":")
    return getattr(importlib.import_module(where), what)


def model_of(name: str) -> nn.Module:
    """A model with the weights that a run with seed 0 begins with."""
    torch.manual_seed(0)
    model = load(here(name))()
    assert isinstance(model, nn.Module)
    return model


def criterion_of(loss: str) -> Callable[[Any, Any], torch.Tensor] | None:
    """The criterion that a target names, None for `none`."""
    if loss == "none":
        return None
    found = load(here(loss))
    criterion: Callable[[Any, Any], torch.Tensor] = found() if isinstance(found, type) else found
    return criterion


def finder_of(
    model: nn.Module, criterion: Callable[[Any, Any], torch.Tensor] | None, **options: Any
) -> LRFinder:
    """A finder with plain SGD."""
    options.setdefault("verbose", False)
    return LRFinder(model, torch.optim.SGD(model.parameters(), lr=1e-5), criterion, **options)


def first_loss(finder: LRFinder, loader: Any, **settings: Any) -> float:
    """The raw loss of the first iteration."""
    finder.range_test(loader, **{"num_iter": 20, "end_lr": 1e-4, **settings})
    return float(finder.history["raw_loss"][0])


def loss_or_refusal(finder: LRFinder, loader: Any, **settings: Any) -> tuple[float | None, str]:
    """The first raw loss, or None and the message of the refusal."""
    try:
        return first_loss(finder, loader, **settings), ""
    except (ValueError, TypeError) as error:
        return None, str(error)


def printed(call: Callable[[], Any]) -> str:
    """What a call prints."""
    out = io.StringIO()
    with redirect_stdout(out):
        call()
    return out.getvalue()


def assert_says(text: str, *words: str) -> None:
    """Every word, a regular expression, is in the text; case does not matter."""
    for word in words:
        assert re.search(word, text, re.IGNORECASE), f"no {word!r} in: {text}"


def marked(names: Mapping[str, Any], failing: Marks) -> list[Any]:
    """The names as parameters; those that fail today are marked with the reason."""
    assert set(failing) <= set(names), set(failing) - set(names)
    return [
        pytest.param(
            name,
            marks=[pytest.mark.xfail(strict=True, reason=failing[name])] if name in failing else [],
        )
        for name in names
    ]


def failing(reason: str, *names: str) -> dict[str, str]:
    """These cases, and why they fail today."""
    return dict.fromkeys(names, reason)
