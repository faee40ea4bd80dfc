"""Nothing is lost without a word: what leaving would lose, and what is printed after the app.

The app prints on the terminal's normal screen, when its own one is gone: the answer, its interval,
the boundaries and the path of the record.
"""

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast, runtime_checkable

from textual.app import App

from lrtui.events import Notice
from lrtui.tui.clean import clean

if TYPE_CHECKING:
    from lrtui.tui.app import LrtuiApp
    from lrtui.tui.dialogs.ask import Ask
    from lrtui.tui.run.model import RunModel

_JOIN_SECONDS = 5.0  # a worker that was closed in mid-run still writes its record
_COPY = "A copy is put among the temporary files, if there is room."
_NOT_SAVED = "What was measured after the curve is in no record file."


@runtime_checkable
class Leavable(Protocol):
    """A screen that is asked before the app is left."""

    def unsaved(self) -> str:
        """What would be lost or stopped by leaving now, as a sentence; "" where nothing would."""
        ...

    def question(self, lost: str, action: str) -> "Ask":
        """The question before that happens."""
        ...


class LastWords(NamedTuple):
    """What is said of a run: as one line, and as several.

    With `unfinished`, the id of a run whose record was not written yet, where that is now is looked
    up when the words are said.
    """

    line: str
    lines: tuple[str, ...]
    unfinished: str = ""
    not_saved: bool = False


@dataclass
class _Run:
    model: "RunModel"
    kept: LastWords | None = None  # said before the model forgot this run


class Parting:
    """The runs of this app, and what is printed about them when it is left."""

    def __init__(self) -> None:
        self._runs: list[_Run] = []
        self._other_words: list[LastWords] = []

    def follow(self, model: "RunModel") -> None:
        """Also speak of this model's run, as it is in the end."""
        self._runs.append(_Run(model))

    def say(self, words: LastWords) -> None:
        """Also say this of a run that has no screen of its own."""
        self._other_words.append(words)

    def keep(self, model: "RunModel") -> None:
        """Keep what there is to say: the model is about to forget its run."""
        words = last_words(model)
        if words is None:
            return
        for run in self._runs:
            if run.model is model and run.kept is None:
                run.kept = words
        self.follow(model)

    @property
    def all_is_saved(self) -> bool:
        """Whether every run is where it should be kept, or where the person wrote it."""
        return not any(words.not_saved for words in self._words)

    @cached_property
    def _words(self) -> list[LastWords]:
        """What is said when the app has ended: it waits for workers."""
        words = [_with_record(said) for said in map(_said, self._runs) if said is not None]
        return [*words, *self._other_words]

    def lines(self) -> list[str]:
        """What is printed: several lines about a single run, one line about each of several."""
        words = self._words
        if len(words) == 1:
            return list(words[0].lines)
        return [said.line for said in words]


def parting_of(app: App[Any]) -> Parting:
    """The app's parting words."""
    return cast("LrtuiApp", app).parting


def _said(run: _Run) -> LastWords | None:
    if run.kept is not None:
        return run.kept
    with suppress(KeyboardInterrupt):  # ctrl+c ends the wait, not the words
        run.model.driver.join(_JOIN_SECONDS)
    while run.model.poll():
        pass
    return _with_left_behind(last_words(run.model), run.model)


def last_words(model: "RunModel") -> LastWords | None:
    """What is left of a run: its answer or its failure, and where its record is.

    None where nothing was measured and nothing failed.
    """
    state = model.state
    if state.ended is not None and state.ended.status == "failed":
        return _of_failure(model)
    if not state.repeats and state.suggested is None:
        return None
    if model.driver.owner and state.ended is None and state.started is not None:
        return _of_going_on(model, state.started.id)
    answer = _answer(model)
    record = _record(model)
    title = f"run      {_name(model)}"
    end = _early_end(model)
    short = [" ".join(piece.split()) for piece in (end, *answer, record) if piece]
    line = "   ".join([_name(model), *short])
    lost = ""
    if model.not_saved:
        lost = _not_saved(model)
        line = f"{line}   {lost}"
    lines = (title, end, *answer, *_why_no_rate(model), record, lost)
    unfinished = ""
    if state.ended is None and state.started is not None:
        unfinished = state.started.id
    return LastWords(line, tuple(filter(None, lines)), unfinished, bool(lost))


def _with_left_behind(words: LastWords | None, model: "RunModel") -> LastWords | None:
    """The words, with what could not be ended when the run's worker was."""
    from lrtui.launch.process import LEFT_BEHIND

    events = model.state.events
    texts = [clean(event.text) for event in events if isinstance(event, Notice)]
    left = [text for text in texts if text.startswith(LEFT_BEHIND)]
    if not left:
        return words
    if words is None:
        return LastWords(left[0], tuple(left))
    return words._replace(line="   ".join([words.line, *left]), lines=(*words.lines, *left))


def _of_going_on(model: "RunModel", run_id: str) -> LastWords:
    """What is said of a run that another process goes on with."""
    done = f"{model.state.steps} of {model.state.total_steps} iterations"
    goes_on = f"goes on  {done}, in {clean(model.driver.owner)}"
    again = f"attach   lrtui attach {clean(run_id)}"
    line = "   ".join([_name(model), " ".join(goes_on.split())])
    return LastWords(line, (f"run      {_name(model)}", goes_on, again))


