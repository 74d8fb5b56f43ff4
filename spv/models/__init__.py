"""The database tables, their constraints and relationships."""

from spv.models.accounts import (
    Account,
    AccountApplication,
    KnownBrowser,
    NominatedContact,
    SignInTries,
    User,
    UserSession,
)
from spv.models.audit import AuditChain, AuditEvent
from spv.models.ledger import (
    Declaration,
    Invalidation,
    PanelSerial,
    Product,
    RefusedFile,
    Upload,
    UploadProduct,
)
from spv.models.stc import StcBatch, StcCalculation, VisitorRows
from spv.models.subscriptions import ApiRequest, Subscription, SubscriptionKey

__all__ = [
    "Account",
    "AccountApplication",
    "ApiRequest",
    "AuditChain",
    "AuditEvent",
    "Declaration",
    "Invalidation",
    "KnownBrowser",
    "NominatedContact",
    "PanelSerial",
    "Product",
    "RefusedFile",
    "SignInTries",
    "StcBatch",
    "StcCalculation",
    "Subscription",
    "SubscriptionKey",
    "Upload",
    "UploadProduct",
    "User",
    "UserSession",
    "VisitorRows",
]
