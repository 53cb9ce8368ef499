"""What a channel follows and how that goes, with buttons for what does not go well."""

from collections.abc import Iterator, Sequence
from typing import Final

from bot.core.commands import ResumeDigests, SendNow
from bot.core.language import _
from bot.core.replies import ListedSubscription, SubscriptionList
from formatters import health, labels
from formatters import wording as say
from formatters.slack import blocks, limits
from formatters.slack.blocks import Block, Item

#: Blocks of `SECTION_TEXT_MAX` characters that the subscriptions may fill.
_PAGES: Final = 2
#: Buttons; each has a repository's name in it.
_BUTTONS: Final = 10
#: Reasons that people gave, and characters of one.
_REASONS: Final = 5
_REASON_MAX: Final = 200


def message(reply: SubscriptionList) -> list[Block]:
    """At most 40 blocks; what does not fit is counted."""
    if not reply.subscriptions:
        return [blocks.section(_(say.NO_SUBSCRIPTIONS)), _example(say.FIRST_SUBSCRIPTION)]
    return [
        *blocks.listing(_(say.SUBSCRIPTIONS), map(item, reply.subscriptions), pages=_PAGES),
        *_buttons(reply.subscriptions),
        *([blocks.context(health.spent(reply.spent))] if reply.spent else []),
        *_feedback(reply),
    ]


def _example(command: str) -> Block:
    return blocks.rich(blocks.line(blocks.words(f"{_(say.TRY)} "), blocks.words(labels.command(command), code=True)))


def item(listed: ListedSubscription) -> Item:
    """The repository, when its digests come, what they show, and how the newest one went."""
    terms = listed.subscription.terms
    chosen = blocks.cut(_("; ").join(say.choices(terms)), limits.SOURCES_MAX)
    return [
        blocks.anchor(terms.repo.url, blocks.cut(str(terms.repo), limits.NAME_MAX)),
        blocks.words(_(": ") + say.schedule(listed)),
        *([blocks.words(f"\n{chosen}")] if chosen else []),
        *_health(listed),
    ]


def _health(listed: ListedSubscription) -> Iterator[Block]:
    if listed.last is not None:
        mark = "⚠️ " if health.was_missed(listed.last) else ""
        went = blocks.cut(health.run(listed.last, listed.subscription.terms.zone), limits.SOURCES_MAX)
        yield blocks.words(f"\n{mark}{went}")
    if broken := blocks.cut(listed.subscription.broken, limits.SOURCES_MAX):
        yield blocks.words(f"\n⚠️ {_(say.BROKEN)}{_(': ')}{broken}")


def _buttons(subscriptions: Sequence[ListedSubscription]) -> list[Block]:
    """In one block no two buttons may have the same name, so that they are numbered."""
    wanted = [button for listed in subscriptions for button in _wanted(listed)]
    if not wanted:
        return []
    numbered = [{**button, "action_id": f"{button['action_id']}.{number}"} for number, button in enumerate(wanted)]
    more = [blocks.context(say.more_items(len(wanted) - _BUTTONS))] if len(wanted) > _BUTTONS else []
    return [blocks.actions(*numbered[:_BUTTONS]), *more]


def _wanted(listed: ListedSubscription) -> Iterator[Block]:
    repo, last = listed.subscription.terms.repo, listed.last
    if last is not None and health.was_missed(last):
        text = _("Send {day} of {repo} now", day=last.day.isoformat(), repo=repo)
        yield blocks.button(text, "delivery.send", SendNow(repo=repo, day=last.day))
    if health.is_resting(listed):
        yield blocks.button(_("Resume {repo}", repo=repo), "subscription.resume", ResumeDigests(repo=repo))


def _feedback(reply: SubscriptionList) -> list[Block]:
    if not reply.feedback:
        return []
    reasons = health.reasons(reply.feedback)[:_REASONS]
    shown = [[blocks.words(blocks.cut(health.reason(each), _REASON_MAX))] for each in reasons]
    return blocks.listing(health.verdicts(reply.feedback), shown, pages=1) or [
        blocks.context(health.verdicts(reply.feedback))
    ]
