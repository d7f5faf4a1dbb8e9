import os

import pytest

from book.tools import look


@pytest.fixture(scope="session")
def chrome():
    """A browser with the network cut. Without one its tests are skipped; where CI is set, wrong."""
    if look.chromium() is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(look.INSTALL)
    with look.browser() as chrome:
        yield chrome


def pytest_unconfigure(config):
    """Say last of all what was not looked at, since a skip is easily passed over."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    n_missed = sum(look.INSTALL in str(report.longrepr) for report in skipped)
    if n_missed:
        said = f"{n_missed} checks of pages were NOT made. {look.INSTALL}"
        reporter.write_line(said, red=True, bold=True)
