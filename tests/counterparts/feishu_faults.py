"""What Feishu says when something is wrong."""

from typing import Any

from tests.counterparts.faults import Answer


def error(code: int, msg: str = "", *, status: int = 400, processed: bool = False, **more: Any) -> Answer:
    """230002 (not in the group), 230011 (withdrawn), 230013, 230022, 230027, 230028, 99991672, …"""
    return Answer(status=status, body={"code": code, "msg": msg, **more}, processed=processed)


def rate_limited(seconds: int = 1, *, status: int = 429) -> Answer:
    headers = {"x-ogw-ratelimit-limit": "50", "x-ogw-ratelimit-reset": str(seconds)}
    return Answer(status=status, body={"code": 99991400, "msg": "request trigger frequency limit"}, headers=headers)


def bad_gateway(*, processed: bool = False) -> Answer:
    """What stands before Feishu answers, in HTML."""
    page = "<html><head><title>502 Bad Gateway</title></head></html>"
    return Answer(status=502, body=page, headers={"Content-Type": "text/html"}, processed=processed)


def token_invalid() -> Answer:
    return error(99991663, "Invalid access token for authorization. Please make a request with token attached.")


def card_refused(code: int = 200621, why: str = "parse card json err") -> Answer:
    return error(230099, f"Failed to create card content, ext=ErrCode: {code}; ErrMsg: {why}; ")


def still_sending(*, processed: bool = True) -> Answer:
    """The first attempt is on its way."""
    return error(230049, "The message is being sent.", processed=processed)
