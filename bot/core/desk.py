"""Answers commands: whoever asks, on whichever platform, gets the same Reply."""

from collections.abc import Mapping
from dataclasses import replace

import structlog

from bot.core import interactions
from bot.core.asker import Asker
from bot.core.buttons import encode
from bot.core.commands import (
    Command,
    DeepenCommit,
    Elsewhere,
    ElsewhereCommand,
    GiveFeedback,
    ListSubscriptions,
    MakeReport,
    OpenSettings,
    PauseDigests,
    Preview,
    Question,
    ResumeDigests,
    Retry,
    Search,
    SendNow,
    ShowCommit,
    ShowDigest,
    ShowHelp,
    ShowHome,
    ShowIndex,
    Subscribe,
    Unsubscribe,
)
from bot.core.composing import posted
from bot.core.digests import Observer
from bot.core.errors import NotFound
from bot.core.language import Language, _
from bot.core.linking import Linking
from bot.core.metering import Interaction
from bot.core.patterns import Followed, RepoPattern
from bot.core.ports import Clock, Followings, Messenger, Posts, Subscriptions
from bot.core.reading import Reading
from bot.core.replies import Answer, DigestView, Help, Notice, RangeView, Reply
from bot.core.subscribing import Subscribing
from bot.core.subscriptions import FollowingTerms, Platform
from bot.core.threads import Threads
from bot.core.tracing import Work, span

log = structlog.get_logger()


class Desk:
    def __init__(
        self,
        *,
        reading: Reading,
        subscribing: Subscribing,
        threads: Threads,
        linking: Linking,
        subscriptions: Subscriptions,
        followings: Followings,
        posts: Posts,
        messengers: Mapping[Platform, Messenger],
        now: Clock,
        default_language: Language = Language.EN,
    ) -> None:
        self._reading = reading
        self._subscribing = subscribing
        self._threads = threads
        self._linking = linking
        self._subscriptions = subscriptions
        self._followings = followings
        self._posts = posts
        self._messengers = messengers
        self._now = now
        #: For those of whom nothing else is known.
        self.default_language = default_language

    async def language(self, asker: Asker, question: Question | None = None) -> Language:
        """In which to answer: what was chosen, else the language of the digests, else the configured one.

        The digests are those of the channel, or of the subscription that the question is about.
        """
        if asker.language is not None:
            return asker.language
        channel = asker.channel
        if isinstance(question, Elsewhere):
            about = self._followings if question.is_following else self._subscriptions
            meant = await about.by_id(channel.platform, channel.workspace, question.subscription)
            return meant.terms.language if meant else self.default_language
        subscribed = await self._subscriptions.of_channel(channel)
        return subscribed[0].terms.language if subscribed else self.default_language

    async def answer(self, command: Command, asker: Asker, observer: Observer | None = None) -> Reply:
        """The reply to a command, in the language spoken: ask for `language` first, and draw the reply in it as well.

        Raises BotError, whose text is for the person who asked.
        """
        with span(Work.ANSWER, platform=asker.channel.platform.value, command=type(command).__name__):
            return await self._linking.linked(await self._answer(command, asker, observer), asker.channel)

    async def _answer(self, command: Command, asker: Asker, observer: Observer | None) -> Reply:
        match command:
            case ShowDigest():
                return await self._reading.digest(command, asker, observer)
            case ShowIndex():
                return await self._reading.index(command, asker, observer)
            case ShowCommit():
                return await self._reading.commit(command, asker)
            case DeepenCommit():
                return await self._reading.deepened(command, asker)
            case GiveFeedback():
                return await self._reading.feedback(command, asker)
            case Retry():
                return await self._reading.retried(command, asker, observer)
            case MakeReport():
                return await self._reading.report(command, asker, observer)
            case Search():
                return await self._reading.search(command, asker)
            case ShowHelp():
                return Help()
            case _:
                return await self._about_subscriptions(command, asker, observer)

    async def _about_subscriptions(
        self,
        command: Subscribe
        | Preview
        | Unsubscribe
        | PauseDigests
        | ResumeDigests
        | SendNow
        | ListSubscriptions
        | OpenSettings
        | ShowHome
        | Elsewhere,
        asker: Asker,
        observer: Observer | None,
    ) -> Reply:
        match command:
            case Subscribe():
                return await self._subscribing.subscribe(command, asker)
            case Preview(subscribe=subscribe):
                terms = await self._subscribing.terms(subscribe, asker)
                if isinstance(terms, FollowingTerms):
                    return await self._subscribing.preview(terms)
                repo = await self._reading.repo(terms.repo, asker)
                return await self._reading.preview(repo, terms.selection, terms.zone, observer)
            case Unsubscribe(repo=repo):
                return await self._subscribing.unsubscribe(repo, asker)
            case PauseDigests():
                return await self._subscribing.pause(command, asker)
            case ResumeDigests():
                return await self._subscribing.resume(command, asker)
            case SendNow():
                return await self._subscribing.send_now(command, asker)
            case ListSubscriptions():
                return await self._subscribing.listed(asker)
            case OpenSettings():
                return await self._subscribing.form(command, asker)
            case ShowHome():
                return await self._subscribing.home(command, asker)
            case Elsewhere(command=meant):
                about, there = await self._subscribing.elsewhere(command, asker)
                return await self._answer(_of(about, meant), there, observer)

    async def share(self, question: Question, asker: Asker, *, thread: str | None) -> Notice:
        """Answers a question once more for the whole channel, or in the thread of one of its messages.

        Raises what `answer` and `Messenger.post` raise.
        """
        reply = await self.answer(question, asker)
        if isinstance(reply, DigestView | RangeView):
            reply = replace(reply, framing=replace(reply.framing, is_private=False))
        channel = asker.channel
        key = f"shared by {asker.user} at {self._now().timestamp():.6f}: {encode(question)}"
        message = await self._messengers[channel.platform].post(channel, reply, key=key, thread=thread)
        log.info("reply.shared", platform=channel.platform.value, channel=channel.id, by=asker.user)
        await self.note(reply, message, asker)
        return Notice(text=_("Shared in the thread.") if thread else _("Shared in the channel."))

    async def note(self, reply: Reply, message: str, asker: Asker) -> None:
        """Remembers that a reply stands in the channel as that message, so that questions below it are understood."""
        if isinstance(reply, DigestView | RangeView):
            await self._posts.record(posted(reply, asker.channel, message), self._now())

    async def ask(
        self, text: str, message: str, asker: Asker, observer: Observer | None = None
    ) -> Answer | Notice | None:
        """The answer to a question about the digest that stands in `asker.channel` as that message.

        None if none of ours stands there. Raises as `answer` does.
        """
        post = await self._posts.find(asker.channel, message)
        if post is None:
            return None
        interactions.is_kind(Interaction.QUESTION)
        with span(Work.ANSWER, platform=asker.channel.platform.value, command="Ask"):
            await self._reading.repo(post.repo, asker)
            return await self._threads.answer(text, post, observer)


def _of(followed: Followed, command: ElsewhereCommand) -> Command:
    """Raises NotFound for what can be done with one repository only."""
    if isinstance(command, SendNow):
        if isinstance(followed, RepoPattern):
            raise NotFound
        return replace(command, repo=followed)
    return replace(command, repo=followed)
