"""ChoiceBox: one of the four things to pick, with the fields of what was picked below it."""

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from lrtui.catalog.offers import Field, Offer, Role
from lrtui.tui.clean import clean
from lrtui.tui.form.completion import candidates
from lrtui.tui.form.field_box import FieldBox
from lrtui.tui.form.fields import EXTRA
from lrtui.tui.form.form import Form
from lrtui.tui.form.offers import Found, Offers
from lrtui.tui.form.target_input import TargetInput
from lrtui.tui.widgets.quiet import Quiet

_HELP = {
    "model": "model: a file and what in it makes the model, net.py:Net; type to filter, Enter lists",
    "data": "data: lrtui:digits, torchvision:NAME, or a file and a callable in it; type to filter, Enter lists",
    "optimizer": "optimizer: torch.optim:NAME, or a file and a class or factory in it; type to filter, Enter lists",
    "metric": "metric: none, lrtui:accuracy, or a file and a callable (output, target) → number; Enter lists",
    "step": "step: none, or a file and a callable (model, batch) → loss of your own; type to filter, Enter lists",
    "loss": "loss: auto, none where the model returns its loss, torch.nn:NAME, or a file and a callable; Enter lists",
}


class ChoiceBox(Container):
    """A role of the spec: its target, what the target is, its parameters."""

    SCOPED_CSS = False  # how much room there is, the screen says
    DEFAULT_CSS = """
    ChoiceBox .summary { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    ChoiceBox .summary.-wrong, SetupScreen.-tall .summary { height: auto; max-height: 3; text-wrap: wrap; }
    """

    class Edited(Message):
        """The target or one of its parameters changed."""

    def __init__(self, role: Role, form: Form, offers: Offers) -> None:
        super().__init__(id=f"choice-{role}", classes="section")
        self.role = role
        self.form = form
        self.offers = offers
        self.found = offers.find(role, form.texts[role])
        self._shown = _shape(self.found)
        self._note = self._wrong = ""
        self.target = TargetInput(form.texts[role], lambda text: candidates(role, text, offers))

    def compose(self) -> ComposeResult:
        yield Static(self.role, classes="role")
        with Vertical():
            yield self.target
            yield Quiet(classes="summary")
            yield Container(*self._boxes(), classes="fields")

    def on_mount(self) -> None:
        self._summarise()

    async def on_target_input_edited(self, event: TargetInput.Edited) -> None:
        event.stop()
        self.form.set(self.role, self.target.text)
        await self.refresh_offer()
        self.post_message(self.Edited())

    def on_field_box_edited(self, event: FieldBox.Edited) -> None:
        event.stop()
        self.form.set_arg(self.role, event.box.parameter.name, event.box.text)
        self.post_message(self.Edited())

    @property
    def help(self) -> str:
        """The line below the form."""
        return _HELP[self.role]

    @property
    def offer(self) -> Offer | None:
        """What was picked, when it is known."""
        return self.found.offer

    async def refresh_offer(self) -> bool:
        """Look again at what the target names; True when the fields changed."""
        self.found = self.offers.find(self.role, self.form.texts[self.role])
        self._summarise()
        shown = _shape(self.found)
        if shown == self._shown:
            return False
        self._shown = shown
        fields = self.query_one(".fields", Container)
        with self.app.batch_update():
            await fields.remove_children()
            await fields.mount_all(self._boxes())
        return True

    def note(self, words: str, wrong: str = "") -> None:
        """Something that is known beside the offer: it is said below the target, first."""
        if (words, wrong) != (self._note, self._wrong):
            self._note, self._wrong = words, wrong
            self._summarise()

    def renew_texts(self) -> None:
        """Show what the form says now, where that is not what was typed here."""
        self.target.put(self.form.texts[self.role])
        for box in self.query(FieldBox):
            box.show(self._text(box.parameter), self.form.hint(self.role, box.parameter))

    def _boxes(self) -> list[FieldBox]:
        if self.offer is None:
            return []
        parameters = (*self.offer.fields, EXTRA) if self.offer.more else self.offer.fields
        return [
            FieldBox(
                f"{self.role}.{one.name}", one, self._text(one), self.form.hint(self.role, one)
            )
            for one in parameters
        ]

    def _text(self, parameter: Field) -> str:
        if parameter is EXTRA and self.offer is not None:
            return self.form.extra_text(self.role, self.offer)
        return self.form.arg_text(self.role, parameter)

    def _summarise(self) -> None:
        line, summary = self.query_one(".summary", Quiet), self._summary()
        line.set_class(self.found.state == "wrong" or bool(self._wrong), "-wrong")  # said in full
        line.show(summary, layout=True)
        line.display = bool(summary)

    def _summary(self) -> Content:
        if self.found.state == "wrong":
            return Content.styled(clean(self.found.message), "$error")
        if self.found.state == "waiting":
            session = self.offers.session
            problem = session.problem if session else ""
            return Content.styled(clean(problem) or "its fields come when torch is loaded …", "dim")
        if self._wrong:
            return Content.styled(clean(self._wrong), "$error")
        words = [self._note, self.offer.summary if self.offer else ""]
        return Content.styled(clean(" · ".join(filter(None, words))), "dim")


def _shape(found: Found) -> tuple[str, tuple[Field, ...]] | None:
    """What the fields are made from: while it is the same they stay."""
    return (found.offer.target, found.offer.fields) if found.offer else None
