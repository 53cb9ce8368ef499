"""Answers questions about a digest from its stored analyses, with the commits cited.

A model writes the sentences, and code keeps those that cite commits of the digest and name nothing that these
commits' analyses do not name. Without a model, or when it fails, the commits are found that speak of the same words.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

import structlog
from pydantic import BaseModel

from bot.core.asking import LANGUAGES, Prompt, ask, fenced, listed, without_links
from bot.core.digests import Digests, Observer
from bot.core.errors import BotError
from bot.core.evidence.lead import verify_lead
from bot.core.injection import is_order
from bot.core.language import _, spoken
from bot.core.model import Analysis, Entry, Insight, Repo
from bot.core.ports import LanguageModel
from bot.core.ranges import Span
from bot.core.replies import Answer, CitedSentence, Notice
from bot.core.rules import cut, one_line
from bot.core.subscriptions import Post

#: Characters of a question, of one commit's line, and of all lines.
QUESTION_MAX: Final = 500
LINE_MAX: Final = 700
LINES_MAX: Final = 60_000
SENTENCES_MAX: Final = 6
SENTENCE_MAX: Final = 400
#: Commits that rules find.
FOUND_MAX: Final = 10

_WORD: Final = re.compile(r"[A-Za-z0-9_./-]{3,60}|[\u4e00-\u9fff]{2,20}")
_COMMON_WORDS: Final = """
    about are any change changed changes commit commits digest did does for from has have how into its list many of
    on our show tell that the their them these they this those touch touches today what when where which who why will
    with yesterday 哪些 这些 什么 有没有 提交 改动 涉及 关于 哪个 影响 是否 今天 昨天 一下 请问
"""
_IN_EVERY_QUESTION: Final = frozenset(_COMMON_WORDS.split())

log = structlog.get_logger()


class _Sentence(BaseModel):
    text: str
    shas: list[str] = []


class Said(BaseModel):
    sentences: list[_Sentence] = []


SCHEMA: Final = {
    "type": "object",
    "properties": {
        "sentences": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"text": {"type": "string"}, "shas": {"type": "array", "items": {"type": "string"}}},
                "required": ["text", "shas"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["sentences"],
    "additionalProperties": False,
}


class Threads:
    """What people ask in the thread of a digest."""

    def __init__(self, *, digests: Digests, model: LanguageModel | None, instructions: str) -> None:
        self._digests = digests
        self._model = model
        self._prompt = Prompt(purpose="question", instructions=instructions, schema=SCHEMA)

    async def answer(self, question: str, post: Post, observer: Observer | None = None) -> Answer | Notice:
        """In the language spoken. Raises as `Digests.of` does."""
        digests = await self._digests.of_days(post.repo, Span(first=post.first, last=post.last), observer)
        entries = [entry for digest in reversed(digests) for entry in digest.entries]
        asked = one_line(question, QUESTION_MAX)
        answer = await self._by_model(asked, post, entries) or _by_rules(asked, post, entries)
        return answer or Notice(text=_("None of the commits in this digest says anything about that."))

    async def _by_model(self, question: str, post: Post, entries: Sequence[Entry]) -> Answer | None:
        """None where there is no model, where it fails, and where nothing stands of what it says."""
        if self._model is None or not entries:
            return None
        settings = {"language": LANGUAGES[spoken()], "repository": str(post.repo), "question": question}
        told = list(_told(entries))
        try:
            answered = await ask(self._model, self._prompt, fenced(settings, listed(map(_line, told))), Said)
        except BotError as error:
            log.warning("question.fell_back", repo=str(post.repo), error=str(error))
            return None
        said = answered.answer.sentences[:SENTENCES_MAX]
        kept = [sentence for one in said if (sentence := _kept(one, told, post.repo, question)) is not None]
        model = answered.provenance(self._prompt.version).model or ""
        log.info("question.answered", repo=str(post.repo), sentences=len(said), kept=len(kept))
        return _answer(post, kept, told, model=model, dropped=len(said) - len(kept)) if kept else None


def _kept(said: _Sentence, told: Sequence[Entry], repo: Repo, question: str) -> CitedSentence | None:
    """The sentence, if it cites commits of the digest and names only what their analyses or the question name."""
    cited = [entry for entry in told if any(_is_named(entry, sha) for sha in said.shas)]
    text = cut(one_line(without_links(said.text), SENTENCE_MAX), SENTENCE_MAX)
    if not cited or not text or is_order(text):
        return None
    sources = [*(line for entry in cited for line in _known(entry)), str(repo), question]
    if verify_lead(text, headlines=sources):
        return None
    return CitedSentence(text=text, shas=tuple(entry.commit.sha for entry in cited))


def _is_named(entry: Entry, sha: str) -> bool:
    return len(sha) >= len(entry.commit.short_sha) and entry.commit.sha.startswith(sha)


def _by_rules(question: str, post: Post, entries: Sequence[Entry]) -> Answer | None:
    """The commits in whose analyses most of the question's words stand, each with its headline."""
    words = {word for word in _WORD.findall(question.casefold()) if word not in _IN_EVERY_QUESTION}
    scores = [(_score(words, entry), entry) for entry in entries]
    best = max((score for score, _entry in scores), default=0)
    found = [entry for score, entry in scores if score == best][:FOUND_MAX] if best else []
    cited = [CitedSentence(text=entry.analysis.headline, shas=(entry.commit.sha,)) for entry in found]
    return _answer(post, cited, found, model="", dropped=0) if cited else None


def _score(words: Collection[str], entry: Entry) -> int:
    known = "\n".join(_known(entry)).casefold()
    return sum(word in known for word in words)


def _answer(post: Post, kept: Sequence[CitedSentence], told: Sequence[Entry], *, model: str, dropped: int) -> Answer:
    cited = {sha for sentence in kept for sha in sentence.shas}
    return Answer(
        repo=post.repo,
        zone=post.last.zone,
        sentences=tuple(kept),
        entries=tuple(entry for entry in told if entry.commit.sha in cited),
        model=model,
        dropped=dropped,
    )


# What the analyses say


def _told(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The most important ones that fit, without those whose headlines speak to a model."""
    free = LINES_MAX
    for entry in sorted(entries, key=lambda entry: -entry.analysis.importance):
        free -= len(_line(entry))
        if free >= 0 and not is_order(entry.analysis.headline):
            yield entry


def _line(entry: Entry) -> str:
    """`8877c46 high fix: headline | summary | paths and components`."""
    analysis = entry.analysis
    head = f"{entry.commit.short_sha} {analysis.importance.name.lower()} {', '.join(analysis.types) or 'change'}"
    return one_line(f"{head}: {' | '.join(part for part in _prose(analysis) if not is_order(part))}", LINE_MAX)


def _known(entry: Entry) -> Iterator[str]:
    """All that a sentence about the commit may name."""
    yield entry.commit.short_sha
    yield entry.commit.subject
    yield from (change_type.value for change_type in entry.analysis.types)
    yield from _prose(entry.analysis)
    yield from (file.path for file in entry.commit.files)


def _prose(analysis: Analysis) -> Iterator[str]:
    yield analysis.headline
    yield from (statement.text for statement in analysis.summary)
    yield from (f"{item.name}: {item.effect}" for item in analysis.scope)
    yield from (risk.risk.text for risk in analysis.risks)
    yield from _insights(analysis.insight)


def _insights(insight: Insight) -> Iterator[str]:
    for statements in (insight.architecture, insight.performance, insight.security):
        yield from (statement.text for statement in statements)
