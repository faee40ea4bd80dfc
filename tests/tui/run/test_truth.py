"""What the eye reads is what is true: the bold line, the answer, the failure, the next step."""

import math
import random
from collections.abc import Iterator

import msgspec
import pytest

from lrtui.analysis.answer import Verdict
from lrtui.events import Ended, Event, Extended, FailurePlace, Step
from lrtui.spec import RangeSpec, RunSpec
from lrtui.tui.chart.plotting import draw
from lrtui.tui.chart.widget import Chart
from lrtui.tui.run.curve_view import CurveView
from lrtui.tui.run.model import RunModel
from lrtui.tui.run.next_step import next_steps
from lrtui.tui.run.pictures import run_picture
from lrtui.tui.run.status import status
from lrtui.tui.widgets.quiet import Quiet
from tests.tui.doubles import LOG, FakeDriver, answer, curve, race_end, started, trial
from tests.tui.helpers import all_drawn, run_screen, screen_text, screen_words, until

RAMP = RangeSpec(start_lr=1e-7, end_lr=10.0, num_iter=400)
SPEC = RunSpec(range=RAMP)
REPEATS = RunSpec(range=msgspec.structs.replace(RAMP, repeats=3))
DIVERGED = Ended(status="diverged", reason="the loss diverged at lr 4.10e+00", seconds=26.0)
COMPLETED = Ended(status="completed", reason="all 400 iterations ran", seconds=26.0)
HALF = -2.5  # log10 of the rate at half of the fall of `noisy`


def noisy(spec: RunSpec = SPEC, count: int | None = None, repeat: int = 0) -> Iterator[Step]:
    """The textbook curve with noise, and the exponential average that torch_lr_finder keeps."""
    random_state = random.Random(repeat)
    average = math.nan
    for step in curve(spec, count, repeat):
        raw = (step.loss or 0.0) + random_state.gauss(0, 0.1)
        average = raw if math.isnan(average) else 0.05 * raw + 0.95 * average
        yield msgspec.structs.replace(step, raw_loss=raw, loss=average)


def polled(*events: Event, spec: RunSpec = SPEC) -> RunModel:
    """A model that has taken in these events."""
    model = RunModel(FakeDriver([started(spec, momentum=0.9), *events]), spec)
    model.poll()
    return model


def bold_line(model: RunModel) -> list[tuple[float, float]]:
    """Rates and losses of the line that is drawn in front."""
    line = [curve for curve in run_picture(model).curves if curve.role == "trend"][-1].line
    assert isinstance(line, tuple)
    return list(zip(*line, strict=True))


def half_fall(points: list[tuple[float, float]]) -> float:
    """log10 of the first rate below half of the fall from 2.3 to 0.3."""
    return math.log10(next(lr for lr, loss in points if loss < 1.3))


def test_the_bold_line_falls_where_the_losses_fall() -> None:
    model = polled(*noisy(), answer(), DIVERGED)
    trend = half_fall(bold_line(model))
    model.view.show(model.view.display.next_line())
    assert model.view.display.line == "average"
    assert trend == pytest.approx(HALF, abs=0.1)
    assert half_fall(bold_line(model)) > HALF + 0.25  # it lags, and so is only an option


def test_the_third_line_is_the_batches_as_measured() -> None:
    model = polled(*noisy(), answer(), DIVERGED)
    for _ in range(2):
        model.view.show(model.view.display.next_line())
    assert [loss for _, loss in bold_line(model)] == [step.raw_loss for step in noisy()]


def test_repeats_are_a_band_around_their_common_trend() -> None:
    steps = [step for repeat in range(3) for step in noisy(REPEATS, repeat=repeat)]
    picture = run_picture(polled(*steps, answer(), DIVERGED, spec=REPEATS))
    assert picture.band is not None
    lrs, lows, highs = picture.band
    inside = 0
    trend = dict(bold_line(polled(*steps, answer(), DIVERGED, spec=REPEATS)))
    for lr, low, high in zip(lrs, lows, highs, strict=True):
        assert low <= high
        inside += low - 0.1 <= trend[lr] <= high + 0.1
    assert inside > 0.9 * len(lrs)


