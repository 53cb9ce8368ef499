"""Several days as one card: what they have in common, each day with its button, and the most important commits."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from bot.core.commands import ShowDigest
from bot.core.language import _
from bot.core.model import Digest, Repo
from bot.core.ranges import DayRange
from bot.core.replies import RangeView
from formatters import labels
from formatters import wording as say
from formatters.feishu import digest, elements, footer, limits, wording
from formatters.feishu.cards import Content
from formatters.feishu.commits import Commits, Listing
from formatters.feishu.drawing import Drawing
from formatters.feishu.elements import Element
from formatters.feishu.panels import Form, Listed
from formatters.feishu.text import bold, escape, link

#: Commits that are shown; all others are behind their day's button. Where nobody hears of a click, all are.
_TOP: Final = 10
#: Buttons for days; of more days, several neighbours share one.
_BUTTONS: Final = 12
#: More days than these are behind a click, and have no addresses.
_DAYS_OPEN: Final = 7


def content(view: RangeView, drawing: Drawing) -> Content:
    whole = view.whole
    if not whole.entries:
        return digest.quiet_line(view, _buttons(view, drawing))
    above = _above(view, whole, drawing)
    tail = _tail(view, whole, drawing)
    listing = _listing(view, whole, drawing, [*above, *tail])
    return _card(view, whole, [*above, *listing.elements(), *_more(view, whole, drawing, listing.number), *tail])


def reduced(view: RangeView, drawing: Drawing) -> Content:
    """What the days were, in the plainest elements there are, and the button to each of them."""
    whole = view.whole
    if not whole.entries:
        return digest.quiet_line(view, _buttons(view, drawing))
    texts = (
        say.unquoted(whole.lead),
        " · ".join(say.facts(whole)),
        say.left_out(view.framing, len(whole.entries)),
    )
    plain = [elements.paragraph(text, limits.NOTE_MAX) for text in texts if text]
    return _card(view, whole, [*plain, *_buttons(view, drawing), *footer.pages(view)])


def following(view: RangeView, drawing: Drawing) -> list[Content]:
    """What the first card has no room for where nobody can ask."""
    whole = view.whole
    if drawing.asks or not whole.entries:
        return []
    listings = list(_goes_on(view, whole, drawing))
    return list(digest.numbered(listings, len(whole.entries), partial(_page, view)))


def _goes_on(view: RangeView, whole: Digest, drawing: Drawing) -> list[Listing]:
    above = _above(view, whole, drawing)
    first = _listing(view, whole, drawing, [*above, *_tail(view, whole, drawing)])
    free = drawing.room(_page(view, [], digest.LONGEST, digest.LONGEST))
    return _commits(view, whole, drawing).pages(free, first.stop, Form.LINE)


# The parts


def _title(view: RangeView) -> str:
    dates = _dates(view)
    return f"{say.cut(str(view.repo), limits.TITLE_MAX - len(dates) - 3)} · {dates}"


def _dates(view: RangeView) -> str:
    return f"{view.first.date.isoformat()}..{view.last.date.isoformat()}"


def _card(view: RangeView, whole: Digest, parts: Sequence[Element]) -> Content:
    return Content(
        title=_title(view),
        subtitle=" · ".join((say.day_number(view), view.last.zone.key, *say.caveats(view))),
        tags=digest.tags(whole),
        summary=digest.summary(whole, _dates(view)),
        elements=parts,
    )


def _page(view: RangeView, parts: Sequence[Element], end: str, which: str) -> Content:
    title = _title(view) + end
    return Content(title=title, subtitle=which, summary=f"{title} · {which}", elements=parts)


def _above(view: RangeView, whole: Digest, drawing: Drawing) -> list[Element]:
    """What stands above the commits: the most important ones, or all where nobody hears of a click."""
    heading = [elements.markdown(bold(_(say.MOST_IMPORTANT)))] if drawing.asks else []
    return [*_head(view, whole, drawing), *_days(view, drawing), *heading]


def _head(view: RangeView, whole: Digest, drawing: Drawing) -> list[Element]:
    return [
        *digest.correction(view),
        *digest.lead(whole),
        *digest.themes(whole),
        *digest.facts(whole, drawing),
        *_left_out(view, whole, drawing),
    ]


def _left_out(view: RangeView, whole: Digest, drawing: Drawing) -> list[Element]:
    left_out = say.left_out(view.framing, len(whole.entries))
    return digest.left_out_note(left_out, _where(view) if drawing.asks else "")


def _where(view: RangeView) -> str:
    return _(labels.DAYS_BELOW if len(view.digests) <= _BUTTONS else wording.SPANS_BELOW)


def _days(view: RangeView, drawing: Drawing) -> list[Element]:
    """What each day had; many of them are behind a click."""
    is_long = len(view.digests) > _DAYS_OPEN
    has_links = not (is_long or drawing.asks)
    counts = ((say.day_url(day) if has_links else None, escape(say.day_counts(day))) for day in view.digests)
    rows = elements.bullets(link(url, text) for url, text in counts)
    title = bold(_(say.DAYS))
    if is_long:
        return [elements.panel(title, [elements.markdown(rows)])]
    return [elements.markdown(f"{title}\n{rows}")]


def _listing(view: RangeView, whole: Digest, drawing: Drawing, around: Sequence[Element]) -> Listing:
    """The most important commits, or where nobody hears of a click as many as there is room for."""
    free = drawing.room(_card(view, whole, [*around, *_more(view, whole, drawing, 0)]))
    return _commits(view, whole, drawing).fitting(free, stop=_TOP if drawing.asks else None)


def _commits(view: RangeView, whole: Digest, drawing: Drawing) -> Commits:
    days = {entry.commit.sha: day.day for day in view.digests for entry in day.entries}
    return Commits(
        say.ranked(whole),
        Listed(repo=view.repo, day=view.last, days=days, asks=drawing.asks, are_alike=say.are_alike(whole.entries)),
    )


def _more(view: RangeView, whole: Digest, drawing: Drawing, shown: int) -> list[Element]:
    left = say.ranked(whole)[shown:]
    if not left:
        return []
    more = say.more(left)
    return [elements.paragraph(wording.more(more, _where(view)) if drawing.asks else wording.goes_on(more))]


def _tail(view: RangeView, whole: Digest, drawing: Drawing) -> list[Element]:
    return [
        elements.note(say.top_authors(whole)),
        elements.note(say.origin(whole)),
        *_buttons(view, drawing),
        *footer.of_range(view, drawing),
    ]


def _buttons(view: RangeView, drawing: Drawing) -> list[Element]:
    """For every day that has commits, or may have some that were left out; neighbours share one if there are many."""
    if not drawing.asks:
        return []
    spans = [span for span in _spans(view) if view.framing.left_out or any(day.entries for day in span)]
    return elements.buttons(*(_button(view.repo, span) for span in spans))


def _spans(view: RangeView) -> Iterator[Sequence[Digest]]:
    length = -(-len(view.digests) // _BUTTONS)
    for start in range(0, len(view.digests), length):
        yield view.digests[start : start + length]


def _button(repo: Repo, span: Sequence[Digest]) -> Element:
    first, last = span[0].day, span[-1].day
    if first == last:
        return elements.button(f"{first.date:%m-%d}", ShowDigest(when=first, repo=repo))
    text = f"{first.date:%m-%d} … {last.date:%m-%d}"
    return elements.button(text, ShowDigest(when=DayRange(first=first, last=last), repo=repo))
