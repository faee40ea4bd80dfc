"""reset() puts back what a forward made, random generators, and objects beside the model."""

import copy
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize
from torch.optim.swa_utils import SWALR, AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, TensorDataset

from lrtui import LRFinder
from lrtui.engine.initialise.draws import reinitialise
from tests.field.made_in_forward import KINDS
from tests.field.models import X, Y
from tests.field.quantized import FrozenInt8, Momentum8
from tests.field.random_owners import OWNERS, Objects
from tests.field.rig import assert_says, printed, run


def batches() -> DataLoader[Any]:
    """The same batches in the same order."""
    return DataLoader(TensorDataset(X[:64], Y[:64]), batch_size=16)


def finder_of(model: nn.Module, criterion: Any = None, **options: Any) -> LRFinder:
    """A finder with plain SGD."""
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    options.setdefault("verbose", False)
    return LRFinder(model, optimizer, criterion or nn.CrossEntropyLoss(), **options)


def measured(finder: LRFinder, loader: Any) -> list[float]:
    """The raw losses of a test, which is reset then."""
    finder.range_test(loader, num_iter=12, end_lr=0.1)
    losses = list(finder.history["raw_loss"])
    finder.reset()
    return losses


def trained(model: nn.Module, loader: Any, criterion: Any = None) -> list[float]:
    """The losses of a short training."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    criterion = criterion or nn.CrossEntropyLoss()
    losses: list[float] = []
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    return losses


# --- what a forward makes ---------------------------------------------------------------------

DRAWN = (
    "NoneToModule",
    "NoneToRegisteredModule",
    "MissingToModule",
    "GrowingList",
    "NoneToParameter",
    "NoneToRegisteredParameter",
    "OldSpectralNorm",
)


@pytest.mark.parametrize("name", KINDS)
def test_what_a_forward_made_is_gone(name: str) -> None:
    model = KINDS[name]()
    assert model.made() is None
    parts, keys = [part for part, _ in model.named_modules()], list(model.state_dict())
    kind = type(model.head)
    measured(finder_of(model), batches())
    assert model.made() is None
    assert [part for part, _ in model.named_modules()] == parts
    assert list(model.state_dict()) == keys
    assert type(model.head) is kind


@pytest.mark.parametrize("name", KINDS)
def test_a_training_after_the_reset_is_the_one_without_a_test(name: str) -> None:
    losses = []
    for test in (True, False):
        torch.manual_seed(0)
        model = KINDS[name]()
        torch.manual_seed(1)
        finder = finder_of(model)
        if test:
            measured(finder, batches())
        losses.append(trained(model, batches()))
    assert losses[0] == losses[1]


@pytest.mark.parametrize("name", KINDS)
def test_a_second_repeat_begins_as_the_first(name: str) -> None:
    torch.manual_seed(0)
    finder = finder_of(KINDS[name]())
    finder.range_test(batches(), num_iter=6, end_lr=1e-2, repeats=2)
    again = finder.histories[1]["raw_loss"]
    assert len(again) == 6
    if name not in DRAWN:  # the random state is another one in each repeat
        assert again[0] == finder.histories[0]["raw_loss"][0]


def test_hooks_that_a_user_registers_or_removes_between_tests_are_his() -> None:
    model = nn.Sequential(nn.Linear(6, 3))
    finder = finder_of(model)
    calls: list[str] = []
    first = model.register_forward_hook(lambda *_: calls.append("first"))
    model[0].register_forward_hook(lambda *_: calls.append("second"))
    finder.range_test(batches(), num_iter=4)
    first.remove()
    model.register_forward_hook(lambda *_: calls.append("third"))
    for _ in range(2):
        finder.reset()
    calls.clear()
    model(X[:4])
    assert calls == ["second", "third"]


# --- random generators ------------------------------------------------------------------------


@pytest.mark.parametrize("name", OWNERS)
def test_a_second_test_measures_the_same_curve(name: str) -> None:
    model, loader, criterion = OWNERS[name]()
    finder = finder_of(model, criterion)
    assert measured(finder, loader) == measured(finder, loader)


OWNED = {name: owner for name, owner in OWNERS.items() if "global" not in name}


@pytest.mark.parametrize("name", OWNED)
def test_a_training_after_the_reset_draws_the_same_numbers(name: str) -> None:
    def losses(test: bool) -> list[float]:
        model, loader, criterion = OWNERS[name]()
        finder = finder_of(model, criterion)
        if test:
            measured(finder, loader)
        torch.manual_seed(1)
        return trained(model, loader, criterion)

    assert losses(True) == losses(False)


def test_looking_for_generators_draws_from_none() -> None:
    model, loader, criterion = OWNERS["list of transforms"]()
    random.seed(3)
    np.random.seed(3)
    torch.manual_seed(3)
    measured(finder_of(model, criterion), loader)
    drawn = random.random(), float(np.random.rand()), float(torch.rand(()))
    random.seed(3)
    np.random.seed(3)
    torch.manual_seed(3)
    assert drawn == (random.random(), float(np.random.rand()), float(torch.rand(())))


def test_properties_of_a_data_set_are_not_called() -> None:
    class Strict(TensorDataset):
        @property
        def everything(self) -> Any:
            raise RuntimeError("this property loads a terabyte")

    data = Strict(X[:64], Y[:64])
    losses = measured(finder_of(nn.Linear(6, 3)), DataLoader(data, batch_size=16))
    assert len(losses) == 12


def test_a_data_set_that_refers_to_itself_ends() -> None:
    model, loader, criterion = OWNERS["transform"]()
    loader.dataset.itself = [loader.dataset]
    assert len(measured(finder_of(model, criterion), loader)) == 12


@pytest.mark.parametrize("function", ["metric", "batch_step"])
def test_the_generator_of_a_function_is_put_back(function: str) -> None:
    rng = np.random.default_rng(0)

    def metric(output: Any, target: Any) -> float:
        return float(rng.normal())

    def batch_step(model: nn.Module, batch: Any) -> Any:
        return nn.functional.cross_entropy(model(batch[0] + float(rng.normal())), batch[1])

    finder = finder_of(nn.Linear(6, 3))
    options: Any = {function: locals()[function]}
    curves = []
    for _ in range(2):
        finder.range_test(batches(), num_iter=6, end_lr=1e-2, **options)
        curves.append((finder.history["raw_loss"], finder.history.get("metric")))
        finder.reset()
    assert curves[0] == curves[1]


def test_a_second_test_on_persistent_workers_measures_the_same_curve() -> None:
    model, loader, criterion = OWNERS["data set, numpy Generator"]()
    loader = DataLoader(loader.dataset, batch_size=16, num_workers=1, persistent_workers=True)
    finder = finder_of(model, criterion)
    with pytest.warns(UserWarning, match="persistent_workers.*random states"):
        first = measured(finder, loader)
    with pytest.warns(UserWarning, match="persistent_workers.*random states"):
        assert measured(finder, loader) == first


def test_persistent_workers_are_said() -> None:
    result = run("Net", "persistent", "auto", num_iter=8)
    assert not result.refused, result.text
    assert_says("\n".join(result.notices), "persistent_workers", "random")


# --- objects beside the model -----------------------------------------------------------------


class Metric:
    """A metric object with a state, as metric libraries have them."""

    def __init__(self) -> None:
        self.total, self.seen = torch.zeros(()), 0

    def update(self, *_: Any) -> None:
        self.total += 1
        self.seen += 1

    def state_dict(self) -> dict[str, Any]:
        return {"total": self.total, "seen": self.seen}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.total, self.seen = state["total"], state["seen"]


Beside = Callable[[nn.Module, torch.optim.Optimizer], Any]


def ema(model: nn.Module, optimizer: torch.optim.Optimizer) -> Any:
    """An exponential average of the weights."""
    averaging: Any = get_ema_multi_avg_fn  # not annotated in torch
    average = AveragedModel(model, multi_avg_fn=averaging(0.9))
    optimizer.register_step_post_hook(lambda *_: average.update_parameters(model))
    return average


def swa(model: nn.Module, optimizer: torch.optim.Optimizer) -> Any:
    """An average of the weights."""
    average = AveragedModel(model)
    optimizer.register_step_post_hook(lambda *_: average.update_parameters(model))
    return average


def one_cycle(model: nn.Module, optimizer: torch.optim.Optimizer) -> Any:
    """A scheduler that is stepped by a hook."""
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=100)
    optimizer.register_step_post_hook(lambda *_: scheduler.step())
    return scheduler


def plateau(model: nn.Module, optimizer: torch.optim.Optimizer) -> Any:
    """A scheduler that is stepped by the loss."""
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1)
    optimizer.register_step_post_hook(lambda *_: scheduler.step(1.0))
    return scheduler


def swa_lr(model: nn.Module, optimizer: torch.optim.Optimizer) -> Any:
    """The scheduler of stochastic weight averaging."""
    scheduler = SWALR(optimizer, swa_lr=0.05)
    optimizer.register_step_post_hook(lambda *_: scheduler.step())
    return scheduler


def metric(model: nn.Module, optimizer: torch.optim.Optimizer) -> Any:
    """A metric object that is updated in each forward."""
    counted = Metric()
    model.register_forward_hook(lambda *_: counted.update())
    return counted


def teacher(model: nn.Module, optimizer: torch.optim.Optimizer) -> Any:
    """A module that follows the model."""
    follower = copy.deepcopy(model).requires_grad_(False)

    def follow(*_: Any) -> None:
        for ours, theirs in zip(follower.parameters(), model.parameters(), strict=True):
            ours.data.lerp_(theirs.data, 0.1)

    optimizer.register_step_post_hook(follow)
    return follower


BESIDE: dict[str, Beside] = {
    "EMA": ema,
    "SWA": swa,
    "OneCycleLR": one_cycle,
    "ReduceLROnPlateau": plateau,
    "SWALR": swa_lr,
    "metric": metric,
    "teacher": teacher,
}


def settings_of(optimizer: torch.optim.Optimizer) -> list[dict[str, Any]]:
    """A copy of the optimizer's groups without their parameters."""
    groups = optimizer.state_dict()["param_groups"]
    assert isinstance(groups, list)
    return copy.deepcopy(groups)


