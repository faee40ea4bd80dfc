"""The ramp: both ends exact, groups with their ratios, a staircase, and invalid numbers."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lrtui.engine.ramp import Mode, Ramp, keep_ratios, start_lrs_of
from tests.engine.rigs import Params, finder, loader

RATES = st.floats(1e-8, 100)


@given(
    start=RATES, end=RATES, num_iter=st.integers(2, 200), mode=st.sampled_from(["exp", "linear"])
)
def test_both_ends_are_met_and_the_way_between_never_turns(
    start: float, end: float, num_iter: int, mode: Mode
) -> None:
    rates = [lr for (lr,) in Ramp((start,), (end,), num_iter, mode)]
    assert len(rates) == num_iter
    assert rates[0] == start
    assert rates[-1] == pytest.approx(end, rel=1e-12)
    assert rates in (sorted(rates), sorted(rates, reverse=True))


def test_exponential_keeps_the_ratio_and_linear_the_difference() -> None:
    exp = [lr for (lr,) in Ramp((1e-4,), (1.0,), 5)]
    assert exp == pytest.approx([1e-4, 1e-3, 1e-2, 1e-1, 1])
    linear = [lr for (lr,) in Ramp((0.0,), (1.0,), 5, "linear")]
    assert linear == [0, 0.25, 0.5, 0.75, 1]


def test_a_staircase_has_several_iterations_a_rate() -> None:
    rates = [lr for (lr,) in Ramp((1.0,), (4.0,), 7, "linear", iterations_per_lr=2)]
    assert rates == [1, 1, 2, 2, 3, 3, 4]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ((0.0,), (1.0,)),
            "cannot start or end at 0 or below, got start_lr 0 .*use step_mode linear",
        ),
        (((1.0,), (0.0,)), "cannot start or end at 0"),
        (((-1.0,), (1.0,), 5, "linear"), "cannot be negative"),
        (((1.0,), (float("inf"),)), "must be finite"),
        (((float("nan"),), (1.0,)), "must be finite"),
        (((1.0,), (2.0,), 1), "`num_iter` must be larger than 1"),
        (((1.0,), (2.0,), 5, "cosine"), "expected one of"),
        (((1.0,), (2.0,), 5, "exp", 0), "at least 1"),
        (((1.0,), (2.0,), 5, "exp", 5), "fewer than two learning rates at 5 iterations each"),
    ],
)
def test_numbers_that_make_no_ramp_are_refused(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Ramp(*arguments)


def test_the_start_is_one_for_all_one_each_or_the_optimizers_own() -> None:
    assert start_lrs_of(None, [0.1, 0.2]) == (0.1, 0.2)
    assert start_lrs_of(0.3, [0.1, 0.2]) == (0.3, 0.3)
    assert start_lrs_of([0.3, 0.4], [0.1, 0.2]) == (0.3, 0.4)


def test_arrays_are_lists_of_rates() -> None:
    array: Any = torch.tensor([0.5, 0.25])
    assert start_lrs_of(array, [0.1, 0.2]) == (0.5, 0.25)
    assert start_lrs_of(np.float64(0.5), [0.1, 0.2]) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"start_lr": "1e-3"}, "a learning rate must be a number, or a list .*, got '1e-3'"),
        ({"end_lr": None}, "a learning rate must be a number, .*, got None"),
        ({"num_iter": 10.5}, "`num_iter` must be an integer, got 10.5"),
        ({"diverge_th": "5"}, "`diverge_th` must be a number, got '5'"),
        ({"smooth_f": None}, "`smooth_f` must be a number, got None"),
    ],
)
def test_settings_that_are_no_numbers_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        finder().range_test(loader(), **wrong)


def test_ratios_between_groups() -> None:
    assert keep_ratios(1e-3, [0.1, 0.01, 1.0]) == pytest.approx((1e-3, 1e-4, 1e-2))
    assert keep_ratios(1e-3, [0.0, 0.1]) == (1e-3, 1e-3)


def two_groups(params: Params) -> torch.optim.Optimizer:
    params = list(params)
    return torch.optim.SGD([{"params": params[:2], "lr": 0.1}, {"params": params[2:], "lr": 0.01}])


def test_a_test_keeps_the_ratios_of_the_groups_when_asked() -> None:
    live = finder(None, two_groups)
    live.range_test(loader(), start_lr=1e-4, end_lr=1e-2, num_iter=5, keep_ratios=True)
    assert live.history["lr"] == pytest.approx([1e-4, 10**-3.5, 1e-3, 10**-2.5, 1e-2])
    assert all(second == pytest.approx(first / 10) for first, second in live.history["group_lrs"])
    with pytest.raises(ValueError, match="those of group 0"):
        live.range_test(loader(), start_lr=[1e-4, 1e-5], keep_ratios=True)


def test_each_group_may_have_an_end_of_its_own() -> None:
    live = finder(None, two_groups)
    live.range_test(loader(), start_lr=[1e-4, 1e-5], end_lr=[1e-1, 1e-4], num_iter=4)
    assert live.history["group_lrs"][-1] == pytest.approx((1e-1, 1e-4))


def test_a_linear_ramp_from_zero_begins_with_no_step_at_all() -> None:
    live = finder()
    live.range_test(loader(), start_lr=0.0, end_lr=0.1, num_iter=3, step_mode="linear")
    assert live.history["lr"] == [0.0, 0.05, 0.1]


def test_warm_up_steps_run_at_the_lowest_rate_and_are_not_recorded() -> None:
    used = []
    live = finder()
    live.optimizers[0].register_step_pre_hook(
        lambda optimizer, *_: used.append(optimizer.param_groups[0]["lr"])
    )
    live.range_test(loader(), start_lr=1e-3, num_iter=4, warmup=3)
    assert used[:4] == [1e-3] * 4
    assert len(used) == 7
    assert live.history["lr"] == used[3:]
