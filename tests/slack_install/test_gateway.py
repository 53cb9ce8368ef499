"""One way to Slack: what it repeats, what it never repeats, how long it waits, and in which order posts go out."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import stamina
from aiohttp import web

from bot.adapters.slack import failures
from bot.adapters.slack.gateway import OneToken, SlackGateway
from bot.core import errors
from bot.core.pacing import giving_way
from tests.counterparts import slack
from tests.counterparts.faults import Fault, Reset
from tests.counterparts.proxies import Proxy
from tests.counterparts.slack import SlackProxy
from tests.counterparts.slack_grid import SlackGrid
from tests.stopwatch import Watch, hastened

TEAM = "T000000001"


@pytest.fixture
def gateway(emulated_slack: SlackProxy) -> SlackGateway:
    return SlackGateway(OneToken(slack.BOT_TOKEN), base_url=emulated_slack.api, timeout=2)


@pytest.fixture
def waits() -> Iterator[list[float]]:
    """How long was waited before each repetition, in seconds."""
    waited: list[float] = []
    stamina.instrumentation.set_on_retry_hooks([lambda details: waited.append(details.wait_for)])
    yield waited
    stamina.instrumentation.set_on_retry_hooks(None)


async def post(gateway: SlackGateway, emulated_slack: SlackProxy, channel: str = "general", *, team: str = TEAM) -> Any:
    where = emulated_slack.workspace.channels[channel]
    return await gateway.call(team, "chat.postMessage", channel=where, text="Hello.")


async def test_a_rate_limit_is_waited_out_as_long_as_slack_says(
    gateway: SlackGateway, emulated_slack: SlackProxy, waits: list[float]
):
    emulated_slack.fail("chat.postMessage", slack.rate_limited(1))
    await post(gateway, emulated_slack)
    assert waits == [1.0]
    assert len(await emulated_slack.history()) == 1


async def test_a_rate_limit_that_is_too_long_is_left_to_the_ledger(
    gateway: SlackGateway, emulated_slack: SlackProxy, waits: list[float]
):
    emulated_slack.fail("chat.postMessage", slack.rate_limited(120))
    with pytest.raises(errors.PlatformUnavailable) as problem:
        await post(gateway, emulated_slack)
    assert (problem.value.retry_after, waits) == (timedelta(seconds=120), [])


async def test_who_was_told_to_wait_does_not_ask_meanwhile_but_others_may(
    gateway: SlackGateway, emulated_slack: SlackProxy
):
    emulated_slack.fail("chat.postMessage", slack.rate_limited(120))
    for _ in range(3):
        with pytest.raises(errors.PlatformUnavailable) as problem:
            await post(gateway, emulated_slack)
        assert problem.value.retry_after is not None
        assert timedelta(seconds=110) < problem.value.retry_after <= timedelta(seconds=120)
    assert len(emulated_slack.calls_of("chat.postMessage")) == 1
    await post(gateway, emulated_slack, "random")


@pytest.mark.parametrize(
    "fault",
    [Reset(processed=True), Reset(), slack.server_error(500), slack.error("internal_error")],
    ids=str,
)
async def test_a_post_whose_answer_got_lost_is_never_repeated(
    gateway: SlackGateway, emulated_slack: SlackProxy, fault: Fault
):
    emulated_slack.fail("chat.postMessage", fault)
    with pytest.raises(errors.DeliveryUncertain):
        await post(gateway, emulated_slack)
    assert len(emulated_slack.calls_of("chat.postMessage")) == 1


@pytest.mark.parametrize("fault", [Reset(), slack.server_error(503), slack.error("fatal_error")], ids=str)
async def test_a_question_is_asked_again(gateway: SlackGateway, emulated_slack: SlackProxy, fault: Fault):
    emulated_slack.fail("users.info", fault)
    answer = await gateway.call(TEAM, "users.info", user=emulated_slack.workspace.users["alice"])
    assert answer["user"]["name"] == "alice"
    emulated_slack.fail("users.info", fault, times=None)
    with pytest.raises(errors.PlatformUnavailable, match="Slack did not answer"):
        await gateway.call(TEAM, "users.info", user=emulated_slack.workspace.users["alice"])


async def test_a_window_is_opened_at_once_or_not_at_all(
    gateway: SlackGateway, emulated_slack: SlackProxy, waits: list[float]
):
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Hello"}, "blocks": [{"type": "divider"}]}
    emulated_slack.fail("views.open", slack.rate_limited(1))
    trigger = await emulated_slack.trigger_id()
    with pytest.raises(errors.PlatformUnavailable):
        await gateway.call(TEAM, "views.open", trigger_id=trigger, view=view)
    opened = (await gateway.call(TEAM, "views.open", trigger_id=trigger, view=view))["view"]
    with pytest.raises(errors.ViewExpired):
        await gateway.call(TEAM, "views.open", trigger_id=trigger, view=view)
    update = {"view_id": opened["id"], "view": view}
    await gateway.call(TEAM, "views.update", **update, hash=opened["hash"])
    with pytest.raises(errors.ViewConflict):
        await gateway.call(TEAM, "views.update", **update, hash=opened["hash"])
    assert waits == []


async def test_nothing_secret_is_logged(
    gateway: SlackGateway, emulated_slack: SlackProxy, capsys: pytest.CaptureFixture[str]
):
    emulated_slack.fail("users.info", slack.error("invalid_arguments"))
    with pytest.raises(errors.MessageRejected):
        await gateway.call(TEAM, "users.info", user="U1")
    logged = "".join(capsys.readouterr())
    assert "slack.call_failed" in logged
    assert slack.BOT_TOKEN not in logged


MEANINGS: dict[type[errors.BotError], str] = {
    errors.CredentialsRejected: (
        "invalid_auth account_inactive token_revoked token_expired not_authed two_factor_setup_required"
    ),
    errors.ScopeMissing: "missing_scope no_permission not_allowed_token_type team_access_not_granted ekm_access_denied",
    errors.ChannelGone: (
        "channel_not_found is_archived not_in_channel restricted_action restricted_action_read_only_channel"
        " restricted_action_thread_only_channel restricted_action_thread_locked messages_tab_disabled"
        " cannot_reply_to_message user_not_found cannot_dm_bot"
    ),
    errors.MessageRejected: (
        "invalid_blocks invalid_blocks_format msg_blocks_too_long msg_too_long no_text markdown_text_conflict"
        " metadata_too_large invalid_metadata_schema view_too_large unknown_method a_code_of_next_year"
    ),
    errors.PlatformUnavailable: (
        "ratelimited rate_limited message_limit_exceeded org_login_required team_added_to_org"
    ),
    errors.DeliveryUncertain: "fatal_error internal_error request_timeout service_unavailable",
    errors.MessageGone: "message_not_found cant_update_message edit_window_closed",
    errors.ViewExpired: "expired_trigger_id exchanged_trigger_id invalid_trigger_id",
    errors.ViewConflict: "hash_conflict push_limit_reached duplicate_external_id not_found",
}


@pytest.mark.parametrize(
    ("code", "error"), [(code, error) for error, codes in MEANINGS.items() for code in codes.split()]
)
async def test_every_code_of_slack_has_its_meaning(
    gateway: SlackGateway, emulated_slack: SlackProxy, code: str, error: type[errors.BotError]
):
    emulated_slack.fail("views.publish", slack.error(code, needed="chat:write"))
    with pytest.raises(error) as problem:
        await gateway.call(TEAM, "views.publish", user_id="U1", view={"type": "home", "blocks": []})
    dead = issubclass(error, errors.CredentialsRejected | errors.ChannelGone)
    assert problem.value.permanent is dead
    assert isinstance(problem.value, errors.ScopeMissing) is (error is errors.ScopeMissing)


async def test_a_missing_scope_is_named(gateway: SlackGateway, emulated_slack: SlackProxy):
    emulated_slack.fail("users.info", slack.error("missing_scope", needed="users:read", provided="commands"))
    with pytest.raises(errors.ScopeMissing, match="lacks the scope users:read") as problem:
        await gateway.call(TEAM, "users.info", user="U1")
    assert problem.value.scope == "users:read"


async def test_the_gateway_spaces_posts_only(emulated_slack: SlackProxy):
    watch = Watch()
    gateway = SlackGateway(OneToken(slack.BOT_TOKEN), base_url=emulated_slack.api, clock=watch, sleep=watch.sleep)
    for _ in range(3):
        await post(gateway, emulated_slack)
        await gateway.call(TEAM, "auth.test")
    await post(gateway, emulated_slack, "random")
    assert round(watch.now - 100, 1) == 2.2


# Turns


class Turns:
    """Implements `Tokens`: a call asks for its token once its turn has come, and gets no further."""

    def __init__(self) -> None:
        self.taken: dict[str, list[float]] = {}
        self._clock = asyncio.get_running_loop().time

    async def token(self, workspace: str) -> str:
        self.taken.setdefault(workspace, []).append(round(self._clock(), 6))
        raise errors.NotInstalled

    async def renewed(self, workspace: str, rejected: str) -> str:
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """A workspace to which the clock posts, and at such a time somebody else."""

    name: str
    posts: int
    answer_at: float | None = None
    method: str = "chat.postMessage"


def turns(*workspaces: Busy) -> dict[str, list[float]]:
    """When the calls of each workspace had their turn, in seconds; each call is of another channel.

    When the answer had its own stands under "answer".
    """

    async def scene() -> dict[str, list[float]]:
        taken = Turns()
        clock = asyncio.get_running_loop().time
        gateway = SlackGateway(taken, base_url="", clock=clock)

        async def call(workspace: Busy, channel: str, at: float = 0.0) -> float:
            await asyncio.sleep(at)
            with pytest.raises(errors.NotInstalled):
                await gateway.call(workspace.name, workspace.method, channel=channel)
            return round(clock(), 6)

        with giving_way():
            calls = [asyncio.create_task(call(each, str(n))) for each in workspaces for n in range(each.posts)]
        answers = [call(each, "C1", each.answer_at) for each in workspaces if each.answer_at is not None]
        answered = await asyncio.gather(*answers)
        await asyncio.gather(*calls)
        return taken.taken | ({"answer": answered} if answered else {})

    return hastened(scene)


def test_posts_of_the_clock_are_spread_over_the_minute_in_each_workspace_alone():
    evenly = [round(number // 2 * 0.4, 6) for number in range(300)]
    assert turns(Busy(name="T1", posts=300), Busy(name="T2", posts=3)) == {"T1": evenly, "T2": [0.0, 0.0, 0.4]}


def test_an_answer_to_somebody_does_not_queue_behind_the_posts_of_the_clock():
    taken = turns(Busy(name="T1", posts=300, answer_at=10.1))
    assert taken["answer"] == [10.1]
    assert (len(taken["T1"]), taken["T1"][-1]) == (301, 60.0)


def test_an_answer_waits_for_the_next_turn_where_the_workspace_gets_all_that_it_may():
    taken = turns(Busy(name="T1", posts=400, answer_at=70.1))
    assert taken["answer"] == [70.4]
    for earlier, later in zip(taken["T1"], taken["T1"][300:], strict=False):
        assert later - earlier >= 60 - 1e-5


def test_what_the_clock_updates_keeps_a_limit_of_its_own_and_is_not_waited_for():
    taken = turns(Busy(name="T1", posts=5, method="chat.update", answer_at=0.5))
    assert taken == {"T1": [0.0, 0.5, 1.2, 2.4, 3.6, 4.8], "answer": [0.5]}


async def test_a_workspace_that_is_told_to_wait_an_hour_keeps_no_other_waiting(slack_grid: SlackGrid):
    watch = Watch()
    workspaces = {f"T{number}": workspace for number, workspace in enumerate(slack_grid.workspaces)}
    tokens = {name: workspace.tenant.bot_token for name, workspace in workspaces.items()}
    gateway = SlackGateway(Known(tokens), base_url=slack_grid.api, clock=watch, sleep=watch.sleep)
    limited, other = workspaces.values()
    limited.fail("chat.postMessage", slack.rate_limited(3600), times=None)

    async def round_of_posts() -> list[timedelta | None]:
        """How long each workspace's channels want to be left alone."""
        asked: list[timedelta | None] = []
        for channel in ("general", "random"):
            for name, workspace in workspaces.items():
                try:
                    await post(gateway, workspace, channel, team=name)
                except errors.PlatformUnavailable as error:
                    asked.append(error.retry_after)
                else:
                    asked.append(None)
        return asked

    hour = timedelta(hours=1)
    with giving_way():
        assert await round_of_posts() == [hour, None, hour, None]
        watch.now += 1800
        assert await round_of_posts() == [hour / 2, None, hour / 2, None]
        assert len(limited.calls_of("chat.postMessage")) == 2
        await gateway.call("T0", "users.info", user=limited.workspace.users["alice"])
        limited.faults.clear()
        watch.now += 1801
        assert await round_of_posts() == [None] * 4
    assert [len(await each.history("general")) for each in (limited, other)] == [1, 3]


