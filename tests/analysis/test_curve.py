import numpy as np
import pytest

from lrtui.analysis.curve import (
    Curve,
    Numbers,
    as_floats,
    debiased_average,
    exponential_average,
    on_log_axis,
    trim,
    unsmooth,
)

from .curves import valley


def test_exponential_average_is_torch_lr_finders() -> None:
    assert exponential_average(np.array([2.0, 1.0, 0.0]), 0.25).tolist() == [2.0, 1.75, 1.3125]


def test_debiased_average_of_a_constant_is_the_constant() -> None:
    assert debiased_average(np.full(50, 3.0)) == pytest.approx(np.full(50, 3.0))


def test_unsmooth_is_the_inverse_of_the_smoothing() -> None:
    _, losses = valley()
    assert unsmooth(exponential_average(losses, 0.05), 0.05) == pytest.approx(losses)


def test_trim_may_leave_nothing() -> None:
    points = np.arange(5.0)
    assert trim(points, 1, 2).tolist() == [1, 2]
    assert trim(points, 1, 0).tolist() == [1, 2, 3, 4]
    assert trim(points, 3, 4).tolist() == []


def test_on_log_axis_sorts_and_leaves_out_rates_that_are_not_positive() -> None:
    lrs = np.array([0.0, 1.0, 0.1, np.nan, 0.1, -1.0])
    log_lr, values = on_log_axis(lrs, np.arange(6.0))
    assert log_lr.tolist() == [-1, 0]
    assert values.tolist() == [2, 1]


def test_a_curve_is_made_from_any_numbers() -> None:
    curve = Curve.of((1, 2), [3, None], metric=range(2))
    assert curve.lr.dtype == np.float64
    assert np.isnan(curve.raw_loss[1])
    assert curve.metric is not None
    assert curve.metric.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("lrs", "losses", "complaint"),
    [
        ([1, 2], [1], "same length"),
        ([[1, 2]], [1, 2], "one-dimensional"),
        ([1, 2], ["a", "b"], "losses|raw_loss"),
        (1.0, 2.0, "one-dimensional"),
    ],
)
def test_an_invalid_argument_is_refused_by_name(
    lrs: Numbers, losses: Numbers, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        Curve.of(lrs, losses)


def test_tensors_are_numbers_whatever_their_precision_and_graph() -> None:
    torch = pytest.importorskip("torch")
    values = torch.tensor([1.0, 2.5], requires_grad=True)
    sequences: list[Numbers] = [
        values,
        values.bfloat16(),
        list(values),
        [1.0, torch.tensor(2.5)],
        iter(values),
        (1, np.float32(2.5)),
    ]
    for given in sequences:
        assert as_floats("losses", given).tolist() == [1.0, 2.5]
    assert np.isnan(as_floats("losses", [None, 1.0])).tolist() == [True, False]
    with pytest.raises(ValueError, match="losses must be a sequence of numbers"):
        as_floats("losses", [torch.zeros(2), torch.zeros(2)])
