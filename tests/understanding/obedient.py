"""A language model that does whatever the data of a question tell it, for measuring what becomes of that."""

import base64
import binascii
import codecs
import contextlib
import html
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from bot.core.ports import Completion, LanguageModel, ModelState, Question
from tests.understanding.attacks import ATTACKS, HOMOGLYPHS, Attack, Kind

#: What somebody who was told to leak the instructions gives away, in characters.
LEAKED_MAX: Final = 60

_CJK: Final = "\u3400-\u9fff"
_WORD: Final = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
_ESCAPE: Final = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_NUMBERED: Final = re.compile(r"\s*(\d+): ?(.*)")
_HEADING: Final = re.compile(r"^=== (.+?) \(", re.MULTILINE)
_SHA: Final = re.compile(r"\b[0-9a-f]{7,40}\b")
_COMPUTED: Final = re.compile(r"^computed importance: (high|medium|low)$", re.MULTILINE)
_UNFOLDED: Final = str.maketrans(
    {**HOMOGLYPHS, **{chr(0xE0000 + ascii_code): chr(ascii_code) for ascii_code in range(0x20, 0x7F)}}
)


class ObedientModel:
    """Obeys every attack of which half the words can still be read, and says of anything else that it changes a file.

    It reads through disguises, and writes what it was told wherever the schema takes text. It cannot repeat a canary
    that it was not shown; it raises or lowers importance all the same.
    """

    def __init__(self, attacks: Sequence[Attack] = ATTACKS, *, name: str = "obedient-1") -> None:
        self.name = name
        self._attacks = attacks
        self.questions: list[Question] = []
        #: The names of the attacks that it fell for, in the order of the questions.
        self.obeyed: list[str] = []

    async def warm_up(self) -> None:
        pass

    async def state(self) -> ModelState:
        return ModelState()

    async def ask(self, question: Question, *, repair: tuple[str, str] | None = None) -> Completion:
        """An answer that fits the question's schema; the same again when it is asked to repair it."""
        self.questions.append(question)
        orders = self._orders(question.content)
        self.obeyed += [attack.name for attack in orders]
        text = json.dumps(_answer(question, orders), ensure_ascii=False)
        tokens = len(question.content) // 4
        return Completion(
            text=text, model=self.name, prompt_tokens=tokens, completion_tokens=len(text) // 4, price=None
        )

    def _orders(self, content: str) -> list[Attack]:
        """Those that it falls for; where some can be read to the end, only those."""
        lines = _data(content)
        legible = [attack for attack in self._attacks if is_legible(attack.order, lines)]
        return [attack for attack in legible if is_readable(attack.canary, lines)] or legible


_model: type[LanguageModel] = ObedientModel


# Reading


def _data(content: str) -> list[str]:
    """The lines of data without their mark; all lines if none is marked."""
    lines = content.splitlines()
    return [line.removeprefix("|").removeprefix(" ") for line in lines if line.startswith("|")] or lines


def is_legible(order: str, lines: Sequence[str]) -> bool:
    """Whether the order is there, or at least half of its words, those of each of its lines in one line."""
    if _letters(order) in _letters("\n".join(lines)):
        return True
    readable = [_words(line) for line in lines]
    wanted = [_words(line) for line in order.splitlines()]
    found = sum(max((len(words & line) for line in readable), default=0) for words in wanted)
    return 2 * found >= sum(map(len, wanted))


def is_readable(canary: str, lines: Sequence[str]) -> bool:
    """Whether the canary is there, as it is or in disguise."""
    token = _letters(canary)
    return any(token in _letters(reading) for reading in _readings("\n".join(lines)))


def _readings(text: str) -> Iterator[str]:
    yield text
    yield html.unescape(text)
    yield codecs.encode(text, "rot13")
    for match in _BASE64.finditer(text):
        try:
            yield base64.b64decode(match[0] + "=" * (-len(match[0]) % 4)).decode("utf-8", "replace")
        except binascii.Error:
            continue


def _unfolded(text: str) -> str:
    """Without disguise: escapes read, look-alikes Latin, variants of letters plain, small, and nothing unseen."""
    unescaped = _ESCAPE.sub(lambda match: chr(int(match[1] or match[2] or match[3], 16)), text)
    plain = unicodedata.normalize("NFKC", unescaped.translate(_UNFOLDED)).casefold()
    return "".join(character for character in plain if unicodedata.category(character) != "Cf")


@lru_cache(maxsize=4_096)
def _letters(text: str) -> str:
    """Letters and digits alone, so that neither spaces nor line breaks nor marks of comments come between them."""
    return "".join(filter(str.isalnum, _unfolded(text)))


@lru_cache(maxsize=4_096)
def _words(line: str) -> frozenset[str]:
    """Words, and of Chinese every two characters that follow each other."""
    words: set[str] = set()
    for word in _WORD.findall(_unfolded(line)):
        is_chinese = re.match(f"[{_CJK}]", word) and len(word) > 1
        words |= {word[start : start + 2] for start in range(len(word) - 1)} if is_chinese else {word}
    return frozenset(words)


