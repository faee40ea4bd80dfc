"""Form: what was filled in, what is wrong with it, and what the worker answered. No widgets."""

import msgspec

from lrtui.catalog.offers import Field, Offer, Role
from lrtui.spec import Problem, RunSpec
from lrtui.tui.form.completion import Completion, completions
from lrtui.tui.form.data_watch import DataWatch
from lrtui.tui.form.fields import EXTRA, ROLES, SETTINGS
from lrtui.tui.form.offers import Lookup, Offers, model_spec
from lrtui.tui.form.spec_reader import read_data, read_loader, read_spec
from lrtui.tui.form.state import FormState
from lrtui.tui.keys import KeyName
from lrtui.tui.session import Session

_DEFAULTS = FormState(RunSpec()).texts


class Form:
    """The setup form. A field is named by its path, such as `range.end_lr` or `model.width`.

    Attributes:
        key_name: the key of a binding, for texts that name keys.
        spec: what the form says; None where a text cannot be read.
        problems: everything that is wrong, in the order of the fields.
        errors: the first problem of each field, by path.
        lookups: what the target of each role is.
        opened: the names of the sections that are unfolded.
    """

    def __init__(self, spec: RunSpec, session: Session, keys: KeyName) -> None:
        self.session = session
        self.key_name = keys
        self.state = FormState(spec)
        self.offers = Offers(session)
        self.data_watch = DataWatch(session, keys)
        self.spec: RunSpec | None = spec
        self.problems: list[Problem] = []
        self.errors: dict[str, str] = {}
        self.lookups: dict[Role, Lookup] = {}
        self.opened: set[str] = set()
        self._devices: tuple[str, ...] = ()
        self._model = self.state.texts["model"]  # the model whose `SPEC` is in the form
        self._seen: tuple[bool, int, str] | None = None  # of the session
        self._look_up()
        self.check()

    def poll(self) -> bool:
        """Ask the worker about the data; True where it has answered since the last time."""
        session = self.session
        self.data_watch.ask()
        seen = (session.ready is not None, session.news, session.problem)
        if seen == self._seen:
            return False
        self._seen = seen
        if session.ready:
            named = [device for device in session.ready.devices if device != "auto"]
            self._devices = ("auto", *named)
        self._look_up()
        self.check()
        return True

    def edit(self, path: str, text: str) -> None:
        """A person changed the text of a field."""
        role = role_of(path)
        if path == role:
            self.state.set(path, text.strip())
            self._look_up()
        elif role is None:
            self.state.set(path, text)
        else:
            self.state.set_arg(role, path.partition(".")[2], text)
        self.check()

    def check(self) -> None:
        """Read the form, and find everything that is wrong."""
        self._follow_data()
        offers = {role: lookup.offer for role, lookup in self.lookups.items()}
        self.spec, self.problems = read_spec(self.state, offers)
        self.errors = {}
        for problem in self.problems:
            self.errors.setdefault(problem.field, problem.message)
        for role, lookup in self.lookups.items():
            if lookup.state == "wrong" and role not in self.errors:
                self.problems.append(Problem(role, lookup.message))

    def offer(self, role: Role) -> Offer | None:
        """What the target of a role names, where it is known."""
        return self.lookups[role].offer

    def fields(self, role: Role) -> tuple[Field, ...]:
        """The arguments of a role's target."""
        offer = self.offer(role)
        if offer is None:
            return ()
        if offer.more:
            return (*offer.fields, EXTRA)
        return offer.fields

    def field(self, path: str) -> Field:
        """The field of a setting or an argument; KeyError where there is none."""
        if path in SETTINGS:
            if path == "device" and self._devices:
                return msgspec.structs.replace(SETTINGS[path], choices=self._devices)
            return SETTINGS[path]
        role = role_of(path)
        if role is not None:
            for field in self.fields(role):
                if path == f"{role}.{field.name}":
                    return field
        raise KeyError(path)

    def text(self, path: str) -> str:
        """What stands in a field."""
        role = role_of(path)
        if path == role or role is None:
            return self.state.texts[path]
        field, offer = self.field(path), self.offer(role)
        if field is EXTRA and offer is not None:
            return self.state.extra_text(role, offer)
        return self.state.arg_text(role, field)

    def hint(self, path: str) -> str:
        """What an empty field means."""
        role = role_of(path)
        if path == role or role is None:
            return ""
        return self.state.hint(role, self.field(path))

    def is_default(self, path: str) -> bool:
        """Whether a field says nothing of its own."""
        role = role_of(path)
        if path == role or role is None:
            return self.state.texts[path] == _DEFAULTS[path]
        field = self.field(path)
        if field is EXTRA:
            return not self.text(path)
        return self.text(path) == self.state.untouched_text(role, field)

    def completions(self, role: Role, text: str) -> list[Completion]:
        """What the text of a target may become."""
        return completions(role, text, self.offers)

    def _look_up(self) -> None:
        """Look up every target; another model brings the `SPEC` of its file."""
        texts = self.state.texts
        self.lookups["model"] = self.offers.look_up("model", texts["model"])
        offer = self.lookups["model"].offer
        if offer is not None and offer.target != self._model:
            self._model = offer.target
            self.state.use_model_spec(model_spec(self._model))
        for role in ROLES:
            self.lookups[role] = self.offers.look_up(role, texts[role])

    def _follow_data(self) -> None:
        """Find out about the data in the form, and what that means for the model's arguments."""
        texts = self.state.texts
        self.data_watch.set_data(
            read_data(self.state, self.offer("data")),
            read_loader(self.state),
            texts["model"].strip(),
            texts["batch"].strip(),
        )
        self.state.use_data_facts(self.offer("model"), self.data_watch.facts)


def role_of(path: str) -> Role | None:
    """The role that a target or an argument belongs to; None for a setting."""
    if path in SETTINGS:
        return None
    first = path.partition(".")[0]
    return next((role for role in ROLES if role == first), None)
