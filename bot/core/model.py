"""The values of the product: what a repository says is a fact, what an analyst says is an opinion with provenance."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Final

from bot.core.branches import is_pattern
from bot.core.days import Day
from bot.core.errors import NotUnderstood
from bot.core.language import Language, _

# Facts: what a repository says

_REPOSITORY: Final = re.compile(
    r"(?:https?://(?P<host>[\w.-]+)/)?(?P<owner>[A-Za-z0-9][A-Za-z0-9_.-]{0,99})/(?P<name>[A-Za-z0-9_.-]{1,100}?)(?:\.git)?/?"
    r"(?:@(?P<branches>.*))?"
)
#: GitHub appends the number of the pull request to the subject of a squash merge; the last one is this merge's own.
_SQUASH_PULL_REQUEST: Final = re.compile(r"\(#(\d+)\)\s*$")
_MERGE_PULL_REQUEST: Final = re.compile(r"^Merge pull request #(\d+) from ")
_CO_AUTHOR: Final = re.compile(
    r"^co-authored-by:\s*(?P<name>[^<\n]*?)\s*<(?P<email>[^>\n]*)>\s*$", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Repo:
    """A repository; its name with other capitals is the same one, as its host sees it.

    `host` is empty for one that lives on this machine only, and then nothing can link to it. `branches` are the ones
    followed, as `bot.core.branches` reads them, and part of what it is: its days are days of those branches. Commits
    and what is known of them belong to the `whole` repository.
    """

    owner: str
    name: str
    host: str = "github.com"
    #: A pattern such as `release/*`; empty for the default branch.
    branches: str = ""

    @classmethod
    def parse(cls, text: str, *, host: str | None = None) -> "Repo":
        """`owner/name` or the address of its page, and `@` with branches after it. Raises NotUnderstood.

        `host` is the only one whose addresses are taken; None: any is, and `owner/name` lives at github.com.
        """
        match = _REPOSITORY.fullmatch(text.strip())
        if match is None or match["name"] in {".", ".."}:
            raise NotUnderstood(
                _("“{text}” is not a repository: write owner/name.", text=text), example="yesterday ai-dynamo/dynamo"
            )
        named = (match["host"] or "").casefold().removeprefix("www.")
        if host is not None and named not in {"", host.casefold()}:
            # What is called the same at our host would be read, and linked to at the other one.
            elsewhere = _("“{text}” is at another host: I read repositories of {host}.", text=text, host=host)
            raise NotUnderstood(elsewhere, example=f"yesterday {match['owner']}/{match['name']}")
        lives = host if host is not None else named or "github.com"
        whole = cls(owner=match["owner"], name=match["name"], host=lives)
        return whole if match["branches"] is None else whole.with_branches(match["branches"])

    def with_branches(self, pattern: str) -> "Repo":
        """The same repository, of which those branches are followed. Raises NotUnderstood."""
        if not is_pattern(pattern):
            raise NotUnderstood(
                _("“{text}” is not a pattern of branch names: write release/* or main.", text=pattern),
                example=f"subscribe {self.whole} branch release/*",
            )
        return replace(self, branches=pattern)

    @property
    def whole(self) -> "Repo":
        """The repository itself, whatever branches of it are followed."""
        return replace(self, branches="") if self.branches else self

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"

    def __str__(self) -> str:
        return f"{self.full_name}@{self.branches}" if self.branches else self.full_name

    @property
    def key(self) -> tuple[str, str, str]:
        return self.host, self.full_name.casefold(), self.branches

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Repo) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def url(self) -> str | None:
        return f"https://{self.host}/{self.owner}/{self.name}" if self.host else None

    def commit_url(self, sha: str) -> str | None:
        return f"{self.url}/commit/{sha}" if self.host else None

    def pull_request_url(self, number: int) -> str | None:
        return f"{self.url}/pull/{number}" if self.host else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody as a commit names them; neither part is verified by anybody."""

    name: str
    email: str


