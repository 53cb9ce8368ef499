"""What was drawn for one channel is not drawn again for the next."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.language import Language, _, speaking
from bot.core.replies import DigestView, Notice, Reply
from formatters.drawn import REMEMBERED, Drawn
from tests.formatters import samples

VIEW = DigestView(digest=samples.DIGEST)


class Pen:
    """Draws two messages, and keeps what it has drawn."""

    def __init__(self) -> None:
        self.strokes: list[str] = []

    def __call__(self, reply: Reply) -> Iterator[str]:
        for message in (self._first(reply), "reduced"):
            self.strokes.append(message)
            yield message

    def _first(self, reply: Reply) -> str:
        if isinstance(reply, Notice):
            return reply.text
        return _("late by {duration}", duration=reply.late_by) if isinstance(reply, DigestView) else ""


def test_a_reply_is_drawn_once_and_no_more_of_it_than_is_looked_at():
    pen = Pen()
    drawn = Drawn(pen)
    for _channel in range(3):
        assert next(drawn(replace(VIEW))) == "late by 0:00:00"
    assert pen.strokes == ["late by 0:00:00"]
    for _channel in range(3):
        assert [*drawn(VIEW)] == ["late by 0:00:00", "reduced"]
    assert pen.strokes == ["late by 0:00:00", "reduced"]


def test_another_language_and_another_delay_are_other_messages():
    pen = Pen()
    drawn = Drawn(pen)
    late = replace(VIEW, late_by=timedelta(minutes=2))
    shown: list[str] = []
    for _channel in range(2):
        for language in Language:
            with speaking(language):
                shown += [next(drawn(VIEW)), next(drawn(late))]
    assert shown == ["late by 0:00:00", "late by 0:02:00", "延迟 0:00:00", "延迟 0:02:00"] * 2
    assert len(pen.strokes) == 4


def test_only_the_last_ones_are_remembered():
    pen = Pen()
    drawn = Drawn(pen)
    notices = [Notice(text=str(number)) for number in range(REMEMBERED + 1)]
    for notice in [*notices, notices[-1], notices[0]]:
        assert next(drawn(notice)) == notice.text
    assert pen.strokes == [*(notice.text for notice in notices), "0"]


def test_what_could_not_be_drawn_is_drawn_anew():
    def drawing(reply: Reply) -> Iterator[str]:
        yield "whole"
        raise ZeroDivisionError

    drawn = Drawn(drawing)
    for _channel in range(2):
        messages = drawn(VIEW)
        assert next(messages) == "whole"
        with pytest.raises(ZeroDivisionError):
            next(messages)
