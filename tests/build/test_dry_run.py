"""The first batch is tried before the ramp: errors name both sides, and nothing is changed."""

import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import Optimizer

from lrtui.build.assemble import build
from lrtui.build.dry_run import DryRun
from lrtui.catalog.errors import PhaseError
from lrtui.engine.restore.digest import digest
from lrtui.engine.types import Batch
from lrtui.spec import Choice, RunSpec
from tests.user_files import WriteFile

NETS = """
    import torch
    from torch import nn
    class Net(nn.Module):
        def __init__(self, layer):
            super().__init__()
            self.layer = layer
        def forward(self, x): return self.layer(x)
    def wrong_features(): return Net(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)))
    def wrong_channels():
        return Net(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 10)))
    def wrong_norm(): return Net(nn.Sequential(nn.BatchNorm2d(5), nn.Flatten(), nn.Linear(64, 10)))
    def few_classes(): return Net(nn.Sequential(nn.Flatten(), nn.Linear(64, 5)))
    def half(): return Net(nn.Sequential(nn.Flatten(), nn.Linear(64, 10).double()))
    def embeds(): return Net(nn.Embedding(4, 10))
    def flat(): return Net(nn.Linear(8, 10))
    class Raises(Net):
        def forward(self, x): raise KeyError("mask")
    def raises(): return Raises(nn.Linear(1, 1))
    class Cut(Net):
        def forward(self, x): return self.layer(x.flatten(1)).detach()
    def cut(): return Cut(nn.Linear(64, 10))
    def exits():
        import sys
        class Exits(Net):
            def forward(self, x): sys.exit(3)
        return Exits(nn.Linear(64, 10))
"""


@pytest.mark.parametrize(
    ("net", "phase", "expected"),
    [
        (
            "wrong_features",
            "model",
            "layer.1 (Linear) expects in_features=784, but its input is 64x64 float32, "
            "which has 64",
        ),
        (
            "wrong_channels",
            "model",
            "layer.0 (Conv2d) expects in_channels=3, but its input is 64x1x8x8 float32, "
            "which has 1",
        ),
        (
            "wrong_norm",
            "model",
            "layer.0 (BatchNorm2d) expects num_features=5, but its input is 64x1x8x8 float32, "
            "which has 1",
        ),
        (
            "few_classes",
            "loss",
            "cross entropy: labels go up to 9, but the model gives 5 scores: it needs 10 classes",
        ),
        (
            "half",
            "model",
            "layer.1 (Linear) has float64 weights, but its input is float32: convert one of them",
        ),
        (
            "embeds",
            "model",
            "layer (Embedding) expects whole numbers, but its input is 64x1x8x8 float32",
        ),
        ("flat", "loss", "the model gave 64x1x8x10 float32, the target is 64 int64"),
        ("raises", "model", "the forward of Raises failed on 64x1x8x8 float32: KeyError: 'mask'"),
        (
            "cut",
            "model",
            "nothing needs gradients: the output of Cut is detached by .detach()",
        ),
        ("exits", "model", "it called sys.exit(3)"),
    ],
)
def test_a_mismatch_is_reported_with_both_numbers(
    user_file: WriteFile, net: str, phase: str, expected: str
) -> None:
    path = user_file(NETS)
    with pytest.raises(PhaseError) as caught:
        build(RunSpec(model=Choice(f"{path}:{net}")))
    assert (caught.value.phase, expected in caught.value.message) == (phase, True), (
        caught.value.message
    )
    assert "\n" not in caught.value.message


def test_an_index_out_of_range_of_an_embedding_is_reported() -> None:
    model = nn.Sequential(nn.Embedding(4, 3), nn.Flatten(), nn.Linear(6, 2))
    batch = (torch.tensor([[0, 9], [1, 2]]), torch.tensor([0, 1]))
    with pytest.raises(
        PhaseError, match="expects numbers from 0 to 3, but its input goes from 0 to 9"
    ):
        DryRun(model, torch.optim.SGD(model.parameters()), nn.CrossEntropyLoss()).try_batch(batch)


def test_a_failure_in_the_metric_is_attributed_to_it(user_file: WriteFile) -> None:
    path = user_file("def odd(output, target): return output @ target")
    with pytest.raises(PhaseError) as caught:
        build(RunSpec(metric=Choice(f"{path}:odd")))
    assert caught.value.phase == "metric"
    assert "the model gave 64x10 float32, the target is 64 int64" in caught.value.message


def test_a_failure_in_the_step_is_attributed_to_it(user_file: WriteFile) -> None:
    path = user_file("def step(model, batch): return batch['x']")
    with pytest.raises(PhaseError, match="the step failed on the first batch: TypeError") as caught:
        build(RunSpec(step=Choice(f"{path}:step")))
    assert caught.value.phase == "step"


def test_a_step_that_returns_no_loss_is_reported(user_file: WriteFile) -> None:
    path = user_file("def step(model, batch): return 'fine'")
    with pytest.raises(PhaseError, match="the step must return"):
        build(RunSpec(step=Choice(f"{path}:step")))


