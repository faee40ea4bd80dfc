"""Where each rate of a race stands: the one source of every table, mark and curve of trials."""

import math
from collections.abc import Sequence
from typing import Literal

import msgspec

from lrtui.analysis.race import Trial
from lrtui.analysis.race_pairs import Results
from lrtui.events import ConfirmationResult, TrialResult

StandingWord = Literal["pick", "as good", "worse", "blew up", "running"]


class Standing(msgspec.Struct, frozen=True):
    """One rate of a race.

    Attributes:
        lr: the rate.
        what: what it is to the raced rate; "" for one without a finished trial.
        loss: mean loss of its trials in its last round; None if one blew up, or none is finished.
        steps: optimizer steps of each of these trials.
        trials: how many they are.
        standing: "pick" is the rate to train at; "as good" are those that are not told apart from
            it; "running" is the one that is trained now.
    """

    lr: float
    what: str
    loss: float | None
    steps: int
    trials: int
    standing: StandingWord


def standings(
    trials: Sequence[TrialResult],
    confirmation: ConfirmationResult | None = None,
    running: float | None = None,
) -> list[Standing]:
    """One entry a rate, from the lowest to the highest.

    Args:
        trials: of one race.
        confirmation: its result; None while it runs, or where it was cut off.
        running: the rate of the trial that is being trained.
    """
    by_rate = trials_by_rate(trials)
    pick = pick_of(trials, confirmation)
    found = []
    for lr in sorted({*by_rate} | ({running} if running is not None else set())):
        word = _word(lr, trials, pick, confirmation)
        if lr == running and word != "blew up":
            word = "running"
        found.append(_standing(lr, by_rate.get(lr, []), word))
    return found


def trials_by_rate(trials: Sequence[TrialResult]) -> dict[float, list[TrialResult]]:
    """The trials of each rate, in their order."""
    by_rate: dict[float, list[TrialResult]] = {}
    for trial in trials:
        by_rate.setdefault(trial.lr, []).append(trial)
    return by_rate


def pick_of(
    trials: Sequence[TrialResult], confirmation: ConfirmationResult | None = None
) -> float | None:
    """The rate to train at: that of the verdict, else the raced one, unless it blew up."""
    if confirmation is not None and confirmation.verdict is not None:
        answer = confirmation.answer
        if answer is not None and not _is_among(answer, blown_up(trials)):
            return answer
    if not trials:
        return None
    raced = trials[0].lr
    if not _is_among(raced, blown_up(trials)):
        return raced
    return leader(trials)


def blown_up(trials: Sequence[TrialResult]) -> list[float]:
    """The rates that blew up in a trial, from the lowest to the highest."""
    return sorted({trial.lr for trial in trials if trial.loss is None})


def leader(trials: Sequence[TrialResult]) -> float | None:
    """The best rate that never blew up, of those with the longest trials; None: all blew up."""
    too_high = blown_up(trials)
    alive = [trial for trial in trials if not _is_among(trial.lr, too_high)]
    if not alive:
        return None
    last_round = max(trial.round for trial in alive)
    best: tuple[float, float] | None = None
    for lr, own in trials_by_rate(alive).items():
        loss = mean_loss(own)
        if own[-1].round != last_round or loss is None:
            continue
        if best is None or (loss, lr) < best:
            best = loss, lr
    return None if best is None else best[1]


def mean_loss(trials: Sequence[TrialResult]) -> float | None:
    """The mean loss of a rate's trials in its last round; None if any of its trials blew up."""
    if not trials or any(trial.loss is None for trial in trials):
        return None
    losses = [trial.loss for trial in _last_round(trials) if trial.loss is not None]
    return sum(losses) / len(losses)


def _last_round(trials: Sequence[TrialResult]) -> list[TrialResult]:
    last = max(trial.round for trial in trials)
    return [trial for trial in trials if trial.round == last]


def _standing(lr: float, trials: Sequence[TrialResult], word: StandingWord) -> Standing:
    if not trials:
        return Standing(lr, "", None, 0, 0, word)
    last = _last_round(trials)
    return Standing(lr, last[-1].what, mean_loss(trials), last[-1].iterations, len(last), word)


def _word(
    lr: float,
    trials: Sequence[TrialResult],
    pick: float | None,
    confirmation: ConfirmationResult | None,
) -> StandingWord:
    if _is_among(lr, blown_up(trials)):
        return "blew up"
    if pick is None:
        return "worse"
    if math.isclose(lr, pick):
        return "pick"
    also = None if confirmation is None else confirmation.also
    if also is not None and math.isclose(lr, also):
        return "as good"
    if _is_alike(lr, pick, trials):
        return "as good"
    return "worse"


def _is_alike(lr: float, pick: float, trials: Sequence[TrialResult]) -> bool:
    """Whether a rate was at most a tolerance worse than the pick, on the data that both had."""
    results = Results([_plain(trial) for trial in trials])
    if pick not in results.losses or lr not in results.losses:
        return False
    shared = [at for at in results.losses[lr] if at in results.losses[pick]]
    if not shared:
        return False
    last_round = max(at[0] for at in shared)
    behind = []
    for at in shared:
        if at[0] == last_round:
            own, picks = results.losses[lr][at], results.losses[pick][at]
            behind.append(results.scale.difference(own, picks))
    return sum(behind) / len(behind) <= results.scale.tolerance


def _plain(trial: TrialResult) -> Trial:
    """A trial as the analysis takes it."""
    curve = tuple(math.inf if loss is None else loss for loss in trial.curve)
    return Trial(
        lr=trial.lr,
        round=trial.round,
        seed=trial.seed,
        iterations=trial.iterations,
        loss=math.inf if trial.loss is None else trial.loss,
        curve=curve,
    )


def _is_among(lr: float, rates: Sequence[float]) -> bool:
    return any(math.isclose(lr, rate) for rate in rates)
