"""What texts are made into before a network reads them, and what is known of words beforehand."""

from cairnet.data.text.word_vectors import WordVectors, word_vectors

__all__ = ["WordVectors", "word_vectors"]
