"""Statements about a commit, verified by code: what it does not bear out is dropped, and every fault is told.

Looked up are paths, identifiers, numbers, lines, pull requests, SHAs and links. What prose means beyond these is not
verified: a name that exists may be said to do what it does not.
"""

from bot.core.evidence.faults import Fault, FaultKind
from bot.core.evidence.lead import sentences, verify_lead
from bot.core.evidence.verifier import Verified, Verifier

__all__ = ["Fault", "FaultKind", "Verified", "Verifier", "sentences", "verify_lead"]
