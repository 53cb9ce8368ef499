"""An answer to a question about a digest: sentences that cite commits, and the commits."""

from typing import Final

from bot.core.language import _
from bot.core.model import Repo
from bot.core.replies import Answer, CitedSentence
from formatters import found
from formatters import wording as say
from formatters.feishu import elements, limits, search
from formatters.feishu.cards import Content
from formatters.feishu.elements import Element
from formatters.feishu.text import link, prose

#: Commits that one sentence cites.
_CITED: Final = 5
#: Sentences; no answer should need as many.
_SENTENCES: Final = 8


def content(reply: Answer) -> Content:
    writer = elements.note(found.writer(reply))
    around = Content(title="", summary=_summary(reply), elements=[*_said(reply), writer])
    return search.with_commits(around, reply.repo, reply.zone, reply.entries)


def _summary(reply: Answer) -> str:
    if reply.sentences:
        return say.unquoted(reply.sentences[0].text)
    return found.writer(reply) if reply.entries else _(found.NOTHING)


def _said(reply: Answer) -> list[Element]:
    if reply.sentences:
        lines = [_sentence(reply.repo, sentence) for sentence in reply.sentences[:_SENTENCES]]
        left_out = len(reply.sentences) - len(lines)
        more = [elements.note(say.more_items(left_out))] if left_out else []
        return [elements.markdown("\n\n".join(lines)), *more]
    return [] if reply.entries else [elements.paragraph(_(found.NOTHING))]


def _sentence(repo: Repo, sentence: CitedSentence) -> str:
    cited = (link(repo.commit_url(sha), sha[:7]) for sha in sentence.shas[:_CITED])
    return " ".join([prose(sentence.text, limits.STATEMENT_MAX), *cited])
