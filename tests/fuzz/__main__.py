"""`python -m tests.fuzz`: run the mutators for as long as one likes; exit code 1 for a finding."""

import sys
import warnings
from pathlib import Path

import click

from tests.fuzz.fuzz import Tally, fuzz
from tests.fuzz.targets import targets


@click.command()
@click.option("--seconds", type=click.FloatRange(min=0), default=60.0, show_default=True)
@click.option("--target", "names", multiple=True, type=click.Choice(sorted(targets())))
@click.option("--seed", type=int, default=0, show_default=True, help="Of the mutations.")
@click.option("--kept", type=click.Path(path_type=Path), default=Path("fuzz-findings"))
def main(seconds: float, names: tuple[str, ...], seed: int, kept: Path) -> None:
    """Give lrtui's readers damaged input; inputs that fail are written to a folder.

    --target may be given several times; without it all targets share the time.
    """
    warnings.simplefilter("ignore", SyntaxWarning)  # of sources that are parsed
    known = targets()
    chosen = [known[name] for name in names or known]
    tallies = fuzz(chosen, seconds, seed, kept)
    print(f"{'target':<10}{'inputs':>10}{'slowest':>10}{'memory':>10}  findings")
    for tally in tallies:
        print(row(tally))
        for finding in tally.findings.values():
            print(f"  {finding.times} × {finding.what}\n    {finding.input}")
    print(f"{'all':<10}{sum(tally.inputs for tally in tallies):>10,}")
    sys.exit(any(tally.findings for tally in tallies))


def row(tally: Tally) -> str:
    """A line of the table."""
    slowest, grown = f"{1000 * tally.slowest:.0f} ms", f"{tally.grown // 1024} MB"
    return f"{tally.name:<10}{tally.inputs:>10,}{slowest:>10}{grown:>10}  {len(tally.findings)}"


if __name__ == "__main__":
    main()