def test_a_running_test_shows_a_rate_as_soon_as_its_curve_justifies_one() -> None:
    early = polled(*noisy(count=150))
    late = polled(*noisy(count=380))
    assert early.view.trends is not None
    assert late.view.trends is not None
    assert early.shown_lr is None
    assert late.shown_lr is not None
    assert late.suggestion is None  # it is not the answer yet


def test_places_where_the_loss_was_not_finite_are_marked() -> None:
    steps = list(noisy())
    steps[300] = msgspec.structs.replace(steps[300], raw_loss=None, loss=None, nonfinite="nan")
    picture = run_picture(polled(*steps, answer(), DIVERGED))
    assert picture.not_finite == (steps[300].lr,)


async def test_a_loss_that_blew_up_does_not_read_as_a_failure() -> None:
    async with run_screen(FakeDriver([started(SPEC), *noisy(), answer(), DIVERGED])) as (
        screen,
        pilot,
    ):
        await all_drawn(screen, pilot)
        text = screen_text(screen.app)
        assert "✓ done 400/400 in 0:26" in text
        assert "diverged" not in text
        assert "the loss blew up at" in text


async def test_the_answer_is_the_only_reversed_text_of_the_panel() -> None:
    async with run_screen(FakeDriver([started(SPEC), *noisy(), answer(), DIVERGED])) as (
        screen,
        pilot,
    ):
        await all_drawn(screen, pilot)
        shown = screen.query_one("#panel", Quiet).shown
        reversed_texts = []
        for span in shown.spans:
            if "reverse" in str(span.style):
                reversed_texts.append(shown.plain[span.start : span.end].strip())
        assert reversed_texts == ["3.20e-03"]


async def test_the_trials_are_under_the_curve_on_its_axis() -> None:
    events = [trial(3.2e-3, 0.4), trial(6.9e-3, 0.3), trial(1.5e-2, None)]
    driver = FakeDriver([started(SPEC), *noisy(), answer(), DIVERGED, *events])
    driver.tell(race_end("replaced", better=6.9e-3))
    async with run_screen(driver) as (screen, pilot):
        await all_drawn(screen, pilot)
        chart = screen.query_one(Chart)
        rows = ["".join(char for char, _ in row) for row in chart.rows]
        title = next(index for index, row in enumerate(rows) if "loss after 40 steps" in row)
        lane = rows[title + 1 : title + 6]
        columns = {}
        for glyph in "●○✕":
            columns[glyph] = next(row.index(glyph) for row in lane if glyph in row)
        axis = screen.model.view.axis
        for glyph, lr in (("○", 3.2e-3), ("●", 6.9e-3), ("✕", 1.5e-2)):
            assert columns[glyph] == 7 + axis.column(lr, chart.columns)
        assert f"{6.9e-3:.2e}" in str(screen.query_one("#panel", Quiet).shown)


FAILED = Ended(
    status="failed",
    reason="RuntimeError: mat1 and mat2 shapes cannot be multiplied",
    phase="training",
    seconds=3.0,
    where=FailurePlace(file="/home/me/net.py", line=42, function="forward", source="self.head(x)"),
    output=["loading weights", "shape (64, 128)"],
)


@pytest.mark.parametrize("size", [(60, 18), (80, 24), (100, 30)])
@pytest.mark.parametrize("count", [0, 40])
async def test_a_failed_run_shows_its_failure(size: tuple[int, int], count: int) -> None:
    driver = FakeDriver([started(SPEC), *noisy(count=count), FAILED])
    async with run_screen(driver, size=size) as (screen, pilot):
        await all_drawn(screen, pilot)
        text = screen_words(screen.app)
        for words in ("FAILED", "shapes cannot be multiplied", "net.py:42", "self.head(x)"):
            assert words in text
        assert "too short" not in text
        panel = str(screen.query_one("#panel", Quiet).shown)
        assert "loading weights" in panel
        assert "run again" in panel


