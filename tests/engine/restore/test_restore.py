"""reset() puts everything back: bit-exact, in the same objects, any number of times."""

import random
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.data import DataLoader

from lrtui import LRFinder
from lrtui.engine.restore.digest import digest
from lrtui.engine.restore.snapshot import Snapshot
from lrtui.engine.types import Criterion, Loader
from tests.engine.rigs import Params, finder, loader, mlp, points, same, weights

OPTIMIZERS: dict[str, Callable[[Any], torch.optim.Optimizer]] = {
    "sgd": lambda params: torch.optim.SGD(params, lr=0.05, momentum=0.9),
    "adam": lambda params: torch.optim.Adam(params, lr=0.01, amsgrad=True),
    "adamw": lambda params: torch.optim.AdamW(params, lr=0.01),
    "lbfgs": lambda params: torch.optim.LBFGS(params, lr=0.1, max_iter=3),
    "rmsprop": lambda params: torch.optim.RMSprop(params, lr=0.01, momentum=0.5, centered=True),
    "adagrad": lambda params: torch.optim.Adagrad(params, lr=0.01),
}


class Stateful(nn.Module):
    """Has what a state_dict lacks: buffers not persistent, replaced, or registered late."""

    calls: torch.Tensor
    mean: torch.Tensor
    spread: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.body = mlp(dropout=0.1)
        self.norm = nn.BatchNorm1d(3)
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64), persistent=False)
        self.register_buffer("mean", torch.zeros(3))
        self.register_buffer("spread", torch.zeros(1).expand(5))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        output: torch.Tensor = self.norm(self.body(inputs))
        self.mean = 0.9 * self.mean + 0.1 * output.detach().mean(0)
        if self.training and not hasattr(self, "late"):
            self.register_buffer("late", torch.ones(1))
        return output


def train(
    model: nn.Module, optimizer: torch.optim.Optimizer, steps: int = 3, seed: int = 1
) -> None:
    generator = torch.Generator().manual_seed(seed)
    batches = DataLoader(points(), batch_size=8, shuffle=True, generator=generator)
    for _, (inputs, target) in zip(range(steps), batches, strict=False):

        def closure(inputs: torch.Tensor = inputs, target: torch.Tensor = target) -> float:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(inputs), target)
            torch.autograd.backward(loss)
            return loss  # type: ignore[return-value]  # torch declares float, and takes a tensor

        optimizer.step(closure)


def drawn() -> tuple[float, float, float]:
    return random.random(), np.random.rand(), torch.rand(1).item()


