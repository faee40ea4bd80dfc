from collections.abc import Iterator

import pytest

from lrtui.launch.session import Session
from lrtui.launch.worker_driver import WorkerDriver
from tests.worker.driving import QUICK


@pytest.fixture
def driver() -> Iterator[WorkerDriver]:
    """A driver of real workers, which are gone after the test."""
    session = Session()
    driver = session.driver(QUICK)
    yield driver
    driver.close()
    session.close()
    driver.join(10)
