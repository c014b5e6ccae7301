"""One record for each function of the array API standard: what NumPy says it should give."""

from tests.tensor.records import creation, elementwise, positions, reductions, shapes

RECORDS = [
    record
    for family in (elementwise, reductions, shapes, positions, creation)
    for record in family.RECORDS
]
