import pytest

from bot.core.ports import Spending
from bot.core.prices import Budget, Price, parse_prices


@pytest.mark.parametrize(
    ("text", "prices"),
    [
        ("", {}),
        ("small=0.25/2", {"small": Price(prompt=0.25, completion=2)}),
        (
            " small = 1/2/0.1 , small@flex=0.5/1,",
            {"small": Price(prompt=1, completion=2, cached=0.1), "small@flex": Price(prompt=0.5, completion=1)},
        ),
        ("org/model:8b=0/0", {"org/model:8b": Price(prompt=0, completion=0)}),
        ('{"a=b": "1/2"}', {"a=b": Price(prompt=1, completion=2)}),
    ],
)
def test_prices_are_written_in_either_form(text: str, prices: dict[str, Price]):
    assert parse_prices(text) == prices


@pytest.mark.parametrize(
    "text", ["small", "small=", "=1/2", "small=1", "small=1/2/3/4", "a=1/-2", "a=nan/1", "{", '{"a": 1}']
)
def test_anything_else_is_no_price(text: str):
    with pytest.raises(ValueError, match=r"."):
        parse_prices(text)


def test_what_the_host_had_read_before_costs_its_own_price():
    price = Price(prompt=10, completion=20, cached=1)
    assert price.of(prompt_tokens=1_000, cached_tokens=400, completion_tokens=100) == pytest.approx(0.0084)
    assert price.of(prompt_tokens=100, cached_tokens=400, completion_tokens=0) == pytest.approx(0.0001)
    dear = Price(prompt=10, completion=20)
    assert dear.of(prompt_tokens=1_000, cached_tokens=400, completion_tokens=0) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("budget", "used"),
    [
        (Budget(), 0),
        (Budget(tokens=1_000), 0.5),
        (Budget(price=0.25), 2),
        (Budget(tokens=1_000, price=5), 0.5),
        (Budget(tokens=0), 1),
    ],
)
def test_the_nearer_bound_counts(budget: Budget, used: float):
    assert budget.used(Spending(tokens=500, price=0.5)) == used
