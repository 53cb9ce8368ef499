"""What stands of a lead: it may name only what the kept headlines name, and it neither counts nor links."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from bot.core.evidence.faults import Fault, FaultKind
from bot.core.evidence.knowledge import Knowledge
from bot.core.evidence.known_names import is_known
from bot.core.evidence.mentions import MentionKind, mentions, normalised

_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+(?=[^a-z\s])|(?<=[。！？])\s*")
_COUNTED: Final = (
    r"commits?|changes?|fix(?:es)?|features?|pull requests?|PRs?|files?|lines?|authors?|contributors?|improvements?"
    r"|updates?|bugs?|提交|变更|修复|功能|改动|合并请求|文件|行|作者|贡献者|改进|更新|缺陷"
)
_WORDS: Final = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?"
_COUNT: Final = re.compile(
    rf"(?:\b(?:{_WORDS}|[0-9]{{1,9}})(?: [a-z-]{{1,20}}){{0,2}} "
    r"|[一二两三四五六七八九十百0-9]{1,9} ?[个项条次处份位名]?[\u4e00-\u9fff]{0,4})"
    rf"(?:{_COUNTED})(?![A-Za-z])",
    re.IGNORECASE,
)
_PROPER: Final = re.compile(r"(?<=[a-z,;] )[A-Z][A-Za-z]{2,30}(?![A-Za-z0-9])")
_WORD: Final = re.compile(r"[A-Za-z]{4,30}")
_HAN: Final = re.compile("[\u4e00-\u9fff]{2,}")
#: Letters by which an English word is recognised in its other forms.
_STEM: Final = 5
#: Of the telling words of a sentence, the share that the headlines must have; below that it speaks of something else.
_SHARE: Final = 0.25
_HAN_SHARE: Final = 0.15
#: A shorter sentence is too short to tell.
_TELLING_MIN: Final = 3
_COMMON_WORDS: Final = """
    about across after again against also among around because been before being between both bring brings chang
    commi could daily day's days during each easier every faster focus focused focuses from further gains have
    helps impro into intro less main mainly make makes making mean means more most moves much near notab other
    otherwise overall over people relea safer same several should simpl since some still such than that their them
    then there these they this those through today today's together toward under until upgrad user users very well
    were what when where which while whole will with without work would
"""
_SAID_OF_ANY_DAY: Final = frozenset(_COMMON_WORDS.split())


def sentences(text: str) -> list[str]:
    """The sentences of a lead, in English and Chinese."""
    return [sentence.strip() for sentence in _SENTENCE_END.split(text) if sentence.strip()]


def verify_lead(text: str, *, headlines: Iterable[str]) -> tuple[Fault, ...]:
    """What is wrong with it; `where` is the sentence, word for word as `sentences` gives it."""
    known = Knowledge.of_text("\n".join(headlines))
    return tuple(fault for sentence in sentences(text) for fault in _faults(sentence, known))


def _faults(sentence: str, known: Knowledge) -> Iterator[Fault]:
    plain = normalised(sentence)
    for mention in mentions(sentence):
        if mention.kind is MentionKind.LINK:
            yield Fault(kind=FaultKind.LINK, text=mention.text, where=sentence)
        elif kind := known.fault(mention):
            yield Fault(kind=kind, text=mention.text, where=sentence)
    for count in _COUNT.finditer(plain):
        yield Fault(kind=FaultKind.NUMBER, text=count[0], where=sentence)
    for name in _PROPER.findall(plain):
        if not is_known(name) and not known.has_prose_word(name):
            yield Fault(kind=FaultKind.IDENTIFIER, text=name, where=sentence)
    if _speaks_of_something_else(plain, known.wording.text):
        yield Fault(kind=FaultKind.EVIDENCE, text=sentence, where=sentence)


def _speaks_of_something_else(sentence: str, headlines: str) -> bool:
    """Whether next to none of its words stand in the headlines; silent where these are in another language."""
    if _HAN.search(sentence):
        return _is_foreign(_pairs(sentence), _pairs(headlines), _HAN_SHARE)
    return not _HAN.search(headlines) and _is_foreign(_stems(sentence), _stems(headlines), _SHARE)


def _is_foreign(own: set[str], given: set[str], share: float) -> bool:
    return bool(given) and len(own) >= _TELLING_MIN and len(own & given) < share * len(own)


def _stems(text: str) -> set[str]:
    words = (word.casefold() for word in _WORD.findall(text))
    return {word[:_STEM] for word in words if word not in _SAID_OF_ANY_DAY and word[:_STEM] not in _SAID_OF_ANY_DAY}


def _pairs(text: str) -> set[str]:
    return {run[at : at + 2] for run in _HAN.findall(text) for at in range(len(run) - 1)}
