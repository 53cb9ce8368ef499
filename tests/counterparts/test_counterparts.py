"""Each counterpart does what the other tests rely on."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import openai
import pytest
import pytest_asyncio
from github import Auth, Github, GithubException, GithubRetry, RateLimitExceededException, UnknownObjectException
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.counterparts import github, model, node, processes, slack, slack_blocks, slack_inbound
from tests.counterparts.faults import Hang, Reset
from tests.counterparts.histories import History, Person

pytest_plugins = ["tests.counterparts.fixtures"]

SHANGHAI = timezone(timedelta(hours=8))
NEW_YORK = timezone(timedelta(hours=-5))


def at(hour: int, zone: timezone = UTC, day: int = 20) -> datetime:
    return datetime(2026, 1, day, hour, tzinfo=zone)


# Processes


def test_a_server_that_dies_says_why() -> None:
    with (
        pytest.raises(processes.ServerDidNotStart, match="no such thing"),
        processes.running([sys.executable, "-c", "raise SystemExit('no such thing')"], cwd=node.HERE),
    ):
        pass


def test_a_server_that_stays_silent_is_given_up() -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with (
        pytest.raises(processes.ServerDidNotStart, match="did not answer in time"),
        processes.running(command, cwd=node.HERE, patience=0.2),
    ):
        pass


def test_a_stopped_server_leaves_no_child_behind() -> None:
    port = processes.free_port()
    server = f"import http.server as s; s.HTTPServer(('127.0.0.1', {port}), s.BaseHTTPRequestHandler).serve_forever()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {server!r}])"
    with processes.running([sys.executable, "-c", parent], cwd=node.HERE, port=port):
        pass
    time.sleep(0.05)
    with (
        pytest.raises(processes.ServerDidNotStart),
        processes.running([sys.executable, "-c", "import time; time.sleep(9)"], cwd=node.HERE, port=port, patience=0.2),
    ):
        pass


def test_an_emulator_ends_when_the_test_run_is_killed() -> None:
    arguments = json.dumps({"service": "slack", "seed": {}})
    with subprocess.Popen(
        [node.binary(), "emulate_server.mjs", arguments], cwd=node.HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None and child.stdout is not None
        assert child.stdout.readline().startswith(b"READY")
        child.stdin.close()
        assert child.wait(timeout=5) == 0


def test_the_npm_packages_are_installed_once() -> None:
    node.install()
    assert node.install() is False


# GitHub


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History.start(tmp_path / "repo")


@contextmanager
def github_client(proxy: github.GitHubProxy, token: str | None = github.TOKEN, **more: Any) -> Iterator[Github]:
    auth = None if token is None else Auth.Token(token)
    with Github(base_url=proxy.url, auth=auth, **{"seconds_between_requests": 0, "retry": None, **more}) as client:
        yield client


async def listed(proxy: github.GitHubProxy, name: str = "octo/hello", **window: Any) -> list[str]:
    def ask() -> list[str]:
        with github_client(proxy) as client:
            return [commit.sha for commit in client.get_repo(name).get_commits(**window)]

    return await asyncio.to_thread(ask)


async def asked(proxy: github.GitHubProxy, sha: str, name: str = "octo/hello") -> dict[str, Any]:
    def ask() -> dict[str, Any]:
        with github_client(proxy) as client:
            commit = client.get_repo(name).get_commit(sha)
            return {**commit.raw_data, "files": [file.raw_data for file in commit.files]}

    return await asyncio.to_thread(ask)


async def test_commits_keep_their_shas_and_come_newest_first(
    emulated_github: github.GitHubProxy, history: History
) -> None:
    first = history.commit("feat: one\n\nWith a body.\n", {"a.py": "x = 1\n"}, at=at(1))
    # Later than the next one as text, earlier as an instant.
    second = history.commit("fix: two", {"a.py": "x = 2\n"}, at=at(12, SHANGHAI))
    third = history.commit("third", {"a.py": "x = 3\n"}, at=at(1, NEW_YORK))
    name = await emulated_github.load(history.path)
    assert name == "octo/hello"
    assert await listed(emulated_github) == [third, second, first]


async def test_pygithub_lists_exactly_the_window(emulated_github: github.GitHubProxy, history: History) -> None:
    shas = [history.commit(f"commit {hour}", {"a.py": f"{hour}\n"}, at=at(hour)) for hour in range(1, 6)]
    await emulated_github.load(history.path)
    assert await listed(emulated_github, since=at(2), until=at(4)) == [shas[3], shas[2], shas[1]]


async def test_a_listing_is_read_page_by_page(emulated_github: github.GitHubProxy, history: History) -> None:
    shas = [history.commit(f"commit {hour}", {}, at=at(hour)) for hour in range(1, 8)]
    await emulated_github.load(history.path)

    def pages() -> list[str]:
        with github_client(emulated_github, per_page=3) as client:
            return [commit.sha for commit in client.get_repo("octo/hello").get_commits()]

    assert await asyncio.to_thread(pages) == shas[::-1]
    assert emulated_github.counts["GET", "/repos/octo/hello/commits"] == 3


async def test_a_merge_has_two_parents_and_is_compared_with_the_first(
    emulated_github: github.GitHubProxy, history: History
) -> None:
    base = history.commit("base", {"a.py": "x\n"}, at=at(1))
    history.checkout("side", create=True)
    side = history.commit("side", {"s.py": "s\n"}, at=at(2))
    history.checkout("main")
    main = history.commit("main", {"m.py": "m\n"}, at=at(3))
    merge = history.merge("side", "Merge side", at=at(4))
    await emulated_github.load(history.path)
    assert await listed(emulated_github) == [merge, main, side, base]
    got = await asked(emulated_github, merge)
    assert [parent["sha"] for parent in got["parents"]] == [main, side]
    assert [file["filename"] for file in got["files"]] == ["s.py"]


async def test_people_and_instants_are_told_as_github_tells_them(
    emulated_github: github.GitHubProxy, history: History
) -> None:
    ada, lei = Person(), Person(name="李雷", email="lei@example.com")
    sha = history.commit("一个\n", {}, at=at(9, SHANGHAI), authored=at(1, NEW_YORK), author=lei, committer=ada)
    await emulated_github.load(history.path)
    commit = (await asked(emulated_github, sha))["commit"]
    assert commit["message"] == "一个"
    assert commit["author"] == {"name": "李雷", "email": "lei@example.com", "date": "2026-01-20T06:00:00Z"}
    assert commit["committer"] == {"name": "Ada Lovelace", "email": "ada@example.com", "date": "2026-01-20T01:00:00Z"}


async def test_files_and_patches_are_those_of_git(emulated_github: github.GitHubProxy, history: History) -> None:
    body = "".join(f"line {number}\n" for number in range(20))
    history.commit("before", {"old.py": body, "gone.txt": "x", "run.sh": "echo\n", "bin": b"\0\1"}, at=at(1))
    history.rename("old.py", "pkg/new.py")
    sha = history.commit(
        "after", {"pkg/new.py": body + "more\n", "gone.txt": None, "bin": b"\0\2", "añadido.txt": "+ plus\n"}, at=at(2)
    )
    await emulated_github.load(history.path)
    got = await asked(emulated_github, sha)
    files = {file["filename"]: file for file in got["files"]}
    assert {name: file["status"] for name, file in files.items()} == {
        "añadido.txt": "added",
        "bin": "modified",
        "gone.txt": "removed",
        "pkg/new.py": "renamed",
    }
    assert files["pkg/new.py"]["previous_filename"] == "old.py"
    assert files["pkg/new.py"]["patch"] == "@@ -18,3 +18,4 @@ line 16\n line 17\n line 18\n line 19\n+more"
    assert files["gone.txt"]["patch"] == "@@ -1 +0,0 @@\n-x\n\\ No newline at end of file"
    assert files["añadido.txt"]["patch"] == "@@ -0,0 +1 @@\n++ plus"
    assert "patch" not in files["bin"]
    assert got["stats"] == {"total": 3, "additions": 2, "deletions": 1}
    assert all(file["contents_url"].startswith(emulated_github.url) for file in files.values())


async def test_a_commit_without_files_has_none(emulated_github: github.GitHubProxy, history: History) -> None:
    history.commit("one", {"a": "a\n"}, at=at(1))
    sha = history.commit("nothing", {}, at=at(2))
    await emulated_github.load(history.path)
    assert (await asked(emulated_github, sha))["files"] == []


async def test_more_commits_and_a_rewritten_branch_can_be_pushed(
    emulated_github: github.GitHubProxy, history: History
) -> None:
    first = history.commit("one", {"a": "a\n"}, at=at(1))
    history.commit("two", {"a": "b\n"}, at=at(2))
    await emulated_github.load(history.path)
    history.checkout(first)
    history.checkout("again", create=True)
    other = history.commit("other", {"a": "c\n"}, at=at(3))
    await emulated_github.load(history.path, branch="again")
    assert await listed(emulated_github) == [other, first]


async def test_what_is_not_there_is_refused_as_github_refuses_it(
    emulated_github: github.GitHubProxy, history: History
) -> None:
    history.commit("one", {"a": "a\n"}, at=at(1))
    await emulated_github.load(history.path, "acme/secret", private=True)
    await emulated_github.create("octo/empty")

    def ask() -> None:
        with github_client(emulated_github) as client:
            assert client.get_repo("Acme/Secret").full_name == "acme/secret"
            with pytest.raises(UnknownObjectException):
                client.get_repo("octo/nothing")
            with pytest.raises(GithubException) as empty:
                list(client.get_repo("octo/empty").get_commits())
            assert (empty.value.status, empty.value.data["message"]) == (409, "Git Repository is empty.")
        with github_client(emulated_github, None) as stranger, pytest.raises(UnknownObjectException):
            stranger.get_repo("acme/secret")
        with github_client(emulated_github, "ghp_unknown") as stranger, pytest.raises(GithubException) as refused:
            stranger.get_repo("octo/empty")
        assert refused.value.status == 401

    await asyncio.to_thread(ask)


async def test_a_moved_repository_redirects_to_its_id(emulated_github: github.GitHubProxy, history: History) -> None:
    sha = history.commit("one", {"a": "a\n"}, at=at(1))
    await emulated_github.load(history.path)
    emulated_github.moved["octo/old"] = "octo/hello"
    assert await listed(emulated_github, "octo/old") == [sha]


async def test_github_fails_on_demand(emulated_github: github.GitHubProxy, history: History) -> None:
    history.commit("one", {"a": "a\n"}, at=at(1))
    await emulated_github.load(history.path)

    def get(**more: Any) -> str:
        with github_client(emulated_github, **more) as client:
            return client.get_repo("octo/hello").full_name

    faults = {502: github.server_error(), 404: github.not_found(), 409: github.empty_repository()}
    for status, fault in {**faults, 429: github.too_many_requests()}.items():
        emulated_github.fail(fault, path="/repos/octo/*")
        with pytest.raises(GithubException) as failed:
            await asyncio.to_thread(get)
        assert failed.value.status == status
    emulated_github.fail(github.primary_limit())
    with pytest.raises(RateLimitExceededException):
        await asyncio.to_thread(get)
    emulated_github.fail(Reset())
    with pytest.raises(OSError, match="Connection aborted"):
        await asyncio.to_thread(get)
    emulated_github.fail(github.server_error(), times=2)
    assert await asyncio.to_thread(get, retry=GithubRetry(total=3, backoff_factor=0)) == "octo/hello"
    assert emulated_github.requests("octo/hello$") == 9


# Slack


@pytest_asyncio.fixture
async def bot(emulated_slack: slack.SlackProxy) -> AsyncIterator[AsyncWebClient]:
    client = AsyncWebClient(token=slack.BOT_TOKEN, base_url=emulated_slack.api, retry_handlers=[])
    yield client
    if client.session is not None:
        await client.session.close()


def button(action_id: str = "details", **more: Any) -> dict[str, Any]:
    text = {"type": "plain_text", "text": "Details"}
    return {"type": "button", "action_id": action_id, "text": text, **more}


def section(text: str = "Hello") -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def header(text: str = "Digest") -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": text}}


def modal(**more: Any) -> dict[str, Any]:
    return {"type": "modal", "title": {"type": "plain_text", "text": "Commit"}, "blocks": [section()], **more}


async def refused(call: Any) -> str:
    with pytest.raises(SlackApiError) as error:
        await call
    return error.value.response["error"]


async def test_the_bot_is_known_and_sees_its_channels(emulated_slack: slack.SlackProxy, bot: AsyncWebClient) -> None:
    me = await bot.auth_test()
    assert (me["user_id"], me["bot_id"], me["team_id"]) == (slack.BOT_USER_ID, slack.BOT_ID, "T000000001")
    listed = await bot.conversations_list()
    seen = {channel["name"]: (channel["is_member"], channel["is_archived"]) for channel in listed["channels"]}
    rooms = {"general": (True, False), "random": (True, False), "attic": (True, True), "lounge": (False, False)}
    assert seen == rooms
    emulated_slack.zones[emulated_slack.workspace.users["alice"]] = "Asia/Shanghai"
    alice = await bot.users_info(user=emulated_slack.workspace.users["alice"])
    assert alice["user"]["tz"] == "Asia/Shanghai"


async def test_a_posted_message_is_in_the_history_with_its_metadata(
    emulated_slack: slack.SlackProxy, bot: AsyncWebClient
) -> None:
    general = emulated_slack.workspace.channels["general"]
    metadata = {"event_type": "dynamo_digest", "event_payload": {"key": "k1"}}
    posted = await bot.chat_postMessage(channel=general, text="Digest", blocks=[section()], metadata=metadata)
    await bot.chat_postMessage(channel=general, text="Reply", thread_ts=posted["ts"])
    [message] = await emulated_slack.history("general")
    assert (message["ts"], message["metadata"], message["blocks"]) == (posted["ts"], metadata, [section()])
    plain = await bot.conversations_history(channel=general, limit=1)
    full = await bot.conversations_history(channel=general, oldest=posted["ts"], inclusive=True, include_all_metadata=1)
    after = await bot.conversations_history(channel=general, oldest=posted["ts"])
    assert "metadata" not in plain["messages"][0]
    assert [each["metadata"] for each in full["messages"]] == [metadata]
    assert after["messages"] == []
    assert [each["text"] for each in await emulated_slack.thread("general", posted["ts"])] == ["Digest", "Reply"]
    assert emulated_slack.calls_of("chat.postMessage")[0].arguments["metadata"] == metadata


async def test_a_direct_message_reaches_a_person(emulated_slack: slack.SlackProxy, bot: AsyncWebClient) -> None:
    opened = await bot.conversations_open(users=[emulated_slack.workspace.users["bob"]])
    await bot.chat_postMessage(channel=opened["channel"]["id"], text="Hello")
    assert [each["text"] for each in await emulated_slack.history(opened["channel"]["id"])] == ["Hello"]


async def test_slack_refuses_what_it_does_not_allow(emulated_slack: slack.SlackProxy, bot: AsyncWebClient) -> None:
    channels = emulated_slack.workspace.channels
    assert await refused(bot.chat_postMessage(channel=channels["attic"], text="x")) == "is_archived"
    assert await refused(bot.chat_postMessage(channel="C404", text="x")) == "channel_not_found"
    assert await refused(bot.api_call("chat.postMessage", json={"channel": channels["general"]})) == "no_text"
    assert await refused(bot.reactions_add(channel=channels["general"], name="x", timestamp="1.1")) == "missing_scope"
    assert await refused(bot.auth_test(token="xoxb-unknown")) == "invalid_auth"
    emulated_slack.refuse_token()
    assert await refused(bot.auth_test()) == "token_revoked"


async def test_a_trigger_opens_one_view_which_can_be_updated(
    emulated_slack: slack.SlackProxy, bot: AsyncWebClient
) -> None:
    trigger = await emulated_slack.trigger_id()
    opened = await bot.views_open(trigger_id=trigger, view=modal(private_metadata="secret"))
    assert await refused(bot.views_open(trigger_id=trigger, view=modal())) == "exchanged_trigger_id"
    view = opened["view"]
    await bot.views_update(view_id=view["id"], hash=view["hash"], view=modal(blocks=[section("New")]))
    assert emulated_slack.views[view["id"]]["blocks"] == [section("New")]
    assert await refused(bot.views_update(view_id=view["id"], hash=view["hash"], view=modal())) == "hash_conflict"
    pushing = await emulated_slack.trigger_id(view_id=view["id"])
    pushed = await bot.views_push(trigger_id=pushing, view=modal())
    assert pushed["view"]["root_view_id"] == view["id"]


async def test_a_trigger_expires(emulated_slack: slack.SlackProxy, bot: AsyncWebClient) -> None:
    trigger = await emulated_slack.trigger_id()
    await asyncio.sleep(3.1)
    assert await refused(bot.views_open(trigger_id=trigger, view=modal())) == "expired_trigger_id"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"blocks": [section("x" * 3001)]}, "invalid_blocks"),
        ({"blocks": [section("")]}, "invalid_blocks"),
        ({"blocks": [{"type": "section"}]}, "invalid_blocks"),
        ({"blocks": [header("x" * 151)]}, "invalid_blocks"),
        ({"blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]}, "invalid_blocks"),
        ({"blocks": [{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}]}, "invalid_blocks"),
        ({"blocks": [{"type": "actions", "elements": [button(str(n)) for n in range(26)]}]}, "invalid_blocks"),
        ({"blocks": [{"type": "actions", "elements": [button(), button()]}]}, "invalid_blocks"),
        ({"blocks": [{"type": "actions", "elements": [button(value="x" * 2001)]}]}, "invalid_blocks"),
        ({"blocks": [{"type": "actions", "elements": [button(text=header("x" * 76)["text"])]}]}, "invalid_blocks"),
        ({"blocks": [{"type": "divider", "block_id": "a"}] * 2}, "invalid_blocks"),
        ({"blocks": [{"type": "unheard_of"}]}, "invalid_blocks"),
        ({"blocks": [section("x" * 3000)] * 4 + [section("x" * 1201)]}, "msg_blocks_too_long"),
        ({"blocks": [section("&" * 2640), section("&")]}, "msg_blocks_too_long"),
        ({"blocks": [header("x")] * 40 + [section("x" * 3000)] * 3 + [section("x" * 161)]}, "msg_blocks_too_long"),
    ],
)  # fmt: skip
async def test_slack_refuses_a_message_beyond_its_limits(
    emulated_slack: slack.SlackProxy, bot: AsyncWebClient, arguments: dict[str, Any], error: str
) -> None:
    general = emulated_slack.workspace.channels["general"]
    with pytest.raises(SlackApiError) as failed:
        await bot.chat_postMessage(channel=general, text="x", **arguments)
    assert failed.value.response["error"] == error
    if error == "invalid_blocks":
        [said, *_] = failed.value.response["errors"]
        assert "[json-pointer:/blocks" in said
        assert failed.value.response["response_metadata"]["messages"][0] == f"[ERROR] {said}"
    assert await emulated_slack.history() == []
    emulated_slack.refusals.clear()


async def test_slack_takes_a_message_at_its_limits(emulated_slack: slack.SlackProxy, bot: AsyncWebClient) -> None:
    general = emulated_slack.workspace.channels["general"]
    blocks = [section("x" * 3000)] * 4 + [section("&amp;" * 219), header("x")] + [{"type": "divider"}] * 44
    assert slack_blocks.counted_characters(blocks) == 13_196
    await bot.chat_postMessage(channel=general, text="x", blocks=blocks)
    posted = await bot.chat_postMessage(channel=general, text="x")
    await bot.chat_update(channel=general, ts=posted["ts"], text="字" * 1333)
    assert await refused(bot.chat_update(channel=general, ts=posted["ts"], text="字" * 1334)) == "msg_too_long"
    emulated_slack.refusals.clear()


@pytest.mark.parametrize(
    "view",
    [
        modal(title={"type": "plain_text", "text": "x" * 25}),
        modal(private_metadata="x" * 3001),
        modal(blocks=[{"type": "divider"}] * 101),
        modal(blocks=[section("x" * 3001)]),
        modal(blocks=[{"type": "markdown", "text": "not in a view"}]),
    ],
)
async def test_slack_refuses_a_view_beyond_its_limits(
    emulated_slack: slack.SlackProxy, bot: AsyncWebClient, view: dict[str, Any]
) -> None:
    trigger = await emulated_slack.trigger_id()
    assert await refused(bot.views_open(trigger_id=trigger, view=view)) == "invalid_arguments"
    await bot.views_open(trigger_id=trigger, view=modal(blocks=[{"type": "divider"}] * 100))
    emulated_slack.refusals.clear()


async def test_slack_fails_on_demand(emulated_slack: slack.SlackProxy, bot: AsyncWebClient) -> None:
    general = emulated_slack.workspace.channels["general"]

    async def post() -> Any:
        return await bot.chat_postMessage(channel=general, text="x")

    emulated_slack.fail("chat.postMessage", slack.rate_limited(7))
    with pytest.raises(SlackApiError) as limited:
        await post()
    assert (limited.value.response.status_code, limited.value.response.headers["Retry-After"]) == (429, "7")
    emulated_slack.fail("chat.*", slack.error("channel_not_found"))
    assert await refused(post()) == "channel_not_found"
    emulated_slack.fail("chat.postMessage", slack.server_error())
    with pytest.raises(SlackApiError):
        await post()
    assert await emulated_slack.history() == []
    emulated_slack.fail("chat.postMessage", Reset(processed=True))
    with pytest.raises(OSError):
        await post()
    bot.timeout = 1
    emulated_slack.fail("chat.postMessage", Hang(processed=True))
    with pytest.raises(asyncio.TimeoutError):
        await post()
    assert len(await emulated_slack.history()) == 2
    assert len(emulated_slack.calls_of("chat.postMessage")) == 5


async def test_a_response_url_is_good_for_five_answers(emulated_slack: slack.SlackProxy) -> None:
    url = emulated_slack.response_url()
    client = AsyncWebhookClient(url)
    answers = [await client.send(text=f"answer {number}") for number in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert json.loads(answers[5].body)["error"] == "used_url"
    assert emulated_slack.responses(url)[0] == {"response_type": "ephemeral", "text": "answer 0"}
    late = await AsyncWebhookClient(emulated_slack.response_url(seconds=0)).send(text="late")
    assert (late.status_code, json.loads(late.body)["error"]) == (404, "expired_url")
    bad = await AsyncWebhookClient(emulated_slack.response_url()).send(blocks=[section("x" * 3001)])
    assert (bad.status_code, bad.body) == (400, "invalid_blocks")
    emulated_slack.refusals.clear()


async def test_requests_from_slack_are_signed(emulated_slack: slack.SlackProxy) -> None:
    workspace = emulated_slack.workspace
    url, trigger = emulated_slack.response_url(), await emulated_slack.trigger_id()
    command = slack_inbound.slash_command(workspace, "昨天", response_url=url, trigger_id=trigger)
    clicked = slack_inbound.click(workspace, button(value="v1"), response_url=url, trigger_id=trigger)
    verifier = SignatureVerifier(workspace.signing_secret)
    assert verifier.is_valid_request(command, slack_inbound.signed(command, workspace.signing_secret))
    assert not verifier.is_valid_request(command, slack_inbound.signed(command, "another secret"))
    assert not verifier.is_valid_request(command, slack_inbound.signed(command, workspace.signing_secret, 1))
    assert parse_qs(command)["text"] == ["昨天"]
    payload = json.loads(parse_qs(clicked)["payload"][0])
    assert (payload["actions"][0]["value"], payload["channel"]["name"]) == ("v1", "general")


# Model


@pytest_asyncio.fixture
async def llm(emulated_model: model.ModelProxy) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(
        api_key=model.API_KEY, base_url=emulated_model.api, max_retries=0, timeout=5
    ) as client:
        yield client


async def says(llm: openai.AsyncOpenAI, text: str = "Read this commit.") -> Any:
    messages: Any = [{"role": "system", "content": "Answer in JSON."}, {"role": "user", "content": text}]
    return await llm.chat.completions.create(
        model="gpt-test", messages=messages, response_format={"type": "json_object"}
    )


async def test_the_model_answers_by_function_and_by_value(
    emulated_model: model.ModelProxy, llm: openai.AsyncOpenAI
) -> None:
    emulated_model.answer(lambda chat: {"length": len(chat.user), "format": chat.response_format})
    emulated_model.answer({"summary": "一个修复"}, when="fix:")
    emulated_model.answer(model.Completion(content="{", finish_reason="length", usage={"prompt_tokens": 9}), when="cut")
    by_function, by_value, cut = await says(llm), await says(llm, "fix: x"), await says(llm, "cut")
    assert json.loads(by_function.choices[0].message.content) == {"length": 17, "format": "json_object"}
    assert json.loads(by_value.choices[0].message.content) == {"summary": "一个修复"}
    assert by_value.usage.total_tokens > 0
    assert (cut.choices[0].finish_reason, cut.usage.prompt_tokens) == ("length", 9)
    assert [call.status for call in emulated_model.calls] == [200, 200, 200]
    assert len(await emulated_model.journal()) == 3


async def test_the_model_has_nothing_to_say_unasked(emulated_model: model.ModelProxy, llm: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="No fixture matched"):
        await says(llm)
    emulated_model.answer("")
    assert (await says(llm)).choices[0].message.content == ""
    with pytest.raises(openai.AuthenticationError):
        await says(llm.with_options(api_key="sk-unknown"))


async def test_a_slow_model_answers_several_requests_at_once(
    emulated_model: model.ModelProxy, llm: openai.AsyncOpenAI
) -> None:
    emulated_model.answer({})
    emulated_model.latency = 0.5
    started = time.monotonic()
    await asyncio.gather(*(says(llm) for _ in range(4)))
    assert 0.5 <= time.monotonic() - started < 1.5
    assert emulated_model.max_concurrency == 4


async def test_the_model_fails_on_demand(emulated_model: model.ModelProxy, llm: openai.AsyncOpenAI) -> None:
    emulated_model.answer({"fine": True})
    emulated_model.fail(model.rate_limited(3))
    with pytest.raises(openai.RateLimitError) as limited:
        await says(llm)
    assert limited.value.response.headers["Retry-After"] == "3"
    emulated_model.fail(model.server_error())
    with pytest.raises(openai.InternalServerError):
        await says(llm)
    emulated_model.fail(model.unsupported())
    with pytest.raises(openai.BadRequestError):
        await says(llm)
    emulated_model.fail(Reset())
    with pytest.raises(openai.APIConnectionError):
        await says(llm)
    emulated_model.fail(Hang())
    with pytest.raises(openai.APITimeoutError):
        await says(llm.with_options(timeout=0.2))
    emulated_model.fail(model.malformed_json())
    with pytest.raises((openai.OpenAIError, ValueError)):
        await says(llm)
    emulated_model.fail(model.html_page())
    assert isinstance(await says(llm), str)
    assert json.loads((await says(llm)).choices[0].message.content) == {"fine": True}
