"""Which labels are in class order."""

import pytest
import torch

from lrtui.engine.checks.class_order import BATCHES, LabelWatch
from lrtui.events import Notice

DRAW = torch.Generator().manual_seed(0)
CLASSES = torch.randint(0, 10, (1024,), generator=DRAW)
RARE = (torch.rand(1024, generator=DRAW) > 0.95).long()
PAIRS = torch.arange(8).repeat_interleave(4).repeat(32)  # four of each of eight classes a batch
SORTED = CLASSES.sort()[0]


def is_suspected(labels: torch.Tensor, size: int = 32, *, classifies: bool = True) -> bool:
    """Whether labels in batches of this size are said to be in class order."""
    notices: list[Notice] = []
    watch = LabelWatch(notices.append, shuffles=False)
    for part in torch.split(labels, size):
        watch.add(object(), part, classifies=classifies)
    watch.judge()
    return bool(notices)


@pytest.mark.parametrize("size", [1, 2, 7, 32, 200])
@pytest.mark.parametrize(
    "labels",
    [SORTED, RARE.sort()[0], SORTED.float().clamp(max=1).flip(0), SORTED.unsqueeze(1)],
    ids=["classes", "rare", "zeros and ones", "a column"],
)
def test_sorted_labels_are_suspected(labels: torch.Tensor, size: int) -> None:
    count = min(BATCHES * size, len(labels))
    if bool((labels[:count] != labels[0]).any()):
        assert is_suspected(labels, size)


@pytest.mark.parametrize("size", [1, 2, 7, 32, 200])
@pytest.mark.parametrize(
    "labels", [CLASSES, RARE, torch.arange(1024) % 3, torch.arange(1024), torch.rand(1024)]
)
def test_mixed_labels_are_not(labels: torch.Tensor, size: int) -> None:
    assert not is_suspected(labels, size)


def test_batches_with_a_few_of_each_class_are_not() -> None:
    assert not is_suspected(PAIRS, 32)


def test_one_hot_labels_are_classes() -> None:
    hot = torch.nn.functional.one_hot(SORTED).float()
    assert is_suspected(hot)
    assert not is_suspected(torch.nn.functional.one_hot(CLASSES).float())


def test_labels_of_one_class_are_suspected_where_there_must_be_more() -> None:
    assert is_suspected(torch.zeros(512, dtype=torch.long))
    assert not is_suspected(torch.zeros(512, dtype=torch.long), classifies=False)


def test_labels_of_pixels_and_numbers_are_not_judged() -> None:
    assert not is_suspected(SORTED.reshape(64, 4, 4))
    assert not is_suspected(torch.linspace(0, 10, 1024))


def test_a_batch_that_a_closure_computes_again_counts_once() -> None:
    notices: list[Notice] = []
    watch = LabelWatch(notices.append, shuffles=False)
    for part in torch.split(CLASSES[:256], 1):
        batch = object()
        for _ in range(20):
            watch.add(batch, part, classifies=True)
    watch.judge()
    assert not notices
