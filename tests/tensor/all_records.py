"""The records of all primitives: on real numbers and on complex ones."""

from tests.tensor import complex_records, primitive_records

__all__ = ["LEAVES", "RECORDS"]

LEAVES = primitive_records.LEAVES
RECORDS = [*primitive_records.RECORDS, *complex_records.RECORDS]
