"""What a person takes away from a run: text for the clipboard, and the record as a file."""

from pathlib import Path

from lrtui.analysis.answer import Bounds
from lrtui.events import Measured
from lrtui.tui.clean import clean
from lrtui.tui.numbers import rate
from lrtui.tui.run.state import RunState
from lrtui.tui.run.view_options import AS_MEASURED


def rate_text(view: RunState) -> tuple[str, str] | None:
    """The suggested learning rate as (clipboard, words), where one is suggested."""
    answer = view.answer.suggestion if view.answer else None
    if answer is None or answer.lr is None:
        return None
    return f"{answer.lr:.6g}", f"lr {rate(answer.lr)}"


def bounds_text(bounds: Bounds) -> tuple[str, str]:
    """The boundaries as (clipboard, words): what a cyclical schedule is given."""
    words = f"the boundaries {rate(bounds.start_lr)} and {rate(bounds.end_lr)}"
    return f"base_lr={bounds.start_lr:.6g}, max_lr={bounds.end_lr:.6g}", words


def file_name(view: RunState) -> Path:
    """A name for the record that says what was run."""
    model = clean(view.spec.model.target).rpartition(":")[2]
    word = "".join(letter for letter in model if letter.isalnum() or letter in "_-") or "run"
    return Path(f"{word}-{view.started.id[-6:] if view.started else 'run'}.json")


def save_record(view: RunState, bounds: Bounds | None, path: Path, *, overwrite: bool) -> None:
    """Write the run record with the boundaries and the answer as they stand.

    What the person changed of the view that the answer is to is kept in an entry `view` of `measured`.

    Raises:
        FileExistsError: the path exists and `overwrite` is false.
        OSError: it cannot be written; one clear line.
    """
    import msgspec

    from lrtui.record import from_events
    from lrtui.runs.store import save

    events = [*view.events, *([view.answer] if view.answer else [])]
    if view.lens != AS_MEASURED:
        events.append(Measured(view.lens.result))
    save(msgspec.structs.replace(from_events(events), bounds=bounds), path, overwrite=overwrite)
