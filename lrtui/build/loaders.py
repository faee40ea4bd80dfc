"""What a data target returned becomes a training and a validation loader. Worker only."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset

from lrtui.catalog.errors import PhaseError, one_line
from lrtui.engine.restore.random_state import RngState
from lrtui.spec import LoaderSpec


@dataclass(frozen=True)
class Loaders:
    """What is trained on, and what is validated on if there is such a part."""

    train: Any
    val: Any


def loaders(name: str, made: Any, spec: LoaderSpec, seed: int, device: torch.device) -> Loaders:
    """The loaders of a Dataset, a DataLoader, or a pair of them.

    A data set alone is split by `val_fraction` and cut to `subset`, both with a generator of their own: the same seed
    gives the same examples. Shuffling draws from torch's global generator, as a script's loader does.

    Raises:
        PhaseError: for anything else, and for a part with no examples.
    """
    train, val = _parts(name, made)
    if val is None and _is_map(train):
        train, val = split(name, train, spec.val_fraction, seed)
    if spec.subset and _is_map(train):
        train = subset(train, spec.subset, seed)
    return Loaders(
        _loader(name, train, spec, device, train=True),
        _loader(name, val, spec, device, train=False),
    )


def split(name: str, data: Any, fraction: float, seed: int) -> tuple[Any, Any]:
    """A seeded random part for training, and the `fraction` that is left for validation; both in the set's order."""
    count = _length(name, data)
    held = min(max(1, round(fraction * count)), count - 1)
    if held < 1:
        return data, None
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed)).tolist()
    return Subset(data, sorted(order[held:])), Subset(data, sorted(order[:held]))


def subset(data: Any, count: int, seed: int) -> Any:
    """A seeded random sample of `count` examples, or all of them if there are no more."""
    if count >= len(data):
        return data
    order = torch.randperm(len(data), generator=torch.Generator().manual_seed(seed)).tolist()
    return Subset(data, sorted(order[:count]))


def first_batch(name: str, loader: Any) -> Any:
    """The loader's first batch, with every random state left as it was; PhaseError with what stopped it."""
    rng = RngState()
    generator = getattr(loader, "generator", None)
    state = generator.get_state() if isinstance(generator, torch.Generator) else None
    try:
        return next(iter(loader))
    except StopIteration:
        raise PhaseError(
            "data", f"{name} gives no batch: it is empty, or smaller than one batch"
        ) from None
    except (Exception, SystemExit) as error:
        raise PhaseError(
            "data", f"{name}: its first batch cannot be loaded: {one_line(error)}"
        ) from error
    finally:
        if hasattr(loader, "_iterator"):
            loader._iterator = None  # persistent workers would go on with this epoch
        if state is not None:
            generator.set_state(state)  # type: ignore[union-attr]
        rng.restore()


def _parts(name: str, made: Any) -> tuple[Any, Any]:
    pair = (
        isinstance(made, tuple | list)
        and len(made) == 2
        and all(_is_data(part) or part is None for part in made)
    )
    train, val = made if pair else (made, None)
    if isinstance(train, Iterator):
        raise PhaseError(
            "data",
            f"{name} returned a generator, which gives its batches only once: return a Dataset",
        )
    if not _is_data(train):
        got = type(made).__name__
        raise PhaseError(
            "data", f"{name} returned {got}: expected a Dataset, a DataLoader, or a pair of them"
        )
    for part in (train, val):
        if (
            part is not None
            and not isinstance(part, IterableDataset)
            and not hasattr(part, "__len__")
        ):
            raise PhaseError(
                "data",
                f"{name} returned a {type(part).__name__} without a length: give it a __len__",
            )
    return train, val


def _loader(name: str, part: Any, spec: LoaderSpec, device: torch.device, *, train: bool) -> Any:
    """A loader for a data set; what is a loader already is not touched."""
    if part is None or not (_is_map(part) or isinstance(part, IterableDataset)):
        return part
    common: dict[str, Any] = {
        "batch_size": spec.batch_size,
        "num_workers": spec.workers,
        "pin_memory": device.type == "cuda",
    }
    if isinstance(part, IterableDataset):
        return DataLoader(part, **common)
    count = _length(name, part)
    if count == 0:
        raise PhaseError(
            "data", f"{name}: its {'training' if train else 'validation'} part has no examples"
        )
    # a short last batch would be a noisier point of the curve, and one of a single example breaks batch norm
    return DataLoader(part, shuffle=train, drop_last=train and count >= spec.batch_size, **common)


def _length(name: str, data: Any) -> int:
    try:
        return len(data)
    except (Exception, SystemExit) as error:
        raise PhaseError(
            "data", f"{name}: the length of its data set cannot be told: {one_line(error)}"
        ) from error


def _is_map(part: Any) -> bool:
    """A data set with places: torch's, or anything else that can be indexed and has a length."""
    if isinstance(part, IterableDataset | DataLoader | tuple | dict | str | bytes | torch.Tensor):
        return False
    return isinstance(part, Dataset) or (hasattr(part, "__getitem__") and hasattr(part, "__len__"))


def _is_data(part: Any) -> bool:
    """A data set, or a loader: torch's, or anything else that can be iterated again and again."""
    if isinstance(part, tuple | dict | str | bytes | torch.Tensor | Iterator):
        return False
    return (
        _is_map(part) or isinstance(part, IterableDataset | DataLoader) or hasattr(part, "__iter__")
    )
