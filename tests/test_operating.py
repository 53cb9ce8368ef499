"""The operators' commands as they are run: processes of their own, over a database file."""

import json
from pathlib import Path

import pytest

from tests.counterparts.histories import History
from tests.test_cli import Run, history, run  # noqa: F401 - fixtures

WORKSPACE = ("--platform", "terminal", "--workspace", "local")


@pytest.fixture
def subscribed(run: Run, history: History) -> None:  # noqa: F811
    run("subscribe", "ai-dynamo/dynamo", "--git-dir", history.path, "--repo", "ai-dynamo/dynamo")


def test_status_is_a_check_that_changes_nothing(run: Run):  # noqa: F811
    new = run("status", code=1)
    assert new.stdout == (
        "database  sqlite, schema none, and this program's is 0013\n"
        "✗ the schema is not this program's: run `dynamo-digest migrate`\n"
    )
    run("prune")
    assert "✓ nothing needs attention" in run("status").stdout
    shown = json.loads(run("status", "--json").stdout)
    assert shown["schema"] == {"kind": "sqlite", "version": "0013", "newest": "0013"}
    assert (shown["due_now"], shown["backlog"], shown["model"]["calls"]) == (0, None, 0)


def test_what_is_exported_is_imported_once(run: Run, subscribed: None, tmp_path: Path):  # noqa: F811
    exported = run("export", *WORKSPACE, "-o", tmp_path / "export.jsonl")
    assert exported.stderr.splitlines()[-1] == "1 rows of terminal local."
    assert run("export", *WORKSPACE).stdout == (tmp_path / "export.jsonl").read_text(encoding="utf-8")
    other = {"DATABASE_URL": f"sqlite:///{tmp_path}/other.db"}
    assert (
        run("import", tmp_path / "export.jsonl", **other).stderr.splitlines()[-1] == "terminal local: 1 subscription."
    )
    again = run("import", tmp_path / "export.jsonl", **other).stderr.splitlines()[-1]
    assert again == "terminal local: 0 subscription."
    assert run("export", *WORKSPACE, **other).stdout == (tmp_path / "export.jsonl").read_text(encoding="utf-8")
    elsewhere = run("import", tmp_path / "export.jsonl", "--as", "there", **other).stderr.splitlines()[-1]
    assert elsewhere == "terminal there: 1 subscription."


def test_half_a_file_is_refused_in_one_sentence(run: Run, subscribed: None, tmp_path: Path):  # noqa: F811
    exported = run("export", *WORKSPACE).stdout
    (tmp_path / "half.jsonl").write_text(exported.rpartition('{"kind":"end"')[0], encoding="utf-8")
    refused = run("import", tmp_path / "half.jsonl", code=1)
    assert refused.stderr.splitlines()[-1] == "Error: The export is not complete: it ends after 1 rows."


def test_what_is_old_is_forgotten_at_once(run: Run):  # noqa: F811
    forgotten = run("prune", RETENTION_DIFFS_DAYS="30").stdout
    assert forgotten == "Forgotten: 0 deliveries, 0 posts, 0 model_calls, 0 diffs, 0 inbox.\n"
    assert json.loads(run("prune", "--json").stdout) == {"deliveries": 0, "posts": 0, "model_calls": 0, "inbox": 0}
