"""The buttons below a digest: what can be asked next."""

from collections.abc import Iterator

from bot.core.commands import MakeReport, OpenSettings, Retry, ShowDigest, ShowIndex
from bot.core.language import _
from bot.core.model import Digest, Repo
from bot.core.ranges import DayRange, When
from bot.core.replies import DigestView, Framing, RangeView
from formatters import labels
from formatters import wording as say
from formatters.feishu import elements
from formatters.feishu.drawing import Drawing
from formatters.feishu.elements import Element


def of_digest(view: DigestView, drawing: Drawing, *, complete: bool) -> list[Element]:
    """All of its buttons; that to all commits only where not each of them can be opened already."""
    row = _of_digest(view, complete=complete) if drawing.asks else ()
    return elements.buttons(*row, *pages(view))


def of_range(view: RangeView, drawing: Drawing) -> list[Element]:
    row = _of_range(view) if drawing.asks else ()
    return elements.buttons(*row, *pages(view))


def has_commits(view: DigestView) -> bool:
    """Whether there are any to be asked for, shown or left out."""
    return bool(view.digest.entries or view.framing.left_out)


def all_commits(view: DigestView) -> Element:
    """The index of the day, which has also those that the selection leaves out."""
    digest = view.digest
    text = labels.all_commits(len(digest.entries) + view.framing.left_out)
    return elements.button(text, ShowIndex(repo=digest.repo, day=digest.day))


def pages(view: DigestView | RangeView) -> list[Element]:
    """Where the days can be read: at their host, and in the archive."""
    days = (view.digest,) if isinstance(view, DigestView) else view.digests
    repo, url = days[0].repo, say.days_url(days[0].repo, days[0].day, days[-1].day)
    return [
        *([elements.browse(labels.on_host(repo.host), url)] if url else []),
        *archive(view.framing.address),
    ]


def archive(address: str) -> list[Element]:
    return [elements.browse(_(labels.ARCHIVE), address)] if address else []


def _of_digest(view: DigestView, *, complete: bool) -> Iterator[Element]:
    digest = view.digest
    if not complete:
        yield all_commits(view)
    if has_commits(view):
        yield _report(digest.repo, digest.day)
    yield from _neighbours(digest)
    yield _settings(digest.repo, view.framing)
    yield from _retry(digest, digest.day)


def _of_range(view: RangeView) -> Iterator[Element]:
    when = DayRange(first=view.first, last=view.last)
    whole = view.whole
    if whole.entries or view.framing.left_out:
        yield _report(view.repo, when)
    yield _settings(view.repo, view.framing)
    yield from _retry(whole, when)


def _report(repo: Repo, when: When) -> Element:
    return elements.button(_(labels.REPORT), MakeReport(when=when, repos=(repo,)))


def _neighbours(digest: Digest) -> Iterator[Element]:
    """The day before, and the day after if that has begun."""
    yield _day(digest, -1, "← {}")
    if digest.sealed:
        yield _day(digest, 1, "{} →")


def _day(digest: Digest, distance: int, label: str) -> Element:
    day = digest.day.plus(distance)
    return elements.button(label.format(day.date.isoformat()), ShowDigest(when=day, repo=digest.repo))


def _settings(repo: Repo, framing: Framing) -> Element:
    label = _(labels.SETTINGS) if framing.is_subscribed else _(labels.SUBSCRIBE)
    return elements.button(label, OpenSettings(repo=repo))


def _retry(digest: Digest, when: When) -> Iterator[Element]:
    """Asks the model again for what rules had to write."""
    if digest.stand_ins:
        yield elements.button(labels.retry(len(digest.stand_ins)), Retry(when=when, repo=digest.repo))
