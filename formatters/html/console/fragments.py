"""A reply as a part of a page, with its buttons. Nothing in it depends on who looks at it, or when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from zoneinfo import ZoneInfo

from markupsafe import Markup

from bot.core.addresses import Addresses
from bot.core.buttons import encode
from bot.core.commands import (
    DeepenCommit,
    GiveFeedback,
    MakeReport,
    OpenSettings,
    PauseDigests,
    Question,
    ResumeDigests,
    Retry,
    SendNow,
    ShowCommit,
    ShowDigest,
    ShowHome,
    Unsubscribe,
)
from bot.core.language import N_, _, spoken
from bot.core.model import Digest, Entry, Repo
from bot.core.ranges import DayRange, When
from bot.core.replies import (
    AnalysisView,
    Answer,
    CommitIndex,
    DigestView,
    FeedbackForm,
    Framing,
    Help,
    Home,
    Listed,
    Notice,
    Progress,
    RangeView,
    Reply,
    Report,
    SearchResults,
    SettingsForm,
    SubscriptionList,
)
from bot.core.subscriptions import Verdict
from formatters import fields, found, health, labels, picture
from formatters import wording as say
from formatters.html.environment import LANGUAGE_TAGS, template
from formatters.html.values import bars
from formatters.zones import GROUPS

Act = Literal["ask", "share", "save", "preview", "in-form", "feedback"]

_SHARE: Final = N_("Share in channel")
_SHARE_COMMIT: Final = N_("Share")
_VERDICTS: Final = {Verdict.UP: N_("Helpful"), Verdict.DOWN: N_("Not right")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    label: str
    #: What it asks; the form around it says it where it is None.
    question: Question | None = None
    act: Act = "ask"
    style: str = ""
    #: What screen readers say after the label.
    more: str = ""

    @property
    def value(self) -> str:
        return encode(self.question) if self.question is not None else ""


def fragment(reply: Reply, *, note: Notice | None = None) -> str:
    """HTML in the language spoken; `note` stands above the reply."""
    name, given = _template(reply)
    body = template(f"console/{name}.html").render(reply=reply, **given)
    above = template("console/notice.html").render(reply=note, buttons=[], **_SHARED) if note else ""
    return f'<div lang="{LANGUAGE_TAGS[spoken()]}">{above}{body}</div>'


def shown_by(reply: Reply) -> str:
    """Of a form: the question whose answer it is, written as in a button; of all others nothing."""
    match reply:
        case SettingsForm(subscription=None, terms=terms):
            return encode(OpenSettings(repo=terms.followed))
        case SettingsForm():
            return encode(reply.asks(OpenSettings()))
        case FeedbackForm(repo=repo, sha=sha):
            return encode(GiveFeedback(repo=repo, sha=sha, verdict=Verdict.DOWN))
        case _:
            return ""


def _template(reply: Reply) -> tuple[str, dict[str, object]]:
    match reply:
        case DigestView():
            return "digest", _of_digest(reply)
        case RangeView():
            return "range", _of_range(reply)
        case CommitIndex(digest=digest):
            return "index", {**_of_commits(digest), "buttons": []}
        case AnalysisView(repo=repo, entry=entry, zone=zone):
            return "analysis", {**_SHARED, "buttons": _of_analysis(reply), "page": _page(repo, entry, zone)}
        case SubscriptionList() | Home():
            return "subscriptions", {**_SHARED, "listed": _listed(reply), "buttons": _of_home(reply)}
        case SettingsForm():
            return "settings", {**_SHARED, "buttons": _of_form(reply), "zones": _zones(reply)}
        case FeedbackForm():
            return "feedback", {**_SHARED, "buttons": [Button(label=_(fields.SEND), act="feedback", style="primary")]}
        case Report(views=views):
            return "lines", {**_SHARED, "lines": [_about(view) for view in views], "buttons": []}
        case SearchResults(entries=entries, repo=repo, zone=zone):
            return "found", {**_SHARED, "words": found.summary(reply), "rows": _rows(repo, entries, None), "zone": zone}
        case Answer(entries=entries, repo=repo, zone=zone):
            return "answer", {**_SHARED, "rows": _rows(repo, entries, None), "zone": zone}
        case Progress():
            return "lines", {**_SHARED, "lines": [say.progress(reply)], "buttons": []}
        case Notice(offers=offers):
            return "notice", {**_SHARED, "buttons": [Button(label=o.label, question=o.question) for o in offers]}
        case Help():
            return "help", {**_SHARED}


def _about(view: DigestView | RangeView) -> str:
    repo, days = (
        (view.digest.repo, str(view.digest.day)) if isinstance(view, DigestView) else (view.repo, say.span(view))
    )
    return f"{repo} · {days}"


# Digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A commit with the button that opens its analysis."""

    entry: Entry
    button: Button


def _rows(repo: Repo, entries: Sequence[Entry], digest: Digest | None) -> list[Row]:
    day = digest.day if digest else None
    return [
        Row(
            entry=entry,
            button=Button(
                label=_(labels.DETAILS),
                question=ShowCommit(repo=repo, sha=entry.commit.sha, day=day),
                more=_("Details of commit {sha}", sha=entry.commit.short_sha),
            ),
        )
        for entry in entries
    ]


def _of_commits(digest: Digest) -> dict[str, object]:
    levels = [
        (level, _rows(digest.repo, entries, digest)) for level, entries in digest.by_importance().items() if entries
    ]
    return {**_SHARED, "digest": digest, "levels": levels, "zone": digest.day.zone}


