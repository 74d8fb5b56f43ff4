"""The application, for `flask run` and for a WSGI server: `app:app`."""

import gc
import sys
from pathlib import Path

from dotenv import load_dotenv

from spv import create_app
from spv.config import ConfigurationError

# Read here, and not by one of the servers, so that all of them see the same settings.
load_dotenv(Path(__file__).with_name(".env"))
try:
    app = create_app()
except ConfigurationError as error:
    sys.stderr.write(f"spv does not start. {error}\n")
    sys.exit(4)  # tells gunicorn that there is no use in starting another worker

# What start-up made stays for good: the collector need not go through it again.
gc.collect()
gc.freeze()
