"""The valley of a range test: where, on the axis of log(lr), the loss falls and stays low.

While steps are small, training follows the gradient flow, whose time is the sum of all rates so
far. On an exponential ramp that sum is proportional to the rate itself, so a curve cannot change
within much less than a factor of e of the rate, whatever the number of iterations. The curves are
therefore averaged with a Gaussian of half an e-fold, symmetric in log(lr) and so without lag.

Answers are at a fixed distance from the reference rate: mostly a centre of mass rather than an
extreme point, since every measured point contributes and none dominates; and the rate at half of
the fall, which scatters least. Both move to lower rates where a ramp gives each decade more
iterations. That is corrected, so that tests of 250 to 1000 iterations have the same reference rate.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import e, log10

import numpy as np

from lrtui.analysis.curve import FloatArray
from lrtui.analysis.prepared_curve import PreparedCurve

BANDWIDTH = 0.5 * log10(e)  # decades; standard deviation of the averaging kernel
RESOLUTION = BANDWIDTH / 5  # decades between grid points
GRID_LIMIT = 600  # grid points; a wider ramp gets a coarser grid
# share of a curve's local roughness that is noise where it exceeds the quietest part's; the rest is
# the curve's own bends
ROUGH = 0.75
LEAP = 3  # times the mean step of a ramp
HUMP = 0.5  # share of the fall; a centre that holds less lies between two valleys
SHARPNESS = 8  # a rate is weighted by its share of the fall to this power
HALF_WEIGHT = 0.25  # of the rate at half of the fall, in the reference rate
# decades that the reference rate would fall if each decade of a ramp had ten times the iterations
DENSITY_SLOPE = 0.375
USUAL_DENSITY = 50.0  # iterations per decade: 400 from 1e-7 to 10
BARELY = 1e-6  # share of the fall; where a curve holds this much, it is not above its first level


@dataclass(frozen=True, slots=True)
class Valley:
    """The average of one or more repeats on a uniform grid of log10(lr).

    Attributes:
        log_lr: the grid, log10 of learning rates.
        fall: how far the loss is below its first level, in units of the loss.
        unbiased_fall: the part of it that noise cannot cause.
        error: standard error of the fall at each grid point.
        longest: the repeat that reaches the highest rate.
        centres: log10 of the rate that each repeat suggests alone; none for one that never falls.
        level: mean loss before the first change.
        noise: standard deviation of the noise.
        diverged: whether a repeat ends far above its level.
        turned: whether a repeat rises again at its end.
        last_stable: log10 of the last rate before any repeat blew up; None: none did.
        climb: likewise, of a repeat that came back down.
        holds_at_end: whether every repeat holds half of its fall at its end.
    """

    log_lr: FloatArray
    fall: FloatArray
    unbiased_fall: FloatArray
    error: FloatArray
    longest: PreparedCurve
    centres: tuple[float, ...]
    level: float
    noise: float
    diverged: bool
    turned: bool
    last_stable: float | None
    climb: float | None
    holds_at_end: bool

    @property
    def deepest(self) -> int:
        """Index of the deepest fall."""
        return int(self.fall.argmax())

    @property
    def depth(self) -> float:
        """The deepest fall, in units of the loss."""
        return float(self.fall[self.deepest])

    @property
    def share(self) -> FloatArray:
        """The fall divided by the deepest fall."""
        return share_of(self.fall)

    @property
    def surest(self) -> int:
        """Index of the deepest unbiased fall."""
        return int(self.unbiased_fall.argmax())

    @property
    def significance(self) -> float:
        """The deepest unbiased fall in units of its standard error; 0 if the loss never falls."""
        error = float(self.error[self.surest])
        if error == 0:
            return 0.0  # every loss was exactly 0
        return max(0.0, float(self.unbiased_fall[self.surest]) / error)

    @property
    def centre(self) -> float:
        """log10 of the rate at the centre of mass, with the delay removed."""
        return self.before_delay(self.measured_centre)

    @property
    def reference(self) -> float:
        """log10 of the reference rate; see the module's head."""
        measured = (1 - HALF_WEIGHT) * self.measured_centre + HALF_WEIGHT * self.half_fall
        density = self.longest.density(measured)
        return self.before_delay(measured) + DENSITY_SLOPE * log10(density / USUAL_DENSITY)

    @property
    def half_fall(self) -> float:
        """log10 of the first rate with half of the deepest fall, as measured."""
        left = np.maximum.accumulate(self.share[: self.deepest + 1])
        rising = left + BARELY * np.linspace(0, 1, len(left))  # strictly, as np.interp needs it
        return float(np.interp(0.5, rising, self.log_lr[: len(left)]))

    @property
    def ceiling(self) -> float:
        """log10 of the highest rate around the deepest fall at which the loss has not blown up."""
        last = self.edges(BARELY)[1]
        if self.last_stable is not None:
            last = min(last, self.last_stable)
        if last == self.log_lr[-1]:
            return last
        return self.before_delay(last)

    @property
    def measured_centre(self) -> float:
        """log10 of the rate at the centre of mass, as measured."""
        return centre_of_mass(self.log_lr, self.fall)

    def before_delay(self, log_lr: float) -> float:
        """log10 of the rate whose step caused the loss at `log_lr`."""
        return self.longest.before_delay(log_lr)

    @property
    def centre_within_delay(self) -> bool:
        """Whether the ramp reached the centre in fewer iterations than the delay."""
        log_lr = self.longest.log_lr
        iteration = np.interp(self.measured_centre, log_lr, np.arange(len(log_lr)))
        return bool(iteration < self.longest.delay)

    @property
    def delay_at_centre(self) -> float:
        """The delay as a distance on the ramp, in decades, at the centre."""
        return self.measured_centre - self.centre

    @property
    def delay_in_decades(self) -> float:
        """The delay as a distance on the ramp: at the centre or on average, whichever is larger."""
        log_lr = self.longest.log_lr
        mean_step = float(log_lr[-1] - log_lr[0]) / max(1, len(log_lr) - 1)
        return max(self.delay_at_centre, self.longest.delay * mean_step)

    @property
    def starts_with_leap(self) -> bool:
        """Whether the first step of the ramp skips rates at which a curve can change.

        A linear ramp that starts near 0 does.
        """
        steps = np.diff(self.longest.log_lr)
        return bool(steps[0] >= max(BANDWIDTH, LEAP * float(steps.mean())))

    @property
    def sides_of_hump(self) -> tuple[float, float] | None:
        """log10 of the deepest rates on both sides, if the centre lies between two valleys."""
        middle = int(np.searchsorted(self.log_lr, self.measured_centre))
        if self.share[min(middle, len(self.share) - 1)] >= HUMP:
            return None
        left = self.fall[: middle + 1].argmax()
        right = middle + self.fall[middle:].argmax()
        return float(self.log_lr[left]), float(self.log_lr[right])

    def edges(self, share: float) -> tuple[float, float]:
        """log10 of the lowest and highest rate around the deepest fall that hold `share` of it."""
        below = np.flatnonzero(self.share < share)
        left, right = below[below < self.deepest], below[below > self.deepest]
        first, last = 0, len(self.log_lr) - 1
        if len(left):
            first = left[-1] + 1
        if len(right):
            last = right[0] - 1
        return float(self.log_lr[first]), float(self.log_lr[last])