def with_also(model: nn.Module, optimizer: torch.optim.Optimizer, *things: Any) -> LRFinder:
    """A finder that puts these back too."""
    options: dict[str, Any] = {"also": list(things)}
    return LRFinder(model, optimizer, nn.CrossEntropyLoss(), verbose=False, **options)


def content(thing: Any) -> dict[str, Any]:
    """A copy of an object's state, hooks and functions aside."""
    state = copy.deepcopy({k: v for k, v in thing.state_dict().items() if not callable(v)})
    assert isinstance(state, dict)
    return state


def same_content(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two states are equal to the last bit."""
    return one.keys() == other.keys() and all(
        torch.equal(value, other[key]) if isinstance(value, torch.Tensor) else value == other[key]
        for key, value in one.items()
    )


@pytest.mark.parametrize("name", BESIDE)
def test_an_object_beside_the_model_is_put_back(name: str) -> None:
    torch.manual_seed(0)
    model = nn.Linear(6, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    thing = BESIDE[name](model, optimizer)
    before = content(thing)
    groups = settings_of(optimizer)
    finder = with_also(model, optimizer, thing)
    for _ in range(2):
        finder.range_test(batches(), num_iter=12, start_lr=1e-3, end_lr=0.5)
        assert not same_content(content(thing), before), "the test did not reach it"
        finder.reset()
        assert same_content(content(thing), before)
        assert settings_of(optimizer) == groups


def test_a_test_that_is_broken_off_puts_it_back_too() -> None:
    model = nn.Linear(6, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    thing = ema(model, optimizer)
    before = content(thing)
    finder = with_also(model, optimizer, thing)
    steps = finder.steps(batches(), num_iter=12, start_lr=1e-3, end_lr=0.5)
    next(steps)
    steps.close()
    assert same_content(content(thing), before)


def test_what_has_no_state_dict_is_refused_by_name() -> None:
    model = nn.Linear(6, 3)
    with pytest.raises(TypeError, match=r"also.*(list|object).*state_dict"):
        with_also(model, torch.optim.SGD(model.parameters(), lr=0.1), object())


def test_a_scheduler_that_fights_the_ramp_is_said() -> None:
    torch.manual_seed(0)
    model = nn.Linear(6, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=1000)
    optimizer.register_step_pre_hook(lambda *_: scheduler.step())
    finder = LRFinder(model, optimizer, nn.CrossEntropyLoss())
    try:
        said = printed(lambda: finder.range_test(batches(), num_iter=300, start_lr=1e-5, end_lr=10))
    except ValueError as error:
        said = str(error)
    assert finder.suggestion().lr is None
    assert_says(said + finder.suggestion().reason, "scheduler|hook", "rate|lr")


@pytest.mark.parametrize(
    ("also", "words"),
    [
        (nn.Linear(2, 2), "`also` must be a list .* got a Linear"),
        ([nn.Linear], r"`also\[0\]` is the class Linear: give an instance"),
        ([nn.Linear(2, 2), {}], r"`also\[1\]`, a dict, .* has no state_dict"),
    ],
)
def test_what_is_wrong_with_also_is_said(also: Any, words: str) -> None:
    model = nn.Linear(6, 3)
    with pytest.raises(TypeError, match=words):
        LRFinder(model, torch.optim.SGD(model.parameters(), lr=0.1), also=also)


# --- tensor subclasses ------------------------------------------------------------------------


def test_a_frozen_int8_weight_is_left_alone() -> None:
    model = FrozenInt8()
    weight = model.base.weight
    trainable = [param for param in model.parameters() if param.requires_grad]
    finder = LRFinder(
        model, torch.optim.SGD(trainable, lr=1e-3), nn.CrossEntropyLoss(), verbose=False
    )
    digest = finder.digest()
    assert measured(finder, batches()) == measured(finder, batches())
    assert model.base.weight is weight
    assert finder.digest() == digest


def test_an_int8_optimizer_state_is_put_back() -> None:
    torch.manual_seed(0)
    model = nn.Linear(6, 3)
    optimizer = Momentum8(model.parameters())
    for x, y in batches():  # a warm state, which is to come back
        loss: Any = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    before = [state["momentum"].data8.clone() for state in optimizer.state.values()]
    finder = LRFinder(model, optimizer, nn.CrossEntropyLoss(), verbose=False)
    digest = finder.digest()
    assert measured(finder, batches()) == measured(finder, batches())
    after = [state["momentum"].data8 for state in optimizer.state.values()]
    assert all(map(torch.equal, before, after))
    assert finder.digest() == digest


def test_a_frozen_weight_that_a_forward_writes_to_is_put_back() -> None:
    class Momentum(nn.Module):
        """A key encoder that follows the query encoder, as in MoCo."""

        def __init__(self) -> None:
            super().__init__()
            self.query, self.key = nn.Linear(6, 3), nn.Linear(6, 3).requires_grad_(False)

        def forward(self, x: torch.Tensor) -> Any:
            with torch.no_grad():
                self.key.weight.lerp_(self.query.weight, 0.1)
            return self.query(x) - self.key(x)

    model = Momentum()
    before = model.key.weight.clone()
    trainable = [param for param in model.parameters() if param.requires_grad]
    finder = LRFinder(
        model, torch.optim.SGD(trainable, lr=1e-3), nn.CrossEntropyLoss(), verbose=False
    )
    measured(finder, batches())
    assert torch.equal(model.key.weight, before)


def test_the_operations_of_a_subclass_with_a_storage_are_not_called() -> None:
    class Tagged(torch.Tensor):
        """A subclass that knows no operation, and keeps its content itself."""

        @classmethod
        def __torch_function__(
            cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            if func in (torch.clone, torch.Tensor.clone, torch.Tensor.copy_):
                raise NotImplementedError(str(func))
            plain: Any = super().__torch_function__
            return plain(func, types, args, kwargs or {})

    model = nn.Linear(6, 3)
    model.register_buffer("tags", torch.ones(3).as_subclass(Tagged))
    before = model.weight.clone()
    measured(finder_of(model), batches())
    assert torch.equal(model.weight, before)
    assert type(model.tags) is Tagged


# --- another initialisation -------------------------------------------------------------------

PARAMETRIZED: dict[str, Callable[[nn.Module], Any]] = {
    "weight_norm": parametrizations.weight_norm,
    "orthogonal": parametrizations.orthogonal,
    "spectral_norm": parametrizations.spectral_norm,
    "weight_norm, the old one": nn.utils.weight_norm,
    "spectral_norm, the old one": nn.utils.spectral_norm,
}


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "beside a plain layer"])
@pytest.mark.parametrize("name", PARAMETRIZED)
def test_parametrized_layers_are_redrawn_or_refused_by_name(name: str, alone: bool) -> None:
    torch.manual_seed(0)
    layer = PARAMETRIZED[name](nn.Linear(6, 6))
    model = nn.Sequential(layer) if alone else nn.Sequential(layer, nn.Tanh(), nn.Linear(6, 3))
    weights: list[torch.Tensor] = []

    def step(model: nn.Module, batch: Any) -> torch.Tensor:
        output = model(batch[0])
        weights.append(layer.weight.detach().clone())
        return nn.functional.cross_entropy(output, batch[1])

    finder = LRFinder(model, torch.optim.SGD(model.parameters(), lr=1e-9), verbose=False)
    try:
        finder.range_test(
            batches(), num_iter=6, end_lr=1e-8, repeats=2, vary="init", batch_step=step
        )
    except ValueError as error:
        assert_says(str(error), "weight_norm|orthogonal|spectral_norm|parametri", r"\b0\b")
        return
    first, second = weights[0], weights[6]
    assert not torch.allclose(first, second, atol=1e-2), "the weights are the same ones"
    if "orthogonal" in name:
        assert torch.allclose(second @ second.T, torch.eye(6), atol=1e-4)
    if "spectral" in name and "old" not in name:
        assert float(torch.linalg.matrix_norm(second, 2)) == pytest.approx(1.0, abs=0.3)


def test_a_layer_that_cannot_be_redrawn_is_refused_by_name() -> None:
    class Narrow(nn.Module):
        """The weight that it gives has another shape than the one behind it."""

        def forward(self, weight: torch.Tensor) -> torch.Tensor:
            return weight[:, :4]

    layer = nn.Linear(6, 3)
    parametrize.register_parametrization(layer, "weight", Narrow(), unsafe=True)
    model = nn.Sequential(nn.Linear(6, 4), layer)
    original = layer.get_parameter("parametrizations.weight.original")
    before = original.clone()
    words = r"layer 1 \(Linear with the parametrization Narrow\).*vary 'data'"
    with pytest.raises(ValueError, match=words):
        finder_of(model).range_test(batches(), num_iter=4, repeats=2, vary="init")
    assert torch.equal(original, before)


def test_a_parametrization_without_an_inverse_is_redrawn() -> None:
    class Symmetric(nn.Module):
        def forward(self, weight: torch.Tensor) -> torch.Tensor:
            return weight.triu() + weight.triu(1).T

    layer: Any = nn.Linear(6, 6)
    parametrize.register_parametrization(layer, "weight", Symmetric())
    before = layer.weight.detach().clone()
    torch.manual_seed(7)
    reinitialise(nn.Sequential(layer))
    after = layer.weight.detach()
    torch.manual_seed(7)
    symmetric: Any = Symmetric()
    assert torch.equal(after, symmetric(nn.Linear(6, 6).weight.detach()))
    assert not torch.equal(after, before)


@pytest.mark.parametrize("objects", [OWNERS["sampler"], OWNERS["data set, numpy Generator"]])
def test_repeats_of_the_same_init_differ_in_the_order(objects: Callable[[], Objects]) -> None:
    model, loader, criterion = objects()
    finder = finder_of(model, criterion)
    finder.range_test(loader, num_iter=6, end_lr=1e-2, repeats=2)
    assert finder.histories[0]["raw_loss"] != finder.histories[1]["raw_loss"]
