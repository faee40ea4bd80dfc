"""What the flags make of a spec: file, companion of a model, flags, --set, in this order."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lrtui.cli import lrtui
from lrtui.spec import Choice, RunSpec


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[RunSpec]:
    """The specs that the app was opened with."""
    import lrtui.tui.app as app

    specs: list[RunSpec] = []
    monkeypatch.setattr(app, "run_app", lambda spec: specs.append(spec) or 0)
    return specs


def called(*arguments: str) -> Any:
    return CliRunner().invoke(lrtui, list(arguments))


def test_a_model_brings_what_its_file_says(opened: list[RunSpec]) -> None:
    called("--model", "sample_models/gan.py:GAN")
    assert opened[0].optimizer == Choice("sample_models/gan.py:optimizers")
    assert opened[0].step == Choice("sample_models/gan.py:step")


def test_explicit_flags_win_over_what_a_model_brings(opened: list[RunSpec]) -> None:
    called(
        "--model",
        "sample_models/char_transformer.py:CharTransformer",
        "--batch-size",
        "7",
        "--data",
        "lrtui:digits",
    )
    assert opened[0].loader.batch_size == 7
    assert opened[0].data == Choice("lrtui:digits")


def test_a_spec_before_no_command_opens_the_app_with_it(
    opened: list[RunSpec], tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("seed = 5\n[range]\nnum_iter = 7\n")
    called(str(path), "--num-iter", "9")
    called("--num-iter", "9", str(path))
    assert opened == [RunSpec(seed=5, range=RunSpec().range.__class__(num_iter=9))] * 2


def test_a_wrong_companion_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text("\nSPEC = {'data': 5}\ndef net(): pass\n")
    done = called("--model", f"{path}:net")
    assert done.exit_code == 2
    assert "net.py:2" in done.output


def test_a_wrong_key_is_refused_with_its_line_and_the_nearest_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[range]\nnum_itr = 7\n")
    done = called(str(path))
    assert done.exit_code == 2
    assert "mine.toml:2" in done.output
    assert "did you mean 'num_iter'?" in done.output