@pytest.mark.parametrize("warm", [False, True], ids=["fresh", "warm"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_continues_as_if_there_had_been_no_test(name: str, warm: bool) -> None:
    def start() -> tuple[nn.Module, torch.optim.Optimizer]:
        torch.manual_seed(2)
        model = Stateful()
        optimizer = OPTIMIZERS[name](model.parameters())
        if warm:
            train(model, optimizer)
        torch.manual_seed(7)
        return model, optimizer

    model, optimizer = start()
    train(model, optimizer, 5, seed=3)
    wanted = digest([model], [optimizer])

    model, optimizer = start()
    live = finder(model, lambda _: optimizer)
    before = live.digest()
    for _ in range(3):
        live.range_test(loader(shuffle=True), num_iter=6, end_lr=1.0, start_lr=0.01)
        assert live.digest() != before
        live.reset()
        assert live.digest() == before
    train(model, optimizer, 5, seed=3)
    assert digest([model], [optimizer]) == wanted


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_tenth_reset_is_as_good_as_the_first(name: str) -> None:
    model = Stateful()
    optimizer = OPTIMIZERS[name](model.parameters())
    train(model, optimizer)
    live = finder(model, lambda _: optimizer)
    before, kept = live.digest(), weights(model)
    for _ in range(10):
        train(model, optimizer, 2)
        live.reset()
        assert live.digest() == before
        assert same(weights(model), kept)
    live.reset()
    assert live.digest() == before


def test_the_same_objects_stay() -> None:
    model = Stateful()
    optimizer = OPTIMIZERS["adam"](model.parameters())
    train(model, optimizer)
    params = dict(model.named_parameters())
    buffers = dict(model.named_buffers())
    states = {param: (state, dict(state)) for param, state in optimizer.state.items()}
    groups, group, step = optimizer.param_groups, optimizer.param_groups[0], optimizer.step
    live = finder(model, lambda _: optimizer)
    live.range_test(loader(), num_iter=4)
    live.reset()
    assert dict(model.named_parameters()).keys() == params.keys()
    assert all(param is params[name] for name, param in model.named_parameters())
    assert all(buffer is buffers[name] for name, buffer in model.named_buffers())
    assert len(list(model.named_buffers())) == len(buffers)
    assert optimizer.param_groups is groups
    assert optimizer.param_groups[0] is group
    assert optimizer.step == step
    assert optimizer.state.keys() == states.keys()
    for param, (state, content) in states.items():
        assert optimizer.state[param] is state
        assert all(state[name] is value for name, value in content.items())


def test_gradients_come_back_present_or_absent() -> None:
    model = mlp()
    torch.autograd.backward(nn.functional.cross_entropy(model(points()[:8][0]), points()[:8][1]))
    weight, bias = model.get_parameter("0.weight"), model.get_parameter("0.bias")
    bias.grad = None
    gradient = weight.grad
    assert gradient is not None
    content = gradient.clone()
    live = finder(model)
    live.range_test(loader(), num_iter=4)
    assert weight.grad is not gradient
    live.reset()
    assert weight.grad is gradient
    assert torch.equal(gradient, content)
    assert bias.grad is None


def test_every_random_state_comes_back_and_the_loaders_generator() -> None:
    generator = torch.Generator().manual_seed(4)
    batches = DataLoader(points(), batch_size=8, shuffle=True, generator=generator)
    own = generator.get_state()
    live = finder(mlp(dropout=0.5))
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    live = finder(mlp(dropout=0.5))
    expected = drawn()
    live.reset()
    live.range_test(batches, num_iter=4)
    assert not torch.equal(generator.get_state(), own)
    live.reset()
    assert drawn() == expected
    assert torch.equal(generator.get_state(), own)
    live.reset()
    assert drawn() == expected


def test_train_and_eval_flags_and_requires_grad_of_every_part() -> None:
    model = Stateful()
    model.norm.eval()
    model.body[0].weight.requires_grad_(False)
    flags = {name: part.training for name, part in model.named_modules()}
    live = finder(model)
    before = live.digest()
    live.range_test(loader(), loader(16), num_iter=2)
    model.body[0].weight.requires_grad_(True)
    assert {name: part.training for name, part in model.named_modules()} != flags
    assert live.digest() != before
    live.reset()
    assert {name: part.training for name, part in model.named_modules()} == flags
    assert not model.body[0].weight.requires_grad
    assert live.digest() == before


def test_extra_keys_of_the_groups_and_counters_of_the_optimizer() -> None:
    class Counting(torch.optim.SGD):
        def __init__(self, params: Params) -> None:
            super().__init__(params, lr=0.1)
            self.taken = 0
            self.param_groups[0]["history"] = [1, 2]

        def step(self, closure: Any = None) -> Any:
            self.taken += 1
            self.param_groups[0]["history"].append(self.taken)
            self.param_groups[0]["added"] = True
            return super().step(closure)

    live = finder(None, Counting)
    live.range_test(loader(), num_iter=4)
    assert isinstance(live.optimizer, Counting)
    assert live.optimizer.taken == 4
    live.reset()
    assert live.optimizer.taken == 0
    assert live.optimizers[0].param_groups[0]["history"] == [1, 2]
    assert "added" not in live.optimizers[0].param_groups[0]


def test_a_learning_rate_that_is_a_tensor_stays_that_tensor() -> None:
    rate = torch.tensor(0.25)
    live = finder(None, lambda params: torch.optim.Adam(params, lr=rate, foreach=False))
    live.range_test(loader(), num_iter=4)
    assert live.optimizers[0].param_groups[0]["lr"].item() == 0.25
    live.reset()
    assert live.optimizers[0].param_groups[0]["lr"] is rate
    assert rate.item() == 0.25


def test_an_attached_scheduler_goes_on_exactly_where_it_was() -> None:
    def rates(tested: bool) -> list[float]:
        model = mlp()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.4)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
        lrs: list[float] = []
        for epoch in range(6):
            train(model, optimizer, 1)
            scheduler.step()
            if tested and epoch == 2:
                live = finder(model, lambda _: optimizer)
                live.range_test(loader(), num_iter=5)
                assert live.history["lr"][0] == optimizer.param_groups[0]["lr"]
                live.reset()
            lrs.append(optimizer.param_groups[0]["lr"])
        return [*lrs, *[param.sum().item() for param in model.parameters()]]

    assert rates(tested=True) == rates(tested=False)


def test_the_optimizers_own_rates_are_back_as_soon_as_a_test_is_over() -> None:
    live = finder(None, lambda params: torch.optim.SGD(params, lr=0.125))
    live.range_test(loader(), num_iter=4)
    assert live.optimizers[0].param_groups[0]["lr"] == 0.125
    live.range_test(loader(), num_iter=4)
    assert live.history["lr"][0] == 0.125


class BoomError(Exception):
    pass


def failing(part: str, error: BaseException) -> tuple[LRFinder, Loader]:
    """A finder and a loader; the given part of them raises at the third batch."""
    count = 0

    def sometimes(value: Any) -> Any:
        nonlocal count
        count += 1
        if count == 3:
            raise error
        return value

    model = Stateful()
    if part == "model":
        model.register_forward_hook(lambda module, inputs, output: sometimes(output))
    elif part == "backward":
        model.get_parameter("body.0.weight").register_hook(sometimes)  # type: ignore[no-untyped-call]
    criterion: Criterion = nn.CrossEntropyLoss()
    batches = loader()
    if part == "loss":

        def criterion(output: torch.Tensor, target: torch.Tensor) -> Any:
            return sometimes(nn.functional.cross_entropy(output, target))

    elif part == "loader":
        batches = loader(
            collate_fn=lambda batch: sometimes(torch.utils.data.default_collate(batch))
        )
    live = finder(model, OPTIMIZERS["adam"], criterion)
    if part == "optimizer":
        live.optimizers[0].register_step_pre_hook(lambda *_: sometimes(None))
    return live, batches


@pytest.mark.parametrize(
    "error", [BoomError("boom"), KeyboardInterrupt()], ids=["exception", "ctrl-c"]
)
@pytest.mark.parametrize("part", ["model", "loss", "loader", "backward", "optimizer"])
def test_whatever_raises_everything_is_put_back_and_the_error_propagates(
    part: str, error: BaseException
) -> None:
    live, batches = failing(part, error)
    before = live.digest()
    expected = torch.get_rng_state()
    with pytest.raises(type(error)):
        live.range_test(batches, num_iter=10)
    assert live.digest() == before
    assert torch.equal(torch.get_rng_state(), expected)
    assert len(live.history["lr"]) == 2
    assert live.status == ("interrupted" if isinstance(error, KeyboardInterrupt) else "failed")
    live.range_test(batches, num_iter=10, diverge_th=100)
    assert len(live.history["lr"]) == 10


def test_an_exception_in_the_loop_around_the_steps() -> None:
    live = finder()
    before = live.digest()

    def watch() -> None:
        with live:
            for step in live.steps(loader(), num_iter=10):
                if step.iteration == 4:
                    raise BoomError

    with pytest.raises(BoomError):
        watch()
    assert live.digest() == before


@pytest.mark.parametrize("taken", range(6))
def test_a_generator_closed_after_any_number_of_steps(taken: int) -> None:
    live = finder(Stateful(), OPTIMIZERS["adamw"])
    before = live.digest()
    steps = live.steps(loader(), num_iter=6)
    for _ in range(taken):
        next(steps)
    assert (live.digest() != before) == (taken > 0)
    steps.close()
    assert live.digest() == before
    assert len(live.history["lr"]) == taken
    assert live.status == ("stopped" if taken else "")


def test_leaving_the_loop_early_puts_everything_back() -> None:
    live = finder()
    before = live.digest()
    for step in live.steps(loader(), num_iter=6):
        if step.iteration == 2:
            break
    assert live.digest() == before
    assert (live.status, live.reason) == ("stopped", "stopped by the user")


def test_a_forgotten_generator_cannot_undo_later_training() -> None:
    live = finder()
    steps = live.steps(loader(), num_iter=6)
    next(steps)
    live.reset()
    train(live.model, live.optimizers[0])
    trained = live.digest()
    steps.close()
    del steps
    assert live.digest() == trained


def test_a_reset_from_inside_a_step_is_refused() -> None:
    live = finder()
    before = live.digest()

    def step(model: nn.Module, batch: Any) -> None:
        live.reset()

    with pytest.raises(RuntimeError, match="from inside one of its own steps"):
        live.range_test(loader(), num_iter=3, batch_step=step)
    assert live.digest() == before


def test_a_second_test_ends_the_one_that_was_left_in_the_middle() -> None:
    live = finder()
    before = live.digest()
    first = live.steps(loader(), num_iter=6)
    next(first)
    second = live.steps(loader(), num_iter=6)
    assert live.digest() == before
    assert next(second).iteration == 0
    assert list(first) == []


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(sorted(OPTIMIZERS)),
    warm=st.integers(0, 3),
    gradients=st.booleans(),
    actions=st.lists(
        st.sampled_from(["test", "train", "reset", "break", "eval", "draw"]), max_size=5
    ),
)
def test_no_sequence_of_actions_survives_a_reset(
    name: str, warm: bool, gradients: bool, actions: list[str]
) -> None:
    torch.manual_seed(0)
    model = Stateful()
    optimizer = OPTIMIZERS[name](model.parameters())
    train(model, optimizer, warm)
    if not gradients:
        optimizer.zero_grad()
    live = finder(model, lambda _: optimizer)
    before, rng = live.digest(), torch.get_rng_state()
    for action in actions:
        if action == "test":
            live.range_test(loader(shuffle=True), num_iter=3)
        elif action == "train":
            train(model, optimizer, 1)
        elif action == "reset":
            live.reset()
        elif action == "break":
            next(live.steps(loader(), num_iter=3))
        elif action == "eval":
            model.eval()
        else:
            drawn()
    live.reset()
    assert live.digest() == before
    assert torch.equal(torch.get_rng_state(), rng)


