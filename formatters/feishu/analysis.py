"""One commit's whole analysis, as a card that is turned page by page; its parts stand in a digest's panels as well."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.commands import DeepenCommit, GiveFeedback, ShowCommit
from bot.core.days import Day
from bot.core.language import N_, _
from bot.core.model import Advice, Commit, Entry, FileChange, Importance, Repo, Risk, ScopeItem, Statement
from bot.core.parting import parted
from bot.core.replies import AnalysisView
from bot.core.subscriptions import Verdict
from formatters import health, labels, related
from formatters import wording as say
from formatters.feishu import elements, footer, limits
from formatters.feishu.budget import Room, cost
from formatters.feishu.cards import Content, Tag, TagColour, Template
from formatters.feishu.drawing import Drawing
from formatters.feishu.elements import Element
from formatters.feishu.text import bold, code, cut, grey, link, literal, prose

#: Files of a statement that are named.
_SOURCES: Final = 4
#: Bytes of one block of Markdown: what is longer goes on in another one, so that pages can be parted anywhere.
_BLOCK_MAX: Final = 4_000
#: Bytes of all files, of which a commit may have thousands.
_FILES_MAX: Final = 12_000

TEMPLATES: Final[dict[Importance, Template]] = {
    Importance.HIGH: "red",
    Importance.MEDIUM: "yellow",
    Importance.LOW: "green",
}
COLOURS: Final[dict[Importance, TagColour]] = {
    Importance.HIGH: "red",
    Importance.MEDIUM: "yellow",
    Importance.LOW: "green",
}
_PREVIOUS: Final = N_("Previous commit")
_NEXT: Final = N_("Next commit")
_PREVIOUS_PAGE: Final = N_("Previous page")
_NEXT_PAGE: Final = N_("Next page")
_VERDICTS: Final = {Verdict.UP: N_("Helpful"), Verdict.DOWN: N_("Not right")}
_SAID: Final = {Verdict.UP: N_("You found this helpful."), Verdict.DOWN: N_("You found this not right.")}


# As a card


def content(reply: AnalysisView, drawing: Drawing) -> Content:
    """One page of everything; a page beyond the last is the last."""
    below = [_writer(reply.entry), *_turning(reply, 1, 3), *_actions(reply, drawing), *_verdict(reply)]
    around = _card(reply, [elements.note(_place(100, 100)), *below])
    pages = list(_pages(reply, drawing, around))
    page = min(reply.page, len(pages) - 1)
    return _card(
        reply,
        [
            *([elements.note(_place(page, len(pages)))] if len(pages) > 1 else []),
            *pages[page],
            _writer(reply.entry),
            *(_turning(reply, page, len(pages)) if drawing.asks else []),
            *_actions(reply, drawing),
            *_verdict(reply),
        ],
    )


def reduced(reply: AnalysisView, drawing: Drawing) -> Content:
    """What the commit does, in the plainest elements there are, and where all of it is."""
    entry = reply.entry
    facts = (
        say.grounds(entry.analysis.rating),
        *(say.unquoted(statement.text) for statement in say.summary(entry)[:_SOURCES]),
    )
    shown = [elements.paragraph(fact, limits.NOTE_MAX) for fact in facts if fact]
    return _card(reply, [*shown, _writer(entry), *_browse(reply)])


def _card(reply: AnalysisView, parts: Sequence[Element]) -> Content:
    entry = reply.entry
    level = entry.analysis.importance
    headline = related.mark(entry) + say.unquoted(say.headline(entry))
    return Content(
        title=headline,
        subtitle=f"{reply.repo} · {_named(entry)}",
        tags=[Tag(text=say.level(entry.analysis.rating), colour=COLOURS[level])],
        template=TEMPLATES[level],
        summary=f"{say.ICONS[level]} {headline}",
        elements=parts,
    )


def _named(entry: Entry) -> str:
    number = entry.commit.pull_request
    ends = (f"#{number}",) if number is not None else ()
    return " · ".join((_name(entry.commit), *ends, entry.commit.short_sha))


def _name(commit: Commit) -> str:
    return say.cut(say.author(commit.author), limits.NAME_MAX)


def _place(page: int, pages: int) -> str:
    return _("Page {page} of {pages}", page=page + 1, pages=pages)


def _pages(reply: AnalysisView, drawing: Drawing, around: Content) -> Iterator[list[Element]]:
    free = drawing.room(around)
    room, page = Room(free), list[Element]()
    for block in _blocks(reply):
        part = elements.markdown(block)
        if not room.take(cost(part)):
            yield page
            room, page = Room(free - cost(part)), []
        page.append(part)
    yield page


def _blocks(reply: AnalysisView) -> Iterator[str]:
    body = Body(repo=reply.repo, entry=reply.entry, zone=reply.zone)
    yield from body.headline()
    facts = (body.reasons(), *body.subject(), body.committed(), body.addresses(), *body.relations())
    yield from map(elements.bullets, _packed(filter(None, facts)))
    yield from body.parts()
    yield from body.files()


def _turning(reply: AnalysisView, page: int, pages: int) -> list[Element]:
    """To the neighbours in the digest, and to the neighbouring pages."""
    sha = reply.entry.commit.sha
    turns = (
        (_PREVIOUS, reply.previous, 0),
        (_NEXT, reply.next, 0),
        (_PREVIOUS_PAGE, sha if page else None, page - 1),
        (_NEXT_PAGE, sha if page + 1 < pages else None, page + 1),
    )
    return elements.buttons(
        *(
            elements.button(_(text), ShowCommit(sha=to, repo=reply.repo, day=reply.day, page=number))
            for text, to, number in turns
            if to is not None
        )
    )


def _actions(reply: AnalysisView, drawing: Drawing) -> list[Element]:
    entry = reply.entry
    asking = (*deepen(reply.repo, entry, reply.day), *_feedback(reply)) if drawing.asks else ()
    return elements.buttons(*asking, *_browse(reply))


def deepen(repo: Repo, entry: Entry, day: Day | None) -> Iterator[Element]:
    if entry.analysis.can_be_deepened:
        yield elements.button(_(labels.DEEPEN), DeepenCommit(sha=entry.commit.sha, repo=repo, day=day))


def _feedback(reply: AnalysisView) -> Iterator[Element]:
    for verdict, label in _VERDICTS.items():
        question = GiveFeedback(repo=reply.repo, sha=reply.entry.commit.sha, verdict=verdict)
        kind: elements.ButtonType = "primary" if verdict is reply.verdict else "default"
        yield elements.button(f"{health.THUMBS[verdict]} {_(label)}", question, type_=kind)


def thumbs(repo: Repo, entry: Entry) -> Iterator[Element]:
    """The same without words."""
    for verdict, thumb in health.THUMBS.items():
        yield elements.button(thumb, GiveFeedback(repo=repo, sha=entry.commit.sha, verdict=verdict))


def _browse(reply: AnalysisView) -> Iterator[Element]:
    if url := reply.repo.commit_url(reply.entry.commit.sha):
        yield elements.browse(_("Open on {host}", host=reply.repo.host), url)
    yield from footer.archive(reply.address)


def _verdict(reply: AnalysisView) -> list[Element]:
    return [elements.note(_(_SAID[reply.verdict]))] if reply.verdict else []


def _writer(entry: Entry) -> Element:
    return elements.note(say.writer_of(entry.analysis))


# As Markdown


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What is said of one commit, in Markdown."""

    repo: Repo
    entry: Entry
    zone: ZoneInfo

    # Facts

    def headline(self) -> Iterator[str]:
        """Whole, where it is longer than a title."""
        headline = say.headline(self.entry)
        if len(headline) > limits.TITLE_MAX:
            yield prose(headline, limits.STATEMENT_MAX)

    def reasons(self) -> str:
        """`🐛 fix, performance · rule “contract” (…): why` it is as important as its heading says."""
        analysis = self.entry.analysis
        grounds = literal(say.grounds(analysis.rating), limits.STATEMENT_MAX)
        return " · ".join(filter(None, (say.kinds(analysis.types), grounds)))

    def subject(self) -> Iterator[str]:
        """What its author calls it, where that says something else than the headline."""
        subject = literal(self.entry.commit.subject, limits.STATEMENT_MAX)
        if subject and say.visible(self.entry.commit.subject) != say.headline(self.entry):
            yield _(say.SUBJECT) + _(": ") + subject

    def committed(self) -> str:
        commit = self.entry.commit
        when = f"{say.clock(commit.committed_at, self.zone)} ({self.zone.key})"
        return f"{literal(say.author(commit.author), limits.NAME_MAX)} · {literal(when, limits.NAME_MAX)}"

    def address(self) -> str:
        """Where it can be read: its pull request, or itself where there is none."""
        commit = self.entry.commit
        if commit.pull_request is None:
            return link(self.repo.commit_url(commit.sha), commit.short_sha)
        return self._pull_request(commit.pull_request)

    def addresses(self) -> str:
        commit = self.entry.commit
        parts = [f"{_(say.COMMIT)} {link(self.repo.commit_url(commit.sha), commit.short_sha)}"]
        if commit.pull_request is not None:
            parts.append(f"{_(say.PULL_REQUEST)} {self._pull_request(commit.pull_request)}")
        return " · ".join([*parts, self.churn()])

    def churn(self) -> str:
        commit = self.entry.commit
        return say.lines_in_files(commit.additions, commit.deletions, len(commit.files))

    def relations(self) -> Iterator[str]:
        for sentence in related.sentences(self.entry, self.zone):
            other = sentence.commit
            number = other.pull_request
            request = say.in_brackets(self._pull_request(number)) if number is not None else ""
            address = link(self.repo.commit_url(other.sha), other.short_sha)
            yield f"{sentence.before}{address}{request}{sentence.after}"

    def _pull_request(self, number: int) -> str:
        return link(self.repo.pull_request_url(number), f"&#35;{number}")

    # Opinions

    def parts(self) -> Iterator[str]:
        """All that an analyst wrote beyond the headline, each block short enough to stand on any page."""
        yield from _listing(_(say.SUMMARY), self.summary())
        yield from self.details()

    def details(self) -> Iterator[str]:
        """The same without the summary."""
        commit, analysis = self.entry.commit, self.entry.analysis
        yield from _listing(_(say.SCOPE), map(_scope, analysis.scope))
        for name, statements in say.insights(analysis.insight):
            yield from _listing(name, [_statement(statement, commit) for statement in statements])
        yield from _listing(_(say.RISKS), [_risk(risk, commit) for risk in analysis.risks], ordered=True)
        yield from _listing(_(say.ADVICE_TITLE), map(_advice, analysis.advice))
        yield from _quotation(analysis.quotation)

    def summary(self) -> list[str]:
        return [_statement(statement, self.entry.commit) for statement in say.summary(self.entry)]

    def writer(self) -> str:
        return grey(literal(say.writer_of(self.entry.analysis), limits.STATEMENT_MAX))

    def files(self) -> Iterator[str]:
        commit = self.entry.commit
        shown = list(_while_free(map(_file, commit.files), _FILES_MAX))
        if left_out := len(commit.files) - len(shown):
            shown.append(say.more_files(left_out))
        yield from _listing(_("Files ({number})", number=say.files(len(commit.files))), shown)
        if commit.files_truncated:
            yield grey(_(say.FILES_TRUNCATED))


