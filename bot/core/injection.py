"""Lines of a commit that speak to a language model instead of describing code: what it never reads, it cannot obey.

A net, not a proof: whoever finds words that slip through still meets an importance that moves one step at most,
statements that are checked against the commit, and formatters that show text without obeying it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from bot.core.model import CommitDiff, FileChange

#: Takes the place of a withheld line, so that line counts and hunks stay true.
WITHHELD: Final = "[line withheld: it addresses a language model]"
#: Characters of a line that are looked at from each end; orders stand at either.
LINE_READ: Final = 2_000

_MODEL: Final = (
    r"(?:AIs?|LLMs?|(?:large )?language models?|models?|assistants?|chat ?bots?|bots?|agents?|ChatGPT|GPT|Claude|Gemini"
    r"|Copilot|Qwen|DeepSeek|summari[sz]ers?|analy[sz]ers?|analysts?|reviewers?)"
)
_OWN_ANSWER: Final = r"(?:summary|summaries|analys[ei]s|headlines?|digest|verdict)"
_ANSWER: Final = rf"(?:answers?|responses?|repl(?:y|ies)|output|reports?|json|{_OWN_ANSWER})"
_SAY: Final = (
    r"(?:respond|reply|answer|output|print|return|say|state|write|include|add|append|mention|insert|begin|start|end"
    r"|conclude|finish|repeat|quote|link|post|report|tell|announce|copy|use|put)"
)
_ORDER: Final = (
    rf"(?:please|kindly|you|your|do|don't|must|now|always|never|ignore|disregard|set|rate|mark|raise|treat|classify"
    rf"|consider|this (?:is|commit|change)|the following|{_SAY})\b"
)
_MUST: Final = r"(?:must|should|shall|has to|have to|needs? to|is to|are to|please)"
_MODEL_WORDS: Final = (
    "ai ais llm llms model models assistant assistants chatbot chatbots bot bots agent agents chatgpt gpt claude gemini"
    " copilot qwen deepseek summarizer summariser summarizers analyzer analyser analyst analysts reviewer reviewers"
)
_ANSWER_WORDS: Final = (
    "answer answers response responses reply replies summary summaries analysis headline headlines output digest report"
    " reports json verdict"
)
_LEVEL_WORDS: Final = "importance severity priority critical important urgent trivial harmless breaking high low top"
_NORM_WORDS: Final = (
    "instruction instructions prompt prompts rule rules direction directions directive directives guideline guidelines"
    " constraint constraints told orders task role"
)

#: Words of which a line needs one, since most lines of code have none, and what makes it an order.
_ENGLISH: Final = (
    # Ignore what you were told.
    (
        _NORM_WORDS,
        r"\b(?:ignore|disregard|forget|override|bypass|overrule|skip|drop|stop following)\b.{0,40}\b(?:instructions?"
        r"|prompts?|rules?|directions?|directives?|guidelines?|constraints?|(?:were|been) told)\b",
    ),
    (_NORM_WORDS, r"\bnew (?:system )?(?:prompts?|instructions?|orders?|task|role|rules)\b.{0,20}[:.]"),
    # You are somebody else now.
    ("you", r"\byou(?:'re| are)\b.{0,20}\b(?:now|no longer|an? (?:AI|assistant|language model|LLM|bot|helpful))\b"),
    (
        "act behave respond answer",
        r"\b(?:act|behave|respond|answer) as (?:if you|an? (?:AI|LLM|assistant|model|admin|developer|system|bot))\b",
    ),
    ("pretend", r"\bpretend (?:to be|that you|you)\b"),
    ("now", r"\bfrom now on\b.{0,20}\b(?:you|answer|respond|reply|write|say)\b"),
    ("system developer", r"\b(?:system|developer) (?:prompt|message|instruction|override|note|mode)s?\b"),
    (
        "im_start im_end system endoftext assistant user instruction instructions inst",
        r"<\|?/?\s*(?:im_start|im_end|system|endoftext|assistant|user|instructions?)\s*\|?>|\[/?INST\]",
    ),
    ("system instruction instructions", r"^\W*#{2,} ?(?:system|instruction)"),
    ("system assistant developer human", r"^\W*(?:system|assistant|developer|human)\s*[:>]\s+[a-z]"),
    # Somebody is spoken to who is no person.
    (
        _MODEL_WORDS,
        rf"^\W*(?:(?:dear|hey|hi|hello|attention|note|notice|message|instructions?|request|important)\W+)?"
        rf"(?:(?:for|to|all|any|every|the|you|this)\s+){{0,3}}{_MODEL}\b[^.:!,]{{0,40}}[:,!]\s+{_ORDER}",
    ),
    (
        _MODEL_WORDS,
        rf"\b(?:notes?|notice|message|instructions?|orders?|request|attention|hint) (?:for|to)\b.{{0,25}}\b{_MODEL}\b",
    ),
    (_MODEL_WORDS, rf"\b(?:dear|hey|hello|attention)\b.{{0,12}}\b{_MODEL}\b"),
    (
        f"{_MODEL_WORDS} read reads reading summarize summarise summarizing analyze analyse reviewing review",
        r"\b(?:if|when|whenever) you(?:'re| are)?\b.{0,30}\b(?:an? (?:AI|LLM|bot|model)|(?:read|summari[sz]|analy[sz]"
        r"|review)\w*\b.{0,20}\b(?:this|the commit))",
    ),
    (_MODEL_WORDS, rf"\b(?:any|every|each|all) (?:automated |automatic )?{_MODEL}\b.{{0,40}}\b{_MUST}\b"),
    # What to answer.
    (_ANSWER_WORDS, rf"\b{_SAY}\b.{{0,80}}\b(?:your|this|as your|as the|in the|of the) .{{0,15}}{_OWN_ANSWER}\b"),
    (_ANSWER_WORDS, rf"\b{_SAY}\b.{{0,80}}\byour .{{0,15}}{_ANSWER}\b"),
    (_ANSWER_WORDS, rf"\b(?:your {_ANSWER}|the {_OWN_ANSWER})\b.{{0,40}}\b{_MUST}\b"),
    ("only exactly verbatim nothing", rf"^\W*{_SAY} (?:only|exactly|verbatim|nothing (?:but|else))\b"),
    (
        "phrase word words sentence text string following",
        rf"\b{_SAY} (?:exactly )?the (?:following )?(?:phrase|words?|sentence|text|string)\b",
    ),
    (
        "not don't never avoid",
        r"\b(?:do not|don't|never|avoid) (?:mention|report|summari[sz]e|describe|reveal|flag|tell)(?:ing)?\b",
    ),
    (
        "tell inform urge advise warn instruct ask order",
        r"\b(?:tell|inform|urge|ask|advise|warn|instruct|order) (?:all |every |the |your |our )?"
        r"(?:readers?|users?|everyone|everybody|people|engineers?|team|channel|subscribers?|customers?|operators?)\b",
    ),
    # How important it is.
    (
        _LEVEL_WORDS,
        r"\b(?:rate|mark|classify|treat|set|label|flag|score|rank|raise|consider|make|report|regard|grade)\b.{0,50}"
        r"\b(?:importance|severity|as (?:an? )?(?:high|critical|important|urgent|low|trivial|harmless|breaking|top))\b",
    ),
    (
        _LEVEL_WORDS,
        r"\bimportance\b\W{0,6}(?:is|=|:|to|must|should)?\W{0,6}(?:be )?\W?(?:high|critical|medium|low|urgent)",
    ),
    (
        _LEVEL_WORDS,
        r"\b(?:this|it|the (?:change|commit)) (?:is|must be|should be|deserves|counts as) (?:of )?(?:the )?"
        r"(?:highest|utmost|maximum|top|critical|high) (?:importance|priority|severity)\b",
    ),
)
_CHINESE: Final = (
    r"(?:忽略|无视|忘记|忘掉|不要理会|不用管|跳过|绕过|覆盖|抛开).{0,16}(?:指令|指示|提示|规则|要求|说明|命令|约束|设定)",
    r"(?:你|您)(?:现在|从现在起|以后)?(?:是|不再是|扮演|充当|作为).{0,12}(?:AI|人工智能|助手|模型|机器人|分析师|系统|管理员)",
    r"(?:扮演|假装|充当).{0,10}(?:角色|助手|模型|管理员|系统)|从现在(?:开始|起).{0,12}(?:你|请|必须|只|回答|输出)",
    r"(?:系统|开发者)(?:提示词?|消息|指令|设定|通知)|新的?(?:系统)?(?:指令|任务|提示|规则)\s*[:：。]",
    r"(?:AI|人工智能|语言模型|大模型|模型|助手|机器人|智能体|分析器|分析师|总结者|审阅者)(?:们)?"
    r"(?:请|必须|应该|应当|务必|一定要|注意|\s*[:：，,!！])",
    r"(?:致|告诉|通知|提醒|要求|命令|请).{0,6}(?:AI|人工智能|语言模型|大模型|模型|助手|机器人|智能体)",
    r"(?:在|把|将|于).{0,12}(?:摘要|总结|标题|分析|回答|回复|答案|报告|日报|结论).{0,6}(?:中|里|末尾|结尾|开头|最后|写|改|加)",
    r"(?:摘要|总结|标题|回答|回复|答案|报告|日报|结论).{0,6}(?:必须|应当|应该|务必|一定要|要写|只写|只能)",
    r"(?:请|务必|必须|一定要|只|直接)(?:只)?(?:回答|回复|输出|返回|打印|复述|照抄|重复)",
    r"(?:不要|别|切勿|禁止|不得)(?:提及|提到|报告|总结|描述|说明|透露)",
    r"(?:告诉|通知|提醒|要求|让|请|建议|敦促)(?:所有|全体|每个|各位|大家)?(?:的)?(?:读者|用户|工程师|团队|频道|成员|订阅者|客户)",
    r"(?:重要(?:性|程度|等级|度)|优先级|严重(?:性|程度|级别)).{0,8}(?:设|标|评|定|改|调|提|升|视|为|成|必须|应).{0,10}(?:高|低|中|紧急|关键)",
    r"(?:设|标|评|定|改|调|提升?|视)(?:置|记|为|成|作|到|至){1,3}.{0,6}(?:最高|高|关键|紧急|重大|低)(?:重要|优先|级|度)",
)
#: Two names of our own answer's parts, as JSON has them, are no code of anybody else.
_OUR_KEY: Final = re.compile(
    r"[\"'“]?\b(?:headline|importance|summary|types|rule|reason|scope|insight|risks|advice|evidence)\b[\"'”]\s*:",
    re.IGNORECASE,
)
_FENCE: Final = re.compile(
    r"\b(?:BEGIN|END)\s+[0-9a-fA-F]{8,}\b|^\W*(?:END|BEGIN) OF (?:DATA|COMMIT|INPUT|DIFF)", re.IGNORECASE
)
_WORDS: Final = re.compile(r"[a-z_']+")
_CJK: Final = re.compile(r"[\u4e00-\u9fff]")
_ENGLISH_ORDERS: Final = tuple(
    (frozenset(words.split()), re.compile(pattern, re.IGNORECASE)) for words, pattern in _ENGLISH
)
_CHINESE_ORDERS: Final = re.compile("|".join(_CHINESE), re.IGNORECASE)
_MARK: Final = re.compile(r"@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@ ?|[+\- ]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Defused:
    diff: CommitDiff
    #: Lines and names of files that were withheld from the model.
    lines: int


def defused(diff: CommitDiff) -> Defused:
    """The commit as a model may read it: message and patches without lines that speak to it. Line counts stay."""
    message, in_message = _without_orders(diff.commit.message)
    names = withheld_names(diff)
    patches: dict[str, str] = {}
    withheld = in_message + len(names)
    for path, patch in diff.patches.items():
        patches[names.get(path, path)], in_patch = _without_orders(patch)
        withheld += in_patch
    files = tuple(_renamed(file, names) for file in diff.commit.files)
    return Defused(
        diff=CommitDiff(commit=replace(diff.commit, message=message, files=files), patches=patches), lines=withheld
    )


def _renamed(file: FileChange, names: Mapping[str, str]) -> FileChange:
    previous = file.previous_path
    return replace(
        file, path=names.get(file.path, file.path), previous_path=names.get(previous, previous) if previous else None
    )


def is_order(line: str) -> bool:
    """Whether a line seems to speak to a language model; in doubt it does, since withholding one costs little."""
    read = line if len(line) <= 2 * LINE_READ else f"{line[:LINE_READ]} {line[-LINE_READ:]}"
    return _is_english_order(read) or _is_chinese_order(read) or _is_our_form(read)


def _is_english_order(line: str) -> bool:
    words = frozenset(_WORDS.findall(line.lower()))
    return any(not words.isdisjoint(gate) and order.search(line) for gate, order in _ENGLISH_ORDERS)


def _is_chinese_order(line: str) -> bool:
    return _CJK.search(line) is not None and _CHINESE_ORDERS.search(line) is not None


def _is_our_form(line: str) -> bool:
    """Our fence, or the form of our answer."""
    return _FENCE.search(line) is not None or (line.count(":") > 1 and len(_OUR_KEY.findall(line)) > 1)


def _without_orders(text: str) -> tuple[str, int]:
    """The text, and how many of its lines were withheld; marks of a diff in front of a line stay."""
    withheld = 0
    lines = text.split("\n")
    for number, line in enumerate(lines):
        mark, content = _split(line)
        if is_order(content):
            lines[number] = mark + WITHHELD
            withheld += 1
    return "\n".join(lines), withheld


def _split(line: str) -> tuple[str, str]:
    """What a diff puts in front, and what stood in the file: a hunk's heading quotes a line, too."""
    match = _MARK.match(line)
    mark = match[0] if match else ""
    return mark, line[len(mark) :]


def withheld_names(diff: CommitDiff) -> Mapping[str, str]:
    """Paths, also former ones, that speak to a model or break the line, with the names they go by instead."""
    paths = [path for file in diff.commit.files for path in (file.path, file.previous_path) if path]
    suspects = [path for path in dict.fromkeys(paths) if _is_suspect(path)]
    return {path: f"withheld-name-{number}" for number, path in enumerate(suspects, start=1)}


def _is_suspect(path: str) -> bool:
    return len(path.splitlines()) > 1 or is_order(re.sub(r"[-_./／]+", " ", path))
