"""Keys that arrive faster than the screen draws: each is done before the next is looked at."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal.terminal import KEYS, Terminal, lrtui_argv

SEQUENCES = 50
KEYS_EACH = 14
TALL = 50  # lines: a field's error takes a line, and all three fields stay on the screen
FIRST_VALUES = {"start_lr": "1e-07", "end_lr": "10", "num_iter": "400"}
FROM_BUTTON = ["up", "up"]  # over the fold below the fields to num_iter


class Fields:
    """What the three fields of the ramp must hold after keys: a model of the form."""

    def __init__(self) -> None:
        self.texts = dict(FIRST_VALUES)
        self.names = list(FIRST_VALUES)
        self.name = "num_iter"
        self.position = len(self.texts[self.name])

    def press(self, key: str) -> None:
        text = self.texts[self.name]
        before, after = text[: self.position], text[self.position :]
        match key:
            case "up" | "down":
                step = 1 if key == "down" else -1
                self.name = self.names[self.names.index(self.name) + step]
                self.position = len(self.texts[self.name])
                return
            case "left":
                self.position = max(self.position - 1, 0)
                return
            case "backspace":
                before = before[:-1]
            case digit:
                before += digit
        self.texts[self.name] = before + after
        self.position = len(before)

    def random_keys(self, chance: random.Random) -> Iterator[str]:
        """Keys that stay in the three fields and keep their texts short."""
        for _ in range(KEYS_EACH):
            keys = ["left", "backspace", "backspace", *"123456789"]
            if self.name != self.names[0]:
                keys += ["up"] * 4
            if self.name != self.names[-1]:
                keys += ["down"] * 4
            if len(self.texts[self.name]) > 8:
                keys = ["backspace"]
            key = chance.choice(keys)
            self.press(key)
            yield key

    def are_on(self, screen: str) -> bool:
        """Whether a screen shows these texts."""
        return all(
            re.search(rf"\b{name} +{re.escape(text)}(\s|$)", screen, re.MULTILINE)
            for name, text in self.texts.items()
        )


def in_one_write(app: Terminal, keys: list[str]) -> None:
    app.press("".join(KEYS.get(key, key) for key in keys))


@pytest.mark.slow
def test_keys_typed_at_once_are_never_reordered(tmp_path: Path) -> None:
    chance, fields = random.Random(1), Fields()
    with Terminal(lrtui_argv(), tmp_path, lines=TALL) as app:
        app.wait_for("num_iter +400", "⏎ runs")
        in_one_write(app, FROM_BUTTON)
        for _ in range(SEQUENCES):
            in_one_write(app, list(fields.random_keys(chance)))
            app.wait_for(fields.are_on)


def test_keys_that_are_typed_before_the_form_is_shown_are_done_when_it_is(tmp_path: Path) -> None:
    with Terminal(lrtui_argv(), tmp_path) as app:
        app.wait_for("⏎ run")
        in_one_write(app, [*FROM_BUTTON, "7", "up", "5", "down", "8"])
        app.wait_for("num_iter +40078", "end_lr +105")
