"""A grid: which runs it is, its TOML, and what it says of a mistake."""

from pathlib import Path
from typing import Any

import pytest

from lrtui.spec import Choice, LoaderSpec, RangeSpec, RunSpec, SpecError
from lrtui.sweep.grid import Grid, axis_label, axis_text, parse, read, to_toml

SGD, ADAMW = "torch.optim:SGD", "torch.optim:AdamW"
TEXT = """
seed = 7

[optimizer]
target = "torch.optim:SGD"
args = { momentum = 0.9 }

[grid]
"optimizer.target" = ["torch.optim:SGD", "torch.optim:AdamW"]
"loader.batch_size" = [16, 64]
"optimizer.weight_decay" = [0.0, 0.01]
repeats = 3
"""


def test_every_combination_is_a_run_and_the_first_axis_changes_slowest() -> None:
    specs = parse(TEXT).expand()
    found = [
        (spec.optimizer.target, spec.loader.batch_size, spec.optimizer.args["weight_decay"])
        for spec in specs
    ]
    assert found == [
        (optimizer, size, decay)
        for optimizer in (SGD, ADAMW)
        for size in (16, 64)
        for decay in (0.0, 0.01)
    ]
    assert {(spec.seed, spec.range.repeats) for spec in specs} == {(7, 3)}


def test_another_optimizer_takes_none_of_the_arguments_of_the_base() -> None:
    by_target = {spec.optimizer.target: spec.optimizer.args for spec in parse(TEXT).expand()}
    assert by_target[SGD] == {"momentum": 0.9, "weight_decay": 0.01}
    assert by_target[ADAMW] == {"weight_decay": 0.01}


def test_an_argument_before_its_target_is_kept() -> None:
    axes: dict[str, list[Any]] = {"optimizer.weight_decay": [0.1], "optimizer.target": [SGD]}
    (spec,) = Grid(axes=axes).expand()
    assert spec.optimizer == Choice(SGD, {"weight_decay": 0.1})


def test_whole_choices_are_values_too() -> None:
    axes = {"optimizer": [{"target": SGD, "args": {"momentum": 0.5}}, {"target": ADAMW}]}
    specs = Grid(axes=axes).expand()
    assert [spec.optimizer for spec in specs] == [Choice(SGD, {"momentum": 0.5}), Choice(ADAMW)]


def test_the_same_run_is_made_once() -> None:
    assert len(Grid(axes={"seed": [1, 1, 2]}).expand()) == 2
    assert Grid().expand() == [RunSpec()]


def test_a_grid_is_the_same_after_toml_and_back() -> None:
    grid = Grid(
        base=RunSpec(loader=LoaderSpec(batch_size=8), range=RangeSpec(num_iter=200)),
        axes={
            "optimizer": [{"target": SGD, "args": {"momentum": 0.9}}],
            "range.mode": ["exp", "linear"],
            "model.width": [4, 8],
        },
        repeats=2,
    )
    assert parse(to_toml(grid)) == grid


def test_paths_need_no_quotes() -> None:
    assert parse("[grid]\nloader.batch_size = [8, 16]").axes == {"loader.batch_size": [8, 16]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[grid\n", "not TOML"),
        ("grid = 3", "expected a table [grid]"),
        ('[grid]\n"loader.batchsize" = [1]', "did you mean 'batch_size'?"),
        ('[grid]\n"optimiser.target" = ["x:y"]', "did you mean 'optimizer'?"),
        ('[grid]\n"loader.batch_size" = 16', "expected a list of values"),
        ('[grid]\n"loader.batch_size" = []', "expected a list of values"),
        ('[grid]\n"loader.batch_size" = ["x"]', "expected a whole number, got text"),
        ('[grid]\n"optimizer.target" = [3]', "optimizer.target: expected text"),
        ('[grid]\n"loader.batch_size" = [-1]', "loader.batch_size: must not be negative"),
        ('[grid]\n"loader" = [1]', "expected a table [loader]"),
        ("[grid]\nrepeats = 1.5", "repeats: expected a whole number"),
        (f"[grid]\nseed = {list(range(1001))}", "1,001 runs are too many"),
        ("sed = 1\n[grid]\nseed = [1]", "did you mean 'seed'?"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(text: str, words: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse(text, "my.toml")
    message = str(caught.value)
    assert words in message
    assert message.startswith("my.toml")
    assert "\n" not in message


def test_a_file_is_read_and_one_that_is_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "g.toml"
    with pytest.raises(SpecError, match="No such file"):
        read(path)
    path.write_text(TEXT)
    assert len(read(path).expand()) == 8


def test_axes_have_short_words() -> None:
    assert axis_label("optimizer.target") == "optimizer"
    assert axis_label("optimizer.args.weight_decay") == "weight_decay"
    assert axis_text(SGD) == "SGD"
    assert axis_text(0.010) == "0.01"
    assert axis_text({"target": SGD, "args": {"momentum": 0.9}}) == "SGD momentum=0.9"
