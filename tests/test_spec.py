"""A spec: its checks, TOML in and out, overrides, and settings that are declared once."""

import contextlib
from pathlib import Path

import click
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrtui.cli import run
from lrtui.settings import Limits
from lrtui.spec import (
    CHOICES,
    Choice,
    LoaderSpec,
    PlanSpec,
    Problem,
    RangeSpec,
    RunSpec,
    SpecError,
    to_toml,
)
from lrtui.specfields import FLAGS, declaration_of, setting_paths, value_at, with_values
from lrtui.specfile import override, parse, read
from lrtui.specproblems import checked, problems
from lrtui.tui.form.fields import SETTINGS, text_of
from lrtui.tui.form.spec_reader import read_spec
from lrtui.tui.form.state import FormState

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


def test_the_defaults_are_a_valid_run() -> None:
    assert problems(RunSpec()) == []


@pytest.mark.parametrize(
    ("change", "field", "message"),
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
def test_a_wrong_range_is_reported_at_its_field(
    change: dict[str, float], field: str, message: str
) -> None:
    spec = RunSpec(range=msgspec.structs.replace(RangeSpec(), **change))
    assert (field, message) in [(problem.field, problem.message) for problem in problems(spec)]
    with pytest.raises(SpecError, match=field):
        checked(spec)


@pytest.mark.parametrize("target", ["", ":", ":Net", "net.py:", "net.py"])
def test_a_target_without_both_sides_is_reported(target: str) -> None:
    assert [problem.field for problem in problems(RunSpec(model=Choice(target)))] == ["model"]


def test_a_linear_ramp_may_start_at_zero() -> None:
    assert problems(RunSpec(range=RangeSpec(start_lr=0.0, mode="linear"))) == []


@pytest.mark.parametrize(
    ("text", "message"),
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
        (
            "[range]\nmode = 'up'\n",
            "my.toml:2: range.mode: expected one of (exp, linear), got 'up'",
        ),
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
def test_a_wrong_file_is_refused_with_its_line_and_the_nearest_name(
    text: str, message: str
) -> None:
    with pytest.raises(SpecError) as caught:
        parse(text, "my.toml")
    assert str(caught.value).startswith(message)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
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
    ("assignment", "message"),
    [
        ("range.num_iter", "expected name.field=value"),
        ("=3", "expected name.field=value"),
        ("range.num_itr=7", "did you mean 'num_iter'"),
        ("sed=7", "did you mean 'seed'"),
        ("range.num_iter=lots", "expected a whole number"),
        ("seed.x=1", "seed.x: 'seed' has no fields"),
        ("model.args.width.x=1", "'width' has no fields"),
        ("range=3", "range: expected a table [range] with start_lr"),
    ],
)
def test_a_wrong_override_is_refused(assignment: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        override(RunSpec(), assignment)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"--set {assignment}: ")


@pytest.mark.parametrize(
    ("plan", "field", "message"),
    [
        (PlanSpec(steps=10, epochs=1), "plan.epochs", "steps (10) are given too: give one of them"),
        (PlanSpec(steps=10, warmup=10), "plan.warmup", "must be below steps (10), got 10"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(
    plan: PlanSpec, field: str, message: str
) -> None:
    assert problems(RunSpec(plan=plan)) == [Problem(field, message)]


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"devices.shard": True}, "devices.shard", "has no effect: it needs devices.nproc"),
        ({"devices.nproc": 3}, "loader.batch_size", "64 examples cannot be divided among 3"),
        (
            {"devices.nproc": 2, "devices.nnodes": 3, "devices.rdzv_endpoint": "gpu1:29500"},
            "loader.batch_size",
            "64 examples cannot be divided among 6 processes: use 60 or 66",
        ),
        ({"devices.nproc": 2, "loader.batch_size": 0}, "loader.batch_size", "0 gives no batch"),
        ({"devices.nproc": 2, "precision": "apex-O1"}, "precision", "apex works in one process"),
        ({"devices.nproc": 2, "device": "cuda:1"}, "device", "each process takes a device"),
        ({"devices.nproc": 2, "devices.nnodes": 2}, "devices.rdzv_endpoint", "2 machines need"),
        (
            {"devices.nproc": 2, "devices.rdzv_endpoint": "gpu1"},
            "devices.rdzv_endpoint",
            "expected HOST:PORT, got 'gpu1'",
        ),
        ({"devices.nproc": 2, "devices.node_rank": 1}, "devices.node_rank", "must be below"),
        (
            {
                "devices.nproc": 2,
                "devices.shard": True,
                "range.repeats": 2,
                "range.vary": "init",
            },
            "range.vary",
            "a sharded model's weights cannot be drawn again",
        ),
    ],
)
def test_what_several_processes_cannot_do_is_refused(
    values: dict[str, object], field: str, message: str
) -> None:
    (problem,) = problems(with_values(RunSpec(), values))
    assert problem.field == field
    assert message in problem.message


