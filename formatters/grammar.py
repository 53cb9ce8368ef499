"""The help: everything that one can ask. Formatters find it in `wording`."""

from typing import Final

from bot.core.language import N_

HELP: Final = N_("What you can ask")
#: Each command as people type it, without the bot's name, and what it does.
GRAMMAR: Final[tuple[tuple[str, str], ...]] = (
    ("", N_("yesterday's commits of the repository this channel follows")),
    ("today", N_("the day so far")),
    ("2026-01-21 ai-dynamo/dynamo", N_("any day of any repository")),
    ("7d", N_("the last seven days together; also last week, last friday, 2026-01-15..2026-01-21")),
    ("report 2026-01-21", N_("a day or several as a Markdown file")),
    ("commit 8877c46", N_("the whole analysis of one commit, by 4 to 40 digits of its SHA")),
    ("deepen 8877c46", N_("a full analysis of a commit of medium or low importance")),
    ("search kv router", N_("stored analyses in which all of these words stand")),
    ("retry yesterday", N_("asks the AI model again where it failed")),
    (
        "subscribe ai-dynamo/dynamo at 09:00 tz Asia/Shanghai lang zh",
        N_("a digest into this channel every day at that hour, in Chinese or with `lang en` in English"),
    ),
    ("subscribe ai-dynamo/dynamo on weekdays", N_("on fewer days; also `on mon,thu` or `weekly mon`")),
    ("subscribe ai-dynamo/dynamo min medium no-bots", N_("nothing of low importance (or `min high`), and no bots")),
    (
        "subscribe ai-dynamo/dynamo paths lib/** authors ada,grace",
        N_("only these files and people; `not-paths` and `not-authors` leave some out"),
    ),
    ("subscribe ai-dynamo/dynamo branch release/*", N_("commits on other branches than the default one")),
    (
        "subscribe ai-dynamo/* not legacy-*",
        N_("each repository of an organisation or user, but for some; also `pause`, `unsubscribe`"),
    ),
    (
        "subscribe ai-dynamo/dynamo quiet line thread on",
        N_("a line on days without commits, and commits in the thread; or `quiet silent`, `thread off`"),
    ),
    ("settings", N_("all of these options as a form")),
    ("list", N_("what this channel follows, how that goes, and when the next digest comes; also `status`")),
    ("pause ai-dynamo/dynamo", N_("no digests until you resume")),
    ("snooze ai-dynamo/dynamo 7d", N_("no digests for seven days")),
    ("resume ai-dynamo/dynamo", N_("digests again, and what you missed")),
    ("unsubscribe ai-dynamo/dynamo", N_("no more of them")),
    ("unsubscribe all", N_("no more digests into this channel")),
    ("help", N_("this page")),
)
GRAMMAR_NOTE: Final = N_(
    "Chinese words do the same: 昨天 今天 上周 上周五 报告 提交 深入 搜索 重试 "
    "订阅 设置 列表 状态 暂停 免打扰 恢复 退订 全部 帮助."
)
