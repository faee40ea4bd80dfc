"""Any batch, any forward, any loss."""

from collections import UserDict, namedtuple
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any, TypeAlias

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss, softplus
from torch.nn.utils.rnn import PackedSequence, pack_sequence
from torch.utils.data import DataLoader, IterableDataset

from lrtui.engine.data.batch_size import batch_size
from lrtui.engine.forward import BatchError, Forward
from lrtui.engine.reading.words import summary
from lrtui.engine.step import updates_itself
from lrtui.engine.types import Criterion, Loader
from tests.engine.rigs import finder, loader, mlp, points, same, weights

Form: TypeAlias = Callable[[Any, Any], Any]  # what a forward returns, from loss and logits

INPUTS, TARGET = points()[:8]
NET = mlp()
LOSS = cross_entropy(NET(INPUTS), TARGET)


class OnNet(nn.Module):
    """A model around the same net as all others."""

    def __init__(self) -> None:
        super().__init__()
        self.net = NET


class Two(OnNet):
    """Takes two inputs, and a third one if it is given."""

    def forward(self, first: torch.Tensor, second: torch.Tensor, scale: float = 1.0) -> Any:
        return self.net(first + second) * scale


class Keywords(OnNet):
    def forward(self, inputs: torch.Tensor, offset: torch.Tensor) -> Any:
        return self.net(inputs + offset)


class Anything(OnNet):
    def forward(self, *inputs: torch.Tensor, **named: torch.Tensor) -> Any:
        return self.net(inputs[0])


