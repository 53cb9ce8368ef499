"""What comes over the long connection is received, and Feishu is told so."""

import asyncio
from typing import Any

import pytest

from handlers.feishu_connection.connection import Pace
from tests.counterparts.feishu import FakeFeishu
from tests.handlers.feishu_connection.conftest import BRISK, Receiver, click, connected, event, logged

TOAST = {"toast": {"type": "info", "content": "收到 <&>"}}


async def test_a_message_is_received_as_feishu_sent_it_and_acknowledged(feishu: FakeFeishu, receiver: Receiver):
    async with connected(feishu, receiver):
        said = await feishu.says("昨天的提交 “yesterday” 🎉", chat=feishu.chat(members=["alice"]))
    assert receiver.events == [said]
    assert [(ack.code, ack.data) for ack in feishu.connections.acks] == [(200, None)]
    assert feishu.owed == []


@pytest.mark.parametrize("kind", ["event", "card"])
async def test_a_click_is_answered_in_either_type_of_frame(feishu: FakeFeishu, receiver: Receiver, kind: str):
    receiver.answer("e1", TOAST)
    async with connected(feishu, receiver):
        ack = await feishu.connections.push(click("e1"), kind=kind)
    assert ack is not None
    assert (ack.code, ack.data) == (200, TOAST)


async def test_a_click_without_an_answer_is_acknowledged(feishu: FakeFeishu, receiver: Receiver):
    async with connected(feishu, receiver):
        ack = await feishu.connections.push(click("e1"))
    assert ack is not None
    assert (ack.code, ack.data) == (200, None)


async def test_an_event_that_nobody_registered_for_is_acknowledged(feishu: FakeFeishu, receiver: Receiver):
    unheard = event("e1", "drive.file.edit_v1")
    async with connected(feishu, receiver):
        ack = await feishu.connections.push(unheard)
    assert ack is not None
    assert ack.code == 200
    assert receiver.events == [unheard]


async def test_a_long_event_in_several_frames_is_received_once_and_whole(feishu: FakeFeishu, receiver: Receiver):
    long = event("e1", text="提交" * 500_000)
    async with connected(feishu, receiver):
        ack = await feishu.connections.push(long, parts=5)
    assert ack is not None
    assert ack.code == 200
    assert receiver.events == [long]


async def test_an_answer_that_takes_long_delays_no_other(feishu: FakeFeishu, receiver: Receiver):
    released = asyncio.Event()

    async def slowly() -> dict[str, Any]:
        await released.wait()
        return TOAST

    receiver.when("slow", slowly)
    feishu.connections.patience = 30
    async with connected(feishu, receiver, pace=Pace(answer=30)):
        slow = asyncio.create_task(feishu.connections.push(click("slow")))
        others = [await feishu.connections.push(event(f"e{number}")) for number in range(20)]
        assert [ack.code for ack in others if ack is not None] == [200] * 20
        assert not slow.done()
        released.set()
        ack = await slow
    assert ack is not None
    assert (ack.code, ack.data) == (200, TOAST)


async def test_many_events_at_once_are_all_received(feishu: FakeFeishu, receiver: Receiver):
    async with connected(feishu, receiver):
        acks = await asyncio.gather(*(feishu.connections.push(event(f"e{number}")) for number in range(200)))
    assert [ack.code for ack in acks if ack is not None] == [200] * 200
    assert {received["header"]["event_id"] for received in receiver.events} == {f"e{number}" for number in range(200)}


async def test_an_event_that_could_not_be_kept_is_sent_again(feishu: FakeFeishu, receiver: Receiver, log: list[Any]):
    async def fail() -> None:
        raise OSError("database is locked")

    async with connected(feishu, receiver):
        receiver.when("e1", fail)
        ack = await feishu.connections.push(event("e1"))
    assert ack is not None
    assert (ack.code, ack.data) == (500, None)
    assert len(await logged(log, "feishu.event_not_received")) == 1


@pytest.mark.parametrize(("late", "code"), [(event("e1"), 500), (click("e1"), 200)], ids=["event", "click"])
async def test_what_is_not_kept_in_time_is_sent_again_unless_it_is_a_click(
    feishu: FakeFeishu, receiver: Receiver, late: dict[str, Any], code: int
):
    """A click is never sent again, so it goes on to be received; its reader sees no error."""
    released = asyncio.Event()
    received: list[str] = []

    async def slowly() -> dict[str, Any]:
        await released.wait()
        received.append("whole")
        return TOAST

    receiver.when("e1", slowly)
    async with connected(feishu, receiver, pace=Pace(answer=0.05)):
        ack = await feishu.connections.push(late)
        released.set()
    assert ack is not None
    assert (ack.code, ack.data) == (code, None)
    assert received == ["whole"]


async def test_what_is_no_event_is_not_kept_and_disturbs_nothing(
    feishu: FakeFeishu, receiver: Receiver, log: list[Any]
):
    async with connected(feishu, receiver):
        strange = (b"not JSON", b"[]", b"\xff", b"[" * 100_000)
        acks = [await feishu.connections.push(payload) for payload in strange]
        ack = await feishu.connections.push(event("e1"))
    assert [each.code for each in acks if each is not None] == [500] * 4
    assert ack is not None
    assert ack.code == 200
    assert len(await logged(log, "feishu.event_unreadable", times=4)) == 4


async def test_what_is_under_way_is_answered_before_the_connection_ends(feishu: FakeFeishu, receiver: Receiver):
    begun, released = asyncio.Event(), asyncio.Event()

    async def slowly() -> dict[str, Any]:
        begun.set()
        await released.wait()
        return TOAST

    receiver.when("e1", slowly)
    async with connected(feishu, receiver, pace=Pace(answer=30)) as held:
        clicking = asyncio.create_task(feishu.connections.push(click("e1")))
        await begun.wait()
        stopping = asyncio.create_task(held.stop())
        await asyncio.sleep(0)
        released.set()
        ack = await clicking
        await stopping
    assert ack is not None
    assert ack.data == TOAST
    assert feishu.connections.count == 0


async def test_a_connection_that_ends_says_goodbye(feishu: FakeFeishu, receiver: Receiver, log: list[Any]):
    async with connected(feishu, receiver, pace=BRISK):
        pass
    assert [line["event"] for line in log] == ["feishu.connected"]
    async with asyncio.timeout(10):
        while feishu.connections.count:
            await asyncio.sleep(0.01)
