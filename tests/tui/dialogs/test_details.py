"""The details dialog: every reason, every rule, and lines of code."""

import msgspec
import pytest
from textual.pilot import Pilot

from lrtui.analysis.answer import Plan
from lrtui.events import Ended, Suggested
from lrtui.spec import Choice, RunSpec
from lrtui.tui.run.screen import RunScreen
from lrtui.tui.widgets.quiet import Quiet
from tests.tui.doubles import DIGEST, SPEC, FakeDriver, answer, curve, started, whole_run
from tests.tui.helpers import all_drawn, run_screen, screen_text, until

SGD = msgspec.structs.replace(SPEC, optimizer=Choice("torch.optim:SGD", {"momentum": 0.9}))
RULES = {"steepest": 1e-3, "valley": 2e-3, "slide": None}


def finished(suggested: Suggested, spec: RunSpec = SGD) -> FakeDriver:
    ended = Ended(status="completed", reason="all", seconds=1)
    return FakeDriver([started(spec), *curve(spec), suggested, ended])


async def opened(screen: RunScreen, pilot: Pilot[None]) -> str:
    """Open the page; all of its text, whether it is in sight or not."""
    await all_drawn(screen, pilot)
    await pilot.press("i")
    await until(pilot, lambda: screen.app.screen is not screen)
    return "\n".join(str(part.render()) for part in screen.app.screen.query("Static, Hanging"))


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (200, 50)])
async def test_i_opens_reasons_advice_rules_and_code(size: tuple[int, int]) -> None:
    suggested = msgspec.structs.replace(answer(), suggestions=RULES)
    async with run_screen(finished(suggested), SGD, size=size) as (screen, pilot):
        text = await opened(screen, pilot)
        for words in (
            "3.20e-03",
            "steepest where the repeats agree",
            "confirm it",
            "valley centre",
        ):
            assert words in text
        assert "what the published rules suggest" in text
        assert "1.00e-03  steepest" in text
        assert "–  slide" in text
        assert "torch.optim.SGD(model.parameters(), lr=0.0032, momentum=0.9)" in text
        assert "3.20e-03" in screen_text(screen.app)
        await pilot.press("escape")
        await until(pilot, lambda: screen.app.screen is screen)


async def test_the_code_has_the_moved_boundaries_and_a_digit_copies_its_line() -> None:
    suggested = msgspec.structs.replace(answer(), by_schedule={"one-cycle": 0.012})
    async with run_screen(finished(suggested), SGD) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("e", "shift+left")
        end = f"{screen.model.boundaries.end:.3g}"
        assert end != "0.2"
        text = await opened(screen, pilot)
        assert f"max_lr={end}" in text
        await pilot.press("1")
        assert (
            screen.app.clipboard
            == "optimizer = torch.optim.SGD(model.parameters(), lr=0.0032, momentum=0.9)"
        )
        await pilot.press("2")
        assert "OneCycleLR(optimizer, max_lr=0.012," in screen.app.clipboard
        await pilot.press("3")
        assert "CyclicLR(optimizer, base_lr=0.0002, max_lr=" + end in screen.app.clipboard


async def test_the_code_of_the_plan_comes_first_and_is_copied_whole() -> None:
    plan = Plan(schedule="cosine", steps=3000, warmup=200)
    suggested = answer(schedule="cosine", steps=3000)
    ended = Ended(status="completed", reason="all", seconds=1)
    driver = FakeDriver([started(SGD, plan=plan), *curve(SGD), suggested, ended])
    async with run_screen(driver, SGD) as (screen, pilot):
        page = await opened(screen, pilot)
        assert "3.20e-03 · cosine · 3,000 steps, 200 of them warm-up" in page
        await pilot.press("1")
        lines = screen.app.clipboard.split("\n")
        assert "lr=0.0032" in lines[0]
        assert "total_iters=200" in lines[1]
        assert "T_max=2800" in lines[2]
        assert "milestones=[200]" in lines[3]


async def test_without_an_answer_there_is_no_constant_rate_to_copy() -> None:
    none = answer(
        lr=None,
        low=None,
        high=None,
        verdict="still_falling",
        reason="it fell",
        advice="Raise end_lr to 1e3.",
    )
    async with run_screen(finished(none), SGD) as (screen, pilot):
        await all_drawn(screen, pilot)
        text = screen_text(screen.app)
        assert "still falling: it fell" in text
        assert "Raise end_lr to 1e3." in str(screen.query_one("#panel", Quiet).shown)
        assert " none " in text
        page = await opened(screen, pilot)
        assert "lr=0" not in page.replace("max_lr=0", "").replace("base_lr=0", "")
        assert "Raise end_lr to 1e3." in page
        assert "CyclicLR" not in page
        await pilot.press("escape", "e", "left")
        page = await opened(screen, pilot)
        assert "CyclicLR" in page  # the person chose the boundaries


async def test_the_page_can_be_read_to_its_end_at_80_by_24() -> None:
    suggested = msgspec.structs.replace(answer(), suggestions={f"rule{n}": 1e-3 for n in range(20)})
    async with run_screen(finished(suggested), SGD, size=(80, 24)) as (screen, pilot):
        await opened(screen, pilot)
        for _ in range(60):
            await pilot.press("down")
        await until(pilot, lambda: "rule19" in screen_text(screen.app))


async def test_before_an_answer_i_opens_nothing() -> None:
    driver = FakeDriver()
    async with run_screen(driver) as (screen, pilot):
        driver.tell(started(SPEC), *curve(SPEC, 5))
        await all_drawn(screen, pilot)
        await pilot.press("i")
        assert screen.app.screen is screen


@pytest.mark.parametrize("size", [(60, 18), (80, 24)])
async def test_the_answer_and_the_next_step_are_two_lines_where_there_is_no_room_for_a_panel(
    size: tuple[int, int],
) -> None:
    async with run_screen(FakeDriver(whole_run(SPEC)), size=size) as (screen, pilot):
        await all_drawn(screen, pilot)
        text = screen_text(screen.app)
        assert " 3.20e-03   good 1.10e-03 … 7.90e-03  ●●●○" in text
        assert "▸ c race it: 1,200 steps" in text


async def test_a_rules_explanation_wraps_below_itself_and_is_not_cut() -> None:
    suggested = msgspec.structs.replace(answer(), suggestions={"valley": 1e-3})
    async with run_screen(finished(suggested), SGD, size=(80, 40)) as (screen, pilot):
        await opened(screen, pilot)
        lines = screen_text(screen.app).split("\n")
        (first,) = [index for index, line in enumerate(lines) if "1.00e-03  valley" in line]
        column = lines[first].index("Half-way")
        assert lines[first + 1][column - 2 : column] == "  "
        assert lines[first + 1][column] != " "
        assert "gaps." in " ".join(lines[first : first + 4])


async def test_the_digest_of_the_model_is_here() -> None:
    async with run_screen(finished(answer()), SGD) as (screen, pilot):
        assert f"digest {DIGEST}" in await opened(screen, pilot)
