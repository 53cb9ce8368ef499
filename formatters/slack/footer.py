"""The buttons below a digest: what can be asked next."""

from collections.abc import Iterator

from bot.core.commands import MakeReport, OpenSettings, Retry, ShowDigest, ShowIndex
from bot.core.days import Day
from bot.core.language import _
from bot.core.model import Digest, Repo
from bot.core.ranges import DayRange, When
from bot.core.replies import DigestView, Framing, RangeView
from formatters import labels
from formatters import wording as say
from formatters.slack import blocks, wording
from formatters.slack.blocks import Block


def of_digest(view: DigestView, *, complete: bool) -> list[Block]:
    """All of its buttons; that to all commits only where they are not all there already."""
    digest = view.digest
    return _row(
        *([] if complete else [all_commits(view)]),
        *([_report(digest.repo, digest.day)] if has_commits(view) else []),
        *_neighbours(digest),
        *_about(digest.repo, digest.day, view.framing),
        *page(digest.repo, digest.day, digest.day),
        *archive(view.framing),
        *_retry(digest, digest.day),
    )


def of_range(view: RangeView) -> list[Block]:
    when = DayRange(first=view.first, last=view.last)
    whole = view.whole
    return _row(
        *([_report(view.repo, when)] if whole.entries or view.framing.left_out else []),
        *_about(view.repo, when, view.framing),
        *page(view.repo, view.first, view.last),
        *archive(view.framing),
        *_retry(whole, when),
    )


def has_commits(view: DigestView) -> bool:
    """Whether there are any to be asked for, shown or left out."""
    return bool(view.digest.entries or view.framing.left_out)


def all_commits(view: DigestView) -> Block:
    """The index of the day, which has also those that the selection leaves out."""
    digest = view.digest
    text = labels.all_commits(len(digest.entries) + view.framing.left_out)
    return blocks.button(text, "digest.index", ShowIndex(repo=digest.repo, day=digest.day))


def page(repo: Repo, first: Day, last: Day) -> list[Block]:
    url = say.days_url(repo, first, last)
    return [blocks.browse(labels.on_host(repo.host), url)] if url else []


def archive(framing: Framing) -> list[Block]:
    """Its page, where there is one."""
    if not framing.address:
        return []
    return [{**blocks.browse(_(labels.ARCHIVE), framing.address), "action_id": "digest.archive"}]


def _row(*elements: Block) -> list[Block]:
    return [blocks.actions(*elements)] if elements else []


def _report(repo: Repo, when: When) -> Block:
    return blocks.button(_(labels.REPORT), "digest.report", MakeReport(when=when, repos=(repo,)))


def _neighbours(digest: Digest) -> Iterator[Block]:
    """The day before, and the day after if that has begun."""
    yield _day(digest, -1, "← {}", "digest.day.previous")
    if digest.sealed:
        yield _day(digest, 1, "{} →", "digest.day.next")


def _day(digest: Digest, distance: int, label: str, action: str) -> Block:
    day = digest.day.plus(distance)
    question = ShowDigest(when=day, repo=digest.repo)
    return blocks.button(label.format(day.date.isoformat()), action, question, wording.digest_of(day))


def _about(repo: Repo, when: When, framing: Framing) -> Iterator[Block]:
    if framing.is_private:
        yield blocks.button(_(wording.SHARE), "digest.share", ShowDigest(when=when, repo=repo))
    label = _(labels.SETTINGS) if framing.is_subscribed else _(labels.SUBSCRIBE)
    yield blocks.button(label, "digest.settings", OpenSettings(repo=repo))


def _retry(digest: Digest, when: When) -> list[Block]:
    """Asks the model again for what rules had to write."""
    if not digest.stand_ins:
        return []
    text = labels.retry(len(digest.stand_ins))
    return [blocks.button(text, "digest.retry", Retry(when=when, repo=digest.repo))]
