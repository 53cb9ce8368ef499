"""What a card offers to a person: what can be clicked on, and what the forms in it hold.

https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/containers/form-container
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.counterparts.feishu_values import Card


def _elements(card: Any) -> Iterator[dict[str, Any]]:
    """Every object with a `tag`, outermost first."""
    if isinstance(card, dict):
        if "tag" in card:
            yield card
        for inner in card.values():
            yield from _elements(inner)
    elif isinstance(card, list):
        for inner in card:
            yield from _elements(inner)


def clickable(card: Card, value: Any) -> dict[str, Any]:
    wanted = {"type": "callback", "value": value}
    for element in _elements(card):
        if wanted in (element.get("behaviors") or ()) and not element.get("disabled"):
            return element
    offered = [each.get("behaviors") for each in _elements(card) if each.get("behaviors")]
    raise AssertionError(f"nothing in the card says {value} when it is clicked, but {offered}")


def filled(card: Card, element: Mapping[str, Any], given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the form around the element is sent with: what was filled in, and what it showed from the beginning.

    None outside of forms. Fields that are empty and were not touched are left out, since nothing says what they hold.
    """
    form = next((each for each in _elements(card) if each["tag"] == "form" and element in list(_elements(each))), None)
    if form is None:
        assert given is None, "it does not stand in a form"
        return None
    fields = {
        each["name"]: each for each in _elements(form) if "name" in each and each["tag"] not in {"form", "button"}
    }
    given = given or {}
    assert set(given) <= set(fields), f"the form has {set(fields)}"
    filled = {name: _initially(each) for name, each in fields.items()} | dict(given)
    for name, value in filled.items():
        _check_value(fields[name], value)
    return {name: value for name, value in filled.items() if value is not None}


def _initially(element: Mapping[str, Any]) -> Any:
    names = ("default_value", "initial_option", "selected_values", "initial_date", "initial_time", "initial_datetime")
    return next((element[name] for name in names if name in element), None)


def _check_value(element: Mapping[str, Any], value: Any) -> None:
    assert not element.get("required") or value, f"{element['name']} is required"
    if element["tag"] == "input" and isinstance(value, str):
        assert len(value) <= element.get("max_length", 1000), f"{element['name']} is too long"
    if value and "options" in element:
        chosen = value if isinstance(value, list) else [value]
        options = {each["value"] for each in element["options"]}
        assert options.issuperset(chosen), f"{element['name']} has {options}"


def check_option(element: Mapping[str, Any], option: str | None) -> None:
    options = {each.get("value") for each in element.get("options", ())}
    assert option is None or option in options, f"there are {options}"
