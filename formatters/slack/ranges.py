"""Several days as one message: what they have in common, each day with its button, and the most important commits."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bot.core.commands import ShowDigest
from bot.core.days import Day
from bot.core.language import _
from bot.core.model import Digest, Entry
from bot.core.replies import RangeView
from formatters import labels, related
from formatters import wording as say
from formatters.slack import blocks, digest, footer, limits, wording
from formatters.slack.blocks import Block
from formatters.slack.budget import Budget
from formatters.slack.native import PLAIN, Native

#: Blocks of `SECTION_TEXT_MAX` characters that the list of days may fill: enough for 92 of them.
_DAY_PAGES: Final = 3
#: Commits that are shown with a button of their own; all others are behind their day's.
_TOP: Final = 10


def message(view: RangeView, with_: frozenset[Native] = PLAIN) -> list[Block]:
    """At most 40 blocks; every commit is listed or one click on its day away."""
    whole = view.whole
    if not whole.entries:
        if not view.framing.is_private:
            return quiet_line(view)
        return [*_head(view), blocks.section(say.quiet_span(view)), *_days(view), *footer.of_range(view)]
    head = [*_head(view), *digest.lead(whole), *digest.themes(whole), *digest.summary(whole, with_), *_left_out(view)]
    days = blocks.listing(_(say.DAYS), [[blocks.words(say.day_counts(day))] for day in view.digests], pages=_DAY_PAGES)
    authors = blocks.context(say.top_authors(whole), limits.CONTEXT_MAX)
    tail = [authors, blocks.context(say.origin(whole), limits.CONTEXT_MAX), *_days(view), *footer.of_range(view)]
    return [*head, *days, *_most_important(view, whole, around=[*head, *days, *tail]), *tail]


def reduced(view: RangeView) -> list[Block]:
    """What the days were, in the plainest blocks there are, and the button to each of them."""
    whole = view.whole
    if not whole.entries and not view.framing.is_private:
        return quiet_line(view)
    texts = (
        say.quiet_span(view) if not whole.entries else blocks.cut(whole.lead, limits.STATEMENT_MAX),
        " · ".join(say.facts(whole)) if whole.entries else "",
        say.left_out(view.framing, len(whole.entries)) if whole.entries else "",
    )
    page = footer.archive(view.framing)
    return [
        *_head(view),
        *(blocks.section(text) for text in texts if text),
        *_days(view),
        *([blocks.actions(*page)] if page else []),
    ]


def quiet_line(view: RangeView) -> list[Block]:
    """The same as of a single quiet day."""
    notes = " · ".join(filter(None, (*say.delays(view), related.correction(view))))
    return [
        blocks.section(say.quiet_line(view)),
        *([blocks.context(notes, limits.CONTEXT_MAX)] if notes else []),
        *_days(view),
    ]


def _head(view: RangeView) -> list[Block]:
    dates = f"{view.first.date.isoformat()}..{view.last.date.isoformat()}"
    room = limits.HEADER_TEXT_MAX - len(dates) - 3
    return [
        blocks.header(f"{say.cut(str(view.repo), room)} · {dates}"),
        blocks.context(" · ".join((say.day_number(view), view.last.zone.key, *say.caveats(view))), limits.CONTEXT_MAX),
        *digest.correction(view),
    ]


def _left_out(view: RangeView) -> list[Block]:
    left_out = say.left_out(view.framing, sum(len(day.entries) for day in view.digests))
    shown = f"{blocks.cut(left_out, limits.CONTEXT_MAX - 100)} {_(labels.DAYS_BELOW)}"
    return [blocks.context(shown, limits.CONTEXT_MAX)] if left_out else []


def _most_important(view: RangeView, whole: Digest, *, around: Sequence[Block]) -> Iterator[Block]:
    """As many commits as the budget holds beside the blocks around them, and how many more there are."""
    title = blocks.rich(blocks.line(blocks.words(_(say.MOST_IMPORTANT), bold=True)))
    ranked = say.ranked(whole)
    budget = Budget(around=[*around, title, _more(ranked)])
    of_day = {entry.commit.sha: day.day for day in view.digests for entry in day.entries}
    shown: list[Block] = []
    for entry in ranked[:_TOP]:
        block = _commit(whole, entry, of_day)
        if not budget.take(block):
            break
        shown.append(block)
    if shown:
        yield title
        yield from shown
    if left_out := ranked[len(shown) :]:
        yield _more(left_out)


def _more(left_out: Sequence[Entry]) -> Block:
    return blocks.section(wording.behind_days(say.more(left_out)))


def _commit(whole: Digest, entry: Entry, of_day: Mapping[str, Day]) -> Block:
    day = of_day[entry.commit.sha]
    block = blocks.commit(whole.repo, entry, whole.day.zone, day)
    text = f"{say.ICONS[entry.analysis.importance]} {day.date:%m-%d} {block['text']['text']}"
    return {**block, "text": blocks.plain(text, limits.HEADLINE_MAX)}


def _days(view: RangeView) -> list[Block]:
    """A button for every day that has commits, or may have some that were left out."""
    buttons = [
        blocks.button(
            f"{day.day.date:%m-%d}",
            f"digest.day.{number}",  # in one block, no two buttons may have the same name
            ShowDigest(when=day.day, repo=view.repo),
            wording.digest_of(day.day),
        )
        for number, day in enumerate(view.digests)
        if day.entries or view.framing.left_out
    ]
    most = limits.ACTIONS_ELEMENTS_MAX
    return [blocks.actions(*buttons[start : start + most]) for start in range(0, len(buttons), most)]
