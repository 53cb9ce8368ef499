"""What people do in a window with an analysis: turn, deepen, share, say what they think of it."""

import dataclasses
from typing import Any

from bot.core.buttons import encode
from bot.core.commands import DeepenCommit, GiveFeedback, MakeReport, ShowCommit, ShowDigest
from bot.core.errors import AnalystTimeout, ChannelGone
from bot.core.model import Statement
from bot.core.replies import AnalysisView, DigestView, FeedbackForm, Notice, Report
from bot.core.subscriptions import Verdict
from tests.formatters import samples
from tests.handlers.stages import Stage
from tests.slack_people import buttons, eventually, texts

DAY, REPO = samples.DAY, samples.REPO
ENTRIES = {entry.commit.sha: entry for entry in samples.DIGEST.entries}
SHAS = list(ENTRIES)
FIRST = ShowCommit(sha=SHAS[0], repo=REPO, day=DAY)


def opened(command: ShowCommit) -> AnalysisView:
    """As a desk that knows the digest answers."""
    place = SHAS.index(command.sha)
    return AnalysisView(
        repo=REPO,
        entry=ENTRIES[command.sha],
        zone=DAY.zone,
        day=command.day,
        previous=SHAS[place - 1] if place else None,
        next=SHAS[place + 1] if place + 1 < len(SHAS) else None,
        page=command.page,
    )


def button(question: Any, action: str = "commit.open") -> dict[str, Any]:
    return {"type": "button", "action_id": action, "value": encode(question)}


async def window(bot: Stage, question: ShowCommit = FIRST, **click: Any) -> dict[str, Any]:
    """The analysis, opened from a message of the channel."""
    bot.desk.replies[ShowCommit] = opened
    await bot.people.click(button(question), **({"message": {"ts": "1768.5"}} | click))
    return await bot.people.sees(ENTRIES[question.sha].commit.short_sha, "Open on github.com")


async def test_a_window_opens_before_anything_is_looked_up(bot: Stage):
    bot.desk.replies[ShowCommit] = opened
    bot.desk.gate.clear()
    await bot.people.click(button(FIRST))
    await bot.people.sees("One moment…")
    bot.desk.gate.set()
    await bot.people.sees("Open on github.com")
    assert bot.desk.commands() == [FIRST]


async def test_a_window_goes_from_commit_to_commit_in_the_order_of_the_digest(bot: Stage):
    view = await window(bot)
    assert buttons(view, "commit.turn.previous") == []
    await bot.people.click(buttons(view, "commit.turn.next")[0], view=view)
    view = await bot.people.sees(ENTRIES[SHAS[1]].commit.short_sha, "Previous commit")
    await bot.people.click(buttons(view, "commit.turn.previous")[0], view=view)
    await bot.people.sees(ENTRIES[SHAS[0]].commit.subject)
    assert [command.sha for command in bot.desk.commands() if isinstance(command, ShowCommit)] == [
        SHAS[0], SHAS[1], SHAS[0],
    ]  # fmt: skip
    assert len(bot.slack.views) == 1


async def test_a_long_analysis_is_turned_page_by_page_and_nothing_of_it_is_cut(bot: Stage):
    entry = ENTRIES[SHAS[1]]
    summary = tuple(Statement(text=f"Statement {number:04}. " + "word " * 100) for number in range(200))
    long = dataclasses.replace(entry, analysis=dataclasses.replace(entry.analysis, summary=summary))
    bot.desk.replies[ShowCommit] = lambda command: dataclasses.replace(opened(command), entry=long)
    await bot.people.click(button(ShowCommit(sha=SHAS[1], repo=REPO, day=DAY)))
    view = await bot.people.sees("Page 1 of 5")
    seen = "\n".join(texts(view["blocks"]))
    for page in range(2, 6):
        await bot.people.click(buttons(view, "commit.page.next")[0], view=view)
        view = await bot.people.sees(f"Page {page} of 5")
        seen += "\n".join(texts(view["blocks"]))
    assert buttons(view, "commit.page.next") == []
    assert all(f"Statement {number:04}. " in seen for number in range(200))


