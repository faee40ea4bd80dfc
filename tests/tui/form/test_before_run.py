"""From the form to a run: the SPEC of a model's file, facts of the data, questions before a run."""

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from lrtui.catalog.availability import Availability
from lrtui.catalog.infer import Facts
from lrtui.catalog.offers import Offer
from lrtui.catalog.trust import remember, remembered, unagreed
from lrtui.protocol import Described, Fetched, Fetching, key
from lrtui.spec import Choice, RunSpec
from lrtui.specfields import with_values
from lrtui.tui.dialogs.ask import Ask
from lrtui.tui.dialogs.fetch import Fetch
from lrtui.tui.form.screen import SetupScreen
from lrtui.tui.run.screen import RunScreen
from tests.tui.doubles import FakeSession
from tests.tui.form.finding import (
    body,
    cursor,
    form,
    go_to,
    is_shown,
    lookup,
    open_fold,
    outlook,
    spec,
    type_into,
)
from tests.tui.helpers import box, screen_text, screen_words, setup_screen, until

FASHION = Choice("torchvision:FashionMNIST")
MISSING = Availability(there=False, message="not there", can_download=True, size=30_878_645)
NET = "def net(num_classes: int, in_channels: int = 5, width: int = 8):\n    pass\n"


async def pick(screen: SetupScreen, pilot: Pilot[None], role: str, target: str) -> None:
    type_into(screen, role, target)
    body(screen).controls.close_list()
    body(screen).show()
    await until(
        pilot,
        lambda: (
            form(screen).state.texts[role] == target and lookup(screen, role).state != "waiting"
        ),
    )
    await until(pilot, lambda: screen.spec is None or getattr(screen.spec, role).target == target)


async def spec_is(
    screen: SetupScreen, pilot: Pilot[None], wanted: Callable[[RunSpec], bool]
) -> None:
    """Wait until the form has a spec that is wanted."""
    await until(pilot, lambda: screen.spec is not None and wanted(screen.spec))


def own_file(tmp_path: Path, text: str = NET) -> str:
    """The target of a user's own module."""
    (tmp_path / "net.py").write_text(text)
    return f"{tmp_path}/net.py:net"


def small_images(inputs: tuple[int, ...] = (1, 8, 8), classes: int = 7) -> Facts:
    return Facts(inputs=inputs, classes=classes)


async def test_the_spec_of_a_models_file_fills_the_form_until_another_model_is_picked() -> None:
    async with setup_screen() as (screen, pilot):
        await pick(screen, pilot, "model", "sample_models/loss_inside.py:CharModelWithLoss")
        await spec_is(screen, pilot, lambda spec: spec.loss.target == "none")
        assert spec(screen).data == Choice("lrtui:stdlib-text", {"mapping": True})
        assert spec(screen).loader.batch_size == 32
        assert box(screen, "data").text == "lrtui:stdlib-text"
        assert box(screen, "loader.batch_size").text == "32"
        await pick(screen, pilot, "model", "sample_models/mlp.py:MLP")
        await spec_is(screen, pilot, lambda spec: spec.data.target == "lrtui:digits")
        assert spec(screen).loss == Choice("auto")
        assert spec(screen).loader.batch_size == 64


async def test_a_step_from_a_models_file_reaches_the_spec_while_its_field_is_folded() -> None:
    async with setup_screen() as (screen, pilot):
        await pick(screen, pilot, "model", "sample_models/gan.py:GAN")
        await spec_is(screen, pilot, lambda spec: spec.step.target == "sample_models/gan.py:step")
        assert spec(screen).optimizer.target == "sample_models/gan.py:optimizers"
        assert is_shown(screen, "step")  # it is set: it stands above the fold
        await pick(screen, pilot, "model", "sample_models/mlp.py:MLP")
        await until(pilot, lambda: screen.spec == RunSpec(model=Choice("sample_models/mlp.py:MLP")))


async def test_the_spec_of_a_models_file_does_not_replace_what_a_person_typed() -> None:
    async with setup_screen(size=(120, 50)) as (screen, pilot):
        await pick(screen, pilot, "data", "lrtui:stdlib-text")
        type_into(screen, "loader.batch_size", "9")
        await spec_is(screen, pilot, lambda spec: spec.loader.batch_size == 9)
        await pick(screen, pilot, "model", "sample_models/resnet.py:SmallResNet")
        await until(
            pilot, lambda: "its file sets data torchvision:FashionMNIST" in screen_words(screen.app)
        )
        assert spec(screen).data.target == "lrtui:stdlib-text"
        assert spec(screen).loader.batch_size == 9


