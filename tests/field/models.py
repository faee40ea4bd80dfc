"""Small models, data and losses of the kinds that people bring to a range test."""

from collections import OrderedDict, UserDict, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from lrtui.build.datasets.digits import digits

COUNT, BATCH = 128, 16


def normal(*shape: int, seed: int = 0) -> Tensor:
    """The same normal numbers every time."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def whole(low: int, high: int, *shape: int, seed: int = 0) -> Tensor:
    """The same whole numbers every time."""
    return torch.randint(low, high, shape, generator=torch.Generator().manual_seed(seed))


X = normal(COUNT, 6)
Y = X[:, :3].argmax(1)  # three classes
IDS = whole(0, 50, COUNT, 12)
TAGS = IDS % 4
MASK = (IDS % 3 > 0).long()
SEGMENTS = whole(0, 2, COUNT, 12, seed=1)
LENGTHS = whole(1, 3, COUNT, seed=2)  # labels in 0..2 as far as their values go
A, B = X[:, :3], X[:, 3:]


class Listed(Dataset[Any]):
    """A data set of a list."""

    def __init__(self, items: list[Any]) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Any:
        return self.items[index]


def in_order(data: Dataset[Any], **options: Any) -> DataLoader[Any]:
    """A loader that does not shuffle, so that the first batch is known."""
    return DataLoader(data, batch_size=BATCH, **options)


def tensors(*columns: Tensor) -> DataLoader[Any]:
    """Batches are lists of tensors."""
    return in_order(TensorDataset(*columns))


def rows(make: Callable[[int], Any], **options: Any) -> DataLoader[Any]:
    """Batches are collated from what `make` returns for each index."""
    return in_order(Listed([make(index) for index in range(COUNT)]), **options)


# --- batches with an item beside the input and the target -------------------------------------


class Tagger(nn.Module):
    """Scores (N, 4, T) of token ids (N, T), with an optional mask."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(50, 16), nn.Linear(16, 4)

    def scores(self, ids: Tensor, mask: Tensor | None) -> Tensor:
        x = self.embed(ids)
        scores = self.head(x if mask is None else x * mask.unsqueeze(-1))
        assert isinstance(scores, Tensor)
        return scores.transpose(1, 2)

    def forward(self, ids: Any, mask: Any = None) -> Any:
        return self.scores(ids, mask)


class UntypedTagger(Tagger):
    def forward(self, ids, mask=None):  # type: ignore[no-untyped-def]
        return self.scores(ids, mask)


class KeywordTagger(Tagger):
    def forward(self, ids: Any, *, mask: Any = None) -> Any:  # type: ignore[override]
        return self.scores(ids, mask)


class AttentionTagger(Tagger):
    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        return self.scores(input_ids, attention_mask)


class TwoOptions(Tagger):
    def forward(self, ids: Any, mask: Any = None, segments: Any = None) -> Any:
        scores = self.scores(ids, mask)
        return scores if segments is None else scores * (1 + segments.unsqueeze(1))


class MaskAndSwitch(Tagger):
    def forward(
        self, ids: Tensor, mask: Tensor | None = None, return_features: bool = False
    ) -> Tensor:
        assert return_features is False, "a tensor was given for a switch"
        return self.scores(ids, mask)


def tagged() -> DataLoader[Any]:
    return tensors(IDS, MASK, TAGS)


def tagged_bool() -> DataLoader[Any]:
    return tensors(IDS, MASK.bool(), TAGS)


def tagged_float() -> DataLoader[Any]:
    return tensors(IDS, MASK.float(), TAGS)


def tagged_segments() -> DataLoader[Any]:
    return tensors(IDS, MASK, SEGMENTS, TAGS)


def tagged_last() -> DataLoader[Any]:
    return tensors(IDS, TAGS, MASK)


