"""Between the form and a run: what a model's file brings, what the data says, what is asked before anything runs."""

from pathlib import Path

import pytest

from lrtui.catalog.availability import Availability
from lrtui.catalog.infer import Facts
from lrtui.catalog.trust import is_trusted
from lrtui.protocol import Fetched, Fetching, key
from lrtui.spec import Choice, RunSpec
from lrtui.tui.dialogs.ask import Ask
from lrtui.tui.dialogs.fetch import Fetch
from lrtui.tui.form.choice_box import ChoiceBox
from lrtui.tui.form.screen import SetupScreen
from lrtui.tui.run.screen import RunScreen
from tests.tui.doubles import FakeSession
from tests.tui.helpers import box, focus, screen_text, screen_words, setup_screen, until

FASHION = Choice("torchvision:FashionMNIST")
MISSING = Availability(there=False, message="not there", can_download=True, size=30_878_645)
NET = "def net(num_classes: int, in_channels: int = 5, width: int = 8):\n    pass\n"


def choice(screen: SetupScreen, role: str) -> ChoiceBox:
    return screen.query_one(f"#choice-{role}", ChoiceBox)


async def pick(screen: SetupScreen, pilot, role: str, target: str) -> None:
    choice(screen, role).target.line.value = target
    await until(
        pilot,
        lambda: (
            screen.body.form.texts[role] == target and choice(screen, role).found.state != "waiting"
        ),
    )
    await until(pilot, lambda: screen.spec is None or getattr(screen.spec, role).target == target)


def own(tmp_path: Path, text: str = NET) -> str:
    (tmp_path / "net.py").write_text(text)
    return f"{tmp_path}/net.py:net"


def small(**facts: object) -> Facts:
    return Facts(**{"inputs": (1, 8, 8), "classes": 7, **facts})


async def test_a_model_brings_what_its_file_says_and_takes_it_away_with_it() -> None:
    async with setup_screen() as (screen, pilot):
        await pick(screen, pilot, "model", "sample_models/loss_inside.py:CharModelWithLoss")
        await until(pilot, lambda: screen.spec is not None and screen.spec.loss.target == "none")
        assert screen.spec.data == Choice("lrtui:stdlib-text", {"mapping": True})
        assert screen.spec.loader.batch_size == 32
        assert choice(screen, "data").target.text == "lrtui:stdlib-text"
        assert box(screen, "loader.batch_size").text == "32"
        await pick(screen, pilot, "model", "sample_models/mlp.py:MLP")
        await until(
            pilot, lambda: screen.spec is not None and screen.spec.data.target == "lrtui:digits"
        )
        assert screen.spec.loss == Choice("auto")
        assert screen.spec.loader.batch_size == 64


async def test_a_step_that_a_model_brings_reaches_the_spec_though_its_field_is_folded_away() -> (
    None
):
    async with setup_screen() as (screen, pilot):
        await pick(screen, pilot, "model", "sample_models/gan.py:GAN")
        await until(
            pilot,
            lambda: (
                screen.spec is not None and screen.spec.step.target == "sample_models/gan.py:step"
            ),
        )
        assert screen.spec.optimizer.target == "sample_models/gan.py:optimizers"
        assert screen.body.more.fold.count == 1
        await pick(screen, pilot, "model", "sample_models/mlp.py:MLP")
        await until(pilot, lambda: screen.spec == RunSpec(model=Choice("sample_models/mlp.py:MLP")))


async def test_what_a_person_typed_is_not_replaced_by_what_a_model_brings() -> None:
    async with setup_screen(size=(120, 50)) as (screen, pilot):
        await pick(screen, pilot, "data", "lrtui:stdlib-text")
        box(screen, "loader.batch_size").widget.value = "9"
        await until(pilot, lambda: screen.spec is not None and screen.spec.loader.batch_size == 9)
        await pick(screen, pilot, "model", "sample_models/resnet.py:SmallResNet")
        await until(
            pilot, lambda: "its file says data torchvision:FashionMNIST" in screen_words(screen.app)
        )
        assert screen.spec.data.target == "lrtui:stdlib-text"
        assert screen.spec.loader.batch_size == 9


