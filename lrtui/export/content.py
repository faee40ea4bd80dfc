"""What every export shows of a record: its answer, its code, its curves, where it comes from."""

import keyword
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import msgspec

from lrtui import __version__
from lrtui.analysis.answer import Bounds, Schedule, Suggestion
from lrtui.record import RunRecord
from lrtui.report import race, training
from lrtui.report.code import GROUP_RULES, code_lines
from lrtui.report.compare import value_at
from lrtui.report.confidence import confidence
from lrtui.report.ending import ending
from lrtui.report.headline import headline, interval
from lrtui.report.standings import Standing, standings
from lrtui.spec import Choice

_ROLES = ("model", "data", "optimizer")
_SETTINGS = {
    "batch size": "loader.batch_size",
    "iterations": "range.num_iter",
    "precision": "precision",
    "seed": "seed",
}


class ExportError(ValueError):
    """A record that cannot be exported in this way. The message is one line."""


@dataclass(frozen=True)
class Content:
    """A record as exports show it.

    Attributes:
        record: with the answer that its own curves give, where it had none.
        suggestion: the answer after the races.
        bounds: as the person left them, or as proposed.
    """

    record: RunRecord
    suggestion: Suggestion | None
    bounds: Bounds | None

    @property
    def lr(self) -> float | None:
        """The recommended learning rate."""
        return None if self.suggestion is None else self.suggestion.lr

    @cached_property
    def code(self) -> dict[str, str]:
        """Lines of Python by what they set up; empty without a rate or a known optimizer."""
        if not has_plain_names(self.record):
            return {}
        return code_of(self.record)

    @property
    def title(self) -> str:
        """What was run, such as "SmallCNN · digits · AdamW"; the user's name for it comes first."""
        record = self.record
        targets = [str(value_at(record.spec, f"{role}.target") or "") for role in _ROLES]
        words = [target.rpartition(":")[2] for target in targets if target]
        if record.name:
            words.insert(0, record.name)
        return " · ".join(words) or "learning-rate range test"

    @property
    def standings(self) -> list[Standing]:
        """Where each rate of the last race stands."""
        return standings(*race.latest(self.record.measured))

    @property
    def judged_by(self) -> str:
        """The loss that the trials were judged by."""
        result = race.latest(self.record.measured)[1]
        if result is None or not result.judged_by:
            return "loss"
        return result.judged_by


def content_of(record: RunRecord) -> Content:
    """A record as exports show it. Runs that were cut off, and foreign ones, get their answer."""
    from lrtui.runs.curves import with_answer  # imported late: numpy comes with it

    record = with_answer(record)
    suggestion, bounds = race.corrected(record.measured, record.suggestion, record.bounds)
    return Content(record, suggestion, bounds)


def require(package: str, what: str, install: str = "") -> None:
    """Refuse an export whose package is not installed.

    A folder of that name, such as wandb makes one, is no package.

    Raises:
        ExportError: it is not; the line says what to install.
    """
    if not is_installed(package):
        raise ExportError(f"{what} needs {package}: pip install {install or package}")


def is_installed(package: str) -> bool:
    """Whether a package can be imported."""
    spec = find_spec(package)
    return spec is not None and spec.origin is not None


def printable(text: str) -> str:
    """A text in one line, without controls: a record may come from anybody."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def origin(record: RunRecord) -> str:
    """Where an export comes from: the run's id, and the versions that made it."""
    if not record.lrtui:  # a foreign history, which names no version
        return f"{record.reason} · read by lrtui {__version__}"
    parts = [f"run {record.id}", f"lrtui {record.lrtui}"]
    if record.torch:
        parts.append(f"torch {record.torch}")
    return " · ".join(parts)


