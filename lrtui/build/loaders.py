"""From what a data target returned to a training and a validation loader."""

from collections.abc import Iterator, Sized
from dataclasses import dataclass
from typing import Any, TypeGuard

import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset

from lrtui.build.datasets.shares import Share, ShareSampler
from lrtui.build.datasets.streams import StreamLoader, unbatched
from lrtui.catalog.errors import PhaseError, one_line, with_user_line
from lrtui.catalog.targets import Notice
from lrtui.engine.types import Loader
from lrtui.spec import LoaderSpec

Examples = Dataset[Any]  # indexed, with a length; also any other class that has both
_NOT_DATA = (tuple, dict, str, bytes, torch.Tensor)


@dataclass(frozen=True)
class Loaders:
    """What the model is trained on, and what it is validated on if the data has such a part."""

    train: Loader
    val: Loader | None

    def unbatched(self) -> "Loaders":
        """The same for streams that yield batches."""
        return Loaders(unbatched(self.train), None if self.val is None else unbatched(self.val))


def make_loaders(
    name: str,
    data: object,
    spec: LoaderSpec,
    seed: int,
    device: torch.device,
    notice: Notice = lambda text: None,
    share: Share | None = None,
) -> Loaders:
    """The loaders of a Dataset, a DataLoader, or a pair of them.

    A data set on its own is split by `val_fraction`; `subset` limits the training part. Both use a
    generator of their own: the same seed gives the same examples. Shuffling draws from torch's
    global generator, as a script's loader does. Settings that do not apply to the data are named
    in a notice. With a `share` they give the part of one of several processes.

    Raises:
        PhaseError: the data is anything else, a part of it is empty, or cannot be divided.
    """
    train, val = _train_and_val(name, data)
    for text in _without_effect(name, train, val, spec):
        notice(text)
    if val is None and _is_indexed(train):
        train, val = split(name, train, spec.val_fraction, seed)
    if spec.subset and _is_indexed(train):
        train = subset(train, spec.subset, seed)
    train_loader = _loader(name, train, spec, device, train=True, share=share)
    if val is None:
        return Loaders(train_loader, None)
    return Loaders(train_loader, _loader(name, val, spec, device, train=False, share=share))


def _without_effect(name: str, train: object, val: object, spec: LoaderSpec) -> Iterator[str]:
    """What to say of settings that are not the default and do not apply to the data."""
    default = LoaderSpec()
    is_loader = not _is_indexed(train) and not isinstance(train, IterableDataset)
    if is_loader:
        for field in ("batch_size", "workers"):
            if getattr(spec, field) != getattr(default, field):
                yield f"loader.{field} has no effect: {name} returns a loader of its own"
    if spec.subset and not _is_indexed(train):
        yield f"loader.subset has no effect: {name} returns no data set with an index"
    if spec.val_fraction == default.val_fraction:
        return
    if val is not None:
        yield f"loader.val_fraction has no effect: {name} returns a validation part"
    elif not _is_indexed(train):
        yield f"loader.val_fraction has no effect: {name} returns no data set with an index"


def split(
    name: str, data: Examples, fraction: float, seed: int
) -> tuple[Examples, Examples | None]:
    """A random training part, and a validation part of `fraction` of the examples (at least one).

    Both keep the order of the data set. Of a single example no part is split off.
    """
    count = _length(name, data)
    val_count = min(max(1, round(fraction * count)), count - 1)
    if val_count < 1:
        return data, None
    order = _permutation(count, seed)
    return Subset(data, sorted(order[val_count:])), Subset(data, sorted(order[:val_count]))


def subset(data: Examples, count: int, seed: int) -> Examples:
    """A random sample of `count` examples, or the whole data set if it has no more."""
    total = len(data)  # type: ignore[arg-type]
    if count >= total:
        return data
    return Subset(data, sorted(_permutation(total, seed)[:count]))


def _permutation(count: int, seed: int) -> list[int]:
    generator = torch.Generator().manual_seed(seed)
    order: list[int] = torch.randperm(count, generator=generator).tolist()
    return order


