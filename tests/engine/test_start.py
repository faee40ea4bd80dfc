"""A test starts at the current state, and goes back to it when it is interrupted."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset

from lrtui import LRFinder
from tests.engine.restore.test_restore_optimizers import train
from tests.engine.rigs import finder, loader


class BoomError(Exception):
    pass


class Nothing(IterableDataset[Any]):
    def __iter__(self) -> Iterator[Any]:
        return iter(())


def trained() -> tuple[LRFinder, str, str]:
    """A finder whose model was trained on after it was made."""
    live = finder()
    made = live.digest()
    train(live.model, live.optimizers[0])
    return live, made, live.digest()


def fill_gradient(param: torch.Tensor) -> None:
    param.grad = torch.ones_like(param)


def boom(*_: object) -> None:
    raise BoomError


@pytest.mark.parametrize("how", ["raises", "closed", "no batches"])
def test_training_since_the_finder_was_made_outlives_a_test_that_is_broken_off(how: str) -> None:
    live, made, now = trained()
    assert now != made
    if how == "raises":
        with pytest.raises(BoomError):
            live.range_test(loader(), num_iter=5, metric=boom)
    elif how == "closed":
        steps = live.steps(loader(), num_iter=5)
        next(steps)
        steps.close()
    else:
        with pytest.raises(ValueError, match="no batches"):
            live.range_test(DataLoader(Nothing(), batch_size=8), num_iter=5)
    assert live.digest() == now
    live.reset()
    assert live.digest() == made


def test_repeats_start_from_the_state_as_it_is() -> None:
    live, _, _ = trained()
    live.range_test(loader(), num_iter=5)
    alone = live.history["loss"]
    live, _, _ = trained()
    live.range_test(loader(), num_iter=5, repeats=2)
    assert live.histories[0]["loss"] == alone


def test_trials_and_the_stability_limit_put_trained_weights_back() -> None:
    live, _, now = trained()
    live.confirm(loader(), lr=0.01, iterations=150)
    assert live.digest() == now
    live.stability(loader())
    assert live.digest() == now


def test_trials_after_a_test_start_where_it_did() -> None:
    live, _, now = trained()
    live.range_test(loader(), num_iter=20)
    assert live.digest() != now
    live.confirm(loader(), lr=0.01, iterations=500)
    assert live.digest() == now


def test_training_after_a_reset_is_kept_by_trials_too() -> None:
    live = finder()
    live.range_test(loader(), num_iter=5)
    live.reset()
    train(live.model, live.optimizers[0])
    now = live.digest()
    live.confirm(loader(), lr=0.01, iterations=150)
    assert live.digest() == now


def test_there_is_one_copy_until_the_model_is_trained_further() -> None:
    live = finder()
    for _ in range(2):
        live.range_test(loader(), num_iter=3)
        assert live._origin.began is live._origin.made
        live.reset()
    train(live.model, live.optimizers[0])
    live.range_test(loader(), num_iter=3)
    assert live._origin.began is not live._origin.made


@pytest.mark.parametrize(
    "change",
    [
        lambda live: live.model.get_parameter("0.weight").data.add_(
            1
        ),  # which no version counter sees
        lambda live: live.optimizers[0].param_groups[0].update(momentum=0.5),
        lambda live: live.model.eval(),
        lambda live: fill_gradient(live.model.get_parameter("0.weight")),
        lambda live: live.model.add_module("more", torch.nn.Identity()),
    ],
)
def test_every_change_is_seen(change: Callable[[LRFinder], object]) -> None:
    live = finder()
    assert live._origin.made.unchanged()
    change(live)
    assert not live._origin.made.unchanged()
    live.reset()
    assert live._origin.made.unchanged()


def test_a_second_test_starts_at_the_optimizers_own_rate_after_one_left_in_the_middle() -> None:
    live = finder()
    left = live.steps(loader(), num_iter=30)
    for _ in range(20):
        next(left)
    live.range_test(loader(), num_iter=5)
    assert live.history["lr"][0] == 1e-3
    assert live.optimizers[0].param_groups[0]["lr"] == 1e-3


def test_a_wrong_argument_is_refused_before_anything_changes() -> None:
    live, _, now = trained()
    wrong: list[dict[str, Any]] = [
        {"metric": 3},
        {"batch_step": "x"},
        {"max_seconds": "a"},
        {"max_seconds": float("nan")},
        {"step_mode": 3},
    ]
    for arguments in (*wrong, {"clip_grad_norm": -1.0}, {"num_iter": 2.5}):
        with pytest.raises(ValueError, match=next(iter(arguments))):
            live.range_test(loader(), **arguments)
    with pytest.raises(ValueError, match="got Foo"):
        live.range_test(loader(), step_mode="Foo")
    assert live.digest() == now


def test_numbers_may_be_numpys() -> None:
    import numpy as np

    live = finder()
    numbers: dict[str, Any] = {
        "end_lr": np.float32(1.0),
        "num_iter": np.int64(4),
        "diverge_th": np.int64(5),
    }
    live.range_test(loader(), **numbers)
    assert len(live.history["lr"]) == 4
