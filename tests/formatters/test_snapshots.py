"""What a fixed day looks like, whole: a change here is meant to be looked at."""

import json

from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from bot.core.replies import DigestView
from formatters import feishu, markdown, slack, terminal
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


def test_a_digest_in_slack_looks_as_it_did(snapshot):
    assert written(slack.render(DigestView(digest=samples.DIGEST))) == snapshot(extension_class=JsonFile)


def test_a_digest_that_does_not_fit_into_slack_looks_as_it_did(snapshot):
    assert written(slack.render(DigestView(digest=samples.many(53)))) == snapshot(extension_class=JsonFile)


def test_an_analysis_in_a_slack_modal_looks_as_it_did(snapshot):
    view = slack.render_view(samples.opened(samples.MULTI_IMAGE))
    assert written(view) == snapshot(extension_class=JsonFile)


def test_a_digest_that_does_not_fit_into_a_feishu_card_looks_as_it_did(snapshot):
    assert written(feishu.render(DigestView(digest=samples.many(200)))) == snapshot(extension_class=JsonFile)


def test_a_report_looks_as_it_did(snapshot):
    assert markdown.report([samples.DIGEST]) == snapshot(extension_class=MarkdownFile)


def test_every_reply_on_a_terminal_looks_as_it_did(snapshot):
    screens = [f"--- {name} ---\n{terminal.render(reply, color=False)}" for name, reply in samples.REPLIES.items()]
    assert "\n".join(screens) == snapshot(extension_class=TerminalFile)


def test_a_digest_in_color_looks_as_it_did(snapshot):
    assert terminal.render(DigestView(digest=samples.DIGEST)) == snapshot(extension_class=TerminalFile)
