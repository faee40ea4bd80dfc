"""The chart widget sends what changed, and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self

import pytest
from textual._compositor import CompositorUpdate
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.screen import Screen

from lrtui.tui.changes import ChangedCells
from lrtui.tui.chart.axis import axis_for
from lrtui.tui.chart.glyphs import Glyphs
from lrtui.tui.chart.layout import Layout
from lrtui.tui.chart.picture import RUN_ROLES, Curve, Mark, Picture, Row
from lrtui.tui.chart.plotting import draw, unmarked
from lrtui.tui.chart.widget import Chart
from lrtui.tui.run.screen import RunScreen
from tests.tui.chart.pictures import measured
from tests.tui.doubles import SPEC, FakeDriver, curve, started, whole_run
from tests.tui.helpers import all_drawn, run_screen, until

AXIS = axis_for(1e-7, 10.0, log=True)


class Watched(Chart):
    """Remembers which regions it asked to be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.regions: list[Region] = []

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        self.regions = [*getattr(self, "regions", []), *(regions or [Region(0, 0, *self.size)])]
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


class ChartApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Watched()


def picture(count: int, marks: tuple[Mark, ...] = ()) -> Picture:
    steps = curve(SPEC, count)
    drawn = measured((step.lr, step.raw_loss, step.loss) for step in steps)
    return Picture(AXIS, (Curve(drawn.line, "trend", drawn.dots),), version=count, marks=marks)


async def test_the_same_picture_sends_nothing() -> None:
    async with ChartApp().run_test(size=(100, 30)) as pilot:
        chart = pilot.app.query_one(Watched)
        chart.show(picture(50))
        await pilot.pause()
        chart.regions.clear()
        chart.show(picture(50))
        await pilot.pause()
        assert chart.regions == []


async def test_a_new_point_sends_a_few_cells_and_not_the_chart() -> None:
    async with ChartApp().run_test(size=(100, 30)) as pilot:
        chart = pilot.app.query_one(Watched)
        chart.show(picture(20))
        await pilot.pause()
        chart.regions.clear()
        chart.show(picture(21))
        assert chart.regions
        assert sum(region.area for region in chart.regions) <= 40


async def test_a_moved_boundary_sends_its_old_and_its_new_column() -> None:
    async with ChartApp().run_test(size=(100, 30)) as pilot:
        chart = pilot.app.query_one(Watched)
        chart.show(picture(100, (Mark(1e-6, "start", "active"),)))
        await pilot.pause()
        chart.regions.clear()
        next_lr = AXIS.rate_of(AXIS.column(1e-6, chart.columns) + 1, chart.columns)
        chart.show(picture(100, (Mark(next_lr, "start", "active"),)))
        assert all(region.height == 1 for region in chart.regions)
        assert all(region.width <= 9 for region in chart.regions)


async def test_a_moved_boundary_waits_for_no_plot_and_a_new_point_or_size_gets_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plots: list[Picture] = []

    def counted(plotted: Picture, layout: Layout, glyphs: Glyphs) -> tuple[Row, ...]:
        plots.append(plotted)
        return unmarked(plotted, layout, glyphs)

    monkeypatch.setattr("lrtui.tui.chart.widget.unmarked", counted)
    async with ChartApp().run_test(size=(100, 30)) as pilot:
        chart = pilot.app.query_one(Watched)
        for lr in (1e-6, 1e-5, 1e-4):
            chart.show(picture(50, (Mark(lr, "start", "active"),)))
            assert chart.rows == draw(chart.picture, 100, 30)
        chart.show(replace(chart.picture, interval=(1e-3, 1e-2)))
        assert [plotted.version for plotted in plots if plotted.version] == [50]
        chart.show(picture(51, (Mark(1e-4, "start", "active"),)))
        assert chart.rows == draw(chart.picture, 100, 30)
        await pilot.resize_terminal(60, 20)
        await until(pilot, lambda: chart.size.width == 60)
        assert chart.rows == draw(chart.picture, 60, 20)


async def test_what_is_shown_is_what_was_drawn() -> None:
    async with ChartApp().run_test(size=(100, 30)) as pilot:
        chart = pilot.app.query_one(Watched)
        for count in (10, 11, 60, 100):
            chart.show(picture(count))
            drawn = ["".join(char for char, _ in row) for row in chart.rows]
            assert [chart.render_line(y).text for y in range(30)] == drawn


