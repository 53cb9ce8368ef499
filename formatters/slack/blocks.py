"""Block Kit's parts as plain dicts, the escaping of untrusted text, and how much of the budget a block takes.

Untrusted text stands in `plain_text` and `rich_text`, which interpret nothing: escaping keeps `<!channel>` from being
obeyed in `mrkdwn`, but nothing keeps `*bold*` from being bold there. Only links and the fallback text are `mrkdwn`.
https://docs.slack.dev/messaging/formatting-message-text
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from bot.core.buttons import encode
from bot.core.commands import Question, ShowCommit
from bot.core.days import Day
from bot.core.language import _
from bot.core.model import Entry, Repo
from bot.core.parting import parted
from formatters import labels, related
from formatters import wording as say
from formatters.slack import limits, wording

Block = dict[str, Any]

_ENTITIES: Final[Mapping[str, str]] = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
#: From here on, UTF-16 needs two units.
_ASTRAL: Final = "\U00010000"
#: Characters kept in each block of a list for saying how much is missing.
_LISTING_SPARE: Final = 60
_ESCAPES: Final = str.maketrans(dict(_ENTITIES))

# Text


def escape(text: str) -> str:
    """Text in which `<!channel>`, `<@U1>` and `<url|label>` are characters, not commands."""
    return text.translate(_ESCAPES)


def weigh(character: str) -> int:
    """What one code point costs: entities count as written, emoji as in UTF-16."""
    return len(_ENTITIES.get(character, character)) if character < _ASTRAL else 2


def length(text: str) -> int:
    """The same for all of a text."""
    entities = text.count("&") * 4 + text.count("<") * 3 + text.count(">") * 3
    return entities + _units(text)


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    shown = say.visible(text)
    return shown if length(shown) <= limit else say.cut(shown, limit, weigh=weigh)


def plain(text: str, limit: int) -> Block:
    """A text object that is shown as it is; `emoji: false` leaves `:tada:` alone. Slack refuses an empty one."""
    return {"type": "plain_text", "text": cut(text, limit) or "…", "emoji": False}


def links(texts: Iterable[str]) -> Block:
    """A text object of links made by `link`; `verbatim` keeps everything between them from becoming another one."""
    return {"type": "mrkdwn", "text": " · ".join(texts), "verbatim": True}


def link(url: str | None, label: str) -> str:
    return f"<{escape(url)}|{escape(label)}>" if url else escape(label)


# Elements of rich text: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block


def words(text: str, *, bold: bool = False, italic: bool = False, code: bool = False) -> Block:
    style = {name: True for name, on in (("bold", bold), ("italic", italic), ("code", code)) if on}
    return {"type": "text", "text": text, **({"style": style} if style else {})}


def anchor(url: str | None, label: str) -> Block:
    return {"type": "link", "url": url, "text": label} if url else words(label, code=True)


def prose(text: str, limit: int) -> list[Block]:
    """An analyst's sentence, with its identifiers as code."""
    return [words(span.text, code=span.code) for span in say.spans(cut(text, limit))]


def line(*elements: Block) -> Block:
    return {"type": "rich_text_section", "elements": list(elements)}


def bullets(items: Sequence[Sequence[Block]]) -> Block:
    return {"type": "rich_text_list", "style": "bullet", "elements": [line(*item) for item in items]}


def numbered(items: Sequence[Sequence[Block]], *, after: int = 0) -> Block:
    """A list that goes on counting `after` the items of another one."""
    offset = {"offset": after} if after else {}
    return {**bullets(items), "style": "ordered", **offset}


def quote(*elements: Block) -> Block:
    return {"type": "rich_text_quote", "elements": list(elements)}


def preformatted(text: str) -> Block:
    """Lines in a font whose characters are all as wide."""
    return {"type": "rich_text_preformatted", "elements": [words(text)]}


# Blocks

Item = list[Block]


def listing(
    label: str, items: Iterable[Item], *, pages: int, ordered: bool = False, more: say.More = say.more_items
) -> list[Block]:
    """A label and its items in at most `pages` blocks of rich text; how many do not fit is said."""
    most = limits.SECTION_TEXT_MAX - len(label) - _LISTING_SPARE
    packed = list(parted(filter(None, items), size=weight, most=most))
    if not packed:
        return []
    left_out = sum(map(len, packed[pages:]))
    starts = accumulate(map(len, packed), initial=0)
    shown = [
        rich(numbered(page, after=start) if ordered else bullets(page))
        for page, start in zip(packed[:pages], starts, strict=False)
    ]
    shown[0]["elements"].insert(0, line(words(label, bold=True)))
    if left_out:
        shown[-1]["elements"].append(line(words(more(left_out))))
    return shown


