"""The first batch of the data: loaded without leaving a trace, and described for a form."""

import torch

from lrtui.build.facts import facts_of
from lrtui.build.instantiate import import_choice
from lrtui.build.loaders import make_loaders
from lrtui.catalog.errors import PhaseError, one_line, with_user_line
from lrtui.catalog.infer import Facts
from lrtui.catalog.targets import Notice
from lrtui.engine.forward import summary
from lrtui.engine.restore.generators import generators_in
from lrtui.engine.restore.random_state import RngState, SavedGenerator
from lrtui.engine.types import Batch, Loader
from lrtui.spec import Choice, LoaderSpec


def load_first_batch(name: str, loader: Loader) -> Batch:
    """The loader's first batch; every random state is as before.

    Raises:
        PhaseError: the loader is empty, or fails.
    """
    rng = RngState()
    generators = list(map(SavedGenerator, generators_in(loader)))
    try:
        return next(iter(loader))
    except StopIteration:
        message = f"{name} gives no batch: it is empty, or smaller than one batch"
        raise PhaseError("data", message) from None
    except (Exception, SystemExit) as error:
        message = f"{name}: its first batch cannot be loaded: {one_line(error)}"
        raise PhaseError("data", with_user_line(message, error)) from error
    finally:
        if hasattr(loader, "_iterator"):
            loader._iterator = None  # persistent workers would go on with this epoch
        for generator in generators:
            generator.restore()
        rng.restore()


def inspect_first_batch(
    data: Choice, loader: LoaderSpec, notice: Notice = lambda text: None
) -> tuple[Facts | None, str]:
    """Facts about the data of a choice, and a summary of its first batch. Runs the user's code.

    Raises:
        PhaseError: the data cannot be made, or gives no batch.
    """
    made = import_choice("data", data, notice).call()
    train = make_loaders(data.target, made, loader, 0, torch.device("cpu")).train
    batch = load_first_batch(data.target, train)
    return facts_of(train, batch), summary(batch)
