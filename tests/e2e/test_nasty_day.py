"""A day of commits that nobody would wish for, from git to a channel, a terminal and a report."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.app import App, composed
from bot.core.desk import Asker
from bot.core.grammar import parse
from bot.core.replies import DigestView
from bot.core.subscriptions import Channel, Platform
from formatters import markdown, terminal
from tests.counterparts.histories import History, git
from tests.counterparts.slack import SlackProxy
from tests.e2e.configuration import configured, posted_to, read_from_clone
from tests.fakes import FakeClock
from tests.slack_people import buttons, texts

NINE = datetime(2026, 1, 22, 9, tzinfo=UTC)
MORNING = datetime(2026, 1, 21, 6, tzinfo=UTC)
#: Bytes of one patch.
HUGE = 60_000_000


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    history = History.start(tmp_path_factory.mktemp("nasty") / "hello")
    line = "x" * 99 + "\n"
    commits: list[tuple[str, dict[str, str | bytes | None]]] = [
        ("feat: begin", {"README.md": "Hello\n"}),
        ("chore: nothing at all", {}),
        ("feat: a picture", {"logo.png": bytes(range(256)) * 40}),
        ("feat: five thousand files", {f"gen{n % 50}/file{n}.txt": f"{n}\n" for n in range(5000)}),
        ("feat: sixty million bytes", {"data.txt": line * (HUGE // len(line))}),
        (f"fix: {'word ' * 4000}", {"README.md": "Hello there\n"}),
        ("fix: <!channel> <@U1> <https://evil.example|click> *bold* [x](javascript:1) <script>", {"a.py": "1\n"}),
        ("修复：多图输入 🎉 \u202egnp.exe \x07", {'文件 "quoted"\tname.py': "print('你好')\n"}),
        ("", {"b.py": "1\n"}),
    ]
    for number, (message, files) in enumerate(commits):
        history.commit(message, files, at=MORNING + timedelta(minutes=number))
    _commit_bytes(history, b"fix: caf\xe9 in Latin-1\n", MORNING + timedelta(hours=1))
    return history


def _commit_bytes(history: History, message: bytes, at: datetime) -> None:
    """A commit whose message is no UTF-8 and does not say what else it is."""
    tree, parent = (git(history.path, "rev-parse", name).decode().strip() for name in ("HEAD^{tree}", "HEAD"))
    who = f"Zo\u00eb <zoe@example.com> {int(at.timestamp())} +0000".encode("latin-1")
    content = b"\n".join(
        [f"tree {tree}\nparent {parent}".encode(), b"author " + who, b"committer " + who, b"", message]
    )
    sha = git(history.path, "hash-object", "-t", "commit", "-w", "--stdin", given=content).decode().strip()
    git(history.path, "update-ref", "refs/heads/main", sha)


@pytest.fixture
async def app(history: History, emulated_slack: SlackProxy, database_url: str) -> AsyncIterator[App]:
    settings = configured(database_url, read_from_clone(history.path), posted_to(emulated_slack))
    async with composed(settings, now=FakeClock(NINE - timedelta(hours=1))) as app:
        yield app


async def test_every_commit_arrives_in_the_channel_and_none_is_obeyed(app: App, emulated_slack: SlackProxy):
    where = Channel(platform=Platform.SLACK, workspace="T000000001", id=emulated_slack.workspace.channels["general"])
    await app.desk.answer(parse("subscribe at 09:00 tz UTC"), Asker(channel=where, user="U1"))
    assert isinstance(app.now, FakeClock)
    app.now.now = NINE
    await app.rounds.tick()
    await app.rounds.finish()
    (message,) = await emulated_slack.history()
    assert len(buttons(message["blocks"], "commit.open")) == 10
    assert "<!channel>" not in message["text"]
    assert "10 commits" in "\n".join(texts(message["blocks"]))


async def test_every_commit_stands_in_the_terminal_and_in_the_report(app: App, history: History):
    asker = Asker(channel=Channel(platform=Platform.TERMINAL, workspace="local", id="terminal"), user="")
    view = await app.desk.answer(parse("2026-01-21"), asker)
    assert isinstance(view, DigestView)
    shas = git(history.path, "rev-list", "main").decode().split()
    assert [entry.commit.sha for entry in view.digest.entries] == shas
    shown, report = terminal.render(view, color=False), markdown.render(view)
    assert [sha for sha in shas if sha[:7] not in shown or f"`{sha[:7]}`" not in report] == []
    assert "\x07" not in shown + report
    assert "\u202e" not in shown + report


async def test_what_is_too_large_is_counted_and_not_kept(app: App):
    asker = Asker(channel=Channel(platform=Platform.TERMINAL, workspace="local", id="terminal"), user="")
    view = await app.desk.answer(parse("2026-01-21"), asker)
    assert isinstance(view, DigestView)
    commits = {entry.commit.subject: entry.commit for entry in view.digest.entries}
    assert commits["feat: sixty million bytes"].additions == HUGE // 100
    assert len(commits["feat: five thousand files"].files) == 5000
    assert commits["chore: nothing at all"].files == ()
    assert [file.additions for file in commits["feat: a picture"].files] == [None]
    assert "fix: caf\ufffd in Latin-1" in commits
