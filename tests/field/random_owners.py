"""Objects of users that own random generators."""

import random
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import ConcatDataset, DataLoader, Dataset, IterableDataset, Sampler, Subset

from tests.field.models import X, Y

SIZE = 64
MODULE_RNG = np.random.default_rng(5)
Draw = Callable[[], float]


def numpy_draw(rng: np.random.Generator) -> float:
    """One number of a numpy Generator."""
    return float(rng.normal())


class NumpyData(Dataset[Any]):
    """Augmentation by a numpy Generator."""

    def __init__(self) -> None:
        self.rng: Any = np.random.default_rng(0)

    def draw(self) -> float:
        return float(self.rng.normal())

    def __len__(self) -> int:
        return SIZE

    def __getitem__(self, index: int) -> Any:
        return X[index] + self.draw(), Y[index]


class RandomStateData(NumpyData):
    def __init__(self) -> None:
        self.rng = np.random.RandomState(0)


class PythonData(NumpyData):
    def __init__(self) -> None:
        self.rng = random.Random(0)

    def draw(self) -> float:
        return float(self.rng.gauss(0, 1))


class TorchData(NumpyData):
    def __init__(self) -> None:
        self.rng = torch.Generator().manual_seed(0)

    def draw(self) -> float:
        return float(torch.randn((), generator=self.rng))


class Jitter:
    """A transform that owns a generator."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)

    def __call__(self, x: Tensor) -> Tensor:
        return x + float(self.rng.normal())


class NestedData(NumpyData):
    """The generator is that of a transform."""

    def __init__(self) -> None:
        self.transform = Jitter()

    def draw(self) -> float:
        return float(self.transform(torch.zeros(())))


class ComposedData(NumpyData):
    """The transform is one of a list, of an object."""

    def __init__(self) -> None:
        self.transform: Any = SimpleNamespace(transforms=[Jitter(), Jitter()])

    def draw(self) -> float:
        return sum([float(one(torch.zeros(()))) for one in self.transform.transforms])


class SlottedJitter:
    """An object without a __dict__."""

    __slots__ = ("rng",)

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)


class SlottedData(NumpyData):
    def __init__(self) -> None:
        self.transform = SlottedJitter()

    def draw(self) -> float:
        return float(self.transform.rng.normal())


class ClosureData(NumpyData):
    """The generator is in the closure of a function."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.noise: Draw = lambda: float(rng.normal())

    def draw(self) -> float:
        return self.noise()


class ModuleData(NumpyData):
    """The generator is a global of the module."""

    def __init__(self) -> None:
        pass

    def draw(self) -> float:
        return float(MODULE_RNG.normal())


def shift() -> float:
    """A function of the module that draws from its generator."""
    return float(MODULE_RNG.normal())


class HelperData(ModuleData):
    """A function of the module uses the generator."""

    def draw(self) -> float:
        return shift()


class ClassData(NumpyData):
    """The generator is an attribute of the class, as MONAI's are."""

    rng: Any = np.random.RandomState(0)

    def __init__(self) -> None:
        pass


class DefaultData(ModuleData):
    """The generator is the default of an argument."""

    def draw(self, rng: Any = random.Random(0)) -> float:  # noqa: B008 - users do it
        return float(rng.gauss(0, 1))


class BitData(NumpyData):
    """A bit generator, without the Generator around it."""

    def __init__(self) -> None:
        self.bits = np.random.PCG64(0)

    def draw(self) -> float:
        return float(self.bits.random_raw() % 7)


class Stream(IterableDataset[Any]):
    """Examples in an order of its own generator."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)

    def __iter__(self) -> Iterator[Any]:
        for index in self.rng.permutation(SIZE):
            yield X[index], Y[index]


class Shuffled(Sampler[int]):
    """A sampler with a generator of its own."""

    def __init__(self) -> None:
        self.rng = random.Random(0)

    def __len__(self) -> int:
        return SIZE

    def __iter__(self) -> Iterator[int]:
        order = list(range(SIZE))
        self.rng.shuffle(order)
        return iter(order)


class ShuffledBatches(Sampler[list[int]]):
    """A batch sampler with a generator of its own, under a name of its own."""

    def __init__(self) -> None:
        self.dice = np.random.RandomState(0)

    def __len__(self) -> int:
        return SIZE // 16

    def __iter__(self) -> Iterator[list[int]]:
        order = self.dice.permutation(SIZE).tolist()
        return iter([order[at : at + 16] for at in range(0, SIZE, 16)])


class TorchSampler(Sampler[int]):
    """A sampler whose torch Generator is called something else than generator."""

    def __init__(self) -> None:
        self.g = torch.Generator().manual_seed(0)

    def __len__(self) -> int:
        return SIZE

    def __iter__(self) -> Iterator[int]:
        return iter(torch.randperm(SIZE, generator=self.g).tolist())


class Collate:
    """A collate function that is an object."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)

    def __call__(self, items: Any) -> Any:
        x, y = (torch.stack(column) for column in zip(*items, strict=True))
        return x + float(self.rng.normal()), y

    def method(self, items: Any) -> Any:
        return self(items)


