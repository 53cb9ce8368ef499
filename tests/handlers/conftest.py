from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.counterparts.slack import SlackProxy
from tests.handlers.stages import Stage, staged


@pytest.fixture
async def bot(emulated_slack: SlackProxy, engine: AsyncEngine) -> AsyncIterator[Stage]:
    """A bot over a desk that says what a test tells it to."""
    async with staged(emulated_slack, engine) as stage:
        yield stage
