"""Whether Feishu lets the bot do what it promises: credentials, scopes, events, groups, and a card with every part."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from bot.app import App
from bot.core.errors import BotError, MessageRejected, PlatformUnavailable, ScopeMissing
from bot.core.ports import Messenger, Subscriptions
from bot.core.subscriptions import Platform
from bot.doctor.posting import can_post

if TYPE_CHECKING:
    from bot.adapters.feishu.gateway import FeishuGateway

Check = Callable[[], Awaitable[str]]

#: https://open.feishu.cn/document/ukTMukTMukTM/uAjMxEjLwITMx4CMyETM
BOT: Final = "GET /open-apis/bot/v3/info"
#: https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/application-v6/scope/list
SCOPES: Final = "GET /open-apis/application/v6/scopes"
_GRANTED: Final = 1
#: Where a long connection is asked for, as Feishu's SDKs do; its codes are in lark_oapi/ws/const.py (1.7.5).
CONNECTION_PATH: Final = "/callback/ws/endpoint"
#: Seconds.
TIMEOUT: Final = 10

_ENABLED: Final = 2
_STATES: Final = {
    0: "is not installed",
    1: "is switched off by the company's administrators",
    3: "is installed, but not enabled yet",
    4: "has an update that somebody must enable",
    5: "is switched off, since its licence has ended",
    6: "is switched off, since the company's plan has ended",
}
_NO_CONNECTION: Final = {
    1: "Feishu is busy; try again later",
    403: "only self-built apps may have one, and only while they are enabled",
    514: "the app's id or secret is not valid",
    10003: "the app's id is not valid",
    1000040343: "Feishu has an internal error; try again later",
    1000040344: "the app's id or secret is missing or not valid",
    1000040350: "the app has 50 already, which is all that it may have: stop other processes with these credentials",
}


async def feishu_checks(app: App, *, test_card_to: str = "") -> Mapping[str, Check]:
    """By their names, of the app and of the custom bot; with `test_card_to`, one that posts a card there."""
    checks: dict[str, Check] = {}
    if app.feishu is not None:
        checks |= app_checks(app, app.feishu.gateway, app.feishu.messenger)
    if app.feishu_group is not None:
        checks["feishu custom bot"] = _custom_bot
    if test_card_to:
        checks["feishu test card"] = partial(_test_card, app, test_card_to)
    return checks or {"feishu": _not_configured}


def app_checks(app: App, gateway: "FeishuGateway", messenger: Messenger) -> dict[str, Check]:
    return {
        "feishu app": partial(bot, gateway),
        "feishu scopes": partial(granted, gateway),
        "feishu events": partial(events, app),
        "feishu command": partial(command, gateway),
        "feishu groups": partial(groups, messenger, app.subscriptions),
    }


async def bot(gateway: "FeishuGateway") -> str:
    """Raises BotError for credentials that are not valid, and for an app that is not in use."""
    found: Mapping[str, Any] = (await _asked(gateway, BOT)).get("bot") or {}
    state = found.get("activate_status", _ENABLED)
    name = f"{found.get('app_name') or 'the app'} ({gateway.app_id})"
    if state in _STATES:
        raise BotError(f"{name} {_STATES[state]}")
    return f"{name} is enabled and has a bot"


async def granted(gateway: "FeishuGateway") -> str:
    """Raises BotError if one is missing without which something does not work."""
    from bot.adapters.feishu import scopes

    answer: Mapping[str, Any] = (await _asked(gateway, SCOPES)).get("data") or {}
    names = [str(each["scope_name"]) for each in answer.get("scopes") or () if each.get("grant_status") == _GRANTED]
    if missing := scopes.missing(names):
        lost = ", ".join(f"{scope} ({scopes.REQUIRED[scope]})" for scope in missing)
        raise BotError(f"the app lacks {lost}; add them, and publish a version")
    better = [f"{scope} ({scopes.OPTIONAL[scope]})" for scope in scopes.declined(names)]
    return f"all that are needed; it would be better with {', '.join(better)}" if better else "all of them"


async def events(app: App) -> str:
    """Whether they can come. Whether the console lists all of them, and the callback, Feishu does not tell."""
    from bot.adapters.feishu.manifest import EVENTS_PATH

    settings = app.settings
    if settings.feishu_encrypt_key is None:
        secret = settings.feishu_app_secret.get_secret_value() if settings.feishu_app_secret else ""
        await _connection(settings.feishu_base_url, settings.feishu_app_id, secret)
        return "Feishu offers a long connection"
    if not settings.public_url.startswith("https://"):
        raise BotError("FEISHU_ENCRYPT_KEY makes them come over HTTP, so PUBLIC_URL must say where: https://HOST")
    return f"they come over HTTP, so the console must name {settings.public_url}{EVENTS_PATH} for events and callbacks"


async def command(gateway: "FeishuGateway") -> str:
    """Only looks: the bot registers it when it starts."""
    from bot.adapters.feishu.slash_commands import COMMAND, LIST

    try:
        answer: Mapping[str, Any] = (await gateway.call(LIST)).get("data") or {}
    except ScopeMissing as error:
        return f"not checked: {error}"
    if COMMAND not in {each.get("command") for each in answer.get("items") or ()}:
        return f"/{COMMAND} is not registered; the bot does that when it starts"
    return f"people see /{COMMAND} when they type /"


async def groups(messenger: Messenger, subscriptions: Subscriptions) -> str:
    """Raises BotError for those in which the bot cannot post."""
    subscribed = [each.terms.channel for each in await subscriptions.active()]
    return await can_post(messenger, (channel for channel in subscribed if channel.platform is Platform.FEISHU))


async def _asked(gateway: "FeishuGateway", method: str) -> Mapping[str, Any]:
    try:
        return await gateway.call(method)
    except MessageRejected as error:
        raise BotError(f"{error} Has the app a bot, and is a version of it published?") from None


async def _connection(base_url: str, app_id: str, secret: str) -> None:
    """Asks for one, without using it. Its address is a secret. Raises BotError."""
    import httpx

    try:
        async with httpx.AsyncClient(base_url=base_url, timeout=TIMEOUT) as client:
            answer = await client.post(CONNECTION_PATH, json={"AppID": app_id, "AppSecret": secret})
            code = answer.json()["code"]
    except (httpx.HTTPError, ValueError, LookupError, TypeError):
        raise PlatformUnavailable("Feishu did not say whether there can be a long connection") from None
    if code != 0:
        raise BotError(f"no long connection ({code}): {_NO_CONNECTION.get(code, 'Feishu refuses it')}")


async def _test_card(app: App, chat: str) -> str:
    """To a group (`oc_…`), a person (`ou_…`) or the custom bot's group."""
    from bot.doctor import trial

    if chat == Platform.FEISHU_WEBHOOK:
        if app.feishu_group is None:
            raise BotError("that needs FEISHU_WEBHOOK_URL")
        return await trial.into_group(app.feishu_group.messenger, app.default_repo)
    if app.feishu is None:
        raise BotError("that needs FEISHU_APP_ID")
    return await trial.into_chat(app.feishu.gateway, chat, app.default_repo)


async def _custom_bot() -> str:
    return "configured; whether its address is good shows only when something is posted"


async def _not_configured() -> str:
    return "not configured"