@pytest.mark.parametrize(
    ("events", "binding"),
    [
        ([], "run.stop"),
        ([answer(), DIVERGED], "run.confirm"),
        ([answer(), DIVERGED, trial(3.2e-3, 0.4), race_end()], "run.copy"),
        ([answer(), DIVERGED, trial(3.2e-3, 0.4), race_end("open")], "run.confirm"),
        ([answer(lr=None, low=None, high=None, verdict="no_descent"), DIVERGED], "run.back"),
        ([answer(lr=None, low=None, high=None, verdict="still_falling"), COMPLETED], "run.extend"),
        ([FAILED], "run.again"),
    ],
)
def test_each_state_names_one_next_step(events: list[Event], binding: str) -> None:
    steps = list(next_steps(polled(*noisy(), *events)))
    assert steps[0].binding == binding


def test_zooming_keeps_what_the_arrows_move_in_sight() -> None:
    model = polled(*noisy(), answer(), DIVERGED)
    model.activate("end")
    for _ in range(6):
        model.zoom(1)
    assert model.view.axis.low < model.boundaries.end < model.view.axis.high
    for _ in range(200):
        model.move(-1, 60)
        assert model.view.axis.low <= model.boundaries.end <= model.view.axis.high
    for _ in range(10):
        model.zoom(-1)
    assert model.view.axis == model.state.axis


def column_width(model: RunModel) -> float:
    """log10 of the step that one key press moves a boundary by."""
    model.move(1, 60)  # onto the grid of columns
    before = model.boundaries.start
    model.move(1, 60)
    return math.log10(model.boundaries.start / before)


def test_a_zoomed_column_is_a_smaller_step() -> None:
    model = polled(*noisy(), answer(), DIVERGED)
    wide = column_width(model)
    model.zoom(1)
    model.zoom(1)
    assert wide / column_width(model) == pytest.approx(4, rel=0.05)


def test_the_crosshair_takes_the_arrows_until_a_boundary_is_chosen() -> None:
    model = polled(*noisy(), answer(), DIVERGED)
    bounds = model.bounds
    model.toggle_cross()
    assert model.pointer == ("cross", 3.2e-3)
    model.move(5, 60)
    assert model.bounds == bounds
    assert model.pointer is not None
    assert model.pointer[1] > 3.2e-3
    model.activate("start")
    assert model.pointer == ("start", model.boundaries.start)


async def test_the_line_below_the_chart_reads_the_crosshair() -> None:
    async with run_screen(FakeDriver([started(SPEC), *noisy(), answer(), DIVERGED])) as (
        screen,
        pilot,
    ):
        await all_drawn(screen, pilot)
        await pilot.press("p", "right")
        status = str(screen.query_one("#status", Quiet).shown)
        assert status.startswith("▸cross ")
        for words in ("loss ", "(batch ", "slope -", "/decade"):
            assert words in status


def test_the_dots_of_a_zoomed_view_are_thinned_on_the_visible_axis() -> None:
    view: CurveView = polled(*noisy(), answer(), DIVERGED).view
    view.zoom(3.2e-3, 8.0)
    assert view.dots[0].axis == view.axis
    assert len(view.dots[0].columns) > 20


def test_an_extended_range_goes_on_with_the_points_that_were_measured() -> None:
    falling = answer(lr=None, low=None, high=None, verdict="still_falling")
    model = polled(*noisy(), falling, COMPLETED)
    model.extend()
    assert isinstance(model.driver, FakeDriver)
    assert model.driver.asked == ["extend 100"]
    model.driver.tell(Extended(end_lr=100.0, num_iter=450, total_steps=450))
    model.poll()
    state = model.state
    assert (state.phase, state.total_steps, state.axis.high) == ("running", 450, 100.0)
    assert len(state.repeats[0].steps) == 400
    assert model.bounds is not None
    assert model.bounds.end_lr == 100.0  # nobody moved it
    assert model.view.dots[0].axis == state.axis


