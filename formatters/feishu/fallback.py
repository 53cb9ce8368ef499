"""A `post`: the rich text that is left where no card is taken. Its texts are shown as they are.

https://open.feishu.cn/document/server-docs/im-v1/message-content-description/create_json#45e0953e
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar, assert_never

from bot.core.language import Language, _, joined, spoken
from bot.core.model import Entry, Repo
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
from formatters import found, health, labels, related
from formatters import wording as say
from formatters.feishu import forms, home, limits, notices
from formatters.feishu.cards import size
from formatters.feishu.elements import Element

T = TypeVar("T")
Line = list[Element]

#: As Feishu names languages.
_LOCALES: Final = {Language.EN: "en_us", Language.ZH: "zh_cn"}
#: Bytes kept for the line that says how many are missing.
_MORE_BYTES: Final = 100


def post(reply: Reply) -> dict[str, Any]:
    """At most 16 KB, and never empty."""
    match reply:
        case DigestView():
            return _digest(reply)
        case RangeView():
            return _range(reply)
        case CommitIndex(digest=of):
            title = f"{of.repo} · {of.day}"
            return _fitting(title, [] if of.entries else [say.quiet(of)], say.ranked(of), _commits_of(of.repo))
        case AnalysisView(entry=entry):
            told = [say.unquoted(statement.text) for statement in say.summary(entry)]
            where = _address(reply.repo, entry)
            return _fitting(_headline(entry, limits.TITLE_MAX), [], told, lambda text: [_words(text)], where=where)
        case SubscriptionList(subscriptions=listed):
            head = [] if listed else [_(say.NO_SUBSCRIPTIONS), labels.command(say.FIRST_SUBSCRIPTION)]
            return _fitting(_(say.SUBSCRIPTIONS) if listed else "", head, listed, _subscription)
        case Home(subscriptions=listed):
            words = home.in_words(reply)
            return _fitting(words if listed else "", [] if listed else [words], listed, _subscription)
        case SettingsForm():
            return _fitting("", [forms.in_words(reply)])
        case FeedbackForm(sha=sha):
            return _fitting("", [health.question(sha)])
        case Report(views=views):
            return _fitting("", [notices.report_in_words(views)])
        case SearchResults(entries=entries):
            return _fitting("", [found.summary(reply)], entries, _commits_of(reply.repo))
        case Answer():
            return _answer(reply)
        case Progress():
            return _fitting("", [say.progress(reply)])
        case Notice(text=words, example=example):
            return _fitting("", [words, labels.command(example) if example else ""])
        case Help():
            return _fitting(_(say.HELP), [], say.GRAMMAR, _example)
        case _:
            assert_never(reply)


def _digest(view: DigestView) -> dict[str, Any]:
    digest = view.digest
    where = _where(say.day_url(digest), digest.repo, digest.day.date.isoformat())
    if not digest.entries:
        return _quiet(view, where)
    title = " · ".join((f"{digest.repo} · {digest.day}", *say.caveats(view)))
    left_out = say.left_out(view.framing, len(digest.entries))
    head = [related.correction(view), joined(say.facts(digest)), say.unquoted(digest.lead), left_out]
    return _fitting(title, head, say.ranked(digest), _commits_of(digest.repo), where=where)


def _range(view: RangeView) -> dict[str, Any]:
    whole = view.whole
    dates = f"{view.first.date.isoformat()}..{view.last.date.isoformat()}"
    where = _where(say.days_url(view.repo, view.first, view.last), view.repo, dates)
    if not whole.entries:
        return _quiet(view, where)
    title = " · ".join((str(view.repo), say.span(view), *say.caveats(view)))
    left_out = say.left_out(view.framing, len(whole.entries))
    head = [related.correction(view), joined(say.facts(whole)), say.unquoted(whole.lead), left_out]
    return _fitting(title, head, view.digests, lambda day: [_words(say.day_counts(day))], where=where)


def _quiet(view: DigestView | RangeView, where: Line) -> dict[str, Any]:
    """One line, and what else there is to say: that it comes late, or where the commits are that it leaves out."""
    head = (say.quiet_line(view), joined(say.delays(view)), related.correction(view))
    return _fitting("", head, where=where if view.framing.left_out else [])


def _where(url: str | None, repo: Repo, dates: str) -> Line:
    """The page of the days, or the command that shows them."""
    if url:
        return [{"tag": "a", "text": labels.on_host(repo.host), "href": url}]
    return [_words(labels.command(f"{dates} {repo}"))]


def _answer(reply: Answer) -> dict[str, Any]:
    where = [_words(found.writer(reply))]
    if reply.sentences:
        return _fitting("", [], reply.sentences, lambda sentence: [_words(say.unquoted(sentence.text))], where=where)
    head = [] if reply.entries else [_(found.NOTHING)]
    return _fitting("", head, reply.entries, _commits_of(reply.repo), where=where)


# Lines


def _words(text: str) -> Element:
    return {"tag": "text", "text": say.cut(say.visible(text), limits.PARAGRAPH_MAX)}


def _link(url: str | None, text: str) -> Element:
    return {"tag": "a", "text": text, "href": url} if url else {"tag": "text", "text": text}


def _commits_of(repo: Repo) -> Callable[[Entry], Line]:
    return lambda entry: _commit(repo, entry)


def _commit(repo: Repo, entry: Entry) -> Line:
    return [{"tag": "text", "text": f"{_headline(entry, limits.LINE_MAX)} · "}, *_address(repo, entry)]


def _headline(entry: Entry, most: int) -> str:
    headline = related.mark(entry) + say.cut(say.unquoted(say.headline(entry)), most)
    return f"{say.ICONS[entry.analysis.importance]} {headline}"


def _address(repo: Repo, entry: Entry) -> Line:
    """Where it can be read, and whose it is."""
    number = entry.commit.pull_request
    if number is None:
        address = _link(repo.commit_url(entry.commit.sha), entry.commit.short_sha)
    else:
        address = _link(repo.pull_request_url(number), f"#{number}")
    author = say.cut(say.author(entry.commit.author), limits.NAME_MAX)
    return [address, {"tag": "text", "text": f" · {author}"}]


def _example(row: tuple[str, str]) -> Line:
    return [_words(labels.command(row[0]) + _(": ") + _(row[1]))]


def _subscription(listed: Listed) -> Line:
    notes = (health.members(listed), *(each.text for each in health.standing(listed)))
    words = _("; ").join(filter(None, (f"{listed.followed}{_(': ')}{say.schedule(listed)}", *notes)))
    return [_words(words)]


def _no_line(_item: object) -> Line:
    return []


def _fitting(
    title: str,
    head: Sequence[str],
    items: Sequence[T] = (),
    line: Callable[[T], Line] = _no_line,
    *,
    where: Line | None = None,
) -> dict[str, Any]:
    """The head, a line for as many items as there is room for, how many there is none for, and where all of it is."""
    shown = [[_words(text)] for text in head if text]
    tail = [where] if where else []
    free = limits.POST_BYTES_MAX - size(_post(title, [*shown, *tail])) - _MORE_BYTES
    for position, item in enumerate(items):
        row = line(item)
        free -= size(row) + 1
        if free < 0:
            return _post(title, [*shown, [_words(say.more_items(len(items) - position))], *tail])
        shown.append(row)
    return _post(title, [*shown, *tail])


def _post(title: str, lines: Sequence[Line]) -> dict[str, Any]:
    return {_LOCALES[spoken()]: {"title": say.cut(say.visible(title), limits.TITLE_MAX), "content": list(lines)}}
