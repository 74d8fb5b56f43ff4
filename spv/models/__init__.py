"""The tables, their constraints and relationships; no decisions."""

from spv.models.accounts import (
    Account,
    AccountApplication,
    NominatedContact,
    SignInFailures,
    User,
    UserSession,
)
from spv.models.audit import AuditChain, AuditEvent
from spv.models.stc import StcBatch, StcCalculation

__all__ = [
    "Account",
    "AccountApplication",
    "AuditChain",
    "AuditEvent",
    "NominatedContact",
    "SignInFailures",
    "StcBatch",
    "StcCalculation",
    "User",
    "UserSession",
]
