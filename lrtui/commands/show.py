"""`lrtui show`: a saved run, in the words that `lrtui run` ended with."""

from pathlib import Path

import msgspec

from lrtui import paths
from lrtui.catalog.errors import one_line
from lrtui.commands.answer import answered, summary
from lrtui.commands.ls import listed, when
from lrtui.commands.streams import ANSWER, NO_ANSWER, USAGE, note, put, say
from lrtui.record import RecordError, RunRecord, to_json
from lrtui.runs.curves import THEIR_SMOOTH_F, curves_of
from lrtui.runs.store import load

_NAMED = 4


def show(name: str, as_json: bool, smooth_f: float | None = None) -> int:
    """Print the record in a file, or the one that is kept under an id; the exit code.

    `smooth_f` is that of a torch_lr_finder history, which does not tell; None: its default.
    """
    try:
        path = find(name)
        record = load(path)
        bare = (
            record.suggestion is None and bool(record.history.loss) and not record.history.raw_loss
        )
        if smooth_f is not None and not bare:
            return say(
                f"{name}: --smooth-f is for a torch_lr_finder history: this record has its raw losses",
                USAGE,
            )
        record = judged(record, smooth_f or THEIR_SMOOTH_F)
        lines = [to_json(record).decode().rstrip()] if as_json else list(summary(record, str(path)))
    except RecordError as error:
        return say(str(error), USAGE)
    except OSError as error:
        return say(f"{error.filename or name}: {error.strerror}", USAGE)
    except (LookupError, TypeError, ValueError, AttributeError, msgspec.ValidationError) as error:
        return say(f"{name}: this record cannot be read: {one_line(error)}", USAGE)
    if not as_json:
        _tell_what(record, str(path))
    if bare and smooth_f is None:
        note(
            f"taken to be smoothed with {THEIR_SMOOTH_F}, torch_lr_finder's default: --smooth-f sets another"
        )
    return put(lines, ANSWER if answered(record) else NO_ANSWER)


def find(name: str) -> Path:
    """The file of that name, or the record that is kept under an id that begins so.

    Raises:
        RecordError: there is none, or there are several; one line says which, and what to do.
        OSError: the folder of records cannot be read.
    """
    path = Path(name).expanduser()
    if path.is_file():
        return path
    if not name or path.is_dir():
        raise RecordError(f"{name or 'nothing'} is no file: give a run record, or the id of a run")
    prefix = name.upper()
    kept = sorted(one for one in paths.runs().glob("*.json") if one.stem.startswith(prefix))
    if len(kept) == 1:
        return kept[0]
    if kept:
        several = ", ".join(one.stem for one in kept[:_NAMED]) + (
            ", …" if len(kept) > _NAMED else ""
        )
        raise RecordError(
            f"{name} begins the ids of {len(kept)} runs: {several}; give more of the one you mean"
        )
    if any(one.stem.startswith(prefix) for one in paths.runs().glob("*.jsonl")):
        raise RecordError(
            f"{name} was cut off, or is still going on: `lrtui recover` makes a record of the former"
        )
    raise RecordError(
        f"{name}: no such file, and no run is kept under an id that begins so; `lrtui ls` lists them"
    )


def judged(record: RunRecord, smooth_f: float = THEIR_SMOOTH_F) -> RunRecord:
    """The record with its answer: its own, or for a bare curve (torch_lr_finder's, a run cut off) one read off it."""
    if record.suggestion is not None or record.status == "failed" or not record.history.lr:
        return record
    from lrtui.analysis.analyse import analyse

    found = analyse(curves_of(record, smooth_f))
    answer = {
        "suggestion": found.suggestion,
        "suggestions": dict(found.suggestions),
        "bounds": found.bounds,
    }
    return msgspec.structs.replace(record, **answer)


def _tell_what(record: RunRecord, path: str) -> None:
    """What was run, and what was noticed, beside the answer: on stderr, where `lrtui run` tells it."""
    one = listed(record, path)
    note(
        " · ".join(
            part
            for part in (when(one.created), one.model, one.data, one.optimizer, record.device)
            if part
        )
    )
    for notice in record.notices:
        note(notice)
