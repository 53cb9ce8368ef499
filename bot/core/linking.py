"""Gives what is said in a chat the address of its page in the archive, where people can open one."""

from dataclasses import replace
from datetime import timedelta
from typing import Final, Protocol

from bot.core.addresses import Addresses
from bot.core.browsing import Browsing, Visitor
from bot.core.language import spoken
from bot.core.model import Repo
from bot.core.ports import Clock
from bot.core.ranges import Span
from bot.core.recent import Recent
from bot.core.replies import AnalysisView, DigestView, RangeView, Reply, Report
from bot.core.subscriptions import Channel

#: A link to a page that is hidden meanwhile leads nowhere, which the archive decides anew at each visit.
OPEN_KEPT: Final = timedelta(minutes=1)
OPEN_MOST: Final = 1_000


class Signing(Protocol):
    """Signatures that let whoever has them see the pages of one repository as somebody of a workspace does."""

    def sign(self, visitor: Visitor, repo: Repo) -> str:
        """Empty where nothing can be signed."""
        ...

    def visitor(self, signature: str, repo: Repo) -> Visitor | None:
        """Whom we signed it for; None if we did not sign it for this repository, or if it has expired."""
        ...


class Linking:
    """Days have a page once they are sealed. Without a `public_url` nothing has one."""

    def __init__(self, *, browsing: Browsing, signing: Signing, public_url: str, now: Clock) -> None:
        self._browsing = browsing
        self._signing = signing
        self._public_url = public_url
        #: Asked for each channel that a digest is posted to, and the same for all of them.
        self._open = Recent[bool](now=now, kept=OPEN_KEPT, most=OPEN_MOST)

    async def linked(self, reply: Reply, channel: Channel) -> Reply:
        """The reply with the address of its page in the language spoken, for those who read the channel."""
        if not self._public_url:
            return reply
        match reply:
            case DigestView() | RangeView():
                return await self.days(reply, channel)
            case AnalysisView(repo=repo, entry=entry, zone=zone):
                addresses = await self._addresses(repo, channel, Addresses(zone=zone, language=spoken()))
                return replace(reply, address=self._url(addresses and addresses.commit(repo, entry.commit.sha)))
            case Report(views=views):
                return replace(reply, views=tuple([await self.days(view, channel) for view in views]))
            case _:
                return reply

    async def days(self, view: DigestView | RangeView, channel: Channel) -> DigestView | RangeView:
        """The same for days alone."""
        digests = (view.digest,) if isinstance(view, DigestView) else view.digests
        if not (self._public_url and all(digest.sealed for digest in digests)):
            return view
        first, repo = digests[0].day, digests[0].repo
        addresses = await self._addresses(repo, channel, Addresses(zone=first.zone, language=spoken()))
        span = Span(first=first, last=digests[-1].day)
        path = addresses and (addresses.day(first, repo) if len(digests) == 1 else addresses.span(repo, span))
        return replace(view, framing=replace(view.framing, address=self._url(path)))

    async def _addresses(self, repo: Repo, channel: Channel, public: Addresses) -> Addresses | None:
        """None where the channel's people could not open them."""
        if await self._is_open(repo):
            return public
        visitor = Visitor(platform=channel.platform, workspace=channel.workspace)
        signature = self._signing.sign(visitor, repo)
        return replace(public, signature=signature) if signature else None

    async def _is_open(self, repo: Repo) -> bool:
        known = self._open.get(repo)
        if known is None:
            known = await self._browsing.is_open(repo)
            self._open.keep(repo, known)
        return known

    def _url(self, path: str | None) -> str:
        return f"{self._public_url}{path}" if path else ""
