"""The main job in a real terminal: open, run, move the boundaries, reset, save, quit."""

import json
import re
import signal
import subprocess
from pathlib import Path

import pytest

from lrtui.runs.store import load
from tests.slowly import slow_after
from tests.terminal.terminal import Terminal, lrtui_argv, modes_left_on
from tests.user_modules import module

ENDED = r"✓ done"
BUTTON_HAS_FOCUS = "⏎ runs"
UNKNOWN_FILE = "has changed since"

# A run that would take far longer than a test waits: whatever ends it, it is not its own end.
LONG_RUN = ("--num-iter", "1000000", "--start-lr", "1e-9", "--end-lr", "1e-8")
LONG_RUN_STARTED = r"● [1-9]\d*/1000000"


def boundary(text: str, name: str) -> float | None:
    """The value of a boundary, if the screen shows it."""
    match = re.search(rf"{name} *▸? *(\d\.\d\de[+-]\d\d)", text)
    return float(match[1]) if match else None


def boundaries(text: str) -> tuple[float, float]:
    """Both boundaries, on a screen that shows them."""
    start, end = boundary(text, "start"), boundary(text, "end")
    assert start is not None, text
    assert end is not None, text
    return start, end


def wait_for_boundaries(app: Terminal, *, unlike: tuple[float, float]) -> tuple[float, float]:
    """Wait until one of the boundaries has moved; both of them."""

    def has_moved(text: str) -> bool:
        now = boundary(text, "start"), boundary(text, "end")
        return None not in now and now != unlike

    return boundaries(app.wait_for(has_moved))


def open_app(
    cwd: Path, *arguments: str, columns: int = 100, lines: int = 30, **env: str
) -> Terminal:
    terminal = Terminal(lrtui_argv(*arguments), cwd, env, columns, lines)
    terminal.wait_for(BUTTON_HAS_FOCUS)
    return terminal


def record_said(app: Terminal) -> str:
    """The path of the record that the app leaves on the terminal's own screen."""
    said = re.findall(r"record +(\S+)", app.written.decode(errors="replace"))
    assert said, app.text
    return str(said[-1])


def save_as(app: Terminal, dialog: str, path: Path) -> None:
    """Give a file's name to a dialog that is about to open, and wait until the file is written."""
    app.wait_for(dialog)
    app.type_over(path.name)
    app.press("enter")
    app.wait_for_file(path)


def test_the_whole_path(tmp_path: Path) -> None:
    with open_app(tmp_path) as app:
        # one Enter on the focused button runs the sample model on the built-in digits
        app.wait_for("SmallCNN")
        app.press("enter")
        proposed = boundaries(app.wait_for(ENDED, r"\d{3}/400", r"start +\d", r"end +\d"))
        start, end = proposed
        assert 1e-7 <= start < end <= 10

        # each boundary moves by its own key: a column by an arrow, ten columns with shift
        app.press("s", "right")
        one_column = wait_for_boundaries(app, unlike=proposed)
        assert one_column[0] > start
        app.press("shift+right")
        eleven_columns = wait_for_boundaries(app, unlike=one_column)
        assert (eleven_columns[0] / one_column[0]) > (one_column[0] / start) ** 5
        assert eleven_columns[1] == end
        app.press("e", "left")
        moved = wait_for_boundaries(app, unlike=eleven_columns)
        assert moved[0] == eleven_columns[0]
        assert moved[1] < end

        # w writes the record to the file that is named
        app.press("w")
        save_as(app, "write the run to", tmp_path / "mine.json")
        record = load(tmp_path / "mine.json")
        assert record.status in ("completed", "diverged")
        assert len(record.history.lr) > 50
        assert record.bounds is not None
        assert (record.bounds.start_lr, record.bounds.end_lr) == pytest.approx(moved, rel=0.01)

        # r resets: the digest proves it and the chart is empty
        app.press("r")
        app.wait_for("model put back exactly", lambda text: not re.search(ENDED, text))

        # the form has kept its values
        app.press("escape")
        app.wait_for(r"start_lr +1e-07")
        app.press("q")
        assert app.wait_for_exit() == 0
        assert modes_left_on(bytes(app.written)) == []

        # the terminal's own screen keeps the answer and the record, with the boundaries as left
        assert record.suggestion is not None
        assert f"lr       {record.suggestion.lr:.1e} · constant" in app.text
        bounds = record.bounds
        assert f"bounds   {bounds.start_lr:.1e} to {bounds.end_lr:.1e}" in app.text
        assert load(record_said(app)).bounds == record.bounds


