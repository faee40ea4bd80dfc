"""Every setting has an effect or is refused: in flags, by --set, in TOML and in `range_test`."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from torch import nn

from lrtui.engine.settings import Settings
from lrtui.events import Suggested
from lrtui.spec import CHOICES, RunSpec
from tests.field.models import Net, labelled
from tests.field.rig import Run, assert_says, command, here
from tests.field.test_batches import CE

BASE = (
    *("--model", here("Net1"), "--data", "lrtui:digits", "--optimizer", "torch.optim:SGD"),
    *(
        "--loss",
        CE,
        "--num-iter",
        "12",
        "--start-lr",
        "1e-3",
        "--end-lr",
        "1",
        "--batch-size",
        "32",
    ),
)
VAL = ("--val",)
REPEATS = ("--repeats", "2")
METRIC = ("--metric", "lrtui:accuracy")
WHOLE = ("--model", "sample_models/mlp.py:MLP", "--end-lr", "10", "--num-iter", "300")
STEP = ("--step", here("whole_step"))
UPDATE = ("--step", here("update_step"))
LOADER = ("--model", here("Net"), "--data", here("own_loader"))
PAIR = ("--model", here("Net"), "--data", here("train_and_val"))


@dataclass(frozen=True)
class Change:
    """A change of one field, and the flags that it is made beside."""

    assignment: str
    beside: tuple[str, ...] = ()

    @property
    def field(self) -> str:
        """The field's own name."""
        section, _, name = self.assignment.partition("=")[0].rpartition(".")
        return section if name == "target" else name


