"""Several runs side by side: what differs, what each suggests and reached, and which to pick."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec

from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.record import RunRecord
from lrtui.report.race import corrected, latest
from lrtui.report.standings import Standing, standings

SAME_EXAMPLES = 1.1  # ratio up to which two numbers of examples count as equal
AS_GOOD = 0.02  # relative difference of two losses that decides nothing

_LABELS = {
    "loader.batch_size": "batch size",
    "range.accumulation_steps": "accumulation",
    "range.val": "loss measured on",
    "plan.steps": "planned steps",
    "plan.epochs": "planned epochs",
    "plan.warmup": "warm-up",
}
_LATER_SETTINGS = "default"  # of an argument that a run leaves to the callable

Spec = Mapping[str, Any]


class Contender(msgspec.Struct, frozen=True, kw_only=True):
    """What is compared of one run.

    Attributes:
        name: what the reader calls it, such as `●A`.
        spec: of its record.
        suggestion: its answer after the races.
        bounds: as the person left them, or as proposed.
        trial: what the trials of the last race reached at the suggested rate.
        judged_by: the loss of these trials.
        lowest: rate and loss where the trend of its test is lowest.
        seconds: of the whole test.
        iterations: of all repeats of the test.
    """

    name: str
    spec: Spec
    device: str = ""
    suggestion: Suggestion | None = None
    bounds: Bounds | None = None
    trial: Standing | None = None
    judged_by: str = ""
    lowest: tuple[float, float] | None = None
    seconds: float = 0.0
    iterations: int = 0

    @property
    def lr(self) -> float | None:
        """The suggested rate."""
        return None if self.suggestion is None else self.suggestion.lr

    @property
    def batch(self) -> int:
        """Examples in one optimizer step; 0 where the data set makes the batches."""
        size = value_at(self.spec, "loader.batch_size")
        accumulated = value_at(self.spec, "range.accumulation_steps") or 1
        if not isinstance(size, int) or not isinstance(accumulated, int):
            return 0
        return size * accumulated

    @property
    def seconds_per_1000(self) -> float | None:
        """Seconds of a thousand iterations of its test."""
        if not self.iterations:
            return None
        return 1000 * self.seconds / self.iterations


class Difference(msgspec.Struct, frozen=True):
    """A field that is not the same in all specs: what it is called, and its value in each."""

    label: str
    values: tuple[str, ...]


class Pick(msgspec.Struct, frozen=True):
    """The run to take, or why none can be picked. `caveat` says what the reason leaves open."""

    name: str
    reason: str
    caveat: str = ""


def contender(record: RunRecord, name: str, lowest: tuple[float, float] | None) -> Contender:
    """What is compared of a record."""
    suggestion, bounds = corrected(record.measured, record.suggestion, record.bounds)
    trials, confirmation = latest(record.measured)
    trial = None
    for row in standings(trials, confirmation):
        if suggestion is not None and row.lr == suggestion.lr:
            trial = row
    return Contender(
        name=name,
        spec=record.spec,
        device=record.device,
        suggestion=suggestion,
        bounds=bounds,
        trial=trial,
        judged_by="" if confirmation is None else confirmation.judged_by,
        lowest=lowest,
        seconds=record.seconds,
        iterations=sum(len(history.lr) for history in record.repeats or [record.history]),
    )


# what differs


def differences(specs: Sequence[Spec]) -> list[Difference]:
    """The fields in which specs differ, in the order of the specs; an absent one is `default`."""
    flat = [dict(_flattened(spec)) for spec in specs]
    found = []
    for path in dict.fromkeys(chain(*flat)):
        values = [one.get(path, _LATER_SETTINGS) for one in flat]
        if any(value != values[0] for value in values):
            found.append(Difference(_label(path), tuple(_texts(path, values))))
    return found


def value_at(spec: Spec, path: str) -> object:
    """A value in a spec, None where there is none."""
    value: object = spec
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _flattened(spec: Spec, prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in spec.items():
        if isinstance(value, Mapping):
            yield from _flattened(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _label(path: str) -> str:
    """What a field is called in a table: `optimizer`, `weight decay`, `num_iter`."""
    if path in _LABELS:
        return _LABELS[path]
    if path.endswith(".target"):
        return path.removesuffix(".target")
    return path.rpartition(".")[2].replace("weight_decay", "weight decay")


def _texts(path: str, values: Sequence[object]) -> list[str]:
    texts = [_text(path, value) for value in values]
    short = [text.rpartition(":")[2] for text in texts]
    # two files may have a class of the same name
    if path.endswith(".target") and len(set(short)) == len(set(texts)):
        return short
    return texts


def _text(path: str, value: object) -> str:
    if path == "range.val":
        return "validation" if value is True else "training"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


# the pick


def pick(contenders: Sequence[Contender]) -> Pick:
    """The run to take and why: by trials of equal cost, else by the tests, else none."""
    if len(contenders) < 2:
        return Pick("", "mark two runs or more to compare them")
    problem = _not_comparable(contenders)
    if problem:
        return Pick("", f"they cannot be compared: {problem}")
    with_rate = [one for one in contenders if one.lr is not None]
    if not with_rate:
        return Pick("", "none of them has a rate to train at")
    if len(with_rate) == 1:
        return Pick(with_rate[0].name, "the only one with a rate to train at")
    tried = [one for one in with_rate if one.trial is not None and one.trial.loss is not None]
    if len(tried) >= 2:
        return _by_trials(tried, with_rate)
    return _by_tests(with_rate)


def _not_comparable(contenders: Sequence[Contender]) -> str:
    """Why their losses mean different things; "" where they can be compared."""
    for role in ("data", "loss", "step"):
        choices = [value_at(one.spec, role) for one in contenders]
        if any(choice != choices[0] for choice in choices):
            values = dict.fromkeys(_choice_text(choice) for choice in choices)
            return f"their {role} differs ({', '.join(values)})"
    return ""


def _choice_text(choice: object) -> str:
    if not isinstance(choice, Mapping):
        return "none"
    target = str(choice.get("target", "none")).rpartition(":")[2]
    args = choice.get("args") or {}
    if not args:
        return target
    return f"{target} {', '.join(f'{key}={value}' for key, value in args.items())}"


def _by_trials(tried: Sequence[Contender], with_rate: Sequence[Contender]) -> Pick:
    kinds = list(dict.fromkeys(one.judged_by or "loss" for one in tried))
    if len(kinds) > 1:
        return Pick("", f"their trials were judged by different losses ({', '.join(kinds)})")
    ranked = sorted(tried, key=_trial_loss)
    best, second = ranked[0], ranked[1]
    caveat = _untried(tried, with_rate)
    against = f"{kinds[0]} {_trial_loss(best):.3g} in trials, against {_trial_loss(second):.3g}"
    examples = [_trial_examples(one) for one in tried]
    if not _equal(examples):
        if _has_fewest(best, examples):
            return Pick(best.name, f"lowest {against}, and it saw the fewest examples", caveat)
        reason = "their trials saw different numbers of examples"
        return Pick("", reason, "try them again with the same budget")
    as_good = [one.name for one in ranked if _as_good(_trial_loss(best), _trial_loss(one))]
    if len(as_good) > 1:
        return _tie(ranked, as_good, f"{kinds[0]} {_trial_loss(best):.3g} in trials", caveat)
    return Pick(best.name, f"lowest {against}, at equal examples", caveat)


def _untried(tried: Sequence[Contender], with_rate: Sequence[Contender]) -> str:
    names = [one.name for one in with_rate if one not in tried]
    if not names:
        return ""
    return f"not tried yet: {_names(names)} (c on the run's screen)"


def _has_fewest(best: Contender, examples: Sequence[int]) -> bool:
    """Whether a run saw the fewest examples, which is known of each."""
    return min(examples) > 0 and _trial_examples(best) <= SAME_EXAMPLES * min(examples)


def _by_tests(with_rate: Sequence[Contender]) -> Pick:
    measured = [one for one in with_rate if one.lowest is not None]
    hint = "a test is no training: c on a run's screen tries its rate"
    if len(measured) < 2:
        return Pick("", "there is no loss to compare", hint)
    if len({bool(value_at(one.spec, "range.val")) for one in measured}) > 1:
        return Pick("", "one measured the training loss, another the validation loss", hint)
    if not _equal([_test_examples(one) for one in measured]):
        return Pick("", "their tests saw different numbers of examples", hint)
    ranked = sorted(measured, key=_lowest_loss)
    best, second = ranked[0], ranked[1]
    as_good = [one.name for one in ranked if _as_good(_lowest_loss(best), _lowest_loss(one))]
    if len(as_good) > 1:
        return _tie(ranked, as_good, f"the tests reach {_lowest_loss(best):.3g}", hint)
    assert best.lowest is not None  # it is among those that have it
    reached = f"{_lowest_loss(best):.3g} at {best.lowest[0]:.1e}"
    reason = f"lowest loss within a test, {reached}, against {_lowest_loss(second):.3g}"
    return Pick(best.name, reason, hint)


def _tie(ranked: Sequence[Contender], as_good: Sequence[str], what: str, caveat: str) -> Pick:
    """Of those that are as good the one that takes the least time."""
    tied = [one for one in ranked if one.name in as_good]
    cheapest = min(tied, key=_seconds_an_example)
    others = [name for name in as_good if name != cheapest.name]
    reason = f"as good as {_names(others)} ({what}), and it takes the least time"
    return Pick(cheapest.name, reason, caveat)


def _names(names: Sequence[str]) -> str:
    return " and ".join(names)


def _trial_loss(one: Contender) -> float:
    if one.trial is None or one.trial.loss is None:
        return math.inf
    return one.trial.loss


def _lowest_loss(one: Contender) -> float:
    return math.inf if one.lowest is None else one.lowest[1]


def _trial_examples(one: Contender) -> int:
    return 0 if one.trial is None else one.trial.steps * one.batch


def _test_examples(one: Contender) -> int:
    """Examples that one repeat of the whole ramp sees."""
    planned = value_at(one.spec, "range.num_iter")
    if not isinstance(planned, int):
        return one.iterations * one.batch
    return planned * one.batch


def _seconds_an_example(one: Contender) -> float:
    if not one.iterations or not one.batch:
        return math.inf
    return one.seconds / one.iterations / one.batch


def _equal(examples: Sequence[int]) -> bool:
    """Whether all runs saw the same number of examples, which is known of each."""
    return min(examples) > 0 and max(examples) <= SAME_EXAMPLES * min(examples)


def _as_good(best: float, other: float) -> bool:
    return abs(other - best) <= AS_GOOD * max(abs(best), abs(other))
