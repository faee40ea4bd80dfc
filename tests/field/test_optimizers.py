"""Closures and graphs for optimizers that ask for them; no number where the rate is not used."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import Optimizer

from lrtui import LRFinder
from tests.field import optimizers
from tests.field.models import Net, X, Y, labelled
from tests.field.rig import Run, assert_says, printed, run

HERE = "tests.field.optimizers"
ITERATIONS = 20
START, END = 1e-3, 1.0


def ramp() -> list[float]:
    """The rates of a test."""
    return [START * (END / START) ** (i / (ITERATIONS - 1)) for i in range(ITERATIONS)]


def by_hand(kind: type[Optimizer], *, create_graph: bool = False) -> list[float]:
    """The losses of a loop that gives the closure."""
    torch.manual_seed(0)
    model = Net()
    optimizer = kind(model.parameters(), lr=START)  # type: ignore[call-arg]
    losses: list[float] = []
    batches = list(labelled())
    for iteration, rate in enumerate(ramp()):
        optimizer.param_groups[0]["lr"] = rate
        x, y = batches[iteration % len(batches)]
        seen: list[float] = []

        def closure(x: Any = x, y: Any = y, seen: list[float] = seen) -> Any:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward(create_graph=create_graph)  # type: ignore[no-untyped-call]
            seen.append(float(loss))
            return loss

        optimizer.step(closure)
        losses.append(seen[0])
    return losses


def ran(optimizer: str, *settings: str) -> Run:
    """`lrtui run` with an optimizer on a fixed order of the data."""
    target = optimizer if ":" in optimizer else f"{HERE}:{optimizer}"
    return run(
        "Net",
        "labelled",
        "auto",
        *settings,
        optimizer=target,
        num_iter=ITERATIONS,
        start_lr=START,
        end_lr=END,
    )


def finder_with(optimizer: Any, **options: Any) -> LRFinder:
    """A finder on the same model."""
    torch.manual_seed(0)
    model = Net()
    options.setdefault("verbose", False)
    return LRFinder(
        model, optimizer(model.parameters(), lr=START), nn.CrossEntropyLoss(), **options
    )


# --- closures ---------------------------------------------------------------------------------

CLOSURES = {
    name: getattr(optimizers, name)
    for name in (
        "TwoPass",
        "AssertsClosure",
        "OwnErrorClosure",
        "CallsNothing",
        "Wrapper",
        "RequiredClosure",
        "SilentWithoutClosure",
    )
}


@pytest.mark.parametrize("name", CLOSURES)
def test_an_optimizer_that_asks_for_a_closure_gets_one(name: str) -> None:
    result = ran(name)
    assert not result.refused, result.text
    assert result.losses == pytest.approx(by_hand(CLOSURES[name]), rel=1e-5)


@pytest.mark.parametrize("name", CLOSURES)
def test_an_optimizer_that_asks_for_a_closure_gets_one_from_the_library(name: str) -> None:
    finder = finder_with(CLOSURES[name])
    finder.range_test(labelled(), num_iter=ITERATIONS, end_lr=END)
    losses = finder.history["raw_loss"]
    assert losses == pytest.approx(by_hand(CLOSURES[name])[: len(losses)], rel=1e-5)
    assert len(losses) > 10


def test_an_optimizer_that_can_do_without_a_closure_gets_none() -> None:
    calls: list[bool] = []

    class Counting(torch.optim.SGD):
        def step(self, closure: Any = None) -> Any:
            calls.append(closure is not None)
            return super().step(closure)

    finder = finder_with(Counting)
    finder.range_test(labelled(), num_iter=ITERATIONS, end_lr=END)
    assert calls
    assert not any(calls)


@pytest.mark.parametrize("name", ["WantsGraph", "WantsGraphBare"])
def test_an_optimizer_of_second_order_names_the_setting(name: str) -> None:
    result = ran(name)
    assert result.refused
    assert_says(
        result.text, "optimizer", "create_graph=true|create_graph = true|range.create_graph"
    )
    result = ran(name, "range.create_graph=true")
    assert not result.refused, result.text
    expected = by_hand(getattr(optimizers, name), create_graph=True)
    assert result.losses == pytest.approx(expected, rel=1e-4)


def test_the_library_has_the_setting_too() -> None:
    finder = finder_with(optimizers.WantsGraph)
    more: dict[str, Any] = {"create_graph": True}
    finder.range_test(labelled(), num_iter=ITERATIONS, end_lr=END, **more)
    expected = by_hand(optimizers.WantsGraph, create_graph=True)
    losses = finder.history["raw_loss"]
    assert losses == pytest.approx(expected[: len(losses)], rel=1e-4)


def test_lbfgs_keeps_its_closure() -> None:
    assert not ran("torch.optim:LBFGS").refused


def test_an_optimizer_that_fails_is_named_with_the_line_that_failed() -> None:
    result = ran("Fails")
    assert result.refused
    assert result.phase == "optimizer"
    assert_says(result.text, "Fails", "wrong phase", r"optimizers\.py:\d+")


# --- rates that are not used ------------------------------------------------------------------

UNUSED = {
    "Rprop": "torch.optim:Rprop",
    "a rate of the constructor": f"{HERE}:OwnRate",
    "a rate of the defaults": f"{HERE}:Defaults",
    "a rate that it sets": f"{HERE}:Relative",
    "the rate of the first step": f"{HERE}:FirstRate",
    "one of two optimizers": f"{HERE}:one_of_two",
}
USED = {
    "SGD": "torch.optim:SGD",
    "AdamW": "torch.optim:AdamW",
    "Adagrad": "torch.optim:Adagrad",
    "ASGD": "torch.optim:ASGD",
    "LBFGS": "torch.optim:LBFGS",
    "NAdam": "torch.optim:NAdam",
    "RMSprop": "torch.optim:RMSprop",
    "a multiplier": f"{HERE}:Multiplied",
    "a rate that counts a step later": f"{HERE}:Delayed",
    "a tensor": f"{HERE}:TensorRate",
}
NOT_USED = r"does not use|ignores|not used|sets its own|no effect|initial step"


def measured(optimizer: str, end_lr: float = 10.0, num_iter: int = 300) -> Run:
    """A test that is long enough for an answer, on shuffled digits."""
    return run(
        "sample_models/mlp.py:MLP",
        "lrtui:digits",
        "auto",
        optimizer=optimizer,
        num_iter=num_iter,
        start_lr=1e-6,
        end_lr=end_lr,
    )


@pytest.mark.parametrize("end_lr", [10.0, 1000.0])
@pytest.mark.parametrize("name", UNUSED)
def test_no_number_where_the_rate_is_not_used(name: str, end_lr: float) -> None:
    result = measured(UNUSED[name], end_lr)
    assert result.lr is None
    assert_says(result.text, NOT_USED, "rate|lr")


@pytest.mark.parametrize("name", USED)
def test_an_optimizer_that_uses_its_rate_is_not_suspected(name: str) -> None:
    result = measured(USED[name], num_iter=40)
    assert not result.refused, result.text
    text = "\n".join(result.notices)
    assert not [word for word in NOT_USED.split("|") if word in text], text


@pytest.mark.parametrize("optimizer", [f"{HERE}:Capped", "torch.optim:Adafactor"])
def test_a_rate_that_is_used_up_to_a_cap_is_said(optimizer: str) -> None:
    result = measured(optimizer)
    assert_says(result.text, "up to|above|capped", "rate|lr")
    assert result.lr is None or result.lr <= 2e-2 or "Adafactor" in optimizer


def test_the_library_gives_no_number_where_the_rate_is_not_used() -> None:
    torch.manual_seed(0)
    model = Net()
    finder = LRFinder(model, torch.optim.Rprop(model.parameters()), nn.CrossEntropyLoss())
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(X, Y), batch_size=16, shuffle=True
    )
    try:
        said = printed(lambda: finder.range_test(loader, start_lr=1e-6, num_iter=300))
    except ValueError as error:
        assert_says(str(error), NOT_USED, "Rprop")
        return
    assert finder.suggestion().lr is None
    assert_says(said + finder.suggestion().reason, NOT_USED)


def test_the_check_leaves_the_optimizer_as_it_was() -> None:
    class Warm(torch.optim.SGD):
        """Counts its steps."""

        steps = 0

        def step(self, closure: Any = None) -> Any:
            self.steps += 1
            return super().step(closure)

    finder = finder_with(Warm)
    digest = finder.digest()
    finder.range_test(labelled(), num_iter=ITERATIONS, end_lr=END)
    finder.reset()
    assert finder.digest() == digest
    assert not finder.optimizers[0].state