def answer_lines(content: Content) -> Iterator[str]:
    """The answer in words: the rate, its interval, how sure it is, why, what to do next."""
    suggestion, record = content.suggestion, content.record
    if suggestion is None:
        yield "no learning rate: nothing was measured"
        return
    yield " ".join(headline(suggestion, record.measured, record.plan.warmup).split())
    sure = confidence(suggestion, record.measured)
    if sure is not None and suggestion.low is not None:
        yield f"from {interval(suggestion)}; {sure.words}"
    yield from training.coverage(suggestion)
    yield from training.expectations(suggestion)
    yield suggestion.reason
    if suggestion.advice:
        yield suggestion.advice


def refusal(content: Content) -> str:
    """That there is no learning rate, and the kind of reason."""
    if content.suggestion is None:
        return "no learning rate"
    return f"no learning rate: {content.suggestion.verdict.replace('_', ' ')}"


def ending_line(record: RunRecord) -> str:
    """How the run ended."""
    last_lr = max(record.history.lr, default=None)
    return ending(record.status, record.reason, last_lr, record.suggestion)


def fact_rows(record: RunRecord) -> Iterator[tuple[str, str]]:
    """What was run and on what: a label and a text each, of what is known."""
    for role in (*_ROLES, "loss"):
        text = _choice_text(value_at(record.spec, role))
        if text:
            yield role, text
    for label, path in _SETTINGS.items():
        value = value_at(record.spec, path)
        if value is not None:
            yield label, str(value)
    if len(record.repeats) > 1:
        yield "repeats", str(len(record.repeats))
    if record.device:
        yield "device", record.device
    if isinstance(record.parameters, int):
        yield "parameters", f"{record.parameters:,}"
    if record.seconds:
        yield "seconds", f"{record.seconds:.3g}"
    yield "created", record.created


def _choice_text(choice: object) -> str:
    """A choice of a spec with its arguments; "" for none."""
    if not isinstance(choice, dict) or choice.get("target") in (None, "", "none"):
        return ""
    args = choice.get("args")
    if not isinstance(args, dict) or not args:
        return str(choice["target"])
    return f"{choice['target']} {', '.join(f'{key}={value}' for key, value in args.items())}"


def code_of(record: RunRecord) -> dict[str, str]:
    """Code for the run's optimizer, with the rate that the trials found better.

    There is none without a recommended learning rate, nor for a record that does not name the
    optimizer, such as torch_lr_finder's.
    """
    suggestion, bounds = race.corrected(record.measured, record.suggestion, record.bounds)
    optimizer = _optimizer(record)
    if optimizer is None or suggestion is None or suggestion.lr is None:
        return {}
    rates = training.rates(suggestion, _rates(record), record.measured)
    return code_lines(optimizer, rates, bounds, record.plan, record.momentum)


def has_plain_names(record: RunRecord) -> bool:
    """Whether what of a record becomes code are names, and rules of parameter groups numbers.

    A record may come from anybody, and people run the code of a report.
    """
    target = str(value_at(record.spec, "optimizer.target") or "")
    args = value_at(record.spec, "optimizer.args")
    args = args if isinstance(args, dict) else {}
    where, _, what = target.rpartition(":")
    names = [*what.split("."), *args]
    if where.endswith(".py"):
        names.append(Path(where).stem)
    else:
        names += where.split(".")
    if any(not isinstance(args.get(name, 0), int | float) for name in GROUP_RULES):
        return False
    return all(name.isidentifier() and not keyword.iskeyword(name) for name in names)


def _rates(record: RunRecord) -> dict[Schedule, float | None]:
    """Our rate for each schedule; a record from before there were plans has none of them."""
    if record.by_schedule or not record.history.lr:
        return dict(record.by_schedule)
    # imported late: it loads numpy, which a record with these rates does not need
    from lrtui.runs.curves import answer_of

    answer = answer_of(record)
    return {} if answer is None else dict(answer.by_schedule)


def _optimizer(record: RunRecord) -> Choice | None:
    if not record.spec:
        return None
    try:
        return record.run_spec().optimizer
    except msgspec.ValidationError:  # a newer version wrote the spec
        return None
