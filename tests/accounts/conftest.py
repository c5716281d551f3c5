import pytest

from heed import wiring


@pytest.fixture(autouse=True, scope="package")
def _rooms() -> None:
    """Every room has registered its facts."""
    wiring.set_up_django()
