"""Every test run keeps its own progress folder and draws without a screen."""

import os
import shutil
import tempfile

_home = tempfile.mkdtemp(prefix="dlcourse-tests-")
os.environ["DLCOURSE_HOME"] = _home  # before any test module is imported
os.environ["MPLBACKEND"] = "agg"


def pytest_unconfigure():
    """Remove what the run left in its progress folder."""
    shutil.rmtree(_home, ignore_errors=True)
