"""The database tables, their constraints and relationships."""

from spv.models.accounts import Account as Account
from spv.models.accounts import AccountApplication as AccountApplication
from spv.models.accounts import KnownBrowser as KnownBrowser
from spv.models.accounts import NominatedContact as NominatedContact
from spv.models.accounts import SignInTries as SignInTries
from spv.models.accounts import User as User
from spv.models.accounts import UserSession as UserSession
from spv.models.audit import AuditChain as AuditChain
from spv.models.audit import AuditCheck as AuditCheck
from spv.models.audit import AuditCheckpoint as AuditCheckpoint
from spv.models.audit import AuditEvent as AuditEvent
from spv.models.audit import AuditTile as AuditTile
from spv.models.ledger import Declaration as Declaration
from spv.models.ledger import Invalidation as Invalidation
from spv.models.ledger import PanelSerial as PanelSerial
from spv.models.ledger import Product as Product
from spv.models.ledger import RefusedFile as RefusedFile
from spv.models.ledger import Upload as Upload
from spv.models.ledger import UploadProduct as UploadProduct
from spv.models.stc import StcBatch as StcBatch
from spv.models.stc import StcCalculation as StcCalculation
from spv.models.stc import VisitorRows as VisitorRows
from spv.models.subscriptions import ApiRequest as ApiRequest
from spv.models.subscriptions import Subscription as Subscription
from spv.models.subscriptions import SubscriptionKey as SubscriptionKey
