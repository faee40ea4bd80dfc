"""The main job in a real terminal: open, run on real data, move the boundaries, reset, save, quit."""

import json
import re
import signal
import termios
import time
from pathlib import Path

import pytest

from lrtui.runs.store import load
from tests.terminal.terminal import Terminal, lrtui, modes_left_on
from tests.user_modules import module

ENDED = r"(completed|diverged) "


def boundary(text: str, name: str) -> float:
    match = re.search(rf"{name} *▸? *(\d\.\d\de[+-]\d\d)", text)
    assert match, text
    return float(match[1])


def open_app(
    cwd: Path, *arguments: str, columns: int = 100, lines: int = 30, **env: str
) -> Terminal:
    terminal = Terminal(lrtui(*arguments), cwd, env, columns, lines)
    terminal.wait_for("run")
    return terminal


def test_the_whole_path(tmp_path: Path) -> None:
    with open_app(tmp_path) as app:
        before = termios.tcgetattr(app.process.fd)
        # one Enter on the focused button runs the sample model on the built-in digits
        app.wait_for("SmallCNN")
        app.press("enter")
        text = app.wait_for(ENDED)
        assert re.search(r"\d{3}/400", text)
        start, end = boundary(text, "start"), boundary(text, "end")
        assert 1e-7 <= start < end <= 10

        # the boundaries move, each by the key that is said to move it, ten columns with shift
        app.press("s", "right")
        text = app.wait_for(lambda text: boundary(text, "start") > start)
        one = boundary(text, "start")
        app.press("shift+right")
        text = app.wait_for(lambda text: boundary(text, "start") > one)
        assert (boundary(text, "start") / one) > (one / start) ** 5
        assert boundary(text, "end") == end
        app.press("e", "left")
        text = app.wait_for(lambda text: boundary(text, "end") < end)
        moved = boundary(text, "start"), boundary(text, "end")

        # w writes the record where it is told to
        app.press("w")
        app.wait_for("write the run record")
        app.type_over("mine.json")
        app.press("enter")
        app.wait_for(lambda _: (tmp_path / "mine.json").exists())
        record = load(tmp_path / "mine.json")
        assert record.status in ("completed", "diverged")
        assert len(record.history.lr) > 50
        assert record.bounds is not None
        assert (record.bounds.start_lr, record.bounds.end_lr) == pytest.approx(moved, rel=0.01)

        # r resets: the digest proves it and the chart is empty
        app.press("r")
        text = app.wait_for(lambda text: "restored exactly" in text and not re.search(ENDED, text))
        assert record.digest[:12] in text

        # the form has kept its values
        app.press("escape")
        assert "1e-07" in app.wait_for("start_lr")
        app.press("q")
        assert app.wait_for_exit() == 0
        assert modes_left_on(bytes(app.written)) == []
        assert before is not None


def test_a_record_is_not_overwritten_silently(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text("precious")
    with open_app(tmp_path, "--num-iter", "10") as app:
        app.press("enter")
        app.wait_for(ENDED)
        app.press("w")
        app.wait_for("write the run record")
        app.type_over("mine.json")
        app.press("enter")
        app.wait_for("exists|overwrite|replace")
        assert (tmp_path / "mine.json").read_text() == "precious"


def test_x_stops_a_run_at_once(tmp_path: Path) -> None:
    with open_app(
        tmp_path, "--num-iter", "100000", "--start-lr", "1e-9", "--end-lr", "1e-8"
    ) as app:
        app.press("enter")
        app.wait_for(r"● [1-9]\d*/100000")
        app.press("x")
        app.wait_for("stopped by the user", seconds=5)
        app.press("q")
        assert app.wait_for_exit() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT])
def test_a_signal_in_mid_run_gives_the_terminal_back(
    tmp_path: Path, number: signal.Signals
) -> None:
    with open_app(tmp_path, "--num-iter", "100000", "--end-lr", "1e-6") as app:
        app.press("enter")
        app.wait_for(r"● [1-9]\d*/100000")
        app.signal(number)
        assert app.wait_for_exit() == 128 + number
        assert modes_left_on(bytes(app.written)) == []


