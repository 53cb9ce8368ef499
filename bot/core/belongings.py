"""Everything that a workspace owns, as lines of JSON that another database can take in.

The first line says whose it is, the last one how many rows there are, so that nobody takes half of it for the whole.
Rows name no workspace and no number: they belong to whom the first line says, and refer to each other by what they are.
"""

import json
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal, Protocol, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from bot.core.days import parse_zone
from bot.core.errors import BotError, NotUnderstood
from bot.core.language import N_, Language, _
from bot.core.model import Repo
from bot.core.patterns import RepoPattern, is_names
from bot.core.subscriptions import DeliveryState, Platform, QuietDays, Selection, Verdict

VERSION: Final = 1
#: Bytes of a line, of which the longest are reasons and conditions.
LINE_MAX: Final = 1_000_000
TEXT_MAX: Final = 100_000
CONDITIONS_MAX: Final = 1_000
#: Rows that are in memory at once.
BATCH: Final = 500
#: Why what was being posted when it was exported is uncertain.
UNDER_WAY: Final = N_("It was being sent when it was exported.")

T = TypeVar("T")
_Id = Annotated[str, Field(min_length=1, max_length=100)]
_Instant = Annotated[AwareDatetime, Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))]
_Date = Annotated[date, Field(ge=date(1970, 1, 1), lt=date(2200, 1, 1))]
_Text = Annotated[str, Field(max_length=TEXT_MAX)]


class ExportInvalid(BotError):
    """That is not a whole export of a workspace."""


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Header(_Line):
    """Whose the rows are."""

    kind: Literal["workspace"] = "workspace"
    version: int
    platform: Platform
    workspace: _Id
    #: For who reads the file.
    left_out: str = ""


class End(_Line):
    kind: Literal["end"] = "end"
    rows: int


class RepoRow(_Line):
    host: Annotated[str, Field(max_length=255)]
    owner: Annotated[str, Field(max_length=120)]
    name: Annotated[str, Field(max_length=120)]
    branches: Annotated[str, Field(max_length=100)]

    @property
    def repo(self) -> Repo:
        return Repo(owner=self.owner, name=self.name, host=self.host, branches=self.branches)

    @field_validator("branches")
    @classmethod
    def _is_pattern(cls, value: str) -> str:
        return _understood(lambda: Repo(owner="octo", name="hello").with_branches(value) and value) if value else value

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, value: str, info: Any) -> str:
        owner = info.data.get("owner", "")
        if str(_understood(lambda: Repo.parse(f"{owner}/{value}", host=""))) != f"{owner}/{value}":
            raise ValueError("is not the name of a repository")
        return value


class _OfRepo(_Line):
    repo: RepoRow


class PatternRow(_Line):
    host: Annotated[str, Field(max_length=255)]
    owner: Annotated[str, Field(max_length=120)]
    names: Annotated[str, Field(max_length=120)]

    @property
    def pattern(self) -> RepoPattern:
        return RepoPattern(owner=self.owner, names=self.names, host=self.host)

    @field_validator("names")
    @classmethod
    def _is_a_pattern(cls, value: str, info: Any) -> str:
        owner = info.data.get("owner", "")
        pattern = _understood(lambda: RepoPattern.parse(f"{owner}/{value}"))
        if "*" not in value or str(pattern) != f"{owner}/{value}":
            raise ValueError("is not a pattern of names")
        return value


class _AskedForRow(_Line):
    channel: _Id
    at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    zone: Annotated[str, Field(max_length=60)]
    subscriber: Annotated[str, Field(max_length=100)]
    language: Language
    created_at: _Instant
    broken: _Text
    broken_since: _Instant | None
    days: Annotated[str, Field(min_length=1, pattern=r"^0?1?2?3?4?5?6?$")]
    selection: Selection
    quiet: QuietDays
    in_thread: bool
    paused_since: _Instant | None
    paused_until: _Instant | None

    @field_validator("zone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        return _understood(lambda: parse_zone(value).key)

    @field_validator("selection")
    @classmethod
    def _is_bounded(cls, value: Selection) -> Selection:
        patterns = (*value.paths, *value.not_paths, *value.authors, *value.not_authors)
        if len(patterns) > CONDITIONS_MAX:
            raise ValueError("has too many conditions")
        return value


class FollowingRow(_AskedForRow, PatternRow):
    kind: Literal["following"] = "following"
    excluded: Annotated[tuple[str, ...], Field(max_length=CONDITIONS_MAX)]

    @field_validator("excluded")
    @classmethod
    def _are_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(is_names, value)):
            raise ValueError("has something that is not a pattern of names")
        return value


class SubscriptionRow(_AskedForRow, _OfRepo):
    kind: Literal["subscription"] = "subscription"
    #: Of the same channel, which has brought it.
    following: PatternRow | None

    @field_validator("following")
    @classmethod
    def _names_the_repository(cls, value: PatternRow | None, info: Any) -> PatternRow | None:
        row: RepoRow | None = info.data.get("repo")
        if value is not None and row is not None and (row.branches or row.repo not in value.pattern):
            raise ValueError("is not a pattern that names the repository")
        return value


class DeliveryRow(_OfRepo):
    """Of the subscription of that channel to that repository; never one that somebody works on."""

    kind: Literal["delivery"] = "delivery"
    channel: _Id
    day: _Date
    first_day: _Date
    state: Literal["due", "sent", "uncertain", "failed", "skipped"]
    scheduled_at: _Instant
    due_at: _Instant
    attempts: Annotated[int, Field(ge=0, le=1_000_000)]
    sending_since: _Instant | None
    sent_at: _Instant | None
    message: Annotated[str, Field(max_length=200)]
    last_error: _Text
    stale_since: _Instant | None


