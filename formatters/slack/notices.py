"""The short replies: progress, a notice, help, and what a channel follows."""

from typing import Final

from bot.core.language import _
from bot.core.replies import ListedSubscription, Notice, Progress, SubscriptionList
from formatters import wording as say
from formatters.slack import blocks, limits, wording
from formatters.slack.blocks import Block, Item

#: Blocks of `SECTION_TEXT_MAX` characters that a list may fill.
_PAGES: Final = 3


def progress(reply: Progress) -> list[Block]:
    return [blocks.section(f"⏳ {say.progress(reply)}")]


def notice(reply: Notice) -> list[Block]:
    return [blocks.section(reply.text), *(_example(reply.example) if reply.example else [])]


def _example(example: str) -> list[Block]:
    shown = blocks.cut(wording.command(example), limits.STATEMENT_MAX)
    return [blocks.rich(blocks.line(blocks.words(f"{_(say.TRY)} "), blocks.words(shown, code=True)))]


def guide() -> list[Block]:
    rows = [
        [blocks.words(wording.command(example), code=True), blocks.words(f" {_(does)}")]
        for example, does in say.GRAMMAR
    ]
    return [*blocks.listing(_(say.HELP), rows, pages=_PAGES), blocks.context(_(say.GRAMMAR_NOTE))]


def subscriptions(reply: SubscriptionList) -> list[Block]:
    if not reply.subscriptions:
        return [blocks.section(_(say.NO_SUBSCRIPTIONS)), *_example(say.FIRST_SUBSCRIPTION)]
    return blocks.listing(_(say.SUBSCRIPTIONS), map(_subscription, reply.subscriptions), pages=_PAGES)


def _subscription(listed: ListedSubscription) -> Item:
    repo = listed.subscription.terms.repo
    broken = blocks.cut(listed.subscription.broken, limits.SOURCES_MAX)
    return [
        blocks.anchor(repo.url, blocks.cut(str(repo), limits.NAME_MAX)),
        blocks.words(_(": ") + say.schedule(listed)),
        *([blocks.words(f"\n⚠️ {_(say.BROKEN)}{_(': ')}{broken}")] if broken else []),
    ]
