"""The app on live objects of a script: `LRFinder(...).show(loader)`."""

import os
from collections.abc import Sequence
from typing import Unpack

import msgspec
from torch.optim import Optimizer

from lrtui import paths
from lrtui.analysis.answer import ANY_PLAN, Plan
from lrtui.analysis.plan import plan_of
from lrtui.engine.history import History
from lrtui.engine.reading.callable import signature_of_callable
from lrtui.engine.settings import Given, Settings, settings_of
from lrtui.events import Step, nonfinite_kind
from lrtui.finder import LRFinder
from lrtui.launch.live_driver import LiveDriver
from lrtui.range_settings import range_spec
from lrtui.run_events.numbers import finite
from lrtui.run_events.objects import LiveObjects, Loader
from lrtui.spec import Choice, LoaderSpec, PlanSpec, RangeSpec, RunSpec

Argument = bool | int | float | str | tuple[object, ...]


def show(
    finder: LRFinder,
    train_loader: Loader | None = None,
    val_loader: Loader | None = None,
    *,
    plan: Plan = ANY_PLAN,
    **settings: Unpack[Given],
) -> int:
    """Open the app on a finder's model and optimizer; without a loader, on its last test.

    When the app is left, model and optimizer are as they were when the finder was made, whatever
    was done in it; the curve stays in `finder.history`.

    Args:
        finder: made of the live objects.
        train_loader: as for `LRFinder.range_test`.
        val_loader: likewise; with it the curve is the validation loss.
        plan: the training that the learning rate is wanted for.
        **settings: likewise: `start_lr`, `end_lr`, `num_iter`, …; see `Settings`. `num_iter` is
            400 if not given, as everywhere in the app.

    Returns:
        The exit code: 0; 2 where there is no terminal to draw on; 128 + a signal's number.

    Raises:
        ValueError: a setting that makes no sense, or neither a loader nor a measured test.
    """
    from lrtui.tui.app import run_app

    objects = live_objects(finder, train_loader, val_loader, settings, plan)
    driver = LiveDriver(objects, paths.logs() / f"live-{os.getpid()}.log")
    try:
        return run_app(objects.spec, driver, live=True)
    finally:
        driver.close()
        if train_loader is not None:
            finder.reset()


def live_objects(
    finder: LRFinder,
    train_loader: Loader | None,
    val_loader: Loader | None,
    settings: Given,
    plan: Plan = ANY_PLAN,
) -> LiveObjects:
    """A finder and its loaders, as the driver of a run takes them.

    Raises:
        ValueError: a setting or a plan that makes no sense, or neither a loader nor a measured
            test.
    """
    plan = plan_of(plan.schedule, plan.steps, plan.warmup)
    settings = Given(num_iter=RangeSpec().num_iter) | settings
    spec = msgspec.structs.replace(
        spec_of(finder, train_loader, val_loader, settings),
        plan=PlanSpec(schedule=plan.schedule, steps=plan.steps, warmup=plan.warmup),
    )
    past: tuple[Step, ...] = ()
    if train_loader is None:
        past = tuple(steps_of(finder))
        if not past:
            raise ValueError(
                "nothing to show: give a loader to run a test, or call range_test() first"
            )
        spec = with_range_of(past, finder.settings, spec)
    loss = "of the model" if finder.criterion is None else name_of(finder.criterion)
    return LiveObjects(
        finder=finder,
        train_loader=train_loader,
        val_loader=val_loader,
        trial_val_loader=val_loader,
        settings=settings,
        spec=spec,
        batch="",
        loss=loss,
        past=past,
    )


