"""Runs tests of the engine with a bug planted: `python -m tests.engine.planting`.

Reads one request a line (JSON: a bug's name or null, and the tests to run) and answers each with
one line (JSON: pytest's exit code and output). Each request runs in a forked child, so that torch,
pytest and its plugins are imported once for all bugs.
"""

import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType

import pytest

from tests.engine.planted_bugs import BUGS, PACKAGE, Bug

# What a child would need seconds to import. Nothing of lrtui: a bug is planted before its import.
SLOW_IMPORTS = (
    "torch",
    "torch._dynamo",  # the first step of an optimizer imports it
    "torch.utils.data",
    "matplotlib.pyplot",
    "hypothesis",
    "pytest_asyncio.plugin",
    "syrupy",
    "textual.app",
)
TIMEOUT = 120  # seconds for a test of the engine; the test that asks for it may take 180


class PlantedLoader(importlib.machinery.SourceFileLoader):
    """Loads one module with the bug in its source; neither reads nor writes bytecode."""

    def __init__(self, fullname: str, path: str, bug: Bug) -> None:
        super().__init__(fullname, path)
        self._bug = bug

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source with the first occurrence of the bug's text replaced."""
        source = Path(self.path).read_text()
        return compile(source.replace(self._bug.text, self._bug.planted, 1), self.path, "exec")


class PlantedFinder(importlib.abc.MetaPathFinder):
    """Finds the module that the bug is in, and leaves all others to the usual finders."""

    def __init__(self, bug: Bug) -> None:
        self._bug = bug

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a spec that plants the bug, for the bug's module only."""
        if fullname != self._bug.module:
            return None
        loader = PlantedLoader(fullname, str(PACKAGE / self._bug.file), self._bug)
        return importlib.util.spec_from_loader(fullname, loader)


def run_tests(bug_name: str | None, tests: list[str]) -> int:
    """Run tests, given as pytest names them below tests/engine; pytest's exit code."""
    if bug_name is not None:
        sys.meta_path.insert(0, PlantedFinder(BUGS[bug_name]))
    options = ["-q", "-n", "0", "-p", "no:cacheprovider", "--timeout", str(TIMEOUT)]
    return int(pytest.main([*options, *(f"tests/engine/{test}" for test in tests)]))


def run_in_child(bug_name: str | None, tests: list[str]) -> tuple[int, str]:
    """Run tests in a forked child; pytest's exit code and all that it printed."""
    with tempfile.TemporaryFile() as output:
        pid = os.fork()
        if pid == 0:
            exit_code = 70  # an exception below is none of pytest's own exit codes
            try:
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
                exit_code = run_tests(bug_name, tests)
                sys.stdout.flush()
            finally:
                os._exit(exit_code)
        _, status = os.waitpid(pid, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read().decode(errors="replace")


def main() -> None:
    """Answer requests until stdin ends."""
    os.chdir(PACKAGE.parent)
    for module in SLOW_IMPORTS:
        importlib.import_module(module)
    assert "lrtui" not in sys.modules, "a bug can only be planted before lrtui is imported"
    gc.freeze()  # no child has to search what is imported here for garbage: half of its time
    for line in sys.stdin:
        request = json.loads(line)
        exit_code, output = run_in_child(request["bug"], request["tests"])
        print(json.dumps({"exit_code": exit_code, "output": output}), flush=True)


if __name__ == "__main__":
    main()