@dataclass(slots=True)
class Bins:
    """Measured points on the grid: how many are nearest to each grid point, and their sums."""

    count: FloatArray
    fall: FloatArray
    unbiased_fall: FloatArray
    roughness: FloatArray


def find_valley(repeats: Sequence[PreparedCurve]) -> Valley:
    """The average of the repeats, weighted by a Gaussian of the distance in log(lr)."""
    longest = max(repeats, key=lambda repeat: float(repeat.log_lr[-1]))
    lowest = min(float(repeat.log_lr[0]) for repeat in repeats)
    grid = uniform_grid(lowest, float(longest.log_lr[-1]))
    binned = [bin_points(repeat, grid) for repeat in repeats]

    measured = sum_of(binned)
    local_noise, _ = averaged(measured.count, measured.roughness, grid)
    unbiased_fall, _ = averaged(measured.count, measured.unbiased_fall, grid)

    extend_diverged(binned, repeats, grid)
    extended = sum_of(binned)
    fall, error = averaged(extended.count, extended.fall, grid)
    noise = float(np.mean([repeat.noise for repeat in repeats]))
    level_errors = [repeat.level_error for repeat in repeats]
    level_error = float(np.linalg.norm(level_errors)) / len(repeats)
    return Valley(
        log_lr=grid,
        fall=fall,
        unbiased_fall=unbiased_fall,
        error=np.hypot(np.maximum(noise, ROUGH * local_noise) * error, level_error),
        longest=longest,
        centres=own_centres(repeats, binned, grid),
        level=float(np.mean([repeat.level for repeat in repeats])),
        noise=noise,
        diverged=any(repeat.diverged for repeat in repeats),
        turned=any(repeat.turned for repeat in repeats),
        last_stable=lowest_of(repeat.last_stable for repeat in repeats),
        climb=lowest_of(repeat.climb for repeat in repeats),
        holds_at_end=all(repeat.holds_at_end for repeat in repeats),
    )