CHANGES = {
    "model": Change(f"model.target={here('TwoLayers')}"),
    "data": Change(f"data.target={here('digits_again')}"),
    "optimizer": Change("optimizer.target=torch.optim:Adam"),
    "loss": Change("loss.target=torch.nn:MultiMarginLoss"),
    "metric": Change("metric.target=lrtui:accuracy"),
    "step": Change(f"step.target={here('double_step')}", ("--loss", "auto")),
    "batch": Change(
        "batch=inputs,target,_", ("--model", here("Lengths"), "--data", here("lengths_last"))
    ),
    "range.start_lr": Change("range.start_lr=1e-2"),
    "range.end_lr": Change("range.end_lr=0.5"),
    "range.num_iter": Change("range.num_iter=15"),
    "range.mode": Change("range.mode=linear"),
    "range.smooth_f": Change("range.smooth_f=0.5"),
    "range.diverge_th": Change("range.diverge_th=1.0001", ("--end-lr", "1000")),
    "range.accumulation_steps": Change("range.accumulation_steps=2"),
    "range.iterations_per_lr": Change("range.iterations_per_lr=3"),
    "range.warmup": Change("range.warmup=5"),
    "range.val": Change("range.val=true"),
    "range.val_batches": Change("range.val_batches=2", VAL),
    "range.repeats": Change("range.repeats=2"),
    "range.vary": Change("range.vary=init", REPEATS),
    "range.max_seconds": Change("range.max_seconds=1e-6"),
    "range.clip_grad_norm": Change("range.clip_grad_norm=0.01"),
    "range.create_graph": Change("range.create_graph=true"),
    "range.metric_mode": Change("range.metric_mode=min", (*METRIC, *WHOLE)),
    "loader.batch_size": Change("loader.batch_size=16"),
    "loader.workers": Change("loader.workers=-1"),
    "loader.subset": Change("loader.subset=200"),
    "loader.val_fraction": Change("loader.val_fraction=0.5", ("--data", here("undivided"), *VAL)),
    "plan.schedule": Change("plan.schedule=cosine"),
    "plan.steps": Change("plan.steps=3000"),
    "plan.epochs": Change("plan.epochs=3"),
    "plan.warmup": Change("plan.warmup=20"),
    # refused in one process; what they do is tested with several
    "devices.nproc": Change("devices.nproc=-1"),
    "devices.shard": Change("devices.shard=true"),
    "devices.nnodes": Change("devices.nnodes=2"),
    "devices.node_rank": Change("devices.node_rank=1"),
    "devices.rdzv_endpoint": Change("devices.rdzv_endpoint=gpu1:29500"),
    "devices.timeout": Change("devices.timeout=5"),
    "precision": Change("precision=bf16"),
    "device": Change("device=cuda:77"),
    "seed": Change("seed=1"),
    "channels_last": Change("channels_last=true"),
    "cudnn_benchmark": Change("cudnn_benchmark=true", ("--device", "cpu")),
    "compile": Change("compile=1"),
    "snapshot": Change("snapshot=device"),
    "init_device": Change("init_device=meta"),
}
NO_EFFECT = {
    "metric_mode without a metric": Change("range.metric_mode=min"),
    "val_batches without validation": Change("range.val_batches=2"),
    "vary without repeats": Change("range.vary=init"),
    "batch_size of a loader of one's own": Change("loader.batch_size=8", LOADER),
    "workers of a loader of one's own": Change("loader.workers=1", LOADER),
    "subset of a loader of one's own": Change("loader.subset=32", LOADER),
    "val_fraction of a pair": Change("loader.val_fraction=0.5", (*PAIR, *VAL)),
    "batch beside a step": Change("batch=inputs,target", STEP),
    "create_graph of an optimizer of first order": Change("range.create_graph=true"),
    "create_graph beside a step that updates": Change("range.create_graph=true", UPDATE),
    "loss beside a step": Change("loss.target=torch.nn:MultiMarginLoss", STEP),
    "metric beside a step": Change("metric.target=lrtui:accuracy", STEP),
    "clip_grad_norm beside a step that updates": Change("range.clip_grad_norm=0.01", UPDATE),
    "channels_last of a model without pictures": Change(
        "channels_last=true", ("--model", here("Net"), "--data", here("own_loader"))
    ),
    "loss.label_smoothing of auto": Change("loss.label_smoothing=0.9", ("--loss", "auto")),
    "loss.reduction of auto": Change("loss.reduction=sum", ("--loss", "auto")),
    "loss.labelsmoothing of auto": Change("loss.labelsmoothing=0.9", ("--loss", "auto")),
    "loss.labelsmoothing": Change("loss.labelsmoothing=0.9"),
    "loss.label_smoothing of none": Change(
        "loss.label_smoothing=0.9",
        ("--model", here("Losses"), "--data", here("labelled"), "--loss", "none"),
    ),
    "metric.k of none": Change("metric.k=3"),
    "metric.top_k of none": Change("metric.top_k=3"),
    "metric.topk": Change("metric.topk=3", ("--metric", "lrtui:top-k")),
    "metric.k of auto": Change("metric.k=3", ("--metric", "auto")),
    "epochs of data without a length": Change(
        "plan.epochs=3", ("--model", here("Net"), "--data", here("Batches"))
    ),
    "warmup of a short training": Change("plan.warmup=5", ("--epochs", "1", "--batch-size", "400")),
    "step.factor of none": Change("step.factor=1"),
    "step.smoothing of none": Change("step.smoothing=0.5"),
    "step.smooting": Change("step.smooting=0.5", STEP),
    "model.widht": Change("model.widht=4"),
    "optimizer.momentun": Change("optimizer.momentun=0.9"),
    "optimizer.lr": Change("optimizer.lr=0.5"),
    "data.folder": Change("data.folder=/nowhere"),
}
ARGUMENTS = {
    "loss.label_smoothing": Change("loss.label_smoothing=0.9"),
    "metric.k": Change("metric.k=1", ("--metric", "lrtui:top-k")),
    "step.smoothing": Change("step.smoothing=0.5", (*STEP, "--loss", "auto")),
    "model.width": Change("model.width=4"),
    "optimizer.momentum": Change("optimizer.momentum=0.9"),
    "optimizer.weight_decay": Change("optimizer.weight_decay=0.5"),
}


