"""What tokens cost, where the operator says so (prices move too often to be built in), and what may be spent."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.core.ports import Spending

_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars per million tokens."""

    prompt: float
    completion: float
    #: Of prompt tokens that the host had read before; None: they cost as much as others.
    cached: float | None = None

    def of(self, *, prompt_tokens: int, cached_tokens: int, completion_tokens: int) -> float:
        """US dollars of one call."""
        cached = min(cached_tokens, prompt_tokens)
        cached_price = self.prompt if self.cached is None else self.cached
        dollars = (prompt_tokens - cached) * self.prompt + cached * cached_price + completion_tokens * self.completion
        return dollars / _MILLION


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What may be spent in a day (UTC); None: as much as it takes."""

    #: Of prompts and answers.
    tokens: int | None = None
    #: US dollars.
    price: float | None = None

    def used(self, spent: Spending) -> float:
        """The share that is spent, of whichever bound is nearer; 0 without bounds."""
        bounds = [(spent.tokens, self.tokens), (spent.price, self.price)]
        return max((amount / bound if bound else 1.0 for amount, bound in bounds if bound is not None), default=0.0)


def parse_prices(text: str) -> Mapping[str, Price]:
    """`model=prompt/completion[/cached],…`, or a JSON object of such prices by model. Raises ValueError.

    A model's price in one service tier stands under `model@tier`.
    """
    if text.lstrip().startswith("{"):
        named: Mapping[str, Any] = json.loads(text)
        return {name: _price(str(price)) for name, price in named.items()}
    return dict(_named(part) for part in text.split(",") if part.strip())


def _named(text: str) -> tuple[str, Price]:
    name, equals, price = text.rpartition("=")
    if not equals or not name.strip():
        raise ValueError("write model=prompt/completion or model=prompt/completion/cached")
    return name.strip(), _price(price)


def _price(text: str) -> Price:
    try:
        numbers = [float(number) for number in text.split("/")]
    except ValueError:
        numbers = []
    if len(numbers) not in {2, 3} or not all(math.isfinite(number) and number >= 0 for number in numbers):
        raise ValueError("a price is prompt/completion or prompt/completion/cached, in US dollars per million tokens")
    return Price(prompt=numbers[0], completion=numbers[1], cached=numbers[2] if len(numbers) == 3 else None)
