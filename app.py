"""The application, for `flask run` and for a WSGI server: `app:app`."""

import gc
from pathlib import Path

from environs import Env

from spv import create_app

# Read here, and not by one of the servers, so that all of them see the same settings.
Env().read_env(str(Path(__file__).with_name(".env")), recurse=False)
app = create_app()

# What start-up made stays for good: the collector need not go through it again.
gc.collect()
gc.freeze()
