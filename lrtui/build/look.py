"""A look at the data before a run: what a form can offer to a model's parameters. Worker only."""

import torch

from lrtui.build import instantiate, loaders
from lrtui.build.facts import facts_of
from lrtui.catalog.infer import Facts
from lrtui.catalog.targets import Notice
from lrtui.engine.forward import summary
from lrtui.spec import Choice, LoaderSpec


def look(
    data: Choice, loader: LoaderSpec, notice: Notice = lambda text: None
) -> tuple[Facts | None, str]:
    """The facts of a data choice, and its first batch in words. It runs the user's code.

    Raises:
        PhaseError: the data cannot be made, or gives no batch.
    """
    made = instantiate.make("data", instantiate.load("data", data, notice), data)
    train = loaders.loaders(data.target, made, loader, 0, torch.device("cpu")).train
    batch = loaders.first_batch(data.target, train)
    return facts_of(train, batch), summary(batch)
