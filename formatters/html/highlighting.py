"""Source as highlighted HTML: a class for each kind of word, so that the stylesheet can be light or dark."""

from collections.abc import Sequence
from functools import cache
from itertools import groupby
from typing import Final

from markupsafe import Markup, escape
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name  # pyright: ignore[reportUnknownVariableType]
from pygments.token import Comment, Keyword, Literal, Name, Operator, _TokenType  # pyright: ignore[reportPrivateUsage]

from formatters import wording as say

#: Characters of a line; lexers take long for lines that nobody wrote by hand.
LINE_MAX: Final = 300
#: Pygments' names of languages, by the endings of files' names, or whole names in small letters. Its own guesses are
#: not used: some of its lexers take minutes for a page that somebody made to be slow, and `go.mod` is no Modula-2.
_LANGUAGES: Final = {
    "bash": "sh bash zsh",
    "c": "c h",
    "cmake": "cmake cmakelists.txt",
    "cpp": "cc cpp cxx hh hpp hxx",
    "csharp": "cs",
    "css": "css",
    "cuda": "cu cuh",
    "docker": "dockerfile",
    "go": "go",
    "html": "html htm",
    "ini": "ini cfg conf",
    "java": "java",
    "javascript": "js mjs cjs",
    "json": "json jsonc",
    "jsx": "jsx",
    "kotlin": "kt kts",
    "lua": "lua",
    "make": "mk makefile",
    "markdown": "md mdx",
    "protobuf": "proto",
    "python": "py pyi bzl",
    "ruby": "rb",
    "rust": "rs",
    "scala": "scala",
    "swift": "swift",
    "terraform": "tf hcl",
    "toml": "toml",
    "tsx": "tsx",
    "typescript": "ts mts cts",
    "xml": "xml svg",
    "yaml": "yaml yml",
}
_BY_ENDING: Final = {ending: language for language, endings in _LANGUAGES.items() for ending in endings.split()}
#: The nearest of these above a token says its class.
_CLASSES: Final = {
    Comment: "c",
    Keyword: "k",
    Literal.Number: "n",
    Literal: "s",
    Name.Builtin: "b",
    Name.Class: "f",
    Name.Decorator: "d",
    Name.Function: "f",
    Name.Tag: "k",
    Name.Attribute: "b",
    Operator.Word: "k",
}
_SPAN: Final = Markup('<span class="{}">{}</span>')


def highlighted(path: str, lines: Sequence[str]) -> list[Markup]:
    """Each line on its own; plain where nobody knows the language of files with such a name."""
    lexer = _lexer(_language(path))
    seen = [say.seen_in_source(line) for line in lines]
    if lexer is None or any(len(line) > LINE_MAX for line in seen):
        return [escape(line) for line in seen]
    return _drawn(lexer, seen)


def plain(line: str) -> Markup:
    return escape(say.seen_in_source(line))


def _drawn(lexer: Lexer, lines: Sequence[str]) -> list[Markup]:
    """Plain if the lexer loses or adds anything."""
    text = "".join(f"{line}\n" for line in lines)  # some lexers know a comment by its end
    tokens = list(lexer.get_tokens(text))
    if "".join(value for _kind, value in tokens) != text:
        return [escape(line) for line in lines]
    drawn: list[list[tuple[str, str]]] = [[]]
    for kind, value in tokens:
        name = _class(kind)
        first, *others = value.split("\n")
        drawn[-1].append((name, first))
        drawn.extend([(name, text)] for text in others)
    return [_line(pieces) for pieces in drawn[:-1]]


def _line(pieces: Sequence[tuple[str, str]]) -> Markup:
    parts = ((name, "".join(text for _name, text in run)) for name, run in groupby(pieces, key=lambda one: one[0]))
    return Markup("").join(_SPAN.format(name, text) if name and text.strip() else escape(text) for name, text in parts)


@cache
def _class(kind: _TokenType) -> str:
    while kind not in _CLASSES and kind.parent is not None:
        kind = kind.parent
    return _CLASSES.get(kind, "")


def _language(path: str) -> str:
    """Empty where nobody knows it."""
    name = path.rpartition("/")[2].casefold()
    first, _dot, _rest = name.partition(".")
    return (
        _BY_ENDING.get(name) or _BY_ENDING.get(name.rpartition(".")[2]) or ("docker" if first == "dockerfile" else "")
    )


@cache
def _lexer(language: str) -> Lexer | None:
    """Lines stay as they are."""
    return get_lexer_by_name(language, stripnl=False, ensurenl=False) if language else None
