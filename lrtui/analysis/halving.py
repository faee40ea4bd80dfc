"""Successive halving (Jamieson and Talwalkar, arXiv 1502.07943): how a budget of steps is spent on trials of rates.

Each round trains the rates that are left for the same number of steps and keeps the better half of the rivals. Half of
the budget goes into a last round, where the best rival meets the first rate several times.
"""

import math

FINAL_SEEDS = 3
MIN_STEPS = 10  # a shorter trial measures the noise of its start


def steps_per_round(count: int, budget: int) -> tuple[list[int], int]:
    """How many steps each trial of each halving round gets, and each of the last round: half the budget for either.

    Raises:
        ValueError: the budget is too small for trials that mean something.
    """
    rounds, left, spent = [], count, 0
    while left > 2:
        rounds.append(budget // 2 // _halvings(count) // left)
        spent += rounds[-1] * left
        left = kept(left)
    last = (budget - spent) // (2 * FINAL_SEEDS)
    if min([last, *rounds]) < MIN_STEPS:
        raise ValueError(
            f"{budget} iterations are too few to compare {count} learning rates: {least_budget(count)} are the least"
        )
    return rounds, last


def least_budget(count: int) -> int:
    """The smallest budget that gives every trial its least number of steps."""
    last = 2 * FINAL_SEEDS * MIN_STEPS
    return max(2 * _halvings(count) * count * MIN_STEPS, 2 * last) if count > 2 else last


def affordable(count: int, budget: int) -> int:
    """How many of so many rates the budget is enough for; fewer than two if it is too small for any comparison."""
    return next((some for some in range(count, 1, -1) if least_budget(some) <= budget), 0)


def kept(count: int) -> int:
    """How many of so many rates go on: the first one and the better half of its rivals."""
    return 1 + (count - 1) // 2 if count > 3 else 2


def trials_in(count: int) -> int:
    """How many trials a comparison of so many rates has."""
    total = 2 * FINAL_SEEDS
    while count > 2:
        total += count
        count = kept(count)
    return total


def _halvings(count: int) -> int:
    return max(1, math.ceil(math.log2(max(2, count - 1))))