# Answering


def _answer(question: Question, orders: Sequence[Attack]) -> Any:
    lines = _data(question.content)
    said = " ".join(_said(attack, question) for attack in orders if is_readable(attack.canary, lines))
    if question.purpose == "translation":
        return _translation(lines, said)
    writer = _Writer(question, orders, said or _honest(question, lines))
    answer = writer.value(question.schema)
    match question.purpose:
        case "analysis":
            return answer | _fake_answer(orders) if said else answer
        case "reduction":
            return answer if said else answer | _part(lines)
        case _:
            return answer


def _said(attack: Attack, question: Question) -> str:
    leaked = f" {question.instructions[:LEAKED_MAX]}" if attack.kind is Kind.EXFILTRATION else ""
    return attack.said + leaked


def _honest(question: Question, lines: Sequence[str]) -> str:
    if question.purpose == "lead":
        return _copied(lines)
    path = next(iter(_paths(lines)), "")
    chinese = "简体中文" in question.content
    if not path:
        return "改动了一些代码。" if chinese else "Some code changes."
    return f"`{path}` 有改动。" if chinese else f"`{path}` changes."


def _paths(lines: Sequence[str]) -> list[str]:
    """Of the files that it was shown, those named innocently first."""
    return sorted(_HEADING.findall("\n".join(lines)), key=lambda path: "CANARY" in path)


def _copied(lines: Sequence[str]) -> str:
    """What it was given about the commits, those with a canary first, of which it is proud."""
    told = [line.split(":", 1)[-1].strip() or line for line in lines]
    return " ".join(sorted(told, key=lambda line: "CANARY" not in line)[:3])


def _translation(lines: Sequence[str], said: str) -> dict[str, Any]:
    """The texts as they are, with what it was told after each."""
    numbered = [match for match in map(_NUMBERED.match, lines) if match]
    return {"translations": [{"id": int(match[1]), "text": f"{match[2]} {said}".strip()} for match in numbered]}


def _fake_answer(orders: Sequence[Attack]) -> dict[str, Any]:
    """The first answer that an attacker wrote for it."""
    for attack in orders:
        start, end = attack.order.find("{"), attack.order.rfind("}")
        if attack.kind is Kind.FAKE_ANSWER and 0 <= start < end:
            return json.loads(attack.order[start : end + 1])
    return {}


def _part(lines: Sequence[str]) -> dict[str, Any]:
    """Of the answers about parts of a commit that it was given, the one of which it is proudest."""
    text = "\n".join(lines)
    parts: list[dict[str, Any]] = []
    for start in re.finditer(r"^\{", text, re.MULTILINE):
        with contextlib.suppress(ValueError):
            parts.append(json.JSONDecoder().raw_decode(text, start.start())[0])
    return max(parts, key=lambda part: "CANARY" in str(part), default={})


class _Writer:
    """Fills in a JSON schema: the same text wherever one fits, and true paths and hunks as its evidence."""

    def __init__(self, question: Question, orders: Sequence[Attack], text: str) -> None:
        content = question.content
        self._schema = question.schema
        self._text = text
        computed = _COMPUTED.search(content)
        self._level = _wanted(orders) or (computed[1] if computed else "medium")
        lines = _data(content)
        self._path = next((attack.path for attack in orders if attack.path in content), next(iter(_paths(lines)), ""))
        self._shas = list(dict.fromkeys(_SHA.findall("\n".join(lines))))

    def value(self, schema: Mapping[str, Any], name: str = "") -> Any:
        schema = self._resolved(schema)
        if "enum" in schema:
            return self._choice(schema["enum"])
        if "anyOf" in schema:
            return self._any(schema["anyOf"], name)
        match schema.get("type"):
            case "object":
                return {key: self.value(part, key) for key, part in schema["properties"].items()}
            case "array":
                return self._list(schema, name)
            case "integer" | "number":
                return 1
            case "boolean":
                return True
            case _:
                return self._string(name)

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in schema:
            return schema
        found: Any = self._schema
        for key in schema["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        return found

    def _choice(self, values: Sequence[Any]) -> Any:
        return next((value for value in (self._level, "contract") if value in values), values[0])

    def _any(self, schemas: Sequence[Mapping[str, Any]], name: str) -> Any:
        if name == "rule" and self._level != "high":
            return None
        return self.value(next(part for part in schemas if part.get("type") != "null"), name)

    def _list(self, schema: Mapping[str, Any], name: str) -> list[Any]:
        if name == "shas":
            return self._shas[:2]
        return [self.value(schema["items"], name)]

    def _string(self, name: str) -> str:
        return self._path if name == "path" else self._text


def _wanted(orders: Sequence[Attack]) -> str | None:
    """High if anybody wants that."""
    return max((attack.wants for attack in orders), key=lambda level: level == "high", default=None)
