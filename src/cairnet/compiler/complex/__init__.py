"""Pass 0, complex numbers as pairs: a graph with complex numbers becomes one of real numbers alone.

    z : complex64[2, 3]    →    x, y : float32[2, 3]         with z = x + iy
    multiply(z, w)         →    x·u - y·v,  x·v + y·u        with w = u + iv

Whatever comes after this pass knows real numbers only. At the border of a function nothing is
copied: the memory of a complex input, output or variable is that of a real array with one axis
more, of extent 2, which holds the real and the imaginary part of each number.

    input z : complex64[2, 3]    →    input z : float32[2, 3, 2];  x = z[..., 0],  y = z[..., 1]
    output z                     →    output : float32[2, 3, 2], x and y side by side

A number that is known to be real (converted from a real dtype, or a constant without imaginary
part) has an imaginary part that is known to be zero; a product of matrices of which one is real
takes two real products instead of four. Inside a loop, carries, sequences and outputs are doubled
likewise.
"""

from cairnet.compiler.complex.split import Split, split_complex

__all__ = ["Split", "split_complex"]
