"""The application, for `flask run` and for a WSGI server: `app:app`."""

import atexit
import gc
import signal
import sys
from pathlib import Path

from dotenv import load_dotenv

from spv import create_app, database
from spv.config import ConfigurationError
from spv.server import mend_waitress

# Read here, and not by one of the servers, so that all of them see the same settings.
load_dotenv(Path(__file__).with_name(".env"))
mend_waitress()
try:
    app = create_app()
except ConfigurationError as error:
    sys.stderr.write(f"spv does not start. {error}\n")
    sys.exit(4)  # tells gunicorn that there is no use in starting another worker

# A server that is stopped (SIGTERM) ends like one that is interrupted (Ctrl-C): it goes
# through what is to be done at its end. gunicorn has a handler of its own, which stays.
if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
atexit.register(database.close, app)

# What start-up made stays for good: the collector need not go through it again.
gc.collect()
gc.freeze()
