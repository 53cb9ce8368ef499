"""Untrusted text as HTML: what it says is shown, what it could do is not done."""

import re
from collections.abc import Iterable
from typing import Final

from markupsafe import Markup, escape

from bot.core.model import Analysis, Statement
from formatters import wording as say

#: Statements of an analysis that a result of a search shows.
_EXCERPTS_MAX: Final = 2
_CODE: Final = Markup("<code>{}</code>")
_MARK: Final = Markup("<mark>{}</mark>")


def prose(text: str) -> Markup:
    """An analyst's sentence, its identifiers as code."""
    return Markup("").join(_CODE.format(span.text) if span.code else escape(span.text) for span in say.spans(text))


class Words:
    """What was looked for, to be marked where it is found."""

    def __init__(self, words: str) -> None:
        each = sorted(set(say.visible(words).split()), key=len, reverse=True)
        self._pattern = re.compile(f"({'|'.join(map(re.escape, each))})", re.IGNORECASE) if each else None

    def literal(self, text: str) -> Markup:
        return self._marked(say.visible(text))

    def prose(self, text: str) -> Markup:
        pieces = ((self._marked(span.text), span.code) for span in say.spans(text))
        return Markup("").join(_CODE.format(marked) if is_code else marked for marked, is_code in pieces)

    def excerpts(self, analysis: Analysis) -> list[str]:
        """The first sentences, beside the headline, that have any of the words."""
        sentences = (text for text in _sentences(analysis) if text != analysis.headline and self._is_in(text))
        return [text for text, _number in zip(dict.fromkeys(sentences), range(_EXCERPTS_MAX), strict=False)]

    def _is_in(self, text: str) -> bool:
        return self._pattern is not None and self._pattern.search(text) is not None

    def _marked(self, text: str) -> Markup:
        if self._pattern is None:
            return escape(text)
        parts = enumerate(self._pattern.split(text))
        return Markup("").join(_MARK.format(part) if number % 2 else escape(part) for number, part in parts)


def _sentences(analysis: Analysis) -> Iterable[str]:
    def texts(statements: Iterable[Statement]) -> Iterable[str]:
        return (statement.text for statement in statements)

    insight = analysis.insight
    yield from texts(analysis.summary)
    yield from (f"{item.name}: {item.effect}" for item in analysis.scope)
    yield from texts((*insight.architecture, *insight.performance, *insight.security))
    for risk in analysis.risks:
        yield from (risk.risk.text, risk.consequence, risk.mitigation)
    yield from (advice.text for advice in analysis.advice)
    yield analysis.quotation
