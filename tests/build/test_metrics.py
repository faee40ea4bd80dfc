"""Metrics are correct for every shape of the scores."""

import torch

from lrtui.build.assemble import build
from lrtui.build.metrics import accuracy, mean_absolute_error, top5, top_k
from lrtui.spec import Choice, RunSpec
from tests.user_files import WriteFile

SCORES = torch.tensor([[0.1, 0.9, 0.0, 0.2, 0.3, 0.4, 0.5], [0.9, 0.1, 0.0, 0.2, 0.3, 0.4, 0.5]])


def test_accuracy_and_top_k() -> None:
    assert accuracy(SCORES, torch.tensor([1, 6])) == 0.5
    assert top5(SCORES, torch.tensor([2, 6])) == 0.5
    assert top_k(SCORES, torch.tensor([6, 6]), k=2) == 1.0


def test_top5_of_fewer_than_five_classes_is_one() -> None:
    assert top5(torch.rand(3, 4), torch.tensor([0, 3, 2])) == 1.0


def test_scores_of_sequences_and_of_pictures() -> None:
    labels = torch.randint(7, (2, 3))
    scores = torch.nn.functional.one_hot(labels, 7).float()
    assert accuracy(scores, labels) == 1.0
    assert accuracy(scores.movedim(-1, 1), labels) == 1.0


def test_mean_absolute_error() -> None:
    assert mean_absolute_error(torch.tensor([1.0, 3.0]), torch.tensor([2.0, 1.0])) == 1.5


def test_metrics_are_targets_and_auto_chooses_by_the_data(user_file: WriteFile) -> None:
    built = build(RunSpec(metric=Choice("lrtui:top-k", {"k": 3})))
    assert built.metric_name == "top-k"
    assert built.metric is not None
    assert built.metric(SCORES, torch.tensor([4, 4])) == 0.0
    assert built.metric(SCORES, torch.tensor([5, 6])) == 1.0
    assert build(RunSpec(metric=Choice("auto"))).metric_name == "accuracy"
    path = user_file(
        "import torch\ndef data(): return [(torch.rand(64), torch.rand(10)) for _ in range(80)]"
    )
    numbers = RunSpec(
        model=Choice("sample_models/mlp.py:MLP"), data=Choice(f"{path}:data"), metric=Choice("auto")
    )
    assert build(numbers).metric is None