class WithLoss(OnNet):
    """Returns its loss as Hugging Face's models do, in the given form."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.form = form

    def forward(self, input_ids: torch.Tensor, labels: torch.Tensor | None = None) -> Any:
        logits = self.net(input_ids)
        loss = None if labels is None else cross_entropy(logits, labels)
        return self.form(loss, logits)


class Graph:
    """A batch as graph libraries make them: one object with `.to` and `.y`."""

    def __init__(self, x: torch.Tensor, y: torch.Tensor) -> None:
        self.x, self.y = x, y

    def to(self, device: torch.device) -> "Graph":
        return Graph(self.x.to(device), self.y.to(device))


class OnGraph(OnNet):
    def forward(self, graph: Graph) -> Any:
        return self.net(graph.x)


Output = namedtuple("Output", "loss logits")
FORMS: dict[str, Form] = {
    "scalar": lambda loss, logits: loss,
    "tuple": lambda loss, logits: (loss, logits),
    "named tuple": Output,
    "mapping": lambda loss, logits: {"loss": loss, "logits": logits},
    "object": lambda loss, logits: SimpleNamespace(loss=loss, logits=logits),
    "user dict": lambda loss, logits: UserDict(loss=loss, logits=logits),
}

CRITERION = nn.CrossEntropyLoss()
ZERO = torch.zeros_like(INPUTS)
CASES: dict[str, tuple[nn.Module, Any, Any]] = {
    "pair": (NET, CRITERION, (INPUTS, TARGET)),
    "list": (NET, CRITERION, [INPUTS, TARGET]),
    "pair with extras": (NET, CRITERION, (INPUTS, TARGET, torch.ones(8))),
    "several inputs": (Two(), CRITERION, (INPUTS, ZERO, TARGET)),
    "any number of inputs": (Anything(), CRITERION, (INPUTS, TARGET, torch.ones(8))),
    "mapping with labels": (
        Keywords(),
        CRITERION,
        {"inputs": INPUTS, "offset": ZERO, "labels": TARGET},
    ),
    "mapping with y": (Keywords(), CRITERION, {"y": TARGET, "inputs": INPUTS, "offset": ZERO}),
    "user dict": (Keywords(), CRITERION, UserDict(y=TARGET, inputs=INPUTS, offset=ZERO)),
    "object": (OnGraph(), CRITERION, Graph(INPUTS, TARGET)),
    "logits in an object": (
        WithLoss(FORMS["object"]),
        CRITERION,
        {"input_ids": INPUTS, "labels": TARGET},
    ),
    "a function of torch with arguments": (
        WithLoss(FORMS["object"]),
        partial(cross_entropy, reduction="mean"),
        (INPUTS, TARGET),
    ),
    "a function of torch": (WithLoss(FORMS["object"]), cross_entropy, (INPUTS, TARGET)),
    "a user's criterion gets the whole object": (
        WithLoss(FORMS["object"]),
        lambda output, target: cross_entropy(output.logits, target),
        (INPUTS, TARGET),
    ),
    **{
        f"loss in the forward, {name}": (
            WithLoss(form),
            None,
            {"input_ids": INPUTS, "labels": TARGET},
        )
        for name, form in FORMS.items()
    },
    "loss in the forward, a vector with one for each replica": (
        nn.DataParallel(WithLoss(lambda loss, logits: loss.reshape(1).expand(2))),
        None,
        (INPUTS, TARGET),
    ),
    "loss in the forward, after the logits": (
        WithLoss(lambda loss, logits: (logits, loss)),
        None,
        (INPUTS, TARGET),
    ),
    "loss in the forward, two inputs required": (
        type("Both", (Two,), {"forward": lambda self, x, y: cross_entropy(self.net(x), y)})(),
        None,
        (INPUTS, TARGET, "extra"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_loss_is_found(name: str) -> None:
    model, criterion, batch = CASES[name]
    output = Forward(model, criterion)(batch)
    assert output.loss.dim() == 0
    torch.testing.assert_close(output.loss, LOSS)
    assert output.size == 8
    assert output.loss.requires_grad


@pytest.mark.parametrize("name", CASES)
def test_a_whole_test_runs_on_it(name: str) -> None:
    model, criterion, batch = CASES[name]
    live = finder(model, criterion=criterion)
    live.range_test([batch] * 2, [batch], num_iter=3)
    assert live.history["train_loss"][0] == pytest.approx(LOSS.item())
    assert live.status == "completed"
    live.reset()


def test_a_tensor_alone_is_its_own_target() -> None:
    model = nn.Linear(4, 4)
    output = Forward(model, nn.MSELoss())(INPUTS)
    torch.testing.assert_close(output.loss, mse_loss(model(INPUTS), INPUTS))
    assert output.size == 8


def test_a_users_step_gets_the_whole_batch_and_may_return_metrics() -> None:
    def step(model: nn.Module, batch: Any) -> Any:
        output = model(batch["deep"][0])
        return cross_entropy(output, batch["deep"][1]), {"mean": output.mean(), "other": 3}

    output = Forward(NET, None, step)({"deep": (INPUTS, TARGET)})
    torch.testing.assert_close(output.loss, LOSS)
    torch.testing.assert_close(output.metric, NET(INPUTS).mean())
    live = finder(criterion=None)
    live.range_test([{"deep": (INPUTS, TARGET)}], num_iter=3, batch_step=step)
    assert len(live.history["metric"]) == 3


def test_only_a_step_that_requires_the_optimizers_does_the_update_itself() -> None:
    assert updates_itself(lambda model, batch, optimizers: None)
    assert not updates_itself(lambda model, batch: None)
    assert not updates_itself(lambda model, batch, scale=1.0: None)
    assert not updates_itself(lambda model, batch, *rest, **named: None)
    assert not updates_itself(max)  # tells nothing of its parameters
    assert not updates_itself(None)


def test_a_step_with_a_third_parameter_that_has_a_default_trains_as_any_other() -> None:
    live = finder(criterion=None)
    before = weights(live.model)
    live.range_test(
        loader(),
        num_iter=3,
        batch_step=lambda model, batch, w=2.0: w * model(batch[0]).square().mean(),
    )
    assert not same(before, weights(live.model))


def test_a_step_with_the_optimizers_does_the_whole_update() -> None:
    """A GAN: two losses, two optimizers, gradients switched off and on."""
    torch.manual_seed(0)
    model = nn.ModuleDict({"g": nn.Linear(2, 4), "d": nn.Linear(4, 1)})
    two = [
        torch.optim.Adam(model["g"].parameters(), lr=1e-3),
        torch.optim.Adam(model["d"].parameters(), lr=1e-3),
    ]

    def step(model: nn.ModuleDict, batch: Any, optimizers: Any) -> Any:
        real = batch[0]
        noise = torch.randn(len(real), 2)
        model["d"].requires_grad_(True)
        optimizers[1].zero_grad()
        judged = (
            softplus(-model["d"](real)).mean()
            + softplus(model["d"](model["g"](noise).detach())).mean()
        )
        torch.autograd.backward(judged)
        optimizers[1].step()
        optimizers[0].zero_grad()
        model["d"].requires_grad_(False)
        fooled = softplus(-model["d"](model["g"](noise))).mean()
        torch.autograd.backward(fooled)
        optimizers[0].step()
        return judged.detach(), {"generator": fooled.detach()}

    live = finder(model, lambda _: two, criterion=None)
    before = live.digest()
    live.range_test(loader(), num_iter=6, end_lr=0.1, batch_step=step)
    assert len(live.history["metric"]) == 6
    assert two[0].state
    assert two[1].state
    live.reset()
    assert live.digest() == before
    with pytest.raises(ValueError, match="cannot be validated with"):
        live.range_test(loader(), loader(), batch_step=step)
    with pytest.raises(ValueError, match="cannot be combined with accumulation_steps"):
        live.range_test(loader(), accumulation_steps=2, batch_step=step)


def test_lbfgs_gets_its_closure_and_the_loss_is_that_of_its_first_call() -> None:
    live = finder(None, lambda params: torch.optim.LBFGS(params, max_iter=4))
    live.range_test(
        loader(), start_lr=1e-3, end_lr=0.1, num_iter=5, accumulation_steps=2, smooth_f=0
    )
    batch = next(iter(loader(64, 16)))
    assert live.history["loss"][0] == pytest.approx(
        cross_entropy(mlp()(batch[0]), batch[1]).item(), rel=1e-6
    )
    assert len(live.history["loss"]) == 5


def test_clipping_is_that_of_a_loop_written_by_hand() -> None:
    live = finder()
    live.range_test(loader(), num_iter=4, clip_grad_norm=0.05)
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    for lr, (inputs, target) in zip(live.history["lr"], loader(), strict=False):
        optimizer.param_groups[0]["lr"] = lr
        optimizer.zero_grad()
        torch.autograd.backward(cross_entropy(model(inputs), target))
        nn.utils.clip_grad_norm_(model.parameters(), 0.05)
        optimizer.step()
    assert same(weights(live.model), weights(model))


class Stream(IterableDataset[Any]):
    """Has no length."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __iter__(self) -> Iterator[Any]:
        return iter([points()[i] for i in range(self.count)])