class Net(nn.Module):
    """Three scores of six numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Linear(6, 3)

    def forward(self, x: Any) -> Any:
        return self.net(x)


class Lengths(Net):
    def forward(self, x: Any, lengths: Any = None) -> Any:
        return self.net(x if lengths is None else x / lengths.unsqueeze(1))


class Masked(Net):
    def forward(self, x: Any, mask: Any = None) -> Any:
        return self.net(x if mask is None else x * mask)


class Switch(Net):
    def forward(self, x: Any, return_features: bool = False) -> Any:
        assert return_features is False, "a tensor was given for a switch"
        return self.net(x)


class UntypedSwitch(Net):
    def forward(self, x, return_features=False):  # type: ignore[no-untyped-def]
        assert return_features is False, "a tensor was given for a switch"
        return self.net(x)


class Number(Net):
    def forward(self, x: Any, rounds: int = 1) -> Any:
        assert rounds == 1, "a tensor was given for a number"
        return self.net(x)


class Scale(Net):
    def forward(self, x: Any, scale=1.0) -> Any:  # type: ignore[no-untyped-def]
        assert isinstance(scale, float), "a tensor was given for a number"
        return self.net(x) * scale


class OptionalNumber(Net):
    def forward(self, x: Any, temperature: float | None = None) -> Any:
        assert temperature is None, "a tensor was given for a number"
        return self.net(x)


class Text(Net):
    def forward(self, x: Any, mode: str = "train") -> Any:
        assert mode == "train", "a tensor was given for a text"
        return self.net(x)


class Meta(Net):
    def forward(self, x: Any, meta: Any = None) -> Any:
        return self.net(x if meta is None else x * meta["gain"].unsqueeze(1).float())


class Several(Net):
    def forward(self, *inputs: Any) -> Any:
        return self.net(inputs[0])


class Extras(Net):
    def forward(self, x: Any, **extras: Any) -> Any:
        return self.net(x)


def labelled() -> DataLoader[Any]:
    return tensors(X, Y)


def indexed() -> DataLoader[Any]:
    return tensors(X, Y, torch.arange(COUNT))


def weighted() -> DataLoader[Any]:
    return tensors(X, Y, normal(COUNT).abs())


def with_lengths() -> DataLoader[Any]:
    return tensors(X, LENGTHS, Y)


def lengths_last() -> DataLoader[Any]:
    return tensors(X, Y, LENGTHS)


def meta_between() -> DataLoader[Any]:
    return rows(lambda i: (X[i], {"gain": 1 + i % 2, "name": f"row {i}"}, Y[i]))


def meta_last() -> DataLoader[Any]:
    return rows(lambda i: (X[i], Y[i], {"gain": 1 + i % 2, "name": f"row {i}"}))


def names_between() -> DataLoader[Any]:
    return rows(lambda i: (X[i], f"row {i}", Y[i]))


def names_last() -> DataLoader[Any]:
    return rows(lambda i: (X[i], Y[i], f"row {i}"))


# --- packed inputs, dicts and objects ---------------------------------------------------------


class TwoInputs(Net):
    def forward(self, a: Any, b: Any) -> Any:  # type: ignore[override]
        return self.net(torch.cat([a, b], 1))


class TwoInputsMasked(Net):
    def forward(self, a: Any, b: Any, mask: Any = None) -> Any:  # type: ignore[override]
        joined = torch.cat([a, b], 1)
        return self.net(joined if mask is None else joined * mask)


class Pair(Net):
    """Takes both inputs as one tuple."""

    def forward(self, pair: Any) -> Any:
        a, b = pair
        return self.net(torch.cat([a, b], 1))


class TakesDict(Net):
    """Takes a dict of its inputs."""

    def forward(self, batch: Any) -> Any:
        return self.net(torch.cat([batch["a"], batch["b"]], 1))


class PixelValues(Net):
    """Returns its loss where it gets labels, as Hugging Face's models do."""

    def forward(self, pixel_values: Any, labels: Any = None) -> Any:
        logits = self.net(pixel_values)
        loss = None if labels is None else cross_entropy(logits, labels)
        return SimpleNamespace(loss=loss, logits=logits)


class OnGraph(Net):
    def forward(self, data: Any) -> Any:
        return self.net(data.x)


class Named(NamedTuple):
    x: Any
    y: Any


class Swapped(NamedTuple):
    label: Any
    text: Any


class TakesText(Net):
    def forward(self, text: Any) -> Any:
        return self.net(text)


@dataclass
class Record:
    x: Tensor
    y: Tensor


class Graph:
    """A batch as graph libraries make them: one object with `.to` and `.y`."""

    def __init__(self, x: Tensor, y: Tensor) -> None:
        self.x, self.y = x, y

    def to(self, device: Any) -> "Graph":
        return Graph(self.x.to(device), self.y.to(device))


def pairs() -> DataLoader[Any]:
    return rows(lambda i: ((A[i], B[i]), int(Y[i])))


