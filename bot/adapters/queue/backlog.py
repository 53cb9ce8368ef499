"""What waits in the queue, for somebody who has no part in its work."""

from collections import Counter

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.queue.tables import queries_within
from bot.core.outlook import Waiting


class PgBacklog:
    """Implements `bot.core.outlook.Backlog`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reads = engine

    async def waiting(self) -> tuple[Waiting, ...]:
        waiting: Counter[str] = Counter()
        async with self._reads.connect() as connection:
            queries = await queries_within(connection)
            # Without tables, where no process has shared its work yet, nothing waits.
            counted = await queries.queue_size() if await queries.schema_is_installed() else []
        for one in counted:
            if one.status == "queued":
                waiting[one.entrypoint] += one.count
        return tuple(Waiting(job=job, number=waiting[job]) for job in sorted(waiting))
