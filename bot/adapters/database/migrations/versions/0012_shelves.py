"""Cards of commits with a full-text index, importance in digests, who may see a repository"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from bot.adapters.database.cards import NOT_ANALYSED, number, words
from bot.adapters.database.columns import Instant, Name, Words
from bot.adapters.database.json_values import load_analysis, load_commit

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

#: Commits, or days, that are in memory at once.
_BATCH = 500

_commits = sa.table(
    "commits",
    sa.column("repository_id", sa.Integer),
    sa.column("sha", Name(40)),
    sa.column("committed_at", Instant),
    sa.column("orphaned_at", Instant),
    sa.column("facts", sa.JSON),
)
_analyses = sa.table(
    "analyses",
    sa.column("id", sa.Integer),
    sa.column("repository_id", sa.Integer),
    sa.column("sha", Name(40)),
    sa.column("analyst", Name(10)),
    sa.column("is_deep", sa.Boolean),
    sa.column("made_at", Instant),
    sa.column("body", sa.JSON),
    sa.column("words", Words()),
)
_cards = sa.table(
    "cards",
    sa.column("id", sa.BigInteger),
    sa.column("repository_id", sa.Integer),
    sa.column("sha", Name(40)),
    sa.column("importance", sa.Integer),
    sa.column("words", Words()),
)

#: https://www.sqlite.org/fts5.html#external_content_tables. Only whether a word stands on a card is asked, not where.
_FTS5 = """
CREATE VIRTUAL TABLE cards_index USING fts5(
    repository_id, words, content='cards', content_rowid='id', detail=column, tokenize="ascii tokenchars '#'"
)
"""
_DELETED = (
    "INSERT INTO cards_index(cards_index, rowid, repository_id, words) "
    "VALUES ('delete', old.id, old.repository_id, old.words);"
)
_INSERTED = "INSERT INTO cards_index(rowid, repository_id, words) VALUES (new.id, new.repository_id, new.words);"
_TRIGGERS = (
    f"CREATE TRIGGER cards_inserted AFTER INSERT ON cards BEGIN {_INSERTED} END",
    f"CREATE TRIGGER cards_deleted AFTER DELETE ON cards BEGIN {_DELETED} END",
    f"CREATE TRIGGER cards_updated AFTER UPDATE ON cards WHEN old.words <> new.words BEGIN {_DELETED} {_INSERTED} END",
)
_GIN = "CREATE INDEX cards_index ON cards USING gin (array_to_tsvector(string_to_array(words, ' ')))"


def upgrade() -> None:
    op.add_column("repositories", sa.Column("is_public", sa.Boolean(), nullable=True))
    op.create_table(
        "cards",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("sha", Name(40), nullable=False),
        sa.Column("importance", sa.Integer(), nullable=False),
        sa.Column("words", Words(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repositories.id"], name=op.f("fk_cards_repository_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cards")),
        sa.UniqueConstraint("repository_id", "sha", name=op.f("uq_cards_repository_id_sha")),
    )
    op.add_column("digest_commits", sa.Column("importance", sa.Integer(), nullable=True))
    _write_cards()
    _index()
    _rate_digests()
    op.create_index(
        op.f("ix_digest_commits_repository_id_zone_day_importance"),
        "digest_commits",
        ["repository_id", "zone", "day", "importance"],
    )
    op.create_index(op.f("ix_digest_commits_repository_id_sha"), "digest_commits", ["repository_id", "sha"])
    op.drop_column("analyses", "words")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _index() -> None:
    if not _is_sqlite():
        op.execute(_GIN)
        return
    op.execute(_FTS5)
    op.execute("INSERT INTO cards_index(cards_index) VALUES ('rebuild')")
    for trigger in _TRIGGERS:
        op.execute(trigger)


def _write_cards() -> None:
    """As the code does it that is going to look for them: words that are folded otherwise are not found."""
    for rows in _in_batches():
        made = _made(rows)
        op.get_bind().execute(
            sa.insert(_cards), [_card(row, made.get((row.repository_id, row.sha), ())) for row in rows]
        )


def _in_batches() -> Iterator[list[Any]]:
    """All commits by their key."""
    key = sa.tuple_(_commits.c.repository_id, _commits.c.sha)
    query = sa.select(_commits).order_by(_commits.c.repository_id, _commits.c.sha).limit(_BATCH)
    last = (0, "")
    while rows := list(op.get_bind().execute(query.where(key > sa.tuple_(*map(sa.literal, last)))).all()):
        yield rows
        last = (rows[-1].repository_id, rows[-1].sha)


def _made(rows: list[Any]) -> dict[tuple[int, str], list[Any]]:
    """The analyses of these commits, the best of each last."""
    best_last = (_analyses.c.analyst == "model", _analyses.c.is_deep, _analyses.c.made_at, _analyses.c.id)
    query = sa.select(_analyses.c.repository_id, _analyses.c.sha, _analyses.c.body).order_by(*best_last)
    found: dict[tuple[int, str], list[Any]] = {}
    for row in op.get_bind().execute(query.where(_analyses.c.sha.in_([row.sha for row in rows]))):
        found.setdefault((row.repository_id, row.sha), []).append(load_analysis(row.body))
    return found


def _card(row: Any, made: Any) -> dict[str, object]:
    originals = [analysis for analysis in made if analysis.translated_from is None]
    return {
        "id": number(row.repository_id, row.sha, row.committed_at),
        "repository_id": row.repository_id,
        "sha": row.sha,
        "importance": originals[-1].importance.value if originals else NOT_ANALYSED,
        "words": "" if row.orphaned_at is not None else words(load_commit(row.facts), made),
    }


def _rate_digests() -> None:
    """Notes the importance of what digests list; the rest are merges and what else is not shown."""
    connection = op.get_bind()
    digests = sa.table(
        "digests",
        sa.column("repository_id", sa.Integer),
        sa.column("zone", Name(60)),
        sa.column("day", sa.Date),
        sa.column("shas", sa.JSON),
    )
    listed = sa.text(
        "UPDATE digest_commits SET importance = coalesce((SELECT max(cards.importance) FROM cards "
        "JOIN repositories AS whole ON whole.id = cards.repository_id "
        "JOIN repositories AS own ON own.host = whole.host AND own.key = whole.key "
        "WHERE own.id = digest_commits.repository_id AND cards.sha = digest_commits.sha), 0) "
        "WHERE repository_id = :repository_id AND zone = :zone AND sha = :sha"
    )
    query = sa.select(digests).order_by(digests.c.repository_id, digests.c.zone, digests.c.day).limit(_BATCH)
    start = 0
    while days := connection.execute(query.offset(start)).all():
        rows = [{"repository_id": day.repository_id, "zone": day.zone, "sha": sha} for day in days for sha in day.shas]
        if rows:
            connection.execute(listed, rows)
        start += len(days)


def downgrade() -> None:
    op.add_column("analyses", sa.Column("words", Words(), nullable=False, server_default=""))
    _give_words_back()
    op.drop_index(op.f("ix_digest_commits_repository_id_sha"), "digest_commits")
    op.drop_index(op.f("ix_digest_commits_repository_id_zone_day_importance"), "digest_commits")
    op.drop_column("digest_commits", "importance")
    if _is_sqlite():
        op.execute("DROP TABLE cards_index")
    op.drop_table("cards")
    op.drop_column("repositories", "is_public")


def _give_words_back() -> None:
    """What is on the card, roughly: an analysis that is made again gets them exactly."""
    op.execute(
        "UPDATE analyses SET words = coalesce((SELECT cards.words FROM cards "
        "WHERE cards.repository_id = analyses.repository_id AND cards.sha = analyses.sha), '')"
    )
