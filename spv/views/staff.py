"""Agency staff: applications, nominated contacts, people who need a password link."""

from flask import Blueprint, Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import current_actor
from spv.forms.accounts import ContactForm, ContactsFileForm, DeclineForm
from spv.rules.errors import ValidationError
from spv.rules.formatting import pluralise
from spv.services.accounts import applications, contacts, password_links, users
from spv.views.account import link_page

bp = Blueprint("staff", __name__, url_prefix="/staff")


@bp.get("")
def index() -> BaseResponse:
    """The way in for staff."""
    return redirect(url_for("site.index"))


@bp.get("/applications", endpoint="applications")
def index_of_applications() -> Response:
    """What is to be assessed, oldest first, and what was."""
    return pages.render(
        "staff/_applications.html",
        title="Applications",
        waiting=applications.waiting(),
        count=applications.count_waiting(),
        assessed=applications.assessed(),
    )


@bp.get("/applications/<number:application_id>")
def application(application_id: int) -> Response:
    """One application, beside the nominated contacts."""
    return _application(application_id, DeclineForm())


@bp.post("/applications/<number:application_id>/approve")
def approve(application_id: int) -> BaseResponse:
    """Approve an application."""
    name = applications.approve(application_id, current_actor())
    flash(f"Approved: {name}.")
    return pages.done("staff.applications")


@bp.post("/applications/<number:application_id>/decline")
def decline(application_id: int) -> BaseResponse:
    """Decline an application with a reason."""
    form = DeclineForm()
    try:
        applications.decline(application_id, form.answers, current_actor())
    except ValidationError as refusal:
        return _application(application_id, form.refused(refusal))
    flash("Declined. The applicant sees the reason.")
    return pages.done("staff.applications")


@bp.get("/people")
def people() -> Response:
    """People who sign in, by a part of their name, address or account."""
    text = request.args.get("text", "")
    return pages.render(
        "staff/_people.html", title="People", people=users.find(text), text=text
    )


@bp.post("/people/<number:user_id>/password-link")
def make_link(user_id: int) -> Response:
    """Show a link with which somebody sets a new password."""
    return link_page(password_links.make_link(user_id, current_actor()), "staff.people")


def _application(application_id: int, form: DeclineForm) -> Response:
    found = applications.show(application_id)
    return pages.render(
        "staff/_application.html",
        title=f"Application of {found.legal_name}",
        application=found,
        matches=contacts.compare(found),
        form=form,
    )


@bp.get("/contacts")
def list_contacts() -> Response:
    """The contacts, and two ways to add some."""
    return _contacts(ContactForm(formdata=None), ContactsFileForm())


@bp.post("/contacts")
def save_contact() -> BaseResponse:
    """Keep one contact, instead of what was known of its ABN."""
    form = ContactForm()
    try:
        contacts.save(form.answers, current_actor())
    except ValidationError as refusal:
        return _contacts(form.refused(refusal), ContactsFileForm(formdata=None))
    flash("The contact is kept.")
    return pages.done("staff.list_contacts")


@bp.post("/contacts/file")
def load_contacts() -> BaseResponse:
    """Keep the contacts of a CSV file."""
    form = ContactsFileForm()
    try:
        count = contacts.load(form.data_of_file(), current_actor())
    except ValidationError as refusal:
        return _contacts(ContactForm(formdata=None), form.refused(refusal))
    flash(f"{pluralise(count, 'contact')} kept.")
    return pages.done("staff.list_contacts")


@bp.post("/contacts/<number:contact_id>/remove")
def remove_contact(contact_id: int) -> BaseResponse:
    """Forget a contact."""
    contacts.remove(contact_id, current_actor())
    flash("The contact has been removed.")
    return pages.done("staff.list_contacts")


def _contacts(form: ContactForm, file_form: ContactsFileForm) -> Response:
    text = request.args.get("text", "")
    status = max(form.http_status, file_form.http_status)
    return pages.render(
        "staff/_contacts.html",
        title="Nominated contacts",
        status=status,
        contacts=contacts.find(text),
        text=text,
        form=form,
        file_form=file_form,
    )
