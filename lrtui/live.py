"""The app on objects that a script already has: `LRFinder(...).show(loader)`."""

import inspect
import math
import os
from collections.abc import Generator
from typing import Any, Unpack

import msgspec
import torch

from lrtui import paths
from lrtui.analysis.analyse import Analysis
from lrtui.engine.optim import momentum_of
from lrtui.engine.settings import Given, Settings, settings_of
from lrtui.events import Status, Step, nonfinite_kind
from lrtui.finder import LRFinder
from lrtui.launch.live_driver import Facts, LiveDriver
from lrtui.range_settings import range_spec
from lrtui.spec import Choice, LoaderSpec, RangeSpec, RunSpec


def show(
    finder: LRFinder, train_loader: Any = None, val_loader: Any = None, **settings: Unpack[Given]
) -> int:
    """Open the app on a finder's model and optimizer; without a loader on the test that it has measured already.

    Whatever is done in it, model and optimizer are as they were when the finder was made once it is left; the curve
    stays in `finder.history`.

    Args:
        finder: made of the live objects.
        train_loader: as for `LRFinder.range_test`.
        val_loader: likewise; with it the curve is the validation loss.
        **settings: likewise: `start_lr`, `end_lr`, `num_iter`, …; see `Settings`.

    Returns:
        The exit code: 0; 2 where there is no terminal to draw on; 128 + a signal's number.

    Raises:
        ValueError: a setting that makes no sense, or neither a loader nor a measured test.
    """
    from lrtui.tui.app import run_app

    live = LiveObjects(finder, train_loader, val_loader, settings)
    driver = LiveDriver(live, paths.logs() / f"live-{os.getpid()}.log")
    try:
        return run_app(live.spec, driver, live=True)
    finally:
        driver.close()
        if train_loader is not None:
            finder.reset()


class LiveObjects:
    """A finder and its loaders, as a LiveDriver asks of them."""

    def __init__(
        self, finder: LRFinder, train_loader: Any, val_loader: Any, settings: Given
    ) -> None:
        self._finder = finder
        self._loaders = train_loader, val_loader
        self._settings = settings
        chosen = settings_of(settings)
        self.past = [] if train_loader is not None else steps_of(finder)
        if train_loader is None and not self.past:
            raise ValueError(
                "nothing to show: give a loader to run a test, or call range_test() first"
            )
        self.judged_by = "training loss" if val_loader is None else "validation loss"
        self.spec = spec_of(finder, train_loader, val_loader, chosen, self.past)

    def facts(self) -> Facts:
        """What the objects are."""
        finder = self._finder
        test = self.spec.range
        return {
            "torch": str(torch.__version__),
            "device": str(finder.device),
            "parameters": sum(param.numel() for param in finder.model.parameters()),
            "batch": "",
            "loss": _name(finder.criterion) if finder.criterion is not None else "of the model",
            "digest": finder.digest(),
            "total_steps": len(self.past) or test.num_iter * test.repeats,
            "momentum": momentum_of(finder.optimizer),
        }

    def steps(self) -> Generator[Step, None, None]:
        """A range test."""
        return self._finder.steps(*self._loaders, **self._settings)

    def trials(self, **how: Any) -> Generator[Any, None, Any]:
        """Short trainings."""
        return self._finder.trials(*self._with_loader(), **how)

    def stability(self) -> Any:
        """The stability limit."""
        return self._finder.stability(self._with_loader()[0])

    def outcome(self) -> tuple[Status, str]:
        """How the last test ended."""
        status = self._finder.status
        known: dict[str, Status] = {
            "diverged": "diverged",
            "stopped": "stopped",
            "interrupted": "interrupted",
        }
        return known.get(status, "completed"), self._finder.reason

    def analysis(self) -> Analysis:
        """All that the curves say."""
        return self._finder.analysis()

    def reset(self) -> str:
        """Put everything back."""
        self._finder.reset()
        return self._finder.digest()

    def _with_loader(self) -> tuple[Any, Any]:
        if self._loaders[0] is None:
            raise ValueError("no loader was given to show(), so nothing can be trained")
        return self._loaders


def spec_of(
    finder: LRFinder, train_loader: Any, val_loader: Any, chosen: Settings, past: list[Step]
) -> RunSpec:
    """The spec that the screen shows: names of classes instead of targets, for live objects have none."""
    optimizer = finder.optimizers[0]
    start_lr = _first(chosen.start_lr) or float(
        optimizer.param_groups[0]["lr"] or RangeSpec().start_lr
    )
    end_lr = _first(chosen.end_lr) or RangeSpec().end_lr
    if past:
        start_lr, end_lr = past[0].lr, past[-1].lr
    test = range_spec(chosen, start_lr, end_lr, val=val_loader is not None)
    if past:
        test = msgspec.structs.replace(
            test,
            num_iter=sum(step.repeat == 0 for step in past),
            repeats=past[-1].repeat + 1,
        )
    loader = getattr(train_loader, "data_loader", train_loader)
    data = getattr(loader, "dataset", loader)
    batch_size = getattr(loader, "batch_size", None)
    return RunSpec(
        model=Choice(_name(finder.model)),
        data=Choice(_name(data) if data is not None else "measured before"),
        optimizer=Choice(_target(optimizer), _arguments(optimizer)),
        loader=LoaderSpec(
            batch_size=batch_size if isinstance(batch_size, int) and batch_size > 0 else 1
        ),
        range=test,
    )


def steps_of(finder: LRFinder) -> list[Step]:
    """The points of the test that a finder has measured."""
    return [
        _step(repeat, index, history)
        for repeat, history in enumerate(finder.histories)
        for index in range(len(history["lr"]))
    ]


def _step(repeat: int, index: int, history: dict[str, list[Any]]) -> Step:
    loss = float(history["loss"][index])
    raw = float(history.get("raw_loss", history["loss"])[index])
    metric = history.get("metric")
    return Step(
        iteration=index,
        repeat=repeat,
        lr=float(history["lr"][index]),
        raw_loss=raw if math.isfinite(raw) else None,
        loss=loss if math.isfinite(loss) else None,
        nonfinite=nonfinite_kind(raw),
        metric=None if metric is None else float(metric[index]),
    )


def _name(thing: Any) -> str:
    """What a person calls an object: a function's own name, else its class's."""
    return getattr(thing, "__name__", None) or type(thing).__name__


def _target(optimizer: Any) -> str:
    kind = type(optimizer)
    where = "torch.optim" if kind.__module__.startswith("torch.optim") else kind.__module__
    return f"{where}:{kind.__name__}"


def _arguments(optimizer: Any) -> dict[str, Any]:
    """What an optimizer was given beside its rate: what differs from its class's defaults and can be written down."""
    group = optimizer.param_groups[0]
    return {
        name: group[name]
        for name, parameter in inspect.signature(type(optimizer)).parameters.items()
        if name in group and name not in ("params", "lr") and group[name] != parameter.default
        and isinstance(group[name], bool | int | float | str | tuple)
    }  # fmt: skip


def _first(lr: Any) -> float | None:
    if lr is None:
        return None
    return float(lr[0]) if isinstance(lr, list | tuple) else float(lr)
