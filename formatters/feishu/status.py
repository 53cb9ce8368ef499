"""What a channel follows and how that goes, with buttons for each."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from bot.core.commands import OpenSettings, PauseDigests, ResumeDigests, SendNow, Unsubscribe
from bot.core.language import _
from bot.core.replies import Listed, SubscriptionList
from formatters import health, labels
from formatters import wording as say
from formatters.feishu import elements, forms, limits, notices
from formatters.feishu.budget import Cost, Room, cost, total
from formatters.feishu.cards import Content
from formatters.feishu.elements import Element
from formatters.feishu.text import bold, link, literal

#: What subscriptions may take, so that there is room above for what has become of a click.
_ROOM: Final = Cost(14_000, 110)
#: Kept of it for the line that says how many are not shown.
_MORE: Final = Cost(300, 2)
#: Reasons that people gave, and bytes of one.
_REASONS: Final = 5
_REASON_MAX: Final = 600


def content(reply: SubscriptionList) -> Content:
    if not reply.subscriptions:
        words = _(say.NO_SUBSCRIPTIONS)
        parts = [elements.paragraph(words), notices.example(say.FIRST_SUBSCRIPTION)]
        return Content(title="", summary=words, elements=parts)
    title = _(say.SUBSCRIPTIONS)
    below = [*([elements.note(health.spent(reply.spent))] if reply.spent else []), *_feedback(reply)]
    return Content(title=title, summary=title, elements=[*listing(reply.subscriptions, item, around=below), *below])


def listing(
    subscriptions: Sequence[Listed],
    line: Callable[[Listed], Element],
    *,
    around: Sequence[Element] = (),
) -> list[Element]:
    """A line for each, buttons below as many of them as there is room for, and how many there is no room for."""
    room = Room(_ROOM - _MORE - total(around))
    lines = list(_that_fit(map(line, subscriptions), room))
    left_out = len(subscriptions) - len(lines)
    parts: list[Element] = []
    for shown, listed in zip(lines, subscriptions, strict=False):
        row = elements.buttons(*_buttons(listed))
        parts += [shown, *(row if room.take(total(row)) else [])]
    return [*parts, *([elements.note(say.more_items(left_out))] if left_out else [])]


def _that_fit(lines: Iterator[Element], room: Room) -> Iterator[Element]:
    for line in lines:
        if not room.take(cost(line)):
            return
        yield line


def item(listed: Listed) -> Element:
    """The repository, when its digests come, what they show, and how the newest one went."""
    repo = bold(link(listed.followed.url, literal(str(listed.followed), limits.NAME_MAX)))
    wanted = filter(None, (health.members(listed), *say.choices(listed.of.terms)))
    chosen = literal(_("; ").join(wanted), limits.STATEMENT_MAX)
    lines = [repo, literal(say.schedule(listed), limits.PATH_MAX), chosen, *map(_standing, health.standing(listed))]
    return elements.markdown("<br>".join(filter(None, lines)))


def _standing(each: health.Standing) -> str:
    return ("⚠️ " if each.is_trouble else "") + literal(each.text, limits.PATH_MAX)


def _buttons(listed: Listed) -> Iterator[Element]:
    """Those that carry a subscription's number work in any conversation of whoever has a say in it."""
    for each in health.missed(listed)[:1]:
        if each.last is not None:
            yield elements.button(_(health.SEND_NOW), each.asks(SendNow(day=each.last.day)), type_="primary")
    text, command = (health.RESUME, ResumeDigests()) if health.is_resting(listed) else (health.PAUSE, PauseDigests())
    yield elements.button(_(text), listed.asks(command))
    yield elements.button(_(labels.SETTINGS), listed.asks(OpenSettings()))
    yield forms.unsubscribe(listed.asks(Unsubscribe(repo=None)), str(listed.followed))


def _feedback(reply: SubscriptionList) -> list[Element]:
    if not reply.feedback:
        return []
    reasons = [literal(health.reason(each), _REASON_MAX) for each in health.reasons(reply.feedback)[:_REASONS]]
    shown = [elements.markdown(elements.bullets(reasons))] if reasons else []
    return [elements.note(health.verdicts(reply.feedback)), *shown]
