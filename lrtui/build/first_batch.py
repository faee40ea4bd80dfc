"""The first batch of the data: loaded without leaving a trace, and described for a form."""

import torch

from lrtui.build.facts import facts_of
from lrtui.build.instantiate import import_choice
from lrtui.build.loaders import make_loaders
from lrtui.catalog.errors import PhaseError, one_line, with_user_line
from lrtui.catalog.infer import Facts
from lrtui.catalog.targets import Notice
from lrtui.engine.data.batch_size import is_sequence
from lrtui.engine.reading.rule import read_loosely
from lrtui.engine.reading.signature import UNKNOWN, Signature, signature_of_class
from lrtui.engine.reading.words import summary
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
    except BaseException as error:
        message = f"{name}: its first batch cannot be loaded: {one_line(error)}"
        raise PhaseError("data", with_user_line(message, error)) from error
    finally:
        if hasattr(loader, "_iterator"):
            loader._iterator = None  # persistent workers would go on with this epoch
        for generator in generators:
            generator.restore()
        rng.restore()


def inspect_first_batch(
    data: Choice,
    loader: LoaderSpec,
    notice: Notice = lambda text: None,
    *,
    model: Choice | None = None,
    names: str = "",
) -> tuple[Facts | None, str]:
    """Facts about the data of a choice, and what its first batch is taken for. Runs user code.

    Nothing is downloaded.

    Args:
        data: what gives the batch.
        loader: how it does, where the data is a data set.
        notice: called with lines for the user.
        model: whose forward takes the batch; None or a function: the signature is not known.
        names: what the user says that each item is.

    Raises:
        PhaseError: the data cannot be made, or gives no batch.
    """
    args = {name: value for name, value in data.args.items() if name != "download"}
    made = import_choice("data", data, notice).with_args(args).call()
    train = make_loaders(data.target, made, loader, 0, torch.device("cpu")).train
    batch = load_first_batch(data.target, train)
    signature = _signature(model)
    facts = facts_of(train, batch, signature, names)
    is_pair = isinstance(batch, torch.Tensor) or (is_sequence(batch) and len(batch) <= 2)
    if signature is UNKNOWN and not is_pair and not names:
        return facts, summary(batch)  # only a forward says what the items are
    reading = read_loosely(signature, batch, names=names)
    return facts, summary(batch) if reading is None else reading.describe(batch)


def _signature(model: Choice | None) -> Signature:
    """The signature of the forward of a model's class, `UNKNOWN` where it cannot be imported."""
    if model is None:
        return UNKNOWN
    try:
        return signature_of_class(import_choice("model", model, lambda text: None).factory)
    except PhaseError:
        return UNKNOWN  # the form says what is wrong with the model
