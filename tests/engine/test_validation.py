"""The validation loss is the mean over the examples that were really seen."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

from lrtui import ValDataLoaderIter
from lrtui.engine.types import Loader
from tests.engine.rigs import finder, loader, points


def measured(val_loader: Loader, **options: Any) -> tuple[float, nn.Module]:
    """The last validation loss, and the model as it was then."""
    live = finder()
    live.range_test(loader(), val_loader, num_iter=3, end_lr=0.1, smooth_f=0, **options)
    return live.history["loss"][-1], live.model.eval()


def mean(model: nn.Module, count: int) -> float:
    inputs, target = points(64)[:count]
    return cross_entropy(model(inputs), target).item()


def test_a_short_last_batch_counts_for_what_it_is() -> None:
    loss, model = measured(DataLoader(points(64), batch_size=24))
    assert loss == pytest.approx(mean(model, 64), rel=1e-6)


def test_a_dropped_last_batch_is_not_divided_by() -> None:
    loss, model = measured(DataLoader(points(64), batch_size=24, drop_last=True))
    assert loss == pytest.approx(mean(model, 48), rel=1e-6)


def test_a_sub_sample_is_the_same_few_batches_every_time() -> None:
    seen = []

    def collate(batch: Any) -> Any:
        seen.append(len(batch))
        return torch.utils.data.default_collate(batch)

    loss, model = measured(DataLoader(points(64), batch_size=8, collate_fn=collate), val_batches=2)
    assert len(seen) == 2
    assert loss == pytest.approx(mean(model, 16), rel=1e-6)


def test_a_sub_sample_stays_the_same_over_repeats_with_other_data_orders() -> None:
    drawn = []
    live = finder()
    val = DataLoader(points(64), batch_size=8, shuffle=True)

    def watch(part: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        if not part.training:
            drawn.append(inputs[0].sum().item())

    live.model.register_forward_hook(watch)
    live.range_test(loader(shuffle=True), val, num_iter=2, repeats=3, val_batches=2)
    assert len(drawn) == 12
    assert drawn[:2] * 6 == drawn


def test_it_draws_no_gradient_and_leaves_the_model_ready_to_train() -> None:
    live = finder()
    for _ in live.steps(loader(), loader(16), num_iter=3):
        pass
    assert not live.model.training
    live.reset()
    assert live.model.training


def test_the_training_loss_is_kept_beside_it() -> None:
    live = finder()
    live.range_test(loader(), loader(16), num_iter=4)
    alone = finder()
    alone.range_test(loader(), num_iter=4)
    assert live.history["train_loss"] == alone.history["raw_loss"]
    assert live.history["raw_loss"] != live.history["train_loss"]


def test_a_users_iterator_left_in_the_middle_starts_again() -> None:
    whole = ValDataLoaderIter(loader(64, 8))
    live = finder()
    live.range_test(loader(), whole, num_iter=2, val_batches=1)
    live.reset()
    live.range_test(loader(), whole, num_iter=2, smooth_f=0)
    again = finder()
    again.range_test(loader(), loader(64, 8), num_iter=2, smooth_f=0)
    assert live.history["loss"] == again.history["loss"]


def test_an_empty_loader_is_refused_before_anything_changes() -> None:
    live = finder()
    before = live.digest()
    with pytest.raises(ValueError, match="the validation loader has no batches"):
        live.range_test(loader(), [])
    with pytest.raises(ValueError, match="the training loader has no batches"):
        live.range_test([])
    assert live.digest() == before
    assert live.status == ""
