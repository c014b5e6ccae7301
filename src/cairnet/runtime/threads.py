"""How many threads compiled functions use."""

from __future__ import annotations

__all__ = ["get_threads", "set_threads"]


def set_threads(threads: int) -> None:
    """Choose how many threads compiled functions use, from their next call on.

    The number changes how long a computation takes, and never a bit of its result. Without a
    choice, here or in the environment variable CAIRNET_THREADS, every program tries out which
    number up to one a core serves it best, small ones staying on the calling thread.

    Args:
        threads: a whole number, 1 or more.

    Raises:
        ArgumentError: not such a number.

    Example:
        >>> import cairnet as cn
        >>> before = cn.get_threads()
        >>> cn.set_threads(1)
        >>> cn.get_threads()
        1
        >>> cn.set_threads(before)
    """
    from cairnet.backends.native import team

    team.set_threads(threads)


def get_threads() -> int:
    """The most threads that compiled functions use.

    Returns:
        The number chosen by `set_threads` or by CAIRNET_THREADS; else one for each core that
        this process may use.

    Example:
        >>> import cairnet as cn
        >>> cn.get_threads() >= 1
        True
    """
    from cairnet.backends.native import team

    return team.get_threads()
