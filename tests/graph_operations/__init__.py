"""The steps from which random graphs are built: at least one for every primitive."""

from tests.graph_operations import (
    arithmetic,
    complex_numbers,
    contractions,
    functions,
    indexing,
    integers,
    linalg,
    movement,
    reductions,
)
from tests.graph_operations.functions import UNARY
from tests.graph_operations.registry import OPERATIONS, family_of

__all__ = [
    "OPERATIONS",
    "UNARY",
    "arithmetic",
    "complex_numbers",
    "contractions",
    "family_of",
    "functions",
    "indexing",
    "integers",
    "linalg",
    "movement",
    "reductions",
]
