"""Several days as one message: what they have in common, each day with its button, and the most important commits."""

from collections.abc import Iterator, Sequence
from typing import Final

from bot.core.commands import ShowDigest
from bot.core.language import _
from bot.core.model import Digest, Entry
from bot.core.replies import DigestView, RangeView
from formatters import wording as say
from formatters.slack import blocks, digest, limits, wording
from formatters.slack.blocks import Block

#: Blocks of `SECTION_TEXT_MAX` characters that the list of days may fill: enough for 92 of them.
_DAY_PAGES: Final = 3
#: Commits that are shown with a button of their own; all others are behind their day's.
_TOP: Final = 10
#: Characters kept for the line that says how many commits are not shown.
_MORE_WEIGHT: Final = 200


def message(view: RangeView) -> list[Block]:
    """At most 40 blocks; every commit is listed or one click on its day away."""
    whole = view.whole
    if not whole.entries:
        return [*_head(view), blocks.section(say.quiet_span(view))]
    head = [*_head(view), *digest.lead(whole), *digest.themes(whole), blocks.context(" · ".join(say.facts(whole)))]
    days = blocks.listing(_(say.DAYS), [[blocks.words(say.day_counts(day))] for day in view.digests], pages=_DAY_PAGES)
    tail = [blocks.context(say.top_authors(whole)), blocks.context(say.origin(whole)), *_days(view)]
    return [*head, *days, *_most_important(whole, around=[*head, *days, *tail]), *tail]


def _head(view: RangeView) -> list[Block]:
    dates = f"{view.first.date.isoformat()}..{view.last.date.isoformat()}"
    room = limits.HEADER_TEXT_MAX - len(dates) - 3
    so_far = say.caveats(DigestView(digest=view.digests[-1]))
    return [
        blocks.header(f"{say.cut(str(view.repo), room)} · {dates}"),
        blocks.context(" · ".join((say.span(view), *so_far))),
    ]


def _most_important(whole: Digest, *, around: Sequence[Block]) -> Iterator[Block]:
    """As many commits as the budget holds beside the blocks around them, and how many more there are."""
    title = blocks.rich(blocks.line(blocks.words(_(say.MOST_IMPORTANT), bold=True)))
    free = limits.MESSAGE_CHARACTERS_MAX - blocks.weight([*around, title]) - _MORE_WEIGHT
    room = min(_TOP, limits.MESSAGE_BLOCKS_MAX - len(around) - 2)
    shown: list[Block] = []
    ranked = say.ranked(whole)
    for entry in ranked[: max(room, 0)]:
        block = _commit(whole, entry)
        free -= blocks.weight(block)
        if free < 0:
            break
        shown.append(block)
    if shown:
        yield title
        yield from shown
    if left_out := ranked[len(shown) :]:
        yield blocks.section(wording.behind_days(say.more(left_out)))


def _commit(whole: Digest, entry: Entry) -> Block:
    block = blocks.commit(whole.repo, entry, whole.day.zone)
    text = f"{say.ICONS[entry.analysis.importance]} {block['text']['text']}"
    return {**block, "text": blocks.plain(text, limits.HEADLINE_MAX)}


def _days(view: RangeView) -> list[Block]:
    """A button for every day that has commits; in one block, no two of them may have the same name."""
    buttons = [
        blocks.button(
            f"{day.day.date:%m-%d}",
            f"digest.day.{number}",
            ShowDigest(when=day.day, repo=view.repo),
            wording.digest_of(day),
        )
        for number, day in enumerate(view.digests)
        if day.entries
    ]
    most = limits.ACTIONS_ELEMENTS_MAX
    return [blocks.actions(*buttons[start : start + most]) for start in range(0, len(buttons), most)]
