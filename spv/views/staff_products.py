"""The list of approved products, for agency staff."""

from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import current_actor
from spv.forms.agency import ProductsForm
from spv.rules.ledger.product_list import MOST_PRODUCTS
from spv.rules.text import pluralise
from spv.services.agency import products
from spv.services.ledger.refused_files import File

bp = Blueprint("staff_products", __name__, url_prefix="/staff/products")


@bp.get("")
def index(form: ProductsForm | None = None, **context: Any) -> Response:
    """Search the list, and show the form for a file, or what a file changes."""
    text = request.args.get("text", "")
    return pages.render(
        "staff/_products.html",
        title="Approved products",
        form=form or ProductsForm(formdata=None),
        found=products.find(text),
        text=text,
        most=MOST_PRODUCTS,
        **context,
    )


@bp.post("")
@pages.submits(ProductsForm, index)
def load(form: ProductsForm) -> BaseResponse:
    """Show what a file changes, or load the file that was looked at."""
    actor = current_actor()
    if form.kept_file.data and not form.has_file:
        count = products.load(form.kept_file.data, actor)
        message = f"The list has been loaded: {pluralise(count, 'product')}."
        return pages.done("staff_products.index", message)
    file = File(form.data_of_file(), form.filename)
    return index(form, preview=products.preview(file, actor))


@bp.get("/list.csv")
def export() -> Response:
    """Download the list as a file that can be loaded again."""
    return pages.csv_file(products.export(), "approved-products.csv")
