"""A digest as a card: every commit is there, or listed, or one click away."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import takewhile
from typing import Final

from bot.core.language import _
from bot.core.model import Digest, Entry
from bot.core.replies import DigestView, RangeView
from formatters import labels, related
from formatters import wording as say
from formatters.feishu import analysis, chart, elements, footer, limits, wording
from formatters.feishu.budget import Cost, Room, cost
from formatters.feishu.cards import Content, Tag
from formatters.feishu.commits import Commits, Listing
from formatters.feishu.drawing import Drawing
from formatters.feishu.elements import Element
from formatters.feishu.panels import Form, Listed
from formatters.feishu.text import bold, literal, prose

#: Themes of a digest; an analyst finds fewer.
_THEMES: Final = 8
#: Characters of a commit's line, and room for the sentence and the buttons below, where everything is plain.
_PLAIN_MAX: Final = 160
_PLAIN_SPARE: Final = Cost(1_500, 8)
#: Messages of a digest where nobody can ask for the rest, so that whole analyses may stand in them.
_CARDS: Final = 3
#: Takes as much room as the number of a card, and as which commits are in it.
LONGEST: Final = "0" * 60


def content(view: DigestView, drawing: Drawing) -> Content:
    if not view.digest.entries:
        return _quiet(view, drawing)
    head = _head(view, drawing)
    if is_in_thread(view, drawing):
        return _card(view, [*head, elements.paragraph(_(labels.IN_THREAD)), *_tail(view, drawing, complete=False)])
    listing = _listing(view, drawing, head) if drawing.asks else _spread(view, drawing, head)[0]
    more = _more(view, drawing, listing.number)
    complete = listing.is_open and not more and not view.framing.left_out
    return _card(view, [*head, *listing.elements(), *more, *_tail(view, drawing, complete=complete)])


def reduced(view: DigestView, drawing: Drawing) -> Content:
    """What the day was, in the plainest elements there are: a line a commit, and the button to all of them."""
    if not view.digest.entries:
        return _quiet(view, drawing)
    digest = view.digest
    texts = (
        related.correction(view),
        say.unquoted(digest.lead),
        " · ".join(say.facts(digest)),
        say.left_out(view.framing, len(digest.entries)),
    )
    above = [elements.paragraph(text, limits.NOTE_MAX) for text in texts if text]
    listed = _plain_listing(view, drawing, Room(drawing.room(_card(view, above)) - _PLAIN_SPARE))
    buttons = [
        *([footer.all_commits(view)] if drawing.asks else []),
        *footer.pages(view),
    ]
    return _card(view, [*above, *listed, *buttons])


def following(view: DigestView, drawing: Drawing) -> list[Content]:
    """All of its commits where they stand in a thread; what the first card has no room for where nobody can ask."""
    if is_in_thread(view, drawing):
        listings = _commits(view, drawing).pages(_room_of_page(view, drawing), 0, Form.SHORT)
        return list(numbered(listings, len(view.entries), partial(_page, view)))
    if drawing.asks or not view.digest.entries:
        return []
    _first, *others = _spread(view, drawing, _head(view, drawing))
    return list(numbered(others, len(view.entries), partial(_page, view)))


def is_in_thread(view: DigestView, drawing: Drawing) -> bool:
    """A custom bot cannot answer itself, so there the commits stand in the message."""
    return view.framing.in_thread and drawing.asks and bool(view.digest.entries)


def title(digest: Digest) -> str:
    date = digest.day.date.isoformat()
    return f"{say.cut(str(digest.repo), limits.TITLE_MAX - len(date) - 3)} · {date}"


def _quiet(view: DigestView, drawing: Drawing) -> Content:
    return quiet_line(view, [footer.all_commits(view)] if drawing.asks and footer.has_commits(view) else [])


def quiet_line(view: DigestView | RangeView, below: Sequence[Element]) -> Content:
    """Days without commits are one line, with a way to what their filters leave out."""
    line = say.quiet_line(view)
    notes = " · ".join(filter(None, (*say.delays(view), related.correction(view))))
    noted = [elements.note(notes)] if notes else []
    return Content(title="", summary=line, elements=[elements.paragraph(line), *noted, *below])


# The parts, from the top


def _card(view: DigestView, parts: Sequence[Element]) -> Content:
    digest = view.digest
    day = digest.day
    return Content(
        title=title(digest),
        subtitle=" · ".join((say.weekday(day), day.zone.key, *say.caveats(view))),
        tags=tags(digest),
        summary=summary(digest, day.date.isoformat()),
        elements=parts,
    )


def tags(digest: Digest) -> list[Tag]:
    """How many commits of each level there are, but for levels without any."""
    counted = zip(digest.by_importance().items(), say.level_counts(digest.entries), strict=True)
    return [Tag(text=text, colour=analysis.COLOURS[level]) for (level, entries), text in counted if entries]


def summary(digest: Digest, when: str) -> str:
    """The count and the most important commit."""
    top = say.ranked(digest)[0]
    headline = f"{say.ICONS[top.analysis.importance]} {say.unquoted(say.headline(top))}"
    return " · ".join((f"{digest.repo} {when}", say.commits(len(digest.entries)), headline))


def _head(view: DigestView, drawing: Drawing) -> list[Element]:
    digest = view.digest
    return [*correction(view), *lead(digest), *themes(digest), *facts(digest, drawing), *_left_out(view, drawing)]


def correction(view: DigestView | RangeView) -> list[Element]:
    corrected = related.correction(view)
    return [elements.note(f"{related.MARK} {corrected}")] if corrected else []


def lead(digest: Digest) -> list[Element]:
    text = prose(digest.lead, limits.LEAD_MAX)
    return [elements.markdown(text)] if text else []


def themes(digest: Digest) -> list[Element]:
    rows = [literal(say.theme(theme), limits.HEADLINE_MAX) for theme in digest.themes[:_THEMES]]
    return [elements.markdown(f"{bold(_(say.THEMES))}\n{elements.bullets(rows)}")] if rows else []


def facts(digest: Digest, drawing: Drawing) -> list[Element]:
    """What the tags do not say of the commits, beside the picture of the day if there is one."""
    number, *others = (
        say.commits(len(digest.entries)),
        say.authors(len(digest.authors)),
        say.lines(digest.additions, digest.deletions),
    )
    told = [bold(number), *others, *([say.merges(digest)] if digest.merges else []), *say.late_arrivals(digest)]
    shown = chart.of(digest, drawn=drawing.pictures)
    if not shown:
        return [elements.markdown(" · ".join(told))]
    return [elements.columns([elements.markdown("<br>".join(told))], shown, weights=(1, 2))]


def _left_out(view: DigestView, drawing: Drawing) -> list[Element]:
    number = len(view.digest.entries)
    left_out = say.left_out(view.framing, number)
    return left_out_note(left_out, labels.shows_all(number + view.framing.left_out) if drawing.asks else "")


def left_out_note(left_out: str, where: str) -> list[Element]:
    """What is not shown, and where it is if anywhere."""
    if not left_out:
        return []
    shown = say.cut(left_out, limits.NOTE_MAX - len(where) - 1)
    return [elements.note(say.in_a_row(shown, where) if where else shown)]


def _listing(view: DigestView, drawing: Drawing, head: Sequence[Element]) -> Listing:
    """The commits beside what is above and below them."""
    commits = _commits(view, drawing)
    tail = _tail(view, drawing, complete=False)
    room = drawing.room(_card(view, [*head, *tail]))
    if commits.fit(room):
        return commits.fitting(room)
    return commits.fitting(drawing.room(_card(view, [*head, *_more(view, drawing, 0), *tail])))


def _spread(view: DigestView, drawing: Drawing, head: Sequence[Element]) -> list[Listing]:
    """For those who cannot ask for the rest: as much of each commit as a few cards hold, and at least its line."""
    commits, free = _commits(view, drawing), _room_of_page(view, drawing)
    tail = [*_more(view, drawing, 0), *_tail(view, drawing, complete=False)]
    first = drawing.room(_card(view, [*head, *tail]))
    for floor in (Form.WHOLE, Form.SHORT):
        if listings := commits.spread(first, free, floor=floor, most=_CARDS):
            return listings
    listing = _listing(view, drawing, head)
    return [listing, *commits.pages(free, listing.number, Form.LINE)]


def _commits(view: DigestView, drawing: Drawing) -> Commits:
    digest = view.digest
    return Commits(
        say.ranked(digest),
        Listed(repo=digest.repo, day=digest.day, asks=drawing.asks, are_alike=say.are_alike(digest.entries)),
    )


def _more(view: DigestView, drawing: Drawing, shown: int) -> list[Element]:
    """How many are not shown and where they are; the line is longest where none is shown."""
    left = say.ranked(view.digest)[shown:]
    if not left:
        return []
    where = labels.shows_all(len(view.digest.entries) + view.framing.left_out)
    more = say.more(left)
    return [elements.paragraph(wording.more(more, where) if drawing.asks else wording.goes_on(more))]


def _tail(view: DigestView, drawing: Drawing, *, complete: bool) -> list[Element]:
    return [elements.note(say.origin(view.digest)), *footer.of_digest(view, drawing, complete=complete)]


def _plain_listing(view: DigestView, drawing: Drawing, room: Room) -> list[Element]:
    """A line for as many commits as there is room for, and how many there is none for."""
    if is_in_thread(view, drawing):
        return [elements.paragraph(_(labels.IN_THREAD))]
    lines = list(takewhile(lambda line: room.take(cost(line)), map(_plain_line, say.ranked(view.digest))))
    left = say.ranked(view.digest)[len(lines) :]
    if not left or drawing.asks:
        return [*lines, *_more(view, drawing, len(lines))]
    return [*lines, elements.paragraph(say.sentence(say.more(left)))]


def _plain_line(entry: Entry) -> Element:
    headline = related.mark(entry) + say.cut(say.unquoted(say.headline(entry)), _PLAIN_MAX)
    number = entry.commit.pull_request
    address = entry.commit.short_sha if number is None else f"#{number}"
    return elements.paragraph(f"{say.ICONS[entry.analysis.importance]} {headline}{say.in_brackets(address)}")


# What goes on in other cards


def numbered(
    listings: Sequence[Listing], total: int, page: Callable[[Sequence[Element], str, str], Content]
) -> Iterator[Content]:
    """A card for each, with its number among all cards, and which of how many commits are there."""
    before = 1 if listings and listings[0].start else 0
    cards = before + len(listings)
    for number, listing in enumerate(listings, before + 1):
        end = f" · {number}/{cards}" if cards > 1 else ""
        which = wording.part(listing.start + 1, listing.stop, total)
        yield page(list(listing.elements()), end, which)


def _room_of_page(view: DigestView, drawing: Drawing) -> Cost:
    return drawing.room(_page(view, [], LONGEST, LONGEST))


def _page(view: DigestView, parts: Sequence[Element], end: str, which: str) -> Content:
    digest = view.digest
    return Content(title=title(digest) + end, subtitle=which, summary=f"{title(digest)}{end} · {which}", elements=parts)
