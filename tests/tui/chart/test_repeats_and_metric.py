"""Several repeats and a metric, on the chart and as text."""

from itertools import chain

import msgspec
import pytest

from lrtui.events import Ended, Event, Step
from tests.tui.doubles import THREE_REPEATS, FakeDriver, answer, curve, started
from tests.tui.helpers import all_drawn, run_screen, screen_text


def with_metric(repeat: int) -> list[Step]:
    steps = curve(THREE_REPEATS, repeat=repeat)
    return [msgspec.structs.replace(step, metric=0.1 + 0.008 * step.iteration) for step in steps]


def events() -> list[Event]:
    steps = chain(*(with_metric(repeat) for repeat in range(3)))
    ended = Ended(status="completed", reason="all", seconds=1)
    return [started(THREE_REPEATS), *steps, answer(), ended]


@pytest.mark.parametrize("size", [(80, 24), (100, 30)])
async def test_the_number_of_repeats_and_the_metrics_range_are_text(size: tuple[int, int]) -> None:
    async with run_screen(FakeDriver(events()), THREE_REPEATS, size=size) as (screen, pilot):
        await all_drawn(screen, pilot)
        text = screen_text(screen.app)
        assert "3 repeats" in text
        assert "best 0.892" in text
        await pilot.press("2")
        assert "without repeat 2" in screen_text(screen.app)
        assert "2 repeats" in screen_text(screen.app)


async def test_loss_and_metric_at_the_active_boundary_are_text() -> None:
    async with run_screen(FakeDriver(events()), THREE_REPEATS) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("e")
        nearest = min(with_metric(0), key=lambda step: abs(step.lr - screen.model.boundaries.end))
        text = screen_text(screen.app)
        assert f"▸end {screen.model.boundaries.end:.2e}   loss " in text
        assert f"(batch {nearest.raw_loss:.4g})" in text
        assert f"{nearest.metric:.4g}" in text
