"""Successive halving (arXiv 1502.07943): how a budget of steps is spent on trials of rates.

Each halving round trains the remaining rates for the same number of steps and keeps the better
half of the candidates. Half of the budget goes into a last round, in which the best candidate is
compared with the first rate several times.
"""

import math

FINAL_SEEDS = 3
MIN_STEPS = 10  # a shorter trial measures only the noise of its start


def steps_per_round(count: int, budget: int) -> tuple[list[int], int]:
    """Steps of each trial, for each halving round and for the last round.

    Args:
        count: how many rates are compared.
        budget: optimizer steps of all trials together.

    Raises:
        ValueError: the budget is too small for trials of `MIN_STEPS`.
    """
    rounds: list[int] = []
    remaining, spent = count, 0
    while remaining > 2:
        steps = budget // 2 // _halvings(count) // remaining
        rounds.append(steps)
        spent += steps * remaining
        remaining = kept(remaining)
    last = (budget - spent) // (2 * FINAL_SEEDS)
    if min([last, *rounds]) < MIN_STEPS:
        raise ValueError(
            f"{budget} iterations are too few to compare {count} learning rates:"
            f" {least_budget(count)} are the least"
        )
    return rounds, last


def least_budget(count: int) -> int:
    """The smallest budget with which every trial of `count` rates gets `MIN_STEPS`."""
    last_round = 2 * FINAL_SEEDS * MIN_STEPS
    if count <= 2:
        return last_round
    return max(2 * _halvings(count) * count * MIN_STEPS, 2 * last_round)


def affordable(count: int, budget: int) -> int:
    """How many of `count` rates the budget can compare; 0 if it is too small for two."""
    for affordable_count in range(count, 1, -1):
        if least_budget(affordable_count) <= budget:
            return affordable_count
    return 0


def kept(count: int) -> int:
    """How many of `count` rates stay after a round: the first one and half of the others."""
    if count <= 3:
        return 2
    return 1 + (count - 1) // 2


def trials_in(count: int) -> int:
    """How many trials a comparison of `count` rates runs."""
    trials = 2 * FINAL_SEEDS
    while count > 2:
        trials += count
        count = kept(count)
    return trials


def _halvings(count: int) -> int:
    return max(1, math.ceil(math.log2(max(2, count - 1))))
