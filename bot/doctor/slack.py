"""Whether Slack lets the bot do what it promises: tokens, scopes, channels, and the blocks that it sends."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from bot.app import App
from bot.core.errors import BotError, PlatformUnavailable
from bot.core.ports import Subscriptions
from bot.core.replies import DigestView
from bot.core.subscriptions import Platform
from bot.doctor import sample
from bot.doctor.posting import can_post
from bot.slack_app import Slack

Check = Callable[[], Awaitable[str]]


async def slack_checks(app: App) -> Mapping[str, Check]:
    """By their names, one of tokens and one of channels for each workspace."""
    if app.slack is None:
        return {"slack": _not_configured}
    try:
        workspaces = await app.slack.workspaces()
    except BotError as error:
        return {"slack": partial(_failed, error)}
    if not workspaces:
        return {"slack": partial(_not_installed, f"{app.settings.public_url}/slack/install")}
    checks: dict[str, Check] = {}
    for workspace in workspaces:
        checks[f"slack {workspace}"] = partial(token, app.slack, workspace)
        checks[f"slack {workspace} channels"] = partial(channels, app.slack, app.subscriptions, workspace)
    return checks | {"slack blocks": partial(blocks, app.slack, workspaces[0], app)}


async def token(slack: Slack, workspace: str) -> str:
    """Raises BotError for a token that is not valid, or lacks a scope."""
    from bot.adapters.slack import scopes

    answer = await slack.gateway.call(workspace, "auth.test")
    said = answer.headers.get("x-oauth-scopes")
    if said is None:
        return f"{answer['team']} as {answer['user']}; with which scopes, Slack did not say"
    granted = said.replace(" ", "").split(",")
    if missing := scopes.missing(granted):
        raise BotError(f"the app lacks the scopes {', '.join(missing)}; add them and reinstall it")
    better = [f"{scope} ({scopes.OPTIONAL[scope]})" for scope in scopes.declined(granted)]
    hint = f"; it would be better with {', '.join(better)}" if better else ""
    return f"{answer['team']} as {answer['user']}{hint}"


async def channels(slack: Slack, subscriptions: Subscriptions, workspace: str) -> str:
    """Raises BotError for those in which the bot cannot post."""
    subscribed = await subscriptions.of_workspace(Platform.SLACK, workspace)
    return await can_post(slack.messenger, (each.terms.channel for each in subscribed))


async def blocks(slack: Slack, workspace: str, app: App) -> str:
    """Has Slack's own validator look at a sample. Raises BotError for what it does not take."""
    from bot.adapters.slack.failures import MethodUnknown
    from formatters.slack import Native, render

    native = frozenset(Native(kind) for kind in app.settings.slack_native_blocks)
    drawn = render(DigestView(digest=await sample.digest(app.default_repo)), native)
    try:
        await slack.gateway.call(workspace, "blocks.validate", blocks=drawn["blocks"])
    except PlatformUnavailable as error:
        return f"not checked: {error}"
    except MethodUnknown:
        return "not checked: this Slack has no blocks.validate"
    return "Slack's validator takes a sample digest"


async def _not_configured() -> str:
    return "not configured"


async def _not_installed(address: str) -> str:
    return f"installed nowhere yet; people install it at {address}"


async def _failed(error: BotError) -> str:
    raise error
