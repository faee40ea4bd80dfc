"""How a test ends and with which reason, what counts as diverged, and what a step reports."""

import math
from collections.abc import Sequence
from typing import Any, cast

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from lrtui import LRFinder, TrainDataLoaderIter
from lrtui.engine.ramp import Ramp
from lrtui.engine.range_test import Outcome, range_test
from lrtui.engine.step import TrainStep, Update
from lrtui.engine.tracker import Tracker
from lrtui.events import Step
from tests.engine.rigs import finder, loader, mlp, points


class GivenLosses(nn.Module):
    """A criterion that returns the given losses, and then repeats the last one."""

    def __init__(self, *losses: float) -> None:
        super().__init__()
        self.losses = list(losses)

    def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        loss = self.losses.pop(0) if len(self.losses) > 1 else self.losses[0]
        return output.sum() * 0 + loss


def measured(*losses: float, **options: Any) -> tuple[LRFinder, list[Step]]:
    live = finder(criterion=GivenLosses(*losses))
    steps = list(live.steps(loader(), **{"num_iter": 8, "smooth_f": 0, **options}))
    return live, steps


def test_completed() -> None:
    live, steps = measured(1.0)
    assert (live.status, live.reason) == ("completed", "all 8 iterations ran")
    assert [step.iteration for step in steps] == list(range(8))


def test_diverged_reports_the_rate_and_the_best_loss() -> None:
    live, steps = measured(2.0, 1.0, 9.0)
    assert live.status == "diverged"
    assert live.reason == f"the loss diverged at lr {steps[2].lr:.2e}: 9 after a best of 1"
    assert len(steps) == 3