def pairs_of_one() -> DataLoader[Any]:
    return rows(lambda i: ((X[i],), Y[i]))


def pairs_indexed() -> DataLoader[Any]:
    return rows(lambda i: ((A[i], B[i]), Y[i], i))


def dict_and_label() -> DataLoader[Any]:
    return rows(lambda i: ({"a": A[i], "b": B[i]}, Y[i]))


def dict_and_label_extra() -> DataLoader[Any]:
    return rows(lambda i: ({"a": A[i], "b": B[i], "name": f"row {i}"}, Y[i]))


def dict_y() -> DataLoader[Any]:
    return rows(lambda i: {"a": A[i], "b": B[i], "y": Y[i]})


def dict_label_extra() -> DataLoader[Any]:
    return rows(lambda i: {"a": A[i], "b": B[i], "label": Y[i], "id": i, "name": f"row {i}"})


def dict_other_input() -> DataLoader[Any]:
    return rows(lambda i: {"image": X[i], "label": Y[i]})


def dict_other_target() -> DataLoader[Any]:
    return rows(lambda i: {"x": X[i], "gt": Y[i]})


def dict_class() -> DataLoader[Any]:
    return rows(lambda i: {"x": X[i], "cls": Y[i], "fold": i % 5})


def dict_pixel_values() -> DataLoader[Any]:
    return rows(lambda i: {"pixel_values": X[i], "labels": Y[i]})


def dict_pixel_values_extra() -> DataLoader[Any]:
    return rows(lambda i: {"pixel_values": X[i], "labels": Y[i], "idx": i})


def user_dict() -> DataLoader[Any]:
    return in_order(
        TensorDataset(A, B, Y), collate_fn=lambda items: UserDict(_columns(items, "a", "b", "y"))
    )


def named_tuples() -> DataLoader[Any]:
    return rows(lambda i: Named(X[i], Y[i]))


def swapped_tuples() -> DataLoader[Any]:
    return rows(lambda i: Swapped(Y[i], X[i]))


def records() -> DataLoader[Any]:
    return in_order(
        TensorDataset(X, Y), collate_fn=lambda items: Record(**_columns(items, "x", "y"))
    )


def graphs() -> DataLoader[Any]:
    return in_order(
        TensorDataset(X, Y), collate_fn=lambda items: Graph(**_columns(items, "x", "y"))
    )


def _columns(items: Any, *names: str) -> dict[str, Tensor]:
    return {
        name: torch.stack(column)
        for name, column in zip(names, zip(*items, strict=True), strict=True)
    }


# --- outputs ----------------------------------------------------------------------------------

Outputs = namedtuple("Outputs", ["logits", "aux_logits"])


class TwoHeads(Net):
    """An object with `logits` in train mode, a tensor in eval mode (Inception, GoogLeNet)."""

    def forward(self, x: Any) -> Any:
        scores = self.net(x)
        return Outputs(scores, scores * 2) if self.training else scores


class LogitsObject(Net):
    def forward(self, x: Any) -> Any:
        return SimpleNamespace(logits=self.net(x), hidden=x)


class LogitsDict(Net):
    def forward(self, x: Any) -> Any:
        return {"logits": self.net(x), "hidden": x}


class ModelOutput(OrderedDict[str, Any]):
    """A dict whose keys are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class LogitsModelOutput(Net):
    def forward(self, x: Any) -> Any:
        return ModelOutput(logits=self.net(x), hidden=x)


class ScoresAndHidden(Net):
    """(scores, (h, c)), as a recurrent layer."""

    def forward(self, x: Any) -> Any:
        return self.net(x), (x, x)


class ScoresAndNone(Net):
    def forward(self, x: Any) -> Any:
        return self.net(x), None


class OutAndAux(Net):
    """torchvision's segmentation models."""

    def forward(self, x: Any) -> Any:
        return OrderedDict(out=self.net(x), aux=self.net(x))


class OddKeys(Net):
    def forward(self, x: Any) -> Any:
        return {"first": self.net(x), "second": self.net(x)}


class OneInAList(Net):
    def forward(self, x: Any) -> Any:
        return [self.net(x)]


# --- losses in the forward --------------------------------------------------------------------


