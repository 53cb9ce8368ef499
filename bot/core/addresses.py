"""Where the archive's pages are, as paths below the address of the bot.

`/repos/owner/name/2026-01-21?tz=Asia/Shanghai&lang=en`: everything that a page depends on stands in its address.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from bot.core.days import Day
from bot.core.language import Language
from bot.core.model import Repo
from bot.core.ranges import Span

ROOT: Final = "/repos"
#: Stands for the host of a repository that has none: a local clone whose origin nobody knows.
LOCAL: Final = "local"


class Format(StrEnum):
    """How a page is written; the end of its path."""

    HTML = ""
    MARKDOWN = ".md"
    JSON = ".json"
    ATOM = ".atom"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Addresses in one zone and language. `signature` is what lets a page of a private repository be seen."""

    zone: ZoneInfo
    language: Language
    signature: str = ""

    def repositories(self) -> str:
        return _address(ROOT, {"tz": self.zone.key, "lang": self.language.value, "signed": self.signature})

    def repository(self, repo: Repo, *, year: int | None = None) -> str:
        return self._of(repo, "", year="" if year is None else f"{year:04d}")

    def day(self, day: Day, repo: Repo, form: Format = Format.HTML) -> str:
        return self._of(repo, f"/{day.date.isoformat()}{form}", tz=day.zone.key)

    def date(self, repo: Repo, date: date, form: Format = Format.HTML) -> str:
        return self.day(Day(date=date, zone=self.zone), repo, form)

    def span(self, repo: Repo, span: Span, form: Format = Format.HTML) -> str:
        return self._of(repo, f"/{span.first.date.isoformat()}..{span.last.date.isoformat()}{form}")

    def commit(self, repo: Repo, sha: str, form: Format = Format.HTML) -> str:
        return self._of(repo, f"/commits/{sha}{form}")

    def search(self, repo: Repo, words: str = "", page: int = 1) -> str:
        return self._of(repo, "/search", q=words, page="" if page == 1 else str(page))

    def authors(self, repo: Repo, span: Span) -> str:
        return self._of(repo, f"/{span.first.date.isoformat()}..{span.last.date.isoformat()}/authors")

    def areas(self, repo: Repo, span: Span) -> str:
        return self._of(repo, f"/{span.first.date.isoformat()}..{span.last.date.isoformat()}/areas")

    def feed(self, repo: Repo) -> str:
        return self._of(repo, f"/days{Format.ATOM}")

    def _of(self, repo: Repo, rest: str, **query: str) -> str:
        host, _key, branches = repo.key
        asked = {
            "host": {"github.com": "", "": LOCAL}.get(host, host),
            "branches": branches,
            "tz": self.zone.key,
            "lang": self.language.value,
            **query,
            "signed": self.signature,
        }
        path = f"{ROOT}/{quote(repo.owner, safe='')}/{quote(repo.name, safe='')}{rest}"
        return _address(path, asked)


def _address(path: str, asked: Mapping[str, str]) -> str:
    return f"{path}?{urlencode({name: value for name, value in asked.items() if value}, safe='/')}"
