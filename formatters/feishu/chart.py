"""The picture of a day, as a chart or as lines of text.

https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/content-components/chart
"""

from bot.core.language import _
from bot.core.model import Digest
from formatters import picture
from formatters.feishu import elements
from formatters.feishu.elements import Element
from formatters.feishu.text import bold, escape


def of(digest: Digest, *, drawn: bool) -> list[Element]:
    """A title and bars, the busiest area on top; nothing where a picture would tell nothing."""
    shown = picture.of(digest)
    if not shown:
        return []
    title = bold(_(picture.TITLE))
    if drawn:
        bars = _bars([{"area": name, "commits": number} for name, number in shown])
        return [elements.markdown(title), elements.chart(bars)]
    most = max(area.commits for area in shown)
    rows = [f"{picture.bar(area, most)} {escape(area.folder)}" for area in shown]
    return [elements.markdown("<br>".join([title, *rows]))]


def _bars(values: list[dict[str, str | int]]) -> Element:
    """Without a title of its own, which would take a third of a small picture.

    An axis of names at the left begins on top unless it is told otherwise.
    """
    return {
        "type": "bar",
        "data": {"values": values},
        "direction": "horizontal",
        "xField": "commits",
        "yField": "area",
        "label": {"visible": True},
        "axes": [{"orient": "left", "maxWidth": "50%"}, {"orient": "bottom", "visible": False}],
        "padding": 8,
    }
