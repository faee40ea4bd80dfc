"""FormBody: the fields of the setup form.

It reads them into a spec, marks what is wrong, and shows what the worker answers.
"""

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from lrtui.catalog.offers import Field
from lrtui.planned import planned
from lrtui.report.training import sentence
from lrtui.spec import Problem, RunSpec
from lrtui.tui.form.choice_box import ChoiceBox
from lrtui.tui.form.data_watch import DataWatch
from lrtui.tui.form.field_box import FieldBox
from lrtui.tui.form.fields import BATCHES, MACHINE, MAIN_ROLES, PLAN, RANGE, SETTINGS
from lrtui.tui.form.fold import Fold
from lrtui.tui.form.more import More
from lrtui.tui.form.offers import Offers, model_spec
from lrtui.tui.form.spec_reader import read_data, read_loader, read_spec
from lrtui.tui.form.state import FormState
from lrtui.tui.session import Session
from lrtui.tui.widgets.cycle import Cycle
from lrtui.tui.widgets.quiet import Quiet

_POLL_SECONDS = 0.25


class FormBody(VerticalScroll, inherit_bindings=False):
    """It scrolls with the focus; its arrow keys move the focus from field to field.

    Attributes:
        spec: what the form says; None where a text cannot be read.
        problems: everything that is wrong, in the order of the fields.
    """

    SCOPED_CSS = False  # the screen's classes decide the layout
    DEFAULT_CSS = """
    /* A gutter with the names of the sections, and their fields beside it. */
    FormBody {
        height: 1fr;
        scrollbar-size-vertical: 1;

        .column { height: auto; }
        .section {
            layout: grid;
            grid-size: 2;
            grid-columns: 11 1fr;
            grid-rows: auto;
            height: auto;
            padding: 0 1 0 0;
        }
        .section > Vertical { height: auto; }
        #plan-words { height: auto; color: $text-muted; }
        .role { width: 1fr; height: 1; text-style: bold; }
        .section.-here > .role { color: $accent; }
        .fields {
            layout: grid;
            grid-size: 2;
            grid-rows: auto;
            grid-gutter: 0 3;
            height: auto;
        }
    }
    SetupScreen.-tall FormBody .section { margin: 0 0 1 0; }
    SetupScreen.-normal FormBody .fields { grid-size: 3; }
    SetupScreen.-wide FormBody {
        layout: grid;
        grid-size: 3;
        grid-gutter: 0 4;
        grid-rows: auto;

        .fields { grid-size: 1; }
    }
    """

    class Changed(Message):
        """The form was read again: its spec, or what is known about it, may have changed."""

    def __init__(self, spec: RunSpec, session: Session) -> None:
        super().__init__(can_focus=False)
        self.session = session
        self.state = FormState(spec)
        self.offers = Offers(session)
        self.data_watch = DataWatch(session)
        self.more = More(self.state, self.offers)
        self.problems: list[Problem] = []
        self.spec: RunSpec | None = spec
        self._model = self.state.texts["model"]  # the model whose `SPEC` is in the form
        self._seen: tuple[bool, int, str] | None = None  # of the session

    def compose(self) -> ComposeResult:
        choices = [ChoiceBox(role, self.state, self.offers) for role in MAIN_ROLES]
        yield Vertical(*choices[:2], classes="column")
        yield Vertical(*choices[2:], classes="column")
        yield Vertical(
            self._section("plan", PLAN, Quiet(id="plan-words")),
            self._section("range", RANGE),
            self._section("batches", BATCHES),
            self._section("machine", MACHINE),
            self.more,
            classes="column",
        )

    async def on_mount(self) -> None:
        await self._poll_session()
        self.check()
        self.set_interval(_POLL_SECONDS, self._poll_session)

    def _section(self, name: str, fields: dict[str, Field], *above: Widget) -> Widget:
        boxes = [FieldBox(path, field, self.state.texts[path]) for path, field in fields.items()]
        inside = Vertical(*above, Container(*boxes, classes="fields"))
        return Container(Static(name, classes="role"), inside, classes="section")

    async def _poll_session(self) -> None:
        """Ask the worker about the data, and show its new answers."""
        session = self.session
        self.data_watch.ask()
        seen = (session.ready is not None, session.news, session.problem)
        if seen == self._seen:
            return
        self._seen = seen
        if session.ready:
            self._offer_devices(session.ready.devices)
        for choice in self.query(ChoiceBox):
            await choice.refresh_offer()
            choice.target.refresh_list()
        self.check()

    def _offer_devices(self, devices: tuple[str, ...]) -> None:
        named = [device for device in devices if device != "auto"]
        for cycle in self._box("device").query(Cycle):
            cycle.offer(("auto", *named))

    @on(ChoiceBox.Edited)
    def _choice_edited(self) -> None:
        self._use_model_spec()
        self.check()

    @on(FieldBox.Edited)
    def _setting_edited(self, event: FieldBox.Edited) -> None:
        self.state.set(event.box.path, event.box.text)
        self.check()

    @on(More.Opened)
    def _more_opened(self) -> None:
        self.check()

    def _use_model_spec(self) -> None:
        """Put the `SPEC` in the file of another model into the form."""
        offer = self._choice("model").offer
        if offer is None or offer.target == self._model:
            return
        self._model = offer.target
        self.state.use_model_spec(model_spec(self._model))
        for choice in self.query(ChoiceBox):
            choice.show_texts()
        for box in self.query(FieldBox):
            if box.path in SETTINGS:
                box.show(self.state.texts[box.path])

    def check(self) -> None:
        """Read the form, and mark every field that is wrong."""
        choices = {choice.role: choice for choice in self.query(ChoiceBox)}
        if not choices:
            return
        self._follow_data(choices["model"], choices["data"])
        offers = {role: choice.offer for role, choice in choices.items()}
        self.spec, self.problems = read_spec(self.state, offers)
        messages: dict[str, str] = {}
        for problem in self.problems:
            messages.setdefault(problem.field, problem.message)
        for role, choice in choices.items():
            if choice.lookup.state == "wrong" and role not in messages:
                self.problems.append(Problem(role, choice.lookup.message))
        for box in self.query(FieldBox):
            box.mark(messages.get(box.path, ""))
        self.more.count_set()
        self._show_plan()
        self.post_message(self.Changed())

    def _show_plan(self) -> None:
        """Say in one sentence which training the learning rate is for."""
        if self.spec is not None:
            plan, epochs = planned(self.spec.plan, None, 1).plan, self.spec.plan.epochs
            self.query_one("#plan-words", Quiet).show(Content(sentence(plan, epochs)), layout=True)

    def _follow_data(self, model: ChoiceBox, data: ChoiceBox) -> None:
        """Show what is known about the data, at the data and in the model's arguments."""
        watch = self.data_watch
        texts = self.state.texts
        watch.set_data(
            read_data(self.state, data.offer),
            read_loader(self.state),
            texts["model"].strip(),
            texts["batch"].strip(),
        )
        data.show_note(watch.batch_text, watch.problem)
        note = ""
        if self.state.prefill.kept:
            note = f"its file sets {', '.join(self.state.prefill.kept)}: yours is kept"
        model.show_note(note)
        if self.state.use_data_facts(model.offer, watch.facts):
            model.show_texts()

    def help(self, focused: Widget | None) -> str:
        """The help of the focused field, whose name and section are highlighted."""
        self.query(".-here").remove_class("-here")
        if focused is None:
            return ""
        text = ""
        for widget in focused.ancestors_with_self:
            if isinstance(widget, FieldBox) or widget.has_class("section"):
                widget.add_class("-here")
            if not text and isinstance(widget, FieldBox | ChoiceBox | Fold):
                text = widget.help
        return text

    async def go_to(self, path: str) -> None:
        """Put the cursor into a field."""
        if self.more.holds(path):
            await self.more.open()
        for box in self.query(FieldBox):
            if box.path == path:
                box.focus_field()
                return
        self._choice(path.partition(".")[0]).target.line.focus()

    def _box(self, path: str) -> FieldBox:
        return next(box for box in self.query(FieldBox) if box.path == path)

    def _choice(self, role: str) -> ChoiceBox:
        return self.query_one(f"#choice-{role}", ChoiceBox)
