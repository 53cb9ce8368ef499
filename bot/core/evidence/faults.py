"""What is wrong with a statement, as a value."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class FaultKind(StrEnum):
    PATH = "path"
    IDENTIFIER = "identifier"
    NUMBER = "number"
    PULL_REQUEST = "pull_request"
    SHA = "sha"
    EVIDENCE = "evidence"
    LINK = "link"
    ECHO = "echo"


_COMPLAINTS: Final = {
    FaultKind.PATH: "no such path in the commit",
    FaultKind.IDENTIFIER: "no such name in the commit",
    FaultKind.NUMBER: "the commit does not say this number",
    FaultKind.PULL_REQUEST: "the commit does not name this pull request or issue",
    FaultKind.SHA: "the commit does not name this SHA",
    FaultKind.EVIDENCE: "nothing in what was given bears this out",
    FaultKind.LINK: "links are not yours to write",
    FaultKind.ECHO: "repeats what somebody wrote for people to read, instead of saying what the code does",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    kind: FaultKind
    #: What has no support, as it was written.
    text: str
    #: `summary 2`, `risk 1`, `headline`; of a lead, the sentence.
    where: str

    def __str__(self) -> str:
        """For whoever is to repair it: `summary 2: “src/ghost.py”: no such path in the commit.`"""
        return f"{self.where}: “{self.text}”: {_COMPLAINTS[self.kind]}."
