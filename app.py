"""The application, for `flask run` and for a WSGI server: `app:app`."""

import atexit
import gc
import logging
import signal
import sys
from pathlib import Path

from dotenv import load_dotenv

from spv import create_app, database
from spv.config import ConfigurationError

# Read here and not by one of the servers, so that all servers see the same settings.
load_dotenv(Path(__file__).with_name(".env"))
# One handler for the lines of the app, of its libraries and of its server. If the app
# and waitress had one each, every line would be written twice.
logging.basicConfig(format="[%(asctime)s] %(levelname)s in %(module)s: %(message)s")
try:
    app = create_app()
except ConfigurationError as error:
    sys.stderr.write(f"spv does not start. {error}\n")
    sys.exit(4)  # tells gunicorn that another worker would fail as well

# A server that is stopped (SIGTERM) runs its exit handlers, as it does after Ctrl-C.
# gunicorn has a handler of its own, which stays.
if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
atexit.register(database.close, app)

# Objects made so far stay until the end: the garbage collector need not look at them.
# Nearly all others go without it, so it can look more rarely than at every page.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 50)
