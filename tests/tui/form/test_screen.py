"""The form: what it lists, which errors it marks, which spec it makes."""

from pathlib import Path

import msgspec
import pytest

from lrtui.catalog.offers import Offer, Role
from lrtui.events import Ended
from lrtui.protocol import Described
from lrtui.spec import Choice, PlanSpec, RunSpec
from lrtui.tui.dialogs.ask import Ask
from lrtui.tui.form.state import FormState
from lrtui.tui.run.screen import RunScreen
from tests.tui.doubles import SPEC, FakeSession, whole_run
from tests.tui.form.finding import (
    body,
    cursor,
    form,
    go_to,
    is_shown,
    listed,
    lookup,
    notes,
    open_fold,
    outlook,
    shown_paths,
    spec,
    type_into,
)
from tests.tui.helpers import box, mark, screen_text, screen_words, setup_screen, until


class SilentSession(FakeSession):
    """Does not answer what these modules offer."""

    def __init__(self, *silent: str, warm: bool = True) -> None:
        super().__init__(warm=warm)
        self.silent = silent
        self.asked: list[tuple[Role, str]] = []

    def describe(self, role: Role, where: str) -> None:
        self.asked.append((role, where))
        if where not in self.silent:
            super().describe(role, where)


async def test_one_enter_runs_the_default() -> None:
    session = FakeSession()
    async with setup_screen(session) as (screen, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(screen.app.screen, RunScreen))
        assert session.drivers[0].specs == [RunSpec()]


async def test_enter_works_before_the_worker_is_warm() -> None:
    session = SilentSession("torch.optim", "torch.nn", warm=False)
    async with setup_screen(session) as (screen, pilot):
        assert "loading torch" in screen_text(screen.app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(screen.app.screen, RunScreen))
        assert session.drivers[0].specs == [RunSpec()]


async def test_fields_are_read_from_the_signatures() -> None:
    async with setup_screen(size=(100, 70)) as (screen, pilot):
        for fold in ("model", "optimizer", "settings"):
            await open_fold(screen, pilot, fold)
        text = screen_text(screen.app)
        for name in (
            "width",
            "betas",
            "weight_decay",
            "start_lr",
            "batch_size",
            "seed",
            "precision",
        ):
            assert name in text
        assert box(screen, "optimizer.betas").text == "0.9, 0.999"
        assert box(screen, "optimizer.amsgrad").text == "false"
        assert box(screen, "optimizer.foreach").text == "none"


async def test_the_typed_values_are_run() -> None:
    session = FakeSession()
    async with setup_screen(session, SPEC) as (screen, pilot):
        go_to(screen, "range.end_lr")
        await pilot.press("end", "backspace", "backspace", "2")
        go_to(screen, "optimizer.weight_decay")
        await pilot.press("end", "5")
        go_to(screen, "optimizer.amsgrad")
        await pilot.press("space")
        go_to(screen, "range.mode")
        await pilot.press("l")
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(screen.app.screen, RunScreen))
        run = session.drivers[0].specs[0]
        assert run.range.end_lr == 2
        assert run.range.mode == "linear"
        assert run.optimizer == Choice(
            "torch.optim:AdamW", {"weight_decay": 0.015, "amsgrad": True}
        )


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("range.start_lr", "abc", "expected a number, got 'abc'"),
        ("range.start_lr", "0", "must be above 0 in exp mode"),
        ("range.end_lr", "1e-9", "must be above start_lr"),
        ("range.num_iter", "1", "at least 2"),
        ("range.num_iter", "ten", "expected a whole number"),
        ("range.num_iter", "", "expected a whole number"),
        ("loader.batch_size", "-1", "must not be negative"),
        ("seed", "-1", "must be in"),
        ("optimizer.betas", "0.9", "2 numbers"),
        ("optimizer.weight_decay", "much", "expected a number, got 'much'"),
        ("model.width", "1.5", "expected a whole number"),
    ],
)
async def test_wrong_input_is_marked_at_its_field_and_not_run(
    path: str, text: str, words: str
) -> None:
    session = FakeSession()
    async with setup_screen(session) as (screen, pilot):
        type_into(screen, path, text)
        await until(pilot, lambda: bool(mark(screen, path)))
        assert words in mark(screen, path)
        assert path in screen_text(
            screen.app
        )  # the line beside the run button, visible from everywhere
        await pilot.press("f5")
        assert not session.drivers
        assert cursor(screen) == path
        type_into(screen, path, "0.5, 0.6" if "betas" in path else "5")
        await until(pilot, lambda: not mark(screen, path))


