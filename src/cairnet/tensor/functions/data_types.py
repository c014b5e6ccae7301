"""Dtypes as values: conversion."""

from __future__ import annotations

from typing import Any

from cairnet.base.dtypes import DTypeLike, as_dtype
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions.arguments import as_tensor, cast_to

__all__ = ["astype"]


def astype(x: Any, dtype: DTypeLike, /, *, copy: bool = True) -> Tensor:
    """Convert to another dtype; floats become integers by dropping what is behind the point."""
    return cast_to(as_tensor(x), as_dtype(dtype))
