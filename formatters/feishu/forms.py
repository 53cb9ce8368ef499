"""Forms in a card: the settings of a subscription, and what is wrong with an analysis.

Whoever reads what people entered finds each field under its name in a click's `form_value`: texts and what is chosen of
several as strings, an hour with its offset (`09:00 +0800`), what may be chosen together as a list of strings.
https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/containers/form-container
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final, TypeVar

from bot.core.commands import (
    Elsewhere,
    GiveFeedback,
    OpenSettings,
    PauseDigests,
    Question,
    ResumeDigests,
    Unsubscribe,
)
from bot.core.language import N_, _
from bot.core.replies import FeedbackForm, SettingsForm
from bot.core.subscriptions import Terms, Verdict
from formatters import fields, health, labels
from formatters import wording as say
from formatters.feishu import elements, limits
from formatters.feishu.cards import Content
from formatters.feishu.elements import Element, plain
from formatters.feishu.values import Act
from formatters.zones import FEW

T = TypeVar("T")

#: The names of the forms, and of the buttons that send them.
SETTINGS: Final = "settings"
FEEDBACK: Final = "feedback"
_SAVE: Final = "save"
_PREVIEW: Final = "preview"
_SEND: Final = "send"

_TITLE: Final = N_("Digest settings")
#: Characters of a label or an option.
_LABEL_MAX: Final = 100
#: Characters of a repository with its branches.
_REPO_MAX: Final = 250
#: Bytes of one condition, so that there is room for all of them, and for what is said above the form.
_CONDITION_BYTES_MAX: Final = 2_000
_NONE: Final = N_("None of these")
_TOO_LONG: Final = N_("Not all of them fit into the form, which would drop the others. Change them by a command.")


def settings(reply: SettingsForm) -> Content:
    """The form with what is asked for at present, and below it what can be done with a subscription."""
    title = _(_TITLE)
    words = fields.in_words(reply)
    parts = [*_which(reply), *_when(reply.terms), *_what(reply.terms), *_how(reply.terms), *_send(reply)]
    return Content(
        title=title,
        subtitle=str(reply.terms.followed),
        summary=words,
        elements=[elements.paragraph(words), _form(SETTINGS, parts), *elements.buttons(*_actions(reply))],
    )


def feedback(reply: FeedbackForm) -> Content:
    title = health.question(reply.sha)
    question = GiveFeedback(repo=reply.repo, sha=reply.sha, verdict=Verdict.DOWN)
    hint = _("The reason is shown to this channel in its status.")
    parts = [
        *_labelled(hint, _text(fields.REASON, "", fields.REASON_MAX, lines=3)),
        _submit(_SEND, _(fields.SEND), question, Act.FEEDBACK, is_first=True),
    ]
    return Content(title=title, summary=title, elements=[_form(FEEDBACK, parts)])


def in_words(reply: SettingsForm) -> str:
    """What does the same, where no form can be drawn."""
    terms = reply.terms
    options = f"at {terms.at:%H:%M} tz {terms.zone.key} lang {terms.language.value}"
    command = labels.command(f"subscribe {terms.followed} {options}")
    return _("The form cannot be shown here. A command does the same: {command}", command=command)


def unsubscribe(question: Elsewhere, repo: str, act: Act = Act.ASK, *, shows: Question | None = None) -> Element:
    """A button that asks once more."""
    button = elements.button(_("Unsubscribe"), question, act, shows=shows, type_="danger")
    words = _("No more digests of {repo} into the channel?", repo=repo)
    confirm = {"title": plain(_("Unsubscribe"), _LABEL_MAX), "text": plain(words, limits.NOTE_MAX)}
    return {**button, "confirm": confirm}


# What is in the form of a subscription


def _which(form: SettingsForm) -> Iterator[Element]:
    """Of a new one only: another repository is another subscription."""
    if form.subscription is None:
        given, hint = fields.repo(form), _(fields.REPO_HINT)
        yield from _labelled(_("Repository"), _text(fields.REPO, given, _REPO_MAX, hint=hint, required=True))


def _when(terms: Terms) -> Iterator[Element]:
    hour = {
        "tag": "picker_time",
        "name": fields.AT,
        "required": True,
        "width": "fill",
        "initial_time": f"{terms.at:%H:%M}",
    }
    yield elements.columns(_labelled(_("Hour"), hour), _labelled(_("Time zone"), _zones(terms.zone.key)))
    days = _many(fields.DAYS, fields.WEEKDAYS, lambda day: day.name.lower(), chosen=terms.days, required=True)
    yield from _labelled(_("On these days"), days)
    yield elements.note(_("Each digest reaches back to the one before."))


def _what(terms: Terms) -> Iterator[Element]:
    level = _one(fields.MINIMUM, fields.MINIMUMS, lambda level: level.name.lower(), chosen=terms.selection.minimum)
    quiet = _one(fields.QUIET, fields.QUIET_DAYS, lambda quiet: quiet.value, chosen=terms.quiet)
    yield elements.columns(_labelled(_("Importance"), level), _labelled(_("On days without commits"), quiet))
    named = [_condition(terms, name, label) for name, label in fields.CONDITIONS.items()]
    yield elements.columns(*named[:2])
    yield elements.columns(*named[2:])


def _condition(terms: Terms, name: str, label: str) -> list[Element]:
    """Values between commas; none is shown in part, since that would be another one."""
    values = [say.visible(value) for value in fields.condition(terms, name)]
    shown = list(values)
    while not _fits(", ".join(shown)):
        shown.pop()
    field = _labelled(_(label), _text(name, ", ".join(shown), limits.INPUT_MAX, hint=fields.manner(name)))
    return field if shown == values else [*field, elements.note(_(_TOO_LONG))]


def _fits(text: str) -> bool:
    return len(text) <= limits.INPUT_MAX and len(text.encode()) <= _CONDITION_BYTES_MAX


def _how(terms: Terms) -> Iterator[Element]:
    more = _many(fields.MORE, fields.OPTIONS, str, chosen=fields.chosen(terms))
    language = _one(
        fields.LANGUAGE, fields.LANGUAGES, lambda language: language.value, chosen=terms.language, are_names=True
    )
    yield elements.columns(_labelled(_("Also"), more), _labelled(_("Language"), language))


def _send(form: SettingsForm) -> list[Element]:
    question, is_new = shown_by(form), form.subscription is None
    return elements.buttons(
        _submit(_SAVE, _(labels.SUBSCRIBE if is_new else fields.SAVE), question, Act.SAVE, is_first=True),
        _submit(_PREVIEW, _("Preview"), question, Act.PREVIEW),
    )


def shown_by(form: SettingsForm) -> Question:
    """The question whose answer this form is."""
    if form.subscription is None:
        return OpenSettings(repo=form.terms.followed)
    return form.asks(OpenSettings())


def _actions(form: SettingsForm) -> Iterator[Element]:
    if form.subscription is None:
        return
    text, command = (health.RESUME, ResumeDigests()) if form.is_resting else (health.PAUSE, PauseDigests())
    question, shows = form.asks(command), shown_by(form)
    yield elements.button(_(text), question, Act.IN_FORM, shows=shows)
    yield unsubscribe(form.asks(Unsubscribe(repo=None)), str(form.terms.followed), Act.IN_FORM, shows=shows)


# Elements


def _form(name: str, parts: list[Element]) -> Element:
    return {"tag": "form", "name": name, "elements": parts}


def _submit(name: str, text: str, question: Question, act: Act, *, is_first: bool = False) -> Element:
    button = elements.button(text, question, act, type_="primary_filled" if is_first else "default")
    return {**button, "name": name, "form_action_type": "submit"}


def _labelled(label: str, field: Element) -> list[Element]:
    return [elements.paragraph(label, _LABEL_MAX), field]


def _text(name: str, given: str, most: int, *, hint: str = "", required: bool = False, lines: int = 1) -> Element:
    """A text that people write; `hint` stands in it while it is empty."""
    return {
        "tag": "input",
        "name": name,
        "required": required,
        "width": "fill",
        "max_length": most,
        **({"input_type": "multiline_text", "rows": lines} if lines > 1 else {}),
        **({"placeholder": plain(hint, _LABEL_MAX)} if hint else {}),
        **({"default_value": given} if given else {}),
    }


def _one(
    name: str, labels: Mapping[T, str], value: Callable[[T], str], *, chosen: T, are_names: bool = False
) -> Element:
    """One of several, which is chosen at any time."""
    options = _options(labels, value, are_names=are_names)
    return {**_choice("select_static", name, options, required=True), "initial_option": value(chosen)}


def _many(
    name: str, labels: Mapping[T, str], value: Callable[[T], str], *, chosen: Collection[T], required: bool = False
) -> Element:
    values = [value(key) for key in labels if key in chosen]
    field = _choice("multi_select_static", name, _options(labels, value), required=required)
    shown = {"selected_values": values} if values else {"placeholder": plain(_(_NONE), _LABEL_MAX)}
    return {**field, **shown}


def _zones(current: str) -> Element:
    """Another one than those of the list is offered where it is the present one."""
    names = FEW if current in FEW else (current, *FEW)
    options = [_option(name, name) for name in names]
    return {**_choice("select_static", fields.ZONE, options, required=True), "initial_option": current}


def _choice(tag: str, name: str, options: list[Element], *, required: bool) -> Element:
    return {"tag": tag, "name": name, "required": required, "width": "fill", "options": options}


def _options(labels: Mapping[T, str], value: Callable[[T], str], *, are_names: bool = False) -> list[Element]:
    return [_option(label if are_names else _(label), value(key)) for key, label in labels.items()]


def _option(text: str, value: str) -> Element:
    return {"text": plain(text, _LABEL_MAX), "value": value}
