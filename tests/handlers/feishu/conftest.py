from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.counterparts.feishu import FakeFeishu
from tests.handlers.feishu.stage import Stage, staged


@pytest.fixture
async def bot(feishu: FakeFeishu, engine: AsyncEngine) -> AsyncIterator[Stage]:
    """A bot over a desk that says what a test tells it to."""
    async with staged(feishu, engine) as stage:
        yield stage
