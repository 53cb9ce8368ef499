"""One-click creation of an app: somebody opens a link, or scans it, and confirms what the app may do.

https://open.feishu.cn/document/mcp_open_tools/scan-to-create-an-app-in-one-click (RFC 8628, device authorization)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import httpx

from bot.adapters.feishu.manifest import addons, preset
from bot.core.errors import BotError
from bot.core.language import _

_ACCOUNTS: Final = "https://accounts.feishu.cn"
_LARK_ACCOUNTS: Final = "https://accounts.larksuite.com"

#: What the SDK tells of while it waits.
_STATES: Final = {
    "polling": "Waiting until somebody confirms it",
    "slow_down": "Asked to slow down, so still waiting, but asking every {interval} seconds",
    "domain_switched": "Whoever opened the link uses Lark, so Lark is asked from now on",
}


class CreationDeclined(BotError):
    """Whoever opened the link declined, so no app was created."""


class LinkExpired(BotError):
    """Nobody confirmed in time, so the link has expired and no app was created. Please start again."""


class CreationUnavailable(BotError):
    """This platform does not create apps by a link."""


class AccountsUnreachable(BotError):
    """Feishu's accounts could not be reached, so it is not known whether an app was created."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApp:
    app_id: str
    app_secret: str = field(repr=False)
    #: Where it lives, as FEISHU_DOMAIN says it: feishu or lark.
    domain: str


async def register(
    *,
    on_link: Callable[[str, timedelta], None],
    on_state: Callable[[str], None],
    lark: bool = False,
    accounts_url: str = "",
) -> NewApp:
    """Creates the app of the manifest; `on_link` shows a link that is good for that time, `on_state` what is going on.

    The SDK takes seconds to load. `accounts_url` stands for the accounts of both platforms, behind a proxy.
    Raises CreationDeclined, LinkExpired, CreationUnavailable, AccountsUnreachable.
    """
    from lark_oapi import aregister_app
    from lark_oapi.scene.registration.errors import AppAccessDeniedError, AppExpiredError, RegisterAppError

    address = accounts_url.rstrip("/")
    try:
        made = await aregister_app(
            on_qr_code=lambda link: on_link(_shown(link["url"]), timedelta(seconds=link["expire_in"])),
            on_status_change=_telling(on_state),
            source="dynamo-digest",
            domain=address or (_LARK_ACCOUNTS if lark else _ACCOUNTS),
            lark_domain=address or _LARK_ACCOUNTS,
            app_preset=preset(),
            addons=addons(),
            create_only=True,
        )
        return _new_app(made or {}, lark=lark)
    except AppAccessDeniedError:
        raise CreationDeclined from None
    except AppExpiredError:
        raise LinkExpired from None
    except RegisterAppError as error:
        reason = _shown(error.description or error.code)
        raise CreationUnavailable(_("No app was created: {reason}.", reason=reason)) from None
    except httpx.HTTPError:
        raise AccountsUnreachable from None
    except (ValueError, LookupError, TypeError, AttributeError):  # what the SDK makes of an answer that is none
        raise CreationUnavailable from None


def _new_app(made: Mapping[str, Any], *, lark: bool) -> NewApp:
    brand = (made.get("user_info") or {}).get("tenant_brand")
    domain = brand if brand in {"feishu", "lark"} else "lark" if lark else "feishu"
    return NewApp(app_id=str(made["client_id"]), app_secret=str(made["client_secret"]), domain=domain)


def _telling(on_state: Callable[[str], None]) -> Callable[[Mapping[str, Any]], None]:
    """Says a state when it begins, not at every poll."""
    last = ""

    def tell(state: Mapping[str, Any]) -> None:
        nonlocal last
        said = str(_STATES.get(state["status"], state["status"])).format(interval=state.get("interval"))
        if said != last:
            last = said
            on_state(said)

    return tell


def _shown(text: str) -> str:
    """Without what would steer a terminal."""
    return "".join(character for character in text if character.isprintable())
