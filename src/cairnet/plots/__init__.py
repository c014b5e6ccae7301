"""Pictures: learning curves, grids of images, confusion matrices, times of kernels, rooflines.

Every function returns a matplotlib `Figure` that belongs to no window and to no global state, and
writes a file too where it is given a path. Matplotlib is loaded when the first picture is drawn.

The colours are those of M. Okabe and K. Ito (Color Universal Design, 2008), which people with
any of the common colour deficiencies tell apart.
"""

from cairnet.plots.confusion import confusion_matrix
from cairnet.plots.curves import learning_curves
from cairnet.plots.grid import images
from cairnet.plots.kernels import kernel_times
from cairnet.plots.roofline import roofline

__all__ = ["confusion_matrix", "images", "kernel_times", "learning_curves", "roofline"]
