"""Round numbers for an axis."""

import math
from collections.abc import Sequence

_FEWEST, _MOST = 3, 9  # digits


def nice_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers within limits, at equal distances of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / most
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def tick_texts(ticks: Sequence[float]) -> list[str]:
    """Numbers as texts, with as many digits as tell them apart."""
    texts: list[str] = []
    for digits in range(_FEWEST, _MOST + 1):
        texts = [f"{tick:.{digits}g}" for tick in ticks]
        if len(set(texts)) == len(texts):
            break
    return texts
