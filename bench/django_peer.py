"""A Django project, a peer: django-import-export for the CSV, and a page with a form.

Served as `bench.django_peer:application`; DJANGO_PEER_DATABASE is its SQLite file.
"""

import os

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["import_export", "bench"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["DJANGO_PEER_DATABASE"],
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
            },
        }
    },
)
django.setup()

from django import forms  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.template import Context, Template  # noqa: E402
from django.urls import path  # noqa: E402
from import_export.fields import Field  # noqa: E402
from import_export.resources import ModelResource  # noqa: E402
from tablib import Dataset  # noqa: E402


class PanelSerial(models.Model):
    """A panel. No serial number is there twice."""

    supplier_name = models.CharField(max_length=200)
    licensee = models.CharField(max_length=200)
    model_number = models.CharField(max_length=200)
    serial_number = models.CharField(max_length=200, unique=True)

    class Meta:
        app_label = "bench"
        db_table = "panel_serial"


class PanelSerials(ModelResource):
    """The columns, and every option that its documentation offers for speed.

    The file has new rows only. force_init_instance asks the database for no row at all,
    which is faster than CachedInstanceLoader; skip_diff turns skip_unchanged off.
    """

    supplier_name = Field("supplier_name", "Supplier name")
    licensee = Field("licensee", "Licensee/Certificate holder")
    model_number = Field("model_number", "Model number")
    serial_number = Field("serial_number", "Serial number")

    class Meta:
        model = PanelSerial
        fields = ("supplier_name", "licensee", "model_number", "serial_number")
        import_id_fields = ("serial_number",)
        use_bulk = True
        batch_size = 1000
        use_transactions = True
        force_init_instance = True
        skip_diff = True
        skip_html_diff = True


def upload(request: HttpRequest) -> HttpResponse:
    """Import the file, and answer with the number of new rows."""
    text = request.FILES["file"].read().decode("utf-8-sig")
    result = PanelSerials().import_data(
        Dataset().load(text, format="csv"), dry_run=False
    )
    if result.has_errors() or result.has_validation_errors():
        return HttpResponse("refused", status=422)
    return HttpResponse(result.totals["new"])


PAGE = """<!doctype html><title>A page {{ power }}</title>
<form>{{ form.as_p }}</form>
{% for n in rows %}
<p class="row"><label for="f{{ n }}">Page {{ n }}</label>
<span id="f{{ n }}" class="field">Nothing here</span></p>
{% endfor %}
"""


def page(request: HttpRequest) -> HttpResponse:
    """Show a form of so many fields, and so many more rows."""
    power = request.GET["power"]
    names = [f"field_{n}" for n in range(int(request.GET["fields"]))]
    form = type("Form", (forms.Form,), {name: forms.CharField() for name in names})(
        initial=dict.fromkeys(names, power)
    )
    shown = {"form": form, "power": power, "rows": range(int(request.GET["n"]))}
    return HttpResponse(TEMPLATE.render(Context(shown)))


TEMPLATE = Template(PAGE)


def ready(request: HttpRequest) -> HttpResponse:
    """Answer that it is up."""
    return HttpResponse("ready")


urlpatterns = [path("upload", upload), path("form", page), path("readyz", ready)]
application = get_wsgi_application()

with connection.schema_editor() as editor:
    if PanelSerial._meta.db_table not in connection.introspection.table_names():
        editor.create_model(PanelSerial)
connection.close()
