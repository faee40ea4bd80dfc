"""The user's own keys, from the `[keys]` table of config.toml."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lrtui import paths
from lrtui.tui.app import LrtuiApp, run_app
from lrtui.tui.config import ConfigError, read_config
from tests.tui.doubles import SPEC, FakeDriver, whole_run
from tests.tui.helpers import screen_text, until

Write = Callable[[str], Path]


@pytest.fixture
def write(home: Path) -> Write:
    """Writes the user's config.toml."""

    def written(text: str) -> Path:
        home.mkdir(exist_ok=True)
        paths.config().write_text(text)
        return paths.config()

    return written


def test_it_lies_in_lrtui_home_or_in_the_users_config_folder(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert paths.config() == home / "config.toml"
    monkeypatch.delenv("LRTUI_HOME")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert paths.config() == tmp_path / "xdg" / "lrtui" / "config.toml"
    assert not (tmp_path / "xdg").exists()


def test_without_a_file_no_key_is_changed() -> None:
    assert read_config(paths.config()).keymap == {}


@pytest.mark.parametrize(
    "text",
    [
        '[keys]\n"run.reset" = "f9"\n"run.smoother" = "-, ctrl+b"',
        '[keys]\nrun.reset = "f9"\nrun.smoother = "-,ctrl+b"',
        '[keys.run]\nreset = "f9"\nsmoother = "-,ctrl+b"',
    ],
)
def test_ids_are_mapped_to_keys_however_toml_writes_them(write: Write, text: str) -> None:
    assert read_config(write(text)).keymap == {"run.reset": "f9", "run.smoother": "minus,ctrl+b"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[keys\n", "not TOML"),
        ('[key]\nrun.reset = "f9"', "unknown table 'key'; did you mean 'keys'?"),
        ('[keys]\nrun.rest = "f9"', "unknown binding 'run.rest'; did you mean 'run.reset'?"),
        ("[keys]\nrun.reset = 9", "run.reset: expected a key in quotes"),
        ('[keys]\nrun.reset = "f99"', "run.reset: unknown key 'f99'"),
        ('[keys]\nrun.reset = ""', "run.reset: unknown key ''"),
        ("keys = 1", "unknown binding ''"),
        ("[app]\nasci = true", "[app] unknown setting 'asci'; did you mean 'ascii'?"),
        ('[app]\nmouse = "on"', "[app] mouse: expected true or false"),
        ("[app]\non_hangup = true", '[app] on_hangup: expected "continue" or "stop"'),
        ("app = 1", "app: expected a table"),
        ('[keys]\nrun.reset = "x"', "run.stop and run.reset both have the key 'x'"),
        ('[keys]\nrun.reset = "q"', "run.reset and app.quit both have the key 'q'"),
        (
            '[keys]\nrun.reset = "f9"\nrun.stop = "f9"',
            "run.stop and run.reset both have the key 'f9'",
        ),
    ],
)
def test_what_is_wrong_is_refused_in_a_line_with_the_file(
    write: Write, text: str, words: str
) -> None:
    path = write(text)
    with pytest.raises(ConfigError) as error:
        read_config(path)
    assert str(error.value).startswith(f"{path}: ")
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_two_keys_may_be_exchanged(write: Write) -> None:
    keymap = read_config(write('[keys]\nrun.reset = "x"\nrun.stop = "r"')).keymap
    assert keymap == {"run.reset": "x", "run.stop": "r"}


async def test_the_key_does_what_it_is_mapped_to_and_the_help_says_so(write: Write) -> None:
    keymap = read_config(write('[keys]\nrun.reset = "x"\nrun.stop = "r"\nrun.copy = "f8"')).keymap
    driver = FakeDriver(whole_run(SPEC))
    app = LrtuiApp(SPEC, driver=driver, keymap=keymap)
    async with app.run_test(size=(100, 60)) as pilot:
        await until(pilot, lambda: "3.20e-03" in screen_text(app))
        await pilot.press("question_mark")
        await until(pilot, lambda: "f8  copy the suggested learning rate" in screen_text(app))
        await pilot.press("escape", "y")
        assert app.clipboard == ""
        await pilot.press("f8")
        assert app.clipboard == "0.0032"
        await pilot.press("r")
        assert driver.asked == []
        await pilot.press("x")
        assert driver.asked == ["reset"]


def test_a_broken_file_is_refused_at_start(
    write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write('[keys]\nrun.rest = "f9"')
    monkeypatch.setattr("lrtui.tui.app.refusal", lambda: "")
    assert run_app(driver=FakeDriver()) == 2
    assert capsys.readouterr().err == (
        f"lrtui: {path}: [keys] unknown binding 'run.rest'; did you mean 'run.reset'?\n"
    )


def test_without_a_file_nothing_is_imported_for_it() -> None:
    script = "import sys; from lrtui.tui.app import LrtuiApp; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "lrtui.tui.keymap" not in done.stdout.split()
