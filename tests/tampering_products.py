"""Kinds of tampering with the list of approved products, each at a random place."""

from spv.models import ApprovedProduct
from tests.tampering_log import kind


@kind("a line of the list of approved products changed, removed or inserted")
def change_approved_product(one):
    table = ApprovedProduct.__table__
    row, chance = one.pick(table), one.random.random()
    if chance < 0.3:
        one.delete(table, row)
    elif chance < 0.6:
        one.insert(table, row, model_number=f"Z{one.random.randint(10, 99)}")
    else:
        one.alter(
            table, row, "supplier_name licensee model_number supplier_name_key "
            "licensee_key model_number_key approved_from approved_until",
        )  # fmt: skip
    return (
        r"the list of approved products: (not the one that the log tells of"
        r"|the search keys of names were changed)$"
    )