def test_one_copy_in_memory_and_no_more() -> None:
    model = Stateful()
    optimizer = OPTIMIZERS["adam"](model.parameters())
    train(model, optimizer)
    live = [*model.parameters(), *model.buffers()]
    live += [param.grad for param in model.parameters() if param.grad is not None]
    live += [value for state in optimizer.state.values() for value in state.values()]
    bytes_live = (
        sum(tensor.nelement() * tensor.element_size() for tensor in live)
        - 4 * model.spread.nelement()
        + 4
    )
    assert Snapshot([model], [optimizer]).nbytes == bytes_live


def test_tied_weights_are_copied_once_and_stay_tied() -> None:
    model = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False))
    model[1].weight = model[0].weight
    live = finder(model)
    assert live._origin.made.nbytes == 64
    before = live.digest()
    live.range_test(loader(), num_iter=3)
    live.reset()
    assert model[1].weight is model[0].weight
    assert live.digest() == before


def test_parameters_of_several_dtypes_frozen_and_not() -> None:
    model = mlp()
    model.half_part = nn.Parameter(torch.randn(3).bfloat16())
    model.double_part = nn.Parameter(torch.randn(3).double(), requires_grad=False)
    model[3].requires_grad_(False)
    half_part = model.get_parameter("half_part")

    def forward(inputs: torch.Tensor) -> Any:
        return model[3](model[1](model[0](inputs))) + half_part.float()

    model.forward = forward  # type: ignore[method-assign]
    live = finder(model)
    before = live.digest()
    live.range_test(loader(), num_iter=3)
    assert live.digest() != before
    live.reset()
    assert live.digest() == before
    assert half_part.dtype == torch.bfloat16


