"""All commits of a day, page by page."""

import sys

from bot.core.commands import ShowIndex
from bot.core.model import Digest, Entry
from bot.core.replies import CommitIndex
from formatters import labels, related
from formatters import wording as say
from formatters.slack import blocks, digest, limits
from formatters.slack.blocks import Block
from formatters.slack.budget import Budget
from formatters.slack.commits import Commits

#: Commits in one list of an index that has to be a message: at full length they stay below 3,000 characters.
_ROWS = 20


def view(reply: CommitIndex) -> list[Block]:
    """One page, for a modal: each commit with its button, at most 80 of them."""
    if not reply.digest.entries:
        return [blocks.section(say.quiet(reply.digest))]
    pages = Pages(reply)
    return [blocks.context(pages.title), *pages.previous(), *pages.groups(), *pages.next()]


def message(reply: CommitIndex) -> list[Block]:
    """The same page where no modal can open: one line a commit, without buttons of their own."""
    if not reply.digest.entries:
        return [blocks.section(say.quiet(reply.digest))]
    pages = Pages(reply)
    rows = [_row(reply.digest, entry) for entry in pages.entries]
    lists = [blocks.rich(blocks.bullets(rows[start : start + _ROWS])) for start in range(0, len(rows), _ROWS)]
    head = [blocks.header(digest.title(reply.digest)), blocks.context(pages.title)]
    return [*head, *pages.previous(), *lists, *pages.next()]


def _row(of: Digest, entry: Entry) -> list[Block]:
    headline = blocks.prose(related.mark(entry) + say.headline(entry), limits.INDEX_LINE_MAX)
    link = blocks.anchor(of.repo.commit_url(entry.commit.sha), entry.commit.short_sha)
    return [blocks.words(f"{say.ICONS[entry.analysis.importance]} "), link, blocks.words(" "), *headline]


class Pages:
    """One page of an index among the others; a page beyond the last is the last."""

    def __init__(self, reply: CommitIndex) -> None:
        self._digest = reply.digest
        self._commits = Commits(reply.digest)
        self._total = len(reply.digest.entries)
        self._page = min(reply.page, (self._total - 1) // limits.INDEX_PAGE)
        self._start = self._page * limits.INDEX_PAGE
        self._stop = min(self._start + limits.INDEX_PAGE, self._total)

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self._commits.all[self._start : self._stop]

    def groups(self) -> list[Block]:
        room = Budget(blocks_max=limits.VIEW_BLOCKS_MAX, characters_max=sys.maxsize)
        return self._commits.fitting(room, start=self._start, stop=self._stop).blocks

    @property
    def title(self) -> str:
        return f"{self._digest.repo} · {self._digest.day} · {labels.page(self._start + 1, self._stop, self._total)}"

    # Two buttons with one action_id may not stand in one block, so one opens the page and the other ends it.

    def previous(self) -> list[Block]:
        return [self._turn(labels.previous(limits.INDEX_PAGE), self._page - 1)] if self._page else []

    def next(self) -> list[Block]:
        left = self._total - self._stop
        return [self._turn(labels.following(min(left, limits.INDEX_PAGE)), self._page + 1)] if left else []

    def _turn(self, text: str, page: int) -> Block:
        question = ShowIndex(repo=self._digest.repo, day=self._digest.day, page=page)
        return blocks.actions(blocks.button(text, "index.turn", question))
