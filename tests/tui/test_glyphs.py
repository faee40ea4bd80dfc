"""A terminal that shows only ASCII gets only ASCII, and everything stays as wide as it was."""

import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import lrtui
import tests.tui.terminal_child
from lrtui.shell.ascii import ascii_text, only_ascii
from lrtui.tui.chart.glyphs import ASCII, ROLE_MARKERS
from lrtui.tui.config import ascii_setting, hangup_setting, mouse_setting
from tests.terminal.terminal import Terminal

CHILD = [sys.executable, tests.tui.terminal_child.__file__]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_written_is_ascii_and_as_wide(text: str) -> None:
    written = ascii_text(text)
    assert written.isascii()
    assert cell_len(written) == cell_len(text)


def test_glyphs_become_what_looks_like_them() -> None:
    assert ascii_text("╭─│ ▸ 3.2e-03 … × · é ⠀⠒⣀⠉") == "+-| > 3.2e-03 ~ x . e  '.'"


@pytest.mark.parametrize(
    ("environ", "utf8_mode", "variable"),
    [
        ({}, True, ""),
        ({"LANG": "C.UTF-8"}, False, ""),
        ({"LANG": "de_DE.utf8@euro"}, False, ""),
        ({"LANG": "C"}, False, "LANG=C"),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True, "LANG=C"),  # Python has set LC_CTYPE
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False, ""),  # the person has
        ({"LC_ALL": "POSIX", "LANG": "en_GB.UTF-8"}, True, "LC_ALL=POSIX"),
        ({"LC_ALL": "en_GB.UTF-8", "LANG": "C"}, False, ""),
        ({"LANG": "de_DE.ISO-8859-1"}, False, "LANG=de_DE.ISO-8859-1"),
        ({"TERM": "linux", "LANG": "en_GB.UTF-8"}, False, "TERM=linux"),
    ],
)
def test_the_environment_says_whether_glyphs_are_shown(
    environ: dict[str, str], utf8_mode: bool, variable: str
) -> None:
    assert only_ascii(environ, utf8_mode) == variable


@pytest.mark.parametrize(
    ("flag", "config", "source", "value"),
    [
        (True, False, "--ascii", True),
        (False, True, "--no-ascii", False),
        (None, False, "config.toml", False),
        (None, True, "config.toml", True),
        (None, None, "LANG=C", True),
    ],
)
def test_the_flag_wins_then_the_file_then_the_environment(
    flag: bool | None, config: bool | None, source: str, value: bool
) -> None:
    assert ascii_setting(flag, config, {"LANG": "C"}, False) == (value, source)


def test_the_mouse_is_off_unless_it_is_asked_for() -> None:
    assert mouse_setting(None, None) == (False, "default")
    assert mouse_setting(None, True) == (True, "config.toml")
    assert mouse_setting(True, False) == (True, "--mouse")


def test_a_run_goes_on_without_its_terminal_unless_it_is_to_stop() -> None:
    assert hangup_setting(None, None) == ("continue", "default")
    assert hangup_setting(None, "stop") == ("stop", "config.toml")
    assert hangup_setting("continue", "stop") == ("continue", "--on-hangup")


def drawn(tmp_path: Path, **environ: str) -> bytes:
    """Everything that the app writes: the run screen, a page of help, a question, its end."""
    env = {"PYTHONPATH": str(Path.cwd()), **environ}
    with Terminal([*CHILD, ""], tmp_path, env) as app:
        app.wait_for("done: all iterations ran")
        app.press("?")
        app.wait_for("boundary one column")
        app.press("escape")
        app.wait_until_gone("boundary one column")
        app.press("i")
        app.wait_for("1 copies")
        app.press("escape")
        app.wait_until_gone("1 copies")
        app.press("q")
        assert app.wait_for_exit() == 0
        assert "constant" in app.text
        return bytes(app.written)


@pytest.mark.parametrize(
    "environ",
    [
        {"LC_ALL": "", "LANG": "C"},
        {"LC_ALL": "POSIX"},
        {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "latin-1"},
    ],
)
def test_in_a_locale_without_utf8_every_byte_is_ascii(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    written = drawn(tmp_path, **environ)
    assert written.isascii(), set(re.findall(rb"[\x80-\xff]+", written))
    assert rb"\u" not in written


def test_the_config_file_forces_it_or_forbids_it(tmp_path: Path, home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text("[app]\nascii = true\n")
    assert drawn(tmp_path, LC_ALL="C.UTF-8").isascii()
    (home / "config.toml").write_text("[app]\nascii = false\n")
    assert not drawn(tmp_path, LC_ALL="POSIX").isascii()


def test_every_glyph_of_our_own_has_an_ascii_one() -> None:
    ours = set()
    for path in Path(lrtui.__file__).parent.rglob("*.py"):
        ours |= {char for char in path.read_text("utf-8") if not char.isascii()}
    unknown = {char for char in ours if ascii_text(char) == "?"}
    assert unknown <= {"␡", "\ufffd"}  # what `clean` puts in the place of control characters


def test_a_run_has_one_marker_in_charts_and_in_texts() -> None:
    for role, marker in ROLE_MARKERS.items():
        assert ascii_text(marker) == ASCII.markers[role]
    assert len(set(ASCII.markers.values())) == len(ROLE_MARKERS)


def test_what_is_cut_does_not_end_like_a_sentence() -> None:
    assert ascii_text("1.1e-02 … 9.1e-02") == "1.1e-02 ~ 9.1e-02"
