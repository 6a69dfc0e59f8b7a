"""Groups of commands that `dlcourse.cli` includes, and how all of them tell what went wrong."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def told(*kinds: type[Exception]) -> Iterator[None]:
    """Turn an expected error into its message and exit code 1, without a traceback."""
    try:
        yield
    except kinds as error:
        sys.exit(words_of(error))


def words_of(error: Exception) -> str:
    """What an error says; of a file that cannot be used, which one and why."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}. Name a file in a folder that you may use."
    if isinstance(error, UnicodeDecodeError):
        return f"This is not a text in UTF-8 ({error}). Save it as UTF-8 and try again."
    return str(error.args[0] if isinstance(error, KeyError) else error)
