"""Pages of agency staff: applications, contacts, refused uploads, verification."""

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import current_actor
from spv.forms.accounts import ContactForm, ContactsFileForm, DeclineForm
from spv.rules.text import pluralise
from spv.services.accounts import applications, contacts
from spv.services.agency import refusals
from spv.services.verify import checks

bp = Blueprint("staff", __name__, url_prefix="/staff")
bp.add_app_template_global(checks.alarms)


@bp.get("")
def index() -> BaseResponse:
    """Go to the home page, which for staff is their own."""
    return redirect(url_for("site.index"))


@bp.get("/applications", endpoint="applications")
def list_applications() -> Response:
    """Show the applications to be assessed, oldest first, and those assessed."""
    return pages.render(
        "staff/_applications.html",
        title="Applications",
        waiting=applications.waiting(),
        count=applications.count_waiting(),
        assessed=applications.assessed(),
    )


@bp.get("/applications/<number:application_id>")
def application(application_id: int, form: DeclineForm | None = None) -> Response:
    """Show an application beside the nominated contact."""
    found = applications.show(application_id)
    return pages.render(
        "staff/_application.html",
        title=f"Application of {found.legal_name}",
        application=found,
        matches=contacts.compare(found),
        form=form or DeclineForm(),
    )


@bp.post("/applications/<number:application_id>/approve")
def approve(application_id: int) -> BaseResponse:
    """Approve an application."""
    name = applications.approve(application_id, current_actor())
    return pages.done("staff.applications", f"Approved: {name}.")


@bp.post("/applications/<number:application_id>/decline")
@pages.submits(DeclineForm, application)
def decline(form: DeclineForm, application_id: int) -> BaseResponse:
    """Decline an application with a reason."""
    applications.decline(application_id, form.answers, current_actor())
    message = "Declined. The applicant sees the reason."
    return pages.done("staff.applications", message)


@bp.get("/contacts")
def list_contacts(
    form: ContactForm | None = None, file_form: ContactsFileForm | None = None
) -> Response:
    """Show the contacts, a form for one and a form for a file."""
    form = form or ContactForm(formdata=None)
    file_form = file_form or ContactsFileForm(formdata=None)
    text = request.args.get("text", "")
    return pages.render(
        "staff/_contacts.html",
        title="Nominated contacts",
        status=max(form.http_status, file_form.http_status),
        contacts=contacts.find(text),
        text=text,
        form=form,
        file_form=file_form,
    )


@bp.post("/contacts")
@pages.submits(ContactForm, list_contacts)
def save_contact(form: ContactForm) -> BaseResponse:
    """Save a contact in place of the one with the same ABN."""
    contacts.save(form.answers, current_actor())
    return pages.done("staff.list_contacts", "The contact has been saved.")


@bp.post("/contacts/file")
@pages.submits(ContactsFileForm, lambda form: list_contacts(file_form=form))
def load_contacts(form: ContactsFileForm) -> BaseResponse:
    """Save the contacts of a CSV file."""
    count = contacts.load(form.data_of_file(), current_actor())
    return pages.done("staff.list_contacts", f"{pluralise(count, 'contact')} saved.")


@bp.post("/contacts/<number:contact_id>/remove")
def remove_contact(contact_id: int) -> BaseResponse:
    """Delete a contact."""
    contacts.remove(contact_id, current_actor())
    return pages.done("staff.list_contacts", "The contact has been removed.")


@bp.get("/refused/<number:refused_id>")
def refused(refused_id: int) -> Response:
    """Show a refused upload, with the report as its account saw it."""
    found = refusals.show(refused_id, current_actor(), pages.number("after"))
    title = f"Refused upload {refused_id}"
    return pages.render("staff/_refused.html", title=title, refused=found)


@bp.get("/verify")
def verify() -> Response:
    """Show how far the verification is, and the last results."""
    polls = pages.wants_partial() and request.method == "GET"
    found = checks.status() | {"polls": polls}
    return pages.render("staff/_verify.html", title="Verification", **found)


@bp.post("/verify")
def start_verification() -> BaseResponse:
    """Verify everything in the background, unless that is under way."""
    started = checks.start(current_actor())
    message = "" if started else "A verification is under way already."
    return pages.done("staff.verify", message)
