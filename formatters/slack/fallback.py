"""The `text` beside the blocks: what screen readers and notifications say, and the last thing left when blocks fail."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar, assert_never

from bot.core.language import _, joined
from bot.core.model import Digest, Entry
from bot.core.replies import (
    AnalysisView,
    CommitIndex,
    DigestView,
    Help,
    ListedSubscription,
    Notice,
    Progress,
    RangeView,
    Reply,
    SubscriptionList,
)
from formatters import related
from formatters import wording as say
from formatters.slack import limits, wording
from formatters.slack.blocks import escape

T = TypeVar("T")

#: Kept for the line that says how many are missing.
_MORE_BYTES: Final = 40


def text(reply: Reply) -> str:
    """At most 3,800 bytes of UTF-8, escaped, and never empty."""
    match reply:
        case DigestView():
            return _digest(reply)
        case RangeView():
            return _range(reply)
        case CommitIndex(digest=digest):
            return _fitting([_title(digest), "" if digest.entries else say.quiet(digest)], say.ranked(digest), _commit)
        case AnalysisView(entry=entry):
            return _fitting([_commit(entry)], say.summary(entry), lambda statement: statement.text)
        case SubscriptionList(subscriptions=listed):
            return _fitting([_(say.SUBSCRIPTIONS) if listed else _(say.NO_SUBSCRIPTIONS)], listed, _subscription)
        case Progress():
            return _fitting([say.progress(reply)])
        case Notice(text=words, example=example):
            return _fitting([words, wording.command(example) if example else ""])
        case Help():
            return _fitting([_(say.HELP)], say.GRAMMAR, lambda row: wording.command(row[0]) + _(": ") + _(row[1]))
        case _:
            assert_never(reply)


def _digest(view: DigestView) -> str:
    digest = view.digest
    title = " · ".join((_title(digest), *say.caveats(view)))
    corrected = related.correction(view)
    facts = [joined(say.facts(digest)), digest.lead] if digest.entries else [say.quiet(digest)]
    return _fitting([title, corrected, *facts], say.ranked(digest), _commit, url=say.day_url(digest) or "")


def _range(view: RangeView) -> str:
    whole = view.whole
    title = f"{view.repo} · {say.span(view)}"
    facts = [joined(say.facts(whole)), whole.lead] if whole.entries else [say.quiet_span(view)]
    return _fitting([title, *facts], view.digests if whole.entries else (), say.day_counts)


def _title(digest: Digest) -> str:
    return f"{digest.repo} · {digest.day}"


def _commit(entry: Entry) -> str:
    number = entry.commit.pull_request
    ends = [f"#{number}"] if number is not None else []
    names = ", ".join([say.cut(say.author(entry.commit.author), limits.NAME_MAX), *ends, entry.commit.short_sha])
    headline = related.mark(entry) + say.cut(say.headline(entry), limits.HEADLINE_MAX)
    return f"{say.ICONS[entry.analysis.importance]} {headline} ({names})"


def _subscription(listed: ListedSubscription) -> str:
    return f"{listed.subscription.terms.repo}{_(': ')}{say.schedule(listed)}"


def _fitting(head: Sequence[str], items: Sequence[T] = (), line: Callable[[T], str] = str, *, url: str = "") -> str:
    """The head, a line for as many items as there is room for, how many there is none for, and the address."""
    shown = [part for part in (_escaped(part, limits.FALLBACK_BYTES_MAX // 4) for part in head) if part]
    tail = [escape(url)] if url else []
    free = limits.FALLBACK_BYTES_MAX - sum(_bytes(part) + 1 for part in [*shown, *tail]) - _MORE_BYTES
    for position, item in enumerate(items):
        row = _escaped(line(item), limits.STATEMENT_MAX)
        free -= _bytes(row) + 1
        if free < 0:
            return "\n".join([*shown, say.more_items(len(items) - position), *tail])
        shown.append(row)
    return "\n".join([*shown, *tail]) or "…"


def _escaped(text: str, limit: int) -> str:
    return escape(say.cut(say.visible(text), limit, weigh=_escaped_bytes))


def _escaped_bytes(character: str) -> int:
    return _bytes(escape(character))


def _bytes(text: str) -> int:
    return len(text.encode())
