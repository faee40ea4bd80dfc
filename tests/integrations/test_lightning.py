"""The callback for Lightning's Trainer, on both packages: answers, and what it leaves behind."""

import copy
import warnings
from typing import Any

import pytest
import torch
from torch import nn

from lrtui import LRFinder
from lrtui.engine.restore.digest import digest
from tests.engine.rigs import digits_loaders, digits_mlp, loader

warnings.filterwarnings("ignore", module="lightning|pytorch_lightning")
pytest.importorskip("lightning.pytorch", reason="pip install 'lrtui[lightning]'")
from lrtui.integrations.lightning import LRRangeTest  # noqa: E402

QUICK: dict[str, Any] = {"num_iter": 30, "end_lr": 1.0, "verbose": False}


@pytest.fixture(params=["lightning.pytorch", "pytorch_lightning"])
def pl(request: pytest.FixtureRequest) -> Any:
    return pytest.importorskip(request.param)


def module(pl: Any, **fields: Any) -> Any:
    """A LightningModule that logs, has batch norm and dropout, and steps its own scheduler."""

    class Net(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(5)
            layers = [nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.2), nn.Linear(8, 3)]
            self.net = nn.Sequential(nn.Flatten(), *layers)
            self.lr = 1e-2
            for name, value in fields.items():
                setattr(self, name, value)

        def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
            inputs, targets = batch
            loss = nn.functional.cross_entropy(self.net(inputs), targets)
            self.log("loss", loss, on_step=True, prog_bar=True)
            return loss

        def configure_optimizers(self) -> Any:
            optimizer = torch.optim.AdamW(self.parameters(), lr=self.lr)
            scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)
            return [optimizer], [{"scheduler": scheduler, "interval": "step"}]

    return Net()


def trainer(pl: Any, tmp_path: Any, *callbacks: Any, **options: Any) -> Any:
    return pl.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=2,
        callbacks=list(callbacks),
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
        **options,
    )


def trained(pl: Any, tmp_path: Any, *callbacks: Any, **options: Any) -> tuple[Any, Any]:
    model = module(pl)
    torch.manual_seed(1)
    used = trainer(pl, tmp_path, *callbacks, **options)
    used.fit(model, loader(shuffle=True))
    return model, used


def test_training_goes_on_as_if_there_had_been_no_test(pl: Any, tmp_path: Any) -> None:
    test = LRRangeTest(**QUICK)
    model, used = trained(pl, tmp_path, test)
    plain, plain_used = trained(pl, tmp_path)
    assert digest([model.net], used.optimizers) == digest([plain.net], plain_used.optimizers)
    assert used.callback_metrics == plain_used.callback_metrics
    assert used.global_step == plain_used.global_step == 16
    assert test.finder is not None
    assert len(test.finder.history["lr"]) == 30
    assert "log" not in vars(model)


def test_its_curve_is_that_of_lrfinder_on_the_same_net_to_the_last_bit(
    pl: Any, tmp_path: Any
) -> None:
    test = LRRangeTest(**QUICK)
    model = module(pl)
    model.net[3] = nn.Identity()  # Lightning draws random numbers before: no dropout masks here
    other = copy.deepcopy(model.net)
    options = {"gradient_clip_val": 0.5, "accumulate_grad_batches": 2}
    trainer(pl, tmp_path, test, **options).fit(model, loader())
    finder = LRFinder(
        other, torch.optim.AdamW(other.parameters()), nn.CrossEntropyLoss(), verbose=False
    )
    settings: dict[str, Any] = {"start_lr": 1e-7, "end_lr": 1.0, "num_iter": 30}
    finder.range_test(loader(), accumulation_steps=2, clip_grad_norm=0.5, **settings)
    assert test.finder is not None
    assert test.finder.history == finder.history


def test_the_rate_is_set_on_request_and_the_optimizer_trains_at_it(pl: Any, tmp_path: Any) -> None:
    model = module(pl, net=digits_mlp())
    test = LRRangeTest(set_lr=True, schedule="one-cycle", num_iter=300, verbose=False)
    used = trainer(pl, tmp_path, test)
    used.fit(model, digits_loaders()[0])
    assert test.suggestion is not None
    assert test.suggestion.lr is not None
    assert test.suggestion.steps == used.estimated_stepping_batches
    assert model.lr == test.suggestion.lr
    assert used.optimizers[0].param_groups[0]["initial_lr"] == model.lr


def test_without_a_rate_to_recommend_the_model_keeps_its_own(pl: Any, tmp_path: Any) -> None:
    test = LRRangeTest(set_lr=True, **QUICK)
    model, _ = trained(pl, tmp_path, test)
    assert test.suggestion is not None
    assert test.suggestion.lr is None  # 30 iterations are too few
    assert model.lr == 1e-2


def test_manual_optimization_is_refused_in_one_line(pl: Any, tmp_path: Any) -> None:
    model = module(pl, automatic_optimization=False)
    with pytest.raises(ValueError, match=r"automatic optimization .* lrtui\.watch") as refusal:
        trainer(pl, tmp_path, LRRangeTest()).fit(model, loader())
    assert "\n" not in str(refusal.value)


def test_set_lr_of_a_model_without_a_rate_is_refused(pl: Any, tmp_path: Any) -> None:
    model = module(pl)
    rate = model.lr
    del model.lr
    model.configure_optimizers = lambda: torch.optim.SGD(model.parameters(), lr=rate)
    with pytest.raises(ValueError, match="`lr` or `learning_rate`"):
        trainer(pl, tmp_path, LRRangeTest(set_lr=True)).fit(model, loader())


def test_an_error_in_training_step_leaves_the_model_as_it_was(pl: Any, tmp_path: Any) -> None:
    model = module(pl)
    before = [tensor.clone() for tensor in model.net.state_dict().values()]
    calls = []
    step = model.training_step

    def failing(batch: Any, batch_idx: int) -> Any:
        calls.append(batch_idx)
        if batch_idx == 7:
            raise KeyError("of the user's code")
        return step(batch, batch_idx)

    model.training_step = failing
    with pytest.raises(KeyError):
        trainer(pl, tmp_path, LRRangeTest(**QUICK)).fit(model, loader())
    assert len(calls) == 8
    after = model.net.state_dict().values()
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
