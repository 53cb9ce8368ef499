"""What a channel follows and how that goes, with buttons for what does not go well."""

from collections.abc import Iterator, Sequence
from typing import Final

from bot.core.commands import ResumeDigests, SendNow
from bot.core.language import _
from bot.core.replies import Listed, SubscriptionList
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


def item(listed: Listed) -> Item:
    """The repository, when its digests come, what they show, and how the newest one went."""
    wanted = filter(None, (health.members(listed), *say.choices(listed.of.terms)))
    chosen = blocks.cut(_("; ").join(wanted), limits.SOURCES_MAX)
    return [
        blocks.anchor(listed.followed.url, blocks.cut(str(listed.followed), limits.NAME_MAX)),
        blocks.words(_(": ") + say.schedule(listed)),
        *([blocks.words(f"\n{chosen}")] if chosen else []),
        *(_standing(each) for each in health.standing(listed)),
    ]


def _standing(each: health.Standing) -> Block:
    return blocks.words(f"\n{'⚠️ ' if each.is_trouble else ''}{blocks.cut(each.text, limits.SOURCES_MAX)}")


def _buttons(subscriptions: Sequence[Listed]) -> list[Block]:
    """In one block no two buttons may have the same name, so that they are numbered."""
    wanted = [button for listed in subscriptions for button in _wanted(listed)]
    if not wanted:
        return []
    numbered = [{**button, "action_id": f"{button['action_id']}.{number}"} for number, button in enumerate(wanted)]
    more = [blocks.context(say.more_items(len(wanted) - _BUTTONS))] if len(wanted) > _BUTTONS else []
    return [blocks.actions(*numbered[:_BUTTONS]), *more]


def _wanted(listed: Listed) -> Iterator[Block]:
    for each in health.missed(listed):
        if each.last is not None:
            text = _("Send {day} of {repo} now", day=each.last.day.isoformat(), repo=each.followed)
            yield blocks.button(text, "delivery.send", SendNow(repo=each.followed, day=each.last.day))
    if health.is_resting(listed):
        text = _("Resume {repo}", repo=listed.followed)
        yield blocks.button(text, "subscription.resume", ResumeDigests(repo=listed.followed))


def _feedback(reply: SubscriptionList) -> list[Block]:
    if not reply.feedback:
        return []
    reasons = health.reasons(reply.feedback)[:_REASONS]
    shown = [[blocks.words(blocks.cut(health.reason(each), _REASON_MAX))] for each in reasons]
    return blocks.listing(health.verdicts(reply.feedback), shown, pages=1) or [
        blocks.context(health.verdicts(reply.feedback))
    ]
