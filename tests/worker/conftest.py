from collections.abc import Iterator

import pytest

from lrtui.catalog.trust import ANYTHING
from lrtui.launch.session import Session
from lrtui.launch.worker_driver import WorkerDriver
from tests.worker.driving import QUICK


@pytest.fixture
def driver() -> Iterator[WorkerDriver]:
    """A driver of real workers that run everything; they are gone after the test."""
    session = Session()
    session.agreed.add(ANYTHING)
    driver = session.driver(QUICK)
    yield driver
    session.close()
    driver.close()
    driver.join(10)
