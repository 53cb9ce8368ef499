"""Help: the grammar with examples."""

from bot.core.language import _
from formatters import labels
from formatters import wording as say
from formatters.feishu import elements, limits
from formatters.feishu.cards import Content
from formatters.feishu.text import code, prose


def content() -> Content:
    title = _(say.HELP)
    items = (f"{code(labels.command(example))} {prose(_(does), limits.STATEMENT_MAX)}" for example, does in say.GRAMMAR)
    where = elements.note(_("In a group, mention me with one of these. To me alone, just write it."))
    parts = [elements.markdown(elements.bullets(items)), where, elements.note(_(say.GRAMMAR_NOTE))]
    return Content(title=title, summary=title, elements=parts)