async def test_an_analysis_is_shared_in_the_thread_of_the_digest_it_was_opened_from(bot: Stage):
    view = await window(bot)
    await bot.people.click(buttons(view, "commit.share")[0], view=view)
    view = await bot.people.sees("Shared in the thread.", "Open on github.com")
    assert bot.desk.shared == [(FIRST, bot.id("general"), "1768.5")]
    await bot.people.click(buttons(view, "commit.turn.next")[0], view=view)
    view = await bot.people.sees(ENTRIES[SHAS[1]].commit.short_sha)
    await bot.people.click(buttons(view, "commit.share")[0], view=view)
    await bot.people.sees("Shared in the thread.")
    assert [thread for _question, _channel, thread in bot.desk.shared] == ["1768.5", "1768.5"]


async def test_an_analysis_from_a_private_answer_is_shared_in_the_channel(bot: Stage):
    view = await window(bot, ephemeral=True)
    await bot.people.click(buttons(view, "commit.share")[0], view=view)
    await bot.people.sees("Shared in the channel.")
    assert bot.desk.shared == [(FIRST, bot.id("general"), None)]


async def test_what_cannot_be_shared_is_said_above_the_analysis(bot: Stage):
    view = await window(bot)
    bot.desk.refuses = ChannelGone()
    await bot.people.click(buttons(view, "commit.share")[0], view=view)
    await bot.people.sees("the bot is no longer in it", "Open on github.com")


async def test_praise_is_kept_at_once_and_shown(bot: Stage):
    view = await window(bot)
    bot.desk.replies[GiveFeedback] = Notice(text="Thank you.")
    bot.desk.replies[ShowCommit] = lambda command: dataclasses.replace(opened(command), verdict=Verdict.UP)
    await bot.people.click(buttons(view, "feedback.up")[0], view=view)
    view = await bot.people.sees("Thank you.", "You found this helpful.")
    assert [each["text"]["text"] for each in buttons(view, "feedback.") if "style" in each] == ["👍 Helpful"]
    assert GiveFeedback(repo=REPO, sha=SHAS[0], verdict=Verdict.UP) in bot.desk.commands()


def criticism(command: GiveFeedback) -> FeedbackForm | Notice:
    return FeedbackForm(repo=REPO, sha=command.sha) if command.reason is None else Notice(text="Thank you.")


async def test_criticism_asks_for_a_reason_above_the_analysis_and_goes_back_to_it(bot: Stage):
    view = await window(bot)
    bot.desk.replies[GiveFeedback] = criticism
    await bot.people.click(buttons(view, "feedback.down")[0], view=view)
    form = await bot.people.sees("What is not right in the analysis of")
    assert len(bot.slack.calls_of("views.push")) == 1
    acknowledged, said = await bot.people.submit(form, {"reason": {"value": {"value": "The second sentence."}}})
    assert (acknowledged.status, said) == (200, {})
    view = await bot.people.sees("Thank you.", "Open on github.com")
    assert bot.desk.commands()[-2:] == [
        GiveFeedback(repo=REPO, sha=SHAS[0], verdict=Verdict.DOWN, reason="The second sentence."),
        FIRST,
    ]
    await bot.people.click(buttons(view, "commit.share")[0], view=view)
    await bot.people.sees("Shared in the thread.")


async def are_open(bot: Stage, number: int) -> bool:
    return len(bot.slack.views) == number


async def test_where_no_window_fits_above_others_the_newest_one_changes(bot: Stage):
    view = await window(bot)
    for number in (2, 3):
        await bot.people.click(button(FIRST), view=view)
        await eventually(lambda number=number: are_open(bot, number))
        view = await bot.people.sees("Open on github.com")
    bot.desk.replies[GiveFeedback] = criticism
    await bot.people.click(buttons(view, "feedback.down")[0], view=view)
    form = await bot.people.sees("What is not right in the analysis of")
    assert (form["id"], len(bot.slack.views)) == (view["id"], 3)
    await bot.people.submit(form, {"reason": {"value": {"value": None}}})
    await bot.people.sees("Thank you.", "Open on github.com")


