"""The opening of a digest: what the day means, and what its commits have in common.

It is written from the kept headlines alone, after selection, and checked against them: it cannot name what is absent.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import structlog
from pydantic import BaseModel

from bot.core.asking import LANGUAGES, Answered, Prompt, ask, fenced, listed
from bot.core.days import Day
from bot.core.errors import BotError
from bot.core.evidence.lead import sentences, verify_lead
from bot.core.facts import SUBJECT_READ, Subject
from bot.core.injection import is_order
from bot.core.model import AnalystKind, Commit, Digest, Entry, Importance, Language, Lead, Provenance, Repo, Theme
from bot.core.ports import Clock, LanguageModel, LeadStore
from bot.core.rules import VERSION, cut, fallback_reason, one_line
from bot.core.translation import Translator

#: Commits that have a meaning together.
ENTRIES_MIN: Final = 2
#: Headlines that one question carries, the most important ones.
HEADLINES_MAX: Final = 120
#: Characters.
HEADLINE_MAX: Final = 200
LEAD_MAX: Final = 700
TITLE_MAX: Final = 60
SENTENCES_MAX: Final = 3
THEMES_MAX: Final = 5
#: Leads of ranges that are kept in memory.
RANGES_KEPT: Final = 64

log = structlog.get_logger()


class _Theme(BaseModel):
    title: str
    shas: list[str]


class Answer(BaseModel):
    text: str
    themes: list[_Theme] = []


_THEME_SCHEMA: Final = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "shas": {"type": "array", "items": {"type": "string"}}},
    "required": ["title", "shas"],
    "additionalProperties": False,
}
SCHEMA: Final = {
    "type": "object",
    "properties": {"text": {"type": "string"}, "themes": {"type": "array", "items": _THEME_SCHEMA}},
    "required": ["text", "themes"],
    "additionalProperties": False,
}


class LeadWriter:
    """Leads of days, each written once and stored when the day is over. A failing model never costs a digest."""

    def __init__(
        self,
        *,
        model: LanguageModel | None,
        instructions: str,
        translator: Translator,
        store: LeadStore,
        now: Clock,
    ) -> None:
        """Without a model there are themes by rules, and no sentence: rules do not know what a day means."""
        self._translator = translator
        self._model = model
        self._prompt = Prompt(purpose="lead", instructions=instructions, schema=SCHEMA)
        self._store = store
        self._now = now
        self._of_ranges: dict[tuple[Repo, Day, Day, Language, tuple[str, ...]], Lead] = {}

    async def of(self, digest: Digest) -> Lead:
        """The lead of a digest whose analyses are in their original language; it is written in that language.

        A day that is not over gets none of the model's: it would be another one with every commit.
        """
        if self._model is None or not digest.sealed or not worth_asking(digest.entries):
            return by_rules(digest.entries)
        stored = await self._store.lead(digest.repo, digest.day, language_of(digest.entries))
        return stored or await self.rewrite(digest)

    async def rewrite(self, digest: Digest) -> Lead:
        """The same, asked anew: it replaces what is stored."""
        lead = await self._written(digest.repo, str(digest.day), digest.entries)
        if digest.sealed and self._model is not None and worth_asking(digest.entries):
            await self._store.save_lead(digest.repo, digest.day, lead, self._now())
        return lead

    async def failed(self, digest: Digest) -> bool:
        """Whether the model was asked for it in vain."""
        stored = await self._store.lead(digest.repo, digest.day, language_of(digest.entries))
        return stored is not None and stored.provenance.fallback is not None

    async def translated(self, digest: Digest, language: Language) -> Lead:
        """The lead of the same digest in another language, or as it was written if it cannot be had in that one."""
        original = await self.of(digest)
        if original.language is language or original.provenance.analyst is AnalystKind.RULES:
            return original
        stored = await self._store.lead(digest.repo, digest.day, language)
        if stored is not None and stored.translated_from is original.language:
            return stored
        lead = await self._translator.lead(original, language)
        if lead is not None and digest.sealed:
            await self._store.save_lead(digest.repo, digest.day, lead, self._now())
        return lead or original

    async def of_range(self, repo: Repo, first: Day, last: Day, entries: Sequence[Entry]) -> Lead:
        """The lead of several days. It is kept in memory only: tomorrow, `7d` are other days."""
        shas = tuple(entry.commit.sha for entry in entries)
        key = (repo, first, last, language_of(entries), shas)
        if key not in self._of_ranges:
            lead = await self._written(repo, f"{first} to {last}", entries)
            if lead.provenance.fallback is not None:
                return lead
            self._of_ranges[key] = lead
            if len(self._of_ranges) > RANGES_KEPT:
                del self._of_ranges[next(iter(self._of_ranges))]
        return self._of_ranges[key]

    async def _written(self, repo: Repo, when: str, entries: Sequence[Entry]) -> Lead:
        if self._model is None or not worth_asking(entries):
            return by_rules(entries)
        language = language_of(entries)
        settings = {"language": LANGUAGES[language], "repository": repo.full_name, "when": when}
        try:
            answered = await ask(self._model, self._prompt, fenced(settings, listed(_lines(entries))), Answer)
        except BotError as error:
            log.warning("lead.fell_back", repo=str(repo), when=when, error=str(error))
            return by_rules(entries, error)
        lead = _lead(answered, self._prompt.version, repo, entries)
        log.info("lead.written", repo=str(repo), when=when, characters=len(lead.text), themes=len(lead.themes))
        return lead


def worth_asking(entries: Sequence[Entry]) -> bool:
    """Whether there is a day to tell of: several commits, of which the model understood any."""
    by_model = (entry.analysis.provenance.analyst is AnalystKind.MODEL for entry in entries)
    return len(entries) >= ENTRIES_MIN and any(by_model)


def language_of(entries: Iterable[Entry]) -> Language:
    """In which language most of the analyses are."""
    languages = Counter(entry.analysis.language for entry in entries)
    return languages.most_common(1)[0][0] if languages else Language.EN


def _lines(entries: Sequence[Entry]) -> Iterator[str]:
    """`8877c46 high fix, test: headline`, the most important first."""
    for entry in _told(entries):
        analysis = entry.analysis
        kinds = ", ".join(analysis.types) or "change"
        yield f"{entry.commit.short_sha} {analysis.importance.name.lower()} {kinds}: {_headline(entry)}"


def _told(entries: Sequence[Entry]) -> Sequence[Entry]:
    """Without headlines that speak to a model: rules take them over from the authors."""
    harmless = [entry for entry in entries if not is_order(_headline(entry))]
    return sorted(harmless, key=lambda entry: -entry.analysis.importance)[:HEADLINES_MAX]


def _headline(entry: Entry) -> str:
    return one_line(entry.analysis.headline, HEADLINE_MAX)


# What becomes of the answer


def _lead(answered: Answered[Answer], version: str, repo: Repo, entries: Sequence[Entry]) -> Lead:
    told = _told(entries)
    sources = [*map(_headline, told), str(repo), *(kind.value for entry in told for kind in entry.analysis.types)]
    text = _borne_out(one_line(answered.answer.text, LEAD_MAX * 2), sources)
    themes = _themes(answered.answer.themes, told, sources)
    return Lead(
        text=cut(text, LEAD_MAX),
        themes=themes or themes_by_rules(entries),
        language=language_of(entries),
        provenance=answered.provenance(version),
    )


def _borne_out(text: str, headlines: Sequence[str]) -> str:
    """The first sentences of those in which nothing is wrong."""
    wrong = {fault.where for fault in verify_lead(text, headlines=headlines)}
    kept = [sentence for sentence in sentences(text) if sentence not in wrong][:SENTENCES_MAX]
    return "".join(sentence if sentence[-1] in "。！？" else f"{sentence} " for sentence in kept).strip()


def _themes(proposed: Sequence[_Theme], told: Sequence[Entry], sources: Sequence[str]) -> tuple[Theme, ...]:
    """Those with a title that the headlines bear out and at least two commits of the digest, each in one theme."""
    free = {entry.commit.sha for entry in told}
    kept: list[Theme] = []
    for theme in proposed:
        title = _borne_out(one_line(theme.title, TITLE_MAX), sources).rstrip(".。")
        shas = tuple(entry.commit.sha for entry in told if entry.commit.sha in free and _is_named(entry, theme.shas))
        if title and len(shas) >= ENTRIES_MIN and len(kept) < THEMES_MAX:
            kept.append(Theme(title=title, shas=shas))
            free.difference_update(shas)
    return tuple(kept)


def _is_named(entry: Entry, shas: Sequence[str]) -> bool:
    return any(len(sha) >= len(entry.commit.short_sha) and entry.commit.sha.startswith(sha) for sha in shas)


# Without a model


def by_rules(entries: Sequence[Entry], problem: BotError | None = None) -> Lead:
    """Themes, and no sentence."""
    fallback = fallback_reason(problem) if problem else None
    provenance = Provenance(analyst=AnalystKind.RULES, version=VERSION, fallback=fallback)
    return Lead(text="", themes=themes_by_rules(entries), language=language_of(entries), provenance=provenance)


def themes_by_rules(entries: Sequence[Entry]) -> tuple[Theme, ...]:
    """Commits whose authors name the same scope, or else that change the same folder most; the largest themes first.

    What all of them have in common tells nothing.
    """
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        if name := scope_of(entry.commit):
            groups.setdefault(name, []).append(entry)
    ranked = sorted(groups.items(), key=lambda item: (-_weight(item[1]), item[0]))
    return tuple(
        Theme(title=name, shas=tuple(entry.commit.sha for entry in group))
        for name, group in ranked
        if ENTRIES_MIN <= len(group) < len(entries)
    )[:THEMES_MAX]


def _weight(entries: Sequence[Entry]) -> int:
    return sum(1 + (entry.analysis.importance is Importance.HIGH) for entry in entries)


_SCOPE_END: Final = re.compile(r"[,/|&\s]")


def scope_of(commit: Commit) -> str:
    """The first scope of its Conventional Commit subject, else the upper two folders of what it changes most."""
    scope = _SCOPE_END.split(Subject.parse(commit.subject[:SUBJECT_READ]).scope.strip().casefold())[0]
    if scope:
        return one_line(scope, TITLE_MAX)
    if not commit.files:
        return ""
    folders = Counter[str]()
    for file in commit.files:
        folders["/".join(file.path.split("/")[:-1][:2])] += file.churn + 1
    return one_line(folders.most_common(1)[0][0], TITLE_MAX)
