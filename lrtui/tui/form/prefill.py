"""Prefill: puts the `SPEC` of a model's file into the form, until another model is picked."""

from collections.abc import Iterator, Mapping
from typing import Any

from lrtui.tui.form.fields import ROLES, SETTINGS, text_of


class Prefill:
    """Replaces texts of the form, and takes them back. What a person typed is never replaced.

    Attributes:
        touched: the paths of the texts that a person edited.
        args: the arguments of the choices in the `SPEC`, by (role, target).
        replaced: what the `SPEC` put in, by path: the text before, and the text since.
        kept: the texts of the `SPEC` that were not used because a person had edited the field.
    """

    def __init__(self) -> None:
        self.touched: set[str] = set()
        self.args: dict[tuple[str, str], dict[str, Any]] = {}
        self.kept: list[str] = []
        self.replaced: dict[str, tuple[str, str]] = {}

    def replace(self, texts: dict[str, str], table: Mapping[str, Any]) -> None:
        """Take back what the last `SPEC` put into the texts, then put this one's in."""
        for path, (before, put) in self.replaced.items():
            if texts[path] == put and path not in self.touched:
                texts[path] = before
        self.replaced, self.args, self.kept = {}, {}, []
        for path, text in self._texts(table):
            if path not in self.touched:
                self.replaced[path] = texts[path], text
                texts[path] = text
            elif texts[path] != text:
                self.kept.append(f"{path} {text}")

    def before(self, path: str, text: str) -> str | None:
        """The text that the `SPEC` replaced by this one; None where it did not."""
        if path in self.touched or path not in self.replaced:
            return None
        before, put = self.replaced[path]
        return before if put == text != before else None

    def _texts(self, table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Path and text of everything in a `SPEC` except its model."""
        for name, value in table.items():
            if name == "model":
                continue
            if name in ROLES:
                self.args[name, value["target"]] = dict(value.get("args", {}))
                yield name, value["target"]
            elif isinstance(value, dict):
                for inner_name, inner in value.items():
                    path = f"{name}.{inner_name}"
                    yield path, text_of(SETTINGS[path], inner)
            else:
                yield name, text_of(SETTINGS[name], value)
