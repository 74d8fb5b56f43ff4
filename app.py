"""The application, for `flask run` and for a WSGI server: `app:app`."""

import gc
import sys
from pathlib import Path

from dotenv import load_dotenv

from spv import create_app
from spv.config import ConfigurationError
from spv.server import mend_waitress

# Read here, and not by one of the servers, so that all of them see the same settings.
load_dotenv(Path(__file__).with_name(".env"))
mend_waitress()
try:
    app = create_app()
except ConfigurationError as error:
    sys.exit(f"spv does not start. {error}")

# What start-up made stays for good: the collector need not go through it again.
gc.collect()
gc.freeze()
