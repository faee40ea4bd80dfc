"""Loaders turned into endless (training) and repeatable (validation) iterators of batches.

`DataLoaderIter` and its two subclasses are torch_lr_finder's: inherit from one and override
`inputs_labels_from_batch` to say which part of a batch is the input and which the target. They draw
from the loader exactly when torch_lr_finder does, because every `iter(loader)` consumes random
numbers.
"""

from collections.abc import Iterable, Iterator, Mapping, Sized

import torch
from torch.utils.data import DataLoader

from lrtui.engine.distributed.epochs import next_epoch
from lrtui.engine.types import Batch, Loader, Target


class OutOfData(Exception):  # noqa: N818 - the end of the data is not an error, as with StopIteration
    """The training loader has no batch left and may not be restarted."""


class DataLoaderIter:
    """Iterates over a loader and splits each batch into (inputs, labels)."""

    def __init__(self, data_loader: Loader) -> None:
        self.data_loader = data_loader
        self._iterator = iter(data_loader)

    @property
    def dataset(self) -> object:
        """The loader's data set."""
        return self.data_loader.dataset  # type: ignore[attr-defined]

    def inputs_labels_from_batch(self, batch_data: Batch) -> tuple[Batch, Target]:
        """Split a batch; override it for anything but (inputs, labels, …).

        Raises:
            ValueError: the batch is neither a list nor a tuple.
        """
        if not isinstance(batch_data, list | tuple):
            raise ValueError(
                f"Your batch type is not supported: {type(batch_data)}. Please inherit from "
                "`TrainDataLoaderIter` or `ValDataLoaderIter` and override the "
                "`inputs_labels_from_batch` method."
            )
        inputs, labels, *_ = batch_data
        return inputs, labels

    def __iter__(self) -> Iterator[tuple[Batch, Target]]:
        """Return itself: iteration continues where it was."""
        return self

    def __next__(self) -> tuple[Batch, Target]:
        """The next batch, split."""
        return self.inputs_labels_from_batch(next(self._iterator))


class TrainDataLoaderIter(DataLoaderIter):
    """Endless, unless `auto_reset` is off: restarts the loader when it is exhausted."""

    def __init__(self, data_loader: Loader, auto_reset: bool = True) -> None:
        super().__init__(data_loader)
        self.auto_reset = auto_reset

    def __next__(self) -> tuple[Batch, Target]:
        """The next batch, split; from a new epoch if the last one is over."""
        try:
            batch = next(self._iterator)
        except StopIteration:
            if not self.auto_reset:
                raise
            next_epoch(self.data_loader)
            self._iterator = iter(self.data_loader)
            batch = next(self._iterator)
        return self.inputs_labels_from_batch(batch)


class ValDataLoaderIter(DataLoaderIter):
    """One pass at a time: `iter()` starts another one only after a whole pass.

    Unlike torch_lr_finder's it takes loaders without a length.
    """

    def __init__(self, data_loader: Loader) -> None:
        super().__init__(data_loader)
        self.run_limit = loader_length(data_loader)
        self.run_counter = 0
        self._exhausted = False

    def __iter__(self) -> Iterator[tuple[Batch, Target]]:
        """Start another pass if the last one is over."""
        if self._exhausted or (self.run_limit is not None and self.run_counter >= self.run_limit):
            self._iterator = iter(self.data_loader)
            self.run_counter = 0
            self._exhausted = False
        return self

    def rewind(self) -> None:
        """Make the next pass a whole one, even if the last pass stopped in the middle."""
        self._exhausted = self.run_counter > 0

    def __next__(self) -> tuple[Batch, Target]:
        """The next batch, split."""
        self.run_counter += 1
        try:
            return super().__next__()
        except StopIteration:
            self._exhausted = True
            raise


class _WholeBatches:
    """Passes a batch on as the loader gave it: `Forward` decides later what its parts are."""

    def inputs_labels_from_batch(self, batch_data: Batch) -> Batch:
        return batch_data


class _TrainBatches(_WholeBatches, TrainDataLoaderIter):
    pass


class _ValBatches(_WholeBatches, ValDataLoaderIter):
    pass


def train_batches(loader: Loader) -> Iterator[Batch]:
    """An endless iterator over a training loader that `check_loaders` accepts."""
    if isinstance(loader, TrainDataLoaderIter):
        return loader
    return _TrainBatches(loader)


def val_batches(loader: Loader) -> Iterable[Batch]:
    """A repeatable iterable over a validation loader that `check_loaders` accepts."""
    if not isinstance(loader, ValDataLoaderIter):
        return _ValBatches(loader)
    loader.rewind()
    return loader


def check_loaders(train_loader: Loader, val_loader: Loader | None) -> None:
    """Check that both loaders can be used, without drawing from them.

    Raises:
        ValueError: one is neither a loader nor a `DataLoaderIter` of its kind, or it is empty.
            Loaders are torch's DataLoader and anything else that can be iterated again and has a
            length.
    """
    _check_kind("train_loader", train_loader, TrainDataLoaderIter)
    if val_loader is not None:
        _check_kind("val_loader", val_loader, ValDataLoaderIter)
    _check_not_empty("train_loader", "training", train_loader)
    if val_loader is not None:
        _check_not_empty("val_loader", "validation", val_loader)


def is_split(batches: Loader) -> bool:
    """Whether an iterator yields (inputs, labels) already, not whole batches."""
    return isinstance(batches, DataLoaderIter) and not isinstance(batches, _WholeBatches)


def _check_kind(name: str, loader: object, iterator_class: type[DataLoaderIter]) -> None:
    if not isinstance(loader, iterator_class) and not _is_loader(loader):
        raise ValueError(
            f"`{name}` has unsupported type: {type(loader)}. Expected types are "
            f"`torch.utils.data.DataLoader` or child of `{iterator_class.__name__}`."
        )


def _check_not_empty(name: str, purpose: str, loader: Loader) -> None:
    if loader_length(loader) == 0:
        raise ValueError(f"the {purpose} loader has no batches: `{name}` has a length of 0")


def _is_loader(loader: object) -> bool:
    if isinstance(loader, DataLoaderIter | Iterator | torch.Tensor | str | bytes | Mapping):
        return False
    if isinstance(loader, DataLoader):
        return True
    return isinstance(loader, Iterable) and isinstance(loader, Sized)


def loader_length(loader: object) -> int | None:
    """Batches in an epoch; None for a loader of an iterable data set, which has no length."""
    try:
        return len(loader)  # type: ignore[arg-type]  # TypeError: an iterable without a length
    except TypeError:
        return None
