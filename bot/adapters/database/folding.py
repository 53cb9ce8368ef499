"""What can be looked for in a text, and what somebody looks for: the same words, however they were written.

Both databases index what stands here between spaces, and nothing else, so that both find the same:

- Words are evened: `ＫＶ` is `kv`, capitals do not count.
- An identifier is the words it is made of, and they written together, from each of them on: `kv_router`, `KvRouter` and
  `kv-router` are `kvrouter`, `kv` and `router`.
- Chinese, Japanese and Korean, which put no spaces between words, are characters and pairs of neighbours: 性能优化 is
  性, 能, 优, 化, 性能, 能优 and 优化. Longer words are the pairs that they are made of.
- `#1234` is that beside `1234`.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

#: Characters of a word that are kept: of what is longer, the beginning tells enough.
WORD_MAX: Final = 64
#: Hexadecimal digits from which on something is the beginning of a SHA.
_SHA_MIN: Final = 7

_UNSPACED: Final = "々〆\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_LETTER: Final = rf"[^\W_{_UNSPACED}]"
#: Dots hold together numbers only: `0.8.1` is one word, `kv_router.rs` two.
_WORD: Final = re.compile(
    rf"(?P<unspaced>[{_UNSPACED}]+)"
    rf"|(?P<number>\#\d+)(?!{_LETTER})"
    rf"|(?P<identifier>{_LETTER}+(?:(?:[_-]+|(?<=\d)\.(?=\d)){_LETTER}+)*)"
)
#: Where an identifier's words meet: `kv_router`, `KvRouter`, `HTTPServer`.
_SEAM: Final = re.compile(r"[\W_]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Sought(NamedTuple):
    """One thing that must stand there."""

    word: str
    #: As the beginning of a longer one, too.
    is_beginning: bool


def folded(texts: Iterable[str], most: int) -> str:
    """All that the texts can be found by, each once, between spaces; of at most so many characters."""
    found = dict.fromkeys(word for text in texts for word in _indexed(text))
    joined = " ".join(found)
    return joined if len(joined) <= most else joined[:most].rpartition(" ")[0]


def sought(text: str) -> tuple[Sought, ...]:
    """What must stand where all words of the text do; nothing if there are no letters and digits in it.

    The last word may go on, since people look while they type; and so may identifiers of several words, and SHAs.
    """
    evened = _evened(text)
    matches = list(_WORD.finditer(evened))
    found = [one for match in matches for one in _wanted(match)]
    if matches and matches[-1].lastgroup == "identifier" and matches[-1].end() == len(evened):
        found[-1] = Sought(found[-1].word, is_beginning=True)
    return tuple(dict.fromkeys(found))


def _indexed(text: str) -> Iterator[str]:
    for match in _WORD.finditer(_evened(text)):
        if run := match["unspaced"]:
            yield from run
            yield from _pairs(run)
        elif number := match["number"]:
            yield from (number[:WORD_MAX], number[1:][:WORD_MAX])
        else:
            parts = _parts(match["identifier"])
            yield from parts
            yield from ("".join(parts[start:])[:WORD_MAX] for start in range(len(parts) - 1))


def _wanted(match: re.Match[str]) -> Iterator[Sought]:
    if run := match["unspaced"]:
        yield from (Sought(word, is_beginning=False) for word in (_pairs(run) if len(run) > 1 else run))
    elif number := match["number"]:
        yield Sought(number[:WORD_MAX], is_beginning=False)
    else:
        parts = _parts(match["identifier"])
        word = "".join(parts)[:WORD_MAX]
        yield Sought(word, is_beginning=len(parts) > 1 or _is_sha(word))


def _evened(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _pairs(run: str) -> Iterator[str]:
    return (run[start : start + 2] for start in range(len(run) - 1))


def _parts(identifier: str) -> list[str]:
    """Its words without regard to capitals; a word that folding lengthens is cut like any other."""
    return [part.casefold()[:WORD_MAX] for part in _SEAM.split(identifier) if part]


def _is_sha(word: str) -> bool:
    return len(word) >= _SHA_MIN and all(digit in "0123456789abcdef" for digit in word)
