"""A digest as a message, and its index page by page: every commit is listed or one click away."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from bot.core.commands import Retry, ShowIndex
from bot.core.language import _
from bot.core.model import Digest, Entry
from bot.core.replies import CommitIndex, DigestView
from formatters import related
from formatters import wording as say
from formatters.slack import blocks, limits, wording
from formatters.slack.blocks import Block

#: Characters kept for the line that says how many commits are not shown.
_MORE_WEIGHT = 200
#: Commits in one list of an index that has to be a message: at full length they stay below 3,000 characters.
_ROWS = 20
#: Themes of a digest; an analyst finds fewer.
_THEMES = 8

# The message


def message(view: DigestView) -> list[Block]:
    """At most 40 blocks, the most important commits first."""
    digest = view.digest
    if not digest.entries:
        return [*_head(view), blocks.section(say.quiet(digest)), *_footer(digest, complete=True)]
    head = [*_head(view), *lead(digest), *themes(digest), blocks.context(" · ".join(say.facts(digest)))]
    tail = [blocks.context(say.origin(digest)), *_footer(digest, complete=False)]
    listed = _that_fit(digest, around=[*head, *tail])
    left_out = say.ranked(digest)[len(listed) :]
    if left_out:
        return [*head, *_groups(digest, listed), _more(digest, left_out), *tail]
    return [*head, *_groups(digest, listed), tail[0], *_footer(digest, complete=True)]


def title(digest: Digest) -> str:
    date = digest.day.date.isoformat()
    return f"{say.cut(str(digest.repo), limits.HEADER_TEXT_MAX - len(date) - 3)} · {date}"


def _head(view: DigestView) -> list[Block]:
    when = " · ".join((str(view.digest.day), *say.caveats(view)))
    corrected = related.correction(view)
    return [
        blocks.header(title(view.digest)),
        blocks.context(when),
        *([blocks.context(f"{related.MARK} {corrected}")] if corrected else []),
    ]


def lead(digest: Digest) -> list[Block]:
    lead = blocks.prose(digest.lead, limits.STATEMENT_MAX)
    return [blocks.rich(blocks.line(*lead))] if lead else []


def themes(digest: Digest) -> list[Block]:
    items = [blocks.prose(say.theme(theme), limits.SOURCES_MAX) for theme in digest.themes[:_THEMES]]
    return blocks.listing(_(say.THEMES), items, pages=1)


def _that_fit(digest: Digest, *, around: Sequence[Block]) -> Sequence[Entry]:
    """As many commits as the budget holds beside the blocks around them, the most important first."""
    free_blocks = limits.MESSAGE_BLOCKS_MAX - len(around) - 1
    free_characters = limits.MESSAGE_CHARACTERS_MAX - blocks.weight(list(around)) - _MORE_WEIGHT
    listed: list[Entry] = []
    for block, entry in _lines(digest, say.ranked(digest)):
        free_blocks -= 1
        free_characters -= blocks.weight(block)
        if free_blocks < 0 or free_characters < 0:
            break
        if entry is not None:
            listed.append(entry)
    return listed


def _groups(digest: Digest, listed: Iterable[Entry]) -> list[Block]:
    return [block for block, _commit in _lines(digest, listed)]


def _lines(digest: Digest, listed: Iterable[Entry]) -> Iterator[tuple[Block, Entry | None]]:
    """Headings and commits, in the order of the levels."""
    sizes = {level: len(entries) for level, entries in digest.by_importance().items()}
    for level, entries in groupby(listed, key=lambda entry: entry.analysis.importance):
        heading = f"{say.ICONS[level]} {_(say.LEVELS[level])} · {say.commits(sizes[level])}"
        yield blocks.rich(blocks.line(blocks.words(heading, bold=True))), None
        for entry in entries:
            yield blocks.commit(digest.repo, entry, digest.day.zone), entry


def _more(digest: Digest, left_out: Sequence[Entry]) -> Block:
    return blocks.section(_("{more}. {where}", more=say.more(left_out), where=wording.shows_all(digest)))


def _footer(digest: Digest, *, complete: bool) -> list[Block]:
    index = blocks.button(wording.all_commits(digest), "digest.index", ShowIndex(repo=digest.repo, day=digest.day))
    url = say.day_url(digest)
    page = [blocks.browse(wording.on_host(digest.repo.host), url)] if url else []
    elements = [*([] if complete else [index]), *page, *_retry(digest)]
    return [blocks.actions(*elements)] if elements else []


def _retry(digest: Digest) -> list[Block]:
    """Asks the model again for what rules had to write."""
    if not digest.stand_ins:
        return []
    text = wording.retry(len(digest.stand_ins))
    return [blocks.button(text, "digest.retry", Retry(when=digest.day, repo=digest.repo))]


# The index


def index(view: CommitIndex) -> list[Block]:
    """One page, for a modal: each commit with its button, at most 80 of them."""
    if not view.digest.entries:
        return [blocks.section(say.quiet(view.digest))]
    pages = Pages(view)
    return [blocks.context(pages.title), *pages.previous(), *_groups(view.digest, pages.entries), *pages.next()]


def index_message(view: CommitIndex) -> list[Block]:
    """The same page where no modal can open: one line a commit, without buttons of their own."""
    if not view.digest.entries:
        return [blocks.section(say.quiet(view.digest))]
    pages = Pages(view)
    rows = [_row(view.digest, entry) for entry in pages.entries]
    lists = [blocks.rich(blocks.bullets(rows[start : start + _ROWS])) for start in range(0, len(rows), _ROWS)]
    head = [blocks.header(title(view.digest)), blocks.context(pages.title)]
    return [*head, *pages.previous(), *lists, *pages.next()]


def _row(digest: Digest, entry: Entry) -> list[Block]:
    shown = blocks.cut(related.mark(entry) + say.headline(entry), limits.INDEX_LINE_MAX)
    link = blocks.anchor(digest.repo.commit_url(entry.commit.sha), entry.commit.short_sha)
    return [blocks.words(f"{say.ICONS[entry.analysis.importance]} "), link, blocks.words(f" {shown}")]


class Pages:
    """One page of an index among the others; a page beyond the last is the last."""

    def __init__(self, view: CommitIndex) -> None:
        self._digest = view.digest
        self._total = len(view.digest.entries)
        self._page = min(view.page, (self._total - 1) // limits.INDEX_PAGE)
        self._start = self._page * limits.INDEX_PAGE
        self.entries = say.ranked(view.digest)[self._start : self._start + limits.INDEX_PAGE]

    @property
    def title(self) -> str:
        first, last = self._start + 1, self._start + len(self.entries)
        return f"{self._digest.repo} · {self._digest.day} · {wording.page(first, last, self._total)}"

    # Two buttons with one action_id may not stand in one block, so one opens the page and the other ends it.

    def previous(self) -> list[Block]:
        return [self._turn(wording.previous(limits.INDEX_PAGE), self._page - 1)] if self._page else []

    def next(self) -> list[Block]:
        left = self._total - self._start - len(self.entries)
        return [self._turn(wording.following(min(left, limits.INDEX_PAGE)), self._page + 1)] if left else []

    def _turn(self, text: str, page: int) -> Block:
        question = ShowIndex(repo=self._digest.repo, day=self._digest.day, page=page)
        return blocks.actions(blocks.button(text, "index.turn", question))