def test_iterable_data_sets_for_training_and_validation() -> None:
    live = finder()
    live.range_test(
        DataLoader(Stream(20), batch_size=8), DataLoader(Stream(12), batch_size=8), num_iter=7
    )
    assert len(live.history["lr"]) == 7
    plain = finder()
    plain.range_test(loader(20), loader(12), num_iter=7)
    assert live.history == plain.history


def test_iterable_data_sets_without_a_length_in_data_loader_iters() -> None:
    from lrtui import TrainDataLoaderIter, ValDataLoaderIter

    live = finder()
    live.range_test(
        TrainDataLoaderIter(DataLoader(Stream(20), batch_size=8)),
        ValDataLoaderIter(DataLoader(Stream(12), batch_size=8)),
        num_iter=7,
    )
    assert len(live.history["lr"]) == 7


@pytest.mark.parametrize(
    ("model", "criterion", "batch", "message"),
    [
        (
            NET,
            CRITERION,
            (INPUTS,),
            "a batch of 1 has no target for CrossEntropyLoss: it is 8x4 float32; say which with",
        ),
        (
            NET,
            CRITERION,
            {"input": INPUTS},
            "the batch has no target: its keys are input; expected one of labels",
        ),
        (NET, None, INPUTS, "the model returned no scalar loss, but 8x3 float32"),
        (WithLoss(FORMS["object"]), None, INPUTS, "returned no scalar loss, but SimpleNamespace"),
        (
            WithLoss(FORMS["mapping"]),
            None,
            INPUTS,
            "no scalar loss, but {loss: NoneType, logits: 8x3 float32}",
        ),
        (WithLoss(lambda loss, logits: ()), None, INPUTS, "the model returned no scalar loss"),
        (
            WithLoss(lambda loss, logits: (logits, logits)),
            None,
            INPUTS,
            r"but \(8x3 float32, 8x3 float32\)",
        ),
        (
            WithLoss(lambda loss, logits: logits[:, 0]),
            None,
            INPUTS,
            "no scalar loss, but 8 float32",
        ),
        (
            NET,
            lambda output, target: 1.5,
            (INPUTS, TARGET),
            "criterion must return its loss as a tensor, got float",
        ),
    ],
)
def test_unusable_batches_and_losses_are_reported(
    model: nn.Module, criterion: Criterion | None, batch: Any, message: str
) -> None:
    with pytest.raises(BatchError, match=message):
        Forward(model, criterion)(batch)


