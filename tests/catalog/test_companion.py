"""The SPEC of a model file is parsed, not executed."""

import pytest

from lrtui.catalog.companion import companion, merged
from lrtui.catalog.errors import CatalogError
from lrtui.spec import Choice, RunSpec
from tests.user_files import WriteFile


def test_the_spec_of_a_file_is_read_without_running_it(user_file: WriteFile) -> None:
    path = user_file(
        'raise SystemExit\nSPEC = {"data": {"target": "lrtui:digits"}, "loader": {"batch_size": 8}}'
    )
    assert companion(path) == {"data": {"target": "lrtui:digits"}, "loader": {"batch_size": 8}}
    assert companion(user_file("x = 1", "plain_one.py")) == {}


def test_a_choice_is_replaced_whole_and_a_section_key_by_key() -> None:
    spec = RunSpec(data=Choice("a:b", {"c": 1}))
    made = merged(spec, {"data": {"target": "d:e"}, "loader": {"batch_size": 8}})
    assert made.data == Choice("d:e")
    assert (made.loader.batch_size, made.loader.workers) == (8, spec.loader.workers)
    assert made.optimizer == spec.optimizer


@pytest.mark.parametrize(
    "text", ["SPEC = make()", "SPEC = 3", "SPEC = {'dta': 1}", "SPEC = {'loader': {'batch': 3}}"]
)
def test_an_invalid_spec_is_reported_with_its_line(user_file: WriteFile, text: str) -> None:
    path = user_file(text, "with_spec.py")
    with pytest.raises(CatalogError, match=r"with_spec\.py:1: SPEC is not a valid part of a spec"):
        companion(path)