# A value inside the limits of every setting, and where there are limits one outside.
INSIDE: dict[str, object] = {
    "batch": "inputs,target",
    "range.start_lr": 1e-6,
    "range.end_lr": 2.0,
    "range.num_iter": 7,
    "range.mode": "linear",
    "range.smooth_f": 0.5,
    "range.diverge_th": 3.0,
    "range.accumulation_steps": 2,
    "range.iterations_per_lr": 3,
    "range.warmup": 4,
    "range.val": True,
    "range.val_batches": 5,
    "range.repeats": 3,
    "range.vary": "init",
    "range.max_seconds": 60.0,
    "range.clip_grad_norm": 1.5,
    "range.metric_mode": "min",
    "range.create_graph": True,
    "loader.batch_size": 8,
    "loader.workers": 1,
    "loader.subset": 100,
    "loader.val_fraction": 0.5,
    "plan.schedule": "cosine",
    "plan.steps": 3000,
    "plan.epochs": 10,
    "plan.warmup": 200,
    "devices.nproc": 2,
    "devices.shard": True,
    "devices.nnodes": 2,
    "devices.node_rank": 0,
    "devices.rdzv_endpoint": "gpu1:29500",
    "devices.timeout": 30.0,
    "precision": "bf16",
    "device": "cpu",
    "seed": 9,
    "channels_last": True,
    "cudnn_benchmark": True,
    "compile": True,
    "snapshot": "cpu",
    "init_device": "device",
}
OUTSIDE: dict[str, float] = {
    "range.start_lr": float("inf"),
    "range.end_lr": float("nan"),
    "range.num_iter": 1,
    "range.smooth_f": 1.0,
    "range.diverge_th": 1.0,
    "range.accumulation_steps": 0,
    "range.iterations_per_lr": 0,
    "range.warmup": -1,
    "range.val_batches": -1,
    "range.repeats": 0,
    "range.max_seconds": -1.0,
    "range.clip_grad_norm": -1.0,
    "loader.batch_size": -1,
    "loader.workers": -1,
    "loader.subset": -1,
    "loader.val_fraction": 1.0,
    "plan.steps": -1,
    "plan.epochs": -1,
    "plan.warmup": -1,
    "devices.nproc": -1,
    "devices.nnodes": 0,
    "devices.node_rank": -2,
    "devices.timeout": 0.0,
    "seed": -1,
}
BESIDE: dict[str, dict[str, object]] = {  # without these the setting has no effect
    "devices.shard": {"devices.nproc": 2},
    "devices.nnodes": {"devices.nproc": 2, "devices.rdzv_endpoint": "gpu1:29500"},
    "devices.node_rank": {"devices.nproc": 2},
    "devices.rdzv_endpoint": {"devices.nproc": 2},
    "devices.timeout": {"devices.nproc": 2},
    "range.val_batches": {"range.val": True},
    "range.vary": {"range.repeats": 2},
    "range.metric_mode": {"metric": Choice("lrtui:accuracy")},
}
TYPES = {"int": int, "float": float, "bool": bool, "str": str, "choice": str}


def test_the_lists_of_this_test_hold_every_setting() -> None:
    assert list(INSIDE) == setting_paths()
    limited = {path for path in INSIDE if declaration_of(path).limits != Limits()}
    assert OUTSIDE.keys() == limited


@pytest.mark.parametrize("path", INSIDE)
def test_form_flags_files_and_checks_know_a_setting_as_it_is_declared(path: str) -> None:
    declaration, value = declaration_of(path), INSIDE[path]
    start = with_values(RunSpec(), BESIDE.get(path, {}))
    changed = with_values(start, {path: value})
    assert value_at(changed, path) == value != value_at(RunSpec(), path)
    assert type(value) is TYPES[declaration.kind]
    assert problems(changed) == []
    # --set and TOML
    assert override(start, f"{path}={value_text(path)}") == changed
    assert parse(to_toml(changed)) == changed
    # the form
    field = SETTINGS[path]
    assert (field.name, field.kind, field.help) == (
        path.rpartition(".")[2],
        declaration.kind,
        declaration.help,
    )
    assert field.help
    assert field.choices == declaration.choices or path == "device"
    state = FormState(start)
    state.set(path, value_text(path))
    assert read_spec(state, {}) == (changed, [])
    if path in BESIDE:
        alone = with_values(RunSpec(), {path: value})
        assert [problem.field for problem in problems(alone)] == [path]


@pytest.mark.parametrize("path", OUTSIDE)
def test_form_flags_files_and_checks_refuse_a_value_outside_the_limits(path: str) -> None:
    value = OUTSIDE[path]
    message = declaration_of(path).problem(value)
    assert message
    assert Problem(path, message) in problems(with_values(RunSpec(), {path: value}))


@pytest.mark.parametrize("path", [path for path in INSIDE if declaration_of(path).choices])
def test_files_and_overrides_refuse_a_value_that_is_not_among_the_choices(path: str) -> None:
    expected = f"expected one of ({', '.join(declaration_of(path).choices)})"
    with pytest.raises(SpecError) as caught:
        override(RunSpec(), f"{path}=up")
    assert f"{path}: {expected}, got 'up'" in str(caught.value)


def value_text(path: str) -> str:
    return text_of(SETTINGS[path], INSIDE[path])


@pytest.mark.parametrize("name", FLAGS)
def test_a_flag_has_the_type_and_the_help_of_its_field(name: str) -> None:
    declaration = declaration_of(FLAGS[name])
    option = next(option for option in run.params if option.name == name)
    assert isinstance(option, click.Option)
    assert option.help is not None
    assert declaration.help[1:] in option.help
    kinds = {"integer": "int", "float": "float", "text": "str", "choice": "choice"}
    if FLAGS[name] in CHOICES:
        assert declaration.kind == "other"
    elif option.is_flag:
        assert declaration.kind == "bool"
    else:
        assert kinds[option.type.name] == declaration.kind
    if isinstance(option.type, click.Choice):
        assert tuple(option.type.choices) == declaration.choices
