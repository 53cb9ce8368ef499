"""What a fixed day looks like, whole: a change here is meant to be looked at."""

import json

import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from bot.core.replies import AnalysisView, DigestView
from formatters import markdown, slack, terminal
from tests.formatters import samples


class TextFile(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT


class MarkdownFile(TextFile):
    file_extension = "md"


class JsonFile(TextFile):
    file_extension = "json"


class TerminalFile(TextFile):
    file_extension = "txt"


def written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def test_a_digest_in_slack(snapshot):
    assert written(slack.render(DigestView(digest=samples.DIGEST))) == snapshot(extension_class=JsonFile)


def test_a_digest_in_slack_that_does_not_fit(snapshot):
    assert written(slack.render(DigestView(digest=samples.many(53)))) == snapshot(extension_class=JsonFile)


def test_an_analysis_in_a_slack_modal(snapshot):
    view = slack.render_view(AnalysisView(repo=samples.REPO, entry=samples.MULTI_IMAGE))
    assert written(view) == snapshot(extension_class=JsonFile)


def test_a_report(snapshot):
    assert markdown.report([samples.DIGEST]) == snapshot(extension_class=MarkdownFile)


@pytest.mark.parametrize("name", samples.REPLIES)
def test_a_terminal(snapshot, name):
    assert terminal.render(samples.REPLIES[name], color=False) == snapshot(extension_class=TerminalFile)


def test_a_terminal_with_colors(snapshot):
    assert terminal.render(DigestView(digest=samples.DIGEST)) == snapshot(extension_class=TerminalFile)
