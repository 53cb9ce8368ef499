"""Blocks that Slack draws itself, and that not every place where a message is posted knows: used where asked for.

slack_sdk has no model of `data_visualization`; both are plain dicts, and for messages only.
https://docs.slack.dev/reference/block-kit/blocks/container-block
https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from bot.core.areas import Area
from formatters.slack.blocks import Block, cut, plain

# Characters, and blocks in a container; a container's title, and those of a chart and its points.
CONTAINER_TITLE_MAX: Final = 150
CONTAINER_BLOCKS_MAX: Final = 10
CHART_TITLE_MAX: Final = 50
CHART_LABEL_MAX: Final = 20


class Native(StrEnum):
    #: Blocks that a reader opens and closes.
    CONTAINER = "container"
    #: Charts.
    DATA_VISUALIZATION = "data_visualization"


#: Draws everything with blocks that are known everywhere.
PLAIN: Final[frozenset[Native]] = frozenset()


def container(title: str, children: Sequence[Block], *, collapsed: bool) -> Block:
    """At most ten sections, context, actions, dividers or headers, which a reader opens and closes."""
    return {
        "type": "container",
        "title": plain(title, CONTAINER_TITLE_MAX),
        "child_blocks": list(children),
        "is_collapsible": True,
        "default_collapsed": collapsed,
    }


def chart(title: str, series: str, areas: Sequence[Area]) -> Block:
    """Bars for one to twenty areas; what has the same name when it is cut has one bar."""
    counts: dict[str, int] = {}
    for area in areas:
        label = cut(area.folder, CHART_LABEL_MAX)
        counts[label] = counts.get(label, 0) + area.commits
    points = [{"label": label, "value": number} for label, number in counts.items()]
    return {
        "type": "data_visualization",
        "title": cut(title, CHART_TITLE_MAX),
        "chart": {
            "type": "bar",
            "series": [{"name": cut(series, CHART_LABEL_MAX), "data": points}],
            "axis_config": {"categories": [point["label"] for point in points]},
        },
    }
