"""A terminal: what an engineer reads between two commands."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from io import StringIO
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.core.language import N_, _, decimal
from bot.core.model import Advice, Commit, Digest, Entry, Importance, Risk, ScopeItem, Statement, Theme
from bot.core.replies import (
    AnalysisView,
    Answer,
    CitedSentence,
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
from formatters import found, health, picture, related
from formatters import wording as say

_LEVEL_STYLES: Final = {Importance.HIGH: "bold red", Importance.MEDIUM: "bold yellow", Importance.LOW: "bold green"}
_MORE_ABOUT: Final = N_("One of them in full: dynamo-digest commit")
_ONE_DAY: Final = N_("One of the days: dynamo-digest show")
#: Commits of several days that are listed.
_MOST_IMPORTANT: Final = 15
#: Columns of an author's name in a list.
_AUTHOR_MAX: Final = 18
#: Columns of text below which a line cannot be read any more.
_NARROWEST: Final = 60


def render(reply: Reply, *, width: int = 100, color: bool = True) -> str:
    """Lines of at most `width` columns, but never less than 60; only an address is never broken.

    With `color`, escape sequences set our styles only.
    """
    console = Console(
        file=StringIO(),
        width=max(width, _NARROWEST),
        color_system="standard" if color else None,
        force_terminal=color,
        no_color=not color,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
        _environ={},
    )
    with console.capture() as captured:
        console.print(_shown(reply))
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()) + _page(reply)


def _page(reply: Reply) -> str:
    """Where it stands in the archive."""
    match reply:
        case DigestView(framing=Framing(address=address)) | RangeView(framing=Framing(address=address)):
            pass
        case AnalysisView(address=address):
            pass
        case _:
            return ""
    return _("In the archive: {address}", address=address) + "\n" if address else ""


def _shown(reply: Reply) -> RenderableType:
    match reply:
        case DigestView():
            return Group(*_digest(reply))
        case RangeView():
            return Group(*_range(reply))
        case CommitIndex(digest=digest):
            return Group(*_digest(DigestView(digest=digest)))
        case AnalysisView():
            return Group(*_analysis(reply))
        case Report(views=views):
            return Group(*map(_shown, views))
        case SubscriptionList():
            return Group(*_subscriptions(reply.subscriptions), *_standing(reply))
        case Home(subscriptions=listed):
            return Group(*_subscriptions(listed))
        case SettingsForm(terms=terms):
            return Group(Text(f"{terms.followed}{_(': ')}{say.every(terms)}"))
        case FeedbackForm(sha=sha):
            return Text(health.question(sha))
        case SearchResults():
            return Group(_prose(found.summary(reply)), *_found(reply.entries, reply.zone))
        case Answer():
            return Group(_list(map(_cited, reply.sentences)), Text(found.writer(reply), style="dim"))
        case Progress():
            return Text(say.progress(reply))
        case Notice(text=text, example=example):
            return Group(Text(say.visible(text)), *_try(example))
        case Help():
            return _help()
        case _:
            assert_never(reply)


# A digest: everything, one line a commit


def _digest(view: DigestView) -> Iterator[RenderableType]:
    digest = view.digest
    title = Text(f"{digest.repo}  {digest.day}", style="bold")
    yield title.append("".join(f"  {caveat}" for caveat in say.caveats(view)), style="yellow")
    yield from _correction(view)
    if not digest.entries:
        yield Text(say.quiet(digest, view.framing))
        return
    yield Text("  ".join(say.facts(digest)))
    yield from _left_out(view.framing, digest)
    yield from _lead(digest)
    yield from _picture(digest)
    for level, entries in digest.by_importance().items():
        if entries:
            yield Text()
            title = f"{say.ICONS[level]} {_(say.LEVELS[level])} ({decimal(len(entries))})"
            yield Text(title, style=_LEVEL_STYLES[level])
            yield _commits(digest, entries)
    yield Text()
    yield Text(say.origin(digest), style="dim")
    yield Text(f"{_(_MORE_ABOUT)} {say.ranked(digest)[0].commit.short_sha}", style="dim")


def _correction(view: DigestView | RangeView) -> Iterator[Text]:
    if corrected := related.correction(view):
        yield Text(corrected, style="yellow")


def _left_out(framing: Framing, shown: Digest) -> Iterator[Text]:
    if left_out := say.left_out(framing, len(shown.entries)):
        yield Text(left_out, style="yellow")


def _lead(digest: Digest) -> Iterator[RenderableType]:
    if say.visible(digest.lead):
        yield Text()
        yield _prose(digest.lead)
    yield from _part(_(say.THEMES), [_theme(theme) for theme in digest.themes])


def _picture(digest: Digest) -> Iterator[RenderableType]:
    if shown := picture.of(digest):
        yield from _titled(_(picture.TITLE), [Padding(Text(picture.bars(shown)), (0, 0, 0, 2))])


def _theme(theme: Theme) -> Text:
    shas = " ".join(sha[:7] for sha in theme.shas)
    return _prose(say.visible(theme.title)).append(f"  {shas}", style="dim")


def _range(view: RangeView) -> Iterator[RenderableType]:
    """What the days have in common, a line for each, and the most important commits."""
    whole = view.whole
    title = Text(f"{view.repo}  {say.span(view)}", style="bold")
    yield title.append("".join(f"  {caveat}" for caveat in say.caveats(view)), style="yellow")
    yield from _correction(view)
    if not whole.entries:
        yield Text(say.quiet_span(view))
        return
    yield Text("  ".join(say.facts(whole)))
    yield from _left_out(view.framing, whole)
    yield Text(say.top_authors(whole), style="dim")
    yield from _lead(whole)
    yield from _picture(whole)
    yield from _titled(_(say.DAYS), [_list(Text(say.day_counts(digest)) for digest in view.digests)])
    ranked = say.ranked(whole)
    yield from _titled(_(say.MOST_IMPORTANT), [_commits(whole, ranked[:_MOST_IMPORTANT], of_days=True)])
    if left_out := ranked[_MOST_IMPORTANT:]:
        yield Text(say.more(left_out), style="dim")
    yield Text()
    yield Text(say.origin(whole), style="dim")
    busiest = max(view.digests, key=lambda digest: len(digest.entries)).day.date
    yield Text(f"{_(_ONE_DAY)} {busiest}", style="dim")


def _commits(digest: Digest, entries: Sequence[Entry], *, of_days: bool = False) -> Table:
    """Columns: SHA, local time, type, headline, author, pull request; aligned through all groups of a digest.

    Commits `of_days` have their date in the place of the time.
    """
    everyone = [cell_len(say.author(entry.commit.author)) for entry in digest.entries]
    grid = Table.grid(padding=(0, 1), expand=True)
    for width, style in ((7, "cyan"), (5, "dim"), (2, "")):
        grid.add_column(no_wrap=True, width=width, style=style)
    grid.add_column(ratio=1)
    grid.add_column(no_wrap=True, overflow="ellipsis", style="dim", width=min(_AUTHOR_MAX, max(everyone)))
    grid.add_column(
        no_wrap=True, style="dim", justify="right", width=max(len(_number(entry)) for entry in digest.entries)
    )
    shown = slice(5, 10) if of_days else slice(11, 16)
    for entry in entries:
        grid.add_row(
            entry.commit.short_sha,
            say.clock(entry.commit.committed_at, digest.day.zone)[shown],
            say.kinds(entry.analysis.types)[:1],
            _line(entry, digest.day.zone),
            Text(say.author(entry.commit.author)),
            _number(entry),
        )
    return grid


def _line(entry: Entry, zone: ZoneInfo) -> Text:
    others = " · ".join(filter(None, (say.late(entry, zone), related.brief(entry, zone))))
    line = Text(related.mark(entry), style="yellow").append_text(_prose(say.headline(entry), style="default"))
    return line.append(f" ({others})" if others else "", style="dim")


def _number(entry: Entry) -> str:
    return f"#{entry.commit.pull_request}" if entry.commit.pull_request is not None else ""


# One commit in full


def _analysis(reply: AnalysisView) -> Iterator[RenderableType]:
    commit, analysis = reply.entry.commit, reply.entry.analysis
    yield _prose(say.headline(reply.entry), style="bold")
    yield _facts(reply)
    yield from _part(_(say.SUMMARY), [_statement(statement, commit) for statement in say.summary(reply.entry)])
    yield from _part(_(say.SCOPE), [_scope(item) for item in analysis.scope])
    for name, statements in say.insights(analysis.insight):
        yield from _part(name, [_statement(statement, commit) for statement in statements])
    yield from _part(_(say.RISKS), [_risk(risk, commit) for risk in analysis.risks])
    yield from _part(_(say.ADVICE_TITLE), [_advice(advice) for advice in analysis.advice])
    if quoted := say.visible_lines(analysis.quotation):
        yield from _titled(_(say.QUOTATION), (Padding(Text(line), (0, 0, 0, 2)) for line in quoted))
    if commit.files:
        yield from _titled(_("Files ({number})", number=decimal(len(commit.files))), [_files(reply.entry)])
    if commit.files_truncated:
        yield Text(_(say.FILES_TRUNCATED))
    yield Text()
    yield Text(say.writer_of(analysis), style="dim")


def _facts(reply: AnalysisView) -> RenderableType:
    commit, analysis = reply.entry.commit, reply.entry.analysis
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    importance = Text(say.level(analysis.rating), style=_LEVEL_STYLES[analysis.importance])
    if grounds := say.grounds(analysis.rating):
        importance.append(f" · {grounds}", style="not bold default")
    grid.add_row(_(say.IMPORTANCE), importance)
    grid.add_row(_(say.TYPE), say.kinds(analysis.types))
    if say.visible(commit.subject) != say.headline(reply.entry):
        grid.add_row(_(say.SUBJECT), Text(say.visible(commit.subject) or _(say.NO_HEADLINE)))
    grid.add_row(_(say.AUTHOR), Text(say.author(commit.author)))
    grid.add_row(_(say.COMMITTED), f"{say.clock(commit.committed_at, reply.zone)} ({reply.zone.key})")
    grid.add_row(_(say.COMMIT), reply.repo.commit_url(commit.sha) or commit.sha)
    if commit.pull_request is not None:
        grid.add_row(_(say.PULL_REQUEST), reply.repo.pull_request_url(commit.pull_request) or f"#{commit.pull_request}")
    if others := [_related(reply, sentence) for sentence in related.sentences(reply.entry, reply.zone)]:
        grid.add_row(_(related.RELATED), Text("\n").join(others))
    return grid


def _related(reply: AnalysisView, sentence: related.Sentence) -> Text:
    url = reply.repo.commit_url(sentence.commit.sha)
    return Text(str(sentence)).append(f" {url}" if url else "", style="dim")


def _statement(statement: Statement, commit: Commit) -> Text:
    sources = ", ".join(map("".join, say.sources(statement, commit)))
    return _prose(statement.text).append(f" ({sources})" if sources else "", style="dim")


def _scope(item: ScopeItem) -> Text:
    effect = say.visible(item.effect)
    name = Text(say.visible(item.name), style="cyan" if say.is_identifier(item.name) else "bold")
    return name.append_text(_prose(_(": ") + effect if effect else "", style="default"))


def _risk(risk: Risk, commit: Commit) -> Text:
    shown = _statement(risk.risk, commit)
    for label, text in ((_(say.CONSEQUENCE), risk.consequence), (_(say.MITIGATION), risk.mitigation)):
        if say.visible(text):
            shown.append("\n" + label + _(": "), style="bold").append_text(_prose(text))
    return shown


def _advice(advice: Advice) -> Text:
    return Text(_(say.ADVICE[advice.kind]) + _(": "), style="bold").append_text(_prose(advice.text, style="not bold"))


def _files(entry: Entry) -> Padding:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(overflow="fold", style="cyan")
    grid.add_column(overflow="fold")
    for file in entry.commit.files:
        grid.add_row(Text(say.visible(file.path)), Text(say.file_note(file)))
    return Padding.indent(grid, 2)


def _part(title: str, items: Sequence[Text]) -> Iterator[RenderableType]:
    if items:
        yield from _titled(title, [_list(items)])


def _list(items: Iterable[Text]) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for item in items:
        grid.add_row(" •", item)
    return grid


def _titled(title: str, body: Iterable[RenderableType]) -> Iterator[RenderableType]:
    yield Text()
    yield Text(title, style="bold")
    yield from body


# Everything else


def _subscriptions(listed: Sequence[Listed]) -> Iterator[RenderableType]:
    if not listed:
        yield Text(_(say.NO_SUBSCRIPTIONS))
        yield from _try(say.FIRST_SUBSCRIPTION)
        return
    yield Text(_(say.SUBSCRIPTIONS), style="bold")
    yield _list([_subscription(item) for item in listed])


def _subscription(listed: Listed) -> Text:
    shown = Text(str(listed.followed), style="cyan")
    shown.append(_(": ") + say.schedule(listed), style="default")
    if chosen := [*filter(None, (health.members(listed),)), *say.choices(listed.of.terms)]:
        shown.append("\n" + say.visible(_("; ").join(chosen)), style="default")
    for each in health.standing(listed):
        shown.append("\n" + each.text, style="red" if each.is_trouble else "dim")
    return shown


def _standing(reply: SubscriptionList) -> Iterator[RenderableType]:
    """What the model costs, and what people say of it."""
    if reply.spent:
        yield Text(health.spent(reply.spent), style="dim")
    if reply.feedback:
        yield Text(health.verdicts(reply.feedback), style="dim")
        yield _list(Text(health.reason(given)) for given in health.reasons(reply.feedback))


def _found(entries: Sequence[Entry], zone: ZoneInfo) -> Iterator[RenderableType]:
    if entries:
        yield _list(map(partial(_hit, zone=zone), entries))


def _hit(entry: Entry, zone: ZoneInfo) -> Text:
    facts = f"{entry.commit.short_sha} {say.clock(entry.commit.committed_at, zone)[:10]} "
    return Text(facts, style="cyan").append_text(_prose(say.headline(entry)))


def _cited(sentence: CitedSentence) -> Text:
    return _prose(sentence.text).append(f"  {' '.join(sha[:7] for sha in sentence.shas)}", style="dim")


def _help() -> Group:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="cyan", overflow="fold")
    grid.add_column()
    for example, does in say.GRAMMAR:
        grid.add_row(example or _(say.NOTHING), _(does))
    return Group(Text(_(say.HELP), style="bold"), Padding.indent(grid, 2), Text(_(say.GRAMMAR_NOTE), style="dim"))


def _try(example: str) -> Iterator[Text]:
    if example:
        yield Text(_(say.TRY) + _(": ")).append(say.visible(example), style="cyan")


def _prose(text: str, *, style: str = "") -> Text:
    """An analyst's sentence, with its identifiers in another colour."""
    shown = Text(style=style)
    for span in say.spans(text):
        shown.append(span.text, style="cyan" if span.code else "")
    return shown
