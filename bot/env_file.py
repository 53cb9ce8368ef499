"""Writes settings into a file such as .env, of which everything else stays as it is."""

import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from dotenv import dotenv_values, set_key

from bot.core.errors import BotError

#: What every reader of such files takes without quotes; Docker's takes quotes for a part of the value.
_PLAIN: Final = re.compile(r"[\w.:/-]*", re.ASCII)
#: Only its owner reads a file with secrets.
_MODE: Final = 0o600


class FileUnwritable(BotError):
    """The file cannot be written."""


def read(path: Path) -> dict[str, str]:
    """What the file sets, without what it leaves empty. Raises FileUnwritable for what is there and no such file."""
    try:
        return {name: value for name, value in dotenv_values(path, interpolate=False).items() if value}
    except (OSError, UnicodeDecodeError) as error:
        raise _unwritable(path, error) from None


def check(path: Path) -> None:
    """Raises FileUnwritable if `write` could not succeed: better known before there is a secret to lose."""
    try:
        with TemporaryFile(dir=path.resolve().parent):  # beside it, as it is replaced by a new one
            pass
    except OSError as error:
        raise _unwritable(path, error) from None


def write(path: Path, values: Mapping[str, str]) -> None:
    """Sets these, in their place where the file has them, else at its end. Raises FileUnwritable."""
    try:
        if path.exists():
            path.chmod(_MODE)  # a new one has it anyway
        for name, value in values.items():
            quotes = "never" if _PLAIN.fullmatch(value) else "always"
            set_key(path, name, value, quote_mode=quotes, follow_symlinks=True)
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: Exception) -> FileUnwritable:
    reason = error.strerror if isinstance(error, OSError) else "it is not text"
    return FileUnwritable(f"{path} cannot be written: {reason}.")
