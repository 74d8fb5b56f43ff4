"""Pages of agency staff: desk, applications, contacts, refusals, verification, log."""

from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import current_actor
from spv.forms import accounts as forms
from spv.rules.desk import refused_row
from spv.rules.ledger.product_list import MOST_PRODUCTS
from spv.rules.staff_search import read_calculation_criteria, read_log_criteria
from spv.rules.text import pluralise
from spv.services.accounts import applications, contacts
from spv.services.agency import audit_search, calculations, desk, products, refusals
from spv.services.ledger.refused_files import File
from spv.services.verify import checks
from spv.services.verify.calculations import replay_one

bp = Blueprint("staff", __name__, url_prefix="/staff")
log_bp = Blueprint("staff_log", __name__, url_prefix="/staff")
products_bp = Blueprint("staff_products", __name__, url_prefix="/staff/products")
bp.add_app_template_global(checks.alarms)
bp.add_app_template_global(refused_row)


@bp.get("")
def index(form: forms.SeenForm | None = None) -> Response:
    """Show the desk: its news, and the findings that are worth a look."""
    form = form or forms.SeenForm(formdata=None)
    return pages.render("staff/_desk.html", "Desk", form, desk=desk.show())


@bp.post("/seen")
@pages.submits(forms.SeenForm, index)
def see(form: forms.SeenForm) -> BaseResponse:
    """Note that a finding was seen."""
    desk.see(form.answers, current_actor())
    return pages.done(
        "staff.index", "Marked as seen. It will come back if there is more of it."
    )


@bp.get("/months.csv")
def months() -> Response:
    """Download the numbers of the chart."""
    return pages.csv_file(desk.months(), "panels-by-month.csv")


@bp.get("/applications", endpoint="applications")
def list_applications() -> Response:
    """Show the applications to be assessed, oldest first, and those assessed."""
    return pages.render(
        "staff/_applications.html", "Applications",
        waiting=applications.waiting(), count=applications.count_waiting(),
        assessed=applications.assessed(),
    )  # fmt: skip


@bp.get("/applications/<number:application_id>")
def application(application_id: int, form: forms.DeclineForm | None = None) -> Response:
    """Show an application beside the nominated contact."""
    found = applications.show(application_id)
    return pages.render(
        "staff/_application.html", f"Application of {found.legal_name}",
        form or forms.DeclineForm(),
        application=found, matches=contacts.compare(found),
    )  # fmt: skip


@bp.post("/applications/<number:application_id>/approve")
def approve(application_id: int) -> BaseResponse:
    """Approve an application."""
    name = applications.approve(application_id, current_actor())
    return pages.done("staff.applications", f"Approved: {name}.")


@bp.post("/applications/<number:application_id>/decline")
@pages.submits(forms.DeclineForm, application)
def decline(form: forms.DeclineForm, application_id: int) -> BaseResponse:
    """Decline an application with a reason."""
    applications.decline(application_id, form.answers, current_actor())
    return pages.done("staff.applications", "Declined. The applicant sees the reason.")


@bp.get("/contacts")
def list_contacts(
    form: forms.ContactForm | None = None,
    file_form: forms.ContactsFileForm | None = None,
) -> Response:
    """Show the contacts, a form for one and a form for a file."""
    form = form or forms.ContactForm(formdata=None)
    file_form = file_form or forms.ContactsFileForm(formdata=None)
    text, most = request.args.get("text", ""), contacts.MOST_CONTACTS
    found = contacts.find(text)
    return pages.render(
        "staff/_contacts.html", "Nominated contacts", form,
        status=max(form.http_status, file_form.http_status), text=text,
        contacts=found[:most], has_more=len(found) > most, file_form=file_form,
    )  # fmt: skip


@bp.post("/contacts")
@pages.submits(forms.ContactForm, list_contacts)
def save_contact(form: forms.ContactForm) -> BaseResponse:
    """Save a contact in place of the one with the same ABN."""
    contacts.save(form.answers, current_actor())
    return pages.done("staff.list_contacts", "The contact has been saved.")


@bp.post("/contacts/file")
@pages.submits(forms.ContactsFileForm, lambda form: list_contacts(file_form=form))
def load_contacts(form: forms.ContactsFileForm) -> BaseResponse:
    """Save the contacts of a CSV file."""
    count = contacts.load(form.data_of_file(), current_actor())
    return pages.done("staff.list_contacts", f"{pluralise(count, 'contact')} saved.")


@bp.post("/contacts/<number:contact_id>/remove")
def remove_contact(contact_id: int) -> BaseResponse:
    """Delete a contact."""
    contacts.remove(contact_id, current_actor())
    return pages.done("staff.list_contacts", "The contact has been removed.")


@bp.get("/refused")
@pages.logs_a_view
def list_refused() -> Response:
    """Show refused uploads: all, of an account, or those in conflict with another."""
    account, holder, before = map(pages.number, ("account", "holder", "before"))
    wanted = refusals.Wanted(account, holder, "conflicts" in request.args)
    found = refusals.find(wanted, current_actor(), before)
    return pages.render("staff/_list_refused.html", "Refused uploads", found=found)