def test_sparse_gradients() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(20, 4, sparse=True), nn.Flatten(), nn.Linear(8, 3))
    batches = [(torch.randint(20, (5, 2)), torch.randint(3, (5,))) for _ in range(4)]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    torch.autograd.backward(nn.functional.cross_entropy(model(batches[0][0]), batches[0][1]))
    live = finder(model, lambda _: optimizer)
    before = live.digest()
    for _ in range(2):
        live.range_test(batches, num_iter=6)
        live.reset()
        assert live.digest() == before


def test_parametrized_modules() -> None:
    model = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)))
    live = finder(model)
    before = live.digest()
    live.range_test(loader(), num_iter=3)
    live.reset()
    assert live.digest() == before
    assert model.get_submodule("0.parametrizations.weight.0") is not None


def test_a_wrapper_around_the_model_is_restored_with_what_it_wraps() -> None:
    inner = mlp()
    live = finder(nn.DataParallel(inner))
    before = weights(inner)
    live.range_test(loader(), num_iter=3)
    assert not same(weights(inner), before)
    live.reset()
    assert same(weights(inner), before)


def test_a_compiled_model_is_restored_in_its_original() -> None:
    inner = mlp()
    live = finder(cast(nn.Module, torch.compile(inner, backend="eager")))
    before = weights(inner)
    inner.eval()
    live.range_test(loader(), num_iter=3)
    assert not same(weights(inner), before)
    live.reset()
    assert same(weights(inner), before)


