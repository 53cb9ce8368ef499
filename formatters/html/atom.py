"""An Atom feed of days. https://www.rfc-editor.org/rfc/rfc4287"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from bot.core.addresses import Addresses
from bot.core.language import _, joined
from bot.core.model import Digest
from bot.core.pages import Feed
from formatters import wording as say
from formatters.html.environment import template

#: What XML cannot carry even escaped: https://www.w3.org/TR/xml/#charsets
_NO_CHARACTERS: Final = dict.fromkeys([0xFFFE, 0xFFFF], "�")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    id: str
    title: str
    updated: str
    address: str
    summary: str
    #: HTML; text to XML.
    content: str


def written(feed: Feed, addresses: Addresses, base_url: str, updated: datetime) -> str:
    """In the language spoken."""
    document = template("feed.xml").render(
        id=_id(feed, addresses),
        title=str(feed.repo) + _(": ") + _("commits of each day in {zone}", zone=feed.zone.key),
        updated=_instant(updated),
        base_url=base_url,
        addresses=addresses,
        repo=feed.repo,
        entries=[_entry(feed, digest, addresses, base_url) for digest in feed.digests],
    )
    return document.translate(_NO_CHARACTERS)


def _entry(feed: Feed, digest: Digest, addresses: Addresses, base_url: str) -> _Entry:
    content = template("feed_entry.html").render(digest=digest, addresses=addresses, base_url=base_url)
    return _Entry(
        id=_id(feed, addresses, digest.day.date.isoformat()),
        title=str(digest.repo) + _(": ") + str(digest.day),
        updated=_instant(digest.as_of),
        address=addresses.day(digest.day, digest.repo),
        summary=say.visible(digest.lead) or joined(say.facts(digest)),
        content=content,
    )


def _id(feed: Feed, addresses: Addresses, *more: str) -> str:
    """The same for ever, wherever the bot is moved to, and however capitals are written."""
    named = (*feed.repo.key, feed.zone.key, addresses.language.value, *more)
    return uuid5(NAMESPACE_URL, "dynamo-digest:" + "\n".join(named)).urn


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
