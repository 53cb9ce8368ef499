"""What stands in a text: its words, numbers, pull requests and SHAs, indexed once, and literal pieces on demand."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from bot.core.evidence.mentions import normalised

_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HUMP: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_NUMBER: Final = re.compile(
    r"(?<![A-Za-z0-9_.])[vV]?([0-9][0-9_]*(?:\.[0-9][0-9_]*){0,8}(?:-?(?:rc|alpha|beta|post|dev|a|b)\.?[0-9]+)?)"
)
#: `python3.11`, `h100`, `_v2`: a number that is part of a name.
_EMBEDDED: Final = re.compile(r"(?<=[A-Za-z_-])([0-9]+(?:\.[0-9]+){0,8})")
_POWER: Final = re.compile(r"(?<![0-9.])([0-9]{1,6}) ?(?:\^|\*\*) ?([0-9]{1,6})(?![0-9.])")
_SHIFT: Final = re.compile(
    r"(?<![A-Za-z0-9.])1_?(?:[uUiI](?:8|16|32|64|128|size)|[uUlL]{1,3})? ?<< ?([0-9]{1,6})(?![0-9])"
)
_PULL_REQUEST: Final = re.compile(
    r"(?:#|/pull/|/issues/|\bGH-|\bPR |\bpull request )([0-9]{1,10})(?![A-Za-z0-9_])", re.IGNORECASE
)
_SHA: Final = re.compile(r"(?<![0-9A-Za-z_])[0-9a-f]{7,40}(?![0-9A-Za-z_])")
_KEY_VALUE: Final = re.compile(r"\s*['\"]?([A-Za-z_][\w.-]{0,80})['\"]?\s*(?:=|:(?!:))\s*(\S[^\n]{0,100})")


#: `=` or `:`, after an annotation and quotes, before quotes.
_ASSIGNMENT: Final = r"['\"]?\s{0,8}(?::[^\n=]{0,40})?\s{0,8}(?::=|[=:])\s{0,8}['\"(]{0,2}"
_PIECE: Final = re.compile(r"\w+|[^\w\s]")


def canonical(number: str) -> str:
    """`1_000` and `1000.0` are `1000`; `1.20` is not `1.2`, for it may be a version."""
    plain = number.replace("_", "").lstrip("vV")
    whole, dot, fraction = plain.partition(".")
    if dot and not fraction.strip("0"):
        plain = whole
    return plain.lstrip("0") or "0" if plain.isdigit() else plain


def numbers(text: str) -> frozenset[str]:
    """Canonical numbers that stand for themselves, with the shorter forms of versions: `0.8.1` also says `0.8`."""
    found = {canonical(number) for number in _NUMBER.findall(text)}
    return frozenset(found | {short for number in found for short in _shortened(number)})


def _shortened(version: str) -> list[str]:
    parts = version.split(".")
    return [".".join(parts[:length]) for length in range(2, len(parts))]


@dataclass(frozen=True)
class Wording:
    """Normalised text with its index, made when it is first needed."""

    text: str

    @classmethod
    def of(cls, text: str) -> "Wording":
        return cls(normalised(text))

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(_WORD.findall(self.text))

    @cached_property
    def folded(self) -> frozenset[str]:
        """Words and their parts without regard to case and underscores: how prose writes them."""
        parts = {part for word in self.words for part in _HUMP.findall(word)}
        segments = {segment for word in self.words for segment in word.split("_")}
        joined = {word.replace("_", "") for word in self.words}
        return frozenset(word.casefold() for word in self.words | parts | segments | joined)

    @cached_property
    def numbers(self) -> frozenset[str]:
        return numbers(self.text)

    @cached_property
    def embedded(self) -> frozenset[str]:
        return frozenset(canonical(number) for number in _EMBEDDED.findall(self.text))

    @cached_property
    def powers(self) -> frozenset[str]:
        powers = {f"{base}^{exponent}" for base, exponent in _POWER.findall(self.text)}
        return frozenset(powers | {f"2^{exponent}" for exponent in _SHIFT.findall(self.text)})

    @cached_property
    def pull_requests(self) -> frozenset[int]:
        return frozenset(int(number) for number in _PULL_REQUEST.findall(self.text))

    @cached_property
    def shas(self) -> frozenset[str]:
        return frozenset(_SHA.findall(self.text))

    @cached_property
    def _lower(self) -> str:
        return self.text.lower()

    def has_word(self, word: str, *, exactly: bool = False) -> bool:
        """The word itself, its singular, or, unless exactly this one is meant, without the capital of a first word."""
        forms = [form for form in _forms(word) if form[0] == word[0]] if exactly else _forms(word)
        return any(form in self.words for form in forms)

    def has_word_folded(self, word: str) -> bool:
        return any(form.replace("_", "").casefold() in self.folded for form in _forms(word))

    def has(self, piece: str) -> bool:
        """The piece literally, neither as a part of longer words nor of longer file names."""
        return _stands(self.text, piece)

    def has_folded(self, piece: str) -> bool:
        return _stands(self._lower, piece.lower())

    def has_letters_then(self, letters: str, digits: str) -> bool:
        """`cuda13` is borne out by `CUDA 13` and `cuda-13`."""
        return any(
            _stands(self._lower, f"{letters.lower()}{joint}{digits}") for joint in ("", " ", "-", "_", "=", "==")
        )

    def assigns(self, span: str) -> bool | None:
        """Whether `key=value` or `key: value` stands here, however it is spaced or quoted; None if it is neither."""
        pair = _KEY_VALUE.fullmatch(span)
        if pair is None:
            return None
        value = r"\s{0,4}".join(_spelled(piece) for piece in _PIECE.findall(pair[2].strip(" '\"`,;")))
        rest = re.compile(rf"{_ASSIGNMENT}{value}(?![A-Za-z0-9_]|\.[0-9])")
        ends = (start + len(pair[1]) for start in _places(self.text, pair[1]))
        return any(rest.match(self.text, end) for end in ends)


def _spelled(piece: str) -> str:
    """Code may have underscores in its numbers."""
    return "_?".join(piece) if piece.isascii() and piece.isdigit() else re.escape(piece)


def _forms(word: str) -> list[str]:
    forms = [word, word[:1].swapcase() + word[1:]]
    if word.endswith("s") and len(word) > 3:
        forms.append(word[:-1])
    if word.endswith("es") and len(word) > 4:
        forms.append(word[:-2])
    return forms


def _stands(text: str, piece: str) -> bool:
    return next(_places(text, piece), None) is not None


def _places(text: str, piece: str) -> Iterator[int]:
    start = text.find(piece) if piece else -1
    while start >= 0:
        if not _continues(text, start, start + len(piece)):
            yield start
        start = text.find(piece, start + 1)


def _continues(text: str, start: int, end: int) -> bool:
    """Whether what stands there goes on in front of it or behind."""
    before, after = text[start - 1 : start], text[end : end + 2]
    front = _is_inner(before) and _is_inner(text[start])
    back = (_is_inner(after[:1]) and _is_inner(text[end - 1])) or (after[:1] == "." and _is_inner(after[1:]))
    return front or back


def _is_inner(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char in {"_", "-"}) and char != ""
