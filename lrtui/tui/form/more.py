"""More: the choices and fields that most runs leave alone, made only when they are wanted."""

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message
from textual.widgets import Static

from lrtui.tui.form.choice_box import ChoiceBox
from lrtui.tui.form.field_box import FieldBox
from lrtui.tui.form.fields import MORE, MORE_ROLES
from lrtui.tui.form.fold import Fold
from lrtui.tui.form.form import Form
from lrtui.tui.form.offers import Offers


class More(Vertical):
    """A fold, and below it what it holds."""

    DEFAULT_CSS = """
    More, More #inside { height: auto; }
    """

    class Opened(Message):
        """Its fields are there."""

    def __init__(self, form: Form, offers: Offers) -> None:
        super().__init__(id="more")
        self.form = form
        self.offers = offers
        self.fold = Fold(
            "more", "metric, own step, validation, warmup, clipping, limits, compile …"
        )

    def compose(self) -> ComposeResult:
        yield self.fold

    async def on_fold_toggled(self) -> None:
        await self.open(self.fold.is_open)

    async def open(self, wanted: bool = True) -> None:
        """Show or hide what is inside."""
        self.fold.is_open = wanted
        if wanted and not self.query("#inside"):
            boxes = [FieldBox(path, own, self.form.texts[path]) for path, own in MORE.items()]
            choices = [ChoiceBox(role, self.form, self.offers) for role in MORE_ROLES]
            fields = Container(
                Static("rest", classes="role"),
                Container(*boxes, classes="fields"),
                classes="section",
            )
            await self.mount(Vertical(*choices, fields, id="inside"))
            self.post_message(self.Opened())
        for inside in self.query("#inside"):
            inside.display = wanted

    def tell(self) -> None:
        """Say how much inside differs from the defaults."""
        untouched = Form(type(self.form.base)())
        self.fold.count = sum(
            self.form.texts[path] != untouched.texts[path] for path in (*MORE, *MORE_ROLES)
        )

    def holds(self, field: str) -> bool:
        """Whether a field, or the choice that it belongs to, is inside."""
        return field in MORE or field.partition(".")[0] in MORE_ROLES
