"""What a run refuses to answer stays refused: in its journal, its record, and the app."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from lrtui.events import Ended, Event, Notice, Suggested, decode, encode
from lrtui.record import from_events, from_json, to_json
from lrtui.runs.curves import answer_of, with_answer
from lrtui.tui.run.state import RunState
from lrtui.tui.run.trends import RepeatsSoFar, recompute_answer
from lrtui.tui.run.view_options import AS_MEASURED
from tests.field.optimizers import OwnRate
from tests.field.rig import Run, finder_of, load, model_of, run
from tests.field.test_batches import CE


@pytest.fixture(scope="module")
def in_class_order() -> Run:
    """A run on data in class order."""
    return run("Net", "class_order", CE, num_iter=60, end_lr=10)


def journal(events: Sequence[Event]) -> list[Event]:
    """The events as a journal gives them back."""
    return [decode(encode(event).rstrip()) for event in events]


def test_the_notice_comes_before_the_answer(in_class_order: Run) -> None:
    kinds = [type(event) for event in in_class_order.events]
    assert kinds.index(Suggested) > max(i for i, kind in enumerate(kinds) if kind is Notice)


def test_a_record_keeps_the_obstacle(in_class_order: Run) -> None:
    record = from_json(to_json(from_events(journal(in_class_order.events))))
    assert record.suggestion is not None
    assert (record.suggestion.verdict, record.suggestion.lr) == ("class_order", None)
    assert set(record.suggestions.values()) == {None}
    assert record.bounds is None
    answer = answer_of(record)
    assert answer is not None
    assert answer.suggestion == record.suggestion


def test_a_record_without_an_obstacle_has_no_key_for_it() -> None:
    record = from_events(run("Net", "mixed_order", CE, num_iter=20).events)
    assert b"obstacle" not in to_json(record)


def test_the_record_of_a_run_that_was_cut_off_has_no_number(in_class_order: Run) -> None:
    cut_off = [e for e in in_class_order.events if not isinstance(e, Suggested | Ended)]
    record = from_json(to_json(from_events(journal(cut_off))))
    assert record.suggestion is None
    shown = with_answer(record).suggestion
    recovered = answer_of(record)
    assert shown is not None
    assert recovered is not None
    assert shown.verdict == recovered.suggestion.verdict == "class_order"


def test_the_app_recomputes_no_number(in_class_order: Run) -> None:
    assert in_class_order.spec is not None
    state = RunState(in_class_order.spec)
    for event in in_class_order.events:
        state.feed(event)
    points = [repeat.steps for repeat in state.repeats]
    options = replace(AS_MEASURED, skip_start=1)
    curves = RepeatsSoFar().curves(points, options, state.spec.range, None)
    answer = recompute_answer(curves, options, state.obstacle)
    assert answer.suggestion.verdict == "class_order"
    state.begin(in_class_order.spec)
    assert state.obstacle is None


def test_a_test_forgets_the_obstacle_of_the_one_before() -> None:
    finder = finder_of(model_of("Net"), nn.CrossEntropyLoss())
    finder.range_test(load("tests.field.models:class_order")(), num_iter=30, end_lr=10)
    assert finder.suggestion().verdict == "class_order"
    finder.reset()
    finder.range_test(load("tests.field.models:mixed_order")(), num_iter=30, end_lr=10)
    assert finder.suggestion().verdict != "class_order"


# --- schedulers and hooks ---------------------------------------------------------------------


def hooked(hook: Any, *, before: bool, **settings: Any) -> str:
    """The verdict of a test whose optimizer has a hook."""
    finder = finder_of(model_of("Net"), nn.CrossEntropyLoss())
    optimizer = finder.optimizers[0]
    if before:
        optimizer.register_step_pre_hook(hook)
    else:
        optimizer.register_step_post_hook(hook)
    hooks = len(optimizer._optimizer_step_pre_hooks)
    loader = load("tests.field.models:mixed_order")()
    finder.range_test(loader, num_iter=30, end_lr=10, **settings)
    assert len(optimizer._optimizer_step_pre_hooks) == hooks
    return finder.suggestion().verdict


def set_rate(optimizer: Any, *_: Any) -> None:
    """A hook that sets a rate."""
    optimizer.param_groups[0]["lr"] = 0.05


def count_steps(optimizer: Any, *_: Any) -> None:
    """A hook that leaves the rate alone."""


def test_a_hook_before_the_step_that_sets_the_rate_is_an_obstacle() -> None:
    assert hooked(set_rate, before=True) == "rate_fought"
    assert hooked(set_rate, before=True, warmup=5) == "rate_fought"


def test_a_hook_that_loses_against_the_ramp_is_none() -> None:
    assert hooked(set_rate, before=False) != "rate_fought"
    assert hooked(set_rate, before=False, warmup=5) != "rate_fought"
    assert hooked(count_steps, before=True) != "rate_fought"


def test_the_hook_and_its_line_are_named() -> None:
    finder = finder_of(model_of("Net"), nn.CrossEntropyLoss())
    finder.optimizers[0].register_step_pre_hook(set_rate)
    finder.range_test(load("tests.field.models:mixed_order")(), num_iter=10)
    assert "set_rate in test_obstacles.py:" in finder.notices[-1].text


def test_groups_that_do_not_use_their_rate_are_named() -> None:
    model = model_of("Net")
    weights = list(model.parameters())
    optimizers = [torch.optim.SGD(weights[:1], lr=1e-3), OwnRate(weights[1:], lr=1e-3)]
    finder = finder_of(model, nn.CrossEntropyLoss())
    finder.optimizer = optimizers
    finder.range_test(load("tests.field.models:mixed_order")(), num_iter=30, end_lr=10)
    suggestion = finder.suggestion()
    assert suggestion.verdict == "rate_unused"
    assert "optimizer 1 (OwnRate)" in suggestion.reason
