"""The criterion that is chosen fits what the engine uses as the target."""

import torch
from torch import nn

from lrtui.build.losses import choose_loss
from lrtui.engine.forward import Forward

INPUTS, CLASSES, WEIGHTS = torch.randn(8, 4), torch.randint(3, (8,)), torch.rand(8)


class Any(nn.Module):
    """Takes any number of inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Linear(4, 3)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self.net(inputs[0])
        return scores


def test_the_target_is_the_item_after_the_inputs() -> None:
    for model in (nn.Linear(4, 3), Any()):
        batch = (INPUTS, CLASSES, WEIGHTS)
        loss = choose_loss(model, batch)
        assert isinstance(loss.criterion, nn.CrossEntropyLoss)
        assert torch.isfinite(Forward(model, loss.criterion)(batch).loss)


def test_numbers_get_the_squared_error() -> None:
    assert isinstance(
        choose_loss(nn.Linear(4, 1), [INPUTS, torch.randn(8, 1)]).criterion, nn.MSELoss
    )
