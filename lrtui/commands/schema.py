"""`lrtui schema`: the JSON Schema of a run record."""

from importlib.resources import files

from lrtui.commands.streams import put


def print_schema() -> int:
    """Print the schema that ships with the package; returns the exit code."""
    text = files("lrtui.export").joinpath("run.schema.json").read_text("utf-8")
    return put(text.splitlines())