@pytest.mark.parametrize(
    ("role", "target", "words"),
    [
        ("model", "nowhere/net.py:Net", "nowhere/net.py: no such file"),
        ("model", "net", "expected where:what"),
        ("model", "sample_models/cnn.py:SmalCNN", "did you mean 'SmallCNN'"),
        ("data", "lrtui:digit", "did you mean 'digits'"),
        ("optimizer", "torch.optim:AdamQ", "did you mean"),
        ("optimizer", "no.such.module:Adam", "no module named 'no.such.module'"),
        ("loss", "whatever", "expected where:what"),
    ],
)
async def test_an_unknown_target_is_reported(role: str, target: str, words: str) -> None:
    session = FakeSession()
    async with setup_screen(session, size=(160, 50)) as (screen, pilot):
        type_into(screen, role, target)
        await until(pilot, lambda: words in screen_words(screen.app))
        await pilot.press("f5")
        assert not session.drivers


async def test_a_file_that_does_not_parse_is_reported_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("def net(:\n    pass\n")
    async with setup_screen() as (screen, pilot):
        type_into(screen, "model", f"{tmp_path}/net.py:net")
        await until(
            pilot, lambda: any("net.py:1" in problem.message for problem in form(screen).problems)
        )


async def test_a_file_is_parsed_not_run(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "raise SystemExit('run!')\ndef net(width: int, depth: int = 3):\n    '''Makes a net.'''\n"
    )
    async with setup_screen() as (screen, pilot):
        type_into(screen, "model", f"{tmp_path}/net.py:net")
        await until(pilot, lambda: is_shown(screen, "model.width"))
        await pilot.press("escape")
        assert "Makes a net." in screen_text(screen.app)
        await until(
            pilot,
            lambda: (
                "required" in mark(screen, "model.width")
                or "expected" in mark(screen, "model.width")
            ),
        )
        type_into(screen, "model.width", "4")
        await until(pilot, lambda: not form(screen).problems)
        assert spec(screen).model.args == {"width": 4}


async def test_a_default_that_is_not_plain_data_is_left_to_the_module(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "import torch\ndef net(width: int = 4, act: type = torch.nn.ReLU):\n    pass\n"
    )
    async with setup_screen() as (screen, pilot):
        type_into(screen, "model", f"{tmp_path}/net.py:net")
        await until(pilot, lambda: is_shown(screen, "model.act"))
        await pilot.press("escape")
        assert box(screen, "model.act").text == ""
        assert "ReLU" in screen_text(screen.app)
        await until(pilot, lambda: screen.spec is not None and screen.spec.model.args == {})


async def test_enter_lists_and_picks_a_sample_model() -> None:
    async with setup_screen() as (screen, pilot):
        type_into(screen, "model", "")
        await pilot.press(*"mlp")
        assert listed(screen)
        assert all("mlp" in text.lower() for text in listed(screen))
        assert listed(screen)[0] in screen_text(screen.app)
        await pilot.press("enter")
        assert box(screen, "model").text.startswith("sample_models/mlp.py:")
        await until(pilot, lambda: not listed(screen))
        await until(pilot, lambda: lookup(screen, "model").state == "known")


async def test_enter_on_a_complete_target_lists_the_others_too() -> None:
    async with setup_screen() as (screen, pilot):
        go_to(screen, "model")
        await pilot.press("enter")
        assert listed(screen)[0] == "sample_models/cnn.py:SmallCNN"
        assert any("mlp.py" in text for text in listed(screen))
        await pilot.press("escape")
        assert not listed(screen)
        assert cursor(screen) == "model"


async def test_a_list_opens_when_the_worker_answers() -> None:
    session = SilentSession("torchvision")
    async with setup_screen(session) as (screen, pilot):
        type_into(screen, "data", "torchvision:")
        await until(pilot, lambda: ("data", "torchvision") in session.asked)
        offer = Offer(target="torchvision:FakeData", summary="Random images.")
        session.described["data", "torchvision"] = Described(
            role="data", where="torchvision", offers=(offer,)
        )
        await until(pilot, lambda: listed(screen) == ["torchvision:FakeData"])
        await pilot.press("enter")
        assert box(screen, "data").text == "torchvision:FakeData"
        await until(pilot, lambda: lookup(screen, "data").state == "known")