async def test_a_file_of_ones_own_may_bring_its_data_too(tmp_path: Path) -> None:
    target = own(tmp_path, "SPEC = {'range': {'num_iter': 77, 'end_lr': 0.5}, 'seed': 3}\n" + NET)
    async with setup_screen() as (screen, pilot):
        await pick(screen, pilot, "model", target)
        await until(pilot, lambda: box(screen, "range.num_iter").text == "77")
        assert box(screen, "range.end_lr").text == "0.5"
        assert box(screen, "seed").text == "3"


async def test_the_data_fills_what_is_left_open_and_a_persons_own_value_wins(
    tmp_path: Path,
) -> None:
    session = FakeSession()
    session.facts["lrtui:digits"] = small()
    async with setup_screen(session, size=(120, 50)) as (screen, pilot):
        await pick(screen, pilot, "model", own(tmp_path))
        await until(pilot, lambda: "7 from data" in screen_text(screen.app))
        assert "1 from data" in screen_text(screen.app)
        assert box(screen, "model.num_classes").text == ""
        assert not screen.body.problems  # a required parameter that the data fills
        assert screen.spec.model.args == {}
        box(screen, "model.in_channels").widget.value = "5"  # the default, said on purpose
        await until(pilot, lambda: screen.spec.model.args == {"in_channels": 5})
        box(screen, "model.in_channels").widget.value = ""
        await until(pilot, lambda: screen.spec.model.args == {})
        assert "1 from data" in screen_text(screen.app)


async def test_other_data_fills_in_other_values(tmp_path: Path) -> None:
    session = FakeSession()
    session.facts |= {
        "lrtui:digits": small(),
        "lrtui:stdlib-text": small(inputs=(3, 9, 9), classes=4),
    }
    async with setup_screen(session, size=(120, 50)) as (screen, pilot):
        await pick(screen, pilot, "model", own(tmp_path))
        await until(pilot, lambda: "7 from data" in screen_text(screen.app))
        await pick(screen, pilot, "data", "lrtui:stdlib-text")
        await until(pilot, lambda: "4 from data" in screen_text(screen.app))
        assert "7 from data" not in screen_text(screen.app)


async def test_what_comes_from_the_data_never_overtakes_what_is_being_typed() -> None:
    session = FakeSession()
    session.facts["lrtui:digits"] = small()
    async with setup_screen(session, size=(120, 50)) as (screen, pilot):
        await until(pilot, lambda: "7 from data" in screen_text(screen.app))
        line = choice(screen, "model").target.line
        await focus(pilot, line)
        line.value = "sample_models/mlp.py:MLP"
        choice(
            screen, "model"
        ).renew_texts()  # an answer that comes before the form has seen what was typed
        assert line.value == "sample_models/mlp.py:MLP"
        field = box(screen, "optimizer.weight_decay").widget
        field.value = "0.5"
        choice(screen, "optimizer").renew_texts()
        assert field.value == "0.5"
        await until(
            pilot,
            lambda: screen.spec is not None and screen.spec.optimizer.args == {"weight_decay": 0.5},
        )
        assert screen.spec.model.target == "sample_models/mlp.py:MLP"


async def test_the_first_batch_is_told_at_the_data() -> None:
    async with setup_screen(size=(120, 50)) as (screen, pilot):
        await until(pilot, lambda: "a batch: (16x1x8x8 float32" in screen_text(screen.app))


async def test_a_file_is_asked_about_once_before_it_is_run(tmp_path: Path) -> None:
    session = FakeSession()
    target = own(tmp_path, "def net():\n    pass\n")
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
        assert is_trusted(tmp_path / "net.py")
    async with setup_screen(session, RunSpec(model=Choice(target))) as (screen, pilot):
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(screen.app.screen, RunScreen))
    own(tmp_path, "def net():\n    return 1\n")
    async with setup_screen(session, RunSpec(model=Choice(target))) as (screen, pilot):
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(screen.app.screen, Ask))


