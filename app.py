"""The application, for `flask run` and for a WSGI server: `app:app`."""

from spv import create_app

app = create_app()
