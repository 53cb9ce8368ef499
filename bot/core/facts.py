"""What can be said of a commit from its message and its list of files, without reading a line of its diff."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.core.model import ChangeType, Commit, FileChange
from bot.core.paths import FileClass, classify

#: A subject that is longer is read up to here.
SUBJECT_READ: Final = 1_000

PRODUCT: Final = frozenset({FileClass.SOURCE, FileClass.API, FileClass.MIGRATION})


class Flag(StrEnum):
    BREAKING = "breaking"
    REVERT = "revert"
    MIGRATION = "migration"
    DEPENDENCY = "dependency"
    SECURITY = "security"
    PERFORMANCE = "performance"


#: Types of https://www.conventionalcommits.org/en/v1.0.0/ and of what people write in their place.
CONVENTIONAL: Final[Mapping[str, ChangeType]] = {
    "feat": ChangeType.FEATURE,
    "feature": ChangeType.FEATURE,
    "fix": ChangeType.FIX,
    "bugfix": ChangeType.FIX,
    "hotfix": ChangeType.FIX,
    "perf": ChangeType.PERFORMANCE,
    "performance": ChangeType.PERFORMANCE,
    "refactor": ChangeType.REFACTOR,
    "arch": ChangeType.ARCHITECTURE,
    "docs": ChangeType.DOCS,
    "doc": ChangeType.DOCS,
    "test": ChangeType.TEST,
    "tests": ChangeType.TEST,
    "build": ChangeType.BUILD,
    "ci": ChangeType.CI,
    "deps": ChangeType.DEPENDENCY,
    "security": ChangeType.SECURITY,
    "sec": ChangeType.SECURITY,
    "revert": ChangeType.REVERT,
    "chore": ChangeType.CHORE,
    "style": ChangeType.CHORE,
}
_HEADER: Final = re.compile(
    r"(\[(?P<tag>[A-Za-z]{2,12})\]:?|(?P<type>[A-Za-z]{2,12})\s?(\((?P<scope>[^()]{0,200})\))?\s?(?P<breaking>!)?\s?:)"
    r"\s*(?P<rest>.*)"
)
#: Of subjects without a type, by their first words.
_VERBS: Final = (
    (ChangeType.REVERT, re.compile(r"revert(s|ed)?\b|back out\b", re.IGNORECASE)),
    (
        ChangeType.FIX,
        re.compile(r"(hot|bug)?fix(es|ed)?\b|resolv|correct|prevent|repair|avoid|handle|workaround", re.IGNORECASE),
    ),
    (
        ChangeType.DEPENDENCY,
        re.compile(r"bump|upgrade|(update|pin) .{0,80}\b(dependenc|version|to v?\d)", re.IGNORECASE),
    ),
    (ChangeType.PERFORMANCE, re.compile(r"optimi[sz]|speed ?up|accelerat|improve .{0,40}perf", re.IGNORECASE)),
    (
        ChangeType.FEATURE,
        re.compile(r"add(s|ed)?\b|implement|introduc|support|enable|allow|expose|provide|creat", re.IGNORECASE),
    ),
    (
        ChangeType.REFACTOR,
        re.compile(
            r"refactor|clean|simplif|renam|mov(e|ed|ing)\b|extract|reorgani|restructur|remov|delet|drop|dedup|unify",
            re.IGNORECASE,
        ),
    ),
    (ChangeType.DOCS, re.compile(r"document|docs?\b|readme|typo", re.IGNORECASE)),
    (ChangeType.TEST, re.compile(r"tests?\b", re.IGNORECASE)),
)
#: The main type of a change whose subject tells none, by where most of it happens.
_TYPE_OF_CLASS: Final[Mapping[FileClass, ChangeType]] = {
    FileClass.TEST: ChangeType.TEST,
    FileClass.DOCS: ChangeType.DOCS,
    FileClass.CI: ChangeType.CI,
    FileClass.BUILD: ChangeType.BUILD,
    FileClass.DEPLOYMENT: ChangeType.BUILD,
    FileClass.DEPENDENCY: ChangeType.DEPENDENCY,
    FileClass.LOCK: ChangeType.DEPENDENCY,
}
#: Labels of pull requests, as projects like to name them.
_LABELS: Final = (
    (Flag.BREAKING, re.compile(r"\bbreaking\b|\bbackwards?[ -]incompatible\b", re.IGNORECASE)),
    (Flag.SECURITY, re.compile(r"\b(security|vulnerability|cve)\b", re.IGNORECASE)),
    (Flag.PERFORMANCE, re.compile(r"\bperf(ormance)?\b", re.IGNORECASE)),
    (Flag.DEPENDENCY, re.compile(r"\bdependenc(y|ies)\b", re.IGNORECASE)),
)
_BREAKING: Final = re.compile(r"^BREAKING[ -]CHANGE(?=:|$)", re.MULTILINE)
_REVERT: Final = re.compile(r"reverts?\b", re.IGNORECASE)
_REVERTS: Final = re.compile(r"^This reverts commit [0-9a-f]{7,40}\b", re.MULTILINE)
_ADVISORY: Final = re.compile(r"\b(CVE-\d{4}-\d{4,7}|GHSA(-[0-9a-z]{4}){3})\b", re.IGNORECASE)
_SECURITY: Final = re.compile(
    r"\b(vulnerab\w{0,8}|security|exploit\w{0,6}|xss|csrf|ssrf|rce|(sql|command|code|shell|header) injection"
    r"|(path|directory) traversal|privilege escalation|sandbox escape|unauthori[sz]ed|auth(entication)? bypass"
    r"|(secret|token|credential|key)s? leak\w{0,4}|leak\w{0,4} (secret|token|credential)s?)\b",
    re.IGNORECASE,
)
_PERFORMANCE: Final = re.compile(
    r"\b(perf|performance|latency|throughput|speed[ -]?up|faster|bottlenecks?|zero[ -]copy|optimi[sz]\w{1,6}"
    r"|memory (usage|footprint|leaks?|consumption)|overhead)\b",
    re.IGNORECASE,
)
_UPGRADE: Final = re.compile(
    r"\b(bump\w{0,4}|upgrad\w{1,4}|downgrad\w{1,4}|updat\w{1,4}|pin\w{0,4})\b.{0,120}?(\bto\b.{0,20}\d|\bdependenc|\bversions?\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A first line as https://www.conventionalcommits.org/en/v1.0.0/ divides it."""

    #: None where no known type stands in front, and then the description is the whole line.
    type: ChangeType | None
    scope: str
    breaking: bool
    description: str

    @classmethod
    def parse(cls, text: str) -> "Subject":
        """Also takes `[Fix] what`, which needs no colon. Never fails."""
        match = _HEADER.fullmatch(text)
        kind = CONVENTIONAL.get((match["type"] or match["tag"]).casefold()) if match else None
        if match is None or kind is None:
            return cls(type=None, scope="", breaking=False, description=text)
        return cls(
            type=kind, scope=match["scope"] or "", breaking=match["breaking"] is not None, description=match["rest"]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What can be said of a commit from its message and its list of files."""

    commit: Commit
    subject: Subject
    #: Most telling first, at least one.
    types: tuple[ChangeType, ...]
    flags: frozenset[Flag]
    files: Mapping[FileClass, Sequence[FileChange]]

    @classmethod
    def of(cls, commit: Commit) -> "Facts":
        subject = Subject.parse(commit.subject[:SUBJECT_READ])
        files: dict[FileClass, list[FileChange]] = {}
        for file in commit.files:
            files.setdefault(classify(file.path), []).append(file)
        flags = frozenset(_flags(commit, subject, files))
        return cls(commit=commit, subject=subject, types=tuple(_types(subject, flags, files)), flags=flags, files=files)

    @property
    def main_type(self) -> ChangeType:
        return self.types[0]

    def of_class(self, *classes: FileClass) -> Sequence[FileChange]:
        return [file for file_class in classes for file in self.files.get(file_class, ())]

    def churn(self, *classes: FileClass) -> int:
        """Changed lines in files of these classes."""
        return sum(file.churn for file in self.of_class(*classes))

    @property
    def security_words(self) -> str:
        """What names security in the message; empty when only the type of the commit does."""
        return _security_words(self.commit, self.subject)

    @property
    def product_churn(self) -> int:
        return self.churn(*PRODUCT)


def _flags(commit: Commit, subject: Subject, files: Mapping[FileClass, Sequence[FileChange]]) -> Iterator[Flag]:
    words = subject.description
    yield from (flag for flag, label in _LABELS if any(map(label.search, commit.labels)))
    if subject.breaking or _BREAKING.search(commit.message):
        yield Flag.BREAKING
    if subject.type is ChangeType.REVERT or _REVERT.match(words) or _REVERTS.search(commit.message):
        yield Flag.REVERT
    if FileClass.MIGRATION in files:
        yield Flag.MIGRATION
    if FileClass.DEPENDENCY in files or _is_upgrade(subject, files):
        yield Flag.DEPENDENCY
    if subject.type is ChangeType.SECURITY or _security_words(commit, subject):
        yield Flag.SECURITY
    if subject.type is ChangeType.PERFORMANCE or (_PERFORMANCE.search(words) and not PRODUCT.isdisjoint(files)):
        yield Flag.PERFORMANCE


def _is_upgrade(subject: Subject, files: Mapping[FileClass, Sequence[FileChange]]) -> bool:
    """A manifest holds more than versions, and versions stand in more than manifests: a lock or the subject tells."""
    if FileClass.LOCK in files and files.keys() <= {FileClass.DEPENDENCY, FileClass.LOCK}:
        return True
    named_in = {FileClass.DEPENDENCY, FileClass.LOCK, FileClass.DEPLOYMENT, FileClass.BUILD}
    return _UPGRADE.search(subject.description) is not None and not named_in.isdisjoint(files)


def _security_words(commit: Commit, subject: Subject) -> str:
    """An advisory named anywhere counts; other words only where the author says what the commit is about."""
    match = _ADVISORY.search(commit.message) or _SECURITY.search(subject.description)
    return match[0] if match else ""


def _types(
    subject: Subject, flags: frozenset[Flag], files: Mapping[FileClass, Sequence[FileChange]]
) -> Sequence[ChangeType]:
    types = [ChangeType.REVERT] if Flag.REVERT in flags else []
    types.append(subject.type or _type_from_words(subject.description) or _type_from_files(files))
    if Flag.SECURITY in flags:
        types.append(ChangeType.SECURITY)
    if Flag.PERFORMANCE in flags:
        types.append(ChangeType.PERFORMANCE)
    if _is_upgrade(subject, files):
        types.append(ChangeType.DEPENDENCY)
    types.extend(
        _TYPE_OF_CLASS[only] for only in (FileClass.DOCS, FileClass.TEST, FileClass.CI) if set(files) == {only}
    )
    return list(dict.fromkeys(types))


def _type_from_words(description: str) -> ChangeType | None:
    """By the first words; those after `area:` count too, as Linux and Go write subjects."""
    candidates = (description, description.partition(":")[2].lstrip())
    return next((kind for text in candidates for kind, verb in _VERBS if verb.match(text)), None)


def _type_from_files(files: Mapping[FileClass, Sequence[FileChange]]) -> ChangeType:
    if not files:
        return ChangeType.CHORE
    largest = max(files, key=lambda file_class: sum(file.churn for file in files[file_class]))
    return _TYPE_OF_CLASS.get(largest, ChangeType.CHORE)
