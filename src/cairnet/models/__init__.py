"""Named networks, built and ready to be compiled."""

from cairnet.models.lenet import lenet5

__all__ = ["lenet5"]