class PostRow(_OfRepo):
    kind: Literal["post"] = "post"
    channel: _Id
    message: Annotated[str, Field(min_length=1, max_length=200)]
    first_day: _Date
    last_day: _Date
    zone: Annotated[str, Field(max_length=60)]
    posted_at: _Instant

    @field_validator("zone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        return _understood(lambda: parse_zone(value).key)


class FeedbackRow(_OfRepo):
    kind: Literal["feedback"] = "feedback"
    channel: _Id
    user: Annotated[str, Field(max_length=100)]
    sha: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    verdict: Verdict
    reason: _Text
    given_at: _Instant


Row = FollowingRow | SubscriptionRow | DeliveryRow | PostRow | FeedbackRow
#: In the order in which they stand, since deliveries are of subscriptions, and those may be of followings.
KINDS: Final = (FollowingRow, SubscriptionRow, DeliveryRow, PostRow, FeedbackRow)

_HEADER: Final[TypeAdapter[Header]] = TypeAdapter(Header)
_LINE: Final[TypeAdapter[Row | End]] = TypeAdapter(Annotated[Row | End, Field(discriminator="kind")])


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    platform: Platform
    workspace: str


class Belongings(Protocol):
    def of(self, owner: Owner) -> AsyncIterator[Row]:
        """As they are at one instant, in the order of KINDS and then of what they are."""
        ...

    async def add(self, owner: Owner, rows: Iterable[Collection[Row]]) -> Mapping[str, int]:
        """Adds what is not there yet, all or nothing; how many rows of each kind that were.

        Raises what `rows` raises, and ExportInvalid for what belongs to a row that is not there.
        """
        ...


async def exported(owner: Owner, belongings: Belongings) -> AsyncIterator[str]:
    """The lines, each with its end."""
    left_out = "Tokens and installations, which only installing the app gives, and messages not answered yet."
    header = Header(version=VERSION, platform=owner.platform, workspace=owner.workspace, left_out=left_out)
    yield header.model_dump_json() + "\n"
    number = 0
    async for row in belongings.of(owner):
        number += 1
        yield row.model_dump_json(warnings=False) + "\n"  # enums are as they are stored
    yield End(rows=number).model_dump_json() + "\n"


async def imported(
    lines: Iterable[bytes], belongings: Belongings, workspace: str | None = None
) -> tuple[Owner, Mapping[str, int]]:
    """Whose rows they were, and how many of each kind were new. Raises ExportInvalid, and then nothing has changed.

    They are another workspace's rows from then on if one is named.
    """
    reading = iter(lines)
    header = _header(next(reading, b""))
    owner = Owner(platform=header.platform, workspace=workspace or header.workspace)
    return owner, await belongings.add(owner, _batches(_rows(reading)))


def _header(line: bytes) -> Header:
    try:
        version = json.loads(line[:LINE_MAX]).get("version")
    except (ValueError, AttributeError, RecursionError):
        raise ExportInvalid from None
    if version != VERSION:
        version = str(version)[:20]
        raise ExportInvalid(_("The export is of version {version}, and not {ours}.", version=version, ours=VERSION))
    return _parsed(_HEADER, line, 1)


def _rows(lines: Iterator[bytes]) -> Iterator[Row]:
    """All of them, after which the end has been seen."""
    number, order = 0, 0
    for line in lines:
        row = _parsed(_LINE, line, number + 2)
        if isinstance(row, End):
            _check_end(row, number, lines)
            return
        number += 1
        if KINDS.index(type(row)) < order:
            raise _wrong(number + 1, _("it is not in its place"))
        order = KINDS.index(type(row))
        yield row
    raise ExportInvalid(_("The export is not complete: it ends after {number} rows.", number=number))


def _check_end(end: End, number: int, after: Iterator[bytes]) -> None:
    if end.rows != number:
        raise ExportInvalid(
            _("The export is not complete: it has {number} of {rows} rows.", number=number, rows=end.rows)
        )
    if next(after, b""):
        raise _wrong(number + 3, _("nothing may follow the end"))


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Rows of one kind each, some at a time."""
    batch: list[Row] = []
    for row in rows:
        if batch and (len(batch) == BATCH or type(batch[0]) is not type(row)):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _parsed(as_: TypeAdapter[T], line: bytes, number: int) -> T:
    if len(line) > LINE_MAX:
        raise _wrong(number, _("it is too long"))
    try:
        return as_.validate_json(line)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in problem["loc"][1:] or problem["loc"])
        what = problem["msg"].removeprefix("Value error, ").rstrip(".")
        raise _wrong(number, f"{where}: {what}" if where else what) from None


def _wrong(number: int, problem: str) -> ExportInvalid:
    return ExportInvalid(_("Line {number} of the export cannot be read: {problem}.", number=number, problem=problem))


def _understood(check: Callable[[], T]) -> T:
    try:
        return check()
    except NotUnderstood as error:
        raise ValueError(str(error)) from None


def state_of(state: DeliveryState, sending_since: datetime | None) -> DeliveryState:
    """In another database: who worked on it does so no more, and whether what was being posted arrived is unknown."""
    if state is DeliveryState.SENDING or (state in _OPEN and sending_since is not None):
        return DeliveryState.UNCERTAIN
    return DeliveryState.DUE if state is DeliveryState.CLAIMED else state


_OPEN: Final = frozenset({DeliveryState.DUE, DeliveryState.CLAIMED, DeliveryState.SENDING})
