"""The specs of one `lrtui run`, one after the other."""

from collections.abc import Collection, Sequence
from contextlib import closing, nullcontext
from signal import SIGHUP

from lrtui.catalog.shipping import ShippingError, sent_words
from lrtui.catalog.trust import remembered, unagreed
from lrtui.commands.run.measure import NO_CHECKS, Checks, Run, measure
from lrtui.commands.run.progress import Progress
from lrtui.commands.run.result import Output, Result, helped, not_agreed, report
from lrtui.commands.streams import USAGE, USER_FAILED, note, printable, put, put_json, say
from lrtui.launch.ranks import start_problem
from lrtui.launch.remote.host import Host, HostError
from lrtui.ranks.placement import placement_of
from lrtui.record import RunRecord, to_json
from lrtui.spec import RunSpec


def run_headless(
    specs: Sequence[RunSpec],
    *,
    names: Sequence[str] = (),
    agreed: Collection[str] = (),
    checks: Checks = NO_CHECKS,
    output: Output | None = None,
    stop_on_hangup: bool = False,
    host: Host | None = None,
) -> int:
    """Run specs and their checks; returns the exit code, the highest of theirs.

    What is not agreed to, by `agreed` or by what is remembered, is not run. If one of the specs
    needs it, none is run. One that fails does not end the others.

    The first signal that would end this process stops the run, and what it has measured is kept:
    SIGINT, SIGTERM, also SIGUSR1, which Slurm sends before the time is up. The specs after it are
    left out. On a SIGHUP the run goes on in its worker, without this process, unless
    `stop_on_hangup`. The same happens where the connection to a `host` is lost.
    """
    problem = _refusal(specs, agreed, host)
    if problem:
        return say(problem, USAGE)
    with nullcontext() if host is None else closing(host):
        return _run_all(specs, names, agreed, checks, output or Output(), stop_on_hangup, host)


def _run_all(
    specs: Sequence[RunSpec],
    names: Sequence[str],
    agreed: Collection[str],
    checks: Checks,
    output: Output,
    stop_on_hangup: bool,
    host: Host | None,
) -> int:
    results: list[Result] = []
    for index, spec in enumerate(specs):
        if len(specs) > 1:
            _begin(names[index], index, len(specs), output)
        run = measure(
            spec,
            agreed=agreed,
            checks=checks,
            progress=Progress(quiet=output.quiet),
            stop_on_hangup=stop_on_hangup,
            host=host,
        )
        if SIGHUP in run.received and not stop_on_hangup:
            return 128 + run.received[0]
        if run.lost:
            return say(run.lost, 128 + SIGHUP)
        results.append(_result(spec, run, output, is_alone=len(specs) == 1))
        if run.received:
            break
    if len(specs) > 1:
        _end(results, output)
    if run.received:
        return 128 + run.received[0]
    return max(result.code for result in results)


def _refusal(specs: Sequence[RunSpec], agreed: Collection[str], host: Host | None) -> str:
    """Why none of the specs is run, in one line; "" where all can be."""
    agreed = {*remembered(), *agreed}
    missing = {item.line: item for spec in specs for item in unagreed(spec, agreed)}
    if missing:
        return not_agreed(list(missing.values()))
    if host is not None:
        return _connected(host, specs)
    for spec in specs:
        problem = start_problem(spec)
        if problem:
            return problem
    return ""


def _connected(host: Host, specs: Sequence[RunSpec]) -> str:
    """Log in, and say which files go there; why nothing can be started, "" where it can."""
    try:
        sent = dict.fromkeys(map(sent_words, specs))
        host.connect()
    except (HostError, ShippingError) as error:
        host.close()
        return str(error)
    note("; ".join([f"lrtui: on {host.name}", *filter(None, sent)]))
    return ""


def _result(spec: RunSpec, run: Run, output: Output, *, is_alone: bool) -> Result:
    """Print and save what was measured of one spec."""
    if not placement_of(spec.devices).has_first:
        return Result(helped(run.events), None)
    result = report(run.events, output, is_alone=is_alone)
    if result.code == USER_FAILED and run.refused:
        return Result(say(not_agreed(run.refused), USAGE), result.record)
    return result


def _begin(name: str, index: int, count: int, output: Output) -> None:
    """Say which of several specs comes."""
    if not output.quiet:
        note(f"{name} ({index + 1} of {count})")
    if output.as_json:
        return
    if index:
        put([""])
    put([printable(f"spec     {name}")])


def _end(results: Sequence[Result], output: Output) -> None:
    """What comes after the last of several specs: all records, or how to compare them."""
    records = [result.record for result in results]
    if output.as_json:
        put_json(_list_of(records))
        return
    ids = [record.id for record in records if record is not None and record.history.lr]
    if len(ids) > 1 and not output.quiet:
        note(f"`lrtui compare {' '.join(ids)}` puts them side by side")


def _list_of(records: Sequence[RunRecord | None]) -> str:
    """The records as one JSON document; null for a run without one."""
    documents = []
    for record in records:
        documents.append("null" if record is None else to_json(record).decode().rstrip())
    return "[\n" + ",\n".join(documents) + "\n]"