@pytest.mark.parametrize("result", [1.0, (1.0, {}), {"accuracy": 1.0}])
def test_a_step_that_returns_something_else_is_an_error_that_says_what_to_return(
    result: object,
) -> None:
    with pytest.raises(BatchError, match="the step must return"):
        Forward(NET, None, lambda model, batch: result)((INPUTS, TARGET))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("pair", "8x4 float32 → input, 8 int64 → target"),
        (
            "pair with extras",
            "8x4 float32 → input, 8 int64 → target, 8 float32 left over (not used)",
        ),
        ("several inputs", "8x4 float32 → first, 8x4 float32 → second, 8 int64 → target"),
        (
            "mapping with y",
            "inputs 8x4 float32 → inputs, offset 8x4 float32 → offset, y 8 int64 → target",
        ),
        ("object", "Graph → graph, y 8 int64 → target"),
        (
            "loss in the forward, scalar",
            "input_ids 8x4 float32 → input_ids, labels 8 int64 → labels",
        ),
    ],
)
def test_a_batch_is_described(name: str, wanted: str) -> None:
    model, criterion, batch = CASES[name]
    assert Forward(model, criterion).describe(batch) == wanted


BOXES = [{"boxes": torch.zeros(7, 4)}, {"boxes": torch.zeros(1, 4)}]


@pytest.mark.parametrize(
    ("count", "target", "inputs"),
    [
        (8, TARGET, (INPUTS,)),
        (2, BOXES, (torch.zeros(2, 3, 9, 9),)),
        (2, BOXES, ([torch.zeros(3, 9, 9), torch.zeros(3, 5, 5)],)),
        (2, [{"boxes": torch.zeros(0, 4)}, {"boxes": torch.zeros(1, 4)}], ()),
        (2, [torch.zeros(5), torch.zeros(2)], ()),
        (8, [TARGET, TARGET.float()], ()),
        (8, None, (Graph(INPUTS, TARGET),)),
        (4, None, (SimpleNamespace(num_graphs=4, x=INPUTS),)),
        (2, pack_sequence([torch.zeros(3, 2), torch.zeros(1, 2)]), ()),
    ],
)
def test_examples_are_counted_as_they_were_collated(
    count: int, target: Any, inputs: tuple[Any, ...]
) -> None:
    assert batch_size(target, inputs) == count


def test_boxes_weigh_in_the_validation_as_in_torch_lr_finder() -> None:
    """A detection-like loader: lists of dictionaries as targets, the last batch a smaller one."""

    def boxes(count: int) -> list[dict[str, torch.Tensor]]:
        return [{"boxes": torch.zeros(3 - i % 2, 4)} for i in range(count)]

    data = [(INPUTS[:5], boxes(5)), (INPUTS[5:7], boxes(2))]

    def criterion(output: torch.Tensor, target: Any) -> Any:
        return output.square().mean() + len(target)

    live = finder(criterion=criterion)
    live.range_test(data, data, num_iter=2)
    with torch.no_grad():
        expected = sum(criterion(live.model.eval()(x), y).item() * len(y) for x, y in data) / 7
    assert live.history["raw_loss"][-1] == pytest.approx(expected)


def test_packed_sequences_go_in_whole() -> None:
    class Reads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.GRU(2, 3)

        def forward(self, packed: PackedSequence) -> Any:
            return self.rnn(packed)[1].square().mean()

    live = finder(Reads(), criterion=None)
    live.range_test([pack_sequence([torch.ones(3, 2), torch.ones(1, 2)])] * 2, num_iter=2)
    assert live.status == "completed"


@pytest.mark.parametrize("batch", [(INPUTS, TARGET), {"input_ids": INPUTS, "labels": TARGET}])
def test_a_metric_sees_the_target_where_the_loss_is_the_models(batch: Any) -> None:
    def accuracy(output: Any, target: torch.Tensor) -> Any:
        return (output.logits.argmax(1) == target).float().mean()

    right = (NET(INPUTS).argmax(1) == TARGET).float().mean().item()
    with finder(WithLoss(FORMS["object"]), criterion=None) as live:
        live.range_test([batch], num_iter=2, metric=accuracy)
    assert live.history["metric"][0] == pytest.approx(right)


def test_sizes_and_summaries() -> None:
    assert batch_size({"a": {"b": INPUTS}}) == 8
    assert batch_size(["x", "y"]) == 2
    assert batch_size(torch.ones(())) == 1
    assert batch_size(3) == 1
    assert summary(torch.ones(())) == "scalar float32"
    assert summary([1] * 9) == "list"


