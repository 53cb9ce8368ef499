"""Analyses and leads in another language, from what is stored: no diff is read again, and only prose changes.

The parts of an analysis are taken out, translated, checked one by one and put back, so that nothing else can change.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

import structlog
from pydantic import BaseModel

from bot.core.asking import LANGUAGES, Prompt, ask, fenced, listed, without_links
from bot.core.errors import BotError
from bot.core.model import Analysis, Insight, Language, Lead, Risk, ScopeItem, Statement, Theme
from bot.core.parting import parted
from bot.core.ports import LanguageModel
from bot.core.rules import one_line

#: Characters of text that one question carries; a day of a dozen commits takes two or three of them.
QUESTION_MAX: Final = 8_000
#: Translations are as long as this, times the original, and a little.
STRETCH: Final = 4
SPARE: Final = 100

log = structlog.get_logger()


class _Translation(BaseModel):
    id: int
    text: str


class Answer(BaseModel):
    translations: list[_Translation]


_TRANSLATION_SCHEMA: Final = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "text": {"type": "string"}},
    "required": ["id", "text"],
    "additionalProperties": False,
}
SCHEMA: Final = {
    "type": "object",
    "properties": {"translations": {"type": "array", "items": _TRANSLATION_SCHEMA}},
    "required": ["translations"],
    "additionalProperties": False,
}

Texts = tuple[str, ...]
T = TypeVar("T", Analysis, Lead)


class Translator:
    """Several analyses to a question. What could not be translated is left out of what is returned."""

    def __init__(self, *, model: LanguageModel | None, instructions: str) -> None:
        self._model = model
        self._prompt = Prompt(purpose="translation", instructions=instructions, schema=SCHEMA)

    async def analyses(
        self, originals: Sequence[Analysis], language: Language, done: Callable[[Sequence[Analysis]], object]
    ) -> Sequence[Analysis]:
        """Those that could be translated; `done` is called with the originals of each answered question. Never raises
        BotError.
        """

        async def batch(batch: Sequence[Analysis]) -> Sequence[Analysis]:
            translated = await self._batch(batch, language, texts_of, with_texts)
            done(batch)
            return translated

        answers = await asyncio.gather(*(batch(some) for some in batches(originals)))
        return [analysis for answer in answers for analysis in answer]

    async def lead(self, original: Lead, language: Language) -> Lead | None:
        """None if it could not be translated. Never raises BotError."""
        found = await self._batch([original], language, lead_texts_of, lead_with_texts)
        return found[0] if found else None

    async def _batch(
        self,
        originals: Sequence[T],
        language: Language,
        take: Callable[[T], Texts],
        put: Callable[[T, Texts], T],
    ) -> Sequence[T]:
        texts = [take(original) for original in originals]
        asked = {text: None for some in texts for text in some if _has_words(text)}
        translations = await self._translations(list(asked), language)
        return [
            replace(
                put(original, tuple(translations.get(text, text) for text in some)),
                language=language,
                translated_from=original.language,
            )
            for original, some in zip(originals, texts, strict=True)
            if _is_translated(some, translations)
        ]

    async def _translations(self, texts: Sequence[str], language: Language) -> Mapping[str, str]:
        """By original; only those that bear checking."""
        if self._model is None or not texts:
            return {}
        lines = (f"{number}: {text}" for number, text in enumerate(texts, start=1))
        content = fenced({"target language": LANGUAGES[language]}, listed(lines))
        try:
            answered = await ask(self._model, self._prompt, content, Answer)
        except BotError as error:
            log.warning("translation.failed", language=language.value, error=str(error))
            return {}
        given = {item.id: one_line(item.text, len(item.text)) for item in answered.answer.translations}
        kept = {
            text: given[number]
            for number, text in enumerate(texts, start=1)
            if number in given and is_faithful(text, given[number], language)
        }
        log.info("translation.made", language=language.value, asked=len(texts), kept=len(kept))
        return kept


def _is_translated(texts: Texts, translations: Mapping[str, str]) -> bool:
    """Its first text, which is the headline, and at least half of all."""
    wanted = [text for text in texts if _has_words(text)]
    kept = sum(text in translations for text in wanted)
    return not wanted or (wanted[0] in translations and 2 * kept >= len(wanted))


def batches(originals: Sequence[Analysis]) -> Iterator[list[Analysis]]:
    """Whole analyses, up to `QUESTION_MAX` characters together; one that is longer stands alone."""
    return parted(originals, size=lambda original: sum(map(len, texts_of(original))), most=QUESTION_MAX)


# What is prose, taken out and put back in one order


def texts_of(analysis: Analysis) -> Texts:
    """Every sentence, the headline first. The author's quotation is not ours to translate."""
    insight = analysis.insight
    return (
        analysis.headline,
        analysis.rating.reason,
        *(statement.text for statement in analysis.summary),
        *(text for item in analysis.scope for text in (item.name if " " in item.name.strip() else "", item.effect)),
        *(
            statement.text
            for part in (insight.architecture, insight.performance, insight.security)
            for statement in part
        ),
        *(text for risk in analysis.risks for text in (risk.risk.text, risk.consequence, risk.mitigation)),
        *(advice.text for advice in analysis.advice),
    )