def collated(rng: np.random.Generator, items: Any) -> Any:
    """A collate function that gets its generator by `partial`."""
    x, y = (torch.stack(column) for column in zip(*items, strict=True))
    return x + float(rng.normal()), y


class PlainLoader:
    """A loader that is none of torch's."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)

    def __len__(self) -> int:
        return SIZE // 16

    def __iter__(self) -> Iterator[Any]:
        for _ in range(len(self)):
            chosen = self.rng.integers(0, SIZE, 16)
            yield X[chosen], Y[chosen]


class Noisy(nn.Module):
    """A model with a generator of its own."""

    def __init__(self, rng: Any) -> None:
        super().__init__()
        self.net = nn.Linear(6, 3)
        self.rng = rng

    def forward(self, x: Tensor) -> Any:
        if isinstance(self.rng, torch.Generator):
            return self.net(x + torch.randn((), generator=self.rng))
        if isinstance(self.rng, random.Random):
            return self.net(x + self.rng.gauss(0, 1))
        if isinstance(self.rng, Jitter):
            return self.net(self.rng(x))
        return self.net(x + float(self.rng.normal()))


class NoisyLoss:
    """A criterion that is no module and has a generator of its own."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        return cross_entropy(output, target) * (1 + 0.1 * float(self.rng.normal()))


Objects = tuple[nn.Module, Any, Any]


def with_data(data: Dataset[Any], **options: Any) -> Objects:
    """A model and a criterion without randomness, and a loader of this data."""
    torch.manual_seed(0)
    return nn.Linear(6, 3), DataLoader(data, batch_size=16, **options), nn.CrossEntropyLoss()


def plain(**options: Any) -> Objects:
    """Data without randomness."""
    return with_data(torch.utils.data.TensorDataset(X[:SIZE], Y[:SIZE]), **options)


def noisy(rng: Any) -> Objects:
    """A model with this generator."""
    _, loader, criterion = plain()
    torch.manual_seed(0)
    return Noisy(rng), loader, criterion


def with_batches() -> Objects:
    """A batch sampler."""
    data = torch.utils.data.TensorDataset(X[:SIZE], Y[:SIZE])
    torch.manual_seed(0)
    return (
        nn.Linear(6, 3),
        DataLoader(data, batch_sampler=ShuffledBatches()),
        nn.CrossEntropyLoss(),
    )


def with_plain_loader() -> Objects:
    """A loader that is none of torch's."""
    torch.manual_seed(0)
    return nn.Linear(6, 3), PlainLoader(), nn.CrossEntropyLoss()


def with_loss() -> Objects:
    """A criterion with a generator."""
    model, loader, _ = plain()
    return model, loader, NoisyLoss()


OWNERS: dict[str, Callable[[], Objects]] = {
    "data set, numpy Generator": lambda: with_data(NumpyData()),
    "data set, numpy RandomState": lambda: with_data(RandomStateData()),
    "data set, random.Random": lambda: with_data(PythonData()),
    "data set, torch Generator": lambda: with_data(TorchData()),
    "transform": lambda: with_data(NestedData()),
    "list of transforms": lambda: with_data(ComposedData()),
    "object with slots": lambda: with_data(SlottedData()),
    "closure": lambda: with_data(ClosureData()),
    "global of the module": lambda: with_data(ModuleData()),
    "global of the module, in a function": lambda: with_data(HelperData()),
    "class attribute, global": lambda: with_data(ClassData()),
    "default of an argument, global": lambda: with_data(DefaultData()),
    "numpy BitGenerator": lambda: with_data(BitData()),
    "subset": lambda: with_data(Subset(NumpyData(), range(32))),
    "several data sets": lambda: with_data(ConcatDataset([NumpyData(), PythonData()])),
    "iterable data set": lambda: with_data(Stream()),
    "sampler": lambda: plain(sampler=Shuffled()),
    "sampler, torch Generator": lambda: plain(sampler=TorchSampler()),
    "batch sampler": with_batches,
    "collate object": lambda: plain(collate_fn=Collate()),
    "collate method": lambda: plain(collate_fn=Collate().method),
    "collate partial": lambda: plain(collate_fn=partial(collated, np.random.default_rng(0))),
    "loader of one's own": with_plain_loader,
    "model, numpy Generator": lambda: noisy(np.random.default_rng(0)),
    "model, numpy RandomState": lambda: noisy(np.random.RandomState(0)),
    "model, random.Random": lambda: noisy(random.Random(0)),
    "model, torch Generator": lambda: noisy(torch.Generator().manual_seed(0)),
    "object of a model": lambda: noisy(Jitter()),
    "criterion": with_loss,
}