async def test_deepening_says_that_it_takes_time_and_why_it_failed(bot: Stage):
    bot.desk.replies[DeepenCommit] = AnalystTimeout()
    view = await window(bot, ShowCommit(sha=samples.LONG_CONTEXT.commit.sha, repo=REPO, day=DAY))
    bot.desk.gate.clear()
    await bot.people.click(buttons(view, "commit.deepen")[0], view=view)
    await bot.people.sees("One moment…")
    bot.desk.gate.set()
    await bot.people.sees("The language model did not answer in time.")
    assert bot.desk.commands()[-1] == DeepenCommit(sha=samples.LONG_CONTEXT.commit.sha, repo=REPO, day=DAY)


async def test_who_asks_is_what_slack_signed_whatever_a_button_says(bot: Stage):
    bot.desk.replies[ShowCommit] = opened
    await bot.people.click({**button(FIRST), "value": f"{encode(FIRST)} T0THERTEAM"})
    await bot.people.sees("This button is from another version of the bot.")
    await window(bot)
    (_command, asker) = bot.desk.asked[-1]
    assert (asker.channel.workspace, asker.channel.id, asker.user) == (
        bot.slack.workspace.team_id, bot.id("general"), bot.id("alice"),
    )  # fmt: skip


async def test_a_click_in_a_window_of_an_older_version_is_answered(bot: Stage):
    view = await window(bot)
    await bot.people.click(buttons(view, "commit.turn.next")[0], view={**view, "private_metadata": "zh"})
    await bot.people.sees(ENTRIES[SHAS[1]].commit.short_sha)


async def test_a_private_digest_is_shared_and_replaced_by_the_notice(bot: Stage):
    question = ShowDigest(when=DAY, repo=REPO)
    _, url = await bot.people.click(button(question, "digest.share"), ephemeral=True)
    (answer,) = await bot.people.answers(url)
    assert (answer["text"], answer["replace_original"]) == ("Shared in the channel.", True)
    assert bot.desk.shared == [(question, bot.id("general"), None)]


async def test_a_digest_that_cannot_be_shared_stays(bot: Stage):
    bot.desk.refuses = ChannelGone()
    _, url = await bot.people.click(button(ShowDigest(when=DAY, repo=REPO), "digest.share"), ephemeral=True)
    (answer,) = await bot.people.answers(url)
    assert "the bot is no longer in it" in answer["text"]
    assert answer["replace_original"] is False


async def test_a_report_is_sent_as_a_file(bot: Stage):
    bot.desk.replies[MakeReport] = Report(views=(DigestView(digest=samples.DIGEST),))
    question = MakeReport(when=DAY, repos=(REPO,))
    _, url = await bot.people.click(button(question, "digest.report"))
    (answer,) = await bot.people.answers(url)
    assert answer["text"] == "I have sent you ai-dynamo-dynamo-2026-01-21.md as a direct message."
    ((user, file),) = bot.office.sent
    assert (user, file.name) == (bot.id("alice"), "ai-dynamo-dynamo-2026-01-21.md")
    assert "## " in file.text


async def test_a_link_is_acknowledged_and_asks_nothing(bot: Stage):
    acknowledged, url = await bot.people.click({"action_id": "digest.browse", "url": "https://github.com"})
    assert (acknowledged.status, bot.slack.responses(url), bot.desk.asked) == (200, [], [])


async def test_a_button_that_nobody_knows_any_more_is_answered_with_a_sentence(bot: Stage):
    _, url = await bot.people.click({"action_id": "digest.fold", "value": "0 fold"})
    (answer,) = await bot.people.answers(url)
    assert "another version of the bot" in answer["text"]


async def test_an_answer_reaches_the_person_when_the_response_url_is_used_up(bot: Stage):
    bot.desk.replies[ShowDigest] = DigestView(digest=samples.DIGEST)
    url = bot.slack.response_url(seconds=0)
    await bot.people.send(await bot.people.typed("2026-01-21", url=url))

    async def whispered() -> Any:
        return bot.slack.whispers()

    (whisper,) = await eventually(whispered)
    assert "ai-dynamo/dynamo · 2026-01-21" in whisper["text"]