def states(model: nn.Module, optimizer: Optimizer) -> tuple[object, ...]:
    return (
        digest([model], [optimizer]),
        random.getstate(),
        torch.get_rng_state().tolist(),
        np.random.get_state(legacy=False)["state"]["key"].tolist(),
    )


def test_a_forward_that_counts_its_calls_starts_at_zero(user_file: WriteFile) -> None:
    path = user_file("""
        from torch import nn
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer, self.calls = nn.Linear(64, 10), 0
            def forward(self, x):
                self.calls += 1
                self.last = x
                return self.layer(x.flatten(1))
    """)
    built = build(RunSpec(model=Choice(f"{path}:Net")))
    assert built.model.calls == 0
    assert not hasattr(built.model, "last")
    built.model(torch.rand(2, 64))
    assert built.model.calls == 1


@pytest.mark.filterwarnings("ignore")
def test_a_scripted_model_is_tried_like_any_other(user_file: WriteFile) -> None:
    path = user_file("""
        import torch
        from torch import nn
        def net(): return torch.jit.script(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)))
        def wrong(): return torch.jit.script(nn.Sequential(nn.Flatten(), nn.Linear(63, 10)))
    """)
    assert build(RunSpec(model=Choice(f"{path}:net"))).loss_name == "cross entropy"
    with pytest.raises(PhaseError) as caught:
        build(RunSpec(model=Choice(f"{path}:wrong")))
    assert (caught.value.phase, "64x1x8x8 float32" in caught.value.message) == ("model", True)


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_is_changed_by_the_dry_run(fails: bool) -> None:
    first = nn.Linear(4, 4)
    model = nn.Sequential(first, nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 3)).eval()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    model(torch.rand(5, 4)).sum().backward()
    assert first.weight.grad is not None
    gradient = first.weight.grad.clone()

    def step(model: nn.Module, batch: Batch, optimizers: list[Optimizer]) -> torch.Tensor:
        random.random(), np.random.rand()
        loss: torch.Tensor = model(batch).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizers[0].step()
        model.extra = 1  # type: ignore[assignment]
        if fails:
            raise ValueError
        return loss

    before = states(model, optimizer)
    try:
        DryRun(model, optimizer, step=step).try_batch(torch.ones(5, 4))
    except PhaseError:
        assert fails
    assert states(model, optimizer) == before
    assert not hasattr(model, "extra")
    assert torch.equal(first.weight.grad, gradient)
    assert not any(part.training for part in model.modules())


def test_out_of_memory_in_a_step_is_reported_with_the_batch() -> None:
    class Large(nn.Linear):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            raise torch.OutOfMemoryError("CUDA out of memory")

    model = Large(2, 2)
    with pytest.raises(
        PhaseError, match=r"with a batch of 3x2 float32: lower loader\.batch_size"
    ) as caught:
        DryRun(model, torch.optim.SGD(model.parameters())).try_batch(torch.rand(3, 2))
    assert caught.value.phase == "device"


@pytest.mark.parametrize(("precision", "enabled"), [("fp32", False), ("bf16", True)])
def test_the_dry_run_casts_on_the_models_device(
    monkeypatch: pytest.MonkeyPatch, precision: str, enabled: bool
) -> None:
    """Not on the GPU of the machine: `--device cpu` runs on the CPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    model = nn.Linear(3, 2)
    casts: list[tuple[bool, torch.dtype]] = []

    def step(model: nn.Module, batch: Batch) -> torch.Tensor:
        output: torch.Tensor = model(batch)
        casts.append((torch.is_autocast_enabled("cpu"), output.dtype))
        return output.float().mean()

    optimizer = torch.optim.SGD(model.parameters())
    DryRun(model, optimizer, step=step, precision=precision).try_batch(torch.rand(4, 3))
    assert casts == [(enabled, torch.bfloat16 if enabled else torch.float32)]


def test_a_failure_names_the_line_of_the_users_code(user_file: WriteFile) -> None:
    text = """
        from torch import nn
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(64, 10)
            def forward(self, x):
                raise RuntimeError("odd")
        def step(model, batch):
            return model.layer(batch[0].flatten(1)).mean() / 0 + None
        def loss(output, target):
            raise ValueError("bad")
    """
    path = user_file(text, "fails.py")
    forward = Choice(f"{path}:Net")
    with pytest.raises(PhaseError, match=r"RuntimeError: odd \(fails\.py:8\)$"):
        build(RunSpec(model=forward))
    with pytest.raises(PhaseError, match=r"the step failed .* \(fails\.py:10\)$"):
        build(RunSpec(model=forward, step=Choice(f"{path}:step")))
    mlp = Choice("sample_models/mlp.py:MLP")
    with pytest.raises(PhaseError, match=r"loss failed: ValueError: bad; .* \(fails\.py:12\)$"):
        build(RunSpec(model=mlp, loss=Choice(f"{path}:loss")))
