"""Takes secrets out of text before it leaves: https://github.com/Yelp/detect-secrets finds them, and rules of ours.

Ours are for what it does not know: newer tokens, the lines of a private key, values without quotes. What only looks
random is left alone where it is a digest, as commits and lock files are full of those.
"""

import importlib
import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol, cast

#: Characters of a line that are looked at in one piece, because the detectors' time grows with its square.
LINE_MAX: Final = 1_000

#: Of the detectors' modules, those with a pattern for one kind of secret. Public addresses are no secrets, and private
#: keys have more lines than the one that it would find.
_PLUGINS: Final[Mapping[str, str]] = {
    "artifactory": "ArtifactoryDetector",
    "aws": "AWSKeyDetector",
    "azure_storage_key": "AzureStorageKeyDetector",
    "basic_auth": "BasicAuthDetector",
    "cloudant": "CloudantDetector",
    "discord": "DiscordBotTokenDetector",
    "github_token": "GitHubTokenDetector",
    "gitlab_token": "GitLabTokenDetector",
    "ibm_cloud_iam": "IbmCloudIamDetector",
    "ibm_cos_hmac": "IbmCosHmacDetector",
    "jwt": "JwtTokenDetector",
    "mailchimp": "MailchimpDetector",
    "npm": "NpmDetector",
    "openai": "OpenAIDetector",
    "pypi_token": "PypiTokenDetector",
    "sendgrid": "SendGridDetector",
    "slack": "SlackDetector",
    "softlayer": "SoftlayerDetector",
    "square_oauth": "SquareOAuthDetector",
    "stripe": "StripeDetector",
    "telegram_token": "TelegramBotTokenDetector",
    "twilio": "TwilioKeyDetector",
}
_OURS: Final = (
    (
        "API key",
        re.compile(
            r"\b(?:github_pat_\w{40,}|sk-[\w-]{20,}|sk_test_\w{24,}|hf_[A-Za-z0-9]{30,}|AIza[\w-]{35}|nvapi-[\w-]{40,}"
            r"|npm_[A-Za-z0-9]{36}|ya29\.[\w-]{20,}|dop_v1_[0-9a-f]{64}|xapp-\d-[\w-]{20,}|xox[a-z]-[\w-]{20,})"
        ),
    ),
    ("webhook", re.compile(r"https://open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook/([\w-]{16,})")),
    ("credentials", re.compile(r"\b(?:basic|bearer)\s+([\w+/.~-]{16,}=*)", re.IGNORECASE)),
)
#: A name that promises a secret and a value that may be one, with or without quotes.
_NAMED: Final = re.compile(
    r"(?P<name>(?:token|secret|passwd|password|pwd|api_?key|access_?key|private_?key|auth_?key|credentials?)[\w-]{0,40})"
    r"[\"'\]]{0,2}[ \t]*[:=]{1,2}>?[ \t]*[\"'`]?(?P<value>[\w+/=.~!@#%^&*-]{12,200})(?![\w+/=.~!@#%^&*(\[{-])",
    re.IGNORECASE,
)
#: `secretName: hf-token` names a secret that is kept elsewhere.
_REFERENCE: Final = re.compile(r"(?:ref|name)[\"'\]]{0,2}\s*[:=]", re.IGNORECASE)
_DIGEST_NAMED: Final = re.compile(r"sha\d|digest|integrity|checksum|hash|commit|revision|\bsri\b", re.IGNORECASE)
_DIGEST: Final = re.compile(r"[0-9a-f]{32,128}|sha\d{1,3}[-:=_].*", re.IGNORECASE)
#: A secret is longer than some patterns say, because hosts lengthen theirs.
_REST: Final = re.compile(r"[\w+/=-]*(?:\.[\w+/=-]{16,})*")
#: Of what is random, one in five characters is a digit, or no eight in a row are letters of one case.
_DIGITS_OF_RANDOM: Final = 0.2
#: Characters between two separators, on average; those of a name are fewer.
_PART_OF_RANDOM: Final = 8
_SEPARATOR: Final = re.compile(r"[-_./@]")
_WORD: Final = re.compile(r"[a-z]{8}|[A-Z]{8}")