def test_a_range_that_cannot_be_extended_says_why() -> None:
    model = polled(*noisy(), answer(), COMPLETED)
    model.state.feed(Extended(problem="the trained state is gone"))
    assert model.state.phase == "ended"
    assert "not extended: the trained state is gone" in str(status(model, str, narrow=False))


def test_a_test_that_blew_up_is_not_extended() -> None:
    assert not polled(*noisy(), answer(), DIVERGED).can_extend
    assert polled(*noisy(count=100)).can_extend


async def test_a_click_on_the_chart_moves_what_the_arrows_move() -> None:
    async with run_screen(FakeDriver([started(SPEC), *noisy(), answer(), DIVERGED])) as (
        screen,
        pilot,
    ):
        await all_drawn(screen, pilot)
        chart = screen.query_one(Chart)
        await pilot.press("e")
        column = chart.columns - 10
        await pilot.click(Chart, offset=(7 + column, 5))
        axis = screen.model.view.axis
        assert axis.column(screen.model.boundaries.end, chart.columns) == column
        await pilot.press("p")
        await pilot.click(Chart, offset=(7 + 20, 5))
        assert screen.model.pointer is not None
        assert axis.column(screen.model.pointer[1], chart.columns) == 20
        assert axis.column(screen.model.boundaries.end, chart.columns) == column


async def test_hints_follow_remapped_keys() -> None:
    async with run_screen(FakeDriver([started(SPEC), *noisy(), answer(), DIVERGED])) as (
        screen,
        pilot,
    ):
        await all_drawn(screen, pilot)
        screen.app.set_keymap({"run.copy": "f9", "run.undo": "f8"})
        await pilot.press("z")
        text = screen_text(screen.app)
        assert "f9 copy" in text
        assert "f8 undoes" in text


async def test_a_failure_shows_the_prints_that_came_last() -> None:
    failed = msgspec.structs.replace(FAILED, output=[f"step {number}" for number in range(20)])
    for size in ((80, 24), (100, 30)):
        driver = FakeDriver([started(SPEC), *noisy(count=40), failed])
        async with run_screen(driver, size=size) as (screen, pilot):
            await all_drawn(screen, pilot)
            await until(pilot, lambda: "step 19" in screen_text(pilot.app))


async def test_the_panel_fits_a_resized_terminal_when_no_event_comes() -> None:
    driver = FakeDriver([started(SPEC), *noisy(), answer(), DIVERGED])
    async with run_screen(driver, size=(100, 30)) as (screen, pilot):
        await all_drawn(screen, pilot)
        assert "BOUNDARIES" in screen_text(screen.app)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "BOUNDARIES" not in screen_text(pilot.app))


def bold_line_in_legend(model: RunModel) -> str:
    """What the legend of the chart calls the bold line."""
    first = "".join(char for char, _ in draw(run_picture(model), 100, 30)[0])
    return first.partition("━")[2].partition("·")[0].strip()


def test_the_legend_names_the_line_that_is_drawn() -> None:
    model = polled(*noisy(), answer(), DIVERGED)
    names = []
    for _ in range(3):
        names.append(bold_line_in_legend(model))
        model.view.show(model.view.display.next_line())
    assert names == ["trend", "exponential average", "each batch"]


@pytest.mark.parametrize("verdict", ["bad_batch", "diverges_from_start"])
async def test_a_blow_up_that_says_nothing_of_rates_is_not_done(verdict: Verdict) -> None:
    spoiled = answer(lr=None, low=None, high=None, verdict=verdict)
    driver = FakeDriver([started(SPEC), *noisy(count=40), spoiled, DIVERGED])
    async with run_screen(driver) as (screen, pilot):
        await all_drawn(screen, pilot)
        text = screen_text(screen.app)
        assert "ended early 40/400" in text
        assert "as a range test wants it" not in text
        assert DIVERGED.reason in text


def test_repeats_are_not_extended() -> None:
    steps = [step for repeat in range(3) for step in noisy(REPEATS, repeat=repeat)]
    assert not polled(*steps[:500], spec=REPEATS).can_extend
    falling = answer(lr=None, low=None, high=None, verdict="still_falling")
    model = polled(*steps, falling, COMPLETED, spec=REPEATS)
    assert not model.can_extend
    assert "run.extend" not in [step.binding for step in next_steps(model)]


