from collections.abc import AsyncIterator

import pytest

from bot.adapters.feishu.gateway import FeishuGateway
from tests.messengers.scripted_feishu import APP_ID, APP_SECRET, ScriptedFeishu


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedFeishu]:
    async with ScriptedFeishu() as feishu:
        yield feishu


@pytest.fixture
def gateway(scripted: ScriptedFeishu) -> FeishuGateway:
    return FeishuGateway(APP_ID, APP_SECRET, scripted.url, timeout=2)