class Losses(nn.Module):
    """Two losses of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(6, 3), nn.Linear(6, 1)

    def both(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return cross_entropy(self.a(x), y), mse_loss(self.b(x).squeeze(1), y.float())

    def forward(self, x: Any, y: Any) -> Any:
        return list(self.both(x, y))


class TupleOfLosses(Losses):
    def forward(self, x: Any, y: Any) -> Any:
        return self.both(x, y)


class DictOfLosses(Losses):
    """torchvision's detection models."""

    def forward(self, x: Any, y: Any) -> Any:
        first, second = self.both(x, y)
        return {"loss_classifier": first, "loss_box_reg": second}


class DictOfLossesAndMore(Losses):
    """Losses, and what is none."""

    def forward(self, x: Any, y: Any) -> Any:
        first, second = self.both(x, y)
        return {
            "loss_a": first,
            "loss_b": second,
            "logits": self.a(x),
            "accuracy": torch.tensor(0.5),
        }


class ListOfOne(Losses):
    def forward(self, x: Any, y: Any) -> Any:
        return [self.both(x, y)[0]]


class LossAndScores(Losses):
    def forward(self, x: Any, y: Any) -> Any:
        return self.both(x, y)[0], self.a(x)


class LossAndMetrics(Losses):
    def forward(self, x: Any, y: Any) -> Any:
        return self.both(x, y)[0], {"accuracy": 0.5}


class LossAndDetached(Losses):
    """The loss, then its parts for a log."""

    def forward(self, x: Any, y: Any) -> Any:
        first, second = self.both(x, y)
        return first + second, first.detach(), second.detach()


class TotalAndParts(Losses):
    """The loss, then its parts with their graphs."""

    def forward(self, x: Any, y: Any) -> Any:
        first, second = self.both(x, y)
        return first + second, first, second


class TotalInDict(Losses):
    def forward(self, x: Any, y: Any) -> Any:
        first, second = self.both(x, y)
        return {"loss": first + 2 * second, "loss_a": first, "loss_b": second}


class ObjectOfLosses(Losses):
    def forward(self, x: Any, y: Any) -> Any:
        first, second = self.both(x, y)
        return SimpleNamespace(loss_a=first, loss_b=second)


class VectorLoss(Losses):
    """One loss an example."""

    def forward(self, x: Any, y: Any) -> Any:
        return cross_entropy(self.a(x), y, reduction="none")


def two_losses(output: Tensor, target: Tensor) -> Any:
    """A criterion that returns several."""
    loss = cross_entropy(output, target)
    return loss, 0.5 * output.square().mean()


def dict_of_losses(output: Tensor, target: Tensor) -> Any:
    """A criterion that returns a dict, as DETR's."""
    loss = cross_entropy(output, target)
    return {"loss_ce": loss, "loss_l2": 0.5 * output.square().mean()}


# --- no target --------------------------------------------------------------------------------


class Autoencoder(nn.Module):
    """Its input again."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 3), nn.Linear(3, 6))

    def forward(self, x: Any) -> Any:
        return self.net(x)


class AutoencoderWithCode(Autoencoder):
    def forward(self, x: Any) -> Any:
        return self.net(x), self.net[0](x)


class ReconstructionLoss(Autoencoder):
    """Returns its loss."""

    def forward(self, x: Any) -> Any:
        return mse_loss(self.net(x), x)


def unlabelled() -> DataLoader[Any]:
    return tensors(X)


def unlabelled_bare() -> DataLoader[Any]:
    return rows(lambda i: X[i])


def unlabelled_tuple() -> DataLoader[Any]:
    return in_order(
        TensorDataset(X), collate_fn=lambda items: (torch.stack([x for (x,) in items]),)
    )


def unlabelled_dict() -> DataLoader[Any]:
    return rows(lambda i: {"x": X[i]})


# --- shapes of outputs and targets ------------------------------------------------------------


class Column(nn.Module):
    """Outputs (N, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, x: Any) -> Any:
        return self.net(x)


class Row(Column):
    """Outputs (N,)."""

    def forward(self, x: Any) -> Any:
        return self.net(x).squeeze(1)


class Steps(Column):
    """Outputs (N, 5, 1)."""

    def forward(self, x: Any) -> Any:
        return self.net(x.unsqueeze(1).expand(-1, 5, -1))


