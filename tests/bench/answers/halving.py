"""Blind search: successive halving (arXiv 1502.07943) over a grid around the usual rate.

It knows the kind of the optimizer and nothing of the curve. A grid whose best rate is at an edge is
extended beyond it.
"""

from collections.abc import Callable

Trial = Callable[[float, int], float]  # rate, steps → loss

STEP = 10**0.5  # between rates
RATES = 7  # at first
EXTENSION = 2  # rates beyond an edge that is best
KEPT = 3  # after the first round
FINALISTS = 2


def blind_halving(usual: float, budget: int, trial: Trial) -> tuple[float, int]:
    """The best rate, and the steps spent.

    Args:
        usual: the rate in the middle of the grid.
        budget: optimizer steps of all trainings together.
        trial: trains at a rate for some steps; returns the loss.
    """
    steps = budget // 21  # (7 + 2) + 2 · 3 + 3 · 2 trainings of this length
    losses: dict[float, float] = {}
    for k in range(-(RATES // 2), RATES // 2 + 1):
        lr = usual * STEP**k
        losses[lr] = trial(lr, steps)
    spent = RATES * steps
    best = min(losses, key=losses.__getitem__)
    if best in (min(losses), max(losses)):
        factor = STEP if best == max(losses) else 1 / STEP
        for k in range(1, EXTENSION + 1):
            losses[best * factor**k] = trial(best * factor**k, steps)
        spent += EXTENSION * steps
    kept = sorted(losses, key=losses.__getitem__)[:KEPT]
    second = {lr: trial(lr, 2 * steps) for lr in kept}
    spent += 2 * steps * len(kept)
    finalists = sorted(second, key=second.__getitem__)[:FINALISTS]
    last_steps = (budget - spent) // FINALISTS
    third = {lr: trial(lr, last_steps) for lr in finalists}
    return min(third, key=third.__getitem__), spent + FINALISTS * last_steps