def _statement(statement: Statement, commit: Commit) -> str:
    return prose(statement.text, limits.STATEMENT_MAX) + _sources(statement, commit)


def _sources(statement: Statement, commit: Commit) -> str:
    sources = say.sources(statement, commit)
    named = [code(cut(name, limits.NAME_MAX)) + _hunks(hunks) for name, hunks in sources[:_SOURCES]]
    more = ["…"] if len(sources) > _SOURCES else []
    return say.in_brackets(_(", ").join([*named, *more])) if named else ""


def _hunks(hunks: str) -> str:
    """` hunk 2`, with the space that parts it from the name before it."""
    return f" {literal(hunks, limits.NAME_MAX)}" if hunks else ""


def _scope(item: ScopeItem) -> str:
    name = cut(item.name, limits.PATH_MAX)
    shown = code(name) if say.is_identifier(item.name) else literal(name, limits.PATH_MAX)
    return _(": ").join(filter(None, (shown, prose(item.effect, limits.STATEMENT_MAX))))


def _risk(risk: Risk, commit: Commit) -> str:
    consequence = _labelled(_(say.CONSEQUENCE), risk.consequence)
    return _statement(risk.risk, commit) + consequence + _labelled(_(say.MITIGATION), risk.mitigation)


def _labelled(label: str, text: str) -> str:
    words = prose(text, limits.STATEMENT_MAX)
    return f"<br>{bold(label)}{_(': ')}{words}" if words else ""