class Plane(nn.Module):
    """Outputs (N, 1, 4, 4)."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, x: Any) -> Any:
        return self.net(x)


PICTURES = normal(COUNT, 1, 4, 4)
NUMBERS = X[:, 0] * 2 + 1
FLAGS = (X[:, 0] > 0).float()


def row_targets() -> DataLoader[Any]:
    return tensors(X, NUMBERS)


def column_targets() -> DataLoader[Any]:
    return tensors(X, NUMBERS.unsqueeze(1))


def row_flags() -> DataLoader[Any]:
    return tensors(X, FLAGS)


def step_targets() -> DataLoader[Any]:
    return tensors(X, X[:, :5])


def plane_flags() -> DataLoader[Any]:
    return tensors(PICTURES, (PICTURES[:, 0] > 0).float())


def own_square(output: Tensor, target: Tensor) -> Tensor:
    """A criterion of one's own that broadcasts."""
    return ((output - target) ** 2).mean()


def own_gather(output: Tensor, target: Tensor) -> Tensor:
    """A criterion of one's own for scores and labels."""
    return -output.log_softmax(1).gather(1, target.unsqueeze(1)).mean()


def own_pairs(output: Tensor, target: Tensor) -> Tensor:
    """A criterion of one's own over pairs of examples, on purpose."""
    alike = (target.unsqueeze(1) == target.unsqueeze(0)).float()
    return mse_loss(output @ output.T, alike)


# --- labels -----------------------------------------------------------------------------------


class Segmenter(nn.Module):
    """Three classes for each pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 3, 1))

    def forward(self, x: Any) -> Any:
        return self.net(x)


class LogSegmenter(Segmenter):
    def forward(self, x: Any) -> Any:
        return self.net(x).log_softmax(1)


class SegmenterOf(nn.Module):
    """As many classes as it is told, which are taken from the data where they are not given."""

    def __init__(self, num_classes: int = 3) -> None:
        super().__init__()
        self.net = nn.Conv2d(1, num_classes, 3, padding=1)

    def forward(self, x: Any) -> Any:
        return self.net(x)


def _masks(void: int) -> Tensor:
    masks = (PICTURES[:, 0] > 0.3).long() + (PICTURES[:, 0] > 1).long()
    masks[:, 0] = void
    return masks


def masks_void_255() -> DataLoader[Any]:
    return tensors(PICTURES, _masks(255))


def masks_void_255_bytes() -> DataLoader[Any]:
    return tensors(PICTURES, _masks(255).to(torch.uint8))


def masks_void_minus_1() -> DataLoader[Any]:
    return tensors(PICTURES, _masks(-1))


def masks_void_minus_100() -> DataLoader[Any]:
    return tensors(PICTURES, _masks(-100))


def masks_channel() -> DataLoader[Any]:
    """Masks (N, 1, 4, 4), as image readers give them."""
    return tensors(PICTURES, _masks(0).unsqueeze(1))


def labels_void_255() -> DataLoader[Any]:
    labels = Y.clone()
    labels[::7] = 255
    return tensors(X, labels)


def labels_from_one() -> DataLoader[Any]:
    return tensors(X, Y + 1)


def labels_uint8() -> DataLoader[Any]:
    return tensors(X, Y.to(torch.uint8))


def labels_int32() -> DataLoader[Any]:
    return tensors(X, Y.to(torch.int32))


def labels_int16() -> DataLoader[Any]:
    return tensors(X, Y.to(torch.int16))


def labels_float() -> DataLoader[Any]:
    return tensors(X, Y.float())


def labels_bool() -> DataLoader[Any]:
    return tensors(X, Y > 0)


def labels_one_hot() -> DataLoader[Any]:
    return tensors(X, nn.functional.one_hot(Y, 3))


# --- criteria with tensors among their arguments ----------------------------------------------


class WeightedLoss(nn.Module):
    """A criterion of one's own that wants a tensor."""

    def __init__(self, weight: Tensor | None = None) -> None:
        super().__init__()
        assert weight is None or isinstance(weight, Tensor), "a list was given for a tensor"
        self.weight = weight

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        return cross_entropy(output, target, self.weight)


class ListedLoss(nn.Module):
    """A criterion of one's own that wants a list."""

    def __init__(self, weights: list[float]) -> None:
        super().__init__()
        assert isinstance(weights, list), "a tensor was given for a list"
        self.weights = weights

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        return cross_entropy(output, target, torch.tensor(self.weights))


# --- loaders ----------------------------------------------------------------------------------


def persistent() -> DataLoader[Any]:
    """Workers that live on, with random states that nobody reaches."""
    return DataLoader(TensorDataset(X, Y), batch_size=BATCH, num_workers=1, persistent_workers=True)