def spec_of(
    finder: LRFinder, train_loader: Loader | None, val_loader: Loader | None, settings: Given
) -> RunSpec:
    """The spec that the screen shows. Live objects have no targets, so it has names of classes."""
    chosen = settings_of(settings)
    optimizer = finder.optimizers[0]
    own_lr = optimizer.param_groups[0]["lr"]
    start_lr = first_lr(chosen.start_lr) or first_lr(own_lr) or RangeSpec().start_lr
    return RunSpec(
        model=Choice(name_of(finder.model)),
        data=Choice(data_name(train_loader)),
        optimizer=Choice(target_of(optimizer), arguments_of(optimizer)),
        batch=chosen.batch,
        loader=LoaderSpec(batch_size=batch_size_of(train_loader)),
        range=range_spec(
            chosen,
            start_lr,
            first_lr(chosen.end_lr) or RangeSpec().end_lr,
            val=val_loader is not None,
        ),
    )


def with_range_of(past: Sequence[Step], settings: Settings, spec: RunSpec) -> RunSpec:
    """The spec with the range of a test that was measured, as it was planned."""
    planned = range_spec(
        settings,
        past[0].lr,
        first_lr(settings.end_lr) or past[-1].lr,
        val=spec.range.val,
    )
    repeats = past[-1].repeat + 1
    return msgspec.structs.replace(spec, range=msgspec.structs.replace(planned, repeats=repeats))


def steps_of(finder: LRFinder) -> list[Step]:
    """The points of the test that a finder has measured."""
    steps: list[Step] = []
    for repeat, history in enumerate(finder.histories):
        for iteration in range(len(history["lr"])):
            steps.append(step_of(history, iteration, repeat))
    return steps


def step_of(history: History, iteration: int, repeat: int) -> Step:
    """One point of a history as the event that it was measured by."""
    raw_losses = history.get("raw_loss", history["loss"])
    raw_loss = float(raw_losses[iteration])
    metric: float | None = None
    if "metric" in history:
        metric = float(history["metric"][iteration])
    return Step(
        iteration=iteration,
        repeat=repeat,
        lr=float(history["lr"][iteration]),
        raw_loss=finite(raw_loss),
        loss=finite(float(history["loss"][iteration])),
        nonfinite=nonfinite_kind(raw_loss),
        metric=metric,
    )


def name_of(thing: object) -> str:
    """A function's own name, else that of the object's class."""
    name: str | None = getattr(thing, "__name__", None)
    return name or type(thing).__name__


def data_name(loader: Loader | None) -> str:
    """The class of a loader's data set, or of the loader where it has none."""
    if loader is None:
        return "measured before"
    loader = wrapped_loader(loader)
    return name_of(getattr(loader, "dataset", loader))


def batch_size_of(loader: Loader | None) -> int:
    """A loader's batch size; 1 where it does not say."""
    size = getattr(wrapped_loader(loader), "batch_size", None)
    if isinstance(size, int) and size > 0:
        return size
    return 1


def wrapped_loader(loader: Loader | None) -> Loader | None:
    """The DataLoader in a `DataLoaderIter`, else the loader itself."""
    inner: Loader | None = getattr(loader, "data_loader", loader)
    return inner


def target_of(optimizer: Optimizer) -> str:
    """An optimizer's class as a target; those of torch by their public module."""
    kind = type(optimizer)
    if kind.__module__.startswith("torch.optim"):
        return f"torch.optim:{kind.__name__}"
    return f"{kind.__module__}:{kind.__name__}"


def arguments_of(optimizer: Optimizer) -> dict[str, Argument]:
    """The optimizer's arguments, except its rate, that are not defaults and have a TOML form."""
    group = optimizer.param_groups[0]
    arguments: dict[str, Argument] = {}
    for name, parameter in signature_of_callable(type(optimizer)).parameters.items():
        if name not in group or name in ("params", "lr"):
            continue
        value = group[name]
        if isinstance(value, bool | int | float | str | tuple) and value != parameter.default:
            arguments[name] = value
    return arguments


def first_lr(lr: float | Sequence[float] | None) -> float | None:
    """The rate of the first parameter group."""
    if lr is None:
        return None
    if isinstance(lr, Sequence):
        return float(lr[0])
    return float(lr)
