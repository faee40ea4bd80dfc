"""State that a model carries from batch to batch besides its parameters is put back too."""

import pickle

import pytest
import torch
from torch import nn

from tests.engine.rigs import finder, loader, mlp


class Carrying(nn.Module):
    """Carries state from batch to batch, in a buffer and in attributes."""

    carried: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.body = mlp()
        self.register_buffer("carried", torch.zeros(8, 3))
        self.memory = {"last": torch.zeros(3)}
        self.queue: list[torch.Tensor] = []
        self.noise = torch.Generator().manual_seed(1)
        self.temperature = 1.0

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        self.carried.detach_()
        output: torch.Tensor = (
            self.body(inputs) + 0.1 * self.carried + 0.01 * torch.randn(3, generator=self.noise)
        )
        self.carried.copy_(output)
        self.memory["last"] += output.detach().mean(0)
        self.queue.append(output.detach())
        self.temperature *= 0.9
        return output / self.temperature


def test_what_a_model_carries_from_batch_to_batch_is_put_back() -> None:
    model = Carrying()
    live = finder(model)
    before, noise = live.digest(), model.noise.get_state()
    batches = loader(shuffle=False)
    curves = []
    for _ in range(2):
        live.range_test(batches, num_iter=5, start_lr=1e-3, end_lr=1e-2, repeats=2)
        assert live.digest() != before
        assert live.histories[0] == live.histories[1]
        curves.append(live.history["loss"])
        live.reset()
        assert live.digest() == before
        assert model.carried.grad_fn is None
        assert torch.equal(model.carried, torch.zeros(8, 3))
        assert torch.equal(model.memory["last"], torch.zeros(3))
        assert (model.queue, model.temperature) == ([], 1.0)
        assert torch.equal(model.noise.get_state(), noise)
    assert curves[0] == curves[1]


def test_a_finder_can_be_pickled_while_a_test_is_in_progress() -> None:
    live = finder()
    steps = live.steps(loader(), num_iter=3)
    next(steps)
    assert pickle.loads(pickle.dumps(live)).history == live.history
    steps.close()


def test_a_group_that_is_added_during_a_test_is_an_error() -> None:
    live = finder()
    steps = live.steps(loader(), num_iter=5)
    next(steps)
    live.optimizers[0].add_param_group({"params": [nn.Parameter(torch.zeros(1))]})
    with pytest.raises(RuntimeError, match="a parameter group was added"):
        next(steps)
    assert len(live.optimizers[0].param_groups) == 1
