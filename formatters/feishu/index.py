"""All commits of a day, page by page, each in a panel with its button."""

from collections.abc import Sequence
from itertools import islice

from bot.core.commands import ShowIndex
from bot.core.replies import CommitIndex, DigestView
from formatters import labels
from formatters import wording as say
from formatters.feishu import digest, elements, limits, wording
from formatters.feishu.cards import Content
from formatters.feishu.commits import Commits
from formatters.feishu.drawing import Drawing
from formatters.feishu.elements import Element
from formatters.feishu.panels import Form, Listed


def content(reply: CommitIndex, drawing: Drawing) -> Content:
    """One page; one beyond the last is the last."""
    of = reply.digest
    if not of.entries:
        return digest.quiet_line(DigestView(digest=of), [])
    commits = Commits(say.ranked(of), Listed(repo=of.repo, day=of.day, asks=drawing.asks))
    free = drawing.room(_card(reply, 0, 0, _turns(reply, 1, 1, 0)))
    starts = list(islice(commits.starts(free, most=limits.INDEX_PAGE), reply.page + 1))
    start = starts[-1]
    shown = commits.fitting(free, start=start, stop=start + limits.INDEX_PAGE, floor=Form.SHORT)
    turns = _turns(reply, len(starts) - 1, start, shown.stop)
    return _card(reply, start, shown.stop, [*shown.elements(), *(turns if drawing.asks else [])])


def _card(reply: CommitIndex, start: int, stop: int, parts: Sequence[Element]) -> Content:
    total = len(reply.digest.entries)
    title = digest.title(reply.digest)
    everything, which = labels.all_commits(total), wording.part(start + 1, stop, total)
    subtitle = which if which == everything else f"{everything} · {which}"
    return Content(title=title, subtitle=subtitle, summary=f"{title} · {subtitle}", elements=parts)


def _turns(reply: CommitIndex, page: int, start: int, stop: int) -> list[Element]:
    left = len(reply.digest.entries) - stop
    back = [_turn(reply, labels.previous(min(start, limits.INDEX_PAGE)), page - 1)] if start else []
    on = [_turn(reply, labels.following(min(left, limits.INDEX_PAGE)), page + 1)] if left else []
    return elements.buttons(*back, *on)


def _turn(reply: CommitIndex, text: str, page: int) -> Element:
    return elements.button(text, ShowIndex(repo=reply.digest.repo, day=reply.digest.day, page=page))
