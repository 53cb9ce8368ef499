"""What can go wrong. Each error says whether to retry, whether the destination is dead, and what to tell people.

Its docstring is what it says by default, in the language spoken where it is raised.
"""

from datetime import timedelta
from inspect import getdoc

from bot.core.language import _


class BotError(Exception):
    """Something went wrong on our side. It has been logged."""

    #: May the same call succeed later?
    retry = False
    #: Will this destination never work again without somebody acting?
    permanent = False
    #: How long the other side asked us to wait before the next try.
    retry_after: timedelta | None = None

    def __init__(self, message: str = "", *, retry_after: timedelta | None = None) -> None:
        super().__init__(message or _(getdoc(type(self)) or type(self).__name__))
        self.retry_after = retry_after


# What people type


class NotUnderstood(BotError):
    """That was not understood."""

    def __init__(self, message: str, *, example: str) -> None:
        super().__init__(message)
        #: The nearest command that would have worked, without the bot's name.
        self.example = example


class NotFound(BotError):
    """There is nothing by that name."""


# Where commits come from


class RepositoryNotFound(BotError):
    """There is no such repository, or it is private."""


class OwnerNotFound(RepositoryNotFound):
    """There is no such organisation or user."""


class TooManyRepositories(BotError):
    """More repositories match than can be followed."""


class BranchNotFound(RepositoryNotFound):
    """The repository has no such branch."""


class TooManyBranches(BotError):
    """More branches match than can be followed."""


class SourceUnavailable(BotError):
    """The repository could not be read. Please ask again in a few minutes."""

    retry = True


class SourceBehind(SourceUnavailable):
    """The local clone was last fetched before that day was over."""


class SourceRefused(BotError):
    """The repository's host refused our credentials."""


# Who understands commits


class AnalystUnavailable(BotError):
    """The language model did not answer."""

    retry = True


class AnalystTimeout(AnalystUnavailable):
    """The language model did not answer in time."""


class AnalystRateLimited(AnalystUnavailable):
    """The language model's host asked us to slow down."""


class AnalystRefused(BotError):
    """The language model's host refused our credentials or our quota."""


class AnswerInvalid(BotError):
    """The language model's answer could not be used."""


class AnswerCut(AnswerInvalid):
    """The language model's answer was empty or broke off before its end."""


class QuestionTooLong(AnswerInvalid):
    """The question was longer than the language model can read."""


class NoModel(BotError):
    """That needs a language model, and none is configured."""


class BudgetSpent(BotError):
    """The day's budget for the language model is spent."""


# Where digests go


class ChannelGone(BotError):
    """The channel is archived, deleted, or the bot is no longer in it."""

    permanent = True


class CredentialsRejected(BotError):
    """The chat platform rejected the bot's credentials."""

    permanent = True


class ScopeMissing(CredentialsRejected):
    """The chat platform does not allow that to the bot. Please reinstall it."""

    def __init__(self, message: str = "", *, scope: str = "") -> None:
        super().__init__(message)
        #: As the platform names it; empty where it named none.
        self.scope = scope


class NotInstalled(CredentialsRejected):
    """The bot is not installed in this workspace. Please install it again."""


class MessageRejected(BotError):
    """The chat platform rejected the message."""


class MessageGone(BotError):
    """The message is not there any more, or may not be changed any more."""


class PlatformUnavailable(BotError):
    """The chat platform did not accept the message and asked to try later."""

    retry = True


class DeliveryUncertain(BotError):
    """The connection broke after sending, so the message may or may not have arrived."""

    retry = True  # after looking whether it is there


class HistoryUnreadable(BotError):
    """The channel's history may not be read, so it cannot be told whether a message arrived."""


# What people look at, and what they may


class NotInChannel(BotError):
    """You are not in this channel, so you cannot decide what it gets."""


class ViewRefused(BotError):
    """The chat platform did not show the window."""


class ViewExpired(ViewRefused):
    """The window could not be opened in time. Please click again."""


class ViewConflict(ViewRefused):
    """The window has changed or was closed meanwhile. Please click again."""
