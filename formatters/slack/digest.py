"""A digest as a message: every commit is listed or one click away."""

from typing import Final

from bot.core.language import N_, _
from bot.core.model import Digest
from bot.core.replies import DigestView, RangeView
from formatters import labels, picture, related
from formatters import wording as say
from formatters.slack import blocks, footer, limits, native
from formatters.slack.blocks import Block
from formatters.slack.budget import Budget
from formatters.slack.commits import Commits, Listing
from formatters.slack.native import PLAIN, Native

#: Themes of a digest; an analyst finds fewer.
_THEMES: Final = 8
_SERIES: Final = N_("Commits")


def message(view: DigestView, with_: frozenset[Native] = PLAIN) -> list[Block]:
    """At most 40 blocks, those in containers counted, the most important commits first."""
    digest = view.digest
    if not digest.entries:
        if not view.framing.is_private:
            return quiet_line(view)
        quiet = blocks.section(say.quiet(digest, view.framing))
        return [*_head(view), quiet, *footer.of_digest(view, complete=not view.framing.left_out)]
    head = [*_head(view), *lead(digest), *themes(digest), *summary(digest, with_), *_left_out(view)]
    origin = blocks.context(say.origin(digest), limits.CONTEXT_MAX)
    tail = [origin, *footer.of_digest(view, complete=False)]
    if view.framing.in_thread:
        return [*head, blocks.section(_(labels.IN_THREAD)), *tail]
    commits = Commits(digest, with_=with_)
    listing = commits.fitting(Budget(around=[*head, *tail]))
    if listing.number == len(commits.all):
        return [*head, *listing.blocks, origin, *footer.of_digest(view, complete=not view.framing.left_out)]
    listing = commits.fitting(Budget(around=[*head, _more(view, commits, 0), *tail]))
    return [*head, *listing.blocks, _more(view, commits, listing.number), *tail]


def reduced(view: DigestView) -> list[Block]:
    """What the day was, in the plainest blocks there are, and the button to all of its commits."""
    digest = view.digest
    if not digest.entries and not view.framing.is_private:
        return quiet_line(view)
    texts = (
        say.quiet(digest, view.framing) if not digest.entries else blocks.cut(digest.lead, limits.STATEMENT_MAX),
        " · ".join(say.facts(digest)) if digest.entries else "",
        say.left_out(view.framing, len(digest.entries)) if digest.entries else "",
    )
    buttons = [
        *([footer.all_commits(view)] if footer.has_commits(view) else []),
        *footer.page(digest.repo, digest.day, digest.day),
        *footer.archive(view.framing),
    ]
    return [
        blocks.header(title(digest)),
        blocks.section(_when(view)),
        *(blocks.section(text) for text in texts if text),
        *([blocks.actions(*buttons)] if buttons else []),
    ]


def quiet_line(view: DigestView) -> list[Block]:
    """A posted day without commits is one line, with a way to what its filters leave out: nobody asked for it."""
    line = blocks.section(say.quiet_line(view))
    notes = " · ".join(filter(None, (*say.delays(view), related.correction(view))))
    return [
        {**line, "accessory": footer.all_commits(view)} if footer.has_commits(view) else line,
        *([blocks.context(notes, limits.CONTEXT_MAX)] if notes else []),
    ]


def thread(view: DigestView) -> list[Listing]:
    """All of its commits, for as many messages as they need."""
    commits = Commits(view.digest)
    listings: list[Listing] = []
    shown = 0
    while shown < len(commits.all):
        listings.append(commits.fitting(Budget(), start=shown))
        shown += listings[-1].number
    return listings


def title(digest: Digest) -> str:
    date = digest.day.date.isoformat()
    return f"{say.cut(str(digest.repo), limits.HEADER_TEXT_MAX - len(date) - 3)} · {date}"


# The parts, from the top


def _head(view: DigestView) -> list[Block]:
    return [
        blocks.header(title(view.digest)),
        blocks.context(_when(view), limits.CONTEXT_MAX),
        *correction(view),
    ]


def _when(view: DigestView) -> str:
    """What the title does not say of the day: `Wednesday · Asia/Shanghai`."""
    day = view.digest.day
    return " · ".join((say.weekday(day), day.zone.key, *say.caveats(view)))


def correction(view: DigestView | RangeView) -> list[Block]:
    corrected = related.correction(view)
    return [blocks.context(f"{related.MARK} {corrected}", limits.CONTEXT_MAX)] if corrected else []


def lead(digest: Digest) -> list[Block]:
    lead = blocks.prose(digest.lead, limits.STATEMENT_MAX)
    return [blocks.rich(blocks.line(*lead))] if lead else []


def themes(digest: Digest) -> list[Block]:
    items = [blocks.prose(say.theme(theme), limits.SOURCES_MAX) for theme in digest.themes[:_THEMES]]
    return blocks.listing(_(say.THEMES), items, pages=1)


def summary(digest: Digest, with_: frozenset[Native]) -> list[Block]:
    """The facts line and the picture of the day."""
    number, *others = say.facts(digest)
    facts = blocks.line(blocks.words(number, bold=True), blocks.words("".join(f" · {fact}" for fact in others)))
    shown = picture.of(digest)
    if not shown:
        return [blocks.rich(facts)]
    if Native.DATA_VISUALIZATION in with_:
        return [blocks.rich(facts), native.chart(_(picture.TITLE), _(_SERIES), shown)]
    return [blocks.rich(facts, blocks.preformatted(picture.bars(shown)))]


def _left_out(view: DigestView) -> list[Block]:
    left_out = say.left_out(view.framing, len(view.digest.entries))
    if not left_out:
        return []
    everything = len(view.digest.entries) + view.framing.left_out
    where = labels.shows_all(everything)
    shown = say.in_a_row(blocks.cut(left_out, limits.CONTEXT_MAX - 100), where)
    return [blocks.context(shown, limits.CONTEXT_MAX)]


def _more(view: DigestView, commits: Commits, shown: int) -> Block:
    """How many are not shown; the line is longest where none is."""
    where = labels.shows_all(len(commits.all) + view.framing.left_out)
    return blocks.section(_("{more}. {where}", more=say.more(commits.all[shown:]), where=where))
