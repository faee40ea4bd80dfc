"""FormBody: the fields of the setup form. It reads them, marks what is wrong, and takes in what the worker has said."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from lrtui.catalog.offers import Field
from lrtui.spec import Problem, RunSpec
from lrtui.tui.form.choice_box import ChoiceBox
from lrtui.tui.form.data_watch import DataWatch
from lrtui.tui.form.field_box import FieldBox
from lrtui.tui.form.fields import BATCHES, MACHINE, MAIN_ROLES, OWN, RANGE
from lrtui.tui.form.fold import Fold
from lrtui.tui.form.form import Form
from lrtui.tui.form.more import More
from lrtui.tui.form.offers import Offers, companion_of
from lrtui.tui.session import Session
from lrtui.tui.widgets.cycle import Cycle

_POLL = 0.25  # seconds between looks at what the session has learned


class FormBody(VerticalScroll, inherit_bindings=False):
    """Scrolls with the focus: the arrows walk through the fields instead."""

    SCOPED_CSS = False  # how much room there is, the screen says
    DEFAULT_CSS = """
    /* A gutter with the sections' names, and their fields beside it. */
    FormBody {
        height: 1fr;
        scrollbar-size-vertical: 1;

        .column { height: auto; }
        .section { layout: grid; grid-size: 2; grid-columns: 11 1fr; grid-rows: auto; height: auto; padding: 0 1 0 0; }
        .section > Vertical { height: auto; }
        .role { width: 1fr; height: 1; text-style: bold; }
        .section.-here > .role { color: $accent; }
        .fields { layout: grid; grid-size: 2; grid-rows: auto; grid-gutter: 0 3; height: auto; }
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
        """The form was read again: it says something else, or more is known about what it says."""

    def __init__(self, spec: RunSpec, session: Session | None) -> None:
        super().__init__(can_focus=False)
        self.session = session
        self.form = Form(spec)
        self.offers = Offers(session)
        self.data_watch = DataWatch(session)
        self.more = More(self.form, self.offers)
        self.problems: list[Problem] = []
        self.spec: RunSpec | None = spec
        self._model = self.form.texts["model"]  # whose companion stands in the form
        self._known = ""

    def compose(self) -> ComposeResult:
        choices = [ChoiceBox(role, self.form, self.offers) for role in MAIN_ROLES]
        own = [
            self._section(*section)
            for section in (("range", RANGE), ("batches", BATCHES), ("machine", MACHINE))
        ]
        for boxes in (choices[:2], choices[2:], [*own, self.more]):
            yield Vertical(*boxes, classes="column")

    async def on_mount(self) -> None:
        await self._learn()
        self.check()
        self.set_interval(_POLL, self._learn)

    def _section(self, name: str, fields: dict[str, Field]) -> Widget:
        boxes = [FieldBox(path, OWN[path], self.form.texts[path]) for path in fields]
        return Container(
            Static(name, classes="role"), Container(*boxes, classes="fields"), classes="section"
        )

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
        if ready:
            for pick in self._box("device").query(Cycle):
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
        self.spec, self.problems = self.form.spec(
            {role: choice.offer for role, choice in choices.items()}
        )
        found = {
            role: box.found.message for role, box in choices.items() if box.found.state == "wrong"
        }
        known = {problem.field for problem in self.problems}
        self.problems += [
            Problem(role, message) for role, message in found.items() if role not in known
        ]
        words: dict[str, str] = {}
        for problem in self.problems:
            words.setdefault(problem.field, problem.message)
        for box in self.query(FieldBox):
            box.mark(words.get(box.path, ""))
        self.more.tell()
        self.post_message(self.Changed())

    def _follow_data(self, model: ChoiceBox, data: ChoiceBox) -> None:
        """Say what is known of the data, at the data and in the model's parameters."""
        self.data_watch.want(self.form.data(data.offer), self.form.loader())
        data.note(self.data_watch.words, self.data_watch.problem)
        left = self.form.brought.left
        model.note(f"its file says {', '.join(left)}" if left else "")
        if self.form.learn(model.offer, self.data_watch.facts):
            model.renew_texts()

    def help(self, focused: Widget | None) -> str:
        """What the field in hand is; its place is shown."""
        around = focused.ancestors_with_self if focused else []
        self.query(".-here").set_class(False, "-here")
        for node in around:
            node.set_class(isinstance(node, FieldBox) or node.has_class("section"), "-here")
        helpful = [node for node in around if isinstance(node, FieldBox | ChoiceBox | Fold)]
        return helpful[0].help if helpful else ""

    async def go_to(self, field: str) -> None:
        """Put the cursor into a field."""
        if self.more.holds(field):
            await self.more.open()
        boxes = [box for box in self.query(FieldBox) if box.path == field]
        if boxes:
            boxes[0].focus_field()
        else:
            self._choice(field.partition(".")[0]).target.line.focus()

    def _box(self, path: str) -> FieldBox:
        return next(box for box in self.query(FieldBox) if box.path == path)

    def _choice(self, role: str) -> ChoiceBox:
        return self.query_one(f"#choice-{role}", ChoiceBox)
