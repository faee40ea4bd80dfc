"""Batches: loaders turned into endless (training) and repeatable (validation) iterators, and moved to a device.

`DataLoaderIter` and its two kinds are torch_lr_finder's: inherit from one and override `inputs_labels_from_batch` to
tell what is the input and what the target of a batch. They draw from the loader exactly when torch_lr_finder does,
because every `iter(loader)` consumes random numbers.
"""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sized
from typing import Any

import torch
from torch.utils.data import DataLoader


class OutOfData(Exception):  # noqa: N818 - an end, as StopIteration is, and no error
    """The training loader has no batch left and is not to be restarted."""


class DataLoaderIter:
    """Iterates a loader and splits each batch into (inputs, labels)."""

    def __init__(self, data_loader: Iterable[Any]) -> None:
        self.data_loader = data_loader
        self._iterator = iter(data_loader)

    @property
    def dataset(self) -> Any:
        """The loader's data set."""
        return self.data_loader.dataset  # type: ignore[attr-defined]

    def inputs_labels_from_batch(self, batch_data: Any) -> tuple[Any, Any]:
        """Split a batch; to be overridden for anything but (inputs, labels, …).

        Raises:
            ValueError: the batch is neither a list nor a tuple.
        """
        if not isinstance(batch_data, list | tuple):
            raise ValueError(
                f"Your batch type is not supported: {type(batch_data)}. Please inherit from `TrainDataLoaderIter` or "
                "`ValDataLoaderIter` and override the `inputs_labels_from_batch` method."
            )
        inputs, labels, *_ = batch_data
        return inputs, labels

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        """Return itself: iterating goes on where it was."""
        return self

    def __next__(self) -> tuple[Any, Any]:
        """The next batch, split."""
        return self.inputs_labels_from_batch(next(self._iterator))


class TrainDataLoaderIter(DataLoaderIter):
    """Endless, unless `auto_reset` is off: begins the loader again when it is exhausted."""

    def __init__(self, data_loader: Iterable[Any], auto_reset: bool = True) -> None:
        super().__init__(data_loader)
        self.auto_reset = auto_reset

    def __next__(self) -> tuple[Any, Any]:
        """The next batch, split; from a new epoch if need be."""
        try:
            batch = next(self._iterator)
        except StopIteration:
            if not self.auto_reset:
                raise
            self._iterator = iter(self.data_loader)
            batch = next(self._iterator)
        return self.inputs_labels_from_batch(batch)


class ValDataLoaderIter(DataLoaderIter):
    """One pass at a time: begins again only when `iter()` is called on it after a whole pass.

    Unlike torch_lr_finder's it takes loaders without a length.
    """

    def __init__(self, data_loader: Iterable[Any]) -> None:
        super().__init__(data_loader)
        self.run_limit = _length(data_loader)
        self.run_counter = 0
        self._exhausted = False

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        """Begin another pass if the last one is over."""
        if self._exhausted or (self.run_limit is not None and self.run_counter >= self.run_limit):
            self._iterator = iter(self.data_loader)
            self.run_counter = 0
            self._exhausted = False
        return self

    def rewind(self) -> None:
        """Let the next pass be a whole one, also where the last was left in the middle."""
        self._exhausted = self.run_counter > 0

    def __next__(self) -> tuple[Any, Any]:
        """The next batch, split."""
        self.run_counter += 1
        try:
            return super().__next__()
        except StopIteration:
            self._exhausted = True
            raise


class _WholeBatches:
    """Leaves the batch as the loader gave it: what it is, is decided later (see forward.py)."""

    def inputs_labels_from_batch(self, batch_data: Any) -> Any:
        return batch_data


class _TrainBatches(_WholeBatches, TrainDataLoaderIter):
    pass


class _ValBatches(_WholeBatches, ValDataLoaderIter):
    pass


def train_batches(loader: Any) -> Iterator[Any]:
    """An endless iterator over a training loader that `check_loaders` has let through."""
    return loader if isinstance(loader, TrainDataLoaderIter) else _TrainBatches(loader)


def val_batches(loader: Any) -> Iterable[Any]:
    """A repeatable iterable over a validation loader that `check_loaders` has let through, from its beginning."""
    if not isinstance(loader, ValDataLoaderIter):
        return _ValBatches(loader)
    loader.rewind()
    return loader