async def test_the_spec_of_a_users_own_file_is_used_too(tmp_path: Path) -> None:
    target = own_file(
        tmp_path, "SPEC = {'range': {'num_iter': 77, 'end_lr': 0.5}, 'seed': 3}\n" + NET
    )
    async with setup_screen() as (screen, pilot):
        await pick(screen, pilot, "model", target)
        await until(pilot, lambda: box(screen, "range.num_iter").text == "77")
        assert box(screen, "range.end_lr").text == "0.5"
        assert box(screen, "seed").text == "3"


async def test_the_data_fills_empty_fields_and_a_typed_value_wins(
    tmp_path: Path,
) -> None:
    session = FakeSession()
    session.facts["lrtui:digits"] = small_images()
    async with setup_screen(session, size=(120, 50)) as (screen, pilot):
        await pick(screen, pilot, "model", own_file(tmp_path))
        await until(pilot, lambda: "7 from data" in screen_text(screen.app))
        assert "1 from data" in screen_text(screen.app)
        assert box(screen, "model.num_classes").text == ""
        assert not form(screen).problems  # a required parameter that the data fills
        assert spec(screen).model.args == {}
        type_into(screen, "model.in_channels", "5")  # the default, said on purpose
        await spec_is(screen, pilot, lambda spec: spec.model.args == {"in_channels": 5})
        type_into(screen, "model.in_channels", "")
        await spec_is(screen, pilot, lambda spec: spec.model.args == {})
        assert "1 from data" in screen_text(screen.app)


async def test_other_data_fills_in_other_values(tmp_path: Path) -> None:
    session = FakeSession()
    session.facts |= {
        "lrtui:digits": small_images(),
        "lrtui:stdlib-text": small_images(inputs=(3, 9, 9), classes=4),
    }
    async with setup_screen(session, size=(120, 50)) as (screen, pilot):
        await pick(screen, pilot, "model", own_file(tmp_path))
        await until(pilot, lambda: "7 from data" in screen_text(screen.app))
        await pick(screen, pilot, "data", "lrtui:stdlib-text")
        await until(pilot, lambda: "4 from data" in screen_text(screen.app))
        assert "7 from data" not in screen_text(screen.app)


async def test_values_from_the_data_never_replace_what_is_being_typed() -> None:
    session = FakeSession()
    session.facts["lrtui:digits"] = small_images()
    async with setup_screen(session, size=(120, 50)) as (screen, pilot):
        await until(pilot, lambda: "7 from data" in screen_text(screen.app))
        type_into(screen, "model", "sample_models/mlp.py:MLP")
        body(screen).check()  # an answer that comes while it is being typed
        assert box(screen, "model").text == "sample_models/mlp.py:MLP"
        assert "sample_models/mlp.py:MLP" in screen_text(screen.app)
        type_into(screen, "optimizer.weight_decay", "0.5")
        body(screen).check()
        assert box(screen, "optimizer.weight_decay").text == "0.5"
        await spec_is(screen, pilot, lambda spec: spec.optimizer.args == {"weight_decay": 0.5})
        assert spec(screen).model.target == "sample_models/mlp.py:MLP"


async def test_the_first_batch_is_shown_beside_the_fields() -> None:
    session = FakeSession()
    async with setup_screen(session, size=(120, 50)) as (screen, pilot):
        await until(pilot, lambda: bool(session.looked))
        (looked,) = session.looked.values()
        await until(pilot, lambda: looked.words in outlook(screen))


async def test_a_file_is_asked_about_once_before_it_is_run(tmp_path: Path) -> None:
    session = FakeSession()
    target = own_file(tmp_path, "def net():\n    pass\n")
    async with setup_screen(session) as (screen, pilot):
        await pick(screen, pilot, "model", target)
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(screen.app.screen, Ask))
        assert "net.py" in screen_text(screen.app)
        await pilot.press("escape")
        await until(pilot, lambda: screen.app.screen is screen)
        assert not session.drivers
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(screen.app.screen, Ask))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(screen.app.screen, RunScreen))
        assert unagreed(spec(screen), remembered()) == []
    async with setup_screen(session, RunSpec(model=Choice(target))) as (screen, pilot):
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(screen.app.screen, RunScreen))
    own_file(tmp_path, "def net():\n    return 1\n")
    async with setup_screen(session, RunSpec(model=Choice(target))) as (screen, pilot):
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(screen.app.screen, Ask))


