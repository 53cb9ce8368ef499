"""What is known of a commit, and whether it bears out what a text names."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Final

from bot.core.evidence.faults import FaultKind
from bot.core.evidence.known_names import ACRONYM, JOINED, LITERALS, STRUCTURE, is_known
from bot.core.evidence.mentions import Mention, MentionKind, is_file_name, normalised
from bot.core.evidence.wording import Wording, canonical, numbers
from bot.core.model import Commit, CommitDiff, FileChange, FileStatus, Repo
from bot.core.patches import Hunk, hunks
from bot.core.paths import classify, printable

_JOINT: Final = re.compile(r"::|->|\.")
_ATOM: Final = re.compile(r"[A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)*(?:\.[0-9]+)*|[^\W\d_a-zA-Z]+")
_CODE_FLAG: Final = re.compile(r"(?<![A-Za-z0-9_-])--?[A-Za-z][A-Za-z0-9_-]*")
_SHA: Final = re.compile(r"[0-9a-f]{7,40}")
_WILDCARD: Final = re.compile(r"\*+|…|\.{3,}")
_LETTERS_DIGITS: Final = re.compile(r"([A-Za-z_]+)([0-9.]+)")
_OWN_PAGE: Final = re.compile(
    r"(?:/(?:commit/(?P<sha>[0-9a-f]{7,40})|(?:pull|issues)/(?P<number>[0-9]{1,10})|(?:blob|tree)/[^/]+/(?P<path>.+))?)?/?"
)
_SCALES: Final[Mapping[str, tuple[int, ...]]] = {
    "k": (1_000, 1_024),
    "kb": (1_000, 1_024),
    "kib": (1_024,),
    "m": (1_000_000, 1_048_576, 60),
    "mb": (1_000_000, 1_048_576),
    "mib": (1_048_576,),
    "g": (1_000_000_000, 1_073_741_824),
    "gb": (1_000_000_000, 1_073_741_824),
    "gib": (1_073_741_824,),
    "s": (1_000,),
    "sec": (1_000,),
    "second": (1_000,),
    "min": (60, 60_000),
    "minute": (60, 60_000),
    "h": (3_600,),
    "hour": (3_600, 60),
    "day": (86_400, 24),
}
#: A thousand without a unit is another number: `10k` is not borne out by `10`.
_MULTIPLES: Final = frozenset({"k", "m", "g", "b"})


_NOTHING: Final = Wording("")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A changed file: its ranges say which lines can be spoken of."""

    change: FileChange
    hunks: tuple[Hunk, ...]

    def holds_line(self, number: int) -> bool:
        return any(number in hunk.old or number in hunk.new for hunk in self.hunks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    wording: Wording
    #: Numbers that stood there before, and those that stand there after; both include unchanged lines and the message.
    old_numbers: frozenset[str]
    new_numbers: frozenset[str]
    files: Mapping[str, File] = field(default_factory=dict[str, File])
    #: `files added`, `lines removed` and the like, with every figure that is true of the commit, a file or a folder.
    counts: Mapping[str, frozenset[int]] = field(default_factory=dict[str, frozenset[int]])
    #: Full and of the commit and its parents.
    shas: tuple[str, ...] = ()
    dates: frozenset[str] = frozenset()
    url: str = ""
    #: Every path as `/path/` and `/path without extension/`, a line each.
    places: str = ""
    paths: tuple[str, ...] = ()
    tree_words: Wording = _NOTHING

    @classmethod
    def of(cls, repo: Repo, diff: CommitDiff, tree: Collection[str] = ()) -> "Knowledge":
        commit = diff.commit
        files = {file.path: File(change=file, hunks=hunks(diff.patches.get(file.path, ""))) for file in commit.files}
        paths = [path for file in commit.files for path in (file.path, file.previous_path) if path]
        both = "\n".join([commit.message, *paths, *_contexts(files.values()), *_lines(files.values(), " ")])
        old, new = "\n".join(_lines(files.values(), "-")), "\n".join(_lines(files.values(), "+"))
        around = numbers(normalised(both))
        known = cls(
            wording=Wording.of("\n".join((both, old, new))),
            old_numbers=around | numbers(normalised(old)),
            new_numbers=around | numbers(normalised(new)),
            files=files,
            counts=_counts(commit, files.values()),
            shas=(commit.sha, *commit.parents),
            dates=frozenset(instant.date().isoformat() for instant in (commit.authored_at, commit.committed_at)),
            url=repo.url or "",
        )
        return known.with_paths([*paths, *map(printable, paths)]).with_tree(tree)

    @classmethod
    def of_text(cls, text: str) -> "Knowledge":
        """Nothing but a text, such as the headlines of a digest."""
        wording = Wording.of(text)
        return cls(wording=wording, old_numbers=wording.numbers, new_numbers=wording.numbers)

    def with_tree(self, tree: Collection[str]) -> "Knowledge":
        """With the paths of all files at that commit, and the words in them."""
        if not tree:
            return self
        return replace(self.with_paths(tree), tree_words=Wording.of("\n".join(tree)))

    def with_paths(self, paths: Iterable[str]) -> "Knowledge":
        known = tuple(dict.fromkeys((*self.paths, *(normalised(path) for path in paths))))
        places = "\n".join(f"/{path}/\n/{_without_extension(path)}/" for path in known)
        return replace(self, paths=known, places=f"\n{places}\n")

    # What a text names

    def fault(self, mention: Mention, *, beside: Collection[str] = ()) -> FaultKind | None:
        """What is wrong with it. `beside` are the changed files that the statement gives as evidence."""
        text, unit = mention.text, mention.unit
        match mention.kind:
            case MentionKind.LINK:
                return None if self._has_link(text) else FaultKind.LINK
            case MentionKind.CODE:
                return self._code_fault(text)
            case MentionKind.PATH:
                return None if self.has_path(text) else FaultKind.PATH
            case MentionKind.JOINED:
                return None if self._has_joined(text) else FaultKind.PATH
            case MentionKind.FLAG:
                return None if self.wording.has(text) else FaultKind.IDENTIFIER
            case MentionKind.NAME:
                return None if self._has_name(text) else FaultKind.IDENTIFIER
            case MentionKind.MODEL:
                return None if self._has_model(text) else FaultKind.IDENTIFIER
            case MentionKind.NUMBER:
                return None if self._has_number(text, unit) else FaultKind.NUMBER
            case MentionKind.COUNT:
                return None if self._has_count(int(text), unit) else FaultKind.NUMBER
            case MentionKind.LINES:
                return None if self._has_line(int(text), unit, beside) else FaultKind.NUMBER
            case MentionKind.PULL_REQUEST:
                return None if int(text) in self.wording.pull_requests else FaultKind.PULL_REQUEST
            case MentionKind.SHA:
                return None if self._has_sha(text) else FaultKind.SHA

    # Paths

    def has_path(self, path: str) -> bool:
        """A file or folder by all of its path or by its last or middle parts; or what the diff or the message say."""
        plain = path.removeprefix("./").rstrip("/")
        if _WILDCARD.search(plain):
            return self._has_pattern(plain)
        return f"/{plain.lstrip('/')}/" in self.places or self.wording.has(path) or self.wording.has(plain)

    def _has_pattern(self, pattern: str) -> bool:
        pieces = [piece for piece in _WILDCARD.split(pattern) if piece.strip("/")]
        return bool(pieces) and (self.wording.has(pattern) or any(_in_order(f"/{path}", pieces) for path in self.paths))

    def _has_joined(self, text: str) -> bool:
        """`lib/llm` is a path where `lib` is a folder; `prefill/decode` are two words that both have to stand here."""
        if self.has_path(text):
            return True
        parts = [part for part in text.split("/") if part]
        if all(f"/{part}/" in self.places for part in parts):
            return len(parts) == 2
        if parts[0] in STRUCTURE or f"\n/{parts[0]}/" in self.places:
            return STRUCTURE.issuperset(parts)
        return all(self._has_joined_word(part) for part in parts)

    def _has_joined_word(self, part: str) -> bool:
        known = part.casefold() in JOINED or ACRONYM.fullmatch(part) is not None or is_known(part)
        return known or all(self.has_prose_word(word) or word.isdigit() for word in part.split("-"))

    # Names

    def has_prose_word(self, word: str) -> bool:
        """Without regard to case, and as a part of names too."""
        return self.wording.has_word_folded(word) or self.tree_words.has_word_folded(word)

    def _has_name(self, name: str) -> bool:
        parts = [part for part in _JOINT.split(name) if part]
        return all(self._has_part(part) for part in parts)

    def _has_part(self, part: str) -> bool:
        if part.isdigit():
            return part in self.wording.numbers
        if self.wording.has_word(part) or self.tree_words.has_word(part) or is_known(part):
            return True
        return "_" not in part and not part.islower() and self.has_prose_word(part)

    def _has_model(self, text: str) -> bool:
        if self.wording.has_word_folded(text) or self.tree_words.has_word_folded(text) or is_known(text):
            return True
        split = _LETTERS_DIGITS.fullmatch(text)
        return split is not None and self.wording.has_letters_then(split[1], split[2])

    # What stands between backticks

    def _code_fault(self, span: str) -> FaultKind | None:
        if span.isascii() and span.isidentifier() and not _SHA.fullmatch(span):
            return self._atom_fault(span)
        if self.wording.has(span):
            return None
        if "://" in span:
            return None if self._has_link(span) else FaultKind.LINK
        if " " not in span and "(" not in span and ("/" in span or is_file_name(span)):
            return self._span_path_fault(span)
        if span.startswith("#") and span[1:].isdigit():
            return None if int(span[1:]) in self.wording.pull_requests else FaultKind.PULL_REQUEST
        if _SHA.fullmatch(span) and (self._has_sha(span) or any(char.isdigit() for char in span)):
            return None if self._has_sha(span) else FaultKind.SHA
        if self.wording.assigns(span) is False:
            return FaultKind.IDENTIFIER
        return next((fault for fault in map(self._atom_fault, _atoms(span)) if fault), None)

    def _span_path_fault(self, span: str) -> FaultKind | None:
        path, _, line = span.partition(":")
        if not self.has_path(path):
            return FaultKind.PATH
        wrong_line = line.isdigit() and not self._has_line(int(line[:9]), path, ())
        return FaultKind.NUMBER if wrong_line else None

    def _atom_fault(self, atom: str) -> FaultKind | None:
        if atom[0] == "-" or "-" in atom:
            there = self.wording.has(atom) or self.wording.has_word(atom.replace("-", "_")) or is_known(atom)
            return None if there else FaultKind.IDENTIFIER
        if atom[0].isdigit():
            return None if canonical(atom) in self.wording.numbers or self.wording.has(atom) else FaultKind.NUMBER
        if not atom.isascii():
            return None if atom in self.wording.text else FaultKind.IDENTIFIER
        there = (
            self.wording.has_word(atom, exactly=True)
            or self.tree_words.has_word(atom)
            or atom in LITERALS
            or is_known(atom)
        )
        return None if there else FaultKind.IDENTIFIER

    # Numbers

    def _has_number(self, text: str, qualified: str) -> bool:
        unit, _, side = qualified.partition(" ")
        unit = unit.casefold()
        stands = {"from": self.old_numbers, "to": self.new_numbers}.get(side, self.wording.numbers)
        if unit == "date":
            return text in self.dates or self.wording.has(text)
        if "^" in text:
            return text in self.wording.powers
        if text[:2] in ("0x", "0X"):
            return self.wording.has_folded(text)
        value = canonical(text)
        if unit in ("%", "percent"):
            return self._has_share(text, value)
        if unit in ("x", "times", "倍"):
            return any(self.wording.has_folded(f"{value}{form}") for form in ("x", " times", "倍"))
        if unit in ("-bit", "bit", "bits", "位"):
            return value in stands or value in self.wording.embedded
        if unit in _MULTIPLES:
            return self.wording.has_folded(f"{text}{unit}") or _scaled(value, unit, stands)
        return value in stands or _scaled(value, unit.rstrip("s") or unit, stands) or self._is_version(text)

    def _is_version(self, text: str) -> bool:
        """A version that is part of a name: `python3.11`, `cuda12.8`."""
        return "." in text and (canonical(text) in self.wording.embedded or self.wording.has(text))

    def _has_share(self, text: str, value: str) -> bool:
        """`50%`: so written, as 0.5, or as 50 where the commit speaks of shares."""
        if any(self.wording.has_folded(f"{form}{sign}") for form in (text, value) for sign in ("%", " percent")):
            return True
        fraction = _times(value, Decimal("0.01"))
        speaks = not {"percent", "percentage", "pct", "coverage"}.isdisjoint(self.wording.folded)
        return fraction in self.wording.numbers or (speaks and value in self.wording.numbers)

    def _has_count(self, number: int, counted: str) -> bool:
        """Of files or lines that came and went, it must be the commit's; any other number may stand in its text."""
        if number in self.counts.get(counted, ()):
            return True
        said = " " not in counted or not self.counts
        return said and str(number) in self.wording.numbers

    def _has_line(self, number: int, path: str, beside: Collection[str]) -> bool:
        spoken_of = [file for name, file in self.files.items() if path and _ends_with(name, path)]
        spoken_of = spoken_of or [file for name, file in self.files.items() if name in beside]
        return any(file.holds_line(number) for file in spoken_of or self.files.values())

    # Other

    def _has_sha(self, sha: str) -> bool:
        return any(known.startswith(sha) for known in (*self.shas, *self.wording.shas))

    def _has_link(self, link: str) -> bool:
        own = self.url and link.casefold().startswith(self.url.casefold())
        page = _OWN_PAGE.fullmatch(link[len(self.url) :].partition("#")[0]) if own else None
        if page is None:
            return self.wording.has(link)
        return (
            (page["sha"] is None or self._has_sha(page["sha"]))
            and (page["number"] is None or int(page["number"]) in self.wording.pull_requests)
            and (page["path"] is None or self.has_path(page["path"]))
        )


def _contexts(files: Iterable[File]) -> Iterator[str]:
    return (hunk.context for file in files for hunk in file.hunks)


def _lines(files: Iterable[File], sign: str) -> Iterator[str]:
    return (line[1:] for file in files for hunk in file.hunks for line in hunk.lines if line.startswith(sign))


def _without_extension(path: str) -> str:
    stem, dot, extension = path.rpartition(".")
    return stem if dot and "/" not in extension and stem else path


def _in_order(path: str, pieces: Iterable[str]) -> bool:
    at = 0
    for number, piece in enumerate(pieces):
        found = path.find(piece if number or piece.startswith((".", "/")) else f"/{piece}", at)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _ends_with(path: str, end: str) -> bool:
    return f"/{path}".endswith(f"/{end.removeprefix('./').lstrip('/')}")


def _atoms(span: str) -> Iterator[str]:
    """The words, numbers and flags of a piece of code."""
    flags = _CODE_FLAG.findall(span)
    yield from flags
    yield from _ATOM.findall(_CODE_FLAG.sub(" ", span))


def _times(value: str, factor: Decimal | int) -> str:
    try:
        return canonical(f"{(Decimal(value) * factor).normalize():f}")
    except (InvalidOperation, ValueError):
        return ""


def _scaled(value: str, unit: str, stands: Collection[str]) -> bool:
    """`5 minutes` where 300 stands, `10 MB` where 10485760 stands."""
    return len(value) < 20 and any(_times(value, factor) in stands for factor in _SCALES.get(unit, ()))


def _counts(commit: Commit, files: Collection[File]) -> Mapping[str, frozenset[int]]:
    """Every figure that is true of the commit, a file, a folder or a class of files."""
    added, removed, churn = Counter[str](), Counter[str](), Counter[str]()
    number: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for change in commit.files:
        for group in _groups(change):
            added[group] += change.additions or 0
            removed[group] += change.deletions or 0
            churn[group] += change.churn
            number["files changed"][group] += 1
            number[f"files {change.status}"][group] += 1
    lines = {"lines added": added, "lines removed": removed, "lines changed": churn}
    figures = {name: frozenset(counter.values()) for name, counter in {**number, **lines}.items()}
    figures["lines changed"] |= figures["lines added"] | figures["lines removed"]
    figures["files changed"] = frozenset(count for name in number for count in number[name].values()) | {len(files)}
    figures["hunks changed"] = frozenset([sum(len(file.hunks) for file in files), *(len(file.hunks) for file in files)])
    any_of = {things: figures[f"{things} changed"] for things in ("files", "lines", "hunks")}
    return figures | any_of


def _groups(change: FileChange) -> Iterator[str]:
    """What a figure may be about: everything, the folders above, the file, its class."""
    yield ""
    parts = change.path.split("/")
    yield from ("/".join(parts[:depth]) + "/" for depth in range(1, min(len(parts), 32)))
    yield change.path
    yield f":{classify(change.path)}"
    if change.status is FileStatus.ADDED:
        yield ":new"
