"""The options of `subscribe`: when a digest comes, in which language, and which commits it shows."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import time
from typing import Any, Final

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore import GitIgnorePatternError

from bot.core.commands import Subscribe
from bot.core.days import parse_zone
from bot.core.errors import NotUnderstood
from bot.core.language import Language, _
from bot.core.model import Importance
from bot.core.patterns import Followed, RepoPattern, parse_excluded, parse_followed
from bot.core.ranges import Weekday
from bot.core.subscriptions import EVERY_DAY, WORKDAYS, QuietDays

#: Conditions of one kind, and characters of one.
CONDITIONS_MAX: Final = 20
CONDITION_MAX: Final = 200
#: `**` in a pattern of paths, and `*` in one part of it. Matching takes a time that grows with the path's length to the
#: power of these, and more of them would let one subscription stop the bot.
ANY_DEPTH_MAX: Final = 2
STARS_MAX: Final = 2

_WORDS: Final = {
    "时间": "at",
    "时区": "tz",
    "语言": "lang",
    "每周": "weekly",
    "最低": "min",
    "路径": "paths",
    "排除路径": "not-paths",
    "作者": "authors",
    "排除作者": "not-authors",
    "排除机器人": "no-bots",
    "包括机器人": "bots",
    "分支": "branch",
    "静默": "quiet",
    "话题": "thread",
    "timezone": "tz",
    "language": "lang",
    "排除": "not",
    "除了": "not",
    "except": "not",
    "no-paths": "not-paths",
    "no-authors": "not-authors",
}
_LANGUAGES: Final = {
    **dict.fromkeys(["zh", "zh-cn", "chinese", "中文"], Language.ZH),
    **dict.fromkeys(["en", "en-us", "english", "英文", "英语"], Language.EN),
}
_LEVELS: Final = {
    **dict.fromkeys(["low", "all", "低"], Importance.LOW),
    **dict.fromkeys(["medium", "中"], Importance.MEDIUM),
    **dict.fromkeys(["high", "高"], Importance.HIGH),
}
_QUIET: Final = {
    **dict.fromkeys(["silent", "静默"], QuietDays.SILENT),
    **dict.fromkeys(["line", "一行"], QuietDays.LINE),
}
_SWITCH: Final = {**dict.fromkeys(["on", "yes", "开"], True), **dict.fromkeys(["off", "no", "关"], False)}
_DAYS: Final = {
    **dict.fromkeys(["weekdays", "workdays", "工作日"], WORKDAYS),
    **dict.fromkeys(["daily", "everyday", "every-day", "每天"], EVERY_DAY),
}
_CHINESE_WEEKDAY: Final = re.compile(r"(?:周|星期|礼拜)([一二三四五六日天])")
_ENGLISH_WEEKDAY: Final = re.compile(r"(mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?s?")
#: Between the conditions of a list; NFKC has made others of them commas already.
_COMMA: Final = re.compile(r"[,、]")
#: Takes the conditions of a kind away again.
_ANY: Final = frozenset({"any", "不限"})


def parse_subscribe(words: Sequence[str], *, host: str) -> Subscribe:
    """`[owner/name] [options]`, the options in any order. Raises NotUnderstood."""
    repo, branches, excluded = None, None, None
    changes: dict[str, Any] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        option = _option(word)
        if option in _FLAGS:
            changes |= _FLAGS[option]
        elif option == "branch":
            branches = _value(option, rest)
        elif option == _NOT:
            excluded = ",".join(filter(None, (excluded, _until_option(rest))))
        elif option in _LISTS:
            changes[_LISTS[option]] = parse_conditions(option, _until_option(rest))
        elif option in _VALUES:
            field, read = _VALUES[option]
            changes[field] = read(_value(option, rest))
        elif repo is None:
            repo = parse_followed(word, host=host)
        else:
            raise _unknown_option(word, repo)
    if branches is not None:
        repo = _on_branches(repo, branches)
    if excluded is not None:
        changes["excluded"] = _left_out(repo, excluded)
    return Subscribe(repo=repo, **changes)


def parse_form_repo(text: str, *, host: str) -> tuple[Followed, tuple[str, ...] | None]:
    """What one field of a form says: `owner/name`, or `owner/* not legacy-*`. Raises NotUnderstood."""
    words = text.split() or [""]
    followed = parse_followed(words[0], host=host)
    if len(words) == 1:
        return followed, () if isinstance(followed, RepoPattern) else None
    if _option(words[1]) != _NOT:
        raise NotUnderstood(_("“{text}” is not a repository: write owner/name.", text=text), example=f"{followed}")
    return followed, _left_out(followed, " ".join(words[2:]))


def _option(word: str) -> str:
    folded = word.casefold()
    return _WORDS.get(folded, folded)


def _value(option: str, rest: list[str]) -> str:
    if not rest:
        raise NotUnderstood(
            _("“{option}” needs a value.", option=option), example="subscribe ai-dynamo/dynamo at 09:00"
        )
    return rest.pop(0)


def _until_option(rest: list[str]) -> str:
    """The words before the next option, since names of authors have spaces in them."""
    taken: list[str] = []
    while rest and _option(rest[0]) not in _OPTIONS:
        taken.append(rest.pop(0))
    return " ".join(taken)


def _on_branches(repo: Followed | None, branches: str) -> Followed:
    if repo is None:
        text = _("Say of which repository.")
        raise NotUnderstood(text, example=f"subscribe ai-dynamo/dynamo branch {branches}")
    if isinstance(repo, RepoPattern):
        text = _("Branches can be chosen of one repository, not of “{text}”.", text=repo)
        raise NotUnderstood(text, example=f"subscribe {repo}")
    return repo.with_branches(branches)


def _left_out(repo: Followed | None, excluded: str) -> tuple[str, ...]:
    if isinstance(repo, RepoPattern):
        return parse_excluded(excluded, repo)
    text = _("“not” leaves repositories out of a pattern such as owner/*.")
    owner = repo.owner if repo else "ai-dynamo"
    raise NotUnderstood(text, example=f"subscribe {owner}/* not legacy-*")


def _unknown_option(word: str, repo: Followed) -> NotUnderstood:
    text = _("“{word}” is no option of subscribe: there are {options}.", word=word, options=", ".join(_OPTIONS))
    return NotUnderstood(text, example=f"subscribe {repo} at 09:00 tz Asia/Shanghai")


def parse_language(word: str) -> Language:
    """`zh` or `en`, or what people call them. Raises NotUnderstood."""
    try:
        return _LANGUAGES[word.casefold()]
    except KeyError:
        text = _("“{word}” is not a language that I speak: there are zh and en.", word=word)
        raise NotUnderstood(text, example="subscribe ai-dynamo/dynamo lang zh") from None


def parse_time(word: str) -> time:
    """Hours and minutes. Raises NotUnderstood."""
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", word)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise NotUnderstood(
            _("“{word}” is not a time of day: write hours and minutes, 00:00 to 23:59.", word=word),
            example="subscribe ai-dynamo/dynamo at 09:00",
        )
    return time(int(match[1]), int(match[2]))


def parse_days(word: str) -> frozenset[Weekday]:
    """`weekdays`, `daily`, or days of the week: `mon,thu`. Raises NotUnderstood."""
    folded = word.casefold()
    if folded in _DAYS:
        return _DAYS[folded]
    days = [_weekday(part) for part in _COMMA.split(folded)]
    if None in days:
        text = _("“{word}” is no list of days: write weekdays, daily, or mon,thu.", word=word)
        raise NotUnderstood(text, example="subscribe ai-dynamo/dynamo on mon,thu")
    return frozenset(day for day in days if day is not None)


def _weekday(word: str) -> Weekday | None:
    if match := _ENGLISH_WEEKDAY.fullmatch(word):
        return next(day for day in Weekday if day.name.casefold().startswith(match[1][:3]))
    if match := _CHINESE_WEEKDAY.fullmatch(word):
        return Weekday("一二三四五六日".index(match[1].replace("天", "日")))
    return None


def _one_day(word: str) -> frozenset[Weekday]:
    day = _weekday(word.casefold())
    if day is None:
        raise NotUnderstood(
            _("“{word}” is not a day of the week.", word=word), example="subscribe ai-dynamo/dynamo weekly mon"
        )
    return frozenset({day})


def parse_conditions(option: str, text: str) -> tuple[str, ...]:
    """What stands between commas, each once; `any` is none. `option` is paths, not-paths, authors or not-authors.

    Raises NotUnderstood for nothing, for too many or too long ones, and for a path that is no pattern.
    """
    if text.casefold() in _ANY:
        return ()
    found = tuple(dict.fromkeys(part.strip() for part in _COMMA.split(text) if part.strip()))
    if not found or len(found) > CONDITIONS_MAX or any(len(part) > CONDITION_MAX for part in found):
        text = _("“{option}” takes 1 to {number} values, separated by commas.", option=option, number=CONDITIONS_MAX)
        raise NotUnderstood(text, example=f"subscribe ai-dynamo/dynamo {_EXAMPLES[option]}")
    if option.endswith("paths"):
        _check_patterns(option, found)
    return found


def _check_patterns(option: str, patterns: Sequence[str]) -> None:
    for pattern in patterns:
        if not _is_quick(pattern):
            text = _(
                "“{pattern}” has too many stars: write ** twice at most, and * twice between slashes.", pattern=pattern
            )
            raise NotUnderstood(text, example=f"subscribe ai-dynamo/dynamo {_EXAMPLES[option]}")
    try:
        GitIgnoreSpec.from_lines(patterns)
    except GitIgnorePatternError:
        text = _("“{pattern}” is no pattern of paths.", pattern=", ".join(patterns))
        raise NotUnderstood(text, example=f"subscribe ai-dynamo/dynamo {_EXAMPLES[option]}") from None


def _is_quick(pattern: str) -> bool:
    parts = pattern.split("/")
    within = (part.count("*") for part in parts if part != "**")
    return parts.count("**") <= ANY_DEPTH_MAX and max(within, default=0) <= STARS_MAX


def _one_of(words: Mapping[str, Any], option: str, choices: str) -> Callable[[str], Any]:
    def read(word: str) -> Any:
        try:
            return words[word.casefold()]
        except KeyError:
            text = _(
                "“{word}” is no value of {option}: there are {choices}.", word=word, option=option, choices=choices
            )
            example = f"subscribe ai-dynamo/dynamo {option} {choices.split(', ')[0]}"
            raise NotUnderstood(text, example=example) from None

    return read


_FLAGS: Final[Mapping[str, Mapping[str, object]]] = {
    "no-bots": {"no_bots": True},
    "bots": {"no_bots": False},
    "daily": {"days": EVERY_DAY},
}
_LISTS: Final = {"paths": "paths", "not-paths": "not_paths", "authors": "authors", "not-authors": "not_authors"}
_EXAMPLES: Final = {
    "paths": "paths lib/**,*.rs",
    "not-paths": "not-paths docs/**",
    "authors": "authors Ada Lovelace,grace",
    "not-authors": "not-authors *[bot]",
}
_VALUES: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = {
    "at": ("at", parse_time),
    "tz": ("zone", parse_zone),
    "on": ("days", parse_days),
    "weekly": ("days", _one_day),
    "lang": ("language", parse_language),
    "min": ("minimum", _one_of(_LEVELS, "min", "high, medium, low")),
    "quiet": ("quiet", _one_of(_QUIET, "quiet", "silent, line")),
    "thread": ("in_thread", _one_of(_SWITCH, "thread", "on, off")),
}
#: Leaves repositories out of a pattern.
_NOT: Final = "not"
_OPTIONS: Final = (*_VALUES, *_LISTS, "branch", _NOT, *_FLAGS)
