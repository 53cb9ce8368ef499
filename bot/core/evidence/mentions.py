"""What a text names that can be looked up: paths, identifiers, numbers, pull requests, SHAs, lines, links.

Text is read as Unicode compatibility normalisation (NFKC) shows it, so full-width digits are digits, and names need no
spaces around them, so `把FooBar改成` names `FooBar`. Every pattern takes time in proportion to the text: each is a run
of one class of characters, or bounded, and starts where such a run begins.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.core.evidence.known_names import is_known


class MentionKind(StrEnum):
    LINK = "link"
    #: Between backticks.
    CODE = "code"
    PATH = "path"
    #: Words between slashes, which may or may not be a path.
    JOINED = "joined"
    FLAG = "flag"
    NAME = "name"
    #: Letters with digits: `cuda13`.
    MODEL = "model"
    NUMBER = "number"
    #: A number of files or lines that changed.
    COUNT = "count"
    LINES = "lines"
    PULL_REQUEST = "pull request"
    SHA = "sha"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    kind: MentionKind
    #: As it was written, but normalised.
    text: str
    #: What qualifies a number: its unit (`%`, `ms`), what is counted (`files added`), the side of a change (`from`).
    unit: str = ""


_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_SUPERSCRIPT: Final = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_GROUPED: Final = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_DASHES: Final = str.maketrans({"−": "-", "‐": "-", "‑": "-", "’": "'", "‘": "'", "×": "x"})


def normalised(text: str) -> str:
    """NFKC, with superscripts as powers (`2⁵³` is `2^53`) and without separators in numbers (`1,024` is `1024`)."""
    powers = _SUPERSCRIPT.sub(lambda match: "^" + match[0].translate(_SUPERSCRIPTS), text)
    return _GROUPED.sub("", unicodedata.normalize("NFKC", powers).translate(_DASHES))


def mentions(text: str) -> list[Mention]:
    """Everything that `text` names, in no particular order."""
    found: list[Mention] = []
    rest = normalised(text)
    for pattern, read in _PASSES:
        rest = pattern.sub(_taking(found, read), rest)
    return found


def _taking(found: list[Mention], read: "_Read") -> Callable[[re.Match[str]], str]:
    """Collects what a match names, and leaves a gap in its place; a match that names nothing stays."""

    def take(match: re.Match[str]) -> str:
        named = list(read(match))
        found.extend(named)
        return " \x00 " if named else match[0]

    return take


_Read = Callable[[re.Match[str]], Iterator[Mention]]

_LINK: Final = re.compile(r"(?<![A-Za-z0-9])(?:[A-Za-z][A-Za-z0-9+.-]{0,15}://|www\.)[^\s<>\"'`|)\]}，。；、）\x00]+")
_CODE: Final = re.compile(r"`{1,3}([^`]{1,300})`{1,3}")
_PULL_REQUEST: Final = re.compile(
    r"(?<![A-Za-z0-9_&/.#])(?:(?:PRs?|MRs?|GH|[Ii]ssues?|[Pp]ull [Rr]equests?|[Mm]erge [Rr]equests?)[ -]?[#!]?|#)"
    r"([0-9]{1,10})(?![A-Za-z0-9_])"
)
_LINES: Final = re.compile(
    r"(?:\b[Ll]ines? |\bL)([0-9]{1,9})(?: ?(?:-|–|~|to|and|through) ?L?([0-9]{1,9}))?(?![A-Za-z0-9_]|\.[0-9])"
    r"|第 ?([0-9]{1,9})(?: ?(?:-|–|~|至|到) ?([0-9]{1,9}))? ?行",
    re.ASCII,
)
_DATE: Final = re.compile(r"(?<![0-9-])(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}(?![0-9-])")
#: Lines that came and went: `+37 -12`.
_BALANCE: Final = re.compile(r"(?<![A-Za-z0-9_.)\]])\+([0-9]{1,9})(?: ?[/,] ?| )-([0-9]{1,9})(?![A-Za-z0-9_]|\.[0-9])")
_CHUNK: Final = re.compile(
    r"(?<![A-Za-z0-9_])(?:[A-Za-z0-9_.~@$^/\\*…-]|::)+(?:\(\))?(?:(?::|#L)[0-9]{1,9}(?:-L?[0-9]{1,9})?)?"
)


def _link(match: re.Match[str]) -> Iterator[Mention]:
    yield Mention(kind=MentionKind.LINK, text=match[0].rstrip(".,;:!?"))


def _code(match: re.Match[str]) -> Iterator[Mention]:
    if match[1].strip():
        yield Mention(kind=MentionKind.CODE, text=match[1].strip())


def _pull_request(match: re.Match[str]) -> Iterator[Mention]:
    yield Mention(kind=MentionKind.PULL_REQUEST, text=match[1])


def _lines(match: re.Match[str]) -> Iterator[Mention]:
    yield from (Mention(kind=MentionKind.LINES, text=number) for number in match.groups() if number)


def _date(match: re.Match[str]) -> Iterator[Mention]:
    yield Mention(kind=MentionKind.NUMBER, text=match[0], unit="date")


def _balance(match: re.Match[str]) -> Iterator[Mention]:
    yield Mention(kind=MentionKind.COUNT, text=match[1], unit="lines added")
    yield Mention(kind=MentionKind.COUNT, text=match[2], unit="lines removed")


# Runs of characters that stand in names and numbers

_EXTENSIONS: Final = frozenset(
    [
        "py",
        "pyi",
        "pyx",
        "rs",
        "go",
        "c",
        "h",
        "cc",
        "cpp",
        "cxx",
        "hpp",
        "cu",
        "cuh",
        "java",
        "kt",
        "kts",
        "scala",
        "swift",
        "cs",
        "fs",
        "rb",
        "php",
        "js",
        "mjs",
        "cjs",
        "jsx",
        "ts",
        "tsx",
        "vue",
        "svelte",
        "ex",
        "exs",
        "erl",
        "hs",
        "ml",
        "clj",
        "dart",
        "lua",
        "zig",
        "jl",
        "sh",
        "bash",
        "zsh",
        "ps1",
        "bat",
        "sql",
        "proto",
        "graphql",
        "thrift",
        "yaml",
        "yml",
        "json",
        "json5",
        "jsonl",
        "toml",
        "tpl",
        "jinja",
        "j2",
        "md",
        "mdx",
        "rst",
        "adoc",
        "txt",
        "ini",
        "cfg",
        "conf",
        "properties",
        "env",
        "xml",
        "html",
        "css",
        "scss",
        "less",
        "csv",
        "tsv",
        "lock",
        "sum",
        "mod",
        "tf",
        "hcl",
        "cmake",
        "mk",
        "bzl",
        "nix",
        "gradle",
        "svg",
        "png",
        "jpg",
        "jpeg",
        "gif",
        "ipynb",
        "ftl",
        "po",
        "pot",
        "service",
        "dockerfile",
        "gitignore",
        "gitattributes",
        "dockerignore",
    ]
)
_FILE_NAMES: Final = frozenset(
    [
        "Dockerfile",
        "Makefile",
        "Jenkinsfile",
        "Procfile",
        "Gemfile",
        "Rakefile",
        "Justfile",
        "justfile",
        "CODEOWNERS",
        "Containerfile",
        "Earthfile",
    ]
)
_LINE_SUFFIX: Final = re.compile(r"(?::|#L)([0-9]+)(?:-L?([0-9]+))?$")
_NUMBER: Final = re.compile(
    r"[vV]?([0-9][0-9_.]*(?:\^[0-9]+)?(?:-?(?:rc|alpha|beta|post|dev|a|b)\.?[0-9]+)?)([A-Za-z]{0,12})"
)
_ORDINAL: Final = re.compile(r"[0-9]+(?:st|nd|rd|th)")
_HEX: Final = re.compile(r"0[xX][0-9A-Fa-f_]+")
_SHA: Final = re.compile(r"[0-9a-f]{7,40}")
_SHA_CONTEXT: Final = re.compile(r"(?:commit|sha|revision|提交|版本) ?$", re.IGNORECASE)
_POWER: Final = re.compile(r"(?<=[0-9])\*\*(?=[0-9])")
_CAMEL: Final = re.compile(r"[a-z0-9][A-Z]|[A-Z]{2}[a-z]{2}")
#: `e.g.`, `i.e.`, `U.S.`: letters and full stops by turns.
_ABBREVIATION: Final = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]?")
_UNIT: Final = re.compile(r" ?(%|percent\b|(?:x|times)(?![A-Za-z0-9])|倍|[A-Za-z]{1,12}|-bit\b|位)?")


def _chunk(match: re.Match[str]) -> Iterator[Mention]:
    text = match[0].lstrip("…*^\\").rstrip(".,…\\^-")
    text = text.lstrip("~") if text[1:2].isdigit() else text
    if text:
        yield from _named(text, match)


def _named(text: str, match: re.Match[str]) -> Iterator[Mention]:
    """What one run names; a run of words joined by hyphens names each of them."""
    if text.startswith("--") and text[2:3].isalpha():
        yield Mention(kind=MentionKind.FLAG, text=text.removesuffix("()"))
    elif is_known(text):
        return
    elif "/" in text.strip("/") or (text.endswith("/") and len(text) > 2) or is_file_name(text):
        yield from _path(text, match)
    elif _is_sha(text, match):
        yield Mention(kind=MentionKind.SHA, text=text)
    elif "-" in text.strip("-"):
        for part in text.strip("-").split("-"):
            if part:
                yield from _named(part, match)
    else:
        yield from _word(text.strip("-"), match)


def _path(text: str, match: re.Match[str]) -> Iterator[Mention]:
    path, lines = _without_lines(text)
    yield from (Mention(kind=MentionKind.LINES, text=line, unit=path) for line in lines)
    is_path = path[0] in "/.~@" or path.endswith("/") or "*" in path or "…" in path or is_file_name(path)
    if (is_path or any(char in path for char in "_.")) and not _is_fraction(path):
        yield Mention(kind=MentionKind.PATH, text=path)
        return
    parts = [part for part in path.split("/") if part]
    if all(_NUMBER.fullmatch(part) for part in parts):
        for part in parts:
            yield from _word(part, match)
    else:
        yield Mention(kind=MentionKind.JOINED, text=path)


def _is_fraction(path: str) -> bool:
    return all(_NUMBER.fullmatch(part) for part in path.split("/"))


def is_file_name(text: str) -> bool:
    """Whether it ends as files do: a known extension, or one of the names that have none."""
    name = _without_lines(text)[0].rsplit("/", 1)[-1]
    stem, dot, extension = name.rpartition(".")
    return (
        name in _FILE_NAMES
        or name.startswith("Dockerfile.")
        or (bool(dot) and extension in _EXTENSIONS and not (stem and is_known(name)))
    )


def _without_lines(text: str) -> tuple[str, list[str]]:
    """`a.py:3-5` as a path and its line numbers."""
    suffix = _LINE_SUFFIX.search(text)
    if suffix is None:
        return text, []
    return text[: suffix.start()], [number for number in suffix.groups() if number]


def _is_sha(text: str, match: re.Match[str]) -> bool:
    """Hexadecimal digits are a SHA if there are letters and digits among them, or if somebody says so."""
    if not _SHA.fullmatch(text):
        return False
    if any(char.isdigit() for char in text) and any(char.isalpha() for char in text):
        return True
    return _SHA_CONTEXT.search(match.string[max(0, match.start() - 12) : match.start()]) is not None


def _word(text: str, match: re.Match[str]) -> Iterator[Mention]:
    text = _POWER.sub("^", text)
    bare = text.removesuffix("()")
    if not bare or _ORDINAL.fullmatch(bare) or is_known(bare) or _ABBREVIATION.fullmatch(bare):
        return
    if bare[0].isdigit() or (bare[0] in "vV" and bare[1:2].isdigit()):
        yield _number(bare, match)
    elif _is_identifier(text):
        yield Mention(kind=MentionKind.NAME, text=_without_lines(bare)[0].strip(".@$*/\\:"))
    elif any(char.isdigit() for char in bare):
        yield Mention(kind=MentionKind.MODEL, text=bare.strip(".@$*:"))


def _is_identifier(text: str) -> bool:
    bare = text.strip("@$*.:")
    inner = bare.strip("_")
    return (
        text.endswith("()")
        or "::" in bare
        or ("_" in bare and bool(inner))
        or _CAMEL.search(bare) is not None
        or ("." in bare and all(part.isidentifier() for part in bare.split(".")))
        or (text[0] in "@$" and bool(inner))
    )


# Numbers and what is counted

_COUNTED: Final = re.compile(
    r" ?(?:(?:more|new|added|removed|deleted|changed|modified|source|test|个|处|条|新|新增|测试|源) ?){0,3}"
    r"(files?\b|lines?\b|additions?\b|insertions?\b|deletions?\b|removals?\b|hunks?\b|文件|行)"
)
#: The verb in front says what is counted: lines that came, lines that went.
_ADDED: Final = re.compile(
    r"(?:\badd(?:s|ed|ing)?|\binsert(?:s|ed|ing)?|\bcreat(?:e|es|ed|ing)|\bnew|\bgain(?:s|ed)?|新增|增加|添加|新建|加入)"
    r"[了 ]*(?:[a-z]+ ){0,2}(?:\+)?$",
    re.IGNORECASE,
)
_REMOVED: Final = re.compile(
    r"(?:\bremov(?:e|es|ed|ing)|\bdelet(?:e|es|ed|ing)|\bdrop(?:s|ped|ping)?|\blos(?:es|t)|删除|移除|去掉|去除)"
    r"[了 ]*(?:[a-z]+ ){0,2}-?$",
    re.IGNORECASE,
)
_CHANGED: Final = re.compile(
    r"(?:\bchang(?:e|es|ed|ing)|\btouch(?:es|ed|ing)?|\bmodif(?:y|ies|ied|ying)|\brenam(?:e|es|ed|ing)|\bedit(?:s|ed|ing)?"
    r"|\bupdat(?:e|es|ed|ing)|\brewrit(?:e|es|ing)|\bacross|\bspans?|修改|更改|变更|涉及|改动|影响|共|重命名)"
    r"[了 ]*(?:[a-z]+ ){0,2}$",
    re.IGNORECASE,
)
_FROM: Final = re.compile(r"(?:\bfrom|\bwas|由|从) ?(?:v|[=~])?$", re.IGNORECASE)
_TO: Final = re.compile(
    r"(?:\bfrom|\bwas|由|从)[^\x00.;。；]{1,40}?(?:\bto|\bnow|到|至|为|成) ?(?:v|[=~])?$", re.IGNORECASE
)
_BEFORE: Final = 64


def _number(text: str, match: re.Match[str]) -> Mention:
    before = match.string[max(0, match.start() - _BEFORE) : match.start()]
    after = match.string[match.end() : match.end() + _BEFORE]
    if _HEX.fullmatch(text):
        return Mention(kind=MentionKind.NUMBER, text=text)
    number = _NUMBER.fullmatch(text)
    if number is None:
        return Mention(kind=MentionKind.MODEL, text=text)
    value, unit = number[1].rstrip("."), number[2]
    if counted := _COUNTED.match(after) if not unit and value.isdigit() else None:
        return Mention(kind=MentionKind.COUNT, text=value, unit=f"{_things(counted[1])} {_happened(before)}".strip())
    side = " from" if _FROM.search(before) else " to" if _TO.search(before) else ""
    following = _UNIT.match(after)
    return Mention(
        kind=MentionKind.NUMBER, text=value, unit=(unit or (following[1] if following and following[1] else "")) + side
    )


def _things(noun: str) -> str:
    noun = noun.lower().rstrip("s")
    return {"文件": "files", "file": "files", "hunk": "hunks"}.get(
        noun,
        "lines"
        + {"addition": " added", "insertion": " added", "deletion": " removed", "removal": " removed"}.get(noun, ""),
    )


def _happened(before: str) -> str:
    for word, pattern in (("added", _ADDED), ("removed", _REMOVED), ("changed", _CHANGED)):
        if pattern.search(before):
            return word
    return ""


_PASSES: Final = (
    (_CODE, _code),
    (_LINK, _link),
    (_PULL_REQUEST, _pull_request),
    (_LINES, _lines),
    (_DATE, _date),
    (_BALANCE, _balance),
    (_CHUNK, _chunk),
)