def test_a_running_test_that_cannot_be_extended_says_why() -> None:
    model = polled(*noisy(count=200), Extended(problem="the ramp is a staircase"))
    assert "not extended: the ramp is a staircase" in str(status(model, str, narrow=True))


def test_what_cannot_be_extended_still_says_how_it_ended() -> None:
    model = polled(*noisy(), answer(), COMPLETED)
    model.state.feed(Extended(problem="the trained state is gone"))
    assert "all 400 iterations ran" in str(status(model, str, narrow=False))


def test_the_rate_of_the_first_repeat_stays_while_the_second_begins() -> None:
    first = list(noisy(REPEATS))
    for count in (0, 40, 300):
        model = polled(*first, *noisy(REPEATS, count=count, repeat=1), spec=REPEATS)
        assert model.view.trends is not None
        assert model.shown_lr is not None


def test_a_refusal_for_left_out_points_is_undone_and_not_changed_in_the_form() -> None:
    model = polled(*noisy(), answer(), DIVERGED)
    while model.suggested_lr is not None:
        model.trim("end", 5)
    assert [step.binding for step in next_steps(model)] == ["run.undo"]


def test_a_bad_batch_is_mended_before_another_run() -> None:
    spoiled = answer(lr=None, low=None, high=None, verdict="bad_batch", advice="Look at row 3.")
    (step, *_) = next_steps(polled(*noisy(count=40), spoiled, DIVERGED))
    assert (step.binding, "Look at row 3." in step.words) == ("run.again", True)


async def test_the_prints_of_a_saved_run_are_in_its_log() -> None:
    driver = FakeDriver([started(SPEC), *noisy(), answer(), DIVERGED])
    driver.read_only = True
    async with run_screen(driver) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("o")
        await until(pilot, lambda: f"is in its log: {LOG}" in screen_text(pilot.app))


async def test_advice_that_is_too_long_for_a_narrow_screen_is_cut_with_a_mark() -> None:
    advice = "Test an untrained model, or continue training at no more than 1e-02. Or do neither."
    refusal = answer(lr=None, low=None, high=None, verdict="already_trained", advice=advice)
    driver = FakeDriver([started(SPEC), *noisy(), refusal, COMPLETED])
    async with run_screen(driver, size=(80, 24)) as (screen, pilot):
        await all_drawn(screen, pilot)
        (row,) = [row for row in screen_text(screen.app).splitlines() if "Test an" in row]
        assert row.rstrip().endswith("…")


def test_an_extension_says_what_it_costs() -> None:
    falling = answer(lr=None, low=None, high=None, verdict="still_falling")
    (step, *_) = next_steps(polled(*noisy(), falling, COMPLETED))
    assert step == ("run.extend", "go on to 1e+02: 50 steps, 0:05")


def test_a_growing_line_changes_around_its_newest_point_only() -> None:
    model = polled(*noisy(count=250))
    first = dict(bold_line(model))
    for step in list(noisy(count=300))[250:]:
        model.state.feed(step)
    second = dict(bold_line(model))
    behind = [lr for lr in first if lr < 1e-4]
    assert len(behind) > 100
    assert all(first[lr] == second[lr] for lr in behind)
    exact, newest = model.view.trends, model.state.last
    assert exact is not None
    assert newest is not None
    end = second[max(second)]
    assert max(second) == pytest.approx(newest.lr)
    assert end == pytest.approx(exact.loss.value[-1])


def test_a_rate_so_far_that_hardly_changes_stays_where_it_is() -> None:
    model = polled(*noisy(count=370))
    shown = {model.shown_lr for _ in [model.view.trends]}
    for step in list(noisy(count=390))[370:]:
        model.state.feed(step)
        assert model.view.trends is not None
        shown.add(model.shown_lr)
    assert len(shown) <= 3  # and not one for each step
