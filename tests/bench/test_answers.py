"""The parts of the benchmark that decide what counts as good, and its stored truth."""

from collections.abc import Callable

import numpy as np
import pytest

from .answers.__main__ import PLANS
from .answers.cells import TRUTH_SEEDS, Cell, Trainings, all_cells
from .answers.halving import EXTENSION, RATES, STEP, blind_halving
from .answers.marks import BLOWN_UP, HEADER, Marked, marks_of, row, task_weights
from .answers.methods import Answer
from .answers.tasks import DESIGNED, HELD_OUT, TASKS
from .answers.truth import Truth, from_trainings

CELLS = all_cells()


def trainings(*losses: float | None) -> Trainings:
    """Trainings at rates that are a decade apart, from 1e-4 on, with three seeds alike."""
    lrs = [10.0 ** (k - 4) for k in range(len(losses))]
    return Trainings(300, "constant", lrs, [[loss] * 3 for loss in losses])


def truth(*losses: float | None, first: float = 2.0) -> Truth:
    return from_trainings(trainings(*losses), first)


# truth


def test_the_best_rate_is_that_of_the_lowest_mean_and_has_no_regret() -> None:
    known = truth(2.0, 1.0, 0.5, 1.0, 2.0)
    assert known.best == pytest.approx(-2)
    assert known.regret(-2) == 0
    assert known.ratio(-2) == 1
    assert known.is_good(-2)
    assert known.is_in_band(-2)
    assert known.distance(-2) < 0.02


def test_a_rate_is_averaged_with_its_neighbours() -> None:
    known = truth(1.0, 1.0, np.e**-1, 1.0, 1.0)
    assert known.loss(-2) == pytest.approx(np.exp(-2 / 3))
    assert known.loss(-3) == pytest.approx(np.exp(-1 / 6))


def test_a_divergence_counts_as_far_above_the_untrained_loss_as_the_best_is_below() -> None:
    known = truth(1.0, 1.0, 1.0, None, None, first=2.0)
    assert known.loss(0) == pytest.approx(3.0)
    assert known.regret(0) > BLOWN_UP
    assert known.loss(5) == known.loss(0)  # outside, that of the nearest rate


def test_losses_below_zero_are_judged_by_the_share_of_the_fall_that_they_miss() -> None:
    known = truth(2.0, 0.0, -2.0, 0.0, 2.0)
    assert not known.is_positive
    fall = known.first - known.best_loss
    assert known.ratio_of(known.best_loss + 0.05 * fall) == pytest.approx(1.2)
    assert known.regret(-4) == pytest.approx((known.loss(-4) - known.best_loss) / fall)


def test_an_interval_covers_where_it_has_a_rate_near_the_best() -> None:
    known = truth(2.0, 1.0, 0.5, 1.0, 2.0)
    assert known.within(-2.5, -1.5)
    assert known.within(-2.0, -2.0)
    assert not known.within(-4, -3)
    assert known.share_good(-2.01, -1.99) == 1
    assert 0 < known.share_good(-4, 0) < 1
    assert known.distance(-4) == pytest.approx(2, abs=0.1)


def test_another_length_or_schedule_is_not_made_up() -> None:
    with pytest.raises(ValueError, match="77 steps of constant were not measured"):
        Truth.of(CELLS[0], 77, "constant")


# marks


def marked(
    lr: float | None,
    task: str = "a",
    *,
    low: float | None = None,
    high: float | None = None,
    loss: float | None = None,
) -> Marked:
    known = truth(2.0, 1.0, 0.5, 1.0, None)
    return Marked(task, "plain", known, Answer(lr, low, high, steps=400, loss=loss))


def test_a_refusal_is_not_good_and_has_no_regret() -> None:
    marks = marks_of([marked(1e-2), marked(None)])
    assert (marks.good, marks.band, marks.refused) == (0.5, 0.5, 0.5)
    assert (marks.regret, marks.worst, marks.blow_ups) == (0, 0, 0)
    assert np.isnan(marks.coverage)


def test_tasks_weigh_alike_whatever_their_number_of_answers() -> None:
    answers = [marked(1e-2), marked(1e-4, "b"), marked(1e-4, "b"), marked(1e-4, "b")]
    assert task_weights(answers) == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3])
    assert marks_of(answers).good == pytest.approx(0.5)


