"""What a person types on the grid's page, and the grid that it says."""

import pytest

from lrtui.spec import Choice, RunSpec, SpecError
from lrtui.tui.grid.texts import (
    DECAYS,
    FIELD,
    OPTIMIZERS,
    REPEATS,
    SIZES,
    VALUES,
    first_texts,
    grid_of,
    words,
)

BASE = RunSpec(optimizer=Choice("mine.py:Lion", {"betas": (0.9, 0.99)}))


def texts(**changes: str) -> dict[str, str]:
    names = {"o": OPTIMIZERS, "s": SIZES, "d": DECAYS, "f": FIELD, "v": VALUES, "r": REPEATS}
    return {**first_texts(BASE), **{names[key]: text for key, text in changes.items()}}


def test_untouched_it_is_the_run_itself() -> None:
    assert grid_of(BASE, texts()).expand() == [BASE]


def test_a_name_alone_is_the_bases_own_optimizer_or_one_of_torch() -> None:
    specs = grid_of(BASE, texts(o="Lion, SGD,apex.optimizers:FusedAdam")).expand()
    assert [spec.optimizer.target for spec in specs] == [
        "mine.py:Lion",
        "torch.optim:SGD",
        "apex.optimizers:FusedAdam",
    ]
    assert specs[0].optimizer.args == BASE.optimizer.args


def test_sizes_decays_another_field_and_repeats() -> None:
    grid = grid_of(BASE, texts(s="16, 64", d="0, 1e-2", f="range.mode", v="exp, linear", r="3"))
    specs = grid.expand()
    assert len(specs) == 8
    assert words(grid, 8) == "8 runs: 16, 64 × 0, 0.01 × exp, linear"
    assert {spec.range.repeats for spec in specs} == {3}
    assert specs[-1].range.mode == "linear"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"s": "16, many"}, "loader.batch_size"),
        ({"f": "range.mod", "v": "exp"}, "did you mean 'mode'?"),
        ({"f": "range.mode"}, "expected a list of values"),
        ({"v": "1"}, "which field"),
        ({"r": "0"}, "whole number from 1"),
        ({"r": "two"}, "whole number from 1"),
    ],
)
def test_a_mistake_is_one_line(changes: dict[str, str], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        grid_of(BASE, texts(**changes)).expand()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
