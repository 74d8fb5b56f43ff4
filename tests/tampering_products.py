"""Kinds of tampering with the list of approved products, each at a random place."""

from spv.models import ApprovedProduct
from tests.tampering_log import kind


@kind("a line of the list of approved products changed, removed or inserted")
def change_approved_product(one):
    one.touch(
        ApprovedProduct.__table__,
        "supplier_name licensee model_number supplier_name_key licensee_key "
        "model_number_key approved_from approved_until",
        lambda _, number: {"model_number": f"Z{number(10, 99)}"},
    )
    return (
        r"the list of approved products: (not the list that the log recorded"
        r"|the search keys of names were changed)$"
    )
