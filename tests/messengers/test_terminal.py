import io

from bot.adapters.terminal import TerminalMessenger
from bot.core.subscriptions import Channel, Platform
from formatters import terminal
from tests.fakes import NOW
from tests.messengers.test_slack import VIEW

HERE = Channel(platform=Platform.TERMINAL, workspace="local", id="terminal")


async def test_a_digest_is_written_to_the_stream():
    stream = io.StringIO()
    messenger = TerminalMessenger(stream)
    await messenger.check(HERE)
    await messenger.post(HERE, VIEW, key="1:2026-01-21")
    assert stream.getvalue() == terminal.render(VIEW, color=False)
    assert await messenger.find(HERE, key="1:2026-01-21", since=NOW) is None
