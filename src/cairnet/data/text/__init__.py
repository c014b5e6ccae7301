"""Texts as numbers: vocabularies, corpora of any size, batches; and vectors for words."""

from cairnet.data.text.corpus import Corpus
from cairnet.data.text.vocabulary import CharacterVocabulary, WordVocabulary
from cairnet.data.text.windows import CarriedBatches, windows
from cairnet.data.text.word_vectors import WordVectors, word_vectors

__all__ = [
    "CarriedBatches",
    "CharacterVocabulary",
    "Corpus",
    "WordVectors",
    "WordVocabulary",
    "windows",
    "word_vectors",
]
