"""Markdown as GitHub reads it: the report of a day, whose table of contents leads where it says."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from bot.core.language import N_, _, decimal, joined
from bot.core.model import Advice, Commit, Digest, Entry, FileChange, Repo, Risk, ScopeItem, Statement, Theme
from bot.core.replies import (
    AnalysisView,
    Answer,
    CitedSentence,
    CommitIndex,
    DigestView,
    FeedbackForm,
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
from formatters import found, health, labels, related
from formatters import wording as say
from formatters.markdown import chart
from formatters.markdown.document import Contents, Heading, Part, plain_heading, written
from formatters.markdown.text import code, literal, prose

#: Characters of a heading; GitHub has no limit, readers have.
HEADING_MAX: Final = 200
#: Files that one analysis lists.
FILES_MAX: Final = 100

_COLUMNS: Final = (say.AUTHOR, say.SUBJECT, say.COMMIT)
_TIME: Final = N_("Time")
_BY_TYPE: Final = N_("By type")
_STATISTICS: Final = N_("Statistics")
_CONTENTS: Final = N_("Contents")


def render(reply: Reply) -> str:
    """A document in the language spoken, which ends with a line break."""
    match reply:
        case DigestView():
            return _report([reply])
        case RangeView():
            return _range(reply)
        case CommitIndex(digest=digest):
            return written([_title(digest), *(_table(digest) if digest.entries else [literal(say.quiet(digest))])])
        case Report(views=views):
            return _several_views(views)
        case AnalysisView(repo=repo, entry=entry, zone=zone, address=address):
            page = [_page(address)] if address else []
            return written([_heading(1, entry), *_analysis(repo, entry, zone), *page])
        case SubscriptionList():
            return written([*_subscriptions(reply.subscriptions), *_standing(reply)])
        case Home(subscriptions=listed):
            return written(_subscriptions(listed))
        case SettingsForm(terms=terms):
            return written([literal(str(terms.followed)) + _(": ") + literal(say.every(terms))])
        case FeedbackForm(sha=sha):
            return written([literal(health.question(sha))])
        case SearchResults():
            return written([literal(found.summary(reply)), *_found(reply)])
        case Answer():
            sentences = _list(_cited(reply.repo, sentence) for sentence in reply.sentences)
            return written([sentences, literal(found.writer(reply))])
        case Progress():
            return written([literal(say.progress(reply))])
        case Notice(text=text, example=example):
            return written([literal(text), *_try(example)])
        case Help():
            return written(_help())
        case _:
            assert_never(reply)


def _several_views(views: Sequence[DigestView | RangeView]) -> str:
    """One document: a single view as it is, several as chapters of one report."""
    match views:
        case [view]:
            return render(view)
        case _:
            return _report([part for view in views for part in _parts(view)])


def _parts(view: DigestView | RangeView) -> Sequence[DigestView]:
    return [view] if isinstance(view, DigestView) else [DigestView(digest=digest) for digest in view.digests]


def report(digests: Sequence[Digest]) -> str:
    """One file for one or several digests: tables and statistics, contents, then every analysis at its depth.

    Several repositories, or several days of one, are a chapter each. Raises ValueError for none.
    """
    return _report([DigestView(digest=digest) for digest in digests])


def _report(views: Sequence[DigestView]) -> str:
    digests = [view.digest for view in views]
    match views:
        case []:
            raise ValueError("a report needs a digest")
        case [view]:
            parts = [*_overview(view, level=2), *_contents(digests), *_chapters(view.digest, 2)]
            return written([_title(view.digest), *parts])
        case _:
            chapters = [part for view in views for part in _chapter(view)]
            return written([_several(digests), *_contents(digests), *chapters])


# The frame of a report


def _title(digest: Digest) -> Heading:
    return plain_heading(1, _("{repo}: {day}", repo=digest.repo, day=digest.day))


def _several(digests: Sequence[Digest]) -> Heading:
    first, last = (pick(digests, key=lambda digest: digest.day.date).day for pick in (min, max))
    days = str(first) if first.date == last.date else _("{first} to {last}", first=first, last=last)
    return plain_heading(1, _("Commits of {days}", days=days))


def _chapter(view: DigestView) -> list[Part]:
    heading = plain_heading(2, str(view.digest.repo) + _(": ") + str(view.digest.day))
    return [heading, *_overview(view, level=3), *_chapters(view.digest, 3)]


def _contents(digests: Sequence[Digest]) -> list[Part]:
    """None where nothing would follow."""
    if len(digests) == 1 and not digests[0].entries:
        return []
    return [plain_heading(2, f"📋 {_(_CONTENTS)}"), Contents()]


def _overview(view: DigestView, level: int) -> list[Part]:
    digest = view.digest
    corrected = literal(related.correction(view))
    if not digest.entries:
        return [*([corrected] if corrected else []), literal(say.quiet(digest, view.framing))]
    statistics = [plain_heading(level, f"📊 {_(_STATISTICS)}"), _statistics(digest)]
    return [*_introduction(view, digest), *_themes(digest), *chart.of(digest), *_table(digest), *statistics]


def _introduction(view: DigestView | RangeView, digest: Digest) -> Iterator[Part]:
    yield from filter(
        None,
        (
            literal(joined(say.caveats(view))),
            literal(related.correction(view)),
            literal(say.left_out(view.framing, len(digest.entries))),
            prose(digest.lead),
            _page(view.framing.address),
        ),
    )


def _page(address: str) -> str:
    return _link(_(labels.ARCHIVE), address) if address else ""


def _themes(digest: Digest) -> list[Part]:
    return _part(_(say.THEMES), (_theme(digest.repo, theme) for theme in digest.themes))


def _theme(repo: Repo, theme: Theme) -> str:
    links = (_link(f"`{sha[:7]}`", repo.commit_url(sha)) for sha in theme.shas)
    return _(": ").join((prose(theme.title), joined(links)))


def _range(view: RangeView) -> str:
    """What the days have in common, then each of them as a chapter."""
    whole = view.whole
    title = plain_heading(1, str(view.repo) + _(": ") + say.span(view))
    corrected = literal(related.correction(view))
    if not whole.entries:
        return written([title, *([corrected] if corrected else []), literal(say.quiet_span(view))])
    overview = [
        *_introduction(view, whole),
        *_themes(whole),
        *chart.of(whole),
        plain_heading(2, _(_STATISTICS)),
        _statistics(whole),
    ]
    days = _part(_(say.DAYS), (literal(say.day_counts(digest)) for digest in view.digests))
    chapters = [part for digest in view.digests if digest.entries for part in _chapter(DigestView(digest=digest))]
    return written([title, *overview, *days, *_contents(view.digests), *chapters])


def _table(digest: Digest) -> list[Part]:
    """Newest first, in local time."""
    columns = (f"{_(_TIME)} ({digest.day.zone.key})", *map(_, _COLUMNS))
    rows = [columns, ("---",) * len(columns), *(_row(digest, entry) for entry in digest.entries)]
    return ["\n".join(f"| {' | '.join(row)} |" for row in rows)]


def _row(digest: Digest, entry: Entry) -> tuple[str, ...]:
    commit = entry.commit
    return (
        say.clock(commit.committed_at, digest.day.zone),
        literal(say.author(commit.author)),
        related.mark(entry) + (literal(commit.subject) or _(say.NO_HEADLINE)),
        f"{say.ICONS[entry.analysis.importance]} {_commit_link(digest.repo, entry)}",
    )


def _statistics(digest: Digest) -> str:
    entries = digest.entries
    files = len({file.path for entry in entries for file in entry.commit.files})
    kinds = Counter(kind for entry in entries for kind in entry.analysis.types)
    authors = Counter(say.author(entry.commit.author) for entry in entries)
    items = [
        _(": ").join((say.commits(len(entries)), joined(say.level_counts(entries)))),
        _(": ").join((say.authors(len(authors)), _tally(authors))),
        say.lines_in_files(digest.additions, digest.deletions, files),
        _(": ").join((_(_BY_TYPE), _tally(Counter({say.kinds([kind]): number for kind, number in kinds.items()})))),
        *([say.merges(digest)] if digest.merges else []),
        *say.late_arrivals(digest),
        say.origin(digest),
    ]
    return _list(literal(item) for item in items)


def _tally(counts: Counter[str]) -> str:
    return joined(f"{name} {decimal(number)}" for name, number in counts.most_common())


def _chapters(digest: Digest, level: int) -> Iterator[Part]:
    for importance, entries in digest.by_importance().items():
        if entries:
            name = _("{level} importance ({number})", level=_(say.LEVELS[importance]), number=decimal(len(entries)))
            yield plain_heading(level, f"{say.ICONS[importance]} {name}")
            for entry in entries:
                yield _heading(level + 1, entry)
                yield from _analysis(digest.repo, entry, digest.day.zone)


# One analysis


def _heading(level: int, entry: Entry) -> Heading:
    """The SHA gives every commit an anchor of its own, whatever its headline."""
    text = say.cut(say.headline(entry), HEADING_MAX)
    sha = f" ({entry.commit.short_sha})"
    return Heading(level=level, shown=prose(text) + sha, text="".join(span.text for span in say.spans(text)) + sha)


def _analysis(repo: Repo, entry: Entry, zone: ZoneInfo) -> Iterator[Part]:
    commit, analysis = entry.commit, entry.analysis
    if len(say.headline(entry)) > HEADING_MAX:
        yield prose(say.headline(entry))
    yield _list(_facts(repo, entry, zone))
    yield from _part(_(say.SUMMARY), (_statement(statement, commit) for statement in say.summary(entry)))
    yield from _part(_(say.SCOPE), map(_scope, analysis.scope))
    for name, statements in say.insights(analysis.insight):
        yield from _part(name, (_statement(statement, commit) for statement in statements))
    yield from _part(_(say.RISKS), (_risk(risk, commit) for risk in analysis.risks))
    yield from _part(_(say.ADVICE_TITLE), map(_advice, analysis.advice))
    if lines := say.visible_lines(analysis.quotation):
        yield from [_label(_(say.QUOTATION)), _quotation(lines)]
    yield from _files(entry)
    yield literal(say.sentence(say.writer_of(analysis)))


def _facts(repo: Repo, entry: Entry, zone: ZoneInfo) -> Iterator[str]:
    commit, analysis = entry.commit, entry.analysis
    importance = " · ".join(filter(None, (say.level(analysis.rating), say.grounds(analysis.rating))))
    yield _labelled(_(say.IMPORTANCE), prose(importance))
    if analysis.types:
        yield _labelled(_(say.TYPE), say.kinds(analysis.types))
    yield _labelled(_(say.COMMIT), _commit_link(repo, entry) + _pull_request(repo, entry))
    if say.visible(commit.subject) != say.headline(entry):
        yield _labelled(_(say.SUBJECT), literal(commit.subject) or literal(_(say.NO_HEADLINE)))
    clock = f"{say.clock(commit.committed_at, zone)} ({zone.key})"
    when = joined(filter(None, (clock, say.late(entry, zone))))
    yield _labelled(_(say.AUTHOR), _("{author}, {time}", author=literal(say.author(commit.author)), time=when))
    if others := joined(_related(repo, sentence) for sentence in related.sentences(entry, zone)):
        yield _labelled(_(related.RELATED), related.mark(entry) + others)


def _related(repo: Repo, sentence: related.Sentence) -> str:
    other = sentence.commit
    link = _link(f"`{other.short_sha}`", repo.commit_url(other.sha))
    if other.pull_request is not None:
        link += f" ({_link(f'#{other.pull_request}', repo.pull_request_url(other.pull_request))})"
    return f"{sentence.before}{link}{sentence.after}"


def _labelled(label: str, text: str) -> str:
    """The colon of some languages would keep the emphasis from ending, so that it stands where their catalogue says."""
    return _("**{label}:** {text}", label=label, text=text)


def _commit_link(repo: Repo, entry: Entry) -> str:
    return _link(f"`{entry.commit.short_sha}`", repo.commit_url(entry.commit.sha))


def _pull_request(repo: Repo, entry: Entry) -> str:
    number = entry.commit.pull_request
    if number is None:
        return ""
    return _(", pull request {link}", link=_link(f"#{number}", repo.pull_request_url(number)))


def _link(shown: str, url: str | None) -> str:
    return f"[{shown}]({url})" if url else shown


def _statement(statement: Statement, commit: Commit) -> str:
    sources = joined(code(source.name) + source.hunks for source in say.sources(statement, commit))
    return prose(statement.text) + (f" ({sources})" if sources else "")


def _scope(item: ScopeItem) -> str:
    name = code(item.name) if say.is_identifier(item.name) else literal(item.name)
    return _(": ").join(filter(None, (name, prose(item.effect))))


def _risk(risk: Risk, commit: Commit) -> str:
    labelled = ((_(say.CONSEQUENCE), prose(risk.consequence)), (_(say.MITIGATION), prose(risk.mitigation)))
    return "\n".join(
        [_statement(risk.risk, commit), *(f"  - {_labelled(label, text)}" for label, text in labelled if text)]
    )


def _advice(advice: Advice) -> str:
    return _labelled(_(say.ADVICE[advice.kind]), prose(advice.text))


def _quotation(lines: Sequence[str]) -> str:
    """A blockquote that keeps its lines; empty ones part its paragraphs."""
    paragraphs = (list(group) for filled, group in groupby(lines, key=bool) if filled)
    return "\n>\n".join("\\\n".join(f"> {literal(line)}" for line in paragraph) for paragraph in paragraphs)


def _files(entry: Entry) -> Iterator[Part]:
    files = entry.commit.files
    left_out = len(files) - FILES_MAX
    rows = [*map(_file, files[:FILES_MAX]), *([say.more_files(left_out)] if left_out > 0 else [])]
    lines = say.lines(entry.commit.additions, entry.commit.deletions)
    yield from _part(_("Files ({number}, {lines})", number=decimal(len(files)), lines=lines), rows)
    if entry.commit.files_truncated:
        yield _(say.FILES_TRUNCATED)


def _file(file: FileChange) -> str:
    return f"{code(file.path)} {literal(say.file_note(file))}"


def _part(label: str, items: Iterable[str]) -> list[Part]:
    listed = _list(filter(None, items))
    return [_label(label), listed] if listed else []


def _label(text: str) -> str:
    return f"**{text}**"


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


# Everything else


def _subscriptions(listed: Sequence[Listed]) -> list[Part]:
    if not listed:
        return [_(say.NO_SUBSCRIPTIONS), *_try(say.FIRST_SUBSCRIPTION)]
    return [_("{title}:", title=_(say.SUBSCRIPTIONS)), _list(map(_subscription, listed))]


def _subscription(listed: Listed) -> str:
    name = _link(literal(str(listed.followed)), listed.followed.url)
    chosen = [*filter(None, (health.members(listed),)), *say.choices(listed.of.terms)]
    notes = [*chosen, *(each.text for each in health.standing(listed))]
    return _("; ").join((name + _(": ") + say.schedule(listed), *map(literal, notes)))


def _standing(reply: SubscriptionList) -> Iterator[Part]:
    """What the model costs, and what people say of it."""
    if reply.spent:
        yield literal(health.spent(reply.spent))
    if reply.feedback:
        yield literal(health.verdicts(reply.feedback))
    if reasons := health.reasons(reply.feedback):
        yield _list(literal(health.reason(given)) for given in reasons)


def _found(reply: SearchResults) -> Iterator[Part]:
    if reply.entries:
        yield _list(_hit(reply, entry) for entry in reply.entries)


def _hit(reply: SearchResults, entry: Entry) -> str:
    day = say.clock(entry.commit.committed_at, reply.zone)[:10]
    return f"{_commit_link(reply.repo, entry)} {day} {prose(say.headline(entry))}"


def _cited(repo: Repo, sentence: CitedSentence) -> str:
    links = joined(_link(f"`{sha[:7]}`", repo.commit_url(sha)) for sha in sentence.shas)
    return f"{prose(sentence.text)} ({links})"


def _help() -> list[Part]:
    rows = ((code(example) or literal(_(say.NOTHING))) + _(": ") + literal(_(does)) for example, does in say.GRAMMAR)
    return [plain_heading(1, _(say.HELP)), _list(rows), _(say.GRAMMAR_NOTE)]


def _try(example: str) -> list[Part]:
    return [_(say.TRY) + _(": ") + code(example)] if say.visible(example) else []