def outcome(run: Run) -> tuple[Any, ...]:
    """What a run measured and answered, times and names aside."""
    steps = [msgspec.structs.replace(step, seconds=0.0) for step in run.steps]
    started, end = run.started, run.ended
    assert started is not None
    assert end is not None
    built = (
        started.device,
        started.batch,
        started.loss,
        started.digest,
        started.momentum,
        started.plan,
    )
    answers = [event for event in run.events if isinstance(event, Suggested)]
    return steps, built, end.status, answers


def assert_effect_or_refusal(change: Change, *flags: str) -> None:
    """Another outcome, a refusal that names the field, or a notice that does."""
    before = command(*BASE, *change.beside, *flags)
    after = command(*BASE, *change.beside, *flags, "--set", change.assignment)
    if before.refused:
        assert_says(before.text, change.field)  # it runs only with the change
        assert not after.refused, after.text
        return
    if after.refused:
        assert_says(after.text, change.field)
        return
    assert any(change.field in notice for notice in after.notices) or outcome(before) != outcome(
        after
    ), f"{change.assignment} changes nothing"


def all_fields() -> list[str]:
    """Every field of a spec, dotted."""
    spec = RunSpec()
    found: list[str] = []
    for name in RunSpec.__struct_fields__:
        value = getattr(spec, name)
        if isinstance(value, msgspec.Struct) and name not in CHOICES:
            found += [f"{name}.{inner}" for inner in value.__struct_fields__]
        else:
            found.append(name)
    return found


def test_every_field_of_a_spec_is_changed_here() -> None:
    assert set(all_fields()) == set(CHANGES)


@pytest.mark.parametrize("name", CHANGES)
def test_every_field_of_a_spec_has_an_effect_or_is_refused(name: str) -> None:
    assert_effect_or_refusal(CHANGES[name])


@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_argument_of_a_choice_has_an_effect(name: str) -> None:
    change = ARGUMENTS[name]
    before = command(*BASE, *change.beside)
    after = command(*BASE, *change.beside, "--set", change.assignment)
    assert not after.refused, after.text
    assert outcome(before) != outcome(after)


@pytest.mark.parametrize("name", NO_EFFECT)
def test_what_would_have_no_effect_is_refused_or_said(name: str) -> None:
    change = NO_EFFECT[name]
    result = command(*BASE, *change.beside, "--set", change.assignment)
    assert_says(result.usage + "\n".join(result.notices) + "\n".join(reasons(result)), change.field)


def reasons(run: Run) -> list[str]:
    """Why a run failed, [] where it did not."""
    return [run.ended.reason] if run.ended and run.ended.status == "failed" else []


NEAREST = {
    "loss.labelsmoothing": ("label_smoothing", ()),
    "loss.labelsmoothing of auto": ("label_smoothing", ("--loss", "auto")),
    "model.widht": ("width", ()),
    "optimizer.momentun": ("momentum", ()),
    "metric.topk": (r"'k'|`k`|\bk\b", ("--metric", "lrtui:top-k")),
    "step.smooting": ("smoothing", STEP),
}


@pytest.mark.parametrize("name", NEAREST)
def test_a_misspelt_argument_is_refused_with_the_nearest_name(name: str) -> None:
    nearest, beside = NEAREST[name]
    result = command(*BASE, *beside, "--set", f"{name.split()[0]}=1")
    assert result.refused
    assert_says(result.text, nearest)


def test_arguments_of_auto_are_used_or_refused_in_toml_too(tmp_path: Path) -> None:
    def ran(args: str) -> Run:
        spec = tmp_path / "spec.toml"
        spec.write_text(
            f'[model]\ntarget = "{here("Net")}"\n[data]\ntarget = "{here("labelled")}"\n'
            f'[loss]\ntarget = "auto"\n{args}\n[range]\nnum_iter = 12\n'
        )
        return command(str(spec))

    after = ran("args = { label_smoothing = 0.9 }")
    if after.refused:
        assert_says(after.text, "label_smoothing")
        return
    assert ran("").losses != after.losses


def test_arguments_of_auto_are_those_of_the_loss_that_it_chooses() -> None:
    result = command(*BASE, "--loss", "auto", "--set", "loss.label_smoothing=0.9")
    named = command(*BASE, "--set", "loss.label_smoothing=0.9")
    if result.refused:
        assert_says(result.text, "label_smoothing", "CrossEntropyLoss")
        return
    assert result.losses == named.losses