def test_a_rate_that_diverges_is_a_blow_up_and_the_worst() -> None:
    marks = marks_of([marked(1e-2), marked(1.0)])
    assert marks.blow_ups == 1
    assert marks.worst > BLOWN_UP


def test_intervals_are_marked_over_those_answers_that_have_one() -> None:
    marks = marks_of([marked(1e-2, low=1e-3, high=1e-1), marked(1e-4, low=1e-4, high=1e-4)])
    assert marks.coverage == 0.5
    assert marks.width == pytest.approx(1)
    assert marks_of([marked(1e-2, low=1e-3, high=1e-1), marked(None)]).width == pytest.approx(2)


def test_a_method_that_trains_itself_is_judged_by_its_loss() -> None:
    best = marked(None).truth.best_loss
    trained = marked(None, loss=best)
    assert (trained.regret, trained.is_good) == (0, True)
    diverged = marked(None, loss=float("inf"))
    assert diverged.regret == pytest.approx(2)
    assert not diverged.is_good


def test_a_row_stands_under_the_header() -> None:
    with_interval = row("a method", marks_of([marked(1e-2, low=1e-3, high=1e-1)]))
    without = row("a method", marks_of([marked(1e-2)]))
    assert len(with_interval) == len(without) == len(HEADER)


# blind halving


def landscape(best: float) -> tuple[list[tuple[float, int]], Callable[[float, int], float]]:
    """A trial whose loss is the distance to the best rate, and what it was asked for."""
    asked: list[tuple[float, int]] = []

    def trial(lr: float, steps: int) -> float:
        asked.append((lr, steps))
        return abs(float(np.log10(lr / best)))

    return asked, trial


@pytest.mark.parametrize("budget", [210, 1200, 1600])
@pytest.mark.parametrize("best", [1e-8, 1e-4, 1e-3, 3e-3, 1e2])
def test_halving_says_what_it_spent_and_keeps_to_its_budget(budget: int, best: float) -> None:
    asked, trial = landscape(best)
    _, spent = blind_halving(1e-3, budget, trial)
    assert spent == sum(steps for _, steps in asked)
    assert budget - 2 < spent <= budget


def test_halving_finds_a_rate_inside_the_grid() -> None:
    asked, trial = landscape(1e-3 * STEP)
    lr, _ = blind_halving(1e-3, 1600, trial)
    assert lr == pytest.approx(1e-3 * STEP)
    assert len({rate for rate, _ in asked}) == RATES


@pytest.mark.parametrize("beyond", [4, -4])
def test_halving_goes_on_beyond_an_edge_that_is_best(beyond: int) -> None:
    asked, trial = landscape(1e-3 * STEP**beyond)
    lr, _ = blind_halving(1e-3, 1600, trial)
    assert lr == pytest.approx(1e-3 * STEP**beyond)
    assert len({round(float(np.log10(rate)), 6) for rate, _ in asked}) == RATES + EXTENSION


def test_halving_trains_fewer_rates_for_longer() -> None:
    asked, trial = landscape(1e-3)
    blind_halving(1e-3, 2100, trial)
    assert [steps for _, steps in asked] == [100] * 7 + [200] * 3 + [400] * 2


# tasks and their stored truth


def test_whole_tasks_are_held_out() -> None:
    assert len(DESIGNED) >= 20
    assert len(HELD_OUT) >= 10
    names = [task.name for task in TASKS]
    assert len(set(names)) == len(names)
    assert not any(task.held_out for task in DESIGNED)
    assert all(task.held_out for task in HELD_OUT)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_every_task_has_a_stored_truth_with_every_plan(cell: Cell) -> None:
    stored = cell.stored
    assert (stored.task, stored.optimizer) == (cell.task.name, cell.optimizer)
    assert stored.seeds == list(TRUTH_SEEDS)
    for schedule, steps in PLANS:
        known = Truth.of(cell, steps, schedule)
        assert (np.diff(known.log_lr) > 0).all()
        assert known.best_loss < known.first
        assert np.isfinite(known.scaled_loss).all()
        for trained in stored.trainings:
            assert len(trained.losses) == len(trained.lrs)
            assert {len(losses) for losses in trained.losses} == {len(TRUTH_SEEDS)}
