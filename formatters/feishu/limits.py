"""What Feishu accepts, as far as documented or reported, and what we allow ourselves below that."""

from typing import Final

#: UTF-8 bytes of a card's JSON; the documented limit is 30 KB.
#: https://open.feishu.cn/document/server-docs/im-v1/message/create
CARD_BYTES_MAX: Final = 24_000
#: The same of a custom bot's whole request, whose documented limit is 20 KB.
#: https://open.feishu.cn/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN
WEBHOOK_BYTES_MAX: Final = 18_000
#: UTF-8 bytes of the content of a `post` or a `text`; the documented limits are 30 KB and 150 KB, and 20 KB for a
#: custom bot. https://open.feishu.cn/document/server-docs/im-v1/message/create
POST_BYTES_MAX: Final = 16_000

# Elements of a card, nested ones and everything else with a tag counted; the documented limits are 200 elements,
# 5 containers within each other, 5 tables (those in Markdown counted) and 5 charts.
# https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/component-json-v2-overview
CARD_ELEMENTS_MAX: Final = 150
NESTING_MAX: Final = 3
TABLES_MAX: Final = 3
CHARTS_MAX: Final = 5

# https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/content-components/title
HEADER_TAGS_MAX: Final = 3
#: Characters; no limit is documented, but a title has four lines and a subtitle one.
TITLE_MAX: Final = 200
SUBTITLE_MAX: Final = 120
TAG_MAX: Final = 30
#: Characters of what the list of chats and a notification show of a card.
SUMMARY_MAX: Final = 200
# Characters.
# https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/interactive-components/button
BUTTON_TEXT_MAX: Final = 100
#: Characters of what people may write into a form.
#: https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/interactive-components/input
INPUT_MAX: Final = 1_000

# Ours, in bytes of what is escaped, so that one commit never crowds out the others.
HEADLINE_MAX: Final = 480
NAME_MAX: Final = 120
#: One statement, one consequence, one piece of advice.
STATEMENT_MAX: Final = 1_500
#: What there is to say of related commits, in one line.
RELATED_MAX: Final = 300
PATH_MAX: Final = 600
#: A commit's headline where it has only one line.
LINE_MAX: Final = 240
#: Two or three sentences on what a day means.
LEAD_MAX: Final = 2_500
#: A line that says who wrote it, what was left out, when it was corrected; characters.
NOTE_MAX: Final = 600
#: A paragraph in plain text; characters.
PARAGRAPH_MAX: Final = 3_000
#: Commits on one page of the index, so that a page is soon read.
INDEX_PAGE: Final = 20
