"""A commit as one reads it: numbered statements, and beside them the diff, whose hunks say what they bear out."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from bot.core.language import _, joined, ngettext
from bot.core.model import Analysis, Commit, CommitDiff, FileChange, Statement
from bot.core.pages import CommitPage
from bot.core.patches import Hunk, hunks
from bot.core.paths import FileClass, classify
from formatters import wording as say
from formatters.html.highlighting import highlighted, plain

#: Files with a diff that nobody cites.
FILES_MAX: Final = 300
#: Lines of a diff from which it is folded.
FOLDED_FROM: Final = 300
#: Of a page's diffs: what is highlighted, in characters and lines, and lines that are shown at all. Lexers take a time
#: that grows with the square of some texts, such as a thousand empty lines.
HIGHLIGHTED_MAX: Final = 60_000
HIGHLIGHTED_LINES_MAX: Final = 1500
LINES_MAX: Final = 10_000
_FOLDED: Final = frozenset({FileClass.LOCK, FileClass.GENERATED, FileClass.VENDORED})

_LINK: Final = Markup('<a href="#{}">{}</a>')
_HUNK_LINK: Final = Markup('<a href="#{}" aria-label="{}">{}</a>')
_NAME: Final = Markup("<code>{}</code>")
#: Where a link goes in a sentence.
_HOLE: Final = "\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """A statement whose evidence can be looked at."""

    #: From 1, in the order of the page.
    number: int
    text: str

    @property
    def anchor(self) -> str:
        return f"s{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HunkDiff:
    anchor: str
    #: From 1, as evidence has it.
    number: int
    #: `@@ -1,4 +1,6 @@ def f():`
    position: str
    lines: Markup
    cited_by: tuple[Cited, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDiff:
    anchor: str
    change: FileChange
    #: Empty where there is no patch of it, or no room for it.
    hunks: tuple[HunkDiff, ...]
    #: There is a patch, but no room.
    is_left_out: bool
    is_folded: bool
    #: As a whole.
    cited_by: tuple[Cited, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    #: The author and whom the message names beside.
    authors: tuple[str, ...]
    files: tuple[FileDiff, ...]
    #: Those that are not among `files`.
    more_files: int
    #: By the statement itself: its number, if it has evidence, and where that is.
    _statements: "Mapping[Statement, tuple[Cited, Markup]]"

    def cited(self, statement: Statement) -> Cited | None:
        found = self._statements.get(statement)
        return found[0] if found else None

    def sources(self, statement: Statement) -> Markup:
        """` (a.py hunks 2, 3)`, each with a link to the lines, or nothing."""
        found = self._statements.get(statement)
        return found[1] if found else Markup("")


def of(page: CommitPage) -> Reading:
    commit, analysis = page.view.entry.commit, page.view.entry.analysis
    cited = _cited(analysis, say.headline(page.view.entry))
    by_place = _by_place(cited)
    paths = {path for path, _hunk in by_place}
    shown = [file for number, file in enumerate(commit.files) if number < FILES_MAX or file.path in paths]
    files = tuple(_Drawing(page.diff, by_place).files(shown))
    places = _places(files)
    return Reading(
        authors=tuple(map(say.author, (commit.author, *commit.co_authors))),
        files=files,
        more_files=len(commit.files) - len(shown),
        _statements={statement: (number, _sources(statement, commit, places)) for statement, number in cited.items()},
    )


# Which statement is borne out by which lines

_Place = tuple[str, int | None]


def _cited(analysis: Analysis, headline: str) -> dict[Statement, Cited]:
    with_evidence = [statement for statement in dict.fromkeys(_statements(analysis, headline)) if statement.evidence]
    return {
        statement: Cited(number=number, text=say.unquoted(statement.text))
        for number, statement in enumerate(with_evidence, start=1)
    }


def _statements(analysis: Analysis, headline: str) -> Iterator[Statement]:
    yield from (statement for statement in analysis.summary if say.visible(statement.text) != headline)
    for _name, statements in say.insights(analysis.insight):
        yield from statements
    yield from (risk.risk for risk in analysis.risks)


def _by_place(cited: Mapping[Statement, Cited]) -> Mapping[_Place, Sequence[Cited]]:
    found = defaultdict[_Place, list[Cited]](list)
    for statement, number in cited.items():
        for place in dict.fromkeys((evidence.path, evidence.hunk) for evidence in statement.evidence):
            found[place].append(number)
    return found


def _places(files: Iterable[FileDiff]) -> Mapping[_Place, str]:
    """The anchors that are on the page."""
    found: dict[_Place, str] = {}
    for file in files:
        found[file.change.path, None] = file.anchor
        found |= {(file.change.path, hunk.number): hunk.anchor for hunk in file.hunks}
    return found


def _sources(statement: Statement, commit: Commit, places: Mapping[_Place, str]) -> Markup:
    numbers = defaultdict[str, list[int]](list)
    for evidence in statement.evidence:
        numbers[evidence.path].extend([evidence.hunk] if evidence.hunk is not None else [])
    named = zip(say.sources(statement, commit), numbers.items(), strict=True)
    each = (_source(source.name, path, list(dict.fromkeys(found)), places) for source, (path, found) in named)
    return Markup(" ({})").format(escape(_(", ")).join(each))


def _source(name: str, path: str, numbers: Sequence[int], places: Mapping[_Place, str]) -> Markup:
    shown = _NAME.format(name)
    file = places.get((path, None))
    linked = _LINK.format(file, shown) if file else shown
    if not numbers:
        return linked
    holes = joined(_HOLE for _number in numbers)
    around = ngettext(" hunk {hunks}", " hunks {hunks}", len(numbers), hunks=holes).split(_HOLE)
    links = (_hunk_link(name, number, places.get((path, number), file)) for number in numbers)
    return linked + Markup("").join(
        part for text, link in zip(around, [*links, Markup("")], strict=True) for part in (escape(text), link)
    )


def _hunk_link(name: str, number: int, anchor: str | None) -> Markup:
    if anchor is None:
        return escape(str(number))
    return _HUNK_LINK.format(anchor, _("{file} hunk {number}", file=name, number=number), number)


# The diff


class _Drawing:
    """Files one after the other, as long as there is room."""

    def __init__(self, diff: CommitDiff | None, cited: Mapping[_Place, Sequence[Cited]]) -> None:
        self._patches: Mapping[str, str] = diff.patches if diff else {}
        self._cited = cited
        self._cited_paths = {path for path, _hunk in cited}
        self._lines = 0
        self._characters = 0

    def files(self, changes: Iterable[FileChange]) -> Iterator[FileDiff]:
        for number, change in enumerate(changes, start=1):
            yield self._file(f"f{number}", change)

    def _file(self, anchor: str, change: FileChange) -> FileDiff:
        found = hunks(self._patches.get(change.path, ""))
        length = sum(len(hunk.lines) for hunk in found)
        self._lines += length
        self._characters += sum(len(line) for hunk in found for line in hunk.lines)
        fits = self._lines <= LINES_MAX
        is_long = length > FOLDED_FROM or classify(change.path) in _FOLDED
        return FileDiff(
            anchor=anchor,
            change=change,
            hunks=tuple(self._hunk(anchor, change.path, hunk) for hunk in found) if fits else (),
            is_left_out=not fits and bool(found),
            is_folded=is_long and change.path not in self._cited_paths,
            cited_by=tuple(self._cited.get((change.path, None), ())),
        )

    def _hunk(self, anchor: str, path: str, hunk: Hunk) -> HunkDiff:
        return HunkDiff(
            anchor=f"{anchor}-h{hunk.number}",
            number=hunk.number,
            position=_position(hunk),
            lines=_drawn(
                path, hunk, is_highlighted=self._lines <= HIGHLIGHTED_LINES_MAX and self._characters <= HIGHLIGHTED_MAX
            ),
            cited_by=tuple(self._cited.get((path, hunk.number), ())),
        )


def _position(hunk: Hunk) -> str:
    if not hunk.old and not hunk.new:
        return hunk.context
    numbers = f"@@ -{hunk.old.start},{len(hunk.old)} +{hunk.new.start},{len(hunk.new)} @@"
    return f"{numbers} {say.visible(hunk.context)}".rstrip()


_ROWS: Final = {
    "+": Markup('<ins data-n="{new}">{text}\n</ins>'),
    "-": Markup('<del data-n="{old}">{text}\n</del>'),
    " ": Markup('<span data-n="{new}">{text}\n</span>'),
}


def _drawn(path: str, hunk: Hunk, *, is_highlighted: bool) -> Markup:
    """Its lines, one element each, with numbers as far as they are known: the old one of what is gone, else the new."""
    old, new = hunk.old.start, hunk.new.start
    known = bool(hunk.old or hunk.new)
    rows: list[Markup] = []
    for sign, text in _texts(path, hunk, is_highlighted=is_highlighted):
        rows.append(_ROWS[sign].format(old=old if known else "", new=new if known else "", text=text))
        old += sign != "+"
        new += sign != "-"
    return Markup("").join(rows)


def _texts(path: str, hunk: Hunk, *, is_highlighted: bool) -> Iterator[tuple[str, Markup]]:
    """Each line's sign and text. Both sides are highlighted on their own, since only whole texts have a syntax."""
    lines = [(line[:1] or " ", line[1:]) for line in hunk.lines]
    if not is_highlighted:
        yield from ((sign, plain(text)) for sign, text in lines)
        return
    after = iter(highlighted(path, [text for sign, text in lines if sign != "-"]))
    has_removed = any(sign == "-" for sign, _text in lines)
    before = iter(highlighted(path, [text for sign, text in lines if sign != "+"]) if has_removed else [])
    for sign, _text in lines:
        removed = next(before, None) if sign != "+" else None
        yield sign, removed if sign == "-" and removed is not None else next(after)
