"""The database tables, their constraints and relationships."""

from spv.models.accounts import *  # noqa: F403
from spv.models.agency import *  # noqa: F403
from spv.models.audit import *  # noqa: F403
from spv.models.ledger import *  # noqa: F403
from spv.models.stc import *  # noqa: F403
from spv.models.subscriptions import *  # noqa: F403
from spv.models.training import *  # noqa: F403
