"""Which of several runs to pick, and why: by trials at equal examples, else by the tests."""

import math
from collections.abc import Mapping, Sequence

import msgspec

from lrtui.report.compare import Contender, value_at

SAME_EXAMPLES = 1.1  # ratio up to which two numbers of examples count as equal
AS_GOOD = 0.02  # relative difference of two losses that decides nothing


class Pick(msgspec.Struct, frozen=True):
    """The run to take, or why none can be picked. `caveat` says what the reason leaves open."""

    name: str
    reason: str
    caveat: str = ""


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
    without_spec = [one.name for one in contenders if not one.spec]
    if 0 < len(without_spec) < len(contenders):
        if len(without_spec) > 1:
            return f"{_names(without_spec)} do not say their data and loss"
        return f"{without_spec[0]} does not say its data and loss"
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
    examples = [_test_examples(one) for one in measured]
    if 0 in examples:
        return Pick("", "how many examples each test saw is not known", hint)
    if not _equal(examples):
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
    """The names in words: A; A and B; A, B and C."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


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