class FileStatus(StrEnum):
    """As GitHub names them: https://docs.github.com/en/rest/commits/commits#get-a-commit"""

    ADDED = "added"
    REMOVED = "removed"
    MODIFIED = "modified"
    RENAMED = "renamed"
    COPIED = "copied"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    path: str
    status: FileStatus
    #: Lines; None for a binary file, which has none (one that was moved has 0), and for a file that could not be read.
    additions: int | None
    deletions: int | None
    #: Where a renamed or copied file came from.
    previous_path: str | None = None

    @property
    def churn(self) -> int:
        return (self.additions or 0) + (self.deletions or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitRef:
    """One line of a listing: enough to decide what to read."""

    sha: str
    parents: tuple[str, ...]
    committed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What a repository says of one commit. Instants are in UTC; text is whatever somebody wrote, and never trusted."""

    #: 40 hexadecimal digits.
    sha: str
    parents: tuple[str, ...]
    author: Person
    authored_at: datetime
    committer: Person
    committed_at: datetime
    #: Whole, without trailing line breaks; bytes that are no UTF-8 have become U+FFFD.
    message: str
    #: Against the first parent, in the order of their paths.
    files: tuple[FileChange, ...] = ()
    #: The source could not name all files (GitHub stops at 3,000).
    files_truncated: bool = False
    #: Of its pull request; only GitHub has them, and only where they are asked for.
    labels: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        return self.message.split("\n", 1)[0].strip()

    @property
    def body(self) -> str:
        return self.message.partition("\n")[2].strip()

    @property
    def short_sha(self) -> str:
        return self.sha[:7]

    @property
    def is_merge(self) -> bool:
        return len(self.parents) > 1

    @property
    def pull_request(self) -> int | None:
        match = _SQUASH_PULL_REQUEST.search(self.subject) or _MERGE_PULL_REQUEST.search(self.subject)
        return int(match[1]) if match else None

    @property
    def co_authors(self) -> tuple[Person, ...]:
        """Whom the Co-authored-by trailers name, each once, without the author."""
        named = [Person(name=match["name"], email=match["email"]) for match in _CO_AUTHOR.finditer(self.body)]
        return tuple(person for person in dict.fromkeys(named) if person.email != self.author.email)

    @property
    def additions(self) -> int:
        return sum(file.additions or 0 for file in self.files)

    @property
    def deletions(self) -> int:
        return sum(file.deletions or 0 for file in self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitDiff:
    """A commit with its patches: what an analyst reads."""

    commit: Commit
    #: By path, from the first `@@`, without a trailing line break. Binary files, files without changed lines and
    #: patches over the source's limits have none.
    patches: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The instants (UTC) of a repository's oldest and newest commit on the branch followed."""

    first: datetime
    last: datetime


# Opinions: what an analyst says


class ChangeType(StrEnum):
    FEATURE = "feature"
    FIX = "fix"
    PERFORMANCE = "performance"
    REFACTOR = "refactor"
    ARCHITECTURE = "architecture"
    DOCS = "docs"
    TEST = "test"
    BUILD = "build"
    CI = "ci"
    DEPENDENCY = "dependency"
    SECURITY = "security"
    REVERT = "revert"
    CHORE = "chore"


class Importance(IntEnum):
    LOW = 1
    MEDIUM = 2
    HIGH = 3


class ImportanceRule(StrEnum):
    """The rules that can make a commit highly important."""

    #: API, command line, configuration, wire format or schema.
    CONTRACT = "contract"
    #: Users observe something else.
    BEHAVIOUR = "behaviour"
    #: Performance, capacity or security assumptions change.
    ASSUMPTION = "assumption"
    #: Deployment, migration, major dependency.
    OPERATIONS = "operations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    importance: Importance
    #: What gives it, in words: `api paths changed: lib/llm/src/protocols.rs`.
    reason: str
    #: The named rule; high needs one.
    rule: ImportanceRule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    path: str
    #: From 1, in the order of the patch.
    hunk: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    text: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeItem:
    #: A path or a component.
    name: str
    #: What happens there.
    effect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    architecture: tuple[Statement, ...] = ()
    performance: tuple[Statement, ...] = ()
    security: tuple[Statement, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.architecture or self.performance or self.security)


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    risk: Statement
    consequence: str
    mitigation: str


class AdviceKind(StrEnum):
    CHECK = "check"
    TEST = "test"
    DOCUMENT = "document"
    MONITOR = "monitor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    kind: AdviceKind
    text: str
    #: Names in it that the commit does not have: what it proposes to make.
    proposes: tuple[str, ...] = ()


class AnalystKind(StrEnum):
    RULES = "rules"
    MODEL = "model"


class FallbackReason(StrEnum):
    """Why rules wrote what the model had been asked for."""

    TIMEOUT = "timeout"
    RATE_LIMIT = "rate limit"
    UNREACHABLE = "no answer"
    REFUSED = "refused"
    INVALID_ANSWER = "invalid answer"
    BUDGET = "budget spent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    analyst: AnalystKind
    #: Of the rules (`rules 1`), or of the prompt (first 12 hexadecimal digits of its SHA-256).
    version: str
    #: As the model's host names it; None for rules.
    model: str | None = None
    #: Set when the model had been asked and rules had to answer.
    fallback: FallbackReason | None = None
    #: Changed lines that the analyst was shown, of all changed lines.
    lines_shown: int = 0
    lines_changed: int = 0
    #: Statements that the model made, and those that its commit bears out; advice is not counted, since it proposes.
    statements_made: int = 0
    statements_kept: int = 0
    #: Questions that it took: more than one for a diff that was read in parts, or an answer that had to be repaired.
    calls: int = 0
    #: Tokens of all of them, as the model's host counted them.
    prompt_tokens: int = 0
    completion_tokens: int = 0
    #: US dollars of all of them; None where no price is known.
    price: float | None = None
    #: Secrets that were taken out of the diff before it left.
    redactions: int = 0
    #: Lines of the commit that spoke to a model, and were not shown to it.
    withheld: int = 0

    @property
    def coverage(self) -> float:
        """Of the changed lines, the share that was shown to the analyst, from 0 to 1."""
        return self.lines_shown / self.lines_changed if self.lines_changed else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """One analyst's reading of one commit. Text is Markdown-free prose; identifiers may stand between backticks."""

    sha: str
    types: tuple[ChangeType, ...]
    rating: Rating
    #: One sentence.
    headline: str
    summary: tuple[Statement, ...] = ()
    scope: tuple[ScopeItem, ...] = ()
    insight: Insight = Insight()
    risks: tuple[Risk, ...] = ()
    advice: tuple[Advice, ...] = ()
    #: The author's own words, shown as a quotation; only rules quote.
    quotation: str = ""
    #: Of the prose. The original is never translated twice: a translation is made from the original.
    language: Language = Language.EN
    #: The original's, in a translation.
    translated_from: Language | None = None
    #: Somebody asked for all parts, whatever the importance.
    is_deep: bool = False
    provenance: Provenance

    @property
    def importance(self) -> Importance:
        return self.rating.importance

    @property
    def can_be_deepened(self) -> bool:
        """Whether the model, which is there, would write more if somebody asked."""
        return (
            self.provenance.analyst is AnalystKind.MODEL and self.importance is not Importance.HIGH and not self.is_deep
        )


# Digests


class RelationKind(StrEnum):
    """What the first commit is to the second."""

    REVERTS = "reverts"
    RELANDS = "relands"
    FOLLOWS_UP = "follows up"
    BACKPORTS = "backports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    kind: RelationKind
    sha: str
    other_sha: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCommit:
    """A stored commit, as far as others refer to it."""

    sha: str
    committed_at: datetime
    pull_request: int | None = None
    #: As `bot.core.relations.subject_key` makes it.
    subject_key: str = ""
    #: As `bot.core.patch_id` makes it; empty where there is none.
    patch_id: str = ""

    @property
    def short_sha(self) -> str:
        return self.sha[:7]


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """Another commit and what it has to do with an entry's."""

    kind: RelationKind
    #: The other commit is the one that reverts, lands again, …: `reverted by`. Else the entry's own is: `reverts`.
    is_later: bool
    commit: KnownCommit


#: What decides whether a commit is still in force.
_FATES: Final = frozenset({RelationKind.REVERTS, RelationKind.RELANDS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    commit: Commit
    analysis: Analysis
    #: It belongs to an earlier day, whose digest was sealed before it showed up.
    is_late: bool = False
    #: What it has to do with other stored commits, the oldest of those first.
    relations: tuple[Related, ...] = ()

    @property
    def is_reverted(self) -> bool:
        """It was taken back, and nothing has brought it again since."""
        fates = [other for other in self.relations if other.is_later and other.kind in _FATES]
        return bool(fates) and fates[-1].kind is RelationKind.REVERTS


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedDay:
    """The exact commits of a finished day, newest first."""

    shas: tuple[str, ...]
    #: Merge commits of the day that bring in commits listed on their own; they are not analysed again.
    merges: tuple[str, ...]
    sealed_at: datetime
    #: Those of `shas` that belong to an earlier day.
    late: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """What several commits of a digest have in common."""

    title: str
    shas: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """What a day means, in two or three sentences without links and counts."""

    text: str
    themes: tuple[Theme, ...] = ()
    language: Language = Language.EN
    #: The original's, in a translation.
    translated_from: Language | None = None
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    repo: Repo
    day: Day
    #: Newest first.
    entries: tuple[Entry, ...]
    #: How many merge commits were left out because what they bring in is listed anyway.
    merges: int = 0
    #: The instant (UTC) up to which the source knows the day.
    as_of: datetime
    #: The day is over and its list of commits is final.
    sealed: bool
    lead: str = ""
    themes: tuple[Theme, ...] = ()

    def by_importance(self) -> Mapping[Importance, Sequence[Entry]]:
        """High first, newest first within each; levels without commits are there too."""
        return {
            level: [entry for entry in self.entries if entry.analysis.importance is level]
            for level in sorted(Importance, reverse=True)
        }

    @property
    def stand_ins(self) -> tuple[Entry, ...]:
        """Those that rules wrote because the model failed."""
        return tuple(entry for entry in self.entries if entry.analysis.provenance.fallback is not None)

    @property
    def authors(self) -> tuple[str, ...]:
        """Names, each once, the most active first."""
        return tuple(name for name, _ in Counter(entry.commit.author.name for entry in self.entries).most_common())

    @property
    def additions(self) -> int:
        return sum(entry.commit.additions for entry in self.entries)

    @property
    def deletions(self) -> int:
        return sum(entry.commit.deletions for entry in self.entries)