async def test_every_file_that_a_run_would_execute_is_asked_about(tmp_path: Path) -> None:
    choices = {}
    for role in ("data", "optimizer", "loss", "metric", "step"):
        (tmp_path / f"{role}.py").write_text(f"# {role}\ndef net(params=None):\n    pass\n")
        choices[role] = Choice(f"{tmp_path}/{role}.py:net")
    given = with_values(RunSpec(), choices)
    async with setup_screen(spec=given, size=(120, 40)) as (screen, pilot):
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(screen.app.screen, Ask))
        dialog = screen.app.screen
        assert isinstance(dialog, Ask)
        for role in choices:
            assert f"{role}.py" in dialog.words


async def test_a_users_data_is_not_loaded_before_it_is_trusted(tmp_path: Path) -> None:
    (tmp_path / "data.py").write_text("def data():\n    pass\n")
    given = RunSpec(data=Choice(f"{tmp_path}/data.py:data"))
    session = FakeSession()
    async with setup_screen(session, given) as (screen, pilot):
        await until(pilot, lambda: key(given.data) in session.checked)
        form(screen).data_watch.ask()
        assert not session.looked
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(screen.app.screen, Ask))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(screen.app.screen, RunScreen))
        await pilot.press("escape", "enter")
        await until(pilot, lambda: bool(session.looked))


async def test_agreed_data_is_not_called_with_arguments_that_no_run_had(tmp_path: Path) -> None:
    path = tmp_path / "data.py"
    path.write_text("def data(command=''):\n    pass\n")
    remember(unagreed(RunSpec(data=Choice(f"{path}:data")), ()))
    given = RunSpec(data=Choice(f"{path}:data", {"command": "rm"}))
    session = FakeSession()
    async with setup_screen(session, given) as (screen, pilot):
        await until(pilot, lambda: key(given.data) in session.checked)
        form(screen).data_watch.ask()
        assert not session.looked
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(screen.app.screen, RunScreen))
        await pilot.press("escape", "enter")
        await until(pilot, lambda: bool(session.looked))


async def ask_to_fetch(session: FakeSession, screen: SetupScreen, pilot: Pilot[None]) -> None:
    session.missing[FASHION.target] = MISSING
    await until(pilot, lambda: "f4 downloads it (31 MB)" in screen_words(screen.app))
    await pilot.press("f5")
    await until(pilot, lambda: isinstance(screen.app.screen, Fetch))
    assert "download it (31 MB)" in screen_text(screen.app)


def session_without_fashion() -> FakeSession:
    session = FakeSession()
    session.missing[FASHION.target] = MISSING
    offer = Offer(target=FASHION.target)
    session.described["data", "torchvision"] = Described(
        role="data", where="torchvision", offers=(offer,)
    )
    return session


async def test_missing_data_is_downloaded_and_the_run_starts() -> None:
    session = session_without_fashion()
    async with setup_screen(session, RunSpec(data=FASHION)) as (screen, pilot):
        await ask_to_fetch(session, screen, pilot)
        await pilot.press("enter")
        session.fetching[key(FASHION)] = Fetching(
            data=FASHION, name="train.gz", done=12_300_000, total=26_400_000
        )
        await until(pilot, lambda: "12.3 of 26.4 MB" in screen_text(screen.app))
        session.missing.clear()
        session.fetching[key(FASHION)] = Fetched(data=FASHION)
        await until(pilot, lambda: isinstance(screen.app.screen, RunScreen))
        assert session.drivers[0].specs == [RunSpec(data=FASHION)]


async def test_a_download_can_be_cancelled() -> None:
    session = session_without_fashion()
    async with setup_screen(session, RunSpec(data=FASHION)) as (screen, pilot):
        await ask_to_fetch(session, screen, pilot)
        await pilot.press("enter")
        await pilot.press("escape")
        await until(pilot, lambda: screen.app.screen is screen)
        assert session.left == [FASHION]
        assert not session.drivers