def rich(*parts: Block) -> Block:
    return {"type": "rich_text", "elements": list(parts)}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, limits.HEADER_TEXT_MAX)}


def section(text: str) -> Block:
    return {"type": "section", "text": plain(text, limits.SECTION_TEXT_MAX)}


def context(text: str, limit: int = limits.SECTION_TEXT_MAX) -> Block:
    return {"type": "context", "elements": [plain(text, limit)]}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def button(text: str, action: str, question: Question, label: str = "") -> Block:
    """A button that carries its whole question; `label` is what screen readers say instead of its text."""
    spoken = {"accessibility_label": say.cut(label, limits.BUTTON_LABEL_MAX)} if label else {}
    shown = plain(text, limits.BUTTON_TEXT_MAX)
    return {"type": "button", "text": shown, "action_id": action, "value": encode(question), **spoken}


def browse(text: str, url: str) -> Block:
    """A button that opens a page. Slack reports the click all the same, under `digest.browse`."""
    return {"type": "button", "text": plain(text, limits.BUTTON_TEXT_MAX), "action_id": "digest.browse", "url": url}


# One commit, wherever commits are listed


def commit(repo: Repo, entry: Entry, zone: ZoneInfo, day: Day | None = None) -> Block:
    """One block: type and headline, then author, links and related commits, with the button that opens the analysis.

    A section, because rich text has no place for a button, and a row of buttons for each commit would halve how many
    fit into 40 blocks. Its `plain_text` is as inert as rich text is. The commit has an address of its own only where
    there is no pull request: all addresses count, and shorter ones leave room for more commits.

    `day` is that of the digest it stands in.
    """
    kinds = say.kinds(entry.analysis.types)
    shown = related.mark(entry) + " · ".join(filter(None, (kinds, say.unquoted(say.headline(entry)))))
    others = " · ".join(filter(None, (say.late(entry, zone), related.brief(entry, zone))))
    return {
        "type": "section",
        "text": plain(shown, limits.HEADLINE_MAX),
        "fields": [
            plain(say.author(entry.commit.author), limits.NAME_MAX),
            links(_addresses(repo, entry)),
            *([plain(others, limits.SOURCES_MAX)] if others else []),
        ],
        "accessory": details(repo, entry, day),
    }


def details(repo: Repo, entry: Entry, day: Day | None = None) -> Block:
    """The button that opens the analysis of a commit; `day` tells which commits are its neighbours there."""
    question = ShowCommit(repo=repo, sha=entry.commit.sha, day=day)
    return button(_(labels.DETAILS), "commit.open", question, wording.details_of(entry.commit.short_sha))


def _addresses(repo: Repo, entry: Entry) -> Iterable[str]:
    number, sha = entry.commit.pull_request, entry.commit.short_sha
    if number is None:
        return [link(repo.commit_url(entry.commit.sha), sha)]
    return [link(repo.pull_request_url(number), f"#{number}"), sha]


# Budget


#: What stands in strings without being a text object: the parts of a chart.
_SHOWN: Final = ("title", "name", "label")


def weight(block: object) -> int:
    """Characters that Slack counts for a block: every text in it, addresses in `mrkdwn` included to be safe."""
    if isinstance(block, list):
        return sum(map(weight, cast("list[object]", block)))
    if not isinstance(block, dict):
        return 0
    part = cast("Block", block)
    total = limits.HEADER_OVERHEAD if part.get("type") == "header" else 0
    for name, value in part.items():
        if not isinstance(value, str):
            total += sum(map(length, cast("list[str]", value))) if name == "categories" else weight(value)
        elif name == "text":
            total += _units(value) if part.get("type") == "mrkdwn" else length(value)
        elif name in _SHOWN:
            total += length(value)
    return total


def count(blocks: Iterable[Block]) -> int:
    """How many blocks they are together with those in containers, as if Slack counted all of them."""
    return sum(1 + len(block.get("child_blocks", ())) for block in blocks)