class _Detector(Protocol):
    secret_type: str
    denylist: Sequence[re.Pattern[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    text: str
    #: How many secrets were taken out.
    count: int


def redact(text: str) -> Redacted:
    """The text with a mark such as `[redacted: AWS Access Key]` in place of each secret; lines stay where they are."""
    text, count = _without_private_keys(text)
    pieces: list[str] = []
    for piece in _pieces(text):
        redacted = _redacted(piece)
        pieces.append(redacted.text)
        count += redacted.count
    return Redacted(text="".join(pieces), count=count)


def _mark(kind: str) -> str:
    return f"[redacted: {kind}]"


# Long lines


_LONG: Final = re.compile(rf"[^\n]{{{LINE_MAX + 1},}}")
_BOUNDARY: Final = re.compile(r"[\s,;(){}<>]")


def _pieces(text: str) -> Iterator[str]:
    """All of the text, with the parts of overlong lines apart, cut where no secret goes on."""
    done = 0
    for line in _LONG.finditer(text):
        yield text[done : line.start()]
        done = line.start()
        while line.end() - done > LINE_MAX:
            boundaries = [found.end() for found in _BOUNDARY.finditer(text, done, done + LINE_MAX)]
            following = boundaries[-1] if boundaries else done + LINE_MAX
            yield text[done:following]
            done = following
        yield text[done : line.end()]
        done = line.end()
    yield text[done:]


# Patterns


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finding:
    start: int
    end: int
    kind: str


def _redacted(text: str) -> Redacted:
    findings = sorted(_findings(text), key=lambda finding: (finding.start, -finding.end))
    parts: list[str] = []
    done = count = 0
    for finding in findings:
        if finding.end <= done:
            continue
        if finding.start >= done:
            parts += [text[done : finding.start], _mark(finding.kind)]
            count += 1
        done = finding.end
    return Redacted(text="".join([*parts, text[done:]]), count=count)


def _findings(text: str) -> Iterator[_Finding]:
    for detector in _detectors():
        for pattern in detector.denylist:
            for match in pattern.finditer(text):
                yield from _finding(match, detector.secret_type, text)
    for kind, pattern in _OURS:
        for match in pattern.finditer(text):
            yield from _finding(match, kind, text)
    for match in _NAMED.finditer(text):
        if _is_random(match["value"]) and not _DIGEST_NAMED.search(match["name"]):
            yield _Finding(start=match.start("value"), end=match.end("value"), kind="named secret")
    yield from _by_name(text)
    yield from _by_entropy(text)


def _finding(match: re.Match[str], kind: str, text: str) -> Iterator[_Finding]:
    """What of a match is secret: the part that the pattern names, unless that is only the token's prefix."""
    groups = [match.span(number) for number in range(1, (match.re.groups or 0) + 1) if match[number]]
    start, end = max(groups, key=lambda span: span[1] - span[0], default=match.span())
    if match[0].startswith("://"):
        yield _Finding(start=start, end=end, kind=kind)
        return
    if end - start < 16:
        start, end = match.span()
    rest = _REST.match(text, end)
    end = rest.end() if rest else end
    if any(character.isdigit() for character in text[start:end]):
        yield _Finding(start=start, end=end, kind=kind)


def _by_name(text: str) -> Iterator[_Finding]:
    """What is between quotes and assigned to something called a password, or the like."""
    names, patterns, unlikely = _by_names()
    done = -1
    for name in names.finditer(text):
        if name.start() < done:
            continue
        start = text.rfind("\n", 0, name.start()) + 1
        end = text.find("\n", name.end())
        line = text[start : end if end >= 0 else len(text)]
        done = start + len(line)
        for pattern, group in patterns.items():
            for match in pattern.finditer(line):
                value = match[group]
                if len(value) >= 4 and not unlikely(value, line) and not _REFERENCE.search(match[0]):
                    first, last = match.span(group)
                    yield _Finding(start=start + first, end=start + last, kind="password or key")


def _by_entropy(text: str) -> Iterator[_Finding]:
    detector, minimum = _entropy()
    for match in detector.regex.finditer(text):
        value = match[2]
        if len(value) >= 20 and detector.calculate_shannon_entropy(value) > minimum:
            line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
            value = _DIGEST.sub("", value)
            if not _DIGEST_NAMED.search(line) and _is_random(value) and not _is_encoded_text(value):
                yield _Finding(start=match.start(2), end=match.end(2), kind="random string")


def _is_random(value: str) -> bool:
    """Neither a path, nor a version, nor a name made of words."""
    digits = sum(character.isdigit() for character in value)
    letters = sum(character.isalpha() for character in value)
    if len(value) < 12 or not digits or not letters or value.startswith(("/", "./", "../")):
        return False
    if len(value) / len(_SEPARATOR.split(value)) < _PART_OF_RANDOM:
        return False
    return digits / len(value) >= _DIGITS_OF_RANDOM or not _WORD.search(value)


def _is_encoded_text(value: str) -> bool:
    """Base64 of something that one can read is no key."""
    try:
        return b64decode(value, validate=True).decode().isprintable()
    except ValueError:
        return False


# The detectors, imported when they are needed first because that takes a fifth of a second


@cache
def _detectors() -> Sequence[_Detector]:
    made = (getattr(_module(f"plugins.{module}"), name)() for module, name in _PLUGINS.items())
    return tuple(cast("_Detector", detector) for detector in made)


@cache
def _by_names() -> tuple[re.Pattern[str], Mapping[re.Pattern[str], int], Callable[[str, str], bool]]:
    """Names to look for, the patterns and their group that is the value, what is no secret: `${KEY}`, `get_key()`."""
    keyword, heuristic = _module("plugins.keyword"), _module("filters.heuristic")

    def unlikely(value: str, line: str) -> bool:
        return (
            heuristic.is_templated_secret(value)
            or heuristic.is_prefixed_with_dollar_sign(value)
            or heuristic.is_not_alphanumeric_string(value)
            or heuristic.is_indirect_reference(line)
        )

    names = re.compile("|".join(keyword.DENYLIST), re.IGNORECASE)
    return names, keyword.QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP, unlikely


@cache
def _entropy() -> tuple[Any, float]:
    detector = _module("plugins.high_entropy_strings").Base64HighEntropyString()
    return detector, detector.entropy_limit


def _module(name: str) -> Any:
    return importlib.import_module(f"detect_secrets.{name}")


# Private keys


_KEY_BEGINS: Final = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|^.?Private-Lines: \d+")
_KEY_ENDS: Final = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
#: A key in one line, with its line breaks written as `\n`.
_KEY_INSIDE: Final = re.compile(
    r"(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)(?:\\[nr]|[A-Za-z0-9+/= ]){16,}"
)
#: A line of one, behind the sign of the diff, perhaps as a string of some language.
_KEY_LINE: Final = re.compile(r"(?P<before>[+ -]?\s*[\"'`]?)[A-Za-z0-9+/=]+(?P<after>(?:\\n)?[\"'`]?\s?[,;+\\]?\s*)")
_KEY_LINE_MIN: Final = 40
_KEY_HEADER: Final = re.compile(r"[+ -]?\s*[\"'`]?(?:[A-Za-z-]{3,20}: .{0,100}|(?:\\n)?[\"'`]?[,;+\\]?)")


def _without_private_keys(text: str) -> tuple[str, int]:
    """Keys as PEM, OpenSSH, PGP and PuTTY write them, also where the diff shows only their beginning or end."""
    if "PRIVATE KEY" not in text and "Private-Lines" not in text:
        return text, 0
    text, count = _KEY_INSIDE.subn(rf"\1{_mark('private key')}", text)
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if _KEY_BEGINS.search(line):
            count += _strike(lines, range(number + 1, len(lines)))
        elif _KEY_ENDS.search(line):
            count += _strike(lines, range(number - 1, -1, -1))
    return "\n".join(lines), count


def _strike(lines: list[str], numbers: range) -> int:
    """Replaces what is key in these lines, until something else comes; 1 if there was any."""
    found = 0
    for number in numbers:
        match = _KEY_LINE.fullmatch(lines[number])
        if match and (found or len(lines[number]) >= _KEY_LINE_MIN or numbers.step < 0):
            lines[number] = f"{match['before']}{_mark('private key')}{match['after']}"
            found = 1
        elif not _KEY_HEADER.fullmatch(lines[number]):
            break
    return found
