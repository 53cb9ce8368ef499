"""What Slack accepts, as far as documented or measured, and what we allow ourselves below that."""

from typing import Final

# Characters. https://docs.slack.dev/reference/block-kit/blocks/section-block
SECTION_TEXT_MAX: Final = 3000
# Characters. https://docs.slack.dev/reference/block-kit/blocks/header-block
HEADER_TEXT_MAX: Final = 150
# Characters. https://docs.slack.dev/reference/block-kit/block-elements/button-element
BUTTON_TEXT_MAX: Final = 75
BUTTON_LABEL_MAX: Final = 75
# Elements. https://docs.slack.dev/reference/block-kit/blocks/actions-block
ACTIONS_ELEMENTS_MAX: Final = 25
# Characters. https://docs.slack.dev/reference/views/modal-views
VIEW_TITLE_MAX: Final = 24
# Blocks; the documented limits are 50, and 100 for a view. https://docs.slack.dev/reference/block-kit/blocks
MESSAGE_BLOCKS_MAX: Final = 40
VIEW_BLOCKS_MAX: Final = 100
#: Characters of all blocks of a message, as `blocks.weight` counts them. Undocumented: about 13,200 are rejected with
#: `msg_blocks_too_long`, 9,597 were accepted. https://github.com/slackapi/bolt-js/issues/2867
MESSAGE_CHARACTERS_MAX: Final = 9000
#: Characters that a header block costs beyond its text, measured likewise.
HEADER_OVERHEAD: Final = 100
#: UTF-8 bytes of a message's `text`: chat.update rejects more than 4,000.
FALLBACK_BYTES_MAX: Final = 3800

# Ours, in characters, so that one commit never crowds out the others.
HEADLINE_MAX: Final = 240
NAME_MAX: Final = 60
#: One statement, one consequence, one piece of advice.
STATEMENT_MAX: Final = 900
SOURCES_MAX: Final = 200
#: A line of context: who wrote it, what was left out, when it was corrected.
CONTEXT_MAX: Final = 600
PATH_MAX: Final = 300
#: Commits on one page of the index: with previous, next and headings below the 100 blocks of a view.
INDEX_PAGE: Final = 80
#: Characters of one commit's line in an index that has to be a message.
INDEX_LINE_MAX: Final = 80
