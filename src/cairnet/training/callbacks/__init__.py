"""Callbacks: what else happens while a model is fitted, measured or used."""

from cairnet.training.callbacks.base import Callback
from cairnet.training.callbacks.checkpoint import ModelCheckpoint
from cairnet.training.callbacks.functions import LambdaCallback
from cairnet.training.callbacks.history import History
from cairnet.training.callbacks.rates import LearningRateScheduler, ReduceLROnPlateau
from cairnet.training.callbacks.records import CSVLogger
from cairnet.training.callbacks.samples import SampleText
from cairnet.training.callbacks.stopping import EarlyStopping, TerminateOnNaN

__all__ = [
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
    "SampleText",
    "TerminateOnNaN",
]
