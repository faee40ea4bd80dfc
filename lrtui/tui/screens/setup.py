"""The setup screen: a form that makes a RunSpec. The run button has the focus, so that one Enter runs what is there."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, Footer, Input, Static

from lrtui.catalog.offer import Field
from lrtui.spec import Problem, RunSpec
from lrtui.tui import keys, presetting
from lrtui.tui.clean import clean
from lrtui.tui.data_watch import DataWatch, missing
from lrtui.tui.fields import BATCHES, MACHINE, MAIN_ROLES, OWN, RANGE
from lrtui.tui.form import Form
from lrtui.tui.gate import Gate
from lrtui.tui.offers import Offers, companion_of
from lrtui.tui.session import Session
from lrtui.tui.widgets.choice_box import ChoiceBox
from lrtui.tui.widgets.field_box import FieldBox
from lrtui.tui.widgets.fold import Fold
from lrtui.tui.widgets.more import More
from lrtui.tui.widgets.pick import Pick
from lrtui.tui.widgets.quiet import Quiet

_WIDTHS = [(0, "-narrow"), (104, "-normal"), (170, "-wide")]
_HEIGHTS = [(0, "-short"), (34, "-tall")]
_POLL = 0.25  # seconds between looks at what the session has learned


class FormScroll(VerticalScroll, inherit_bindings=False):
    """Scrolls with the focus: the arrows walk through the fields instead."""


class SetupScreen(Screen[None]):
    """Edit texts, see what is wrong with them, run."""

    BINDINGS = keys.SETUP
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS
    AUTO_FOCUS = "#run"

    def __init__(self, spec: RunSpec, session: Session | None) -> None:
        super().__init__()
        self.session = session
        self.form = Form(spec)
        self.offers = Offers(session)
        self.data_watch = DataWatch(session)
        self.more = More(self.form, self.offers)
        self.problems: list[Problem] = []
        self.spec: RunSpec | None = spec
        self._model = self.form.texts["model"]  # whose companion stands in the form
        self._known = ""
        self._filling = False

    def compose(self) -> ComposeResult:
        with Horizontal(id="top"):
            yield Static(Content.assemble(("lrtui", "bold"), ("  learning-rate range test", "dim")), id="title")
            yield Quiet(id="torch")
        yield FormScroll(id="form", can_focus=False)
        with Horizontal(id="bottom"):
            yield Button("⏎ run", id="run", compact=True)
            yield Quiet(id="problem")
        yield Quiet(id="help")
        yield Footer(show_command_palette=False)

    def on_resize(self) -> None:
        # The button paints first and works at once; the form, which takes longer to lay out, follows a frame later.
        if not self._filling:
            self._filling = True
            self.call_after_refresh(self.call_after_refresh, self._fill)

    async def _fill(self) -> None:
        choices = [ChoiceBox(role, self.form, self.offers) for role in MAIN_ROLES]
        own = [self._section(*section) for section in (("range", RANGE), ("batches", BATCHES), ("machine", MACHINE))]
        columns = [Vertical(*boxes, classes="column") for boxes in (choices[:2], choices[2:], [*own, self.more])]
        with self.app.batch_update():
            await self.query_one("#form").mount(*columns)
            await self._learn()
        self.check()
        self.set_interval(_POLL, self._learn)

    def _section(self, name: str, fields: dict[str, Field]) -> Widget:
        boxes = [FieldBox(path, OWN[path], self.form.texts[path]) for path in fields]
        return Container(Static(name, classes="role"), Container(*boxes, classes="fields"), classes="section")

    async def _learn(self) -> None:
        """Take what the warm worker has said into the form."""
        session = self.session
        if session is None:
            return
        self.data_watch.ask()
        ready = session.ready
        known = f"{ready is not None} {session.news} {session.problem}"
        if known == self._known:
            return
        self._known = known
        words = clean(session.problem) or (f"torch {clean(ready.torch)}" if ready else "loading torch …")
        self.query_one("#torch", Quiet).show(Content.styled(words, "$error" if session.problem else "dim"), layout=True)
        if ready:
            for pick in self._box("device").query(Pick):
                pick.offer(("auto", *(device for device in ready.devices if device != "auto")))
        for choice in self.query(ChoiceBox):
            await choice.refresh_offer()
            choice.target.renew()
        self.check()

    @on(ChoiceBox.Edited)
    def _choice_edited(self) -> None:
        self._bring()
        self.check()

    @on(FieldBox.Edited)
    def _own_edited(self, event: FieldBox.Edited) -> None:
        self.form.set(event.box.path, event.box.text)
        self.check()

    @on(More.Opened)
    def _opened(self) -> None:
        self.check()

    def _bring(self) -> None:
        """Another model was picked: what its file says that it is run with comes with it."""
        model = self._choice("model")
        if model.offer is None or model.offer.target == self._model:
            return
        self._model = model.offer.target
        self.form.bring(companion_of(self._model))
        for choice in self.query(ChoiceBox):
            choice.renew_texts()
        for box in self.query(FieldBox):
            if box.path in OWN:
                box.show(self.form.texts[box.path])

    def check(self) -> None:
        """Read the form, and mark every field that is wrong, in words."""
        choices = {choice.role: choice for choice in self.query(ChoiceBox)}
        if not choices:
            return
        self._follow_data(choices["model"], choices["data"])
        self.spec, self.problems = self.form.spec({role: choice.offer for role, choice in choices.items()})
        found = {role: box.found.message for role, box in choices.items() if box.found.state == "wrong"}
        known = {problem.field for problem in self.problems}
        self.problems += [Problem(role, message) for role, message in found.items() if role not in known]
        words: dict[str, str] = {}
        for problem in self.problems:
            words.setdefault(problem.field, problem.message)
        for box in self.query(FieldBox):
            box.mark(words.get(box.path, ""))
        self.more.tell()
        self._tell()

    def _follow_data(self, model: ChoiceBox, data: ChoiceBox) -> None:
        """Say what is known of the data, at the data and in the model's parameters."""
        self.data_watch.want(self.form.data(data.offer), self.form.loader())
        data.note(self.data_watch.words, self.data_watch.problem)
        left = self.form.brought.left
        model.note(f"its file says {', '.join(left)}" if left else "")
        if self.form.learn(model.offer, self.data_watch.facts):
            model.renew_texts()
        self.refresh_bindings()

    def _tell(self) -> None:
        line = Content("")
        if self.problems:
            more = f"  (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
            line = Content.assemble((clean(str(self.problems[0])), "$error"), (more, "dim"))
        elif self.data_watch.problem:
            line = Content.styled(clean(f"data: {self.data_watch.problem}"), "$error")
        self.query_one("#problem", Quiet).show(line)
        self.query_one("#run", Button).set_class(bool(self.problems), "-wrong")

    def _box(self, path: str) -> FieldBox:
        return next(box for box in self.query(FieldBox) if box.path == path)

    def _choice(self, role: str) -> ChoiceBox:
        return self.query_one(f"#choice-{role}", ChoiceBox)

    def on_descendant_focus(self) -> None:
        """Say what the field in hand is, and show where it stands."""
        around = self.focused.ancestors_with_self if self.focused else []
        here = [node for node in around if isinstance(node, FieldBox) or node.has_class("section")]
        self.query(".-here").set_class(False, "-here")
        for node in here:
            node.add_class("-here")
        helpful = [node for node in around if isinstance(node, FieldBox | ChoiceBox | Fold)]
        words = helpful[0].help if helpful else "⏎ runs; tab and the arrows walk through the form; ? shows every key"
        self.query_one("#help", Quiet).show(Content.styled(clean(words), "dim"))

    def on_screen_resume(self) -> None:
        """Files and data may be others than before a run."""
        if self._filling:
            self.data_watch.again()

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_leave_field()

    @on(Button.Pressed, "#run")
    def _pressed(self) -> None:
        self.action_run()

    def action_run(self) -> None:
        """Run what the form says; with something wrong, go there instead."""
        spec = self._sound()
        if spec is None:
            return
        if self.session is None:
            self.notify("there is no worker to run it", markup=False, severity="error")
            return
        self.run_worker(Gate(self, self.session, self.data_watch).run(spec), group="gate", exclusive=True)

    def _sound(self) -> RunSpec | None:
        """The spec when nothing is wrong with it; else the cursor is put where something is."""
        self.check()
        if self.problems or self.spec is None:
            self.run_worker(self.go_to(self.problems[0].field), group="gate", exclusive=True)
            return None
        return self.spec

    async def go_to(self, field: str) -> None:
        """Put the cursor into a field."""
        if self.more.holds(field):
            await self.more.open()
        boxes = [box for box in self.query(FieldBox) if box.path == field]
        if boxes:
            boxes[0].focus_field()
        else:
            self._choice(field.partition(".")[0]).target.line.focus()

    def action_save(self) -> None:
        """Save the form as a preset."""
        spec = self._sound()
        if spec is not None:
            presetting.save(self.app, spec)

    def action_open(self) -> None:
        """Open a preset in place of this form."""
        presetting.open_one(self.app, self.session)

    def action_fetch(self) -> None:
        """Download the data."""
        if self.session is not None:
            self.run_worker(Gate(self, self.session, self.data_watch).fetch(), group="gate", exclusive=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A download is offered where there is something to download."""
        availability = self.data_watch.availability
        return action != "fetch" or (missing(availability) and availability is not None and availability.can_download)

    def action_leave_field(self) -> None:
        """Back to the run button."""
        self.query_one("#run").focus()
