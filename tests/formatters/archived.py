"""Pages of the archive to draw, from the samples."""

import dataclasses
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final
from xml.etree import ElementTree as ET

import html5lib

from bot.core import rules
from bot.core.addresses import Addresses
from bot.core.days import Day
from bot.core.errors import BotError, RepositoryNotFound
from bot.core.language import Language
from bot.core.model import (
    Commit,
    CommitDiff,
    Digest,
    Entry,
    FileChange,
    FileStatus,
    KnownCommit,
    Related,
    RelationKind,
    Repo,
    Theme,
)
from bot.core.pages import (
    CalendarPage,
    CommitPage,
    Counts,
    DayPage,
    Feed,
    ListedRepository,
    Page,
    RangePage,
    RepositoriesPage,
    SearchPage,
    Share,
    SharesPage,
)
from bot.core.ranges import Span
from bot.core.replies import AnalysisView, CommitIndex, DigestView, RangeView, Reply
from formatters import html
from tests.formatters import samples
from tests.sample_day import COMMITS

ENGLISH: Final = Addresses(zone=samples.SHANGHAI, language=Language.EN)
CHINESE: Final = dataclasses.replace(ENGLISH, language=Language.ZH)
BASE_URL: Final = "https://digests.example"
WEEK: Final = Span(first=samples.DAY.plus(-2), last=samples.DAY)

_WORKER: Final = "components/src/dynamo/vllm/multimodal_handlers/encode_worker_handler.py"
_PATCH: Final = '''@@ -10,6 +10,6 @@ class EncodeWorkerHandler:
     async def generate(self, request):
-        for item in request.images:
-            media = await self.loader.load(item)  # one by one
+        """All images at once."""
+        media_list = [await self.loader.load(item) for item in request.images]
         if not media_list:
             return

@@ -40,3 +41,4 @@ class EncodeWorkerHandler:
         response = Response(
+            id=f"{request.id}_mm_{idx}",
             mm_hash=digest(media),
         )
@@ -60,2 +62,2 @@
-    MAX_IMAGES = 1
+    MAX_IMAGES = 16
     TIMEOUT = 2.5'''


def diff(entry: Entry, **patches: str) -> CommitDiff:
    return CommitDiff(commit=entry.commit, patches=patches)


def with_themes() -> Digest:
    """The sample day, one of whose commits came late and one of which was reverted."""
    other = KnownCommit(
        sha="1a2b3c4".ljust(40, "0"), committed_at=datetime(2026, 1, 22, 17, tzinfo=UTC), pull_request=5600
    )
    reverted = Related(kind=RelationKind.REVERTS, is_later=True, commit=other)
    changed = {
        samples.IPV6.commit.sha: dataclasses.replace(samples.IPV6, relations=(reverted,)),
        samples.DOCKERFILE.commit.sha: dataclasses.replace(samples.DOCKERFILE, is_late=True),
    }
    entries = tuple(changed.get(entry.commit.sha, entry) for entry in samples.DIGEST.entries)
    theme = Theme(title="Serving with `SGLang`", shas=(samples.IPV6.commit.sha, samples.STREAMING.commit.sha))
    return dataclasses.replace(samples.DIGEST, entries=entries, themes=(theme,))


def another_day(digest: Digest, days: int) -> Digest:
    return dataclasses.replace(digest, day=Day(date=digest.day.plus(days).date, zone=digest.day.zone))


def real_day(language: Language) -> Digest:
    """The facts of a real day, as rules understand them."""
    commits = [_real_commit(number, facts) for number, facts in enumerate(COMMITS)]
    entries = tuple(Entry(commit=commit, analysis=rules.analysis(commit, language)) for commit in commits)
    return dataclasses.replace(samples.DIGEST, entries=entries, lead="", merges=0)


def _real_commit(number: int, facts: Mapping[str, Any]) -> Commit:
    message = "\n\n".join(filter(None, (facts["subject"], facts["body"])))
    made = samples.commit(f"{number:x}".rjust(40, "c"), facts["author_name"], facts["committed_at"], message)
    files = (FileChange(**{**file, "status": FileStatus(file["status"])}) for file in facts["files"])
    return dataclasses.replace(made, files=tuple(files))


def page_of(reply: Reply) -> Page:
    """The page on which an archive shows the same."""
    match reply:
        case DigestView():
            return DayPage(view=reply)
        case CommitIndex(digest=digest):
            return DayPage(view=DigestView(digest=digest))
        case AnalysisView():
            return CommitPage(view=reply, diff=hostile_diff(reply.entry))
        case RangeView():
            return RangePage(view=reply, span=Span(first=reply.first, last=reply.last))
        case _:
            raise LookupError("there is no page of it")


def hostile_diff(entry: Entry) -> CommitDiff:
    """Files that have in them what the message says."""
    lines = entry.commit.message.split("\n")
    body = "\n".join(f"+{line}" for line in lines)
    patch = f"@@ -0,0 +1,{len(lines)} @@ {lines[0]}\n{body}"
    return CommitDiff(commit=entry.commit, patches={file.path: patch for file in entry.commit.files})


