"""The command that the form shows: read by the real command line, it makes the same spec."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest

from lrtui.cli import lrtui
from lrtui.flags import spec_from
from lrtui.spec import Choice, LoaderSpec, PlanSpec, RangeSpec, RunSpec
from lrtui.tui.form.run_command import run_command

FILES = sorted(Path("sample_models").glob("[!_]*.py"))
SPECS = [
    RunSpec(),
    RunSpec(seed=3, device="cpu", precision="bf16", compile=True, batch="input, target"),
    RunSpec(range=RangeSpec(start_lr=1.5e-9, end_lr=0.123456789012345, num_iter=50, mode="linear")),
    RunSpec(range=RangeSpec(val=True, repeats=2, accumulation_steps=4, warmup=9, vary="init")),
    RunSpec(loader=LoaderSpec(batch_size=7, subset=100, workers=2, val_fraction=0.25)),
    RunSpec(plan=PlanSpec(schedule="one-cycle", epochs=10, warmup=200)),
    RunSpec(model=Choice("sample_models/cnn.py:SmallCNN", {"width": 32, "activation": "it's"})),
    RunSpec(model=Choice("sample_models/mlp.py:MLP", {"activation": "3", "dropout": 0.1})),
    RunSpec(optimizer=Choice("torch.optim:AdamW", {"betas": (0.9, 0.95), "amsgrad": True})),
    RunSpec(optimizer=Choice("torch.optim:SGD", {"momentum": 0.9})),
    RunSpec(data=Choice("lrtui:images", {"root": "/a folder/with 'quotes' and $HOME"})),
    RunSpec(data=Choice("lrtui:table", {"path": "x.csv", "more": {"a b": [1, 2], "c": "d"}})),
    RunSpec(loss=Choice("none"), metric=Choice("lrtui:accuracy"), step=Choice("none")),
]


def made_by(command: str, monkeypatch: pytest.MonkeyPatch) -> RunSpec:
    """The spec that the command line reads from a command."""
    words = shlex.split(command)
    assert words[:2] == ["lrtui", "run"]
    run = lrtui.commands["run"]
    seen: list[RunSpec] = []

    def remember(specs: Sequence[RunSpec], *_: Any) -> int:
        seen.extend(specs)
        return 0

    monkeypatch.setattr("lrtui.commands.run.headless.run_headless", remember)
    with run.make_context("run", words[2:]) as context, pytest.raises(click.exceptions.Exit):
        run.invoke(context)
    return seen[0]


def as_json(spec: RunSpec) -> bytes:
    """A spec without the difference between a tuple and a list."""
    return msgspec.json.encode(spec)


@pytest.mark.parametrize("spec", SPECS)
def test_the_command_makes_the_same_spec(spec: RunSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    command = run_command(spec)
    assert command is not None
    assert as_json(made_by(command, monkeypatch)) == as_json(spec)


@pytest.mark.parametrize(
    "file", sorted(Path("sample_models").glob("[!_]*.py")), ids=lambda f: f.stem
)
def test_the_command_knows_what_the_file_of_a_model_sets(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags: dict[str, Any] = dict.fromkeys(list_of_flags())
    flags |= {"model": f"{file}:Net", "overrides": ()}
    spec = spec_from(None, flags)
    command = run_command(spec)
    assert command == f"lrtui run --model {file}:Net" or file.stem == "cnn"
    changed = msgspec.structs.replace(
        spec, loader=LoaderSpec(batch_size=5), data=Choice("lrtui:digits"), loss=Choice("auto")
    )
    changed_command = run_command(changed)
    assert changed_command is not None
    assert as_json(made_by(changed_command, monkeypatch)) == as_json(changed)


def list_of_flags() -> list[str]:
    return [str(parameter.name) for parameter in lrtui.commands["run"].params]


def test_a_flag_that_a_models_file_sets_is_switched_off_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "net.py").write_text("SPEC = {'range': {'val': True}}\ndef net():\n    pass\n")
    spec = RunSpec(model=Choice(f"{tmp_path}/net.py:net"))
    command = run_command(spec)
    assert command is not None
    assert as_json(made_by(command, monkeypatch)) == as_json(spec)


@pytest.mark.parametrize(
    "spec",
    [
        RunSpec(optimizer=Choice("torch.optim:AdamW", {"foreach": None})),
        RunSpec(model=Choice("sample_models/cnn.py:SmallCNN", {"a.b": 1})),
    ],
)
def test_a_spec_that_no_flags_make_has_no_command(spec: RunSpec) -> None:
    assert run_command(spec) is None
