"""How much a card may still hold: bytes of JSON, and elements."""

from collections.abc import Iterable
from dataclasses import dataclass

from formatters.feishu.cards import size
from formatters.feishu.elements import Element, count


@dataclass(frozen=True, slots=True)
class Cost:
    """What a part takes."""

    bytes: int
    elements: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.bytes + other.bytes, self.elements + other.elements)

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.bytes - other.bytes, self.elements - other.elements)


NOTHING = Cost(0)


def cost(part: Element) -> Cost:
    """Of one part among others, with the comma after it."""
    return Cost(size(part) + 1, count(part))


def total(parts: Iterable[Element]) -> Cost:
    return sum(map(cost, parts), NOTHING)


class Room:
    """What is left of a card."""

    def __init__(self, free: Cost) -> None:
        self.free = free

    def take(self, wanted: Cost) -> bool:
        """Whether there is room for something; only then is it taken. What costs less than nothing gives room."""
        left = self.free - wanted
        if left.bytes < 0 or left.elements < 0:
            return False
        self.free = left
        return True
