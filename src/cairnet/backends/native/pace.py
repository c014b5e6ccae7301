"""How many threads a program runs on: as many as are fastest, found by trying.

The number of threads changes no bit of a result, so it may change from call to call. A large
network gains from every core; a tiny one loses more at the meetings of its threads than it gains;
and when other processes want the cores, waiting for a thread that is not running costs more than
doing its share. None of this is known beforehand. So each program keeps the time per step that it
took on some numbers of threads, uses the best, and now and then tries a neighbouring number again.
"""

from __future__ import annotations

__all__ = ["Pace"]

#: After how many calls a neighbour is tried again: soon while the verdict is fresh, then rarely.
_SOON, _RARELY = 8, 256
#: How many times a number of threads is tried before the better of its times is believed.
_TRIALS = 2
#: How often in a row more threads than the best number are tried later, unless they are slower by
#: far: threads that have slept may share a core for a while, until the system moves one of them.
_IN_A_ROW, _FAR = 4, 1.5
#: How far a longer time moves what is remembered. A shorter one takes its place, since times are
#: disturbed upwards only, and that of a first call the most: its memory is still cold.
_UP = 0.2


class Pace:
    """The choice for one program.

    Args:
        most: the largest number of threads to use.

    Example:
        >>> pace = Pace(most=2)
        >>> for _ in range(40):
        ...     threads = pace.choose()
        ...     pace.record(threads, {1: 3.0, 2: 2.0}[threads])
        >>> pace.best
        2
    """

    def __init__(self, most: int) -> None:
        numbers = [1]
        while numbers[-1] * 2 < most:
            numbers.append(numbers[-1] * 2)
        if most > 1:
            numbers.append(most)
        self.numbers = numbers
        self._place = len(numbers) - 1
        self._times: dict[int, float] = {}
        self._trials = dict.fromkeys(numbers, 0)
        self._calls = 0
        self._next_trial = _SOON
        self._interval = _SOON
        self._upwards = False
        self._trial, self._left = most, 0

    @property
    def best(self) -> int:
        """The number of threads that has been fastest."""
        return self.numbers[self._place]

    def choose(self) -> int:
        """How many threads the next call should use."""
        self._calls += 1
        if self._left:
            self._left -= 1
            return self._trial
        for place in (self._place, self._place - 1, self._place + 1):
            if 0 <= place < len(self.numbers) and self._trials[self.numbers[place]] < _TRIALS:
                return self.numbers[place]
        if self._calls >= self._next_trial and len(self.numbers) > 1:
            self._next_trial = self._calls + self._interval
            self._interval = min(2 * self._interval, _RARELY)
            self._upwards = not self._upwards
            self._trial = self.numbers[self._neighbour()]
            self._left = _IN_A_ROW - 1 if self._trial > self.best else 0
            return self._trial
        return self.best

    def _neighbour(self) -> int:
        place = self._place + (1 if self._upwards else -1)
        if not 0 <= place < len(self.numbers):
            place = self._place - (1 if self._upwards else -1)
        return place

    def record(self, threads: int, seconds: float) -> None:
        """Take in what a step took on a number of threads."""
        if threads not in self._trials:
            return
        self._trials[threads] += 1
        before = self._times.get(threads)
        if before is None or seconds < before:
            self._times[threads] = seconds
        elif self._trials[threads] <= _TRIALS:
            # The first time of a program is that of memory met for the first time.
            self._times[threads] = min(before, seconds)
        else:
            self._times[threads] = before + _UP * (seconds - before)
        if threads != self.best and seconds > _FAR * self._times[self.best]:
            self._left = 0
        fastest = min(self._times, key=lambda number: self._times[number])
        if self.numbers.index(fastest) != self._place:
            self._place = self.numbers.index(fastest)
            self._interval = _SOON
            self._next_trial = self._calls + _SOON
