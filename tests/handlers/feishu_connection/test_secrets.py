"""Neither the app's secret nor a connection's access key can be read anywhere."""

from pathlib import Path
from typing import Any

import pytest

from tests.counterparts.faults import Answer
from tests.counterparts.feishu import FakeFeishu
from tests.handlers.feishu_connection.conftest import Receiver, click, connected, connection, logged


def access(feishu: FakeFeishu) -> set[str]:
    """What gives access to the open connections."""
    return {each.query[name] for each in feishu.connections.open for name in ("access_key", "ticket")}


async def test_no_secret_is_among_the_arguments_or_in_the_environment(feishu: FakeFeishu, receiver: Receiver):
    async with connected(feishu, receiver) as held:
        process = Path(f"/proc/{held.pid}")
        visible = (process / "cmdline").read_text() + (process / "environ").read_text()
    assert "handlers.feishu_connection.child" in visible
    assert feishu.app_secret not in visible


async def test_no_secret_is_written_whatever_happens(
    feishu: FakeFeishu, receiver: Receiver, log: list[Any], capfd: pytest.CaptureFixture[str]
):
    async with connected(feishu, receiver):
        keys = access(feishu)
        await feishu.connections.push(click("e1"))
        await feishu.connections.push(b"not JSON")
        await feishu.connections.drop()
        await logged(log, "feishu.connected", times=2)
        keys |= access(feishu)
        feishu.connections.endpoint_code = 10003
        await feishu.connections.drop()
        await logged(log, "feishu.connection_refused")
    assert len(keys) == 4
    captured = capfd.readouterr()
    written = f"{captured.out}{captured.err}{log}"
    assert [secret for secret in (feishu.app_secret, *keys) if secret in written] == []


async def test_an_address_that_cannot_be_connected_to_is_not_written(
    feishu: FakeFeishu, receiver: Receiver, log: list[Any], capfd: pytest.CaptureFixture[str]
):
    """The texts of such errors name the whole address, with its access key."""
    address = {"URL": "gopher://nowhere?device_id=1&service_id=1&access_key=hush", "ClientConfig": None}
    feishu.fail("/callback/ws/endpoint", Answer(status=200, body={"code": 0, "data": address}), times=None)
    async with connection(feishu, receiver):
        (line,) = await logged(log, "feishu.not_connected")
    assert line["error"] == "InvalidURI"
    captured = capfd.readouterr()
    assert "hush" not in f"{captured.out}{captured.err}{log}"