async def test_a_failed_download_is_reported_and_the_dialog_stays() -> None:
    session = session_without_fashion()
    async with setup_screen(session, RunSpec(data=FASHION)) as (screen, pilot):
        await ask_to_fetch(session, screen, pilot)
        await pilot.press("enter")
        session.fetching[key(FASHION)] = Fetched(
            data=FASHION, problem="it could not be fetched: no network [/]"
        )
        await until(pilot, lambda: "no network [/]" in screen_words(screen.app))
        assert "try again" in screen_text(screen.app)
        await pilot.press("escape")
        await until(pilot, lambda: screen.app.screen is screen)
        assert not session.left


async def test_data_that_has_arrived_since_is_found_by_the_run_key() -> None:
    session = session_without_fashion()
    async with setup_screen(session, RunSpec(data=FASHION)) as (screen, pilot):
        await until(pilot, lambda: "f4 downloads it" in screen_words(screen.app))
        session.missing.clear()
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(screen.app.screen, RunScreen))


async def test_missing_data_without_a_download_is_reported_at_its_field_and_not_run() -> None:
    session = FakeSession()
    session.missing["lrtui:table"] = Availability(
        there=False, message="lrtui:table: path: table.csv is not there"
    )
    async with setup_screen(
        session, RunSpec(data=Choice("lrtui:table", {"path": "table.csv"}))
    ) as (screen, pilot):
        await until(pilot, lambda: "table.csv is not there" in screen_words(screen.app))
        await pilot.press("f5")
        await until(pilot, lambda: cursor(screen) == "data")
        assert not session.drivers


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_the_folded_fields_open_with_enter_and_reach_the_spec(size: tuple[int, int]) -> None:
    async with setup_screen(size=size) as (screen, pilot):
        assert not is_shown(screen, "metric")
        await open_fold(screen, pilot, "settings")
        texts = {
            "range.warmup": "3",
            "range.clip_grad_norm": "1.5",
            "loader.val_fraction": "0.1",
            "compile": "true",
            "metric": "lrtui:accuracy",
        }
        for path, text in texts.items():
            assert is_shown(screen, path)
            type_into(screen, path, text)
        await spec_is(screen, pilot, lambda spec: spec.metric.target == "lrtui:accuracy")
        assert spec(screen).range.warmup == 3
        assert spec(screen).range.clip_grad_norm == 1.5
        assert spec(screen).loader.val_fraction == 0.1
        assert spec(screen).compile
        go_to(screen, "fold:settings")
        await pilot.press("enter")
        await until(pilot, lambda: not is_shown(screen, "range.repeats"))
        for path in texts:
            assert is_shown(screen, path)  # what is set stays in sight


async def test_a_problem_with_a_folded_choice_is_shown_and_found_by_the_run_key() -> None:
    given = RunSpec(metric=Choice("gone.py:metric"))
    async with setup_screen(spec=given) as (screen, pilot):
        await until(
            pilot, lambda: any(problem.field == "metric" for problem in form(screen).problems)
        )
        await pilot.press("f5")
        await until(pilot, lambda: cursor(screen) == "metric")
        assert "gone.py: no such file" in screen_words(screen.app)


async def test_an_argument_without_a_widget_is_written_as_toml(tmp_path: Path) -> None:
    target = own_file(tmp_path, "def net(layers: dict = {}, **more):\n    pass\n")
    async with setup_screen(size=(120, 50)) as (screen, pilot):
        await pick(screen, pilot, "model", target)
        await until(pilot, lambda: is_shown(screen, "model.**"))
        go_to(screen, "model.layers")
        await until(pilot, lambda: "written as TOML" in screen_words(screen.app))
        type_into(screen, "model.layers", "{a = [1, 2]}")
        type_into(screen, "model.**", "{depth = 3}")
        await until(pilot, lambda: screen.spec is not None and "depth" in screen.spec.model.args)
        assert spec(screen).model.args == {"layers": {"a": [1, 2]}, "depth": 3}
        type_into(screen, "model.**", "depth")
        await until(
            pilot, lambda: any(problem.field == "model.**" for problem in form(screen).problems)
        )
