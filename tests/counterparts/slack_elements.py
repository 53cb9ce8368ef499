"""What Slack would refuse in the interactive elements and the text objects of a block.

https://docs.slack.dev/reference/block-kit/block-elements, https://docs.slack.dev/reference/block-kit/composition-objects
Limits are in characters (code points).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

Surface = Literal["message", "modal", "home"]

ID_MAX = 255
URL_MAX = 3000
BUTTON_TEXT_MAX = 75
BUTTON_VALUE_MAX = 2000
BUTTON_LABEL_MAX = 75
AGENT_PROMPT_MAX = 4000
CONFIRM_MAX = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
OPTION_TEXT_MAX = 75
OPTION_VALUE_MAX = 150
OPTION_DESCRIPTION_MAX = 75
SELECT_OPTIONS_MAX = 100
SELECT_GROUPS_MAX = 100
PLACEHOLDER_MAX = 150
OVERFLOW_OPTIONS_MAX = 5
CHOICES_MAX = 10
INPUT_LENGTH_MAX = 3000
ALT_TEXT_MAX = 2000

_SELECTS = frozenset(
    f"{many}{kind}_select"
    for many in ("", "multi_")
    for kind in ("static", "external", "users", "conversations", "channels")
)
_PICKERS = frozenset({"datepicker", "timepicker", "datetimepicker"})
_CHOICES = frozenset({"checkboxes", "radio_buttons"})
_TYPED = frozenset({"plain_text_input", "number_input", "email_text_input", "url_text_input", "rich_text_input"})
ACTIONS = frozenset({"button", "overflow", "workflow_button", *_SELECTS, *_PICKERS, *_CHOICES})
ACCESSORIES = frozenset({*ACTIONS, "image"})
INPUTS = frozenset({"file_input", *_SELECTS, *_PICKERS, *_CHOICES, *_TYPED})
CONTEXT_ACTIONS = frozenset({"feedback_buttons", "icon_button"})
# Elements that some surface does not take.
_NOT_ON: Mapping[str, frozenset[Surface]] = {
    "workflow_button": frozenset({"modal", "home"}),
    "feedback_buttons": frozenset({"modal", "home"}),
    "icon_button": frozenset({"modal", "home"}),
    "email_text_input": frozenset({"message", "home"}),
    "number_input": frozenset({"message", "home"}),
    "url_text_input": frozenset({"message", "home"}),
    "file_input": frozenset({"message", "home"}),
    "datetimepicker": frozenset({"home"}),
    "rich_text_input": frozenset({"message"}),
}


def element(found: Any, at: str, allowed: frozenset[str], surface: Surface) -> Iterator[str]:
    kind = found.get("type") if isinstance(found, Mapping) else None
    if kind not in allowed or surface in _NOT_ON.get(str(kind), ()):
        yield f"unsupported type: {kind} [json-pointer:{at}/type]"
        return
    yield from shorter(found.get("action_id", ""), ID_MAX, f"{at}/action_id")
    if "confirm" in found:
        for name, most in CONFIRM_MAX.items():
            yield from text(found["confirm"], name, f"{at}/confirm", most)
    if "placeholder" in found:
        yield from text(found, "placeholder", at, PLACEHOLDER_MAX, kinds=("plain_text",))
    match kind:
        case "button" | "workflow_button":
            yield from _button(found, at)
        case "image":
            yield from shorter(found.get("image_url", ""), URL_MAX, f"{at}/image_url")
            yield from string(found, "alt_text", at, ALT_TEXT_MAX)
        case "overflow":
            yield from options(found.get("options"), f"{at}/options", OVERFLOW_OPTIONS_MAX)
        case "checkboxes" | "radio_buttons":
            yield from options(found.get("options"), f"{at}/options", CHOICES_MAX)
            yield from _initial(found, at)
        case "static_select" | "multi_static_select":
            yield from _select(found, at)
        case "plain_text_input":
            yield from _typed(found, at)
        case "number_input" if "is_decimal_allowed" not in found:
            yield f"missing required field: is_decimal_allowed [json-pointer:{at}]"
        case "feedback_buttons":
            for name in ("positive_button", "negative_button"):
                yield from _button(found.get(name, {}), f"{at}/{name}")
        case _:
            pass


def elements(found: Any, at: str, most: int, allowed: frozenset[str], surface: Surface) -> Iterator[str]:
    yield from at_least_one(found or (), at)
    yield from fewer(found or (), most, at)
    yield from unique([each.get("action_id") for each in found or ()], "action_id", at)
    for number, each in enumerate(found or ()):
        yield from element(each, f"{at}/{number}", allowed, surface)


def _button(found: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from text(found, "text", at, BUTTON_TEXT_MAX, kinds=("plain_text",))
    limits = {"value": BUTTON_VALUE_MAX, "url": URL_MAX, "accessibility_label": BUTTON_LABEL_MAX}
    for name, most in {**limits, "agent_prompt": AGENT_PROMPT_MAX}.items():
        yield from shorter(found.get(name, ""), most, f"{at}/{name}")
    if found.get("style", "primary") not in {"primary", "danger"}:
        yield f"unsupported style: {found['style']} [json-pointer:{at}/style]"


def _select(found: Mapping[str, Any], at: str) -> Iterator[str]:
    if ("options" in found) == ("option_groups" in found):
        yield f"must provide either options or option_groups [json-pointer:{at}]"
    elif "options" in found:
        yield from options(found["options"], f"{at}/options", SELECT_OPTIONS_MAX)
    else:
        groups = found["option_groups"]
        yield from at_least_one(groups, f"{at}/option_groups")
        yield from fewer(groups, SELECT_GROUPS_MAX, f"{at}/option_groups")
        for number, group in enumerate(groups):
            where = f"{at}/option_groups/{number}"
            yield from text(group, "label", where, OPTION_TEXT_MAX, kinds=("plain_text",))
            yield from options(group.get("options"), f"{where}/options", SELECT_OPTIONS_MAX)
    yield from _initial(found, at)


def _initial(found: Mapping[str, Any], at: str) -> Iterator[str]:
    """What is chosen at first is one of the options, letter for letter."""
    groups = found.get("option_groups", [])
    known = [*found.get("options", []), *(option for group in groups for option in group.get("options", []))]
    chosen = found.get("initial_options", [])
    if "initial_options" in found and not chosen:
        yield f"must provide at least 1 item [json-pointer:{at}/initial_options]"
    if "initial_option" in found:
        chosen = [*chosen, found["initial_option"]]
    if any(option not in known for option in chosen):
        yield f"initial option is not among the options [json-pointer:{at}]"


def options(found: Any, at: str, most: int) -> Iterator[str]:
    yield from at_least_one(found or (), at)
    yield from fewer(found or (), most, at)
    for number, option in enumerate(found or ()):
        where = f"{at}/{number}"
        yield from text(option, "text", where, OPTION_TEXT_MAX)
        yield from string(option, "value", where, OPTION_VALUE_MAX)
        yield from shorter(option.get("url", ""), URL_MAX, f"{where}/url")
        if "description" in option:
            yield from text(option, "description", where, OPTION_DESCRIPTION_MAX)


def _typed(found: Mapping[str, Any], at: str) -> Iterator[str]:
    for name in ("min_length", "max_length"):
        if not 0 <= found.get(name, 1) <= INPUT_LENGTH_MAX:
            yield f"must be between 0 and {INPUT_LENGTH_MAX} [json-pointer:{at}/{name}]"
    if len(found.get("initial_value", "")) > found.get("max_length", INPUT_LENGTH_MAX):
        yield f"initial_value is longer than max_length [json-pointer:{at}/initial_value]"


# Texts, lists and ids.


def text(
    holder: Any, name: str, at: str, most: int, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")
) -> Iterator[str]:
    """A text object: there, of an allowed type, neither empty nor too long."""
    found = holder.get(name) if isinstance(holder, Mapping) else None
    if not isinstance(found, Mapping):
        yield f"missing required field: {name} [json-pointer:{at}]"
        return
    yield from text_object(found, f"{at}/{name}", most, kinds)


def text_object(
    found: Mapping[str, Any], at: str, most: int, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")
) -> Iterator[str]:
    if found.get("type") not in kinds:
        yield f"unsupported type: {found.get('type')} [json-pointer:{at}/type]"
    yield from string(found, "text", at, most)


def string(holder: Any, name: str, at: str, most: int) -> Iterator[str]:
    found = holder.get(name) if isinstance(holder, Mapping) else None
    if not isinstance(found, str):
        yield f"missing required field: {name} [json-pointer:{at}]"
        return
    if not found:
        yield f"must be more than 0 characters [json-pointer:{at}/{name}]"
    yield from shorter(found, most, f"{at}/{name}")


def shorter(found: str, most: int, at: str) -> Iterator[str]:
    if len(found) > most:
        yield f"must be less than {most + 1} characters [json-pointer:{at}]"


def fewer(items: Sequence[Any], most: int, at: str) -> Iterator[str]:
    if len(items) > most:
        yield f"no more than {most} items allowed [json-pointer:{at}]"


def at_least_one(items: Sequence[Any], at: str) -> Iterator[str]:
    if not items:
        yield f"must provide at least 1 item [json-pointer:{at}]"


def unique(ids: Sequence[str | None], name: str, at: str) -> Iterator[str]:
    seen: set[str] = set()
    for number, each in enumerate(ids):
        if each is not None and each in seen:
            yield f"`{name}` {each!r} already exists [json-pointer:{at}/{number}/{name}]"
        seen.add(each or "")
