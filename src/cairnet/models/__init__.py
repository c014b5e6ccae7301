"""Named networks, built and ready to be compiled."""

from cairnet.models.char_rnn import CharRNN
from cairnet.models.lenet import lenet5

__all__ = ["CharRNN", "lenet5"]
