"""Something tried on live objects, which are afterwards as they were. Worker only."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import nn
from torch.optim import Optimizer

from lrtui.engine.restore.snapshot import Snapshot


@contextmanager
def untouched(modules: Sequence[nn.Module], optimizers: Sequence[Optimizer] = ()) -> Iterator[None]:
    """Put back parameters, buffers, gradients, modes, optimizer state and random states, whatever happens inside.

    Plain attributes of modules are put back too (a forward may count its calls); a list that it grows is not.
    """
    keep = Snapshot(modules, optimizers)
    attributes = [(part, dict(vars(part))) for module in modules for part in module.modules()]
    try:
        yield
    finally:
        for part, before in attributes:
            vars(part).clear()
            vars(part).update(before)
        keep.restore()
