"""More: the choices and settings that most runs leave alone. They are mounted when it is opened."""

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message
from textual.widgets import Static

from lrtui.spec import RunSpec
from lrtui.tui.form.choice_box import ChoiceBox
from lrtui.tui.form.field_box import FieldBox
from lrtui.tui.form.fields import MORE, MORE_ROLES
from lrtui.tui.form.fold import Fold
from lrtui.tui.form.offers import Offers
from lrtui.tui.form.state import FormState


class More(Vertical):
    """A fold and the section below it."""

    DEFAULT_CSS = """
    More, More #inside { height: auto; }
    """

    class Opened(Message):
        """Its fields are mounted."""

    def __init__(self, state: FormState, offers: Offers) -> None:
        super().__init__(id="more")
        self.state = state
        self.offers = offers
        contents = "metric, own step, validation, warmup, clipping, limits, compile …"
        self.fold = Fold("more", contents)

    def compose(self) -> ComposeResult:
        yield self.fold

    async def on_fold_toggled(self) -> None:
        await self.open(self.fold.is_open)

    async def open(self, wanted: bool = True) -> None:
        """Show or hide the section."""
        self.fold.is_open = wanted
        if wanted and not self.query("#inside"):
            await self.mount(self._section())
            self.post_message(self.Opened())
        for inside in self.query("#inside"):
            inside.display = wanted

    def _section(self) -> Vertical:
        choices = [ChoiceBox(role, self.state, self.offers) for role in MORE_ROLES]
        boxes = [FieldBox(path, field, self.state.texts[path]) for path, field in MORE.items()]
        settings = Container(
            Static("rest", classes="role"),
            Container(*boxes, classes="fields"),
            classes="section",
        )
        return Vertical(*choices, settings, id="inside")

    def count_set(self) -> None:
        """Show how many texts differ from the defaults."""
        defaults = FormState(RunSpec()).texts
        count = 0
        for path in (*MORE, *MORE_ROLES):
            count += self.state.texts[path] != defaults[path]
        self.fold.count = count

    def holds(self, path: str) -> bool:
        """Whether the field, or the choice that it belongs to, is in this section."""
        return path in MORE or path.partition(".")[0] in MORE_ROLES
