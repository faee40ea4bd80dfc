"""The command line: thin. Every command imports what it needs when it runs, so that `--help` costs nothing."""

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lrtui import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from lrtui.spec import RunSpec

_TARGETS = ("model", "data", "optimizer", "loss", "metric", "step")
_CHECKS = ("iterations", "seconds", "schedule", "stability")
_PRECISIONS = ("fp32", "tf32", "bf16", "fp16", "apex-O1", "apex-O2")


def _spec_options(command: Any) -> Any:
    """The flags that edit a spec; each is None unless it was given."""
    options = [
        click.option(
            "--model",
            metavar="T",
            help="Model target: FILE.py:NAME, package.module:NAME, torchvision:NAME.",
        ),
        click.option("--data", metavar="T", help="Data target; lrtui:digits is built in."),
        click.option("--optimizer", metavar="T", help="Optimizer target, such as torch.optim:SGD."),
        click.option(
            "--loss",
            metavar="T",
            help="Loss target, 'auto', or 'none' where the model returns its loss.",
        ),
        click.option("--metric", metavar="T", help="Metric target, or 'none'."),
        click.option("--step", metavar="T", help="A step of your own: (model, batch) -> loss."),
        click.option("--start-lr", type=float, help="Where the ramp starts."),
        click.option("--end-lr", type=float, help="Where the ramp ends."),
        click.option("--num-iter", type=int, help="How many optimizer steps."),
        click.option(
            "--mode", type=click.Choice(["exp", "linear"]), help="How the learning rate rises."
        ),
        click.option("--batch-size", type=int, help="Examples in a batch."),
        click.option("--val", is_flag=True, default=None, help="Measure the validation loss."),
        click.option("--accumulate", type=int, help="Batches per optimizer step."),
        click.option(
            "--precision", type=click.Choice(_PRECISIONS), help="What the forward computes in."
        ),
        click.option("--device", help="auto, cpu, cuda, cuda:1, mps."),
        click.option("--repeats", type=int, help="How many curves."),
        click.option("--seed", type=int, help="Seed of data order and initialisation."),
        click.option(
            "--set",
            "overrides",
            multiple=True,
            metavar="FIELD=VALUE",
            help="Any field, such as model.width=32.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _as_json(document: str) -> "Callable[[Any], Any]":
    """The flag for one JSON document in place of text."""
    told = f"Print {document} as JSON, and nothing else, on stdout."
    return click.option("--json", "as_json", is_flag=True, help=told)


class _Group(click.Group):
    """Commands, or with none of them the app; errors of ours become one line and an exit code."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """A spec that is given before any command is the app's: click's groups take no arguments of their own."""
        for place, word in enumerate(args):
            if word in self.commands:
                break
            if word.endswith(".toml") and not word.startswith("-"):
                args = [*args[:place], "--spec", *args[place:]]
                break
        return super().parse_args(context, args)

    def invoke(self, context: click.Context) -> Any:
        from lrtui.spec import SpecError

        try:
            return super().invoke(context)
        except SpecError as error:
            raise click.UsageError(str(error)) from None


@click.group(
    cls=_Group,
    invoke_without_command=True,
    options_metavar="[SPEC.toml] [OPTIONS]",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="lrtui")
@click.option("--spec", type=click.Path(path_type=Path, dir_okay=False), hidden=True)
@_spec_options
@click.pass_context
def lrtui(context: click.Context, /, spec: Path | None, **flags: Any) -> None:
    """The learning-rate range test, in your terminal.

    Without a command it opens the app, its form filled in from SPEC.toml, if one is named, and from the flags.
    """
    if context.invoked_subcommand is not None:
        if any(value not in (None, ()) for value in flags.values()):
            raise click.UsageError(
                f"put the flags after the command: lrtui {context.invoked_subcommand} …"
            )
        return
    _check_home()
    from lrtui.tui.app import run_app

    context.exit(run_app(_spec(spec, flags)))


@lrtui.command()
@click.argument(
    "spec_file",
    metavar="[SPEC.toml]",
    required=False,
    type=click.Path(path_type=Path, dir_okay=False),
)
@_spec_options
@click.option(
    "--confirm",
    "iterations",
    type=click.IntRange(min=1),
    metavar="N",
    help="Confirm within N iterations.",
)
@click.option(
    "--confirm-seconds",
    "seconds",
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    help="Confirm the answer by short trainings within S seconds.",
)
@click.option(
    "--schedule",
    type=click.Choice(["constant", "one-cycle"]),
    help="How those trainings set their rate.",
)
@click.option(
    "--stability",
    is_flag=True,
    help="Measure the largest stable learning rate (SGD and the Adam family).",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print the run record, and nothing else, on stdout."
)
@click.option(
    "-o",
    "output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the run record to a file.",
)
@click.option("--force", is_flag=True, help="Overwrite the file that -o names.")
@click.pass_context
def run(
    context: click.Context,
    /,
    spec_file: Path | None,
    as_json: bool,
    output: Path | None,
    force: bool,
    **flags: Any,
) -> None:
    """Run the range test without a screen.

    With --confirm the answer has to hold in short trainings against its rivals. Where it is refuted, the output names
    the better rate; the exit code is 0 all the same.

    Exit codes: 0 an answer; 2 usage; 3 no learning rate can be recommended; 4 your code or data failed; 5 the result
    could not be saved; 128 + signal.
    """
    if output is not None and output.exists() and not force:
        raise click.UsageError(f"{output} already exists; --force overwrites it")
    if output is not None and not output.expanduser().absolute().parent.is_dir():
        raise click.UsageError(f"{output}: there is no folder {output.parent} to write it to")
    _check_home()
    from lrtui.analysis.halving import least_budget
    from lrtui.commands.run import Checks, run_headless

    asked = {name: value for name in _CHECKS if (value := flags.pop(name)) is not None}
    if "iterations" in asked and asked["iterations"] < least_budget(2):
        raise click.UsageError(
            f"--confirm {asked['iterations']}: {least_budget(2)} iterations are the least to compare two learning rates"
        )
    if "schedule" in asked and not {"iterations", "seconds"} & asked.keys():
        raise click.UsageError("--schedule is that of --confirm or --confirm-seconds")
    spec, checks = _spec(spec_file, flags), Checks(**asked)
    context.exit(run_headless(spec, checks=checks, as_json=as_json, output=output, overwrite=force))


@lrtui.command()
@_as_json("a list of the records without their curves")
@click.pass_context
def ls(context: click.Context, /, as_json: bool) -> None:
    """List the run records that are kept, newest first.

    A line has the id, when, the status, the suggested learning rate, and model, data and optimizer.
    """
    _check_home()
    from lrtui.commands.ls import list_records

    context.exit(list_records(as_json))


@lrtui.command()
@click.argument("name", metavar="FILE|ID")
@click.option(
    "--smooth-f",
    type=click.FloatRange(min=0, max=1, min_open=True),
    metavar="F",
    help="The smooth_f that a torch_lr_finder history was measured with (default 0.05; 1: not smoothed).",
)
@_as_json("the record")
@click.pass_context
def show(context: click.Context, /, name: str, smooth_f: float | None, as_json: bool) -> None:
    """Print the answer of a run that was saved.

    FILE is a run record, or a history of torch_lr_finder's ({"lr": [...], "loss": [...]}); ID is that of a run, or as
    much of its beginning as no other run has. A history's losses are smoothed; the answer is that of the raw ones.

    Exit codes: 0 an answer; 2 usage, no such file or no record; 3 no learning rate can be recommended.
    """
    _check_home()
    from lrtui.commands.show import show as show_record

    context.exit(show_record(name, as_json, smooth_f))


@lrtui.command()
@click.pass_context
def recover(context: click.Context, /) -> None:
    """Make run records of runs that were cut off, from their journals.

    Exit codes: 0 done, or nothing to do; 5 a record could not be saved, and its journal is still there.
    """
    _check_home()
    from lrtui.commands.recover import recover_all

    context.exit(recover_all())


@lrtui.command()
@click.argument("where", default="")
@_as_json("a list of what is offered, with its parameters")
@click.pass_context
def models(context: click.Context, /, where: str, as_json: bool) -> None:
    """List the models that can be picked.

    A line has a target, and what it is. WHERE is a Python file, a folder of them, a module, torchvision: or timm:;
    without it these are the sample models. Your own files are read, and not run.
    """
    _check_home()
    from lrtui.commands.models import models as list_models

    context.exit(list_models(where, as_json))


@lrtui.command()
@_as_json("what was found")
@click.pass_context
def doctor(context: click.Context, /, as_json: bool) -> None:
    """Tell what this machine has, and what does not work on it.

    It looks at torch, the devices and the precisions on each, the home of the records, and the terminal.

    Exit codes: 0 a run can be made here; 2 the home cannot be written to; 4 torch cannot be used.
    """
    from lrtui.commands.doctor import doctor as examine

    context.exit(examine(as_json))


def _check_home() -> None:
    """Refuse a data directory that cannot be used, before anything is done that would be lost there."""
    from lrtui import paths

    try:
        for folder in (paths.runs(), paths.logs()):
            folder.stat()
    except OSError as error:
        where = (
            "LRTUI_HOME"
            if os.environ.get("LRTUI_HOME")
            else "the data directory (LRTUI_HOME sets another)"
        )
        raise click.UsageError(
            f"{where} cannot be used: {error.filename}: {error.strerror}"
        ) from None


def _spec(file: Path | None, flags: dict[str, Any]) -> "RunSpec":
    """The defaults, then the file, then what another model's file brings, then the flags, then every --set."""
    from lrtui import presets
    from lrtui.spec import RunSpec, checked
    from lrtui.specfile import override, read

    spec = read(presets.found(file)) if file else RunSpec()
    model = flags.get("model")
    if model is not None and model != spec.model.target:
        spec = _with_companion(_with(spec, "model.target", model))
    homes = {name: f"{name}.target" for name in _TARGETS}
    homes |= {
        name: f"range.{name}"
        for name in ("start_lr", "end_lr", "num_iter", "mode", "val", "repeats")
    }
    homes |= {"accumulate": "range.accumulation_steps", "batch_size": "loader.batch_size"}
    overrides = flags.pop("overrides")
    for name, value in flags.items():
        if value is not None:
            spec = _with(spec, homes.get(name, name), value)
    for assignment in overrides:
        spec = override(spec, assignment)
    return checked(spec)


def _with_companion(spec: "RunSpec") -> "RunSpec":
    """The spec with what its model's file says that it is run with."""
    from lrtui.catalog.companion import companion, merged
    from lrtui.catalog.errors import CatalogError
    from lrtui.catalog.targets import locate
    from lrtui.spec import SpecError

    path = locate(spec.model.target.rpartition(":")[0])
    try:
        return merged(spec, companion(path)) if path else spec
    except CatalogError as error:
        raise SpecError(str(error)) from None


def _with(spec: "RunSpec", path: str, value: Any) -> "RunSpec":
    """A typed change of one field; another target starts without the arguments of the last."""
    import msgspec

    from lrtui.spec import Choice

    section, _, field = path.rpartition(".")
    if field == "target":
        before = getattr(spec, section)
        return msgspec.structs.replace(
            spec, **{section: before if before.target == value else Choice(value)}
        )
    if not section:
        return msgspec.structs.replace(spec, **{field: value})
    inner = msgspec.structs.replace(getattr(spec, section), **{field: value})
    return msgspec.structs.replace(spec, **{section: inner})


def main() -> None:
    """The entry point."""
    try:
        code = lrtui(prog_name="lrtui", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = 128 + signal.SIGINT
    sys.exit(code)


if __name__ == "__main__":
    main()
