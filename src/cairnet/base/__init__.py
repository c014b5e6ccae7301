"""What every room needs: errors, dtypes, one configuration object, cache folders."""

from cairnet.base.configuration import Configuration, configuration, configure
from cairnet.base.errors import (
    ArgumentError,
    CairnetError,
    CompileError,
    DataError,
    DTypeError,
    GradientError,
    GraphError,
    IndexRangeError,
    NonFiniteError,
    ShapeError,
    UnknownNameError,
    nearest_name,
)
from cairnet.base.folders import cache_folder

__all__ = [
    "ArgumentError",
    "CairnetError",
    "CompileError",
    "Configuration",
    "DTypeError",
    "DataError",
    "GradientError",
    "GraphError",
    "IndexRangeError",
    "NonFiniteError",
    "ShapeError",
    "UnknownNameError",
    "cache_folder",
    "configuration",
    "configure",
    "nearest_name",
]