def test_lazy_layers_are_refused() -> None:
    model = nn.Sequential(nn.LazyLinear(4), nn.Linear(4, 3))
    with pytest.raises(
        ValueError, match=r"lazy layers without a shape yet \(0\): run one batch through it"
    ):
        finder(model, lambda params: torch.optim.SGD(model[1].parameters(), lr=0.1))


def test_the_memory_format_comes_back() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 36, 3))
    batches = [(torch.randn(4, 3, 8, 8), torch.randint(3, (4,))) for _ in range(3)]
    live = finder(model, channels_last=True)
    weight = model.get_parameter("0.weight")
    before, strides = live.digest(), weight.stride()
    live.range_test(batches, num_iter=3)
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert weight.stride() != strides
    live.reset()
    assert weight.stride() == strides
    assert live.digest() == before


def test_a_criterion_with_state_is_restored_too() -> None:
    class Weighted(nn.CrossEntropyLoss):
        seen: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("seen", torch.zeros(1))

        def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            self.seen += 1
            return super().forward(output, target)

    criterion = Weighted()
    live = finder(criterion=criterion)
    live.range_test(loader(), num_iter=3)
    assert criterion.seen.item() == 3
    live.reset()
    assert criterion.seen.item() == 0


def test_several_optimizers_are_all_restored() -> None:
    model = mlp()
    two = [
        torch.optim.Adam(model[0].parameters(), lr=0.1),
        torch.optim.SGD(model[3].parameters(), lr=0.2, momentum=0.9),
    ]
    live = finder(model, lambda _: two)
    before = live.digest()
    live.range_test(loader(), start_lr=1e-3, num_iter=4)
    assert two[0].state
    assert two[1].state
    live.reset()
    assert live.digest() == before
    assert not two[0].state
    assert [optimizer.param_groups[0]["lr"] for optimizer in two] == [0.1, 0.2]


def test_the_digest_sees_the_smallest_change() -> None:
    model = Stateful()
    optimizer = OPTIMIZERS["adam"](model.parameters())
    train(model, optimizer)
    seen = {digest([model], [optimizer])}

    def changed() -> bool:
        current = digest([model], [optimizer])
        is_new = current not in seen
        seen.add(current)
        return is_new

    weight = model.get_parameter("body.0.weight")
    with torch.no_grad():
        weight[0, 0] = torch.nextafter(weight[0, 0], torch.tensor(9.0))
    assert changed()
    model.calls += 1
    assert changed()
    assert weight.grad is not None
    weight.grad[0, 0] += 1
    assert changed()
    model.body.eval()
    assert changed()
    optimizer.param_groups[0]["lr"] *= 2
    assert changed()
    next(iter(optimizer.state.values()))["exp_avg"][0, 0] += 1
    assert changed()


def test_a_model_without_parameters_has_a_device() -> None:
    class Scale(nn.Module):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return inputs

    live = finder(Scale(), lambda _: torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1))
    assert live.model_device == torch.device("cpu")


class Odd(nn.Module):
    """Unusual buffers, one that is resized, and tensors that are attributes."""

    sparse: torch.Tensor
    conjugate: torch.Tensor
    grows: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.body = mlp()
        self.register_buffer("sparse", torch.eye(3).to_sparse())
        self.register_buffer("conjugate", torch.ones(2, dtype=torch.complex64).conj())
        self.register_buffer("grows", torch.empty(0))
        self.state = (torch.zeros(2), torch.zeros(2))
        self.hidden: torch.Tensor | None = None
        self.calls = 0

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        self.sparse.add_(torch.eye(3).to_sparse())
        self.conjugate.mul_(2)
        self.grows.resize_(3).fill_(1.0)
        self.state[0].add_(1)
        output: torch.Tensor = self.body(inputs)
        self.hidden = output
        self.calls += 1
        return output


def test_odd_buffers_and_tensors_that_are_no_buffers() -> None:
    model = Odd()
    live = finder(model)
    before = live.digest()
    live.range_test(loader(), num_iter=3)
    assert live.digest() != before
    for _ in range(2):
        live.reset()
        assert live.digest() == before
        assert torch.equal(model.sparse.to_dense(), torch.eye(3))
        assert model.conjugate.tolist() == [1, 1]
        assert model.grows.shape == (0,)
        assert model.hidden is None
        assert model.state[0].tolist() == [0, 0]
        assert model.calls == 0