@bp.get("/refused/<number:refused_id>")
@pages.logs_a_view
def refused(refused_id: int) -> Response:
    """Show a refused upload, with the report as its account saw it."""
    found = refusals.show(refused_id, current_actor(), pages.number("after"))
    title = f"Refused upload {refused_id}"
    return pages.render("staff/_refused.html", title, refused=found)


@bp.get("/verify")
def verify() -> Response:
    """Show the progress of the verification, and the last results."""
    polls = pages.wants_partial() and request.method == "GET"
    found = checks.status() | {"polls": polls}
    return pages.render("staff/_verify.html", "Verification", **found)


@bp.post("/verify")
def start_verification() -> BaseResponse:
    """Verify everything in the background, unless a verification is under way."""
    started = checks.start(current_actor())
    message = "" if started else "A verification is under way already."
    return pages.done("staff.verify", message)


def _log(form: forms.LogForm, **context: Any) -> Response:
    return pages.render("staff/_audit.html", "Audit log", form, **context)


@log_bp.get("/audit", endpoint="index")
@pages.logs_a_view
@pages.submits(lambda: forms.LogForm(request.args), _log)
def search_log(form: forms.LogForm) -> Response:
    """Show the newest events, or those that match."""
    criteria = read_log_criteria(form.answers)
    audit_search.note_search("log.searched", current_actor(), criteria.in_words())
    found = audit_search.find(criteria, pages.number("before"))
    return _log(
        form, found=found, criteria=criteria.answers(), most=audit_search.MOST_EXPORTED
    )


@log_bp.get("/audit/events.<any(csv, jsonl):form>", endpoint="export")
@pages.logs_a_view
def export_log(form: str) -> Response:
    """Download the events that match, with their hashes."""
    criteria = read_log_criteria(forms.LogForm(request.args).answers)
    texts = audit_search.export(criteria, form, current_actor())
    if form == "csv":
        return pages.csv_file(texts, "audit-log.csv")
    return pages.saved_file(texts, "audit-log.jsonl", "application/jsonl")


@log_bp.get("/audit/<row:event_id>", endpoint="show")
def show_event(event_id: int) -> Response:
    """Show an event with its details and its position in the log."""
    shown = audit_search.show(event_id)
    event = shown.line.event
    log = "calculations" if event.chain == "stc" else event.chain
    title = f"Event {event.sequence:,} of the {log}"
    return pages.render("staff/_event.html", title, shown=shown)


def _calculations(form: forms.CalculationForm, **context: Any) -> Response:
    return pages.render("staff/_calculations.html", "Calculations", form, **context)


@log_bp.get("/calculations")
@pages.submits(lambda: forms.CalculationForm(request.args), _calculations)
def list_calculations(form: forms.CalculationForm) -> Response:
    """Show the newest calculations, or those that match, and a chart of some days."""
    criteria, before = read_calculation_criteria(form.answers), pages.number("before")
    return _calculations(
        form,
        criteria=criteria.answers(),
        found=calculations.find(criteria, before),
        counted=None if before else calculations.chart(criteria),
    )


@log_bp.get("/calculations/counts.csv")
def counts() -> Response:
    """Download the numbers of the chart."""
    criteria = read_calculation_criteria(forms.CalculationForm(request.args).answers)
    text = calculations.as_csv(calculations.chart(criteria))
    return pages.csv_file(text, "calculations-counted.csv")


@log_bp.get("/calculations/<reference:reference>")
def calculation(reference: str) -> Response:
    """Show a calculation or a batch with its events; replay it if asked to."""
    saved, is_batch = calculations.show(reference)
    return pages.render(
        "staff/_calculation.html",
        "Batch of calculations" if is_batch else "Calculation",
        saved=saved,
        is_batch=is_batch,
        lines=audit_search.about("reference", reference),
        differences=replay_one(reference) if "replay" in request.args else None,
    )


@products_bp.get("", endpoint="index")
def list_products(form: forms.ProductsForm | None = None, **context: Any) -> Response:
    """Search the approved products; show the form for a file, or its changes."""
    text, form = request.args.get("text", ""), form or forms.ProductsForm(formdata=None)
    context |= {"found": products.find(text), "text": text, "most": MOST_PRODUCTS}
    return pages.render("staff/_products.html", "Approved products", form, **context)


@products_bp.post("", endpoint="load")
@pages.submits(forms.ProductsForm, list_products)
def load_products(form: forms.ProductsForm) -> BaseResponse:
    """Show the changes of a file, or load the file that was looked at."""
    actor = current_actor()
    if form.kept_file.data and not form.has_file:
        count = products.load(form.kept_file.data, actor)
        message = f"The list has been loaded: {pluralise(count, 'product')}."
        return pages.done("staff_products.index", message)
    file = File(form.data_of_file(), form.filename)
    return list_products(form, preview=products.preview(file, actor))


@products_bp.get("/list.csv", endpoint="export")
def export_products() -> Response:
    """Download the list as a file that can be loaded again."""
    return pages.csv_file(products.export(), "approved-products.csv")
