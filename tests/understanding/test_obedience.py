"""Attacks that were written without sight of the defences, on a model that obeys whatever it can read."""

import pytest

from bot.core.language import Language
from tests.understanding.attacks import ATTACKS, Attack
from tests.understanding.obedience import outcome


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_no_order_in_a_commit_reaches_a_reader(attack: Attack, language: Language):
    found = await outcome(attack, language)
    assert found.moved <= 1
    assert not found.reached


@pytest.mark.parametrize(
    "attack", [attack for attack in ATTACKS if attack.kind.value in {"link", "mention"}], ids=lambda a: a.name
)
async def test_no_link_or_mention_of_a_stranger_becomes_one_of_ours(attack: Attack):
    message, view, report, _ = (await outcome(attack, Language.EN)).shown
    assert [url for text in (message, view) for url in _urls(text) if not url.startswith("https://github.com/")] == []
    assert "](http" not in report.replace("](https://github.com/octo/hello/", "")


def _urls(text: str) -> list[str]:
    return [part.split("'", 1)[0] for part in text.split("'url': '")[1:]]
