"""The steps on a digest's way: between two of them a process may die, and what it began is gone on with from there."""

from enum import StrEnum


class Step(StrEnum):
    """Each has just been taken; what it wrote, if it writes, is stored."""

    # Collecting
    SCHEDULED = "scheduled"
    LISTED = "listed"
    READ = "read"
    # Analysing
    UNDERSTOOD = "understood"
    ANALYSED = "analysed"
    RELATED = "related"
    SEALED = "sealed"
    LED = "led"
    TRANSLATED = "translated"
    PREPARED = "prepared"
    # Posting
    CLAIMED = "claimed"
    SENDING = "sending"
    POSTED = "posted"
    # Recording
    RECORDED = "recorded"
    GIVEN_BACK = "given_back"
    TOLD = "told"
    # Correcting
    OVERWRITTEN = "overwritten"
    CORRECTED = "corrected"
