"""A report as a file."""

import re
from typing import Final

from bot.core.language import joined
from bot.core.ports import Attachment
from bot.core.replies import DigestView, RangeView, Report
from formatters import markdown

#: What stands for the repositories in the name of a report on several.
_SEVERAL: Final = "digests"
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9._-]+")


def attached(report: Report) -> Attachment:
    """`ai-dynamo-dynamo-2026-01-21.md`, or `digests-2026-01-21.md` on several repositories."""
    repos = list(dict.fromkeys(str(_repo(view)) for view in report.views))
    days = list(dict.fromkeys(_days(view) for view in report.views))
    stem = "-".join([repos[0] if len(repos) == 1 else _SEVERAL, *days[:1]])
    return Attachment(
        name=_NOT_IN_NAMES.sub("-", stem) + ".md",
        title=f"{joined(repos)} · {joined(days)}",
        text=markdown.render(report),
    )


def _repo(view: DigestView | RangeView) -> object:
    return view.digest.repo if isinstance(view, DigestView) else view.repo


def _days(view: DigestView | RangeView) -> str:
    if isinstance(view, DigestView):
        return view.digest.day.date.isoformat()
    return f"{view.first.date.isoformat()}..{view.last.date.isoformat()}"
