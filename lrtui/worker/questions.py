"""What a form asks a warm worker about data: what it looks like, whether it is there, to fetch it. Plain data."""

import msgspec

from lrtui.catalog.datasets.availability import Availability
from lrtui.catalog.fit import Facts
from lrtui.spec import Choice, LoaderSpec


class Look(msgspec.Struct, frozen=True, tag="look", tag_field="command"):
    """Ask what the first batch tells about a model's parameters. It runs the data's code."""

    data: Choice
    loader: LoaderSpec


class Check(msgspec.Struct, frozen=True, tag="check", tag_field="command"):
    """Ask whether the data is there. It runs no code of a user's."""

    data: Choice


class Fetch(msgspec.Struct, frozen=True, tag="fetch", tag_field="command"):
    """Download the data: `Fetching`s, at last a `Fetched`."""

    data: Choice


class Looked(msgspec.Struct, frozen=True, kw_only=True, tag="looked", tag_field="event"):
    """The answer to `Look`: facts and the batch in words, or why there are none."""

    data: Choice
    loader: LoaderSpec
    facts: Facts | None = None
    words: str = ""
    problem: str = ""


class Checked(msgspec.Struct, frozen=True, kw_only=True, tag="checked", tag_field="event"):
    """The answer to `Check`; `problem` where it cannot be told."""

    data: Choice
    availability: Availability | None = None
    problem: str = ""


class Fetching(msgspec.Struct, frozen=True, kw_only=True, tag="fetching", tag_field="event"):
    """So many bytes of a file of the download are here, of so many (0: unknown)."""

    data: Choice
    name: str
    done: int
    total: int


class Fetched(msgspec.Struct, frozen=True, kw_only=True, tag="fetched", tag_field="event"):
    """The download has ended; `problem` says why without the data."""

    data: Choice
    problem: str = ""


def key(data: Choice, loader: LoaderSpec | None = None) -> str:
    """What an answer is kept under: the same for the same question."""
    return msgspec.json.encode([data, loader], order="sorted").decode()