# --- settings ---------------------------------------------------------------------------------


class Net1(nn.Module):
    """Ten scores of digits, with as many hidden units as it is told."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10)
        )

    def forward(self, x: Any) -> Any:
        return self.net(x)


def whole_step(model: nn.Module, batch: Any, smoothing: float = 0.0) -> Tensor:
    """A step of one's own."""
    return cross_entropy(model(batch[0]), batch[1], label_smoothing=smoothing)


def update_step(model: nn.Module, batch: Any, optimizers: Any) -> Tensor:
    """A step that does the update itself."""
    loss = cross_entropy(model(batch[0]), batch[1])
    optimizers[0].zero_grad()
    backward: Any = loss.backward
    backward()
    optimizers[0].step()
    return loss


def own_loader() -> DataLoader[Any]:
    """A loader of one's own, which the loader settings do not reach."""
    return DataLoader(TensorDataset(X, Y), batch_size=BATCH, shuffle=True)


def train_and_val() -> tuple[Dataset[Any], Dataset[Any]]:
    """A pair of data sets, which nothing is split off from."""
    return TensorDataset(X, Y), TensorDataset(X[:32], Y[:32])


class TwoLayers(Net1):
    def __init__(self) -> None:
        super().__init__(width=12)


def digits_again() -> Any:
    """The digits, the first of them only."""
    train, val = digits()
    return torch.utils.data.Subset(train, range(200)), val


def undivided() -> Dataset[Any]:
    """The digits in one part."""
    return digits()[0]


def double_step(model: nn.Module, batch: Any) -> Tensor:
    """A step with another loss than the criterion's."""
    return 2 * cross_entropy(model(batch[0]), batch[1])


# --- loaders and their batches ----------------------------------------------------------------


class Normed(nn.Module):
    """Batch norm, which cannot train on one example."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 3))

    def forward(self, x: Any) -> Any:
        return self.net(x)


class Normed2d(nn.Module):
    """Batch norm of pictures that have shrunk to one pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 16), nn.Unflatten(1, (16, 1, 1)), nn.BatchNorm2d(16))
        self.head = nn.Linear(16, 3)

    def forward(self, x: Any) -> Any:
        return self.head(self.net(x).flatten(1))


X129, Y129 = normal(129, 6), normal(129, 6)[:, :3].argmax(1)


class Stream(IterableDataset[Any]):
    """Examples, one after the other."""

    def __iter__(self) -> Any:
        return iter(TensorDataset(X129, Y129))


class TokenStream(IterableDataset[Any]):
    """Examples that are sequences with a label for each token."""

    def __iter__(self) -> Any:
        return iter(TensorDataset(IDS, TAGS))


class Batches(IterableDataset[Any]):
    """Batches that are made already."""

    def __iter__(self) -> Any:
        return iter([(X[at : at + 32], Y[at : at + 32]) for at in range(0, COUNT, 32)])


class DictBatches(IterableDataset[Any]):
    def __iter__(self) -> Any:
        return iter([{"x": X[at : at + 32], "y": Y[at : at + 32]} for at in range(0, COUNT, 32)])


class BareBatches(IterableDataset[Any]):
    """Batches of inputs alone."""

    def __iter__(self) -> Any:
        return iter([X[at : at + 32] for at in range(0, COUNT, 32)])


def examples_129() -> Dataset[Any]:
    return TensorDataset(X129, Y129)


def own_loader_129() -> DataLoader[Any]:
    return in_order(TensorDataset(X129, Y129))


ORDERED_X = normal(384, 6)
ORDERED_Y = ORDERED_X[:, :3].argmax(1)
_order = ORDERED_Y.argsort(stable=True)


class Ordered(IterableDataset[Any]):
    """One class after the other."""

    def __iter__(self) -> Any:
        return iter(TensorDataset(ORDERED_X[_order], ORDERED_Y[_order]))


class InOrder(IterableDataset[Any]):
    """Examples as they come."""

    def __iter__(self) -> Any:
        return iter(TensorDataset(ORDERED_X, ORDERED_Y))


def class_order() -> DataLoader[Any]:
    return in_order(TensorDataset(ORDERED_X[_order], ORDERED_Y[_order]))


def class_order_dicts() -> DataLoader[Any]:
    return in_order(Listed([{"x": ORDERED_X[i], "y": ORDERED_Y[i]} for i in _order.tolist()]))