class Known:
    """Implements `Tokens` for those that are given, by workspace."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._tokens = tokens

    async def token(self, workspace: str) -> str:
        return self._tokens[workspace]

    async def renewed(self, workspace: str, rejected: str) -> str:
        raise NotImplementedError


def test_what_is_in_a_rejected_message_is_said_where_slack_says_it():
    assert failures.details_of(TimeoutError()) == []
    assert failures.code_of(TimeoutError()) == "TimeoutError"


# Connections


async def test_a_window_opens_although_the_connection_that_was_kept_had_just_been_closed(
    gateway: SlackGateway, emulated_slack: SlackProxy
):
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Hello"}, "blocks": [{"type": "divider"}]}
    async with gateway.connected():
        emulated_slack.fail("views.open", Reset())
        await gateway.call(TEAM, "views.open", trigger_id=await emulated_slack.trigger_id(), view=view)
        emulated_slack.fail("views.open", Reset(processed=True))
        with pytest.raises(errors.ViewExpired):  # it is open, and its trigger used
            await gateway.call(TEAM, "views.open", trigger_id=await emulated_slack.trigger_id(), view=view)
    assert len(emulated_slack.views) == 2


async def test_a_post_that_met_a_closed_connection_is_not_repeated(gateway: SlackGateway, emulated_slack: SlackProxy):
    async with gateway.connected():
        await post(gateway, emulated_slack, "random")
        emulated_slack.fail("chat.postMessage", Reset())
        with pytest.raises(errors.DeliveryUncertain):
            await post(gateway, emulated_slack)
    assert len(emulated_slack.calls_of("chat.postMessage")) == 2


@pytest.mark.parametrize(("idle", "connections"), [(60.0, 1), (0.0, 2)], ids=["not idle for long", "idle too long"])
async def test_posts_share_a_connection_only_while_it_is_not_idle(
    monkeypatch: pytest.MonkeyPatch, idle: float, connections: int
):
    monkeypatch.setattr("bot.adapters.slack.gateway.IDLE", idle)
    async with Connections() as server:
        gateway = SlackGateway(OneToken("xoxb-1"), base_url=f"{server.url}/api/")
        async with gateway.connected():
            for channel in ("C1", "C2"):
                await gateway.call(TEAM, "chat.postMessage", channel=channel, text="Hello.")
    assert len(server.opened) == connections


class Connections(Proxy):
    """Takes everything, and remembers over which connections it came."""

    def __init__(self) -> None:
        super().__init__("")
        self.opened: set[object] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.opened.add(request.transport)
        return web.json_response({"ok": True, "ts": "1700000000.000100"})
