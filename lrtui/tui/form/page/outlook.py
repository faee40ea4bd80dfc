"""Outlook: what will happen, the command that does the same, and the last runs."""

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lrtui.analysis.plan import LEAST
from lrtui.catalog.shipping import ShippingError, sent_words
from lrtui.planned import planned
from lrtui.report.training import sentence
from lrtui.spec import CHOICES, RunSpec
from lrtui.specfields import value_at
from lrtui.tui.clean import clean
from lrtui.tui.form.form import Form
from lrtui.tui.form.page.line import Line, Look, fit, wrapped
from lrtui.tui.form.run_command import command_base, run_command

if TYPE_CHECKING:
    from lrtui.tui.form.page.recent import PastRun

_LABEL = 12


class Outlook:
    """What is not known yet is left out."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.past: Sequence[PastRun] = ()  # the newest first
        self._base = _CommandBase()
        self._sent = _Sent()

    def lines(self, width: int) -> list[Line]:
        """Everything, in lines of so many columns."""
        spec = self.form.spec
        lines: list[Line] = [(("what will happen", "bold"),)]
        if spec is None or self.form.problems:
            lines += _paragraph("correct the fields that are marked", width, 0, "dim")
        else:
            for label, text in self._facts(spec):
                lines += _entry(label, text, width)
            lines += self._command(width)
        return lines + self._last_runs(width)

    def _facts(self, spec: RunSpec) -> Iterator[tuple[str, str]]:
        if self.form.session.host:
            yield "machine", self._machine(spec)
        yield "batch", self._batch(spec)
        if device := self._device(spec):
            yield "device", device
        yield "test", _test(spec)
        yield "answer", _answer(spec)
        if self.past:
            from lrtui.tui.form.page.recent import expected_time, parameters_of  # late

            if parameters := parameters_of(spec, self.past):
                yield "parameters", parameters
            if time := expected_time(spec, self.past):
                yield "time", time

    def _machine(self, spec: RunSpec) -> str:
        """Where the workers are, and what is sent there."""
        sent = self._sent.of(spec)
        host = self.form.session.host
        return f"{host}, through ssh; {sent}" if sent else f"{host}, through ssh"

    def _batch(self, spec: RunSpec) -> str:
        words = self.form.data_watch.batch_words
        if words:
            return words
        size = spec.loader.batch_size
        if not size:
            return "as the data set yields them"
        return f"{size} examples"

    def _device(self, spec: RunSpec) -> str:
        """What it runs on; what `auto` means is known when the worker is ready."""
        ready = self.form.session.ready
        if spec.device != "auto" or ready is None:
            return "" if spec.device == "auto" else spec.device
        for device in ready.devices:
            if device.startswith(("cuda", "mps")):
                return f"{device}, the GPU of {self.form.session.host or 'this machine'}"
        return "cpu: torch sees no GPU"

    def command(self) -> str | None:
        """The command that runs the form; None where the form is wrong, or no flags make it."""
        spec = self.form.spec
        if spec is None or self.form.problems:
            return None
        command = run_command(spec, self._base.of(spec.model.target))
        flags = self.form.session.host_flags
        if command is None or not flags:
            return command
        return f"{command} {shlex.join(flags)}"

    def _command(self, width: int) -> list[Line]:
        command = self.command()
        if command is None:
            heading: Line = (("as a command", "bold"),)
            return [(), heading, *_paragraph(self._save_it(), width, 0)]
        key = self.form.key_name("setup.copy")
        heading = (("as a command  ", "bold"), (f"{key} copies it", "dim"))
        return [(), heading, *_paragraph(clean(command), width, 2)]

    def _save_it(self) -> str:
        return f"save the form ({self.form.key_name('setup.save')}), then: lrtui run NAME"

    def _last_runs(self, width: int) -> list[Line]:
        if not self.past:
            return []
        lines: list[Line] = [(), (("last runs", "bold"),)]
        for run in self.past[:3]:
            head = f"{run.when:<7}  {run.lr:>7}  "
            lines.append(((head, "plain"), (fit(clean(run.what), width - len(head)), "dim")))
        return lines


class _Sent:
    """What a run sends to another machine, read again only for other targets."""

    def __init__(self) -> None:
        self._targets: tuple[str, ...] = ()
        self._words = ""

    def of(self, spec: RunSpec) -> str:
        """The files in words, "" where there are none; or why they cannot be sent."""
        targets = tuple(value_at(spec, role).target for role in CHOICES)
        if targets != self._targets:
            self._targets, self._words = targets, _sent(spec)
        return self._words


def _sent(spec: RunSpec) -> str:
    try:
        return sent_words(spec)
    except ShippingError as error:
        return str(error)


class _CommandBase:
    """The base of the command, read again only for another model."""

    def __init__(self) -> None:
        self._model = ""
        self._base: RunSpec | None = None

    def of(self, model: str) -> RunSpec | None:
        """What `lrtui run --model` makes of a model alone."""
        if model != self._model:
            self._model, self._base = model, command_base(model)
        return self._base


def _paragraph(text: str, width: int, indent: int, look: Look = "plain") -> Iterator[Line]:
    """A text in lines; all but the first are indented."""
    for number, line in enumerate(wrapped(text, width - indent)):
        start = " " * indent if number else ""
        yield ((start + line, look),)


def _answer(spec: RunSpec) -> str:
    """What the rate will be for; that there will be none, where the test is too short."""
    if spec.range.num_iter < LEAST:
        return f"none: a test of fewer than {LEAST} iterations is too short for one"
    return sentence(planned(spec.plan, None, 1).plan, spec.plan.epochs)


def _test(spec: RunSpec) -> str:
    """The ramp in words."""
    ramp = spec.range
    text = f"{ramp.num_iter} iterations"
    if ramp.repeats > 1:
        text = f"{ramp.repeats} repeats of {ramp.num_iter} iterations"
    if ramp.warmup:
        text += f" after {ramp.warmup} of warm-up"
    text += f", lr {ramp.start_lr:g} … {ramp.end_lr:g}"
    if ramp.val:
        text += ", with validation loss"
    return text


def _entry(label: str, text: str, width: int) -> Iterator[Line]:
    for number, line in enumerate(wrapped(clean(text), width - _LABEL)):
        name = "" if number else label
        yield ((name.ljust(_LABEL), "dim"), (line, "plain"))
