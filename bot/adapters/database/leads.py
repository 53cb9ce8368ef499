"""Leads of days, once in each language."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database import repositories
from bot.adapters.database.engine import for_writing
from bot.adapters.database.json_values import dump_lead, load_lead
from bot.adapters.database.schema import leads
from bot.adapters.database.upserts import insert
from bot.core.days import Day
from bot.core.model import Language, Lead, Repo


class DatabaseLeads:
    """Implements `bot.core.ports.LeadStore`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reads = engine
        self._writes = for_writing(engine)

    async def save_lead(self, repo: Repo, day: Day, lead: Lead, at: datetime) -> None:
        async with self._writes.begin() as connection:
            repository_id = await repositories.hold(connection, repo)
            if lead.translated_from is None:  # what was translated from the one before says something else
                await connection.execute(delete(leads).where(leads.c.repository_id == repository_id, *_of(day)))
            row: dict[str, Any] = {
                "repository_id": repository_id,
                "day": day.date,
                "zone": day.zone.key,
                "language": lead.language.value,
                "body": dump_lead(lead),
                "made_at": at,
            }
            statement = insert(leads).values(row)
            await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["repository_id", "day", "zone", "language"],
                    set_={"body": statement.excluded.body, "made_at": statement.excluded.made_at},
                )
            )

    async def lead(self, repo: Repo, day: Day, language: Language) -> Lead | None:
        query = select(leads.c.body).where(
            leads.c.repository_id == repositories.id_of(repo).scalar_subquery(),
            *_of(day),
            leads.c.language == language.value,
        )
        async with self._reads.connect() as connection:
            body = (await connection.execute(query)).scalar_one_or_none()
        return load_lead(body) if body is not None else None


def _of(day: Day) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return leads.c.day == day.date, leads.c.zone == day.zone.key
