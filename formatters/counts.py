"""How many of something, with the right noun. Formatters find these words in `wording`."""

from bot.core.language import _, decimal, ngettext


def commits(number: int) -> str:
    return ngettext("{number} commit", "{number} commits", number)


def files(number: int) -> str:
    return ngettext("{number} file", "{number} files", number)


def authors(number: int) -> str:
    return ngettext("{number} author", "{number} authors", number)


def merge_commits(number: int) -> str:
    return ngettext("{number} merge commit", "{number} merge commits", number)


def more_files(number: int) -> str:
    return ngettext("… {number} more file", "… {number} more files", number)


def more_items(number: int) -> str:
    return _("… {number} more", number=decimal(number))


def sentence(text: str) -> str:
    """With a full stop."""
    return _("{sentence}.", sentence=text)


def in_brackets(text: str) -> str:
    """With the space before them, where there is one."""
    return _(" ({text})", text=text)


def in_a_row(first: str, second: str) -> str:
    """Two whole sentences, between which there is no space in Chinese."""
    return _("{first} {second}", first=first, second=second)