async def test_every_file_that_a_run_would_execute_is_asked_about(tmp_path: Path) -> None:
    spec = {}
    for role in ("data", "optimizer", "loss", "metric", "step"):
        (tmp_path / f"{role}.py").write_text(f"# {role}\ndef net(params=None):\n    pass\n")
        spec[role] = Choice(f"{tmp_path}/{role}.py:net")
    async with setup_screen(spec=RunSpec(**spec), size=(120, 40)) as (screen, pilot):
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(screen.app.screen, Ask))
        for role in spec:
            assert f"{role}.py" in screen.app.screen.words


async def test_a_users_data_is_not_looked_at_before_it_is_trusted(tmp_path: Path) -> None:
    (tmp_path / "data.py").write_text("def data():\n    pass\n")
    spec = RunSpec(data=Choice(f"{tmp_path}/data.py:data"))
    session = FakeSession()
    async with setup_screen(session, spec) as (screen, pilot):
        await until(pilot, lambda: key(spec.data) in session.checked)
        await pilot.pause(0.6)
        assert not session.looked
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(screen.app.screen, Ask))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(screen.app.screen, RunScreen))
        await pilot.press("escape", "enter")
        await until(pilot, lambda: bool(session.looked))


async def fetching(session: FakeSession, screen: SetupScreen, pilot) -> None:
    session.missing[FASHION.target] = MISSING
    await until(pilot, lambda: "f4 downloads it (31 MB)" in screen_words(screen.app))
    await pilot.press("f5")
    await until(pilot, lambda: isinstance(screen.app.screen, Fetch))
    assert "download it (31 MB)" in screen_text(screen.app)


def with_fashion() -> FakeSession:
    from lrtui.catalog.offers import Offer
    from lrtui.protocol import Described

    session = FakeSession()
    session.missing[FASHION.target] = MISSING
    offer = Offer(target=FASHION.target)
    session.described["data", "torchvision"] = Described(
        role="data", where="torchvision", offers=(offer,)
    )
    return session


async def test_data_that_is_not_there_is_fetched_and_the_run_goes_on() -> None:
    session = with_fashion()
    async with setup_screen(session, RunSpec(data=FASHION)) as (screen, pilot):
        await fetching(session, screen, pilot)
        await pilot.press("enter")
        session.fetching[key(FASHION)] = Fetching(
            data=FASHION, name="train.gz", done=12_300_000, total=26_400_000
        )
        await until(pilot, lambda: "12.3 of 26.4 MB" in screen_text(screen.app))
        session.missing.clear()
        session.fetching[key(FASHION)] = Fetched(data=FASHION)
        await until(pilot, lambda: isinstance(screen.app.screen, RunScreen))
        assert session.drivers[0].specs == [RunSpec(data=FASHION)]


async def test_a_download_can_be_left() -> None:
    session = with_fashion()
    async with setup_screen(session, RunSpec(data=FASHION)) as (screen, pilot):
        await fetching(session, screen, pilot)
        await pilot.press("enter")
        await pilot.press("escape")
        await until(pilot, lambda: screen.app.screen is screen)
        assert session.left == [FASHION]
        assert not session.drivers


async def test_no_network_is_one_line_and_the_dialog_stays() -> None:
    session = with_fashion()
    async with setup_screen(session, RunSpec(data=FASHION)) as (screen, pilot):
        await fetching(session, screen, pilot)
        await pilot.press("enter")
        session.fetching[key(FASHION)] = Fetched(
            data=FASHION, problem="it could not be fetched: no network [/]"
        )
        await until(pilot, lambda: "no network [/]" in screen_words(screen.app))
        assert "try again" in screen_text(screen.app)
        await pilot.press("escape")
        await until(pilot, lambda: screen.app.screen is screen)
        assert not session.left


