"""The range test on an ignite engine that trains, which stays as it was."""

from collections.abc import Callable, Sequence
from typing import Any

from ignite.engine import Engine, Events, State
from torch import nn
from torch.optim import Optimizer

from lrtui.engine.types import Loader
from lrtui.integrations.watch import Watch, watch


class LRRangeTest:
    """`LRRangeTest(optimizer, model).run(trainer, loader)` returns the test, with its answer.

    The engine's own handlers run too: those that set the rate have to be removed for the test, and
    what they keep is put back if they are in `also`. Those that watch for epochs see none.

    Args:
        optimizer: that the engine's process function steps.
        model: whose buffers and flags are put back too.
        output_transform: from the engine's output to the loss.
        **settings: of `lrtui.watch`.
    """

    def __init__(
        self,
        optimizer: Optimizer | Sequence[Optimizer],
        model: nn.Module | None = None,
        *,
        output_transform: Callable[[Any], Any] = lambda output: output,
        **settings: Any,
    ) -> None:
        self.test = watch(optimizer, model, **settings)
        self._output_transform = output_transform

    def run(self, engine: Engine, loader: Loader) -> Watch:
        """Run the test; engine, model and optimizer are put back, after an exception too."""
        state = engine.state
        handler = engine.add_event_handler(Events.ITERATION_COMPLETED, self._update)
        try:
            with self.test as test:
                engine.state = _fresh(state)
                planned = test.planned
                engine.run(test.batches(loader), max_epochs=1, epoch_length=planned)
        finally:
            handler.remove()
            engine.state = state
        return self.test

    def _update(self, engine: Engine) -> None:
        if not self.test.update(self._output_transform(engine.state.output)):
            engine.terminate()


def _fresh(state: State) -> State:
    """A state before the first iteration, with what handlers have added to this one."""
    fresh = State()
    for name, value in vars(state).items():
        if name not in vars(fresh):
            setattr(fresh, name, value)
    return fresh
