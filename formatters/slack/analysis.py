"""One commit's whole analysis, as a modal that is turned page by page, or as a message."""

from collections.abc import Iterable, Iterator
from typing import Final

from bot.core.commands import DeepenCommit, GiveFeedback, ShowCommit
from bot.core.language import N_, _, joined
from bot.core.model import Advice, Commit, Entry, FileChange, Risk, ScopeItem, Statement
from bot.core.replies import AnalysisView
from bot.core.subscriptions import Verdict
from formatters import health, labels, related
from formatters import wording as say
from formatters.slack import blocks, limits, wording
from formatters.slack.blocks import Block, Item

#: How many blocks of `SECTION_TEXT_MAX` characters one part may fill; no analyst writes that much.
_PART_BLOCKS: Final = 100
#: The same for the files, of which a commit may have thousands.
_FILE_BLOCKS: Final = 8
#: Of one page of a modal, beside its buttons: far below a view's 100 blocks, and few enough bytes to arrive at once.
_PAGE_BLOCKS: Final = 40
_PAGE_CHARACTERS: Final = 24_000

_PREVIOUS: Final = N_("Previous commit")
_NEXT: Final = N_("Next commit")
_PREVIOUS_PAGE: Final = N_("Previous page")
_NEXT_PAGE: Final = N_("Next page")
_SHARE: Final = N_("Share")
_VERDICTS: Final = {Verdict.UP: N_("Helpful"), Verdict.DOWN: N_("Not right")}
_SAID: Final = {Verdict.UP: N_("You found this helpful."), Verdict.DOWN: N_("You found this not right.")}


def view(reply: AnalysisView) -> list[Block]:
    """One page of everything, in at most 50 blocks; a page beyond the last is the last."""
    pages = list(_pages(_parts(reply)))
    page = min(reply.page, len(pages) - 1)
    place = _("Page {page} of {pages}", page=page + 1, pages=len(pages))
    return [
        *([blocks.context(place)] if len(pages) > 1 else []),
        *pages[page],
        *_turning(reply, page, len(pages)),
        blocks.actions(*_actions(reply)),
        *([blocks.context(_(_SAID[reply.verdict]))] if reply.verdict else []),
        _writer(reply.entry),
    ]


def _pages(parts: Iterable[Block]) -> Iterator[list[Block]]:
    page: list[Block] = []
    free = _PAGE_CHARACTERS
    for part in parts:
        free -= blocks.weight(part)
        if page and (free < 0 or len(page) == _PAGE_BLOCKS):
            yield page
            page, free = [], _PAGE_CHARACTERS - blocks.weight(part)
        page.append(part)
    yield page


def _turning(reply: AnalysisView, page: int, pages: int) -> list[Block]:
    """To the neighbours in the digest, and to the neighbouring pages."""
    sha = reply.entry.commit.sha
    turns = (
        (_PREVIOUS, "commit.turn.previous", reply.previous, 0),
        (_NEXT, "commit.turn.next", reply.next, 0),
        (_PREVIOUS_PAGE, "commit.page.previous", sha if page else None, page - 1),
        (_NEXT_PAGE, "commit.page.next", sha if page + 1 < pages else None, page + 1),
    )
    buttons = [
        blocks.button(_(text), action, ShowCommit(sha=to, repo=reply.repo, day=reply.day, page=number))
        for text, action, to, number in turns
        if to is not None
    ]
    return [blocks.actions(*buttons)] if buttons else []


def _actions(reply: AnalysisView) -> Iterator[Block]:
    commit, repo = reply.entry.commit, reply.repo
    yield from _deepen(reply)
    yield blocks.button(_(_SHARE), "commit.share", ShowCommit(sha=commit.sha, repo=repo, day=reply.day))
    for verdict, label in _VERDICTS.items():
        question = GiveFeedback(repo=repo, sha=commit.sha, verdict=verdict)
        button = blocks.button(f"{health.THUMBS[verdict]} {_(label)}", f"feedback.{verdict.value}", question)
        yield {**button, "style": "primary"} if verdict is reply.verdict else button
    if url := repo.commit_url(commit.sha):
        yield {**blocks.browse(_("Open on {host}", host=repo.host), url), "action_id": "commit.browse"}
    yield from _archive(reply)