def _advice(advice: Advice) -> str:
    return f"{bold(_(say.ADVICE[advice.kind]))}{_(': ')}{prose(advice.text, limits.STATEMENT_MAX)}"


def _quotation(text: str) -> Iterator[str]:
    lines = [literal(line, limits.STATEMENT_MAX) for line in say.visible_lines(text)]
    if any(lines):
        shown = list(_while_free(lines, _BLOCK_MAX))
        more = ["…"] if len(shown) < len(lines) else []
        yield f"{bold(_(say.QUOTATION))}\n> {'<br>'.join([*shown, *more])}"


def _while_free(lines: Iterable[str], free: int) -> Iterator[str]:
    """As many as have room in so many bytes."""
    for line in lines:
        free -= len(line.encode())
        if free < 0:
            return
        yield line


def _file(file: FileChange) -> str:
    return f"{code(cut(file.path, limits.PATH_MAX))} {literal(say.file_note(file), limits.PATH_MAX)}"


def _listing(label: str, items: Iterable[str], *, ordered: bool = False) -> Iterator[str]:
    """A label and its items, in as many blocks as they need."""
    number = 0
    for block in _packed(filter(None, items)):
        rows = [f"{place}. {item}" if ordered else f"- {item}" for place, item in enumerate(block, number + 1)]
        yield "\n".join([*([] if number else [bold(label)]), *rows])
        number += len(block)


def _packed(items: Iterable[str]) -> Iterator[list[str]]:
    return parted(items, size=lambda item: len(item.encode()), most=_BLOCK_MAX)
