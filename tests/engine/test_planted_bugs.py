"""With a bug planted into the engine, the test that guards against it fails."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.engine.planted_bugs import BUGS, PACKAGE

# A bug that ends in one of these is not the bug that its name says: any test would notice it.
BROKEN_CODE = re.compile("SyntaxError|NameError|UnboundLocalError|ImportError|ModuleNotFoundError")


class PytestRun:
    """How a run of pytest ended."""

    def __init__(self, exit_code: int, output: str) -> None:
        self.exit_code = exit_code
        self.output = output
        self.failed = set(re.findall(r"^FAILED tests/engine/([\w/.:]+)", output, re.MULTILINE))


class Planter:
    """A process that imports torch but not lrtui, and runs tests with a bug planted."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.engine.planting"],
            cwd=PACKAGE.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, bug_name: str | None, tests: list[str]) -> PytestRun:
        """Run tests, given as pytest names them below tests/engine, with that bug or with none."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"bug": bug_name, "tests": tests}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "tests.engine.planting has ended; its stderr says why"
        return PytestRun(**json.loads(line))

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def planter() -> Iterator[Planter]:
    planter = Planter()
    yield planter
    planter.close()


@pytest.mark.parametrize("name", BUGS)
def test_the_text_to_be_replaced_is_there(name: str) -> None:
    bug = BUGS[name]
    path = PACKAGE / bug.file
    source = path.read_text()
    assert bug.text in source
    compile(source.replace(bug.text, bug.planted, 1), str(path), "exec")


def test_without_a_bug_the_tests_that_notice_one_pass(planter: Planter) -> None:
    run = planter.run(None, sorted({bug.noticed_by for bug in BUGS.values()}))
    assert run.exit_code == 0, run.output


@pytest.mark.parametrize("name", BUGS)
def test_with_the_bug_the_test_that_notices_it_fails(planter: Planter, name: str) -> None:
    bug = BUGS[name]
    run = planter.run(name, [bug.noticed_by])
    assert run.exit_code == pytest.ExitCode.TESTS_FAILED, run.output
    assert run.failed == {bug.noticed_by}
    assert not BROKEN_CODE.search(run.output), run.output


@pytest.mark.slow
@pytest.mark.parametrize("name", BUGS)
def test_the_whole_file_of_that_test_notices_it_too(planter: Planter, name: str) -> None:
    bug = BUGS[name]
    run = planter.run(name, [bug.test_file])
    assert run.exit_code == pytest.ExitCode.TESTS_FAILED, run.output
    assert bug.noticed_by in run.failed, f"others that fail: {sorted(run.failed)}"
