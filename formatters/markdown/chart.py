"""The picture of a day as a chart that GitHub and GitLab draw. https://mermaid.js.org/syntax/xyChart.html"""

from typing import Final

from bot.core.language import _
from bot.core.model import Digest
from formatters import picture
from formatters import wording as say

#: What would end a text of Mermaid, or begin the code of a character, and what looks like it.
_LOOKS_LIKE: Final = str.maketrans({'"': "”", "#": "＃", ";": "；"})


def of(digest: Digest) -> list[str]:
    """A chart with a bar for each area, the busiest on top; none where a picture would tell nothing."""
    shown = picture.of(digest)
    if not shown:
        return []
    names = ", ".join(_quoted(area.folder) for area in shown)
    numbers = ", ".join(str(area.commits) for area in shown)
    most = max(area.commits for area in shown)
    chart = (
        "xychart-beta horizontal",
        f"    title {_quoted(_(picture.TITLE))}",
        f"    x-axis [{names}]",
        f"    y-axis 0 --> {most}",
        f"    bar [{numbers}]",
    )
    return ["\n".join(("```mermaid", *chart, "```"))]


def _quoted(text: str) -> str:
    return f'"{say.visible(text).translate(_LOOKS_LIKE)}"'
