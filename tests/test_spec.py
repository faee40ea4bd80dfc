import contextlib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrtui.spec import Choice, LoaderSpec, RangeSpec, RunSpec, SpecError, checked, problems, to_toml
from lrtui.specfile import override, parse, read

positive = st.floats(1e-12, 1e6)
values = st.one_of(
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False),
    st.text(),
    st.lists(st.integers(0, 9)),
)
choices = st.builds(
    Choice,
    st.sampled_from(["net.py:Net", "torch.optim:SGD"]),
    st.dictionaries(st.text(min_size=1), values, max_size=4),
)


@st.composite
def specs(draw: st.DrawFn) -> RunSpec:
    start = draw(positive)
    return RunSpec(
        model=draw(choices),
        optimizer=draw(choices),
        range=RangeSpec(
            start_lr=start,
            end_lr=start * draw(st.floats(1.1, 1e6)),
            num_iter=draw(st.integers(2, 10**6)),
            mode=draw(st.sampled_from(["exp", "linear"])),
            val=draw(st.booleans()),
        ),
        loader=LoaderSpec(batch_size=draw(st.integers(1, 10**6))),
        seed=draw(st.integers(0, 2**63 - 1)),
    )


@given(specs())
def test_a_spec_survives_toml(spec: RunSpec) -> None:
    assert parse(to_toml(spec)) == spec


@given(st.text())
def test_any_text_is_a_spec_or_is_refused(text: str) -> None:
    with contextlib.suppress(SpecError):
        parse(text)


def test_the_defaults_are_a_run_that_can_be_made() -> None:
    assert problems(RunSpec()) == []


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"start_lr": 1.0, "end_lr": 0.1}, "range.end_lr", "must be above start_lr (1), got 0.1"),
        ({"start_lr": 0.0}, "range.start_lr", "must be above 0 in exp mode, got 0"),
        ({"start_lr": float("nan")}, "range.start_lr", "must be a finite number, got nan"),
        ({"end_lr": float("inf")}, "range.end_lr", "must be a finite number, got inf"),
        ({"num_iter": 1}, "range.num_iter", "must be at least 2, got 1"),
        ({"smooth_f": 1.0}, "range.smooth_f", "must be in [0, 1), got 1"),
        ({"diverge_th": 1.0}, "range.diverge_th", "must be above 1, got 1"),
        ({"repeats": 0}, "range.repeats", "must be at least 1, got 0"),
        ({"warmup": -1}, "range.warmup", "must not be negative, got -1"),
    ],
)
def test_a_wrong_range_is_told_at_its_field(
    change: dict[str, float], field: str, words: str
) -> None:
    spec = RunSpec(range=msgspec.structs.replace(RangeSpec(), **change))
    assert (field, words) in [(problem.field, problem.message) for problem in problems(spec)]
    with pytest.raises(SpecError, match=field):
        checked(spec)


@pytest.mark.parametrize("target", ["", ":", ":Net", "net.py:", "net.py"])
def test_a_target_without_both_sides_is_told(target: str) -> None:
    assert [problem.field for problem in problems(RunSpec(model=Choice(target)))] == ["model"]


def test_a_linear_ramp_may_start_at_zero() -> None:
    assert problems(RunSpec(range=RangeSpec(start_lr=0.0, mode="linear"))) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[rnge]\nnum_iter = 5\n", "my.toml:1: rnge: unknown field 'rnge', did you mean 'range'?"),
        (
            "seed = 1\n[range]\nnum_itr = 5\n",
            "my.toml:3: range.num_itr: unknown field 'num_itr', did you mean 'num_iter'?",
        ),
        (
            '[range]\n\nnum_iter = "many"\n',
            "my.toml:3: range.num_iter: expected a whole number, got text",
        ),
        ('seed = "x"\n', "my.toml:1: seed: expected a whole number, got text"),
        ("[range]\nmode = 'up'\n", "my.toml:2: range.mode: "),
        (
            "[range]\nstart_lr = 2.0\nend_lr = 1.0\n",
            "my.toml:3: range.end_lr: must be above start_lr (2), got 1",
        ),
        ("model = 'net.py:Net'\n", "my.toml:1: model: expected a table [model] with target, args"),
        (
            "[model]\ntarget = 'net.py:Net'\nwidth = 3\n",
            "my.toml:3: model.width: unknown field 'width'",
        ),
        ("[range\n", "my.toml: not TOML: "),
    ],
)
def test_a_wrong_file_is_refused_with_its_line_and_the_nearest_name(text: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse(text, "my.toml")
    assert str(caught.value).startswith(said)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SpecError, match=r"gone\.toml: No such file"):
        read(tmp_path / "gone.toml")


def test_overrides_change_one_field() -> None:
    spec = override(RunSpec(), "range.num_iter=7")
    assert spec.range.num_iter == 7
    assert override(spec, "seed = 3").seed == 3
    assert override(spec, "model.width=32").model.args == {"width": 32}
    assert override(spec, "model.args.width=32").model.args == {"width": 32}
    assert override(spec, "model.activation=relu").model.args == {"activation": "relu"}
    assert override(spec, "model.target=a.py:B").model.target == "a.py:B"
    assert override(spec, "optimizer.betas=[0.9, 0.99]").optimizer.args == {"betas": [0.9, 0.99]}


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("range.num_iter", "expected name.field=value"),
        ("=3", "expected name.field=value"),
        ("range.num_itr=7", "did you mean 'num_iter'"),
        ("sed=7", "did you mean 'seed'"),
        ("range.num_iter=lots", "expected a whole number"),
        ("seed.x=1", "seed"),
    ],
)
def test_a_wrong_override_is_refused_in_words(assignment: str, words: str) -> None:
    with pytest.raises(SpecError) as caught:
        override(RunSpec(), assignment)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"--set {assignment}: ")