async def test_paths_complete_folder_by_folder_down_to_what_a_file_offers(tmp_path: Path) -> None:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "good.py").write_text("def build(width: int = 8):\n    return None\n")
    (tmp_path / "notes.txt").write_text("")
    async with setup_screen() as (screen, pilot):
        type_into(screen, "model", f"{tmp_path}/n")
        await until(pilot, lambda: listed(screen) == [f"{tmp_path}/nets/"])
        await pilot.press("enter")
        await until(pilot, lambda: notes(screen) == ["Python file"])
        await pilot.press("enter")
        await until(pilot, lambda: listed(screen) == [f"{tmp_path}/nets/good.py:build"])
        await pilot.press("enter")
        assert box(screen, "model").text == f"{tmp_path}/nets/good.py:build"
        await until(pilot, lambda: is_shown(screen, "model.width"))


async def test_typed_arguments_are_back_when_an_optimizer_is_picked_again() -> None:
    async with setup_screen() as (screen, pilot):
        type_into(screen, "optimizer.weight_decay", "0.3")
        type_into(screen, "optimizer", "torch.optim:SGD")
        await until(pilot, lambda: is_shown(screen, "optimizer.momentum"))
        await until(pilot, lambda: spec(screen).optimizer == Choice("torch.optim:SGD"))
        type_into(screen, "optimizer", "torch.optim:AdamW")
        await until(pilot, lambda: is_shown(screen, "optimizer.betas"))
        assert box(screen, "optimizer.weight_decay").text == "0.3"


async def test_a_given_spec_fills_the_form_and_folded_settings_survive() -> None:
    given = msgspec.structs.replace(
        RunSpec(),
        optimizer=Choice("torch.optim:SGD", {"momentum": 0.9}),
        metric=Choice("torch.nn:Thing"),
        range=msgspec.structs.replace(RunSpec().range, warmup=7, end_lr=3.0),
    )
    async with setup_screen(spec=given) as (screen, pilot):
        assert box(screen, "optimizer.momentum").text == "0.9"
        assert box(screen, "range.end_lr").text == "3"
        await until(pilot, lambda: screen.spec == given)


async def test_escape_comes_back_from_a_failed_run_with_every_value_kept() -> None:
    session = FakeSession()
    async with setup_screen(session) as (screen, pilot):
        type_into(screen, "range.num_iter", "37")
        await pilot.pause()
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(screen.app.screen, RunScreen))
        session.drivers[0].tell(
            Ended(status="failed", phase="data", reason="data.py: no such file", seconds=0)
        )
        await until(pilot, lambda: "no such file" in screen_words(screen.app))
        await pilot.press("escape")
        await until(pilot, lambda: screen.app.screen is screen)
        assert box(screen, "range.num_iter").text == "37"
        assert session.drivers[0].asked[-1] == "close"
        await pilot.press("f5")
        await until(pilot, lambda: len(session.drivers) == 2)
        assert session.drivers[1].specs[0].range.num_iter == 37