def _archive(reply: AnalysisView) -> Iterator[Block]:
    if reply.address:
        yield {**blocks.browse(_(labels.ARCHIVE), reply.address), "action_id": "commit.archive"}


def message(reply: AnalysisView) -> list[Block]:
    """As much as a message may carry, and a button to the rest."""
    asked = [*_deepen(reply), *_archive(reply)]
    whole = [*_parts(reply), *([blocks.actions(*asked)] if asked else []), _writer(reply.entry)]
    if blocks.weight(whole) <= limits.MESSAGE_CHARACTERS_MAX:
        return whole
    rest = [
        blocks.section(wording.shortened()),
        blocks.actions(blocks.details(reply.repo, reply.entry), *_archive(reply)),
        _writer(reply.entry),
    ]
    return [*_while_free(_parts(reply), limits.MESSAGE_CHARACTERS_MAX - blocks.weight(rest)), *rest]


def _deepen(reply: AnalysisView) -> Iterator[Block]:
    if reply.entry.analysis.can_be_deepened:
        commit = reply.entry.commit
        question = DeepenCommit(sha=commit.sha, repo=reply.repo, day=reply.day)
        yield blocks.button(_(labels.DEEPEN), "commit.deepen", question, wording.deepen_commit(commit.short_sha))


def _while_free(parts: Iterable[Block], characters: int) -> Iterator[Block]:
    for part in parts:
        characters -= blocks.weight(part)
        if characters < 0:
            return
        yield part


def _parts(reply: AnalysisView) -> Iterator[Block]:
    commit, analysis = reply.entry.commit, reply.entry.analysis
    yield blocks.rich(blocks.line(*_headline(reply.entry)))
    yield blocks.rich(blocks.bullets(list(_facts(reply))))
    yield from _listing(_(say.SUMMARY), [_statement(statement, commit) for statement in say.summary(reply.entry)])
    yield from _listing(_(say.SCOPE), [_scope(item) for item in analysis.scope])
    for name, statements in say.insights(analysis.insight):
        yield from _listing(name, [_statement(statement, commit) for statement in statements])
    yield from _listing(_(say.RISKS), [_risk(risk, commit) for risk in analysis.risks], ordered=True)
    yield from _listing(_(say.ADVICE_TITLE), [_advice(advice) for advice in analysis.advice])
    yield from _quotation(analysis.quotation)
    yield from _files(reply.entry)


# Facts


def _headline(entry: Entry) -> Iterator[Block]:
    for span in say.spans(blocks.cut(say.headline(entry), limits.SECTION_TEXT_MAX - 100)):
        yield blocks.words(span.text, bold=True, code=span.code)


def _facts(reply: AnalysisView) -> Iterator[Item]:
    commit, analysis = reply.entry.commit, reply.entry.analysis
    importance = " · ".join(filter(None, (say.level(analysis.rating), say.grounds(analysis.rating))))
    yield blocks.prose(importance, limits.STATEMENT_MAX)
    if analysis.types:
        yield [blocks.words(say.kinds(analysis.types))]
    subject = blocks.cut(commit.subject, limits.STATEMENT_MAX)
    if subject and say.visible(commit.subject) != say.headline(reply.entry):
        yield [blocks.words(_(say.SUBJECT) + _(": ") + subject)]
    committed = f"{say.clock(commit.committed_at, reply.zone)} ({reply.zone.key})"
    yield [blocks.words(f"{blocks.cut(say.author(commit.author), limits.NAME_MAX)} · {committed}")]
    yield list(_addresses(reply))
    for sentence in related.sentences(reply.entry, reply.zone):
        yield list(_related(reply, sentence))


