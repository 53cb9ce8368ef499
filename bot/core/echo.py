"""Whether an analysis repeats what strangers wrote for people to read, instead of saying what their code does.

A model that obeys an order in a commit repeats the words it was given. Comments, documentation, long strings and the
message are such words; identifiers, paths and short strings are code, which anybody may name.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import Final

from bot.core.injection import withheld_names
from bot.core.model import CommitDiff
from bot.core.paths import FileClass, classify

#: Words in a row that nobody writes twice by chance; Chinese characters in a row likewise.
RUN_OF_WORDS: Final = 5
RUN_OF_CHARACTERS: Final = 12
#: A string of at least so many words is a sentence, a shorter one a name, a key or a format.
SENTENCE: Final = 4
#: Characters of a line that are looked at.
LINE_READ: Final = 2_000

_STRING: Final = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|`([^`]*)`|“([^”]*)”|‘([^’]*)’")
_COMMENT: Final = re.compile(
    r"(?:^|(?<=[\s;{}(),]))(?://|#(?![\[!]|\s*(?:include|define|if|ifdef|ifndef|endif|else|pragma|undef)\b)|--\s|;;|%%|<!--|/\*|\*/?\s|\*$|REM\s).*$"
)
_CODE_SIGN: Final = re.compile(r"[(){}\[\]=;]")
_VALUE_SIGN: Final = re.compile(r"[={]|->|::")
#: A line of words and hardly a sign that code has.
_PLAIN_WORD: Final = re.compile(r"[A-Za-z][a-z']+[,.:;!?]?$|[AIa]$")
_WORD: Final = re.compile(r"[a-z0-9_]+(?:['’][a-z]+)?|[\u3400-\u9fff]")
_TOKEN: Final = re.compile(r"[A-Za-z0-9_]{3,}")
_CJK: Final = re.compile(r"[\u3400-\u9fff]")
_UNSEEN: Final = re.compile(r"[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Strangers:
    """The words of a commit that were written for people."""

    #: Every run of so many of its words or characters in a row.
    runs: frozenset[tuple[str, ...]]
    #: Names and numbers with letters that stand in them, and nowhere in the code.
    names: frozenset[str]

    @classmethod
    def of(cls, diff: CommitDiff) -> "Strangers":
        """Of the message, the comments, documents and sentences of the patches, and names of files that are sentences.

        Runs of the subject are left out: it is the commit's title, which an analysis may well begin with.
        """
        sentences = withheld_names(diff)
        prose = [*_paragraphs(diff.commit.body.split("\n")), *map(_spaced, sentences)]
        code = [file.path for file in diff.commit.files if file.path not in sentences]
        for path, patch in diff.patches.items():
            in_prose, in_code = _divided(patch, is_document=classify(path) is FileClass.DOCS)
            prose += _paragraphs(in_prose)
            code += in_code
        coded = {token.casefold() for text in code for token in _TOKEN.findall(_plain(text))}
        titled = [*prose, diff.commit.subject]
        named = {token.casefold() for text in titled for token in _TOKEN.findall(_plain(text)) if _is_name(token)}
        return cls(runs=frozenset(_runs(prose)), names=frozenset(named - coded))

    def are_echoed(self, text: str) -> bool:
        """Whether the text repeats a run of their words, or a name that only they use."""
        plain = _plain(text)
        if any(token.casefold() in self.names for token in _TOKEN.findall(plain)):
            return True
        return any(run in self.runs for run in _runs([plain]))


def _spaced(path: str) -> str:
    return re.sub(r"[-_./／]+", " ", path)


def _plain(text: str) -> str:
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", text))


def _is_name(token: str) -> bool:
    """`CANARY7`, `retry_count`, `HttpServer`: no word of a language, no number and no SHA."""
    capitals = sum(character.isupper() for character in token)
    return "_" in token.strip("_") or capitals > 1 or (capitals == 1 and not token[0].isupper())


def _runs(texts: Iterable[str]) -> Iterator[tuple[str, ...]]:
    for text in texts:
        words = _WORD.findall(_plain(text).casefold())
        for kind, length in ((False, RUN_OF_WORDS), (True, RUN_OF_CHARACTERS)):
            chosen = [word for word in words if bool(_CJK.match(word)) is kind]
            for start in range(len(chosen) - length + 1):
                yield tuple(chosen[start : start + length])


# What is prose in a patch


def _divided(patch: str, *, is_document: bool) -> tuple[list[str], list[str]]:
    """Prose and code of a patch, line by line."""
    prose: list[str] = []
    code: list[str] = []
    quoted = False
    for line in map(unescape, patch.split("\n")):
        text = line[1:LINE_READ] if line[:1] in {"+", "-", " "} else line.partition("@@ ")[2].partition("@@")[2]
        marks = text.count('"""') + text.count("'''")
        if is_document or quoted or marks:
            prose.append(text)
            code += re.findall(r"`([^`\s]+)`", text) if is_document else []
        else:
            words, rest = _sorted_out(text)
            prose.append(words)
            code.append(rest)
        quoted ^= marks % 2 == 1
    return prose, code


def _sorted_out(line: str) -> tuple[str, str]:
    """The prose and the code of one line of code."""
    sentences = [part for match in _STRING.finditer(line) for part in match.groups() if part and _is_sentence(part)]
    rest = _STRING.sub(lambda match: " " if any(part in sentences for part in match.groups()) else match[0], line)
    comment = _COMMENT.search(rest)
    if comment:
        sentences.append(comment[0])
        rest = rest[: comment.start()]
    value = rest.partition(":")[2]
    if (_is_sentence(rest) and not _CODE_SIGN.search(rest)) or _CJK.search(rest):
        return " ".join([*sentences, rest]), ""
    if _is_sentence(value) and not _VALUE_SIGN.search(value):
        return " ".join([*sentences, value]), rest[: -len(value)]
    return " ".join(sentences), rest


def _is_sentence(text: str) -> bool:
    words = text.split()
    if _CJK.search(text) and len(_CJK.findall(text)) >= SENTENCE:
        return True
    return len(words) >= SENTENCE and sum(bool(_PLAIN_WORD.match(word)) for word in words) * 2 >= len(words)


def _paragraphs(lines: Iterable[str]) -> Iterator[str]:
    """Neighbouring lines joined, since sentences do not end where lines do; an empty one divides."""
    joined: list[str] = []
    for line in lines:
        if line.strip():
            joined.append(line)
        elif joined:
            yield " ".join(joined)
            joined = []
    if joined:
        yield " ".join(joined)
