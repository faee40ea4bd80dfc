"""The valley of a range test: where, on the axis of log(lr), training made the loss fall and kept it down.

While steps are small, training follows the gradient flow, whose time is the sum of the rates so far. On a geometric
ladder that sum is proportional to the rate itself, so that a curve cannot change within much less than a factor of e of
the rate, whatever the number of iterations. Half of an e-fold is therefore the width that is averaged over, in log(lr)
symmetrically and so without lag. What is read off is a centre of mass, not an extreme point: every measured point has a
say in it, and none much of one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import e, log10

import numpy as np

from lrtui.analysis.curve import FloatArray
from lrtui.analysis.prepared_curve import PreparedCurve

BANDWIDTH = 0.5 * log10(e)  # decades; standard deviation of the averaging kernel
RESOLUTION = BANDWIDTH / 5  # decades between grid points
GRID_LIMIT = 600  # grid points; a wider ladder gets a coarser grid
ROUGH = 0.75  # of the roughness of a curve is noise where it is rougher than at its quietest; the rest is its own bends
LEAP = 3  # times the mean step of a ladder
HUMP = 0.5  # of the fall; a centre that holds less is none
SHARPNESS = 4  # a rate weighs in the centre of mass by its share of the fall to this power


@dataclass(frozen=True, slots=True)
class Valley:
    """The average of one or more traces on a uniform grid of log10(lr).

    `fall` is in units of the loss, `fair` what of it no noise can have made, `error` its standard error at each grid
    point, `share` is the fall divided by the deepest fall. `centre`, and each repeat's own in `centres`, are log10 of
    rates; the delay is taken off.
    """

    log_lr: FloatArray
    fall: FloatArray
    fair: FloatArray
    error: FloatArray
    longest: PreparedCurve
    centres: tuple[float, ...]
    level: float
    noise: float
    diverged: bool
    turned: bool

    @property
    def deepest(self) -> int:
        return int(self.fall.argmax())

    @property
    def depth(self) -> float:
        return float(self.fall[self.deepest])

    @property
    def share(self) -> FloatArray:
        return share_of(self.fall)

    @property
    def significance(self) -> float:
        """The deepest fall that noise cannot have made, in units of its standard error; 0 where nothing falls."""
        error = float(self.error[self.surest])
        if error == 0:
            return 0.0  # every loss was exactly 0
        return max(0.0, float(self.fair[self.surest]) / error)

    @property
    def surest(self) -> int:
        return int(self.fair.argmax())

    @property
    def centre(self) -> float:
        return self.earlier(centre_of_mass(self.log_lr, self.fall))

    def earlier(self, log_lr: float) -> float:
        """Log10 of the rate that is to blame for the loss at `log_lr`."""
        return self.longest.earlier(log_lr)

    @property
    def hurried(self) -> bool:
        """Whether the ramp reached the centre in fewer iterations than a rate takes to show."""
        t = self.longest
        place = np.interp(
            centre_of_mass(self.log_lr, self.fall), t.log_lr, np.arange(len(t.log_lr))
        )
        return bool(place < t.delay)

    @property
    def delay_in_decades(self) -> float:
        """How far along the axis the ladder moves on while a rate has yet to show, at the centre."""
        late = centre_of_mass(self.log_lr, self.fall)
        return late - self.earlier(late)

    @property
    def lateness(self) -> float:
        """Decades that the ladder moves on while a rate has yet to show: at the centre, or on the whole."""
        t = self.longest
        per_step = float(t.log_lr[-1] - t.log_lr[0]) / max(1, len(t.log_lr) - 1)
        return max(self.delay_in_decades, t.delay * per_step)

    @property
    def begins_coarsely(self) -> bool:
        """Whether the ladder leaps at first, as a linear one from nearly 0 does, over rates that a curve changes at."""
        steps = np.diff(self.longest.log_lr)
        return bool(steps[0] >= max(BANDWIDTH, LEAP * float(steps.mean())))

    @property
    def humps(self) -> tuple[float, float] | None:
        """Log10 of the deepest points on both sides of a centre that lies on a hump between two valleys."""
        middle = int(np.searchsorted(self.log_lr, centre_of_mass(self.log_lr, self.fall)))
        if self.share[min(middle, len(self.share) - 1)] >= HUMP:
            return None
        left, right = self.fall[: middle + 1].argmax(), middle + self.fall[middle:].argmax()
        return float(self.log_lr[left]), float(self.log_lr[right])

    def edges(self, share: float) -> tuple[float, float]:
        """Log10 of the outermost rates, to the left and right of the deepest point, that hold `share` of the fall."""
        below = np.flatnonzero(self.share < share)
        left, right = below[below < self.deepest], below[below > self.deepest]
        first = left[-1] + 1 if len(left) else 0
        last = right[0] - 1 if len(right) else len(self.log_lr) - 1
        return float(self.log_lr[first]), float(self.log_lr[last])


def find_valley(traces: Sequence[PreparedCurve]) -> Valley:
    """The average of the traces, each point weighed by a Gaussian of its distance in log(lr)."""
    longest = max(traces, key=lambda t: float(t.log_lr[-1]))
    grid = uniform_grid(min(float(t.log_lr[0]) for t in traces), float(longest.log_lr[-1]))
    counts, sums = (
        np.stack(rows) for rows in zip(*(binned(t, t.fall, grid) for t in traces), strict=True)
    )
    rough, _ = averaged(
        counts.sum(0), np.sum([binned(t, t.rough, grid)[1] for t in traces], axis=0), grid
    )
    fair, _ = averaged(
        counts.sum(0), np.sum([binned(t, t.fair, grid)[1] for t in traces], axis=0), grid
    )
    for count, total, t in zip(counts, sums, traces, strict=True):
        if t.diverged:
            extend_divergence(count, total, t, grid, counts.max(0))

    fall, error = averaged(counts.sum(0), sums.sum(0), grid)
    noise = float(np.mean([t.noise for t in traces]))
    level_error = float(np.linalg.norm([t.level_error for t in traces])) / len(traces)
    return Valley(
        log_lr=grid,
        fall=fall,
        fair=fair,
        error=np.hypot(np.maximum(noise, ROUGH * rough) * error, level_error),
        longest=longest,
        centres=tuple(own_centres(traces, counts, sums, grid)),
        level=float(np.mean([t.level for t in traces])),
        noise=noise,
        diverged=any(t.diverged for t in traces),
        turned=any(t.turned for t in traces),
    )


def own_centres(
    traces: Sequence[PreparedCurve], counts: FloatArray, sums: FloatArray, grid: FloatArray
) -> Iterator[float]:
    """Log10 of the rate that each repeat would speak for if it were alone; nothing for one that never fell."""
    for t, count, total in zip(traces, counts, sums, strict=True):
        reach = int(np.flatnonzero(count)[-1]) + 1
        fall, _ = averaged(count[:reach], total[:reach], grid[:reach])
        if fall.max() > 0:
            yield t.earlier(centre_of_mass(grid[:reach], fall))


def averaged(
    counts: FloatArray, sums: FloatArray, grid: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean fall around each grid point, and its standard error where the noise has a width of 1.

    Grid points weigh the same however many measured points they stand for: the average would lean towards the denser
    side of a linear ladder otherwise.
    """
    kernel = gaussian(len(grid), float(grid[1] - grid[0]))
    held = (counts > 0).astype(np.float64)
    filled = np.maximum(counts, 1)
    weight = np.maximum(np.convolve(held, kernel, "valid"), 1e-300)
    fall: FloatArray = np.convolve(sums / filled, kernel, "valid") / weight
    error: FloatArray = np.sqrt(np.convolve(held / filled, kernel**2, "valid")) / weight
    return fall, error