def _addresses(reply: AnalysisView) -> Iterator[Block]:
    commit = reply.entry.commit
    yield blocks.words(f"{_(say.COMMIT)} ")
    yield blocks.anchor(reply.repo.commit_url(commit.sha), commit.short_sha)
    if commit.pull_request is not None:
        yield blocks.words(f" · {_('pull request')} ")
        yield blocks.anchor(reply.repo.pull_request_url(commit.pull_request), f"#{commit.pull_request}")
    yield blocks.words(f" · {say.lines_in_files(commit.additions, commit.deletions, len(commit.files))}")


def _related(reply: AnalysisView, sentence: related.Sentence) -> Iterator[Block]:
    other = sentence.commit
    if sentence.before:
        yield blocks.words(sentence.before)
    yield blocks.anchor(reply.repo.commit_url(other.sha), other.short_sha)
    if other.pull_request is not None:
        yield blocks.words(" (")
        yield blocks.anchor(reply.repo.pull_request_url(other.pull_request), f"#{other.pull_request}")
        yield blocks.words(")")
    if sentence.after:
        yield blocks.words(sentence.after)


# Opinions


def _statement(statement: Statement, commit: Commit) -> Item:
    return [*blocks.prose(statement.text, limits.STATEMENT_MAX), *_sources(statement, commit)]


def _sources(statement: Statement, commit: Commit) -> Item:
    sources = blocks.cut(joined(map("".join, say.sources(statement, commit))), limits.SOURCES_MAX)
    return [blocks.words(say.in_brackets(sources), italic=True)] if sources else []


def _scope(item: ScopeItem) -> Item:
    name = blocks.cut(item.name, limits.PATH_MAX)
    effect = blocks.prose(item.effect, limits.STATEMENT_MAX)
    return [
        *([blocks.words(name, code=say.is_identifier(name))] if name else []),
        *([blocks.words(_(": ")), *effect] if effect else []),
    ]


def _risk(risk: Risk, commit: Commit) -> Item:
    return [
        *_statement(risk.risk, commit),
        *_labelled(_(say.CONSEQUENCE), risk.consequence),
        *_labelled(_(say.MITIGATION), risk.mitigation),
    ]


def _labelled(label: str, text: str) -> Item:
    words = blocks.prose(text, limits.STATEMENT_MAX)
    return [blocks.words("\n" + label + _(": "), bold=True), *words] if words else []


def _advice(advice: Advice) -> Item:
    return [
        blocks.words(_(say.ADVICE[advice.kind]) + _(": "), bold=True),
        *blocks.prose(advice.text, limits.STATEMENT_MAX),
    ]


def _quotation(text: str) -> list[Block]:
    lines = "\n".join(say.visible_lines(text))
    if not lines:
        return []
    whole = say.cut(lines, limits.SECTION_TEXT_MAX - len(_(say.QUOTATION)) - 1, weigh=blocks.weigh)
    label = blocks.line(blocks.words(_(say.QUOTATION), bold=True))
    return [blocks.rich(label, blocks.quote(blocks.words(whole)))]


# Files, and everything that is a list


def _files(entry: Entry) -> Iterator[Block]:
    title = _("Files ({number})", number=say.files(len(entry.commit.files)))
    files = [_file(file) for file in entry.commit.files]
    yield from blocks.listing(title, files, pages=_FILE_BLOCKS, more=say.more_files)
    if entry.commit.files_truncated:
        yield blocks.context(_(say.FILES_TRUNCATED))


def _file(file: FileChange) -> Item:
    note = blocks.cut(say.file_note(file), limits.PATH_MAX)
    return [blocks.words(blocks.cut(file.path, limits.PATH_MAX), code=True), blocks.words(f" {note}")]


def _listing(label: str, items: Iterable[Item], *, ordered: bool = False) -> list[Block]:
    return blocks.listing(label, items, pages=_PART_BLOCKS, ordered=ordered)


def _writer(entry: Entry) -> Block:
    return blocks.context(say.writer_of(entry.analysis))
