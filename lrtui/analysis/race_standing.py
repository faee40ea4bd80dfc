"""Where the rates of a race stand: who leads, which comparison is next, which rates are good.

Pure functions of the trials, at any moment of a race.
"""

import math
from typing import NamedTuple

from lrtui.analysis.calibration import at_horizon
from lrtui.analysis.plan import CALIBRATED_STEPS
from lrtui.analysis.race import ANSWER_STAYS, CLIFF, CLIFF_COST, MIN_PAIRS, STEP
from lrtui.analysis.race_pairs import Comparison, Noise, Results


class Rival(NamedTuple):
    """A rate compared with the leading one."""

    lr: float
    worse: Comparison
    is_decided: bool


class Standing(NamedTuple):
    """The leading rate, and those that it has to be compared with, the first one first."""

    champion: float
    rivals: tuple[Rival, ...]
    noise: Noise

    @property
    def undecided(self) -> Rival | None:
        """The rival that the next pair is for; None where all is decided."""
        for rival in self.rivals:
            if not rival.is_decided:
                return rival
        return None

    @property
    def closest(self) -> Rival | None:
        """The rival whose comparison counts most: the undecided one, or else the first."""
        if self.undecided is not None or not self.rivals:
            return self.undecided
        return self.rivals[0]

    def rival(self, lr: float) -> Rival | None:
        """The rival of this rate."""
        for rival in self.rivals:
            if rival.lr == lr:
                return rival
        return None


def standing(results: Results, lr: float) -> Standing | None:
    """Who leads, and who may still be as good: the second, and the answer; None: all blew up."""
    order = results.by_first_loss()
    if not order:
        return None
    champion = order[0]
    for rival in order[1:]:
        differences = results.differences(rival, champion)
        if len(differences) >= MIN_PAIRS and sum(differences) < 0:
            champion = rival
    noise = results.noise(champion)
    others = [rate for rate in order if rate != champion]
    names = others[:1]
    if lr in others[1:]:
        behind = results.compare(lr, champion, noise).mean
        is_near = behind <= ANSWER_STAYS * results.scale.tolerance
        names = [lr, others[0]] if is_near else [others[0], lr]
    rivals = []
    for rank, rate in enumerate(names):
        worse = results.compare(rate, champion, noise)
        decided = _is_decided(worse, results.scale.tolerance, leads=champion == lr)
        if rank == 0 and worse.pairs < MIN_PAIRS:
            decided = False
        rivals.append(Rival(rate, worse, decided))
    return Standing(champion, tuple(rivals), noise)


def _is_decided(worse: Comparison, tolerance: float, *, leads: bool) -> bool:
    """Whether a rival is surely worse, surely alike, or surely not better than a leading answer."""
    if worse.is_worse() or worse.is_alike(tolerance):
        return True
    return leads and worse.low >= -tolerance


def below_cliff(results: Results, lr: float, noise: Noise) -> float | None:
    """The lower neighbour of a rate too near one that blew up, unless it is surely worse."""
    if blown_up_near(results, lr) is None:
        return None
    below = [rate for rate in results.alive if rate < lr]
    if not below:
        return None
    worse = results.compare(below[-1], lr, noise)
    if worse.is_worse() or worse.mean > CLIFF_COST * results.scale.tolerance:
        return None
    return below[-1]


def blown_up_near(results: Results, lr: float) -> float | None:
    """The lowest rate above that blew up, if it is near."""
    above = [rate for rate in results.blown_up if lr < rate <= CLIFF * lr]
    return min(above, default=None)


def interval(
    results: Results, lr: float, ceiling: float | None = None, planned_steps: int = 0
) -> tuple[float, float]:
    """The interval of the answer after a race.

    One third-decade step on each side: the noise of trials that a budget pays for hides what is
    nearer. More where the planned training is longer than the trials and than the calibrated ones
    (see `calibration.at_horizon`). Half of the way to a rate that blew up; never above the ceiling.
    """
    tried = max(CALIBRATED_STEPS, *(trial.iterations for trial in results.trials))
    half_width = math.log10(STEP)
    if planned_steps > tried:
        half_width = at_horizon(half_width, planned_steps, tried)
    low, high = lr / 10**half_width, lr * 10**half_width
    above = [rate for rate in results.blown_up if rate > lr]
    if above:
        high = min(high, math.sqrt(lr * min(above)))
    below = [rate for rate in results.blown_up if rate < lr]
    if below:
        low = max(low, math.sqrt(lr * max(below)))
    if ceiling is not None:
        high = max(lr, min(high, ceiling))
    return low, high