async def test_a_resize_redraws_the_chart() -> None:
    async with ChartApp().run_test(size=(100, 30)) as pilot:
        chart = pilot.app.query_one(Watched)
        chart.show(picture(100))
        await pilot.resize_terminal(60, 20)
        await until(pilot, lambda: chart.size.width == 60)
        assert len(chart.rows) == 20
        assert {len(row) for row in chart.rows} == {60}


async def test_an_idle_run_screen_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with run_screen(FakeDriver(whole_run(SPEC))) as (screen, pilot):
        await all_drawn(screen, pilot)
        polls = count_polls(screen, monkeypatch)
        await until(pilot, lambda: polls() >= 2)  # what the last event changed is written by then
        written = count_writes(screen.app, monkeypatch)
        before = polls()
        await until(pilot, lambda: polls() >= before + 4)
        assert written() == 0


async def test_a_growing_run_writes_little(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = FakeDriver()
    async with run_screen(driver) as (screen, pilot):
        driver.tell(started(SPEC), *curve(SPEC, 40))
        await all_drawn(screen, pilot)
        written = count_writes(screen.app, monkeypatch)
        driver.tell(*curve(SPEC)[40:45])
        await all_drawn(screen, pilot)
        assert 0 < written() < 1500


def count_writes(app: App[Any], monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """The number of characters that the app hands to its terminal from now on."""
    total, changes = 0, ChangedCells()

    def display(screen: Screen[Any], update: CompositorUpdate | None) -> None:
        nonlocal total
        if update is not None:
            total += len(changes.only(update, app.size).render_segments(app.console))

    monkeypatch.setattr(app, "_display", display)
    return lambda: total


def count_polls(screen: RunScreen, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """The number of times that the screen polls its driver from now on."""
    polls = 0
    poll = screen.model.poll

    def counted() -> bool:
        nonlocal polls
        polls += 1
        return poll()

    monkeypatch.setattr(screen.model, "poll", counted)
    return lambda: polls


async def test_without_colour_the_boundaries_can_be_distinguished(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with run_screen(FakeDriver(whole_run(SPEC))) as (screen, pilot):
        await all_drawn(screen, pilot)
        strips = screen._compositor.render_strips()
        for strip in strips:
            for segment in strip:
                style = segment.style
                assert style is None or style.color is None or style.color.is_default
                assert style is None or style.bgcolor is None or style.bgcolor.is_default
        text = "\n".join(strip.text for strip in strips)
        assert "▸start" in text
        assert "┃" in text  # the answer
        assert "▼3.20e-03" in text
        assert "┊" in text  # the boundary that is not active


async def test_two_changes_that_are_far_apart_in_a_row_are_two_regions() -> None:
    async with ChartApp().run_test(size=(100, 30)) as pilot:
        chart = pilot.app.query_one(Watched)
        chart.show(picture(100, (Mark(1e-6, "a", "active"), Mark(1.0, "b", "bound"))))
        await pilot.pause()
        chart.regions.clear()
        chart.show(picture(100, (Mark(2e-6, "a", "active"), Mark(2.0, "b", "bound"))))
        labels = [region for region in chart.regions if region.y == 1]
        assert len(labels) == 2
        assert sum(region.area for region in labels) < 20


async def test_a_chart_for_a_terminal_without_unicode_is_all_ascii() -> None:
    async with ChartApp().run_test(size=(100, 30)) as pilot:
        chart = pilot.app.query_one(Watched)
        chart.ascii = True
        chart.show(picture(100, (Mark(1e-3, "▸end", "active"),)))
        await pilot.pause()
        assert all(chart.render_line(y).text.isascii() for y in range(30))
        assert ">end" in chart.render_line(1).text


async def test_every_role_has_a_look_of_its_own_or_is_quiet() -> None:
    async with ChartApp().run_test(size=(100, 30)) as pilot:
        chart = pilot.app.query_one(Watched)
        runs = [chart.get_component_rich_style(f"chart--{role}").color for role in RUN_ROLES]
        assert len(set(runs)) == len(RUN_ROLES)
        for role in ("answer", "active", "trend"):
            assert chart.get_component_rich_style(f"chart--{role}").bold
        for role in ("batch", "repeat", "band"):
            assert chart.get_component_rich_style(f"chart--{role}").dim
