"""Pages of agency staff: desk, applications, contacts, refusals, verification."""

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import current_actor
from spv.forms.accounts import ContactForm, ContactsFileForm, DeclineForm
from spv.forms.agency import SeenForm
from spv.rules.desk import refused_row
from spv.rules.text import pluralise
from spv.services.accounts import applications, contacts
from spv.services.agency import desk, refusals
from spv.services.verify import checks

bp = Blueprint("staff", __name__, url_prefix="/staff")
bp.add_app_template_global(checks.alarms)
bp.add_app_template_global(refused_row)


@bp.get("")
def index(form: SeenForm | None = None) -> Response:
    """Show the desk: what is new, and what is worth a look."""
    form = form or SeenForm(formdata=None)
    return pages.render("staff/_desk.html", title="Desk", desk=desk.show(), form=form)


@bp.post("/seen")
@pages.submits(SeenForm, index)
def see(form: SeenForm) -> BaseResponse:
    """Note that a finding was seen."""
    desk.see(form.answers, current_actor())
    return pages.done("staff.index", "Seen. It comes back if there is more of it.")


@bp.get("/months.csv")
def months() -> Response:
    """Download the numbers of the chart."""
    return pages.csv_file(desk.months(), "panels-by-month.csv")


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


@bp.get("/refused")
@pages.recorded
def list_refused() -> Response:
    """Show refused uploads: all, of an account, or with what another one has."""
    wanted = refusals.Wanted(
        account=pages.number("account"),
        holder=pages.number("holder"),
        conflicts="conflicts" in request.args,
    )
    found = refusals.find(wanted, current_actor(), pages.number("before"))
    title = "Refused uploads"
    return pages.render("staff/_list_refused.html", title=title, found=found)


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
