import numpy as np
import pytest

from lrtui.analysis.bounds import bounds
from lrtui.analysis.curve import Curve, FloatArray
from lrtui.analysis.evidence import gather_evidence
from lrtui.analysis.suggest import suggest_curves

from .curves import existing, ladder, lr_of, noise, valley


def test_bounds_lie_where_the_loss_starts_to_fall_and_where_it_stops() -> None:
    pair = existing(bounds([Curve(*valley(400))]))
    # the loss has fallen by a tenth at 1.6e-4, and is lowest near 2e-2
    assert 3e-5 < pair.start_lr < 3e-4
    assert 1e-2 < pair.end_lr < 1e-1


def test_the_suggestion_lies_between_the_bounds() -> None:
    for seed in range(20):
        curves = [Curve(*valley(400, seed=seed, width=0.1))]
        pair = existing(bounds(curves))
        assert pair.start_lr < lr_of(suggest_curves(curves)) < pair.end_lr


def test_the_upper_bound_is_above_the_centre_even_where_the_loss_blows_up_at_its_lowest() -> None:
    lrs, losses = valley(400, width=0.1)
    losses[lrs > 2e-2] = 50
    curves = [Curve(lrs, losses, momentum=0.9)]
    valley_of_loss = gather_evidence(curves).loss
    assert valley_of_loss is not None
    assert existing(bounds(curves)).end_lr >= 1.5 * 10**valley_of_loss.centre * (1 - 1e-9)


def test_bounds_follow_the_metric_where_there_is_one() -> None:
    lrs, losses = valley(400)
    accuracy = 0.1 + 0.8 * np.exp(-((np.log10(lrs) + 5) ** 2) * 3) + 0.01 * noise(400)
    pair = existing(bounds([Curve(lrs, losses, metric=accuracy, momentum=0.0)]))
    assert 1e-7 < pair.start_lr < 1e-5 < pair.end_lr < 1e-4
    assert bounds([Curve(lrs, losses, metric=noise(400))]) == bounds([Curve(lrs, losses)])


def test_a_fall_that_is_not_over_has_its_end_at_the_end() -> None:
    lrs, losses = valley()
    pair = existing(bounds([Curve(lrs[:60], losses[:60])]))
    assert lrs[40] < pair.end_lr <= lrs[59]


@pytest.mark.parametrize("losses", [np.ones(100), 1 + ladder(), np.full(100, np.nan), noise(100)])
def test_without_an_improvement_there_are_no_bounds(losses: FloatArray) -> None:
    assert bounds([Curve(ladder(), losses)]) is None


def test_without_curves_there_are_no_bounds() -> None:
    assert bounds([]) is None
