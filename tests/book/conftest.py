import pytest

from book.tools import look


@pytest.fixture(scope="session")
def chrome():
    """A browser with the network cut; without one its tests are skipped, and say so."""
    if look.chromium() is None:
        pytest.skip(look.INSTALL)
    with look.browser() as chrome:
        yield chrome