def gaussian(size: int, spacing: float) -> FloatArray:
    """A kernel that reaches from end to end of the grid, so that there is an average even far from all points."""
    offsets = np.arange(1 - size, size) * spacing
    kernel: FloatArray = np.exp(-0.5 * (offsets / BANDWIDTH) ** 2)
    return kernel


def uniform_grid(start: float, end: float) -> FloatArray:
    size = int(np.clip(np.ceil((end - start) / RESOLUTION) + 1, 2, GRID_LIMIT))
    return np.linspace(start, end, size)


def binned(t: PreparedCurve, values: FloatArray, grid: FloatArray) -> tuple[FloatArray, FloatArray]:
    """For each grid point, the number of measured points nearest to it and the sum of their values."""
    place = np.rint((t.log_lr - grid[0]) / (grid[1] - grid[0])).astype(int)
    counts: FloatArray = np.bincount(place, minlength=len(grid)).astype(np.float64)
    sums: FloatArray = np.bincount(place, values, len(grid)).astype(np.float64)
    return counts, sums


def extend_divergence(
    count: FloatArray, total: FloatArray, t: PreparedCurve, grid: FloatArray, others: FloatArray
) -> None:
    """A repeat that has diverged stays as bad as it was at its end, for as long as others go on."""
    beyond = grid > t.log_lr[-1] + RESOLUTION / 2
    count[beyond] = others[beyond]
    total[beyond] = t.fall[-1] * others[beyond]


def share_of(fall: FloatArray) -> FloatArray:
    """The fall as a share of the deepest, 0 where the loss is above its first level."""
    deepest = float(fall.max())
    return np.maximum(fall, 0.0) / deepest if deepest > 0 else np.zeros_like(fall)


def centre_of_mass(log_lr: FloatArray, fall: FloatArray) -> float:
    """Where the valley balances, each rate weighing by its share of the fall to the power of `SHARPNESS`."""
    mass = share_of(fall) ** SHARPNESS
    return float(log_lr @ mass / mass.sum()) if mass.any() else float(log_lr[0])