async def test_data_that_came_meanwhile_is_found_when_it_is_run() -> None:
    session = with_fashion()
    async with setup_screen(session, RunSpec(data=FASHION)) as (screen, pilot):
        await until(pilot, lambda: "f4 downloads it" in screen_words(screen.app))
        session.missing.clear()
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(screen.app.screen, RunScreen))


async def test_data_that_nobody_can_fetch_is_told_at_its_field_and_not_run() -> None:
    session = FakeSession()
    session.missing["lrtui:table"] = Availability(
        there=False, message="lrtui:table: path: table.csv is not there"
    )
    async with setup_screen(
        session, RunSpec(data=Choice("lrtui:table", {"path": "table.csv"}))
    ) as (screen, pilot):
        await until(pilot, lambda: "table.csv is not there" in screen_words(screen.app))
        await pilot.press("f5")
        await until(pilot, lambda: screen.focused is choice(screen, "data").target.line)
        assert not session.drivers


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_the_folded_fields_open_with_enter_and_reach_the_spec(size: tuple[int, int]) -> None:
    async with setup_screen(size=size) as (screen, pilot):
        await focus(pilot, screen.body.more.fold)
        await pilot.press("enter")
        await until(pilot, lambda: len(screen.query(ChoiceBox)) == 6)
        texts = {
            "range.warmup": "3",
            "range.clip_grad_norm": "1.5",
            "loader.val_fraction": "0.1",
            "compile": "true",
        }
        for path, text in texts.items():
            box(screen, path).widget.value = text
            box(screen, path).post_message(box(screen, path).Edited(box(screen, path)))
        choice(screen, "metric").target.line.value = "lrtui:accuracy"
        await until(
            pilot, lambda: screen.spec is not None and screen.spec.metric.target == "lrtui:accuracy"
        )
        assert screen.spec.range.warmup == 3
        assert screen.spec.range.clip_grad_norm == 1.5
        assert screen.spec.loader.val_fraction == 0.1
        assert screen.spec.compile
        await focus(pilot, screen.body.more.fold)
        await pilot.press("enter")
        await until(pilot, lambda: "5 set" in screen_text(screen.app))
        assert not screen.query_one("#inside").display


async def test_something_wrong_in_the_folded_part_opens_it() -> None:
    spec = RunSpec(metric=Choice("gone.py:metric"))
    async with setup_screen(spec=spec) as (screen, pilot):
        await focus(pilot, screen.body.more.fold)
        await pilot.press("enter", "enter")
        await until(
            pilot, lambda: any(problem.field == "metric" for problem in screen.body.problems)
        )
        await pilot.press("f5")
        await until(pilot, lambda: screen.focused is choice(screen, "metric").target.line)
        assert screen.query_one("#inside").display


async def test_what_cannot_be_a_field_is_written_as_toml(tmp_path: Path) -> None:
    target = own(tmp_path, "def net(layers: dict = {}, **more):\n    pass\n")
    async with setup_screen(size=(120, 50)) as (screen, pilot):
        await pick(screen, pilot, "model", target)
        await until(
            pilot, lambda: any(field.path == "model.**" for field in screen.query("FieldBox"))
        )
        await focus(pilot, box(screen, "model.layers").widget)
        await until(pilot, lambda: "written as TOML" in screen_words(screen.app))
        box(screen, "model.layers").widget.value = "{a = [1, 2]}"
        box(screen, "model.**").widget.value = "{depth = 3}"
        await until(pilot, lambda: screen.spec is not None and "depth" in screen.spec.model.args)
        assert screen.spec.model.args == {"layers": {"a": [1, 2]}, "depth": 3}
        box(screen, "model.**").widget.value = "depth"
        await until(
            pilot, lambda: any(problem.field == "model.**" for problem in screen.body.problems)
        )
