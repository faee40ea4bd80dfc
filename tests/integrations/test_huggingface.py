"""`find_lr` for a Trainer of transformers, on a tiny BERT made here: nothing is downloaded."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from lrtui import LRFinder
from lrtui.engine.restore.digest import digest

os.environ["HF_HUB_OFFLINE"] = "1"
transformers: Any = pytest.importorskip("transformers", reason="pip install 'lrtui[transformers]'")
pytest.importorskip("accelerate", reason="pip install 'lrtui[transformers]'")
from lrtui.integrations.huggingface import find_lr, range_test  # noqa: E402

QUICK: dict[str, Any] = {"num_iter": 20, "end_lr": 1e-1, "verbose": False}


def model(dropout: float = 0.1) -> Any:
    torch.manual_seed(5)
    config = transformers.BertConfig(
        vocab_size=40,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=16,
        num_labels=2,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
    )
    return transformers.BertForSequenceClassification(config)


def sentences(count: int = 96) -> list[dict[str, torch.Tensor]]:
    """Sequences of tokens; the label says whether the first is below 20."""
    generator = torch.Generator().manual_seed(2)
    tokens = torch.randint(1, 40, (count, 8), generator=generator)
    return [{"input_ids": row, "labels": (row[0] < 20).long()} for row in tokens]


def trainer(tmp_path: Path, net: Any = None, cls: Any = None, **arguments: Any) -> Any:
    chosen = {"per_device_train_batch_size": 8, "learning_rate": 1e-3, "weight_decay": 0.1}
    args = transformers.TrainingArguments(
        output_dir=str(tmp_path),
        use_cpu=True,
        report_to=[],
        save_strategy="no",
        disable_tqdm=True,
        **{**chosen, **arguments},
    )
    cls = cls or transformers.Trainer
    return cls(model=net or model(), args=args, train_dataset=sentences())


def test_training_afterwards_is_what_it_would_have_been(tmp_path: Path) -> None:
    digests = []
    for tests in (True, False):
        torch.manual_seed(3)
        used = trainer(tmp_path, max_steps=15)
        if tests:
            find_lr(used, **QUICK)
            assert used.optimizer is None
            assert used.accelerator._dataloaders == []
        used.train()
        digests.append(digest([used.model], [used.optimizer.optimizer]))
    assert digests[0] == digests[1]


def test_the_curve_is_that_of_lrfinder_with_the_trainers_settings(tmp_path: Path) -> None:
    used = trainer(tmp_path, model(0.0), gradient_accumulation_steps=2, max_grad_norm=0.3)
    torch.manual_seed(6)
    tested = range_test(used, **QUICK)
    net = model(0.0)
    other = trainer(tmp_path, net)
    torch.manual_seed(6)
    plain = LRFinder(net, other.create_optimizer(), verbose=False)
    plain.range_test(
        other.get_train_dataloader(),
        start_lr=1e-7,
        end_lr=1e-1,
        num_iter=20,
        accumulation_steps=2,
        clip_grad_norm=0.3,
    )
    assert len(tested.history["group_lrs"][0]) == 2  # with and without weight decay
    assert tested.history == plain.history


def test_the_loss_is_the_trainers_own(tmp_path: Path) -> None:
    class Doubled(transformers.Trainer):
        def compute_loss(self, *args: Any, **kwargs: Any) -> Any:
            return 2 * super().compute_loss(*args, **kwargs)

    losses = []
    for cls in (transformers.Trainer, Doubled):
        torch.manual_seed(6)
        tested = range_test(trainer(tmp_path, model(0.0), cls), **QUICK)
        losses.append(tested.history["raw_loss"][0])
    assert losses[1] == pytest.approx(2 * losses[0])


@pytest.mark.parametrize(
    ("arguments", "schedule", "steps"),
    [
        ({"max_steps": 500}, "cosine", 500),
        ({"num_train_epochs": 3, "lr_scheduler_type": "constant"}, "constant", 36),
        ({"num_train_epochs": 2, "gradient_accumulation_steps": 5}, "cosine", 6),
        ({"num_train_epochs": 0.3, "gradient_accumulation_steps": 5}, "cosine", 1),
    ],
)
def test_the_answer_is_for_the_plan_that_the_trainer_carries_out(
    tmp_path: Path, arguments: dict[str, Any], schedule: str, steps: int
) -> None:
    used = trainer(tmp_path, **arguments)
    suggestion = find_lr(used, **QUICK)
    assert (suggestion.schedule, suggestion.steps) == (schedule, steps)
    if steps < 100:
        used.train()
        assert used.state.global_step == steps


def test_several_devices_are_refused(tmp_path: Path) -> None:
    used = trainer(tmp_path)
    used.args._n_gpu = 2
    with pytest.raises(ValueError, match="one device"):
        find_lr(used)
