"""What people write in Feishu, as plain text.

https://open.feishu.cn/document/server-docs/im-v1/message-content-description/message_content
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

#: How people call us by a slash; Feishu sends such a command as an ordinary message.
COMMAND: Final = "dynamo-digest"

_KEY: Final = re.compile(r"@_user_[0-9]+|@_all(?![A-Za-z0-9_])")
_FIRST_WORD: Final = re.compile(r"(\S+)\s*(.*)", re.DOTALL)
_OPENING: Final = " \t\r\n\u00a0\u3000:：,，"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    #: What stands in the text: `@_user_1`, which `@_user_10` begins with as well.
    key: str
    #: The `open_id`; empty for somebody whom the app may not see.
    person: str
    name: str


def written(kind: str, content: str, mentions: Sequence[Mention], *, us: str) -> str | None:
    """The text of a `text` or a `post`, without our mention; None for anything else."""
    try:
        parsed: Any = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, dict):
        return None
    match kind, parsed:
        case "text", {"text": str(text)}:
            return _called(text, mentions, us)
        case "post", _:
            return _called("\n".join(_lines(parsed)), mentions, us)
        case _:
            return None


def command(text: str) -> str:
    """The same without the slash that it begins with, or without all of `/dynamo-digest`, in any width."""
    found = _FIRST_WORD.match(text)
    first = unicodedata.normalize("NFKC", found[1]) if found else ""
    if found is None or not first.startswith("/"):
        return text
    name = first.removeprefix("/")
    return found[2] if name.casefold() == COMMAND else f"{name} {found[2]}"


def _called(text: str, mentions: Sequence[Mention], us: str) -> str:
    """Names stand in place of mentions; ours, and one of everybody, only call."""
    names = {each.key: "" if each.person == us else each.name for each in mentions} | {"@_all": ""}
    return _KEY.sub(lambda match: names.get(match[0], match[0]), text).strip(_OPENING)


def _lines(post: Mapping[str, Any]) -> Iterator[str]:
    """Of a rich text, which stands below its language where it is given in several."""
    if "content" not in post:
        post = next((each for each in post.values() if isinstance(each, Mapping)), {})
    if isinstance(title := post.get("title"), str) and title:
        yield title
    for line in _list(post.get("content")):
        yield "".join(_spoken(part) for part in _list(line) if isinstance(part, Mapping))


def _spoken(part: Mapping[str, Any]) -> str:
    """Pictures and the like say nothing."""
    if part.get("tag") == "at":
        return f" {_string(part.get('user_id'))} "
    return _string(part.get("text")) or _string(part.get("href"))


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
