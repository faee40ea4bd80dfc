"""The first batch is tried before the ramp: what does not fit is told with both numbers, and nothing is changed."""

import random

import numpy as np
import pytest
import torch
from torch import nn

from lrtui.build.assemble import build
from lrtui.build.dry_run import try_batch
from lrtui.catalog.errors import PhaseError
from lrtui.engine.restore.digest import digest
from lrtui.spec import Choice, RunSpec

NETS = """
    import torch
    from torch import nn
    class Net(nn.Module):
        def __init__(self, layer):
            super().__init__()
            self.layer = layer
        def forward(self, x): return self.layer(x)
    def wrong_features(): return Net(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)))
    def wrong_channels(): return Net(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 10)))
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
            "layer.1 (Linear) expects in_features=784, but its input is 64x64 float32, which has 64",
        ),
        (
            "wrong_channels",
            "model",
            "layer.0 (Conv2d) expects in_channels=3, but its input is 64x1x8x8 float32, which has 1",
        ),
        (
            "wrong_norm",
            "model",
            "layer.0 (BatchNorm2d) expects num_features=5, but its input is 64x1x8x8 float32, which has 1",
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
            "the backward pass failed on the first batch: RuntimeError: element 0 of tensors does not require grad",
        ),
        ("exits", "model", "it called sys.exit(3)"),
    ],
)
def test_a_mismatch_is_told_with_both_numbers(user_file, net, phase, expected) -> None:
    path = user_file(NETS)
    with pytest.raises(PhaseError) as caught:
        build(RunSpec(model=Choice(f"{path}:{net}")))
    assert (caught.value.phase, expected in caught.value.message) == (phase, True), (
        caught.value.message
    )
    assert "\n" not in caught.value.message


def test_labels_that_an_embedding_does_not_have() -> None:
    model = nn.Sequential(nn.Embedding(4, 3), nn.Flatten(), nn.Linear(6, 2))
    batch = (torch.tensor([[0, 9], [1, 2]]), torch.tensor([0, 1]))
    with pytest.raises(
        PhaseError, match="expects numbers from 0 to 3, but its input goes from 0 to 9"
    ):
        try_batch(
            model, torch.optim.SGD(model.parameters()), nn.CrossEntropyLoss(), None, None, batch
        )


def test_a_metric_that_fails_is_called_the_metric(user_file) -> None:
    path = user_file("def odd(output, target): return output @ target")
    with pytest.raises(PhaseError) as caught:
        build(RunSpec(metric=Choice(f"{path}:odd")))
    assert caught.value.phase == "metric"
    assert "the model gave 64x10 float32, the target is 64 int64" in caught.value.message


def test_a_step_that_fails_is_called_the_step(user_file) -> None:
    path = user_file("def step(model, batch): return batch['x']")
    with pytest.raises(PhaseError, match="the step failed on the first batch: TypeError") as caught:
        build(RunSpec(step=Choice(f"{path}:step")))
    assert caught.value.phase == "step"


def test_a_step_that_returns_no_loss_is_told(user_file) -> None:
    path = user_file("def step(model, batch): return 'fine'")
    with pytest.raises(PhaseError, match="the step must return"):
        build(RunSpec(step=Choice(f"{path}:step")))


def states(model, optimizer):
    return (
        digest([model], [optimizer]),
        random.getstate(),
        torch.get_rng_state().tolist(),
        np.random.get_state()[1].tolist(),
    )


def test_a_forward_that_counts_its_calls_begins_at_nought(user_file) -> None:
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
def test_a_scripted_model_is_tried_like_any_other(user_file) -> None:
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
def test_nothing_is_changed_by_the_trial(fails):
    model = nn.Sequential(
        nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 3)
    ).eval()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    model(torch.rand(5, 4)).sum().backward()
    gradient = model[0].weight.grad.clone()

    def step(model, batch, optimizers):
        random.random(), np.random.rand()
        loss = model(batch).sum()
        loss.backward()
        optimizers[0].step()
        model.extra = 1 / (0 if fails else 1)
        return loss

    before = states(model, optimizer)
    try:
        try_batch(model, optimizer, None, None, step, torch.ones(5, 4))
    except PhaseError:
        assert fails
    assert states(model, optimizer) == before
    assert not hasattr(model, "extra")
    assert torch.equal(model[0].weight.grad, gradient)
    assert not any(part.training for part in model.modules())


def test_no_memory_for_a_step_is_told_with_the_batch() -> None:
    class Large(nn.Linear):
        def forward(self, data) -> None:
            raise torch.OutOfMemoryError("CUDA out of memory")

    model = Large(2, 2)
    with pytest.raises(
        PhaseError, match=r"with a batch of 3x2 float32: lower loader\.batch_size"
    ) as caught:
        try_batch(model, torch.optim.SGD(model.parameters()), None, None, None, torch.rand(3, 2))
    assert caught.value.phase == "device"