def with_texts(analysis: Analysis, texts: Texts) -> Analysis:
    """The same analysis with these texts, which are in the order of `texts_of`."""
    rest = iter(texts)
    insight = analysis.insight
    return replace(
        analysis,
        headline=next(rest),
        rating=replace(analysis.rating, reason=next(rest)),
        summary=_statements(analysis.summary, rest),
        scope=tuple(ScopeItem(name=next(rest) or item.name, effect=next(rest)) for item in analysis.scope),
        insight=Insight(
            architecture=_statements(insight.architecture, rest),
            performance=_statements(insight.performance, rest),
            security=_statements(insight.security, rest),
        ),
        risks=tuple(
            Risk(risk=replace(risk.risk, text=next(rest)), consequence=next(rest), mitigation=next(rest))
            for risk in analysis.risks
        ),
        advice=tuple(replace(advice, text=next(rest)) for advice in analysis.advice),
    )


def _statements(statements: Sequence[Statement], texts: Iterator[str]) -> tuple[Statement, ...]:
    return tuple(replace(statement, text=next(texts)) for statement in statements)


def lead_texts_of(lead: Lead) -> Texts:
    return (lead.text, *(theme.title for theme in lead.themes))


def lead_with_texts(lead: Lead, texts: Texts) -> Lead:
    text, *titles = texts
    themes = tuple(Theme(title=title, shas=theme.shas) for title, theme in zip(titles, lead.themes, strict=True))
    return replace(lead, text=text, themes=themes)


# Whether a translation says the same, as far as code can tell

_CODE: Final = re.compile(r"`[^`]+`")
_NAME: Final = re.compile(r"[#@$-]{0,2}[A-Za-z0-9_]+(?:(?:::|[./:@+=-])[A-Za-z0-9_]+)*")
_IDENTIFIER: Final = re.compile(r"[0-9_/@#$=]|::|[a-z][A-Z]|\w\.\w|^--")
_CJK: Final = re.compile(r"[\u3400-\u9fff]")
_LATIN_WORD: Final = re.compile(r"[A-Za-z]{2,}")
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


def is_faithful(original: str, translation: str, language: Language) -> bool:
    """Whether every name and number of the original is there, no other one, and the text is in that language."""
    if (
        not translation
        or len(translation) > STRETCH * len(original) + SPARE
        or without_links(translation) != translation
    ):
        return original == translation
    return _literals(original) == _literals(translation) and _is_in(language, original, translation)


def _literals(text: str) -> tuple[Counter[str], frozenset[str]]:
    """What stands between backticks, each as often as it does, and the names and numbers outside."""
    plain = _THOUSANDS.sub("", _CODE.sub(" ", text))
    names = (match[0] for match in _NAME.finditer(plain))
    return Counter(_CODE.findall(text)), frozenset(name for name in names if _IDENTIFIER.search(name))


def _is_in(language: Language, original: str, translation: str) -> bool:
    prose = _CODE.sub(" ", translation)
    chinese, latin = len(_CJK.findall(prose)), len(_LATIN_WORD.findall(prose))
    if language is Language.ZH:
        return chinese > 0 or len(_LATIN_WORD.findall(_CODE.sub(" ", original))) < 2
    return chinese <= latin


def _has_words(text: str) -> bool:
    """Whether there is anything to translate beside identifiers."""
    prose = _CODE.sub(" ", text)
    words = (match[0] for match in _NAME.finditer(prose))
    return _CJK.search(prose) is not None or any(word[:1].isalpha() and not _IDENTIFIER.search(word) for word in words)
