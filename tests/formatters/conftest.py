"""Nothing is drawn for Slack here that Slack would not take."""

from collections.abc import Iterator

import pytest

from formatters import slack
from tests.counterparts import slack_payloads


@pytest.fixture(scope="package", autouse=True)
def all_that_is_drawn_for_slack_is_checked() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        slack_payloads.watch(slack, patch)
        yield
