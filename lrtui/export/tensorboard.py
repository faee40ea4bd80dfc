"""A record as event files of TensorBoard, one a repeat, with the report and the picture."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from lrtui.export import series
from lrtui.export.content import Content, ExportError, is_installed
from lrtui.export.markdown import markdown_of
from lrtui.export.tfevents import first_event, image_event, scalar_event, text_event
from lrtui.files import write_atomic
from lrtui.record import History


def write_tensorboard(content: Content, folder: Path, overwrite: bool) -> None:
    """Write the event files into a folder of the run, which is made.

    Raises:
        FileExistsError: one of them exists and `overwrite` is off.
        OSError: they cannot be written.
    """
    began = _began(content)
    name = f"events.out.tfevents.{began:.0f}.lrtui"
    files = {folder / name: b"".join(_summary(content, began))}
    for index, history in enumerate(series.histories(content)):
        events = b"".join(_curve(history, began, content.record.seconds))
        files[folder / f"repeat-{index + 1}" / name] = events
    if not overwrite:
        _refuse_existing(files)
    for path, events in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(events, path, overwrite)


def _refuse_existing(files: dict[Path, bytes]) -> None:
    for path in files:
        if path.exists():
            raise FileExistsError(0, "already exists", str(path))


def _curve(history: History, began: float, seconds: float) -> Iterator[bytes]:
    yield first_event(began)
    pace = seconds / max(1, len(history.lr))
    for step, values in enumerate(series.points(history)):
        yield scalar_event(began + pace * step, step, values)


def _summary(content: Content, began: float) -> Iterator[bytes]:
    yield first_event(began)
    answers = series.answers(content)
    if answers:
        yield scalar_event(began, 0, answers)
    yield text_event(began, "report", markdown_of(content))
    if is_installed("matplotlib"):
        from lrtui.export.figure import figure_bytes

        try:
            yield image_event(began, "curve", figure_bytes(content, "png"))
        except ExportError:
            return  # nothing was measured; the report says so


def _began(content: Content) -> float:
    try:
        return datetime.fromisoformat(content.record.created).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0
