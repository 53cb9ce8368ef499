"""The tables. Instants are stored in UTC; naive ones are refused, because SQLite forgets zones silently."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, in UTC on both sides."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant needs a time zone: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _repository_key() -> Column[int]:
    return Column("repository_id", ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True)


repositories = Table(
    "repositories",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("host", String(255), nullable=False),
    # Hosts compare names without regard to case; this is the name folded, and the other two are as first seen.
    Column("key", String(255), nullable=False),
    # A pattern of the branches that are followed; empty for the default branch.
    Column("branches", String(100), nullable=False, server_default=""),
    Column("owner", String(120), nullable=False),
    Column("name", String(120), nullable=False),
    UniqueConstraint("host", "key", "branches"),
)

commits = Table(
    "commits",
    metadata,
    _repository_key(),
    Column("sha", String(40), primary_key=True),
    Column("committed_at", Instant, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    # A Commit as JSON.
    Column("facts", JSON, nullable=False),
    # When a force push took it off the default branch.
    Column("orphaned_at", Instant),
    # By what others name it: its number, its subject made comparable, and its change.
    Column("pull_request", Integer),
    Column("subject_key", String(300)),
    Column("patch_id", String(40)),
    # When its relations to others were looked for.
    Column("related_at", Instant),
    # Patches by path as JSON, compressed with zlib; most commits take less than 3 kB.
    Column("patches", LargeBinary, nullable=False),
    Index(None, "repository_id", "committed_at"),
    Index(None, "repository_id", "pull_request"),
    Index(None, "repository_id", "subject_key"),
    Index(None, "repository_id", "patch_id"),
)

analyses = Table(
    "analyses",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("repository_id", ForeignKey("repositories.id", ondelete="CASCADE"), nullable=False),
    Column("sha", String(40), nullable=False),
    # Whom we asked, and who answered: rules stand in where the model fails.
    Column("requested", String(10), nullable=False),
    Column("analyst", String(10), nullable=False),
    Column("version", String(40), nullable=False),
    Column("model", String(200), nullable=False),
    # Of the prose; a translation is a row of its own.
    Column("language", String(5), nullable=False),
    # At full depth because somebody asked for it.
    Column("is_deep", Boolean, nullable=False),
    Column("made_at", Instant, nullable=False),
    # An Analysis as JSON.
    Column("body", JSON, nullable=False),
    # What people look for: its words, folded.
    Column("words", Text, nullable=False, server_default=""),
    UniqueConstraint(
        "repository_id",
        "sha",
        "requested",
        "analyst",
        "version",
        "model",
        "language",
        "is_deep",
        name="uq_analyses_identity",
    ),
)

digests = Table(
    "digests",
    metadata,
    _repository_key(),
    Column("day", Date, primary_key=True),
    Column("zone", String(60), primary_key=True),
    # Lists of SHAs, newest first.
    Column("shas", JSON, nullable=False),
    Column("merges", JSON, nullable=False),
    # Those of `shas` that belong to an earlier day.
    Column("late", JSON, nullable=False),
    Column("sealed_at", Instant, nullable=False),
)

# In which day's digest a commit stands; once in each zone.
digest_commits = Table(
    "digest_commits",
    metadata,
    _repository_key(),
    Column("zone", String(60), primary_key=True),
    Column("sha", String(40), primary_key=True),
    Column("day", Date, nullable=False),
    # When a force push took it off the branches followed, where those are not the default branch.
    Column("orphaned_at", Instant),
)

leads = Table(
    "leads",
    metadata,
    _repository_key(),
    Column("day", Date, primary_key=True),
    Column("zone", String(60), primary_key=True),
    Column("language", String(5), primary_key=True),
    # A Lead as JSON.
    Column("body", JSON, nullable=False),
    Column("made_at", Instant, nullable=False),
)

# The newest commit seen on a branch, from which what is new is told; of several branches, one of each.
branch_tips = Table(
    "branch_tips",
    metadata,
    _repository_key(),
    Column("branch", String(255), primary_key=True),
    Column("sha", Text, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

# What one commit is to another: reverts, relands, follows up, backports.
relations = Table(
    "relations",
    metadata,
    _repository_key(),
    Column("kind", String(12), primary_key=True),
    Column("sha", String(40), primary_key=True),
    Column("other_sha", String(40), primary_key=True),
    Index(None, "repository_id", "other_sha"),
)

# The names of other commits that a commit's message says, whether or not such a commit is known yet.
mentions = Table(
    "mentions",
    metadata,
    _repository_key(),
    Column("sha", String(40), primary_key=True),
    Column("kind", String(12), primary_key=True),
    Column("target", String(320), primary_key=True),
    Index(None, "repository_id", "target"),
)

# What is known of a model at a host.
model_hosts = Table(
    "model_hosts",
    metadata,
    Column("endpoint", String(300), primary_key=True),
    Column("model", String(200), primary_key=True),
    # The form of answer that it takes: json_schema, json_object, tool, text.
    Column("rung", String(20), nullable=False),
    # Bytes of UTF-8 per token of prompt, as counted by the host; None until it has answered.
    Column("bytes_per_token", Float),
    Column("updated_at", Instant, nullable=False),
)

model_calls = Table(
    "model_calls",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("purpose", String(20), nullable=False),
    Column("endpoint", String(300), nullable=False),
    Column("model", String(200), nullable=False),
    Column("rung", String(20), nullable=False),
    Column("service_tier", String(20), nullable=False),
    Column("request_id", String(200), nullable=False),
    Column("seconds", Float, nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("cached_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    # US dollars; None where no price is known.
    Column("price", Float),
    # The class of what went wrong; empty for an answer.
    Column("error", String(60), nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("platform", String(20), nullable=False),
    Column("workspace", String(100), nullable=False),
    Column("channel", String(100), nullable=False),
    Column("repository_id", ForeignKey("repositories.id"), nullable=False),
    # HH:MM on the clocks of the zone.
    Column("at", String(5), nullable=False),
    Column("zone", String(60), nullable=False),
    Column("subscriber", String(100), nullable=False),
    Column("language", String(5), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("broken", Text, nullable=False, default=""),
    # On which days of the week, Monday being 0: `01234`.
    Column("days", String(7), nullable=False, server_default="0123456"),
    # A Selection as JSON.
    Column("selection", JSON, nullable=False, server_default="{}"),
    Column("quiet", String(10), nullable=False, server_default="silent"),
    Column("in_thread", Boolean, nullable=False, server_default=false()),
    # The newest pause, which may be over, or without an end.
    Column("paused_since", Instant),
    Column("paused_until", Instant),
    UniqueConstraint("platform", "workspace", "channel", "repository_id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("subscription_id", ForeignKey("subscriptions.id", ondelete="CASCADE"), primary_key=True),
    # The newest day that it tells of, and the oldest one.
    Column("day", Date, primary_key=True),
    Column("first_day", Date, nullable=False),
    Column("state", String(10), nullable=False),
    Column("scheduled_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("fence", Integer, nullable=False, default=0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("sending_since", Instant),
    Column("sent_at", Instant),
    # The platform's id of the message.
    Column("message", String(200), nullable=False, default=""),
    Column("last_error", Text, nullable=False, default=""),
    # Since when the posted message says something that is not true any more, such as a commit reverted meanwhile.
    Column("stale_since", Instant),
    Index(None, "state", "due_at"),
    Index(None, "stale_since"),
)


def _channel() -> tuple[Column[str], Column[str], Column[str]]:
    return (
        Column("platform", String(20), primary_key=True),
        Column("workspace", String(100), primary_key=True),
        Column("channel", String(100), primary_key=True),
    )


# Digests that stand in channels; their threads are asked about long after a subscription has ended.
posts = Table(
    "posts",
    metadata,
    *_channel(),
    # The platform's id of the message.
    Column("message", String(200), primary_key=True),
    Column("repository_id", ForeignKey("repositories.id"), nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("zone", String(60), nullable=False),
    Column("posted_at", Instant, nullable=False),
)

# What people think of analyses; the channel is where they said it.
feedback = Table(
    "feedback",
    metadata,
    Column("platform", String(20), primary_key=True),
    Column("workspace", String(100), primary_key=True),
    Column("user", String(100), primary_key=True),
    Column("repository_id", ForeignKey("repositories.id"), primary_key=True),
    Column("sha", String(40), primary_key=True),
    Column("channel", String(100), nullable=False),
    Column("verdict", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    Column("given_at", Instant, nullable=False),
    Index(None, "platform", "workspace", "channel", "given_at"),
)

# What platforms have sent us; a payload is there as long as nobody has dealt with it.
inbox = Table(
    "inbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("platform", String(20), nullable=False),
    Column("payload", Text),
    Column("received_at", Instant, nullable=False, index=True),
)

# By what each is known, so that it is dealt with once.
inbox_keys = Table(
    "inbox_keys",
    metadata,
    Column("platform", String(20), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("inbox_id", ForeignKey("inbox.id", ondelete="CASCADE"), nullable=False, index=True),
)

# slack_sdk's tables, in which it keeps naive instants in UTC. Tokens are longer than they are, because encrypted.


def _slack_bot() -> list[Column[Any]]:
    return [
        Column("id", Integer, primary_key=True),
        Column("client_id", String(32), nullable=False),
        Column("app_id", String(32), nullable=False),
        Column("enterprise_id", String(32)),
        Column("enterprise_name", String(200)),
        Column("team_id", String(32)),
        Column("team_name", String(200)),
        Column("bot_token", Text),
        Column("bot_id", String(32)),
        Column("bot_user_id", String(32)),
        Column("bot_scopes", Text),
        Column("bot_refresh_token", Text),
        Column("bot_token_expires_at", DateTime),
        Column("is_enterprise_install", Boolean, nullable=False),
        Column("installed_at", DateTime, nullable=False),
    ]


slack_bots = Table("slack_bots", metadata, *_slack_bot(), Index(None, "client_id", "team_id"))

slack_installations = Table(
    "slack_installations",
    metadata,
    *_slack_bot(),
    Column("enterprise_url", String(200)),
    Column("user_id", String(32), nullable=False),
    Column("user_token", Text),
    Column("user_scopes", Text),
    Column("user_refresh_token", Text),
    Column("user_token_expires_at", DateTime),
    Column("incoming_webhook_url", Text),
    Column("incoming_webhook_channel", String(200)),
    Column("incoming_webhook_channel_id", String(200)),
    Column("incoming_webhook_configuration_url", String(200)),
    Column("token_type", String(32)),
    Index(None, "client_id", "team_id"),
)

slack_oauth_states = Table(
    "slack_oauth_states",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("state", String(200), nullable=False),
    Column("expire_at", DateTime, nullable=False),
)
