"""`pytest --nbval lessons` compares every output, pictures too: see tests/nbval/faithful.py."""

import importlib

FAITHFUL = "tests.nbval.faithful"


def pytest_configure(config):
    """Mend nbval, but only where it is used: the unit tests need not import it."""
    plugins = config.pluginmanager
    if config.getoption("nbval", default=False) and not plugins.hasplugin(FAITHFUL):
        plugins.register(importlib.import_module(FAITHFUL), FAITHFUL)