def losses_of(
    model: nn.Module, criterion: Criterion | None, batches: Loader, **settings: Any
) -> list[float]:
    live = finder(model, criterion=criterion)
    live.range_test(batches, num_iter=3, start_lr=1e-3, end_lr=1e-2, smooth_f=0, **settings)
    live.reset()
    return live.history["loss"]


class Reads(OnNet):
    """Reads a mapping itself."""

    def forward(self, batch: Any) -> Any:
        return self.net(batch["inputs"] + batch["offset"])


PAIRS = [(x, torch.ones_like(x), y) for x, y in loader()]


@pytest.mark.parametrize(
    ("model", "batches"),
    [
        (Two, [((a, b), y) for a, b, y in PAIRS]),
        (Two, [[[a, b], y] for a, b, y in PAIRS]),
        (Keywords, [({"inputs": a, "offset": b}, y) for a, b, y in PAIRS]),
        (Keywords, [{"inputs": a, "offset": b, "labels": y, "index": 7} for a, b, y in PAIRS]),
        (Reads, [{"inputs": a, "offset": b, "labels": y} for a, b, y in PAIRS]),
        (Reads, [({"inputs": a, "offset": b}, y) for a, b, y in PAIRS]),
    ],
)
def test_inputs_that_are_several_reach_the_forward_however_they_are_packed(
    model: type[nn.Module], batches: list[Any]
) -> None:
    assert losses_of(model(), cross_entropy, batches) == losses_of(Two(), cross_entropy, PAIRS)


@pytest.mark.parametrize(
    "packed",
    [
        lambda loss: (loss, {"parts": 1}),
        lambda loss: [loss, 3],
        lambda loss: {"loss": loss, "accuracy": 0.5},
        lambda loss: SimpleNamespace(loss=loss),
    ],
)
def test_a_loss_is_found_alike_in_what_criterion_and_step_return(
    packed: Callable[[torch.Tensor], object],
) -> None:
    def criterion(output: torch.Tensor, target: Any) -> Any:
        return packed(cross_entropy(output, target))

    def step(model: nn.Module, batch: Any) -> Any:
        return packed(cross_entropy(model(batch[0]), batch[1]))

    ways: tuple[tuple[Criterion | None, dict[str, Any]], ...] = (
        (cross_entropy, {}),
        (criterion, {}),
        (None, {"batch_step": step}),
    )
    losses = [losses_of(NET, how, loader(shuffle=False), **settings) for how, settings in ways]
    assert losses[0] == losses[1] == losses[2]


def test_a_metric_that_is_no_number_is_reported() -> None:
    live = finder()
    with pytest.raises(BatchError, match=r"the metric must return a number, got \{accuracy"):
        live.range_test(loader(), num_iter=3, metric=lambda output, target: {"accuracy": 1.0})


def test_a_metric_that_is_measured_now_and_then_leaves_gaps() -> None:
    count = iter(range(100))

    def step(model: nn.Module, batch: Any) -> Any:
        loss = cross_entropy(model(batch[0]), batch[1])
        return (loss, {"accuracy": 0.5}) if next(count) % 3 == 2 else loss

    live = finder(criterion=None)
    live.range_test(loader(), num_iter=12, batch_step=step)
    assert len(live.history["metric"]) == len(live.history["loss"])
    assert [value == value for value in live.history["metric"][:6]] == [
        False,
        False,
        True,
        False,
        False,
        True,
    ]
    live.suggestion()


class AttributeDict(dict[str, Any]):
    def __getattr__(self, name: str) -> Any:
        return self[name]


class Batched(UserDict[str, Any]):
    def __getattr__(self, name: str) -> Any:
        if name == "data":
            raise AttributeError(name)
        return self.data[name]


@pytest.mark.parametrize("kind", [AttributeDict, Batched, dict])
def test_a_mapping_keeps_the_users_class(kind: type) -> None:
    seen = []

    def step(model: nn.Module, batch: Any) -> Any:
        seen.append(batch)
        return cross_entropy(model(batch["x"]), batch["y"])

    batches = [kind(x=x, y=y) for x, y in loader()]
    live = finder(criterion=None)
    live.range_test(batches, num_iter=3, batch_step=step)
    assert all(type(batch) is kind for batch in seen)
    assert not any(
        batch is original for batch in seen for original in batches
    )  # whatever the step takes out of it
