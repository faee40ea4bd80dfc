"""ChoiceBox: the target of a role (model, data, optimizer …), and the fields of its arguments."""

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from lrtui.catalog.offers import Field, Offer, Role
from lrtui.specfields import declaration_of
from lrtui.tui.clean import clean
from lrtui.tui.form.completion import Completion, completions
from lrtui.tui.form.field_box import FieldBox
from lrtui.tui.form.fields import EXTRA
from lrtui.tui.form.offers import Offers
from lrtui.tui.form.state import FormState
from lrtui.tui.form.target_input import TargetInput
from lrtui.tui.widgets.quiet import Quiet


class ChoiceBox(Container):
    """The target of a role, what it is, and its arguments."""

    SCOPED_CSS = False  # the screen's classes decide the layout
    DEFAULT_CSS = """
    ChoiceBox .summary { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    ChoiceBox .summary.-wrong, SetupScreen.-tall .summary {
        height: auto;
        max-height: 3;
        text-wrap: wrap;
    }
    """

    class Edited(Message):
        """The target or one of its arguments changed."""

    def __init__(self, role: Role, state: FormState, offers: Offers) -> None:
        super().__init__(id=f"choice-{role}", classes="section")
        self.role = role
        self.state = state
        self.offers = offers
        self.lookup = offers.look_up(role, state.texts[role])
        self._fields_of = _identity(self.offer)  # the offer that the mounted fields belong to
        self._note = ""
        self._error = ""
        self.target = TargetInput(state.texts[role], self._completions)

    def compose(self) -> ComposeResult:
        yield Static(self.role, classes="role")
        with Vertical():
            yield self.target
            yield Quiet(classes="summary")
            yield Container(*self._boxes(), classes="fields")

    def on_mount(self) -> None:
        self._show_summary()

    async def on_target_input_edited(self, event: TargetInput.Edited) -> None:
        event.stop()
        self.state.set(self.role, self.target.text)
        await self.refresh_offer()
        self.post_message(self.Edited())

    def on_field_box_edited(self, event: FieldBox.Edited) -> None:
        event.stop()
        self.state.set_arg(self.role, event.box.field.name, event.box.text)
        self.post_message(self.Edited())

    @property
    def help(self) -> str:
        """The line below the form while the target has the focus."""
        return f"{self.role}: {declaration_of(self.role).help}; Enter lists"

    @property
    def offer(self) -> Offer | None:
        """What the target names, where it is known."""
        return self.lookup.offer

    async def refresh_offer(self) -> None:
        """Look the target up again, and mount the fields of another offer."""
        self.lookup = self.offers.look_up(self.role, self.state.texts[self.role])
        self._show_summary()
        identity = _identity(self.offer)
        if identity == self._fields_of:
            return
        self._fields_of = identity
        fields = self.query_one(".fields", Container)
        with self.app.batch_update():
            await fields.remove_children()
            await fields.mount_all(self._boxes())

    def show_note(self, note: str, error: str = "") -> None:
        """Show something about the choice that its offer does not say."""
        if (note, error) != (self._note, self._error):
            self._note, self._error = note, error
            self._show_summary()

    def show_texts(self) -> None:
        """Show the texts of the form, except where something else was typed here."""
        self.target.put(self.state.texts[self.role])
        for box in self.query(FieldBox):
            box.show(self._text(box.field), self.state.hint(self.role, box.field))

    def _completions(self, text: str) -> list[Completion]:
        return completions(self.role, text, self.offers)

    def _boxes(self) -> list[FieldBox]:
        if self.offer is None:
            return []
        fields = self.offer.fields
        if self.offer.more:
            fields = (*fields, EXTRA)
        return [self._field_box(field) for field in fields]

    def _field_box(self, field: Field) -> FieldBox:
        path = f"{self.role}.{field.name}"
        return FieldBox(path, field, self._text(field), self.state.hint(self.role, field))

    def _text(self, field: Field) -> str:
        if field is EXTRA and self.offer is not None:
            return self.state.extra_text(self.role, self.offer)
        return self.state.arg_text(self.role, field)

    def _show_summary(self) -> None:
        line = self.query_one(".summary", Quiet)
        summary = self._summary()
        is_wrong = self.lookup.state == "wrong" or bool(self._error)
        line.set_class(is_wrong, "-wrong")  # an error is shown in full
        line.show(summary, layout=True)
        line.display = bool(summary)

    def _summary(self) -> Content:
        if self.lookup.state == "wrong":
            return Content.styled(clean(self.lookup.message), "$error")
        if self.lookup.state == "waiting":
            return Content.styled(clean(self._waiting_text()), "dim")
        if self._error:
            return Content.styled(clean(self._error), "$error")
        parts = [self._note]
        if self.offer is not None:
            parts.append(self.offer.summary)
        return Content.styled(clean(" · ".join(filter(None, parts))), "dim")

    def _waiting_text(self) -> str:
        return self.offers.session.problem or "its arguments are listed when torch is loaded …"


def _identity(offer: Offer | None) -> tuple[str, tuple[Field, ...]] | None:
    """What the mounted fields depend on."""
    if offer is None:
        return None
    return offer.target, offer.fields
