"""A progress bar where somebody sees it: in a notebook, or on a terminal."""

import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrtui.events import Step


# the rate and its loss are worth more of the line than the steps a second
_FORMAT = "{desc} {percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt} [{remaining} left{postfix}]"


def is_seen() -> bool:
    """Whether a bar would be seen: in a notebook, or where stderr is a terminal."""
    return is_notebook() or (sys.stderr is not None and sys.stderr.isatty())


def is_notebook() -> bool:
    """Whether this process is the kernel of a notebook; IPython in a terminal is none."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None


@contextmanager
def progress(steps: "Iterable[Step]", total: int, *, wanted: bool) -> "Iterator[Iterable[Step]]":
    """The same steps, with a bar if it is wanted and would be seen."""
    if not (wanted and is_seen()):
        yield steps
        return
    with closing(_bar(total)) as bar:
        yield _counted(steps, bar)


def say(text: str) -> None:
    """Print a line; a bar that is shown moves below it."""
    tqdm = sys.modules.get("tqdm")
    if tqdm is None:
        print(text)
    else:
        tqdm.tqdm.write(text)


def _counted(steps: "Iterable[Step]", bar: Any) -> "Iterator[Step]":
    for step in steps:
        if bar.update():  # it was drawn: every tenth of a second
            bar.set_postfix_str(_where(step), refresh=False)
        yield step


def _where(step: "Step") -> str:
    loss = step.measured_loss if step.loss is None else step.loss
    return f"lr {step.lr:.1e}, loss {loss:.3g}"


def _bar(total: int) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without ipywidgets the bar is text
        from tqdm.auto import tqdm

        return tqdm(total=total, desc="range test", bar_format=_FORMAT, leave=False)