def _of_failure(model: "RunModel") -> LastWords:
    ended = model.state.ended
    assert ended is not None
    phase = f" ({clean(ended.phase)})" if ended.phase else ""
    failure = f"failed{phase}: {clean(ended.reason)}"
    lines = [f"run      {_name(model)}", failure]
    if model.log_path and model.log_path not in ended.reason:
        lines.append(f"log      {clean(model.log_path)}")
    if ended.record:
        lines.append(f"record   {clean(ended.record)}")
    return LastWords(f"{_name(model)}   {failure}", tuple(lines))


def _name(model: "RunModel") -> str:
    """Model, data and optimizer, without the files and modules that they are in."""
    spec = model.state.spec
    targets = (spec.model.target, spec.data.target, spec.optimizer.target)
    return " · ".join(clean(target.rpartition(":")[2]) for target in targets)


def _answer(model: "RunModel") -> list[str]:
    """The answer in the words of `lrtui run`, its interval, and the boundaries as they stand."""
    # imported late: they delay the first paint
    from lrtui.report.headline import headline, interval
    from lrtui.report.training import is_interval_only

    state, suggestion = model.state, model.suggestion
    if suggestion is None:
        return [f"no learning rate: {state.steps} of {state.total_steps} iterations were measured"]
    lines = [clean(headline(suggestion, state.measured, state.plan.warmup))]
    if interval(suggestion) and not is_interval_only(suggestion, state.measured):
        lines.append(f"from     {interval(suggestion)}")
    bounds = model.schedule_bounds
    if bounds is not None:
        lines.append(f"bounds   {bounds.start_lr:.1e} to {bounds.end_lr:.1e}")
    return lines


def _early_end(model: "RunModel") -> str:
    """That the run was stopped before its end, and by whom; "" where it was not."""
    ended = model.state.ended
    if ended is None or ended.status not in ("stopped", "interrupted"):
        return ""
    return clean(ended.reason)


def _why_no_rate(model: "RunModel") -> tuple[str, ...]:
    """Why no rate can be recommended, and what to do."""
    suggestion = model.suggestion
    if suggestion is None or suggestion.lr is not None:
        return ()
    return clean(suggestion.reason), clean(suggestion.advice)


def _not_saved(model: "RunModel") -> str:
    """That the run could not be kept, and where a copy is."""
    from lrtui.tui.run.export import rescue

    return not_saved_words(model.not_saved, rescue(model))


def not_saved_words(problem: str, copy: Path | None) -> str:
    """Why a run is not saved, and where a copy of it is."""
    if copy is None:
        return f"not saved: {clean(problem)}"
    return f"not saved: {clean(problem)}; a copy is in {clean(str(copy))}"


def _record(model: "RunModel") -> str:
    """Where the record is, as far as the run said so."""
    ended = model.state.ended
    if ended is None or not ended.record:
        return ""
    return f"record   {clean(ended.record)}"


def _with_record(words: LastWords) -> LastWords:
    """The words, with where the record of a run is that was forgotten before it had one."""
    if not words.unfinished:
        return words
    from lrtui.runs.store import journal_path, record_path

    path = record_path(words.unfinished)
    if path.exists():
        record = f"record   {clean(str(path))}"
    elif journal_path(words.unfinished).exists():
        record = "record   none yet: `lrtui recover` makes it from the journal of this run"
    else:
        return words
    line = f"{words.line}   {' '.join(record.split())}"
    return words._replace(line=line, lines=(*words.lines, record))


def unsaved(model: "RunModel") -> str:
    """What leaving a run would stop or lose; "" where nothing would be."""
    state = model.state
    if model.driver.owner:
        return ""  # it goes on in another process
    if state.phase in ("building", "running"):
        done = f"A run is in progress: {state.steps} of {state.total_steps} iterations."
        if model.not_saved:
            return f"{done} Leaving stops it. It is not saved: {clean(model.not_saved)}"
        return f"{done} Leaving stops it; what was measured is kept."
    return lost_with_trials(model)


def lost_with_trials(model: "RunModel") -> str:
    """What forgetting a run would stop or lose of its race and its stability measurement."""
    state = model.state
    if state.checking == "confirmation":
        done = len(state.trials)
        return f"A race is in progress: {done} short trainings are done. This stops it."
    if state.checking == "stability":
        return "The stability limit is being measured. This stops it."
    if model.not_saved:
        return f"This run is not saved: {clean(model.not_saved)}. {_COPY}"
    if state.measured and not _is_recorded(model):
        return f"{_NOT_SAVED} w writes one."
    return ""


def _is_recorded(model: "RunModel") -> bool:
    """Whether the run's own record, as it is on the disk, has all that was measured."""
    from lrtui.record import RecordError
    from lrtui.runs.store import load

    if model.state.saving_problem and not model.not_saved:
        return True  # where the person wrote it
    ended = model.state.ended
    if ended is None or not ended.record:
        return False
    try:
        record = load(Path(ended.record))
    except (RecordError, OSError):
        return False
    return len(record.measured) >= len(model.state.measured)
