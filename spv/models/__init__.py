"""The tables, their constraints and relationships; no decisions."""

from spv.models.audit import AuditChain, AuditEvent
from spv.models.stc import StcBatch, StcCalculation

__all__ = ["AuditChain", "AuditEvent", "StcBatch", "StcCalculation"]