def lowest_of(rates: Iterable[float | None]) -> float | None:
    """The lowest of the rates that are known."""
    return min((rate for rate in rates if rate is not None), default=None)


def uniform_grid(start: float, end: float) -> FloatArray:
    """Grid points from `start` to `end`, `RESOLUTION` apart or, on a wide ramp, further."""
    size = int(np.clip(np.ceil((end - start) / RESOLUTION) + 1, 2, GRID_LIMIT))
    return np.linspace(start, end, size)


def bin_points(repeat: PreparedCurve, grid: FloatArray) -> Bins:
    """Assign each measured point to its nearest grid point."""
    nearest = np.rint((repeat.log_lr - grid[0]) / (grid[1] - grid[0])).astype(int)
    size = len(grid)
    return Bins(
        count=np.bincount(nearest, minlength=size).astype(np.float64),
        fall=np.bincount(nearest, repeat.fall, size).astype(np.float64),
        unbiased_fall=np.bincount(nearest, repeat.unbiased_fall, size).astype(np.float64),
        roughness=np.bincount(nearest, repeat.roughness, size).astype(np.float64),
    )


def sum_of(binned: Sequence[Bins]) -> Bins:
    """The points of all repeats together."""
    size = len(binned[0].count)
    total = Bins(np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size))
    for bins in binned:
        total.count += bins.count
        total.fall += bins.fall
        total.unbiased_fall += bins.unbiased_fall
        total.roughness += bins.roughness
    return total


def extend_diverged(
    binned: Sequence[Bins], repeats: Sequence[PreparedCurve], grid: FloatArray
) -> None:
    """Let a repeat that diverged keep its last, bad value for as long as other repeats go on."""
    most = np.max([bins.count for bins in binned], axis=0)
    for bins, repeat in zip(binned, repeats, strict=True):
        if repeat.diverged:
            beyond = grid > repeat.log_lr[-1] + RESOLUTION / 2
            bins.count[beyond] = most[beyond]
            bins.fall[beyond] = repeat.fall[-1] * most[beyond]


def own_centres(
    repeats: Sequence[PreparedCurve], binned: Sequence[Bins], grid: FloatArray
) -> tuple[float, ...]:
    """log10 of the rate that each repeat suggests alone; none for one that never falls."""
    centres = []
    for repeat, bins in zip(repeats, binned, strict=True):
        # at least two: one that was stopped early may have all of its points at the first of them
        reached = max(2, int(np.flatnonzero(bins.count)[-1]) + 1)
        own_grid = grid[:reached]
        fall, _ = averaged(bins.count[:reached], bins.fall[:reached], own_grid)
        if fall.max() > 0:
            centres.append(repeat.before_delay(centre_of_mass(own_grid, fall)))
    return tuple(centres)


def averaged(
    counts: FloatArray, sums: FloatArray, grid: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The mean around each grid point, and its standard error for noise of width 1.

    Every grid point with measured points has the same weight, however many there are: otherwise the
    average would lean towards the denser side of a linear ramp.
    """
    kernel = gaussian(len(grid), float(grid[1] - grid[0]))
    measured = (counts > 0).astype(np.float64)
    divisor = np.maximum(counts, 1)
    weight = np.maximum(np.convolve(measured, kernel, "valid"), 1e-300)
    mean: FloatArray = np.convolve(sums / divisor, kernel, "valid") / weight
    error: FloatArray = np.sqrt(np.convolve(measured / divisor, kernel**2, "valid")) / weight
    return mean, error


def gaussian(size: int, spacing: float) -> FloatArray:
    """A kernel that spans the whole grid, so that there is a mean even far from all points."""
    offsets = np.arange(1 - size, size) * spacing
    kernel: FloatArray = np.exp(-0.5 * (offsets / BANDWIDTH) ** 2)
    return kernel


def share_of(fall: FloatArray) -> FloatArray:
    """The fall as a share of the deepest fall; 0 where the loss is above its first level."""
    deepest = float(fall.max())
    if deepest > 0:
        return np.maximum(fall, 0.0) / deepest
    return np.zeros_like(fall)


def centre_of_mass(log_lr: FloatArray, fall: FloatArray) -> float:
    """Mean of log10(lr), weighted by the share of the fall to the power of `SHARPNESS`."""
    mass = share_of(fall) ** SHARPNESS
    if not mass.any():
        return float(log_lr[0])
    return float(log_lr @ mass / mass.sum())
