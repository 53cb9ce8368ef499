"""The tables."""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    false,
)

from bot.adapters.database.columns import Instant, Name, Words

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
    Column("host", Name(255), nullable=False),
    # Hosts compare names without regard to case; this is the name folded, and the other two are as first seen.
    Column("key", Name(255), nullable=False),
    # A pattern of the branches that are followed; empty for the default branch.
    Column("branches", Name(100), nullable=False, server_default=""),
    Column("owner", Name(120), nullable=False),
    Column("name", Name(120), nullable=False),
    # Whether everybody may read it at its host, as it was when that was last learned; None where nobody knows.
    Column("is_public", Boolean),
    UniqueConstraint("host", "key", "branches"),
)

commits = Table(
    "commits",
    metadata,
    _repository_key(),
    Column("sha", Name(40), primary_key=True),
    Column("committed_at", Instant, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    # A Commit as JSON.
    Column("facts", JSON, nullable=False),
    # When a force push took it off the default branch.
    Column("orphaned_at", Instant),
    # By what others name it: its number, its subject made comparable, and its change.
    Column("pull_request", Integer),
    Column("subject_key", Name(300)),
    Column("patch_id", Name(40)),
    # When its relations to others were looked for.
    Column("related_at", Instant),
    # Patches by path as JSON, compressed with zlib; most commits take less than 3 kB. NULL once they are forgotten.
    Column("patches", LargeBinary),
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
    Column("sha", Name(40), nullable=False),
    # Whom we asked, and who answered: rules stand in where the model fails.
    Column("requested", Name(10), nullable=False),
    Column("analyst", Name(10), nullable=False),
    Column("version", Name(40), nullable=False),
    Column("model", Name(200), nullable=False),
    # Of the prose; a translation is a row of its own.
    Column("language", Name(5), nullable=False),
    # At full depth because somebody asked for it.
    Column("is_deep", Boolean, nullable=False),
    Column("made_at", Instant, nullable=False),
    # An Analysis as JSON.
    Column("body", JSON, nullable=False),
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

# By what words a commit is found, and how important it is: see `bot.adapters.database.cards`.
cards = Table(
    "cards",
    metadata,
    # Grows with the instant of the commit.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("repository_id", ForeignKey("repositories.id", ondelete="CASCADE"), nullable=False),
    Column("sha", Name(40), nullable=False),
    # Of its best analysis; 0 without any.
    Column("importance", Integer, nullable=False),
    # As `bot.adapters.database.folding` folds them. The migration makes a full-text index of them.
    Column("words", Words, nullable=False),
    UniqueConstraint("repository_id", "sha"),
)

digests = Table(
    "digests",
    metadata,
    _repository_key(),
    Column("day", Date, primary_key=True),
    Column("zone", Name(60), primary_key=True),
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
    Column("zone", Name(60), primary_key=True),
    Column("sha", Name(40), primary_key=True),
    Column("day", Date, nullable=False),
    # When a force push took it off the branches followed, where those are not the default branch.
    Column("orphaned_at", Instant),
    # Of a listed commit that of its analysis, 0 before it has one; None of merges and what else is not shown.
    Column("importance", Integer),
    Index(None, "repository_id", "zone", "day", "importance"),
    Index(None, "repository_id", "sha"),
)

leads = Table(
    "leads",
    metadata,
    _repository_key(),
    Column("day", Date, primary_key=True),
    Column("zone", Name(60), primary_key=True),
    Column("language", Name(5), primary_key=True),
    # A Lead as JSON.
    Column("body", JSON, nullable=False),
    Column("made_at", Instant, nullable=False),
)

# The newest commit seen on a branch, from which what is new is told; of several branches, one of each.
branch_tips = Table(
    "branch_tips",
    metadata,
    _repository_key(),
    Column("branch", Name(255), primary_key=True),
    Column("sha", Words, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

# What one commit is to another: reverts, relands, follows up, backports.
relations = Table(
    "relations",
    metadata,
    _repository_key(),
    Column("kind", Name(12), primary_key=True),
    Column("sha", Name(40), primary_key=True),
    Column("other_sha", Name(40), primary_key=True),
    Index(None, "repository_id", "other_sha"),
)

# The names of other commits that a commit's message says, whether or not such a commit is known yet.
mentions = Table(
    "mentions",
    metadata,
    _repository_key(),
    Column("sha", Name(40), primary_key=True),
    Column("kind", Name(12), primary_key=True),
    Column("target", Name(320), primary_key=True),
    Index(None, "repository_id", "target"),
)

# What is known of a model at a host.
model_hosts = Table(
    "model_hosts",
    metadata,
    Column("endpoint", Name(300), primary_key=True),
    Column("model", Name(200), primary_key=True),
    # The form of answer that it takes: json_schema, json_object, tool, text.
    Column("rung", Name(20), nullable=False),
    # Bytes of UTF-8 per token of prompt, as counted by the host; None until it has answered.
    Column("bytes_per_token", Float),
    Column("updated_at", Instant, nullable=False),
)

model_calls = Table(
    "model_calls",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("purpose", Name(20), nullable=False),
    Column("endpoint", Name(300), nullable=False),
    Column("model", Name(200), nullable=False),
    Column("rung", Name(20), nullable=False),
    Column("service_tier", Name(20), nullable=False),
    Column("request_id", Name(200), nullable=False),
    Column("seconds", Float, nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("cached_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    # US dollars; None where no price is known.
    Column("price", Float),
    # The class of what went wrong; empty for an answer.
    Column("error", Name(60), nullable=False),
)


def _asked_for() -> tuple[Column[Any], ...]:
    """By whom, for which channel, and on which terms."""
    return (
        Column("id", Integer, primary_key=True),
        Column("platform", Name(20), nullable=False),
        Column("workspace", Name(100), nullable=False),
        Column("channel", Name(100), nullable=False),
        # HH:MM on the clocks of the zone.
        Column("at", Name(5), nullable=False),
        Column("zone", Name(60), nullable=False),
        Column("subscriber", Name(100), nullable=False),
        Column("language", Name(5), nullable=False),
        Column("created_at", Instant, nullable=False),
        # Why nothing is delivered, and since when.
        Column("broken", Words, nullable=False, default=""),
        Column("broken_since", Instant),
        # On which days of the week, Monday being 0: `01234`.
        Column("days", Name(7), nullable=False, server_default="0123456"),
        # A Selection as JSON.
        Column("selection", JSON, nullable=False, server_default="{}"),
        Column("quiet", Name(10), nullable=False, server_default="silent"),
        Column("in_thread", Boolean, nullable=False, server_default=false()),
        # The newest pause, which may be over, or without an end.
        Column("paused_since", Instant),
        Column("paused_until", Instant),
    )


# All repositories of an owner that a pattern names; each has a subscription that refers to it.
followings = Table(
    "followings",
    metadata,
    *_asked_for(),
    Column("host", Name(255), nullable=False),
    # `owner/pattern` folded; the other two are as first written.
    Column("key", Name(255), nullable=False),
    Column("owner", Name(120), nullable=False),
    Column("names", Name(120), nullable=False),
    # A list of the patterns of names that are left out.
    Column("excluded", JSON, nullable=False),
    # When the repositories were last looked for, and what went wrong then.
    Column("checked_at", Instant, index=True),
    Column("error", Words, nullable=False, default=""),
    UniqueConstraint("platform", "workspace", "channel", "host", "key"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    *_asked_for(),
    Column("repository_id", ForeignKey("repositories.id"), nullable=False),
    # What has brought it, and would bring it again; nothing where somebody asked for this very repository.
    Column("following_id", ForeignKey("followings.id", ondelete="CASCADE"), index=True),
    # Before this instant nothing becomes due; None when that has to be found out.
    Column("look_again_at", Instant, index=True),
    UniqueConstraint("platform", "workspace", "channel", "repository_id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("subscription_id", ForeignKey("subscriptions.id", ondelete="CASCADE"), primary_key=True),
    # The newest day that it tells of, and the oldest one.
    Column("day", Date, primary_key=True),
    Column("first_day", Date, nullable=False),
    Column("state", Name(10), nullable=False),
    Column("scheduled_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("fence", Integer, nullable=False, default=0),
    Column("attempts", Integer, nullable=False, default=0),
    # Whether the digests that it tells of were made for it, so that it may be claimed.
    Column("prepared", Boolean, nullable=False, server_default=false()),
    Column("sending_since", Instant),
    Column("sent_at", Instant),
    # The platform's id of the message.
    Column("message", Name(200), nullable=False, default=""),
    Column("last_error", Words, nullable=False, default=""),
    # Since when the posted message says something that is not true any more, such as a commit reverted meanwhile.
    Column("stale_since", Instant),
    Index(None, "state", "due_at"),
    Index(None, "stale_since"),
)


def _channel() -> tuple[Column[str], Column[str], Column[str]]:
    return (
        Column("platform", Name(20), primary_key=True),
        Column("workspace", Name(100), primary_key=True),
        Column("channel", Name(100), primary_key=True),
    )


# Digests that stand in channels; their threads are asked about long after a subscription has ended.
posts = Table(
    "posts",
    metadata,
    *_channel(),
    # The platform's id of the message.
    Column("message", Name(200), primary_key=True),
    Column("repository_id", ForeignKey("repositories.id"), nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("zone", Name(60), nullable=False),
    Column("posted_at", Instant, nullable=False),
)

# What people think of analyses; the channel is where they said it.
feedback = Table(
    "feedback",
    metadata,
    Column("platform", Name(20), primary_key=True),
    Column("workspace", Name(100), primary_key=True),
    Column("user", Name(100), primary_key=True),
    Column("repository_id", ForeignKey("repositories.id"), primary_key=True),
    Column("sha", Name(40), primary_key=True),
    Column("channel", Name(100), nullable=False),
    Column("verdict", Name(10), nullable=False),
    Column("reason", Words, nullable=False),
    Column("given_at", Instant, nullable=False),
    Index(None, "platform", "workspace", "channel", "given_at"),
)

# What is said in the console, of which there is one: its channels belong to whoever sits at this machine.
console_messages = Table(
    "console_messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", Name(100), nullable=False),
    # None for what may be said again.
    Column("key", Name(200)),
    Column("thread", Integer),
    Column("version", Integer, nullable=False, index=True),
    Column("said_at", Instant, nullable=False),
    # An Utterance as JSON.
    Column("body", JSON, nullable=False),
    UniqueConstraint("channel", "key"),
)

# What platforms have sent us; a payload is there as long as nobody has dealt with it.
inbox = Table(
    "inbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("platform", Name(20), nullable=False),
    Column("payload", Words),
    Column("received_at", Instant, nullable=False, index=True),
    # Until when whoever has it is left alone; None once it is dealt with.
    Column("lease_until", Instant, index=True),
    # How many processes have had it.
    Column("attempts", Integer, nullable=False, server_default="1"),
)

# By what each is known, so that it is dealt with once.
inbox_keys = Table(
    "inbox_keys",
    metadata,
    Column("platform", Name(20), primary_key=True),
    Column("key", Name(200), primary_key=True),
    Column("inbox_id", ForeignKey("inbox.id", ondelete="CASCADE"), nullable=False, index=True),
)

# slack_sdk's tables, in which it keeps naive instants in UTC. Tokens are longer than they are, because encrypted.


def _slack_bot() -> list[Column[Any]]:
    return [
        Column("id", Integer, primary_key=True),
        Column("client_id", Name(32), nullable=False),
        Column("app_id", Name(32), nullable=False),
        Column("enterprise_id", Name(32)),
        Column("enterprise_name", Name(200)),
        Column("team_id", Name(32)),
        Column("team_name", Name(200)),
        Column("bot_token", Words),
        Column("bot_id", Name(32)),
        Column("bot_user_id", Name(32)),
        Column("bot_scopes", Words),
        Column("bot_refresh_token", Words),
        Column("bot_token_expires_at", DateTime),
        Column("is_enterprise_install", Boolean, nullable=False),
        Column("installed_at", DateTime, nullable=False),
    ]


slack_bots = Table("slack_bots", metadata, *_slack_bot(), Index(None, "client_id", "team_id"))

slack_installations = Table(
    "slack_installations",
    metadata,
    *_slack_bot(),
    Column("enterprise_url", Name(200)),
    Column("user_id", Name(32), nullable=False),
    Column("user_token", Words),
    Column("user_scopes", Words),
    Column("user_refresh_token", Words),
    Column("user_token_expires_at", DateTime),
    Column("incoming_webhook_url", Words),
    Column("incoming_webhook_channel", Name(200)),
    Column("incoming_webhook_channel_id", Name(200)),
    Column("incoming_webhook_configuration_url", Name(200)),
    Column("token_type", Name(32)),
    Index(None, "client_id", "team_id"),
)

slack_oauth_states = Table(
    "slack_oauth_states",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("state", Name(200), nullable=False),
    Column("expire_at", DateTime, nullable=False),
)
