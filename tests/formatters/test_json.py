import json

import pytest

from formatters import json as formatter
from tests.formatters import samples


@pytest.mark.parametrize("name", samples.REPLIES)
def test_every_reply_is_one_json_object_that_names_its_kind(name: str):
    reply = samples.REPLIES[name]
    assert json.loads(formatter.render(reply))["reply"] == type(reply).__name__


def test_a_digest_has_the_same_values_with_names_for_levels():
    digest = json.loads(formatter.render(samples.REPLIES["digest"]))["digest"]
    first = digest["entries"][0]
    assert digest["day"] == {"date": "2026-01-21", "zone": "Asia/Shanghai"}
    assert digest["repo"] == {"owner": "ai-dynamo", "name": "dynamo", "host": "github.com", "branches": ""}
    assert len(digest["entries"]) == len(samples.DIGEST.entries)
    assert first["commit"]["committed_at"] == samples.DIGEST.entries[0].commit.committed_at.isoformat()
    assert first["analysis"]["rating"]["importance"] in {"high", "medium", "low"}
