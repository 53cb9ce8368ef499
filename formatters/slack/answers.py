"""An answer to a question about a digest: sentences that cite commits, and the commits."""

from collections.abc import Iterator

from bot.core.language import _
from bot.core.replies import Answer, CitedSentence
from formatters import found
from formatters.slack import blocks, limits, search
from formatters.slack.blocks import Block, Item

#: Blocks of `SECTION_TEXT_MAX` characters that the sentences may fill.
_PAGES = 1


def message(reply: Answer) -> list[Block]:
    said = blocks.listing(_("Answer"), (list(_sentence(reply, sentence)) for sentence in reply.sentences), pages=_PAGES)
    nothing = [blocks.section(_(found.NOTHING))]
    head = said or ([] if reply.entries else nothing)
    tail = [blocks.context(found.writer(reply))]
    return [*head, *search.rows(reply.repo, reply.entries, around=[*head, *tail]), *tail]


def _sentence(reply: Answer, sentence: CitedSentence) -> Iterator[Block]:
    words: Item = blocks.prose(sentence.text, limits.STATEMENT_MAX)
    yield from words
    for sha in sentence.shas[:5]:
        yield blocks.words(" ")
        yield blocks.anchor(reply.repo.commit_url(sha), sha[:7])
