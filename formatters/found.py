"""What was found in stored analyses, in the same words everywhere: by a search, and as an answer to a question."""

from typing import Final

from bot.core.language import N_, _, decimal, ngettext
from bot.core.model import Repo
from bot.core.replies import Answer, SearchResults
from formatters import wording as say

NOTHING: Final = N_("None of the stored analyses says anything about that.")

#: Characters of the words that were looked for.
_WORDS_MAX: Final = 200


def summary(reply: SearchResults) -> str:
    """How many commits there are, as one sentence."""
    words = say.cut(say.visible(reply.words), _WORDS_MAX)
    if not reply.total:
        return _("No stored analysis of {repo} has all of these words: {words}", repo=reply.repo, words=words)
    if len(reply.entries) == reply.total:
        return all_of(reply.repo, reply.total, words)
    return _(
        "The newest {number} of {commits} of {repo}: {words}",
        number=decimal(len(reply.entries)),
        commits=say.commits(reply.total),
        repo=reply.repo,
        words=words,
    )


def all_of(repo: Repo, total: int, words: str) -> str:
    """How many there are, of which one page is shown."""
    shown = say.cut(say.visible(words), _WORDS_MAX)
    return _("{commits} of {repo}: {words}", commits=say.commits(total), repo=repo, words=shown)


def writer(reply: Answer) -> str:
    """Whose words they are, and how many were dropped."""
    by = (
        _("Answered by AI {model} from stored analyses", model=say.visible(reply.model))
        if reply.model
        else _("Found in stored analyses by their words, not by an AI model")
    )
    if not reply.dropped:
        return by
    dropped = ngettext(
        "{number} sentence dropped that no analysis bears out",
        "{number} sentences dropped that no analysis bears out",
        reply.dropped,
    )
    return _("; ").join([by, dropped])
