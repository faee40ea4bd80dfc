"""lrtui: the learning-rate range test, as a terminal app, a library and a command.

The names below are imported when they are first used: `import lrtui` loads neither torch nor
Textual.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrtui.analysis.answer import Bounds as Bounds
    from lrtui.analysis.answer import Plan as Plan
    from lrtui.analysis.answer import Suggestion as Suggestion
    from lrtui.analysis.suggest import suggest as suggest
    from lrtui.engine.data.batches import DataLoaderIter as DataLoaderIter
    from lrtui.engine.data.batches import TrainDataLoaderIter as TrainDataLoaderIter
    from lrtui.engine.data.batches import ValDataLoaderIter as ValDataLoaderIter
    from lrtui.finder import LRFinder as LRFinder
    from lrtui.integrations.watch import Watch as Watch
    from lrtui.integrations.watch import watch as watch
    from lrtui.live import show as show
    from lrtui.record import RunRecord as RunRecord
    from lrtui.runs.store import load as load
    from lrtui.spec import RunSpec as RunSpec

__version__ = "0.1.0"

_HOME = {
    "Bounds": "lrtui.analysis.answer",
    "DataLoaderIter": "lrtui.engine.data.batches",
    "LRFinder": "lrtui.finder",
    "Plan": "lrtui.analysis.answer",
    "RunRecord": "lrtui.record",
    "RunSpec": "lrtui.spec",
    "Suggestion": "lrtui.analysis.answer",
    "TrainDataLoaderIter": "lrtui.engine.data.batches",
    "ValDataLoaderIter": "lrtui.engine.data.batches",
    "Watch": "lrtui.integrations.watch",
    "load": "lrtui.runs.store",
    "show": "lrtui.live",
    "suggest": "lrtui.analysis.suggest",
    "watch": "lrtui.integrations.watch",
}

__all__ = [*_HOME, "__version__"]


def __getattr__(name: str) -> Any:
    """Import a public name where it lives."""
    if name not in _HOME:
        raise AttributeError(f"module 'lrtui' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """The public names."""
    return __all__