def class_order_shuffled() -> DataLoader[Any]:
    data = TensorDataset(ORDERED_X[_order], ORDERED_Y[_order])
    return DataLoader(data, batch_size=BATCH, shuffle=True)


def class_order_examples() -> Dataset[Any]:
    return TensorDataset(ORDERED_X[_order], ORDERED_Y[_order])


def mixed_order() -> DataLoader[Any]:
    return in_order(TensorDataset(ORDERED_X, ORDERED_Y))


def numbers_in_order() -> DataLoader[Any]:
    """Numbers to predict, rising: a trend, and no classes."""
    order = ORDERED_X[:, 0].argsort()
    return in_order(TensorDataset(ORDERED_X[order], ORDERED_X[order, :1]))


# --- what is not finite, and what fails -------------------------------------------------------


def _bad(where: str, value: float, shuffle: bool = False) -> DataLoader[Any]:
    x, y = normal(512, 6), normal(512, 1, seed=1)
    (x if where == "input" else y)[40, 0] = value
    return DataLoader(TensorDataset(x, y), batch_size=16, shuffle=shuffle)


def bad_input() -> DataLoader[Any]:
    return _bad("input", float("nan"))


def bad_input_inf() -> DataLoader[Any]:
    return _bad("input", float("inf"))


def bad_target() -> DataLoader[Any]:
    return _bad("target", float("nan"))


def bad_input_shuffled() -> DataLoader[Any]:
    return _bad("input", float("nan"), shuffle=True)


def bad_dict() -> DataLoader[Any]:
    x, y = normal(512, 6), normal(512, 1, seed=1)
    x[40, 0] = float("nan")
    return in_order(Listed([{"x": x[i], "y": y[i]} for i in range(512)]))


class LogOfNegative(Column):
    """Finite batches, and a forward that is not finite."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: Any) -> Any:
        self.calls += 1
        return self.net(x) * (float("nan") if self.calls > 8 else 1.0)


class Frozen(Net):
    def __init__(self) -> None:
        super().__init__()
        self.requires_grad_(False)


class NoGrad(Net):
    def forward(self, x: Any) -> Any:
        with torch.no_grad():
            return self.net(x)


class NoGradDecorated(Net):
    @torch.no_grad()
    def forward(self, x: Any) -> Any:
        return self.net(x)


class Inference(Net):
    def forward(self, x: Any) -> Any:
        with torch.inference_mode():
            return self.net(x)


class Detached(Net):
    def forward(self, x: Any) -> Any:
        return self.net(x).detach()


class ThroughNumpy(Net):
    def forward(self, x: Any) -> Any:
        return torch.from_numpy(self.net(x).detach().numpy())


def detached_loss(output: Tensor, target: Tensor) -> Tensor:
    """A criterion that loses the graph."""
    return torch.tensor(float(cross_entropy(output, target)))


class FailsInForward(Net):
    def forward(self, x: Any) -> Any:
        return self.net(x) + torch.zeros(7)


class FailsLater(Net):
    """Fails in its sixth forward."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: Any) -> Any:
        self.calls += 1
        if self.calls > 5:
            return self.net(x) + torch.zeros(7)
        return self.net(x)


class BrokenRow(Dataset[Any]):
    """One example cannot be read."""

    def __len__(self) -> int:
        return COUNT

    def __getitem__(self, index: int) -> Any:
        if index == 40:
            raise OSError("image file is truncated")
        return X[index], Y[index]


def broken_row() -> DataLoader[Any]:
    return in_order(BrokenRow())


class OddShape(BrokenRow):
    """One example has another shape."""

    def __getitem__(self, index: int) -> Any:
        return (X[index, :5] if index == 40 else X[index]), Y[index]


def odd_shape() -> DataLoader[Any]:
    return in_order(OddShape())


class Sequences(Tagger):
    """Scores (N, T, 4)."""

    def forward(self, ids: Any, mask: Any = None) -> Any:
        return self.scores(ids, mask).transpose(1, 2)


def broken_row_in_a_worker() -> DataLoader[Any]:
    return in_order(BrokenRow(), num_workers=1)


def odd_shape_in_a_worker() -> DataLoader[Any]:
    return in_order(OddShape(), num_workers=1)


def indexed_masks() -> DataLoader[Any]:
    """Masks, and the index of each picture after them."""
    return tensors(PICTURES, (PICTURES[:, 0] > 0).long() + 1, torch.arange(COUNT))