def _of_digest(view: DigestView) -> dict[str, object]:
    digest = view.digest
    areas = picture.of(digest)
    return {
        **_of_commits(digest),
        "picture": bars([(area.folder, area.commits) for area in areas]) if areas else Markup(""),
        "picture_title": _(picture.TITLE),
        "buttons": list(_below_digest(view)),
        "page": Addresses(zone=digest.day.zone, language=spoken()).day(digest.day, digest.repo)
        if digest.sealed
        else "",
    }


def _below_digest(view: DigestView) -> Iterator[Button]:
    digest, repo = view.digest, view.digest.repo
    before = digest.day.plus(-1)
    if digest.entries or view.framing.left_out:
        yield Button(label=_(labels.REPORT), question=MakeReport(when=digest.day, repos=(repo,)))
    yield Button(label=f"← {before.date.isoformat()}", question=ShowDigest(when=before, repo=repo))
    if digest.sealed:
        after = digest.day.plus(1)
        yield Button(label=f"{after.date.isoformat()} →", question=ShowDigest(when=after, repo=repo))
    yield from _always(repo, digest.day, view.framing)
    if digest.stand_ins:
        yield Button(label=labels.retry(len(digest.stand_ins)), question=Retry(when=digest.day, repo=repo))


def _always(repo: Repo, when: When, framing: Framing) -> Iterator[Button]:
    if framing.is_private:
        yield Button(label=_(_SHARE), question=ShowDigest(when=when, repo=repo), act="share")
    label = labels.SETTINGS if framing.is_subscribed else labels.SUBSCRIBE
    yield Button(label=_(label), question=OpenSettings(repo=repo))


def _of_range(view: RangeView) -> dict[str, object]:
    when = DayRange(first=view.first, last=view.last)
    days = [
        (
            say.day_counts(digest),
            Button(label=digest.day.date.isoformat(), question=ShowDigest(when=digest.day, repo=view.repo)),
        )
        for digest in view.digests
    ]
    report = (
        [Button(label=_(labels.REPORT), question=MakeReport(when=when, repos=(view.repo,)))] if view.entries else []
    )
    return {**_SHARED, "whole": view.whole, "days": days, "buttons": [*report, *_always(view.repo, when, view.framing)]}


# One commit


def _page(repo: Repo, entry: Entry, zone: ZoneInfo) -> str:
    """That of the archive, where the diff stands beside what is said of it."""
    return Addresses(zone=zone, language=spoken()).commit(repo, entry.commit.sha)


def _of_analysis(reply: AnalysisView) -> list[Button]:
    commit, repo, day = reply.entry.commit, reply.repo, reply.day
    turns = ((_("Previous commit"), reply.previous), (_("Next commit"), reply.next))
    return [
        *(
            Button(label=label, question=ShowCommit(sha=sha, repo=repo, day=day))
            for label, sha in turns
            if sha is not None
        ),
        *(
            [Button(label=_(labels.DEEPEN), question=DeepenCommit(sha=commit.sha, repo=repo, day=day))]
            if reply.entry.analysis.can_be_deepened
            else []
        ),
        Button(label=_(_SHARE_COMMIT), question=ShowCommit(sha=commit.sha, repo=repo, day=day), act="share"),
        *(
            Button(
                label=f"{health.THUMBS[verdict]} {_(label)}",
                question=GiveFeedback(repo=repo, sha=commit.sha, verdict=verdict),
                style="primary" if verdict is reply.verdict else "",
            )
            for verdict, label in _VERDICTS.items()
        ),
    ]


# Subscriptions


def _listed(reply: SubscriptionList | Home) -> list[tuple[Listed, list[Button]]]:
    return [(listed, list(_below(listed))) for listed in reply.subscriptions]


def _below(listed: Listed) -> Iterator[Button]:
    resting = health.is_resting(listed)
    yield Button(label=_(labels.SETTINGS), question=listed.asks(OpenSettings()))
    yield Button(
        label=_(health.RESUME if resting else health.PAUSE),
        question=listed.asks(ResumeDigests() if resting else PauseDigests()),
    )
    for each in health.missed(listed):
        if each.last is not None:
            label = f"{_(health.SEND_NOW)} ({each.followed} {each.last.day.isoformat()})"
            yield Button(label=label, question=each.asks(SendNow(day=each.last.day)), style="primary")
    yield Button(label=_("Unsubscribe"), question=listed.asks(Unsubscribe(repo=None)), style="danger")


def _of_home(reply: SubscriptionList | Home) -> list[Button]:
    if isinstance(reply, SubscriptionList):
        return []
    new = Button(label=_("New subscription"), question=OpenSettings(repo=reply.default_repo))
    return [new, Button(label=_("Look again"), question=ShowHome())]


# Forms


def _of_form(form: SettingsForm) -> list[Button]:
    label = labels.SUBSCRIBE if form.subscription is None else fields.SAVE
    sending = [
        Button(label=_(label), act="save", style="primary"),
        Button(label=_("Preview"), act="preview"),
    ]
    if form.subscription is None:
        return sending
    text, command = (health.RESUME, ResumeDigests()) if form.is_resting else (health.PAUSE, PauseDigests())
    return [
        *sending,
        Button(label=_(text), question=form.asks(command), act="in-form"),
        Button(
            label=_("Unsubscribe"), question=form.asks(Unsubscribe(repo=None)), act="in-form", style="danger"
        ),
    ]  # fmt: skip


def _zones(form: SettingsForm) -> list[tuple[str, tuple[str, ...]]]:
    current = form.terms.zone.key
    groups = [(_(name), tuple(zones)) for name, zones in GROUPS.items()]
    known = any(current in zones for _name, zones in groups)
    return groups if known else [(_("At present"), (current,)), *groups]


#: What templates of replies can say beside what all templates can.
_SHARED: Final[dict[str, object]] = {"found": found, "health": health, "fields": fields}
