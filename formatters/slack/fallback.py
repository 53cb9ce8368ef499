"""The `text` beside the blocks: what screen readers and notifications say, and the last thing left when blocks fail."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar, assert_never

from bot.core.language import _, enumerated, joined
from bot.core.model import Digest, Entry
from bot.core.replies import (
    AnalysisView,
    Answer,
    CommitIndex,
    DigestView,
    FeedbackForm,
    Help,
    Home,
    Listed,
    Notice,
    Progress,
    RangeView,
    Reply,
    Report,
    SearchResults,
    SettingsForm,
    SubscriptionList,
)
from formatters import fields, found, health, labels, related
from formatters import wording as say
from formatters.slack import home, limits
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
            return _fitting([_commit(entry)], say.summary(entry), lambda statement: say.unquoted(statement.text))
        case SubscriptionList(subscriptions=listed):
            if not listed:
                return _fitting([_(say.NO_SUBSCRIPTIONS), labels.command(say.FIRST_SUBSCRIPTION)])
            return _fitting([_(say.SUBSCRIPTIONS)], listed, _subscription)
        case Home(subscriptions=listed):
            return _fitting([home.in_words(reply)], listed, _subscription)
        case SettingsForm():
            return _fitting([fields.in_words(reply)])
        case FeedbackForm():
            return _fitting([health.question(reply.sha)])
        case Report(views=views):
            return _fitting(
                [_("The report comes as a file: {days}", days=enumerated([_about(view) for view in views]))]
            )
        case SearchResults(entries=entries):
            return _fitting([found.summary(reply)], entries, _commit)
        case Answer(sentences=sentences):
            writer = say.cut(found.writer(reply), limits.SOURCES_MAX, weigh=_escaped_bytes)
            if sentences:
                return _fitting([], sentences, lambda sentence: say.unquoted(sentence.text), where=writer)
            return _fitting([] if reply.entries else [_(found.NOTHING)], reply.entries, _commit, where=writer)
        case Progress():
            return _fitting([say.progress(reply)])
        case Notice(text=words, example=example):
            return _fitting([words, labels.command(example) if example else ""])
        case Help():
            return _fitting([_(say.HELP)], say.GRAMMAR, lambda row: labels.command(row[0]) + _(": ") + _(row[1]))
        case _:
            assert_never(reply)


def thread(digest: Digest, numbers: Sequence[int]) -> Iterator[str]:
    """A text for each message of a thread, of which each has so many commits."""
    ranked, start = say.ranked(digest), 0
    for number in numbers:
        page = labels.page(start + 1, start + number, len(ranked))
        yield _fitting([f"{_title(digest)} · {page}"], ranked[start : start + number], _commit)
        start += number


def _digest(view: DigestView) -> str:
    digest = view.digest
    where = say.day_url(digest) or labels.command(f"{digest.day.date.isoformat()} {digest.repo}")
    if not digest.entries:
        return _quiet(view, where)
    title = " · ".join((_title(digest), *say.caveats(view)))
    left_out = say.left_out(view.framing, len(digest.entries))
    facts = [joined(say.facts(digest)), say.unquoted(digest.lead), left_out]
    return _fitting([title, related.correction(view), *facts], say.ranked(digest), _commit, where=where)


def _range(view: RangeView) -> str:
    whole = view.whole
    dates = f"{view.first.date.isoformat()}..{view.last.date.isoformat()}"
    where = say.days_url(view.repo, view.first, view.last) or labels.command(f"{dates} {view.repo}")
    if not whole.entries:
        return _quiet(view, where)
    title = " · ".join((str(view.repo), say.span(view), *say.caveats(view)))
    facts = [joined(say.facts(whole)), say.unquoted(whole.lead), say.left_out(view.framing, len(whole.entries))]
    return _fitting([title, related.correction(view), *facts], view.digests, say.day_counts, where=where)


def _quiet(view: DigestView | RangeView, where: str) -> str:
    """One line, and what else there is to say: that it comes late, or where the commits are that it leaves out."""
    head = (say.quiet_line(view), joined(say.delays(view)), related.correction(view))
    return _fitting(head, where=where if view.framing.left_out else "")


def _title(digest: Digest) -> str:
    return f"{digest.repo} · {digest.day}"


def _commit(entry: Entry) -> str:
    number = entry.commit.pull_request
    ends = [f"#{number}"] if number is not None else []
    names = ", ".join([say.cut(say.author(entry.commit.author), limits.NAME_MAX), *ends, entry.commit.short_sha])
    headline = related.mark(entry) + say.cut(say.unquoted(say.headline(entry)), limits.HEADLINE_MAX)
    return f"{say.ICONS[entry.analysis.importance]} {headline} ({names})"


def _about(view: DigestView | RangeView) -> str:
    return _title(view.digest) if isinstance(view, DigestView) else f"{view.repo} · {say.span(view)}"


def _subscription(listed: Listed) -> str:
    notes = (health.members(listed), *(each.text for each in health.standing(listed)))
    return _("; ").join(filter(None, (f"{listed.followed}{_(': ')}{say.schedule(listed)}", *notes)))


def _fitting(head: Sequence[str], items: Sequence[T] = (), line: Callable[[T], str] = str, *, where: str = "") -> str:
    """The head, a line for as many items as there is room for, how many there is none for, and where all of it is."""
    shown = [part for part in (_escaped(part, limits.FALLBACK_BYTES_MAX // 4) for part in head) if part]
    tail = [escape(where)] if where else []
    free = limits.FALLBACK_BYTES_MAX - sum(_bytes(part) + 1 for part in [*shown, *tail]) - _MORE_BYTES
    for position, item in enumerate(items):
        row = _escaped(line(item), limits.STATEMENT_MAX)
        free -= _bytes(row) + 1
        if free < 0:
            return "\n".join([*shown, say.more_items(len(items) - position), *tail])
        shown.append(row)
    return "\n".join([*shown, *tail]) or "…"


def _escaped(text: str, limit: int) -> str:
    shown = say.visible(text)
    escaped = escape(shown)
    return escaped if _bytes(escaped) <= limit else escape(say.cut(shown, limit, weigh=_escaped_bytes))


def _escaped_bytes(character: str) -> int:
    return _bytes(escape(character))


def _bytes(text: str) -> int:
    return len(text.encode())
