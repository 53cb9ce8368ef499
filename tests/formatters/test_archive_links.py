"""Wherever a reply has a page in the archive, people find the way there."""

from dataclasses import replace

import pytest

from bot.core.language import Language, speaking
from bot.core.replies import AnalysisView, DigestView, Framing, RangeView, Reply
from formatters import feishu, json, markdown, slack, terminal
from formatters.feishu import validator
from tests.formatters import samples

ADDRESS = "https://digests.example/repos/ai-dynamo/dynamo/2026-01-21?tz=Asia/Shanghai&lang=en&signed=" + "s" * 300
REPLIES: dict[str, Reply] = {
    "day": DigestView(digest=samples.DIGEST, framing=Framing(address=ADDRESS)),
    "days": RangeView(repo=samples.REPO, digests=(samples.QUIET, samples.DIGEST), framing=Framing(address=ADDRESS)),
    "commit": AnalysisView(repo=samples.REPO, entry=samples.MULTI_IMAGE, zone=samples.SHANGHAI, address=ADDRESS),
}
LABEL = {Language.EN: "Open in the archive", Language.ZH: "在存档中打开"}


def without(reply: Reply) -> Reply:
    if isinstance(reply, AnalysisView):
        return replace(reply, address="")
    assert isinstance(reply, DigestView | RangeView)
    return replace(reply, framing=Framing())


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_slack_has_a_button_to_the_page_in_every_form_of_the_message(reply: Reply):
    messages = list(slack.ladder(reply))
    assert len(messages) > 1
    for message in messages:
        buttons = [element for block in message.get("blocks", []) for element in block.get("elements", [])]
        links = [button for button in buttons if str(button.get("action_id")).endswith(".archive")]
        if message.get("blocks"):
            assert [(button["text"]["text"], button["url"]) for button in links] == [(LABEL[Language.EN], ADDRESS)]
            actions = [button.get("action_id") for button in buttons if button["type"] == "button"]
            assert len(actions) == len(set(actions))


def test_slack_s_window_has_the_button_too():
    assert ADDRESS in str(slack.render_view(REPLIES["commit"]))


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
@pytest.mark.parametrize("reach", feishu.Reach)
def test_feishu_has_a_button_to_the_page_that_its_validator_takes(reply: Reply, reach: feishu.Reach):
    card = feishu.render(reply, reach)
    assert str(card).count(ADDRESS) == 1
    assert validator.problems(feishu.card(reply)) == []


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_documents_and_terminals_name_the_page_on_one_line(reply: Reply):
    assert f"[{LABEL[Language.EN]}]({ADDRESS})" in markdown.render(reply).splitlines()
    assert f"In the archive: {ADDRESS}" in terminal.render(reply, width=60, color=False).splitlines()
    assert f'"address": "{ADDRESS}"' in json.render(reply)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_without_a_page_nothing_is_said_of_one(reply: Reply, language: Language):
    with speaking(language):
        bare = without(reply)
        drawn = (slack.render(bare), feishu.render(bare), markdown.render(bare), terminal.render(bare))
    for one in drawn:
        assert not any(label in str(one) for label in (*LABEL.values(), "archive"))
