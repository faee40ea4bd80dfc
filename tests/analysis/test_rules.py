"""Each rule against what its original says.

The indices below are those of the originals' own code, run on the curves below without smoothing:
fastai 2.8.12 (`valley`, `slide`, `minimum`, `steep`), ignite 0.5.5
(`FastaiLRFinder.lr_suggestion`), Lightning 2.5.3 and 2.5.0 (`_LRFinder.suggestion`). The tests
further down call the originals themselves if they are installed.
"""

from collections.abc import Callable

import numpy as np
import pytest

from lrtui.analysis.curve import Curve
from lrtui.analysis.rules import RULES, fastai_curve, original_curves, suggest_all

from .curves import RatesAndLosses, ladder, valley, wiggle


def typical(num_iter: int = 100) -> RatesAndLosses:
    lrs = ladder(num_iter)
    return lrs, 2.3 - 1.8 / (1 + (lrs / 3e-3) ** -1.2) + (lrs / 2) ** 2 + 0.05 * wiggle(num_iter)


def rising(num_iter: int = 60) -> RatesAndLosses:
    lrs = ladder(num_iter)
    return lrs, 1 + lrs + 0.01 * wiggle(num_iter)


def negative(num_iter: int = 80) -> RatesAndLosses:
    lrs = ladder(num_iter)
    return lrs, -5 - 2 / (1 + (lrs / 1e-2) ** -1.5) + lrs + 0.2 * wiggle(num_iter)


def broken(num_iter: int = 90) -> RatesAndLosses:
    lrs, losses = typical(num_iter)
    losses[30] = np.nan
    losses[-6:] = [np.inf, np.nan, np.inf, np.nan, np.nan, np.nan]
    return lrs, losses


def short() -> RatesAndLosses:
    return typical(14)


def rounded(num_iter: int = 100) -> RatesAndLosses:
    lrs, losses = typical(num_iter)
    return lrs, losses.round(1)


def cliff(num_iter: int = 40) -> RatesAndLosses:
    lrs = ladder(num_iter)
    losses = 2 - np.arange(num_iter) / 100
    losses[29], losses[30:] = 0.5, 5
    return lrs, losses


# the index of the suggested rate; for minimum, of the rate that it divides by ten
COLUMNS = ("valley", "slide", "minimum", "steep", "ignite", "lightning", "lightning_classic")
GOLDEN: dict[Callable[[], RatesAndLosses], tuple[int | None, ...]] = {
    typical: (57, 24, 78, 55, 55, 10, 55),
    rising: (28, 26, 19, 18, 11, 10, 11),
    negative: (51, 15, 56, 47, 48, 10, 48),
    short: (4, None, 10, 7, 7, 10, 10),
    rounded: (61, 66, 70, 54, 55, 33, 55),
    cliff: (14, 13, 29, 28, 28, 10, 28),
}
Case = tuple[Callable[[], RatesAndLosses], str, int | None]
CASES: list[Case] = [(broken, "lightning", 10), (broken, "lightning_classic", 47)]
for golden_curve, indices in GOLDEN.items():
    for rule_name, rate_index in zip(COLUMNS, indices, strict=True):
        CASES.append((golden_curve, rule_name, rate_index))


@pytest.mark.parametrize(("curve", "rule", "index"), CASES)
def test_a_rule_suggests_what_its_original_suggests(
    curve: Callable[[], RatesAndLosses], rule: str, index: int | None
) -> None:
    lrs, losses = curve()
    suggested = RULES[rule](lrs, losses)
    if index is None:
        assert suggested is None
    elif rule == "minimum":
        assert suggested == pytest.approx(lrs[index] / 10)
    else:
        assert suggested == pytest.approx(lrs[index])


