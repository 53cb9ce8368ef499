"""Forms in a modal: a subscription, and what is wrong with an analysis.

Whoever reads what people entered finds each field under its name as block_id, with the element's action_id `value`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeVar

from bot.core.commands import Elsewhere, OpenSettings, PauseDigests, ResumeDigests, Unsubscribe
from bot.core.language import _
from bot.core.replies import FeedbackForm, SettingsForm
from bot.core.subscriptions import Terms
from formatters import fields, health
from formatters.slack import blocks, limits
from formatters.slack.blocks import Block, plain
from formatters.zones import GROUPS

T = TypeVar("T")

SETTINGS: Final = "settings"
FEEDBACK: Final = "feedback"
VALUE: Final = "value"

#: The channel of a new subscription; the other fields have the names of those on any platform.
CHANNEL: Final = "channel"

#: Characters. https://docs.slack.dev/reference/block-kit/composition-objects/option-object
_OPTION_MAX: Final = 75
#: Characters of what people enter.
_REPO_MAX: Final = 250
_CONDITIONS_MAX: Final = 2000


def settings(form: SettingsForm) -> list[Block]:
    """The form; one that is not opened from a channel asks for it."""
    terms = form.terms
    return [*_which(form), *_when(terms), *_what(terms), *_how(terms), blocks.actions(*_actions(form))]


def settings_message(form: SettingsForm) -> list[Block]:
    """Where no window can be opened: the button that opens one."""
    question = OpenSettings(repo=form.terms.followed)
    label = _("Settings of {repo}", repo=form.terms.followed)
    return [blocks.section(fields.in_words(form)), blocks.actions(blocks.button(label, "digest.settings", question))]


def feedback(form: FeedbackForm) -> list[Block]:
    element = {
        "type": "plain_text_input",
        "action_id": VALUE,
        "multiline": True,
        "max_length": fields.REASON_MAX,
    }
    hint = _("The reason is shown to this channel in its status.")
    return [_input(fields.REASON, health.question(form.sha), element, optional=True, hint=hint)]


def submit(form: SettingsForm | FeedbackForm) -> Block:
    """What makes a view a form: the name under which it is submitted, and its button."""
    is_settings = isinstance(form, SettingsForm)
    label = _(fields.SAVE) if is_settings else _(fields.SEND)
    callback = SETTINGS if is_settings else FEEDBACK
    return {"submit": plain(label, limits.VIEW_TITLE_MAX), "callback_id": callback}


# Fields


def _which(form: SettingsForm) -> Iterator[Block]:
    if not form.terms.channel.id:
        element = {
            "type": "conversations_select",
            "action_id": VALUE,
            "filter": {"include": ["public", "private"], "exclude_bot_users": True},
        }
        yield _input(CHANNEL, _("Channel"), element)
    if form.subscription is not None:
        yield blocks.rich(blocks.line(blocks.words(blocks.cut(str(form.terms.followed), _REPO_MAX), bold=True)))
        return
    yield _input(fields.REPO, _("Repository"), _text(fields.repo(form), _REPO_MAX), hint=_(fields.REPO_HINT))


def _when(terms: Terms) -> Iterator[Block]:
    at = {"type": "timepicker", "action_id": VALUE, "initial_time": f"{terms.at:%H:%M}"}
    yield _input(fields.AT, _("Hour"), at)
    days = {
        "type": "checkboxes",
        "action_id": VALUE,
        **_options(fields.WEEKDAYS, lambda day: day.name.lower(), chosen=terms.days),
    }
    yield _input(fields.DAYS, _("On these days"), days, hint=_("Each digest reaches back to the one before."))
    yield _input(fields.ZONE, _("Time zone"), _zones(terms.zone.key))


def _what(terms: Terms) -> Iterator[Block]:
    level = _options(fields.MINIMUMS, lambda level: level.name.lower(), chosen={terms.selection.minimum})
    yield _input(fields.MINIMUM, _("Importance"), _radio(level))
    for name, label in fields.CONDITIONS.items():
        text = ", ".join(fields.condition(terms, name))
        yield _input(name, _(label), _text(text, _CONDITIONS_MAX), optional=True, hint=fields.manner(name))


def _how(terms: Terms) -> Iterator[Block]:
    more = {"type": "checkboxes", "action_id": VALUE, **_options(fields.OPTIONS, str, chosen=fields.chosen(terms))}
    yield _input(fields.MORE, _("Also"), more, optional=True)
    quiet = _options(fields.QUIET_DAYS, lambda quiet: quiet.value, chosen={terms.quiet})
    yield _input(fields.QUIET, _("On days without commits"), _radio(quiet))
    languages = _options(fields.LANGUAGES, lambda language: language.value, chosen={terms.language}, are_names=True)
    yield _input(fields.LANGUAGE, _("Language"), _radio(languages))


def _actions(form: SettingsForm) -> Iterator[Block]:
    yield {"type": "button", "text": plain(_("Preview"), limits.BUTTON_TEXT_MAX), "action_id": "settings.preview"}
    if form.subscription is None:
        return
    text, action, command = (
        (health.RESUME, "settings.resume", ResumeDigests())
        if form.is_resting
        else (health.PAUSE, "settings.pause", PauseDigests())
    )
    yield blocks.button(_(text), action, form.asks(command))
    yield unsubscribe(form.asks(Unsubscribe(repo=None)), str(form.terms.followed), "settings.unsubscribe")


def unsubscribe(question: Elsewhere, repo: str, action: str) -> Block:
    """A button that asks once more."""
    confirm = {
        "title": plain(_("Unsubscribe"), 100),
        "text": plain(_("No more digests of {repo} into the channel?", repo=repo), 300),
        "confirm": plain(_("Unsubscribe"), 30),
        "deny": plain(_("Keep them"), 30),
        "style": "danger",
    }
    return {**blocks.button(_("Unsubscribe"), action, question), "style": "danger", "confirm": confirm}


# Elements


def _input(name: str, label: str, element: Block, *, optional: bool = False, hint: str = "") -> Block:
    return {
        "type": "input",
        "block_id": name,
        "label": plain(label, limits.SECTION_TEXT_MAX),
        "element": element,
        "optional": optional,
        **({"hint": plain(hint, 2000)} if hint else {}),
    }


def _text(initial: str, limit: int) -> Block:
    shown = blocks.cut(initial, limit)
    given = {"initial_value": shown} if shown else {}
    return {"type": "plain_text_input", "action_id": VALUE, "max_length": limit, **given}


def _radio(options: Block) -> Block:
    """Of one that is chosen, which is `initial_option` here."""
    (initial,) = options["initial_options"]
    return {"type": "radio_buttons", "action_id": VALUE, "options": options["options"], "initial_option": initial}


def _options(
    labels: Mapping[T, str], value: Callable[[T], str], *, chosen: Iterable[T], are_names: bool = False
) -> Block:
    made = {key: _option(label if are_names else _(label), value(key)) for key, label in labels.items()}
    initial = [made[key] for key in labels if key in set(chosen)]
    return {"options": list(made.values()), **({"initial_options": initial} if initial else {})}


def _option(text: str, value: str) -> Block:
    return {"text": plain(text, _OPTION_MAX), "value": value}


def _zones(current: str) -> Block:
    groups = {_(name): zones for name, zones in GROUPS.items()}
    if not any(current in zones for zones in groups.values()):
        groups = {_("At present"): (current,), **groups}
    return {
        "type": "static_select",
        "action_id": VALUE,
        "option_groups": [
            {"label": plain(name, _OPTION_MAX), "options": [_option(zone, zone) for zone in zones]}
            for name, zones in groups.items()
        ],
        "initial_option": _option(current, current),
    }