def check_loaders(train_loader: Any, val_loader: Any) -> None:
    """Tell whether both can be used, without drawing from them; None is no validation loader.

    Raises:
        ValueError: one is neither a loader nor an iterator of its own kind. Loaders are torch's DataLoader and whatever
            else can be iterated again and has a length.
    """
    if not (_is_loader(train_loader) or isinstance(train_loader, TrainDataLoaderIter)):
        raise ValueError(_unsupported("train_loader", train_loader, "TrainDataLoaderIter"))
    if not (
        val_loader is None or _is_loader(val_loader) or isinstance(val_loader, ValDataLoaderIter)
    ):
        raise ValueError(_unsupported("val_loader", val_loader, "ValDataLoaderIter"))
    for name, what, loader in (
        ("train_loader", "training", train_loader),
        ("val_loader", "validation", val_loader),
    ):
        if loader is not None and _length(loader) == 0:
            raise ValueError(f"the {what} loader has no batches: `{name}` has a length of 0")


def is_split(batches: Any) -> bool:
    """Whether an iterator yields (inputs, labels) already, rather than whole batches."""
    return isinstance(batches, DataLoaderIter) and not isinstance(batches, _WholeBatches)


def move(data: Any, device: torch.device, non_blocking: bool = True) -> Any:
    """Move whatever can be moved: tensors, objects with `.to`, and tuples, lists and mappings of them."""
    if isinstance(data, torch.Tensor):
        # asking is quicker than a `to` that has nothing to do
        return data if data.device == device else data.to(device, non_blocking=non_blocking)
    if callable(_attribute(data, "to")):
        try:
            moved = data.to(device, non_blocking=non_blocking)
        except TypeError:  # an object of the user's, whose .to takes a device alone
            moved = data.to(device)
        return data if moved is None else moved  # one that moves itself in place
    if isinstance(data, Mapping):
        return _of_kind(data, {key: move(item, device, non_blocking) for key, item in data.items()})
    if isinstance(data, tuple | list):
        return _of_kind(data, [move(item, device, non_blocking) for item in data])
    return data


def _attribute(data: Any, name: str) -> Any:
    """An attribute, or None; a mapping that gives its keys as attributes may raise a KeyError for what it lacks."""
    try:
        return getattr(data, name, None)
    except LookupError:
        return None


def _of_kind(data: Any, content: Any) -> Any:
    """The content in another container of the same kind, or in a plain one where that cannot be made."""
    if type(data) in (dict, list, tuple):
        return type(data)(content)
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*content)
    for make in (_refilled, lambda data, content: type(data)(content)):
        try:
            return make(data, content)
        except Exception:  # noqa: BLE001 - a class of the user's, of which nothing is known
            continue
    return tuple(content) if isinstance(data, tuple) else content


def _refilled(data: Any, content: Any) -> Any:
    """A copy with its own attributes and other content; raises for what cannot be emptied."""
    again = copy.copy(data)
    again.clear()
    again.extend(content) if isinstance(again, list) else again.update(content)
    return again


def generators(loader: Any) -> list[torch.Generator]:
    """The random generators that a loader draws from beside the global one; none for None."""
    loader = getattr(loader, "data_loader", loader)
    batch_sampler = getattr(loader, "batch_sampler", None)
    owners = (
        loader,
        getattr(loader, "sampler", None),
        batch_sampler,
        getattr(batch_sampler, "sampler", None),
    )
    found = [getattr(owner, "generator", None) for owner in owners]
    found += getattr(getattr(loader, "dataset", None), "__dict__", {}).values()
    own = [
        one
        for one in found
        if isinstance(one, torch.Generator) and one is not torch.default_generator
    ]
    return list({id(one): one for one in own}.values())


def _unsupported(name: str, loader: Any, kind: str) -> str:
    return (
        f"`{name}` has unsupported type: {type(loader)}. Expected types are `torch.utils.data.DataLoader` or child of "
        f"`{kind}`."
    )


def _is_loader(loader: Any) -> bool:
    if isinstance(loader, DataLoaderIter | Iterator | torch.Tensor | str | bytes | Mapping):
        return False
    return isinstance(loader, DataLoader) or (
        isinstance(loader, Iterable) and isinstance(loader, Sized)
    )


def _length(loader: Any) -> int | None:
    try:
        return len(loader)
    except TypeError:
        return None