def _train_and_val(name: str, data: object) -> tuple[object, object]:
    """The training part, and the validation part or None."""
    train, val = data if _is_pair(data) else (data, None)
    if isinstance(train, Iterator):
        message = f"{name} returned a generator, which gives its batches only once"
        raise PhaseError("data", f"{message}: return a Dataset")
    if not _is_data(train):
        message = f"{name} returned {type(data).__name__}"
        raise PhaseError("data", f"{message}: expected a Dataset, a DataLoader, or a pair of them")
    for part in (train, val):
        if part is not None and not isinstance(part, IterableDataset | Sized):
            message = f"{name} returned a {type(part).__name__} without a length"
            raise PhaseError("data", f"{message}: give it a __len__")
    return train, val


def _is_pair(data: object) -> TypeGuard[tuple[object, object]]:
    if not isinstance(data, tuple | list) or len(data) != 2:
        return False
    return all(part is None or _is_data(part) for part in data)


def _loader(
    name: str,
    part: object,
    spec: LoaderSpec,
    device: torch.device,
    *,
    train: bool,
    share: Share | None,
) -> Loader:
    """A loader for a data set; any other iterable is a loader already."""
    if share is not None:
        return _share_loader(name, part, spec, share, train=train)
    on_gpu = device.type == "cuda"
    if isinstance(part, IterableDataset):
        return StreamLoader(
            part, batch_size=spec.batch_size or None, num_workers=spec.workers, pin_memory=on_gpu
        )
    if not _is_indexed(part):
        return part  # type: ignore[return-value]
    count = _length(name, part)
    if count == 0:
        which = "training" if train else "validation"
        raise PhaseError("data", f"{name}: its {which} part has no examples")
    return DataLoader(
        part,
        batch_size=spec.batch_size or None,
        num_workers=spec.workers,
        pin_memory=on_gpu,
        shuffle=train,
        # a short last batch makes a noisy point, and batch norm cannot train on a single example
        drop_last=train and 0 < spec.batch_size <= count,
    )


def _share_loader(
    name: str, part: object, spec: LoaderSpec, share: Share, *, train: bool
) -> Loader:
    """The loader of one of several processes; one of the user's own has to divide the data."""
    if not _is_indexed(part):
        sampler = getattr(part, "sampler", None)
        if callable(getattr(sampler, "set_epoch", None)) or not train:
            return part  # type: ignore[return-value]
        message = f"{name} cannot be divided among {share.size} processes"
        raise PhaseError("data", f"{message}: return a Dataset, or use a DistributedSampler")
    count = _length(name, part)
    if train and count < spec.batch_size:
        message = f"{name} has {count} training examples: fewer than one batch"
        raise PhaseError("data", f"{message} of {spec.batch_size}; lower loader.batch_size")
    return DataLoader(
        part if train else share.of_validation(part),
        batch_size=spec.batch_size // share.size,
        num_workers=spec.workers,
        pin_memory=share.device.type == "cuda",
        sampler=ShareSampler(part, share, spec.batch_size) if train else None,
    )


def _length(name: str, data: object) -> int:
    try:
        return len(data)  # type: ignore[arg-type]
    except BaseException as error:
        message = f"{name}: the length of its data set is unknown: {one_line(error)}"
        raise PhaseError("data", with_user_line(message, error)) from error


def _is_indexed(part: object) -> TypeGuard[Examples]:
    """Whether a part is a data set: torch's, or any other class with an index and a length."""
    if isinstance(part, (IterableDataset, DataLoader, *_NOT_DATA)):
        return False
    if isinstance(part, Dataset):
        return True
    return hasattr(part, "__getitem__") and hasattr(part, "__len__")


def _is_data(part: object) -> bool:
    """Whether a part is a data set or a loader: torch's, or anything that can be iterated again."""
    if isinstance(part, (*_NOT_DATA, Iterator)):
        return False
    return _is_indexed(part) or hasattr(part, "__iter__")