def test_smoothing_is_that_of_the_originals() -> None:
    # AvgSmoothLoss of fastai 2.8.12 and _LRCallback of Lightning 2.5.3 at these points
    curves = original_curves(Curve(*typical()))
    skipped = 10
    fastai = [2.3008640568133054, 2.233944057268966]
    lightning = [1.1616123063002795, 2.129705942159362, 2.2094223430305076, 2.8556789363074038]
    assert curves["valley"][1][[10 - skipped, 50 - skipped]] == pytest.approx(fastai)
    assert curves["lightning"][1][[0, 10, 50, 99]] == pytest.approx(lightning)


def test_fastai_trims_a_tenth_of_the_planned_iterations_and_stops_at_nan() -> None:
    lrs, losses = typical()
    lrs, losses = lrs[:70], losses[:70]
    assert fastai_curve(Curve(lrs, losses, num_iter=100))[0].tolist() == lrs[10:-5].tolist()
    losses[40] = np.nan
    assert fastai_curve(Curve(lrs, losses, num_iter=100))[0].tolist() == lrs[10:40].tolist()


def test_torch_lr_finder_and_ignite_get_the_recorded_history() -> None:
    lrs, losses = typical()
    history = losses[::-1].copy()
    assert original_curves(Curve(lrs, losses, loss=history))["steepest"][1] is history
    assert original_curves(Curve(lrs, losses, loss=history))["ignite"][1] is history


@pytest.mark.parametrize("points", range(14))
def test_no_rule_raises_on_a_short_curve(points: int) -> None:
    lrs, losses = typical()
    answers = suggest_all(Curve(lrs[:points], losses[:points]))
    assert set(answers) == set(RULES)
    assert answers["steepest"] is None


def test_steepest_against_torch_lr_finder() -> None:
    torch = pytest.importorskip("torch")
    original = pytest.importorskip("torch_lr_finder", reason="torch-lr-finder is not installed")
    plt = pytest.importorskip("matplotlib.pyplot", reason="matplotlib is not installed")
    model = torch.nn.Linear(1, 1)
    finder = original.LRFinder(
        model, torch.optim.SGD(model.parameters(), lr=1e-7), torch.nn.MSELoss()
    )
    for seed in range(20):
        lrs, losses = valley(seed=seed)
        curve = Curve(lrs, losses)
        finder.history = {
            "lr": lrs.tolist(),
            "loss": original_curves(curve)["steepest"][1].tolist(),
        }
        figure, ax = plt.subplots()
        assert suggest_all(curve)["steepest"] == finder.plot(ax=ax, suggest_lr=True)[1]
        plt.close(figure)


@pytest.mark.parametrize("rule", ["valley", "slide", "minimum", "steep"])
def test_against_fastai(rule: str) -> None:
    schedule = pytest.importorskip("fastai.callback.schedule", reason="fastai is not installed")
    torch = pytest.importorskip("torch")
    for seed in range(20):
        lrs, losses = map(torch.tensor, valley(seed=seed))
        assert RULES[rule](lrs.numpy(), losses.numpy()) == pytest.approx(
            getattr(schedule, rule)(lrs, losses, len(lrs))[0]
        )


def test_against_ignite() -> None:
    handlers = pytest.importorskip("ignite.handlers.lr_finder", reason="ignite is not installed")
    finder = handlers.FastaiLRFinder()
    for seed in range(20):
        lrs, losses = valley(seed=seed)
        finder._history = {"lr": lrs.tolist(), "loss": losses.tolist()}
        assert RULES["ignite"](lrs, losses) == finder.lr_suggestion()


def test_against_lightning() -> None:
    tuner = pytest.importorskip(
        "pytorch_lightning.tuner.lr_finder", reason="Lightning is not installed"
    )
    finder = tuner._LRFinder("exponential", 1e-7, 10, 100)
    version = tuple(map(int, tuner.pl.__version__.split(".")[:3]))
    rule = RULES["lightning" if version >= (2, 5, 3) else "lightning_classic"]
    for seed in range(20):
        lrs, losses = valley(seed=seed)
        finder.results = {"lr": lrs.tolist(), "loss": losses.tolist()}
        assert rule(lrs, losses) == pytest.approx(finder.suggestion())
