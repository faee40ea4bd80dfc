"""What a newcomer sees: few fields, what will happen, the command, the last runs."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest

from lrtui.catalog.infer import Facts
from lrtui.events import Event
from lrtui.paths import runs
from lrtui.record import from_events
from lrtui.runs.store import journal_path, record_path, save
from lrtui.spec import Choice, RunSpec
from lrtui.tui.form.page.line import width_of
from lrtui.tui.form.page.rows import FieldRow
from lrtui.tui.form.screen import SetupScreen
from lrtui.worker.journal import Journal
from tests.sample import STARTED
from tests.tui.doubles import FakeSession, race_end, trial, whole_run
from tests.tui.form.finding import (
    body,
    cursor,
    form,
    go_to,
    is_shown,
    listed,
    outlook,
    shown_paths,
    type_into,
)
from tests.tui.helpers import screen_text, screen_words, setup_screen, until

NET = "import torch.nn as nn\nclass Net(nn.Module):\n    '''My net.'''\ndef helper(x):\n    pass\n"


async def test_few_fields_are_shown_and_a_fold_names_the_others() -> None:
    async with setup_screen() as (screen, _):
        assert [path for path in shown_paths(screen) if path.startswith("optimizer")] == [
            "optimizer",
            "optimizer.betas",
            "optimizer.weight_decay",
        ]
        assert not is_shown(screen, "range.repeats")
        assert "2 more  amsgrad, foreach" in screen_text(screen.app)


async def test_an_argument_that_differs_from_its_default_stands_above_the_fold() -> None:
    given = RunSpec(optimizer=Choice("torch.optim:AdamW", {"amsgrad": True}))
    given = msgspec.structs.replace(given, range=msgspec.structs.replace(given.range, repeats=3))
    async with setup_screen(spec=given) as (screen, _):
        assert is_shown(screen, "optimizer.amsgrad")
        assert not is_shown(screen, "optimizer.foreach")
        assert is_shown(screen, "range.repeats")


@pytest.mark.parametrize("size", [(60, 18), (80, 24)])
async def test_every_short_value_is_shown_whole(size: tuple[int, int]) -> None:
    async with setup_screen(size=size) as (screen, pilot):
        for path, text in (("optimizer.weight_decay", "0.01"), ("optimizer.betas", "0.9, 0.999")):
            go_to(screen, path)
            await pilot.pause()
            row = next(
                line
                for line in screen_text(screen.app).splitlines()
                if path.partition(".")[2] in line
            )
            assert text in row


@pytest.mark.parametrize("size", [(60, 18), (80, 24)])
async def test_a_long_value_is_cut_with_a_mark_and_whole_on_the_line_of_help(
    size: tuple[int, int], tmp_path: Path
) -> None:
    folder = tmp_path / "a-folder-with-a-long-name" / "of-images"
    given = RunSpec(data=Choice("lrtui:images", {"root": str(folder)}))
    async with setup_screen(spec=given, size=size) as (screen, pilot):
        await until(pilot, lambda: is_shown(screen, "data.root"))
        row = next(line for line in screen_text(screen.app).splitlines() if "root *" in line)
        assert "…" in row
        go_to(screen, "data.root")
        await pilot.pause()
        await until(pilot, lambda: f"{folder}·root:" in "".join(screen_text(screen.app).split()))
        for line in screen_text(screen.app).splitlines():
            if "root *" in line:
                assert "…" in line  # the end is in sight, with the cursor


async def test_a_field_says_that_the_picked_model_changed_it_and_why() -> None:
    async with setup_screen() as (screen, pilot):
        type_into(screen, "model", "sample_models/loss_inside.py:CharModelWithLoss")
        await pilot.press("escape")
        await until(
            pilot, lambda: "was auto: the SPEC in loss_inside.py" in screen_text(screen.app)
        )
        rows = [row.key or getattr(row, "text", "") for row in body(screen).view.rows]
        assert rows[rows.index("loss") + 1] == "was auto: the SPEC in loss_inside.py sets it"
        assert "was 64: the SPEC in loss_inside.py sets it" in rows
        type_into(screen, "loss", "auto")
        await pilot.press("escape")
        await until(pilot, lambda: "was auto" not in screen_text(screen.app))


async def test_auto_says_which_loss_fits_the_data_and_why() -> None:
    session = FakeSession()
    session.facts["lrtui:digits"] = Facts(inputs=(1, 8, 8), classes=10)
    async with setup_screen(session, size=(140, 30)) as (screen, pilot):
        await until(pilot, lambda: "cross entropy, because" in screen_words(screen.app))
        assert "the targets are class labels" in screen_words(screen.app)


async def test_the_models_of_the_working_directory_come_before_the_sample_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").write_text(NET)
    (tmp_path / "tools.py").write_text("def helper(x):\n    pass\n")
    (tmp_path / "broken.py").write_text("def (:\n")
    monkeypatch.chdir(tmp_path)
    async with setup_screen() as (screen, pilot):
        go_to(screen, "model")
        await pilot.press("enter")
        await until(pilot, lambda: bool(listed(screen)))
        assert listed(screen)[:2] == ["sample_models/cnn.py:SmallCNN", "mine.py:Net"]
        assert listed(screen)[2].startswith("sample_models/")
        type_into(screen, "model", "")
        assert listed(screen)[0] == "mine.py:Net"


async def test_what_will_happen_follows_the_fields() -> None:
    async with setup_screen() as (screen, _):
        assert "400 iterations, lr 1e-07 … 10" in outlook(screen)
        assert "cuda:0" in outlook(screen)
        type_into(screen, "range.num_iter", "300")
        type_into(screen, "range.repeats", "3")
        type_into(screen, "device", "cpu")
        assert "3 repeats of 300 iterations" in outlook(screen)
        assert "lrtui run --num-iter 300 --repeats 3 --device cpu" in outlook(screen)
        type_into(screen, "range.num_iter", "many")
        assert "correct the fields that are marked" in outlook(screen)
        assert all(width_of(line) <= 30 for line in body(screen).view.outlook.lines(30))


@pytest.mark.parametrize(("size", "beside"), [((80, 24), True), ((79, 24), False)])
async def test_what_will_happen_stands_beside_the_fields_from_80_columns_on(
    size: tuple[int, int], beside: bool
) -> None:
    async with setup_screen(size=size) as (screen, pilot):
        assert ("what will happen" in screen_text(screen.app)) is beside
        await pilot.press("up")  # to the last row
        await until(pilot, lambda: "what will happen" in screen_text(screen.app))


async def test_the_command_is_copied_by_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    async with setup_screen(spec=RunSpec(seed=3)) as (screen, pilot):
        copied: list[str] = []
        monkeypatch.setattr(screen.app, "copy_to_clipboard", copied.append)
        await pilot.press("f6")
        await until(pilot, lambda: copied == ["lrtui run --seed 3"])


async def test_the_last_runs_are_listed_with_their_rates_and_time_the_next() -> None:
    save_run()
    (runs() / "0BROKEN.json").write_text("{")
    async with setup_screen() as (screen, pilot):
        await until(pilot, lambda: "last runs" in screen_text(screen.app))
        assert "3.2e-03  SmallCNN digits AdamW" in outlook(screen)
        assert "about 10 s, at the speed of the last such run" in outlook(screen)
        assert "parameters  5,018" in outlook(screen)
        type_into(screen, "loader.batch_size", "32")
        assert "last such run" not in outlook(screen)
        assert "parameters  5,018" in outlook(screen)
        type_into(screen, "model.width", "32")
        assert "5,018" not in outlook(screen)  # another model


async def test_the_last_runs_have_the_rate_that_won_the_race() -> None:
    save_run(trial(3.2e-3, 0.4), race_end("replaced", better=9.6e-3))
    async with setup_screen() as (screen, pilot):
        await until(pilot, lambda: "last runs" in screen_text(screen.app))
        assert "9.6e-03  SmallCNN digits AdamW" in outlook(screen)


async def test_a_run_that_goes_on_elsewhere_is_offered_until_it_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lrtui.tui.form.body._LOOK_AGAIN_SECONDS", 0.05)
    journal = Journal(journal_path(STARTED.id))
    journal.append(STARTED)
    async with setup_screen() as (screen, pilot):
        await until(pilot, lambda: "a run goes on: h shows it" in screen_text(screen.app))
        journal.close(discard=True)
        await until(pilot, lambda: "goes on" not in screen_text(screen.app))


async def test_a_folder_of_runs_that_cannot_be_read_is_no_problem(home: Path) -> None:
    (home / "runs").mkdir(parents=True)
    (home / "runs" / "01.json").mkdir()
    async with setup_screen() as (screen, pilot):
        await pilot.pause(0.2)
        assert "last runs" not in screen_text(screen.app)
        assert form(screen).spec == RunSpec()


async def test_the_key_bar_shows_what_enter_does_now() -> None:
    async with setup_screen(size=(120, 30)) as (screen, pilot):

        def bar() -> str:
            return screen_text(screen.app).splitlines()[-1]

        assert "⏎ run" in bar()
        assert "q quit" in bar()
        for path, words in wanted_keys():
            go_to(screen, path)
            await until(pilot, partial(has_key, screen, words))
        go_to(screen, "range.num_iter")
        await until(pilot, lambda: "⏎ done" in bar())
        assert "q quit" not in bar()  # q is a letter there
        await pilot.press("escape")
        await until(pilot, lambda: "q quit" in bar())
        assert cursor(screen) == "run"


async def test_hints_name_the_keys_of_the_keymap() -> None:
    keymap = {"setup.press": "f9", "setup.copy": "f8", "app.help": "f12"}
    async with setup_screen(keymap=keymap) as (screen, pilot):
        await until(pilot, lambda: "f9 runs the form" in screen_text(screen.app))
        text = screen_text(screen.app)
        assert "f12 lists all keys" in text
        assert "f9 run " in text
        assert "f8 copies it" in text


async def test_in_ascii_enter_has_a_name() -> None:
    async with setup_screen(ascii=True) as (screen, pilot):
        await until(pilot, lambda: "enter runs the form" in screen_text(screen.app))
        assert "enter run " in screen_text(screen.app).splitlines()[-3]


async def test_ctrl_c_says_how_to_leave_from_where_the_cursor_is() -> None:
    async with setup_screen() as (screen, pilot):
        await pilot.press("ctrl+c")
        await until(pilot, lambda: told(screen) == ["q leaves lrtui"])
        go_to(screen, "range.num_iter")
        await pilot.press("ctrl+c")
        await until(pilot, lambda: told(screen)[1:] == ["esc, then q leaves lrtui"])


def told(screen: SetupScreen) -> list[str]:
    return [toast.message for toast in screen.app._notifications]


async def test_what_will_happen_says_that_a_short_test_gives_no_rate() -> None:
    async with setup_screen() as (screen, _):
        assert "none" not in outlook(screen)
        type_into(screen, "range.num_iter", "249")
        assert "none: a test of fewer than 250 iterations" in outlook(screen)


async def test_what_to_correct_is_not_cut() -> None:
    async with setup_screen(size=(80, 24)) as (screen, _):
        type_into(screen, "range.end_lr", "high")
        assert "correct the fields that are marked" in outlook(screen)
        assert all(width_of(line) <= 30 for line in body(screen).view.outlook.lines(30))


def has_key(screen: SetupScreen, words: str) -> bool:
    return words in screen_text(screen.app).splitlines()[-1]


def wanted_keys() -> Iterator[tuple[str, str]]:
    yield "model", "⏎ list"
    yield "plan.schedule", "→ next value"
    yield "fold:settings", "⏎ open or close"


async def test_every_field_of_a_fold_has_its_help_on_the_last_line() -> None:
    async with setup_screen() as (screen, _):
        form(screen).opened.add("settings")
        body(screen).show()
        for row in body(screen).view.rows:
            if isinstance(row, FieldRow):
                go_to(screen, row.key)
                assert row.field.name in body(screen).help()


def save_run(*measured: Event) -> None:
    """A record of the default run, which took ten seconds."""
    record = from_events([*whole_run(RunSpec()), *measured])
    save(record, record_path(record.id))
