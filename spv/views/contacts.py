"""The contacts that organisations have nominated to the agency."""

from flask import Blueprint, Response, flash, request
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import current_actor
from spv.forms.account import ContactForm, ContactsFileForm
from spv.rules.formatting import counted
from spv.rules.refusal import Refusal
from spv.services.accounts import contacts

bp = Blueprint("contacts", __name__, url_prefix="/staff/contacts")


@bp.get("")
def index() -> Response:
    """The contacts, and two ways to add some."""
    return _index(ContactForm(formdata=None), ContactsFileForm())


@bp.post("")
def save() -> BaseResponse:
    """Keep one contact, instead of what was known of its ABN."""
    form = ContactForm()
    try:
        contacts.save(form.answers, current_actor())
    except Refusal as refusal:
        return _index(form.refused(refusal), ContactsFileForm(formdata=None))
    flash("The contact is kept.")
    return pages.done("contacts.index")


@bp.post("/file")
def load() -> BaseResponse:
    """Keep the contacts of a CSV file."""
    form = ContactsFileForm()
    try:
        count = contacts.load(form.data_of_file(), current_actor())
    except Refusal as refusal:
        return _index(ContactForm(formdata=None), form.refused(refusal))
    flash(f"{counted(count, 'contact')} kept.")
    return pages.done("contacts.index")


@bp.post("/<number:contact_id>/remove")
def remove(contact_id: int) -> BaseResponse:
    """Forget a contact."""
    contacts.remove(contact_id, current_actor())
    flash("The contact has been removed.")
    return pages.done("contacts.index")


def _index(form: ContactForm, file_form: ContactsFileForm) -> Response:
    text = request.args.get("text", "")
    status = max(form.http_status, file_form.http_status)
    return pages.render(
        "contacts/_index.html",
        title="Nominated contacts",
        status=status,
        contacts=contacts.find(text),
        text=text,
        form=form,
        file_form=file_form,
    )
