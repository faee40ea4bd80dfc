"""What a sweep costs beside its tests: `python -m tests.bench.sweep [--tests 8,64] [--ray]`.

A line for each number of tests and of workers. The goal is 1.1 times the tests' own seconds divided
by the workers, plus the start: the seconds until the first test begins. `--hundredfold` measures
what grows with the number of tests beside the tests themselves, in processor time.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Collection
from pathlib import Path

import msgspec

from lrtui.spec import Choice, LoaderSpec, RangeSpec, RunSpec
from lrtui.sweep.executor import Executor, Outcome, Test
from lrtui.sweep.ledger import Ledger
from lrtui.sweep.local import LocalPool
from lrtui.sweep.places import core_groups
from lrtui.sweep.ray_pool import RayPool
from lrtui.sweep.results import results
from lrtui.sweep.sweep import Counts, Sweep


def specs(count: int, iterations: int) -> list[RunSpec]:
    """Tests that differ by their seed; of an MLP on the digits."""
    return [
        RunSpec(
            model=Choice("sample_models/mlp.py:MLP"),
            range=RangeSpec(num_iter=iterations, start_lr=1e-5, end_lr=1.0),
            loader=LoaderSpec(batch_size=64),
            device="cpu",
            seed=seed,
        )
        for seed in range(count)
    ]


class Clock:
    """When the first test began, by when the first one ended."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.start: float | None = None

    def ended(self, test: Test, outcome: Outcome) -> None:
        if self.start is None:
            self.start = time.perf_counter() - self.began - outcome.seconds


def started(engine: str, tests: list[RunSpec], workers: int) -> Executor:
    agreed: Collection[str] = ()
    if engine == "local":
        return LocalPool.of(core_groups(workers), agreed)
    return RayPool.start(tests, workers=workers, address="", agreed=agreed, say=lambda _: None)


def no_stop() -> bool:
    return False


def ignore(counts: Counts) -> None:
    pass


def measure(engine: str, count: int, workers: int, iterations: int) -> str:
    """The line of one sweep."""
    tests = specs(count, iterations)
    sweep = Sweep(tests, Ledger(), "all")
    clock = Clock()
    executor = started(engine, tests, workers)
    try:
        sweep.run(executor, wants_stop=no_stop, on_outcome=clock.ended, on_poll=ignore)
        wall = time.perf_counter() - clock.began
    finally:
        executor.close()
    own = sum(outcome.seconds for outcome in sweep.outcomes.values())
    start = clock.start or 0.0
    ideal = own / workers
    ratio = (wall - start) / ideal
    overhead = 1000 * ((wall - start) * workers - own) / count
    return (
        f"| {engine} | {count} | {workers} | {wall:.1f} | {start:.1f} | {own:.1f} | {ratio:.2f} "
        f"| {overhead:.0f} |"
    )


def hundredfold(count: int) -> None:
    """Processor time of what is done for all tests at once, with and without records."""
    tests = specs(count, 400)
    began = time.process_time()
    sweep = Sweep(tests, Ledger(), "all")
    keyed = time.process_time()
    first = Sweep(tests[:1], Ledger(), "all")
    pool = LocalPool.of(core_groups(1))
    first.run(pool, wants_stop=no_stop, on_outcome=lambda *_: None, on_poll=ignore)
    pool.close()
    (outcome,) = first.outcomes.values()
    outcomes = {test.key: msgspec.structs.replace(outcome, key=test.key) for test in sweep.tests}
    ledger = Ledger()
    wrote = time.process_time()
    for one in outcomes.values():
        ledger.add(one)
    written = time.process_time()
    Sweep(tests, Ledger())
    again = time.process_time()
    results(sweep.tests, outcomes, frozenset())
    compared = time.process_time()
    print(f"{count} tests: keys {keyed - began:.2f} s, ledger written {written - wrote:.2f} s,")
    print(f"known again {again - written:.2f} s, table {compared - again:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", default="8,64")
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--iterations", type=int, default=400)
    parser.add_argument("--engines", default="local,ray")
    parser.add_argument("--hundredfold", type=int, metavar="N")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["LRTUI_HOME"] = str(Path(home))
        if options.hundredfold:
            hundredfold(options.hundredfold)
            return
        print("| engine | tests | workers | s in all | start | tests' own s | ratio | ms a test |")
        print("|---|---|---|---|---|---|---|---|")
        for engine in options.engines.split(","):
            for count in map(int, options.tests.split(",")):
                for workers in map(int, options.workers.split(",")):
                    line = measure(engine, count, workers, options.iterations)
                    print(line, flush=True)


if __name__ == "__main__":
    main()
