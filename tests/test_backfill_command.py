"""`dynamo-digest backfill` as people run it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.counterparts.histories import History
from tests.sample_day import build

COMMAND = Path(sys.executable).with_name("dynamo-digest")


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    return build(tmp_path_factory.mktemp("sample") / "dynamo")


def run(folder: Path, *arguments: str | Path, code: int = 0) -> str:
    """What it says on stderr."""
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder / "data"), "XDG_CACHE_HOME": str(folder / "cache")}
    done = subprocess.run(
        [COMMAND, "backfill", *arguments, "--timezone", "Asia/Shanghai"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "DIGEST_LANGUAGE": "en", **home},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stderr


def test_days_are_filled_in_once_with_log_lines_where_there_is_no_terminal(tmp_path: Path, history: History):
    first = run(tmp_path, "2026-01-20..2026-01-22", "--git-dir", history.path)
    assert re.search(r"3 days filled in, 26 commits; 0 days were there", first)
    assert '"event": "backfill.progress"' in first
    assert "0 days filled in, 0 commits; 3 days were there" in run(
        tmp_path, "2026-01-20..2026-01-22", "--git-dir", history.path
    )


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        ("2026-01-22..2026-01-20", "A range begins with its earlier day."),
        ("2026-01-20..today", "is not over yet"),
        ("now", "is neither a day nor a command"),
    ],
)
def test_a_range_that_is_none_is_wrong_usage_with_a_sentence(
    tmp_path: Path, history: History, days: str, sentence: str
):
    said = run(tmp_path, days, "--git-dir", history.path, code=2)
    assert sentence in said
    assert "Traceback" not in said