@pytest.mark.parametrize(
    ("loss", "kind"), [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf")]
)
@pytest.mark.parametrize("position", range(4))
def test_a_loss_that_is_not_finite_ends_it_wherever_it_is(
    loss: float, kind: str, position: int
) -> None:
    live, steps = measured(*[1.0] * position, loss)
    assert live.status == "diverged"
    assert live.reason == f"the loss became {kind} at lr {steps[-1].lr:.2e}"
    assert len(steps) == position + 1
    assert (steps[-1].raw_loss, steps[-1].loss, steps[-1].nonfinite) == (None, None, kind)
    assert str(live.history["loss"][-1]) == str(loss)
    assert live.best_loss == (1.0 if position else None)


@pytest.mark.parametrize(
    "losses", [(-1.0, -2.0, -1.5, -0.5), (0.0, -1.0, 0.5), (0.0, 0.25, 0.0), (3.0, -1.0, 2.0)]
)
def test_negative_and_zero_losses_do_not_end_it(losses: tuple[float, ...]) -> None:
    live, _ = measured(*losses)
    assert live.status == "completed"


def test_a_negative_loss_that_explodes_does() -> None:
    live, steps = measured(-1.0, -2.0, 7.0)
    assert live.status == "diverged"
    assert len(steps) == 3


def test_a_loader_that_ends_stops_it() -> None:
    live = finder()
    live.range_test(TrainDataLoaderIter(loader(24), auto_reset=False), num_iter=8)
    assert (live.status, live.reason) == ("stopped", "out of data after 3 of 8 iterations")
    assert len(live.history["lr"]) == 3
    live.range_test(TrainDataLoaderIter(loader(24), auto_reset=False), num_iter=8, warmup=5)
    assert (live.status, live.reason) == ("stopped", "out of data after 3 of 5 warm-up iterations")


@pytest.mark.parametrize("empty", [[], TrainDataLoaderIter([])])
def test_an_empty_loader_is_refused(empty: Any) -> None:
    with pytest.raises(ValueError, match="the training loader has no batches"):
        finder().range_test(empty)
    with pytest.raises(ValueError, match="the validation loader has no batches"):
        finder().range_test(loader(), [])


def test_a_loader_of_a_single_batch_is_used_again_and_again() -> None:
    live = finder()
    live.range_test(loader(8), loader(8), num_iter=5)
    assert len(live.history["lr"]) == 5


def test_time_is_up_after_the_step_that_it_runs_out_in() -> None:
    live = finder()
    live.range_test(loader(), num_iter=5, max_seconds=0)
    assert live.status == "stopped"
    assert live.reason == "out of time: 0 s allowed 1 of 5 iterations"
    assert len(live.history["lr"]) == 1


class Canned:
    """A training step that measures the given losses."""

    def __init__(self, losses: Sequence[float], scales: Sequence[float | None] = ()) -> None:
        self.updates = [
            Update(torch.tensor(loss), None, scale)
            for loss, scale in zip(losses, scales or [None] * len(losses), strict=True)
        ]

    def __call__(self) -> Update:
        return self.updates.pop(0)

    def loss_scale(self) -> float:
        return 8.0


def drive(train: Canned, **options: Any) -> tuple[list[Step], Outcome]:
    ramp = Ramp((1e-3,), (1.0,), 6)
    steps: list[Step] = []
    walk = range_test(
        cast(TrainStep, train), ramp, Tracker(0.0), [], torch.device("cpu"), **options
    )
    while True:
        try:
            steps.append(next(walk))
        except StopIteration as end:
            return steps, end.value


@pytest.mark.parametrize("lag", [0, 2])
def test_the_clock_decides_between_steps(lag: int) -> None:
    seconds = iter(range(100))
    steps, outcome = drive(
        Canned([1.0] * 6), clock=lambda: next(seconds), max_seconds=4.5, began=0.0, lag=lag
    )
    assert outcome.status == "stopped"
    assert outcome.reason == f"out of time: 4.5 s allowed {len(steps)} of 6 iterations"
    assert 0 < len(steps) < 6


def test_seconds_count_from_the_start_of_the_whole_run() -> None:
    seconds = iter(range(10, 100))
    steps, _ = drive(Canned([1.0] * 6), clock=lambda: next(seconds), began=3.0)
    assert steps[0].seconds >= 7
    assert [step.seconds for step in steps] == sorted(step.seconds for step in steps)


def test_a_step_that_the_scaler_skipped_is_marked_and_no_point_of_the_curve() -> None:
    steps, outcome = drive(Canned([50.0, 1.0, 90.0, 1.0, 1.0, 1.0], [4.0, 4.0, 2.0, 2.0, 2.0, 4.0]))
    assert [step.skipped for step in steps] == [True, False, True, False, False, False]
    assert [step.loss for step in steps] == [None, 1.0, None, 1.0, 1.0, 1.0]
    assert outcome.status == "completed"


@given(
    st.lists(st.floats(0.01, 100), min_size=1, max_size=30), st.floats(0, 0.99), st.floats(1.1, 10)
)
def test_smoothing_and_divergence_are_torch_lr_finders(
    losses: list[float], smooth_f: float, diverge_th: float
) -> None:
    tracker = Tracker(smooth_f, diverge_th)
    smoothed: list[float] = []
    best = 0.0
    for i, loss in enumerate(losses):
        if i == 0:
            best = loss
        else:
            if smooth_f > 0:
                loss = smooth_f * loss + (1 - smooth_f) * smoothed[-1]
            best = min(best, loss)
        smoothed.append(loss)
        assert tracker.add(losses[i]) == loss
        assert tracker.best == best
        assert tracker.diverged == (loss > diverge_th * best)


def test_a_step_has_group_lrs_only_with_several_groups() -> None:
    live = finder()
    assert next(live.steps(loader(), num_iter=3)).group_lrs == ()


def test_status_while_running_and_a_second_test_continues_without_reset() -> None:
    live = finder(mlp())
    assert live.status == ""
    for _ in live.steps(loader(), num_iter=3):
        assert live.status == "running"
    assert live.status == "completed"
    state = live.digest()
    live.range_test(loader(), num_iter=3)
    assert live.digest() != state
    assert len(live.history["lr"]) == 3


@pytest.mark.parametrize("verbose", [True, False])
def test_not_verbose_prints_nothing(capfd: pytest.CaptureFixture[str], verbose: bool) -> None:
    from lrtui import LRFinder

    model = mlp()
    live = LRFinder(
        model, torch.optim.SGD(model.parameters(), lr=0.1), nn.CrossEntropyLoss(), verbose=verbose
    )
    live.range_test(loader(), num_iter=3)
    out, err = capfd.readouterr()
    assert ("all 3 iterations ran" in out) == verbose
    assert err == ""


def test_the_suggestion_and_the_bounds_come_from_the_raw_curves_of_all_repeats() -> None:
    live = finder(nn.Linear(4, 3), lambda params: torch.optim.SGD(params, lr=1e-4))
    assert live.suggestion().verdict == "too_short"
    assert live.bounds() is None
    live.range_test(
        loader(256, 32, shuffle=True), end_lr=1e4, num_iter=300, repeats=2, smooth_f=0.02
    )
    answer, bounds = live.suggestion(), live.bounds()
    assert answer.verdict == "ok"
    assert "2 repeats" in answer.method
    assert answer.lr is not None
    assert 1e-3 < answer.lr < 100
    assert bounds is not None
    assert bounds[0] < answer.lr
    assert bounds[0] < bounds[1]


def test_a_metric_curve_is_beside_the_loss() -> None:
    def accuracy(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return (output.argmax(1) == target).float().mean()

    live = finder()
    live.range_test(loader(), num_iter=4, metric=accuracy)
    assert all(0 <= value <= 1 for value in live.history["metric"])
    live.range_test(loader(), loader(20), num_iter=4, metric=accuracy, start_lr=1e-9, end_lr=1e-8)
    inputs, target = points(20)[:]
    assert live.history["metric"][-1] == pytest.approx(
        accuracy(live.model.eval()(inputs), target).item()
    )
    assert len(live.history["train_loss"]) == 4


def test_time_counts_while_it_warms_up_too() -> None:
    live = finder()
    live.range_test(loader(), num_iter=20, warmup=10**6, max_seconds=0.05)
    assert live.status == "stopped"
    assert live.reason.startswith("out of time: 0.05 s allowed ")
    assert live.reason.endswith(" of 1000000 warm-up iterations")
