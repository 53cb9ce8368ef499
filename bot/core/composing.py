"""Makes what somebody is shown of some days: the commits that they asked to see, and what those mean together."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.core.days import Day
from bot.core.digests import Digests, Observer
from bot.core.model import Digest, Repo
from bot.core.ranges import Span
from bot.core.replies import POSTED, DigestView, Framing, RangeView
from bot.core.selecting import selected
from bot.core.subscriptions import EVERYTHING, Channel, Delivery, Post, Selection


class Composing:
    def __init__(self, *, digests: Digests) -> None:
        self._digests = digests

    async def of(
        self,
        repo: Repo,
        span: Span,
        *,
        selection: Selection = EVERYTHING,
        framing: Framing = POSTED,
        observer: Observer | None = None,
    ) -> DigestView | RangeView:
        """One day's digest or several days together, in the language spoken. Raises as `Digests.of` does."""
        if len(span.days) > 1:
            return await self._range(repo, span, selection, framing, observer)
        digest = await self._digests.of(repo, span.first, observer)
        kept = await _kept(digest, selection)
        if kept.entries and kept is not digest and digest.sealed:
            lead = await self._digests.lead(repo, span, kept.entries)
            kept = replace(kept, lead=lead.text, themes=lead.themes)
        return DigestView(digest=kept, framing=_framed(framing, selection, [digest], [kept]))

    async def _range(
        self, repo: Repo, span: Span, selection: Selection, framing: Framing, observer: Observer | None
    ) -> RangeView:
        digests = await self._digests.of_days(repo, span, observer)
        kept = [await _kept(digest, selection) for digest in digests]
        view = RangeView(repo=repo, digests=tuple(kept), framing=_framed(framing, selection, digests, kept))
        lead = await self._digests.lead(repo, span, view.entries)
        return replace(view, lead=lead.text, themes=lead.themes)


async def _kept(digest: Digest, selection: Selection) -> Digest:
    """In a thread, because patterns that somebody thought out for that take long over thousands of long paths."""
    return await asyncio.to_thread(selected, digest, selection) if selection else digest


def _framed(framing: Framing, selection: Selection, whole: Sequence[Digest], kept: Sequence[Digest]) -> Framing:
    left_out = sum(len(digest.entries) for digest in whole) - sum(len(digest.entries) for digest in kept)
    return replace(framing, selection=selection, left_out=left_out)


def posted(view: DigestView | RangeView, channel: Channel, message: str) -> Post:
    """What is remembered of a digest that stands in a channel."""
    match view:
        case DigestView(digest=digest):
            return Post(channel=channel, message=message, repo=digest.repo, first=digest.day, last=digest.day)
        case RangeView():
            return Post(channel=channel, message=message, repo=view.repo, first=view.first, last=view.last)


def post_of(delivery: Delivery, message: str) -> Post:
    """The same of a delivery."""
    terms, span = delivery.subscription.terms, _span(delivery)
    return Post(channel=terms.channel, message=message, repo=terms.repo, first=span.first, last=span.last)


async def view_of(delivery: Delivery, composing: Composing) -> DigestView | RangeView:
    """What a delivery posts, and what a correction puts in its place. Raises as `Digests.of` does."""
    terms = delivery.subscription.terms
    framing = Framing(is_subscribed=True, in_thread=terms.in_thread)
    return await composing.of(terms.repo, _span(delivery), selection=terms.selection, framing=framing)


def _span(delivery: Delivery) -> Span:
    zone = delivery.subscription.terms.zone
    return Span(first=Day(date=delivery.first_day, zone=zone), last=Day(date=delivery.day, zone=zone))


def is_sealed(view: DigestView | RangeView) -> bool:
    return view.digest.sealed if isinstance(view, DigestView) else all(digest.sealed for digest in view.digests)
