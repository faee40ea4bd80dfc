"""The spec that a command line makes: file, SPEC of a model's file, flags, --set, in this order."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lrtui.cli import lrtui
from lrtui.spec import Choice, RangeSpec, RunSpec
from lrtui.tui.config import Flags


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[RunSpec]:
    """The specs that the app was opened with."""
    import lrtui.tui.app as app

    specs: list[RunSpec] = []

    def run_app(spec: RunSpec, flags: Flags, elsewhere: str, host: object) -> int:
        specs.append(spec)
        return 0

    monkeypatch.setattr(app, "run_app", run_app)
    return specs


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(lrtui, list(arguments))


def test_the_spec_of_a_models_file_is_used(opened: list[RunSpec]) -> None:
    invoke("--model", "sample_models/gan.py:GAN")
    assert opened[0].optimizer == Choice("sample_models/gan.py:optimizers")
    assert opened[0].step == Choice("sample_models/gan.py:step")


def test_flags_win_over_the_spec_of_a_models_file(opened: list[RunSpec]) -> None:
    invoke(
        "--model",
        "sample_models/char_transformer.py:CharTransformer",
        "--batch-size",
        "7",
        "--data",
        "lrtui:digits",
    )
    assert opened[0].loader.batch_size == 7
    assert opened[0].data == Choice("lrtui:digits")


def test_a_spec_file_without_a_command_opens_the_app_with_it(
    opened: list[RunSpec], tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("seed = 5\n[range]\nnum_iter = 7\n")
    invoke(str(path), "--num-iter", "9")
    invoke("--num-iter", "9", str(path))
    assert opened == [RunSpec(seed=5, range=RangeSpec(num_iter=9))] * 2


def test_a_wrong_spec_in_a_models_file_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text("\nSPEC = {'data': 5}\ndef net(): pass\n")
    result = invoke("--model", f"{path}:net")
    assert result.exit_code == 2
    assert "net.py:2" in result.output


def test_an_unknown_field_is_refused_with_its_line_and_the_nearest_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[range]\nnum_itr = 7\n")
    result = invoke(str(path))
    assert result.exit_code == 2
    assert "mine.toml:2" in result.output
    assert "did you mean 'num_iter'?" in result.output