def test_what_a_model_prints_never_reaches_the_picture(tmp_path: Path) -> None:
    noise = r"print('SPOKEN' * 50); os.write(1, b'\x1b[2JRAW'); os.write(2, b'ERR')"
    with open_app(tmp_path, "--model", module(tmp_path, "loud", noise), "--num-iter", "20") as app:
        app.press("enter")
        app.wait_for("has changed since")  # a file of one's own is asked about, once
        app.press("enter")
        text = app.wait_for(ENDED)
        assert not re.search("SPOKEN|RAW|ERR", text)
        assert b"SPOKEN" not in app.written


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model", "gone.py:Net"], "no such file"),
        (["--data", "lrtui:nothing"], "has no 'nothing'"),
        (["--model", "broken.py:Net"], "does_not_exist"),
    ],
)
def test_bad_input_is_told_and_the_app_stays(
    tmp_path: Path, arguments: list[str], words: str
) -> None:
    (tmp_path / "broken.py").write_text(
        "import does_not_exist\nclass Net(does_not_exist.Base): pass\n"
    )
    with open_app(tmp_path, *arguments) as app:
        app.press("enter")
        if "broken.py:Net" in arguments:
            app.wait_for("has changed since")
            app.press("enter")
        app.wait_for(words)
        # back to the form, or out of the field that is wrong, and on to the button
        for _ in range(3):
            app.press("escape")
            time.sleep(0.3)  # an escape and a letter at once are alt and that letter
        app.wait_for("⏎ runs")
        app.press("q")
        assert app.wait_for_exit() == 0


def test_a_resize_in_mid_run_is_drawn(tmp_path: Path) -> None:
    with open_app(tmp_path, "--num-iter", "100000", "--end-lr", "1e-6") as app:
        app.press("enter")
        app.wait_for(r"● [1-9]\d*/100000")
        for columns, lines in ((80, 24), (200, 50), (40, 10), (100, 30)):
            app.resize(columns, lines)
        app.wait_for(lambda text: "start" in text and re.search(r"● \d+/100000", text))
        app.press("q")
        assert app.wait_for_exit() == 0


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "xterm-16color"}, {"TERM": "screen"}])
def test_the_path_works_with_few_colours(tmp_path: Path, env: dict[str, str]) -> None:
    with open_app(tmp_path, "--num-iter", "20", columns=80, lines=24, **env) as app:
        app.press("enter")
        text = app.wait_for(ENDED)
        assert boundary(text, "start") < boundary(text, "end")
        app.press("q")
        assert app.wait_for_exit() == 0


def test_no_terminal_is_said_and_is_exit_code_2(tmp_path: Path) -> None:
    import subprocess

    done = subprocess.run(
        lrtui(), cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "no terminal" in done.stderr
    assert done.stderr.count("\n") == 1
    with Terminal(lrtui(), tmp_path, {"TERM": "dumb"}) as dumb:
        assert dumb.wait_for_exit() == 2
        assert "TERM" in dumb.text


def test_the_headless_command_says_the_same_as_the_screen(tmp_path: Path) -> None:
    import subprocess

    done = subprocess.run(
        lrtui("run", "--json"), cwd=tmp_path, capture_output=True, text=True, check=True
    )
    suggestion = json.loads(done.stdout)["suggestion"]
    with open_app(tmp_path) as app:
        app.press("enter")
        text = app.wait_for(ENDED)
    assert f"{suggestion['lr']:.2e}" in text


def test_a_preset_is_saved_opened_in_the_app_and_run_without_it(tmp_path: Path) -> None:
    import subprocess

    with open_app(tmp_path, "--num-iter", "12", "--optimizer", "torch.optim:SGD") as app:
        app.wait_for("SmallCNN")
        app.press("f2")
        app.wait_for("save the form as a preset")
        app.type_over("mine.toml")
        app.press("enter")
        app.wait_for(lambda _: (tmp_path / "mine.toml").exists())
        app.wait_for("saved: ")
        app.press("q")
        assert app.wait_for_exit() == 0
    with open_app(tmp_path, "mine.toml") as app:
        app.wait_for(r"num_iter +12")
        app.wait_for("torch.optim:SGD")
        app.press("enter")
        app.wait_for(ENDED)
    done = subprocess.run(
        lrtui("run", "mine.toml", "--json"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    spec = json.loads(done.stdout)["spec"]
    assert (spec["range"]["num_iter"], spec["optimizer"]["target"]) == (12, "torch.optim:SGD")


def test_a_preset_with_a_wrong_key_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text("seed = 1\n[range]\nnum_itr = 5\n")
    with Terminal(lrtui("wrong.toml"), tmp_path) as app:
        assert app.wait_for_exit() == 2
        assert "wrong.toml:3" in app.text
        assert "num_iter" in app.text


def test_a_gan_of_the_samples_runs_with_one_enter_after_it_is_named(tmp_path: Path) -> None:
    with open_app(tmp_path, "--model", "sample_models/gan.py:GAN", "--num-iter", "20") as app:
        app.wait_for("gan.py:optimizers")
        app.press("enter")
        app.wait_for(ENDED)


@pytest.mark.fashion
def test_fashion_mnist_is_offered_fetched_and_run(tmp_path: Path) -> None:
    with open_app(
        tmp_path, "--model", "sample_models/resnet.py:SmallResNet", "--num-iter", "3"
    ) as app:
        app.wait_for("f4 downloads it", seconds=60)
        app.press("enter")
        app.wait_for("download it")
        app.press("enter")
        app.wait_for(r"[123]/3", seconds=120)
