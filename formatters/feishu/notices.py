"""The short replies: progress, a notice, and what is said where a file does not come."""

from collections.abc import Iterator, Sequence
from typing import Final

from bot.core.language import _, enumerated
from bot.core.replies import DigestView, Notice, Progress, RangeView, Report
from formatters import labels
from formatters import wording as say
from formatters.feishu import elements, limits
from formatters.feishu.cards import Content
from formatters.feishu.elements import Element
from formatters.feishu.text import code, cut, escape

#: Characters, so that a notice may stand above any other reply.
_TEXT_MAX: Final = 1_000
_OFFERS: Final = 3


def progress(reply: Progress) -> Content:
    words = f"⏳ {say.progress(reply)}"
    return Content(title="", summary=words, elements=[elements.paragraph(words)])


def notice(reply: Notice) -> Content:
    return Content(title="", summary=reply.text, elements=list(_notice(reply)))


def _notice(reply: Notice) -> Iterator[Element]:
    yield elements.paragraph(reply.text, _TEXT_MAX)
    if reply.example:
        yield example(reply.example)
    offers = [elements.button(offer.label, offer.question) for offer in reply.offers[:_OFFERS]]
    yield from elements.buttons(*offers)


def example(command: str) -> Element:
    """What one might try, as it is typed."""
    shown = code(cut(labels.command(command), limits.HEADLINE_MAX))
    return elements.markdown(f"{escape(_(say.TRY))} {shown}")


def report(reply: Report) -> Content:
    """What is said where the file itself cannot be sent."""
    words = report_in_words(reply.views)
    return Content(title="", summary=words, elements=[elements.paragraph(words, _TEXT_MAX)])


def report_in_words(views: Sequence[DigestView | RangeView]) -> str:
    return _("The report comes as a file: {days}", days=enumerated([_about(view) for view in views]))


def _about(view: DigestView | RangeView) -> str:
    if isinstance(view, DigestView):
        return f"{view.digest.repo} · {view.digest.day}"
    return f"{view.repo} · {say.span(view)}"
