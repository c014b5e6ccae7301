"""Fourier transforms: `cn.fft`, the extension of the Python array API standard of that name.

The transforms are graphs of matrix products and reshapings, so they have derivatives of any order,
are compiled like everything else, and stand in the middle of a network as well as alone. The length
of a transform must be known when the graph is built; the other axes, a batch say, may be unknown.

>>> import cairnet as cn
>>> time = cn.linspace(0.0, 1.0, 8, endpoint=False)
>>> wave = cn.sin(2 * cn.pi * time * 2)
>>> cn.round(cn.abs(cn.fft.rfft(wave)))
Tensor([0., 0., 4., 0., 0.], dtype=float32)
"""

from cairnet.tensor.functions.fft.frequencies import fftfreq, fftshift, ifftshift, rfftfreq
from cairnet.tensor.functions.fft.real_transforms import hfft, ihfft, irfft, irfftn, rfft, rfftn
from cairnet.tensor.functions.fft.transforms import fft, fftn, ifft, ifftn

__all__ = [
    "fft",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "ifft",
    "ifftn",
    "ifftshift",
    "ihfft",
    "irfft",
    "irfftn",
    "rfft",
    "rfftfreq",
    "rfftn",
]
