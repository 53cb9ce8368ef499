"""All that is kept in one database."""

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.browsing import DatabaseShelves
from bot.adapters.database.corrections import DatabaseCorrections
from bot.adapters.database.feedback import DatabaseFeedback
from bot.adapters.database.followings import DatabaseFollowings
from bot.adapters.database.leads import DatabaseLeads
from bot.adapters.database.ledger import DatabaseLedger, Enqueue, left_to_the_next_tick
from bot.adapters.database.posts import DatabasePosts
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core.service import Stores


def stores(engine: AsyncEngine, enqueue: Enqueue = left_to_the_next_tick) -> Stores:
    return Stores(
        archive=DatabaseArchive(engine),
        leads=DatabaseLeads(engine),
        shelves=DatabaseShelves(engine),
        subscriptions=DatabaseSubscriptions(engine),
        followings=DatabaseFollowings(engine),
        ledger=DatabaseLedger(engine, enqueue),
        corrections=DatabaseCorrections(engine),
        posts=DatabasePosts(engine),
        feedback=DatabaseFeedback(engine),
    )