async def test_leaving_a_running_test_asks_first() -> None:
    session = FakeSession()
    async with setup_screen(session) as (screen, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(screen.app.screen, RunScreen))
        run = screen.app.screen
        session.drivers[0].tell(*whole_run(RunSpec())[:20])
        await until(pilot, lambda: "19/400" in screen_text(screen.app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(screen.app.screen, Ask))
        await pilot.press("escape")
        await until(pilot, lambda: screen.app.screen is run)
        await pilot.press("escape", "enter")
        await until(pilot, lambda: screen.app.screen is screen)
        assert session.drivers[0].asked[-1] == "close"


async def test_a_problem_of_the_worker_is_shown() -> None:
    session = FakeSession()
    session.problem = "no worker can be started: [/] \x1b[2J"
    async with setup_screen(session) as (screen, pilot):
        await until(pilot, lambda: "no worker can be started: [/]" in screen_words(screen.app))
        assert "\x1b" not in screen_text(screen.app)


@pytest.mark.parametrize(
    "text",
    ["[/]", "[bold", "\x1b[2J", "a\x00b:c", "/etc/shadow:x", "~nobody/x.py:y", ":" * 9, "/" * 300],
)
async def test_hostile_text_in_a_target_breaks_nothing(text: str) -> None:
    async with setup_screen() as (screen, pilot):
        type_into(screen, "model", text)
        await pilot.press("enter", "escape", "escape")
        await until(pilot, lambda: bool(form(screen).problems))
        assert "\x1b" not in screen_text(screen.app)


async def test_hostile_text_in_a_field_breaks_nothing() -> None:
    session = FakeSession()
    async with setup_screen(session, size=(160, 50)) as (screen, pilot):
        type_into(screen, "optimizer.weight_decay", "[/] \x1b[2J")
        await until(pilot, lambda: bool(mark(screen, "optimizer.weight_decay")))
        assert "\x1b" not in screen_text(screen.app)


async def test_tab_reaches_every_field_and_starts_over() -> None:
    async with setup_screen(size=(80, 24)) as (screen, pilot):
        seen: list[str] = []
        while cursor(screen) not in seen:
            seen.append(cursor(screen))
            await pilot.press("tab")
        for path in ("model", "data", "optimizer.weight_decay", "range.num_iter"):
            assert path in seen
        assert {*shown_paths(screen), "run"} == {*seen}


async def test_down_moves_to_the_next_field() -> None:
    async with setup_screen(size=(80, 24)) as (screen, pilot):
        go_to(screen, "range.start_lr")
        await pilot.press("down")
        assert cursor(screen) == "range.end_lr"


async def test_the_focused_field_is_explained_and_visible() -> None:
    async with setup_screen(size=(80, 24)) as (screen, pilot):
        go_to(screen, "loader.workers")
        await until(pilot, lambda: "processes that load batches" in screen_text(screen.app))
        await until(pilot, lambda: "workers" in screen_text(screen.app).rpartition("processes")[0])
        assert "run" in screen_text(screen.app)


async def test_q_typed_into_a_field_is_a_letter_and_escape_then_q_leaves() -> None:
    async with setup_screen() as (screen, pilot):
        app = screen.app
        go_to(screen, "range.end_lr")
        await pilot.press("q")
        assert "q" in box(screen, "range.end_lr").text
        await pilot.press("escape")
        assert cursor(screen) == "run"
        await pilot.press("q")
    assert app.return_code == 0


async def test_the_devices_of_the_machine_are_offered() -> None:
    async with setup_screen() as (screen, pilot):
        go_to(screen, "device")
        await until(pilot, lambda: "cuda:0" in body(screen).controls.choices)
        await pilot.press("right", "right")
        await until(pilot, lambda: screen.spec is not None and screen.spec.device == "cuda:0")


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (200, 50), (60, 18)])
async def test_the_run_button_is_on_the_screen_at_every_size(size: tuple[int, int]) -> None:
    async with setup_screen(size=size) as (screen, _):
        region = screen.query_one("#run").region
        assert region.bottom <= size[1]
        assert region.height == 1


async def test_the_first_texts_of_the_fields_are_no_edits(monkeypatch: pytest.MonkeyPatch) -> None:
    edits: list[str] = []
    monkeypatch.setattr(FormState, "set", lambda state, path, text: edits.append(path))
    monkeypatch.setattr(FormState, "set_arg", lambda state, role, name, text: edits.append(name))
    async with setup_screen() as (screen, pilot):
        await pilot.pause()
        assert edits == []
        type_into(screen, "range.num_iter", "7")
        await until(pilot, lambda: edits == ["range.num_iter"])


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (200, 50)])
async def test_the_plan_is_a_sentence_that_follows_its_fields(size: tuple[int, int]) -> None:
    async with setup_screen(size=size) as (screen, pilot):
        assert "a constant rate, for about 300 steps" in outlook(screen)
        go_to(screen, "plan.schedule")
        await until(
            pilot,
            lambda: "the answer is the peak of one-cycle or cosine" in screen_words(screen.app),
        )
        await pilot.press("space")
        type_into(screen, "plan.epochs", "10")
        type_into(screen, "plan.warmup", "200")
        sentence = "the peak of one-cycle after 200 steps of warm-up, for 10 epochs of training"
        assert sentence in outlook(screen)
        plan = PlanSpec(schedule="one-cycle", epochs=10, warmup=200)
        assert spec(screen) == RunSpec(plan=plan)


async def test_steps_beside_epochs_are_an_error_at_the_epochs() -> None:
    async with setup_screen(size=(100, 60)) as (screen, pilot):
        type_into(screen, "plan.steps", "100")
        type_into(screen, "plan.epochs", "10")
        message = "steps (100) are given too: give one of them"
        await until(pilot, lambda: mark(screen, "plan.epochs") == message)