def parsed(document: str) -> ET.Element:
    """Raises for whatever the HTML standard calls a parse error."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(document)


def shown(document: str) -> str:
    """Each block on a line of its own, as a reader sees the body."""
    return re.sub(r"[ \n]*\n[ \n]*", "\n", re.sub(" {2,}", " ", "".join(parsed(document).find("body").itertext())))


def skeleton(page: Page) -> list[tuple[str, tuple[str, ...]]]:
    """Its elements with the names of their attributes and where their links lead; not what is highlighted."""
    elements = [element for element in parsed(html.render(page, ENGLISH)).iter() if isinstance(element.tag, str)]
    return [
        (element.tag, (*sorted(element.attrib), element.get("href") or ""))
        for element in elements
        if element.tag not in {"code", "span", "ins", "br"}
    ]


def day_page(digest: Digest) -> DayPage:
    return DayPage(view=DigestView(digest=digest), earlier=date(2026, 1, 20), later=date(2026, 1, 22))


def commit_page(entry: Entry, diff: CommitDiff | None = None, repo: Repo = samples.REPO) -> CommitPage:
    view = dataclasses.replace(samples.opened(entry, repo), previous="a" * 40, next="b" * 40)
    return CommitPage(view=view, diff=diff, day=samples.DAY)


def range_page(*digests: Digest) -> RangePage:
    view = RangeView(repo=digests[0].repo, digests=digests, lead=samples.LEAD)
    return RangePage(view=view, span=Span(first=digests[0].day, last=digests[-1].day))


def year(repo: Repo = samples.REPO) -> CalendarPage:
    days = {
        date(2026, 1, 19): Counts(),
        date(2026, 1, 20): Counts(high=7, medium=9, low=12),
        date(2026, 1, 21): Counts(high=3, medium=2, low=1),
        date(2026, 2, 1): Counts(low=1),
        date(2026, 2, 2): Counts(medium=2, low=4),
        date(2026, 2, 28): Counts(high=1),
    }
    return CalendarPage(repo=repo, zone=samples.SHANGHAI, year=2026, days=days, years=(2024, 2025, 2026))


REPOSITORIES: Final = RepositoriesPage(
    repositories=(
        ListedRepository(repo=samples.REPO, zone=samples.SHANGHAI, days=31, newest=date(2026, 1, 21), commits=1204),
        ListedRepository(
            repo=Repo(owner="octo", name="hello", host="", branches="release/*"),
            zone=samples.SHANGHAI,
            days=1,
            newest=date(2026, 1, 2),
            commits=1,
        ),
    )
)
SHARES: Final = SharesPage(
    repo=samples.REPO,
    zone=samples.SHANGHAI,
    span=WEEK,
    of_authors=True,
    shares=(
        Share(name="Ada", counts=Counts(high=2, medium=3, low=4), additions=1200, deletions=40),
        Share(name="", counts=Counts(low=1), additions=1, deletions=0),
    ),
)
SEARCH: Final = SearchPage(
    repo=samples.REPO,
    zone=samples.SHANGHAI,
    words="images ENGINE",
    entries=(samples.MULTI_IMAGE,),
    total=41,
    page=2,
    pages=3,
)
_QUIET_BEFORE: Final = dataclasses.replace(samples.QUIET, day=samples.DAY.plus(-1))

PAGES: Final[Mapping[str, Page]] = {
    "repositories": REPOSITORIES,
    "no repositories": RepositoriesPage(repositories=()),
    "calendar": year(),
    "calendar of an empty year": CalendarPage(repo=samples.REPO, zone=samples.SHANGHAI, year=2025, days={}, years=()),
    "day": day_page(with_themes()),
    "quiet day": DayPage(view=DigestView(digest=samples.QUIET)),
    "day that is not over": DayPage(view=DigestView(digest=samples.TODAY)),
    "range": range_page(_QUIET_BEFORE, with_themes()),
    "quiet range": range_page(_QUIET_BEFORE, samples.QUIET),
    "commit": commit_page(samples.MULTI_IMAGE, diff(samples.MULTI_IMAGE, **{_WORKER: _PATCH})),
    "commit without its patch": commit_page(samples.IPV6),
    "commit by rules": commit_page(samples.STREAMING, diff(samples.STREAMING)),
    "search": SEARCH,
    "search for nothing yet": SearchPage(repo=samples.REPO, zone=samples.SHANGHAI, words=""),
    "search that finds nothing": SearchPage(repo=samples.REPO, zone=samples.SHANGHAI, words="nothing <b>"),
    "authors": SHARES,
    "areas": dataclasses.replace(SHARES, of_authors=False),
    "areas of no commits": dataclasses.replace(SHARES, of_authors=False, shares=()),
}
FEED: Final = Feed(repo=samples.REPO, zone=samples.SHANGHAI, digests=(with_themes(), another_day(samples.TODAY, -1)))
PROBLEM: Final[BotError] = RepositoryNotFound()
