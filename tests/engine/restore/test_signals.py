"""Ctrl-C, wherever it comes: everything is put back first, and it is known as an interruption."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from lrtui import LRFinder
from lrtui.engine.restore.signals import uninterrupted
from lrtui.events import Step
from tests.engine.rigs import finder, loader


def interrupt(*_: object) -> None:
    signal.raise_signal(signal.SIGINT)


def interrupt_restores(live: LRFinder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Press Ctrl-C at the beginning of every restore."""
    restore = live._origin.made._tensors.restore

    def interrupted() -> None:
        interrupt()
        restore()

    monkeypatch.setattr(live._origin.made._tensors, "restore", interrupted)


def test_in_the_middle_of_a_restore_it_waits_for_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    live = finder()
    before = live.digest()
    interrupt_restores(live, monkeypatch)
    live.range_test(loader(), num_iter=5)
    assert live.digest() != before
    with pytest.raises(KeyboardInterrupt):
        live.reset()
    assert live.digest() == before


def test_a_second_one_while_the_first_is_being_cleaned_up_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live = finder()
    before = live.digest()
    interrupt_restores(live, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        live.range_test(loader(), num_iter=5, metric=interrupt)
    assert live.digest() == before
    assert live.status == "interrupted"


def test_between_two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    live = finder()
    before = live.digest()
    steps = live.steps

    def interrupted(*args: Any, **settings: Any) -> Iterator[Step]:
        for step in steps(*args, **settings):
            if step.iteration == 3:
                yield step
                interrupt()

    monkeypatch.setattr(live, "steps", interrupted)
    with pytest.raises(KeyboardInterrupt):
        live.range_test(loader(), num_iter=9)
    assert live.status == "interrupted"
    assert live.digest() == before


def test_gradients_are_on_again_after_one_inside_no_grad() -> None:
    live = finder()

    def metric(output: torch.Tensor, target: torch.Tensor) -> None:
        torch.set_grad_enabled(
            False
        )  # as it is left when an interrupt comes inside torch's own context
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        live.range_test(loader(), num_iter=5, metric=metric)
    assert torch.is_grad_enabled()


def test_another_sigint_handler_is_left_alone() -> None:
    came: list[int] = []

    def count_after_interrupt() -> int:
        interrupt()
        return len(came)

    before = signal.signal(signal.SIGINT, lambda *_: came.append(1))
    try:
        assert uninterrupted(count_after_interrupt)() == 1
    finally:
        signal.signal(signal.SIGINT, before)
