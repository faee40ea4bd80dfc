"""TOML that Python's own parser falls over is refused in one line, wherever it is read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lrtui import specfile
from lrtui.spec import RunSpec, SpecError
from lrtui.sweep import grid
from lrtui.tui.config import ConfigError, read_config
from tests.faults.processes import lrtui

NESTED = "x = " + "[" * 3000 + "]" * 3000
DOTTED = "a." * 3000 + "b = 1"
DIGITS = "seed = " + "9" * 5000
HUGE = "seed = " + "9" * 30
ODD = {"nested": NESTED, "dotted": DOTTED, "digits": DIGITS, "huge": HUGE}

READERS: dict[str, Callable[[Path], object]] = {
    "spec": specfile.read,
    "grid": grid.read,
    "config": read_config,
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("reader", READERS)
def test_odd_toml_in_a_file(reader: str, odd: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.toml"
    path.write_text(ODD[odd])
    with pytest.raises((SpecError, ConfigError)) as refusal:
        READERS[reader](path)
    assert str(refusal.value).startswith(str(path))
    assert len(str(refusal.value)) < 300 + len(str(path))


@pytest.mark.parametrize("text", ["[" * 3000, "9" * 5000, "\udcff"])
def test_odd_values_on_the_command_line(text: str) -> None:
    with pytest.raises(SpecError, match="--set"):
        specfile.override(RunSpec(), f"range.num_iter={text}")


def test_a_number_of_more_than_64_bits_names_its_field() -> None:
    with pytest.raises(SpecError, match=r"model\.args\.width: a whole number of more than 64 bits"):
        specfile.parse('[model]\ntarget = "net.py:Net"\nargs.width = ' + "9" * 30)


def test_a_message_about_what_is_far_too_long_is_short() -> None:
    done = lrtui("run", "--set", f"nosuch.{'x' * 50_000}=1")
    assert done.returncode == 2
    assert len(done.stderr) < 5000
    assert done.stderr.decode().splitlines()[-1].startswith("Error: --set nosuch.xxx")