# --- the library ------------------------------------------------------------------------------

Given = dict[str, Any]


def step_of_own(model: nn.Module, batch: Any) -> torch.Tensor:
    """A step with another loss than the criterion's."""
    return 2 * nn.functional.cross_entropy(model(batch[0]), batch[1])


def share(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The share of right answers."""
    return (output.argmax(1) == target).float().mean()


LONG: Given = {"num_iter": 300, "start_lr": 1e-4, "end_lr": 30}
VAL_LOADER: Given = {"val_loader": labelled()}
LIBRARY: dict[str, tuple[Given, Given]] = {
    "start_lr": ({"start_lr": 1e-2}, {}),
    "end_lr": ({"end_lr": 0.5}, {}),
    "num_iter": ({"num_iter": 15}, {}),
    "step_mode": ({"step_mode": "linear"}, {}),
    "smooth_f": ({"smooth_f": 0.5}, {}),
    "diverge_th": ({"diverge_th": 1.0001}, {"end_lr": 1000}),
    "accumulation_steps": ({"accumulation_steps": 2}, {}),
    "keep_ratios": ({"keep_ratios": True}, {}),
    "iterations_per_lr": ({"iterations_per_lr": 3}, {}),
    "warmup": ({"warmup": 5}, {}),
    "clip_grad_norm": ({"clip_grad_norm": 0.01}, {}),
    "val_batches": ({"val_batches": 2}, VAL_LOADER),
    "max_seconds": ({"max_seconds": 1e-9}, {}),
    "metric": ({"metric": share}, {}),
    "metric_mode": (
        {"metric_mode": "min"},
        {"metric": share, "num_iter": 300, "start_lr": 1e-4, "end_lr": 30},
    ),
    "batch_step": ({"batch_step": step_of_own}, {}),
    "repeats": ({"repeats": 2}, {}),
    "vary": ({"vary": "init"}, {"repeats": 2}),
}
NOT_SEEN = {
    "non_blocking_transfer",  # how batches are moved, not what comes of it
    "batch",  # has an effect on batches of more than two items: see test_batches
    "create_graph",  # has an effect on second-order optimizers: see test_optimizers
}
LIBRARY_NO_EFFECT: dict[str, tuple[Given, Given]] = {
    "val_batches": ({"val_batches": 2}, {}),
    "metric_mode": ({"metric_mode": "min"}, {}),
    "vary": ({"vary": "init"}, {}),
    "metric": ({"metric": share}, {"batch_step": step_of_own}),
}


def outcome_of(given: Given) -> tuple[Any, ...]:
    """What a test of the library comes to."""
    from lrtui import LRFinder

    torch.manual_seed(0)
    model = Net()
    groups = [{"params": [model.net.weight], "lr": 1e-3}, {"params": [model.net.bias], "lr": 1e-2}]
    finder = LRFinder(model, torch.optim.SGD(groups), nn.CrossEntropyLoss(), verbose=False)
    finder.range_test(labelled(), **{"num_iter": 12, "end_lr": 1, **given})
    return finder.histories, finder.status, finder.analysis()


def test_every_setting_of_the_library_is_changed_here() -> None:
    names = {field.name for field in fields(Settings)}
    assert names - NOT_SEEN == set(LIBRARY)


@pytest.mark.parametrize("name", LIBRARY)
def test_every_setting_of_the_library_has_an_effect(name: str) -> None:
    change, beside = LIBRARY[name]
    assert outcome_of(beside) != outcome_of({**beside, **change})


@pytest.mark.parametrize("name", LIBRARY_NO_EFFECT)
def test_a_setting_of_the_library_without_an_effect_is_refused(name: str) -> None:
    change, beside = LIBRARY_NO_EFFECT[name]
    with pytest.raises(ValueError, match=name):
        outcome_of({**beside, **change})


def test_a_misspelt_setting_of_the_library_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(TypeError, match="accumulation_steps"):
        outcome_of({"accumulation_step": 2})
