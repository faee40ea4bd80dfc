"""Parts of what was built, with the types that a test needs."""

from torch import nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader, Dataset

from lrtui.build.assemble import Built
from lrtui.engine.types import Batch, Loader


def optimizer_of(built: Built) -> Optimizer:
    """The only optimizer."""
    assert isinstance(built.optimizer, Optimizer)
    return built.optimizer


def dataset_of(loader: Loader | None) -> Dataset[Batch]:
    """The data set of a loader that lrtui made."""
    assert isinstance(loader, DataLoader)
    data: Dataset[Batch] = loader.dataset
    return data


def count_examples(loader: Loader | None) -> int:
    """How many examples a loader has."""
    return len(dataset_of(loader))  # type: ignore[arg-type]


def linear(model: nn.Module, name: str) -> nn.Linear:
    """A linear layer of a model, by its dotted name."""
    layer = model.get_submodule(name)
    assert isinstance(layer, nn.Linear)
    return layer