def test_a_record_is_not_overwritten_silently(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text("precious")
    with open_app(tmp_path, "--num-iter", "10") as app:
        app.press("enter")
        app.wait_for(ENDED)
        app.press("w")
        app.wait_for("write the run to")
        app.type_over("mine.json")
        app.press("enter")
        app.wait_for("exists|overwrite|replace")
        assert (tmp_path / "mine.json").read_text() == "precious"


@pytest.mark.slow
def test_x_stops_a_run(tmp_path: Path) -> None:
    with open_app(tmp_path, *LONG_RUN) as app:
        app.press("enter")
        app.wait_for(LONG_RUN_STARTED)
        app.press("x")
        app.wait_for("■ stopped")
        app.press("q")
        assert app.wait_for_exit() == 0


@pytest.mark.parametrize("number", slow_after(1, [signal.SIGTERM, signal.SIGQUIT, signal.SIGINT]))
def test_a_signal_during_a_run_gives_the_terminal_back(
    tmp_path: Path, number: signal.Signals
) -> None:
    with open_app(tmp_path, *LONG_RUN) as app:
        app.press("enter")
        app.wait_for(LONG_RUN_STARTED)
        app.signal(number)
        assert app.wait_for_exit() == 128 + number
        assert modes_left_on(bytes(app.written)) == []
        record = load(record_said(app))
        assert record.status == "interrupted"
        assert record.reason.startswith("lrtui was closed after ")
        assert record.history.lr


def test_what_a_model_prints_never_reaches_the_screen(tmp_path: Path) -> None:
    noise = r"print('SPOKEN' * 50); os.write(1, b'\x1b[2JRAW'); os.write(2, b'ERR')"
    with open_app(tmp_path, "--model", module(tmp_path, "loud", noise), "--num-iter", "20") as app:
        app.press("enter")
        app.wait_for(UNKNOWN_FILE)
        app.press("enter")
        text = app.wait_for(ENDED)
        assert not re.search("SPOKEN|RAW|ERR", text)
        assert b"SPOKEN" not in app.written


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "gone.py:Net"], "no such file"),
        (["--data", "lrtui:nothing"], "has no 'nothing'"),
    ],
)
def test_a_choice_that_does_not_exist_is_reported_and_the_app_stays(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    with open_app(tmp_path, *arguments) as app:
        app.press("enter")
        # the focus goes to the wrong field, and back to the button
        app.wait_for(message, lambda text: BUTTON_HAS_FOCUS not in text)
        app.press("escape")
        app.wait_for(BUTTON_HAS_FOCUS)
        app.press("q")
        assert app.wait_for_exit() == 0


def test_a_model_file_that_fails_to_import_is_reported_and_the_app_stays(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(
        "import does_not_exist\nclass Net(does_not_exist.Base): pass\n"
    )
    with open_app(tmp_path, "--model", "broken.py:Net") as app:
        app.press("enter")
        app.wait_for(UNKNOWN_FILE)
        app.press("enter")
        app.wait_for("does_not_exist", lambda text: BUTTON_HAS_FOCUS not in text)
        app.press("escape")
        app.wait_for(BUTTON_HAS_FOCUS)
        app.press("q")
        assert app.wait_for_exit() == 0


def test_a_resize_during_a_run_is_drawn(tmp_path: Path) -> None:
    with open_app(tmp_path, *LONG_RUN) as app:
        app.press("enter")
        app.wait_for(LONG_RUN_STARTED)
        for columns, lines in ((80, 24), (200, 50), (40, 10), (1, 1), (100, 30)):
            app.resize(columns, lines)
        app.wait_for("start", LONG_RUN_STARTED)
        app.press("q")
        app.wait_for("A run is in progress")
        app.press("enter")
        assert app.wait_for_exit() == 0


def test_a_size_that_comes_back_at_once_is_drawn_anew(tmp_path: Path) -> None:
    """The terminal may have cut its picture off meanwhile, while the app sees the same size."""
    with open_app(tmp_path) as app:
        app.forget()
        app.signal(signal.SIGWINCH)
        app.wait_for("learning-rate range test", "SmallCNN", r"end_lr +10", BUTTON_HAS_FOCUS)


@pytest.mark.parametrize(
    "env", slow_after(1, [{"NO_COLOR": "1"}, {"TERM": "xterm-16color"}, {"TERM": "screen"}])
)
@pytest.mark.slow
def test_the_path_works_with_few_colours(tmp_path: Path, env: dict[str, str]) -> None:
    with open_app(tmp_path, "--num-iter", "20", columns=80, lines=24, **env) as app:
        app.press("enter")
        start, end = boundaries(app.wait_for(ENDED, r"start +\d", r"end +\d"))
        assert start < end
        app.press("q")
        assert app.wait_for_exit() == 0


def test_no_terminal_is_reported_with_exit_code_2(tmp_path: Path) -> None:
    done = subprocess.run(
        lrtui_argv(),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "no terminal" in done.stderr
    assert done.stderr.count("\n") == 1
    with Terminal(lrtui_argv(), tmp_path, {"TERM": "dumb"}) as dumb:
        assert dumb.wait_for_exit() == 2
        assert "TERM" in dumb.text


@pytest.mark.slow
def test_the_run_command_and_the_screen_suggest_the_same_rate(tmp_path: Path) -> None:
    done = subprocess.run(
        lrtui_argv("run", "--json"), cwd=tmp_path, capture_output=True, text=True, check=True
    )
    suggestion = json.loads(done.stdout)["suggestion"]
    with open_app(tmp_path) as app:
        app.press("enter")
        app.wait_for(ENDED, re.escape(f"{suggestion['lr']:.2e}"))


@pytest.mark.slow
def test_a_preset_is_saved_opened_in_the_app_and_run_by_the_command(tmp_path: Path) -> None:
    with open_app(tmp_path, "--num-iter", "12", "--optimizer", "torch.optim:SGD") as app:
        app.wait_for("SmallCNN")
        app.press("f2")
        save_as(app, "save the form as a preset", tmp_path / "mine.toml")
        app.wait_for("saved: ")
        app.press("q")
        assert app.wait_for_exit() == 0
    with open_app(tmp_path, "mine.toml") as app:
        app.wait_for(r"num_iter +12", "torch.optim:SGD")
        app.press("enter")
        app.wait_for(ENDED)
    done = subprocess.run(
        lrtui_argv("run", "mine.toml", "--json"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    spec = json.loads(done.stdout)["spec"]
    assert (spec["range"]["num_iter"], spec["optimizer"]["target"]) == (12, "torch.optim:SGD")


def test_a_preset_with_a_wrong_key_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text("seed = 1\n[range]\nnum_itr = 5\n")
    with Terminal(lrtui_argv("wrong.toml"), tmp_path) as app:
        assert app.wait_for_exit() == 2
        assert "wrong.toml:3" in app.text
        assert "num_iter" in app.text


def test_the_sample_gan_runs_with_one_enter(tmp_path: Path) -> None:
    with open_app(tmp_path, "--model", "sample_models/gan.py:GAN", "--num-iter", "20") as app:
        app.wait_for("gan.py:optimizers")
        app.press("enter")
        app.wait_for(ENDED)


@pytest.mark.fashion
def test_fashion_mnist_is_offered_fetched_and_run(tmp_path: Path) -> None:
    with open_app(
        tmp_path, "--model", "sample_models/resnet.py:SmallResNet", "--num-iter", "3"
    ) as app:
        app.wait_for("f4 downloads it")
        app.press("enter")
        app.wait_for("download it")
        app.press("enter")
        app.wait_for(r"[123]/3")
