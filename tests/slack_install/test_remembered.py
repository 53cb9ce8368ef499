"""Tokens are read once for all posts of a moment."""

import asyncio

import pytest

from bot.adapters.slack.remembered import REMEMBERED, RememberedTokens
from bot.core.errors import NotInstalled


class Store:
    """Implements `Tokens`; each reading gives another token, so that it shows."""

    def __init__(self) -> None:
        self.readings = 0
        self.is_installed = True

    async def token(self, workspace: str) -> str:
        await asyncio.sleep(0)
        if not self.is_installed:
            raise NotInstalled
        self.readings += 1
        return f"{workspace}-{self.readings}"

    async def renewed(self, workspace: str, rejected: str) -> str:
        return f"{rejected}-renewed"


class Watch:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_many_at_once_read_it_once():
    tokens = RememberedTokens(Store(), clock=Watch())
    assert set(await asyncio.gather(*(tokens.token("T1") for _ in range(9)))) == {"T1-1"}
    assert await tokens.token("T2") == "T2-2"


async def test_after_a_while_it_is_read_again():
    watch = Watch()
    tokens = RememberedTokens(Store(), clock=watch)
    first = await tokens.token("T1")
    watch.now = REMEMBERED - 1
    assert await tokens.token("T1") == first
    watch.now = REMEMBERED
    assert await tokens.token("T1") == "T1-2"


async def test_a_renewed_one_takes_the_place_of_what_was_remembered():
    tokens = RememberedTokens(Store(), clock=Watch())
    assert await tokens.renewed("T1", await tokens.token("T1")) == "T1-1-renewed"
    assert await tokens.token("T1") == "T1-1-renewed"


async def test_who_asks_for_the_stored_one_forgets_it_where_there_is_none_any_more():
    store = Store()
    tokens = RememberedTokens(store, clock=Watch())
    await tokens.token("T1")
    store.is_installed = False
    with pytest.raises(NotInstalled):
        await tokens.stored("T1")
    with pytest.raises(NotInstalled):
        await tokens.token("T1")
