"""The short replies: progress, a notice, and help."""

from collections.abc import Sequence
from typing import Final

from bot.core.language import _
from bot.core.replies import Notice, Offer, Progress
from formatters import labels
from formatters import wording as say
from formatters.slack import blocks, limits
from formatters.slack.blocks import Block

#: Blocks of `SECTION_TEXT_MAX` characters that a list may fill.
_PAGES: Final = 3


def progress(reply: Progress) -> list[Block]:
    return [blocks.section(f"⏳ {say.progress(reply)}")]


def notice(reply: Notice) -> list[Block]:
    return [
        blocks.section(reply.text),
        *(_example(reply.example) if reply.example else []),
        *(_offers(reply.offers) if reply.offers else []),
    ]


def _offers(offers: Sequence[Offer]) -> list[Block]:
    buttons = [blocks.button(offer.label, f"offer.{number}", offer.question) for number, offer in enumerate(offers)]
    return [blocks.actions(*buttons[: limits.ACTIONS_ELEMENTS_MAX])]


def _example(example: str) -> list[Block]:
    shown = blocks.cut(labels.command(example), limits.STATEMENT_MAX)
    return [blocks.rich(blocks.line(blocks.words(f"{_(say.TRY)} "), blocks.words(shown, code=True)))]


def guide() -> list[Block]:
    rows = [
        [
            blocks.words(labels.command(example), code=True),
            blocks.words(" "),
            *blocks.prose(_(does), limits.STATEMENT_MAX),
        ]
        for example, does in say.GRAMMAR
    ]
    return [*blocks.listing(_(say.HELP), rows, pages=_PAGES), blocks.context(_(say.GRAMMAR_NOTE))]
