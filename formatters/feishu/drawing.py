"""How a card is to be drawn, and how much room that leaves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from formatters.feishu import limits
from formatters.feishu.budget import Cost, total
from formatters.feishu.cards import Content, Reach, made, size
from formatters.feishu.elements import Element, count


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    reach: Reach = Reach.APP
    #: With charts; as lines of text where Feishu refuses those.
    pictures: bool = True
    #: What will stand above everything.
    above: Sequence[Element] = ()

    @property
    def asks(self) -> bool:
        """Whether somebody hears what is clicked."""
        return self.reach is Reach.APP

    def room(self, around: Content) -> Cost:
        """What is left in a card beside what is around."""
        most = limits.CARD_BYTES_MAX if self.asks else limits.WEBHOOK_BYTES_MAX
        empty = made(replace(around, elements=()))
        whole = Cost(most, limits.CARD_ELEMENTS_MAX) - Cost(size(empty), count(empty))
        return whole - total(around.elements) - total(self.above)
