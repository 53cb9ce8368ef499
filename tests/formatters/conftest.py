"""Nothing is drawn for Slack or Feishu here that they would not take."""

from collections.abc import Iterator

import pytest

from formatters import feishu, slack
from tests.counterparts import feishu_charts, feishu_payloads, slack_payloads


@pytest.fixture(scope="package", autouse=True)
def all_that_is_drawn_for_slack_is_checked() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        slack_payloads.watch(slack, patch)
        yield


@pytest.fixture(scope="package", autouse=True)
def all_that_is_drawn_for_feishu_is_checked() -> Iterator[None]:
    """Cards at once, and their charts at the end."""
    with pytest.MonkeyPatch.context() as patch:
        feishu_payloads.watch(feishu, patch)
        yield
    problems = feishu_charts.collected.problems()
    assert not problems, "Not drawn as they are meant:\n" + "\n".join(problems)
