"""A test whose range is extended has the curve of one that was asked for with it from the start."""

from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader, TensorDataset

from lrtui import LRFinder
from lrtui.engine.ramp import Ramp
from lrtui.engine.settings import Settings, extended


def loader_of(count: int = 640, batch_size: int = 32) -> DataLoader[Any]:
    """Shuffled by the global random state, as a user's is."""
    x = torch.randn(count, 8, generator=torch.Generator().manual_seed(1))
    return DataLoader(TensorDataset(x, (x[:, 0] > 0).long()), batch_size, shuffle=True)


def finder_of(optimizer: str = "sgd") -> LRFinder:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 2))
    if optimizer == "sgd":
        made: Optimizer = torch.optim.SGD(model.parameters(), lr=1e-5, momentum=0.9)
    else:
        made = torch.optim.AdamW(model.parameters(), lr=1e-5)
    return LRFinder(model, made, nn.CrossEntropyLoss(), verbose=False)


def measured(finder: LRFinder, loader: DataLoader[Any], **settings: Any) -> LRFinder:
    torch.manual_seed(7)
    finder.range_test(loader, **settings)
    return finder


def go_on(finder: LRFinder, end_lr: float) -> None:
    for _ in finder.extend(end_lr):
        pass


CASES: list[dict[str, Any]] = [
    {},
    {"step_mode": "linear", "start_lr": 1e-4},
    {"iterations_per_lr": 3, "num_iter": 60},
    {"accumulation_steps": 2},
    {"warmup": 5},
    {"val_loader": True},
    {"val_loader": True, "val_batches": 2},
]


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("when", ["after", "during", "twice"])
def test_the_curve_is_that_of_a_test_with_that_range_from_the_start(
    case: dict[str, Any], optimizer: str, when: str
) -> None:
    settings = {"start_lr": 1e-5, "end_lr": 1e-2, "num_iter": 50} | case
    if settings.pop("val_loader", False):
        settings["val_loader"] = loader_of(96)
    finder = finder_of(optimizer)
    before: list[float] = []
    if when == "during":
        torch.manual_seed(7)
        train, val = loader_of(), settings.pop("val_loader", None)
        for step in finder.steps(train, val, **settings):
            if step.iteration == 20:
                assert list(finder.extend(0.05)) == []
            if step.iteration <= 20:
                before.append(step.lr)
        settings["val_loader"] = val
    else:
        measured(finder, loader_of(), **settings)
        before = list(finder.history["lr"])
        if when == "twice":
            go_on(finder, 0.02)
        torch.manual_seed(99)  # what is drawn in between does not count
        go_on(finder, 0.05)
    whole = finder.settings
    asked = settings | {"end_lr": whole.end_lr, "num_iter": whole.num_iter}
    fresh = measured(finder_of(optimizer), loader_of(), **asked)
    assert finder.status == fresh.status == "completed"
    assert finder.reason == fresh.reason == f"all {whole.num_iter} iterations ran"
    assert isinstance(whole.end_lr, float)
    assert whole.end_lr >= 0.05
    assert finder.history["raw_loss"] == fresh.history["raw_loss"]
    assert finder.history["loss"] == fresh.history["loss"]
    assert finder.history["lr"] == pytest.approx(fresh.history["lr"], rel=1e-13)
    assert finder.history["lr"][: len(before)] == before
    assert finder.digest() == fresh.digest()


def test_seconds_and_iterations_go_on_and_the_own_rate_is_back() -> None:
    finder = measured(finder_of(), loader_of(), start_lr=1e-5, end_lr=1e-3, num_iter=30)
    steps = list(finder.extend(1e-2))
    assert [step.iteration for step in steps] == list(range(30, finder.settings.num_iter))
    assert all(a.seconds <= b.seconds for a, b in pairwise(steps))
    assert finder.optimizers[0].param_groups[0]["lr"] == 1e-5
    finder.reset()
    fresh = finder_of()
    assert finder.digest() == fresh.digest()


def test_an_extension_that_diverges_ends_as_any_test_and_cannot_go_on() -> None:
    finder = measured(finder_of(), loader_of(), start_lr=1e-5, end_lr=1e-2, num_iter=50)
    go_on(finder, 1e4)
    assert finder.status == "diverged"
    with pytest.raises(ValueError, match="diverged"):
        finder.extend(1e6)


def test_what_cannot_be_extended_is_refused_and_changes_nothing() -> None:
    finder = finder_of()
    with pytest.raises(ValueError, match="there is none"):
        finder.extend(1.0)
    measured(finder, loader_of(), start_lr=1e-5, end_lr=1e-2, num_iter=50)
    digest, settings = finder.digest(), finder.settings
    for end_lr in (1e-2, 1e-3, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="end_lr must be above"):
            finder.extend(end_lr)
    assert (finder.digest(), finder.settings) == (digest, settings)
    finder.reset()
    with pytest.raises(ValueError, match="run it again with end_lr 1"):
        finder.extend(1.0)


def test_repeats_are_refused_in_one_line() -> None:
    finder = measured(finder_of(), loader_of(), start_lr=1e-5, end_lr=1e-2, num_iter=20, repeats=2)
    with pytest.raises(ValueError, match="repeats"):
        finder.extend(1.0)


def test_after_trials_the_state_is_gone() -> None:
    finder = measured(finder_of(), loader_of(), start_lr=1e-5, end_lr=1e-2, num_iter=50)
    trials = finder.trials(loader_of(), lr=1e-3, iterations=100)
    next(trials)
    with pytest.raises(ValueError, match="gone"):
        finder.extend(1.0)


def test_an_extension_that_is_closed_or_fails_puts_everything_back() -> None:
    finder = measured(finder_of(), loader_of(), start_lr=1e-5, end_lr=1e-2, num_iter=50)
    steps = finder.extend(1.0)
    next(steps)
    steps.close()
    assert finder.status == "stopped"
    assert finder.digest() == finder_of().digest()


def test_groups_whose_rates_rise_at_different_speeds_are_refused() -> None:
    ramp = Ramp((1e-5, 1e-4), (1.0, 1.0), 50)
    with pytest.raises(ValueError, match="different speeds"):
        extended(Settings(num_iter=50), ramp, 10.0)


@pytest.mark.parametrize(("mode", "end"), [("exp", 10.0), ("linear", 3.0)])
def test_the_distance_from_rate_to_rate_stays(mode: str, end: float) -> None:
    settings = Settings(start_lr=1e-3, end_lr=1.0, num_iter=31, step_mode=mode)
    ramp = Ramp((1e-3,), (1.0,), 31, "exp" if mode == "exp" else "linear")
    longer = extended(settings, ramp, end)
    whole = Ramp((1e-3,), (float(longer.end_lr),), longer.num_iter, ramp.mode)  # type: ignore[arg-type]
    assert [whole.lrs_at(i)[0] for i in range(31)] == pytest.approx(
        [ramp.lrs_at(i)[0] for i in range(31)]
    )
    rates = [whole.lrs_at(i)[0] for i in range(len(whole))]
    assert rates[-2] < end <= rates[-1] * (1 + 1e-9)
