"""How many threads a program runs on: as many as are fastest, found by trying.

The number of threads changes no bit of a result, so it may change from call to call. A large
network gains from every core; a tiny one loses more at the meetings of its threads than it gains;
and when other processes want the cores, waiting for a thread that is not running costs more than
doing its share. None of this is known beforehand. So each program keeps the time per step that it
took on some numbers of threads, uses the best, and now and then tries a neighbouring number again.
"""

from __future__ import annotations

import math

__all__ = ["Pace"]

#: After how many calls a neighbour is tried again: soon while the verdict is fresh, then rarely.
_SOON, _RARELY = 8, 256
#: How many times a number of threads is tried before the better of its times is believed.
_TRIALS = 2
#: How often in a row more threads than the best number are tried later, unless they are slower by
#: far: threads that have slept may share a core for a while, until the system moves one of them.
_IN_A_ROW, _FAR = 4, 1.5
#: What trials may cost, of all the time that is spent: where one number of threads takes twice as
#: long as another, it is tried once in four hundred calls, however long a call is.
_PART = 0.0025
#: How far a longer time moves what is remembered. A shorter one takes its place, since times are
#: disturbed upwards only, and that of a first call the most: its memory is still cold. One call
#: that the system has interrupted for long says little: it counts as one that took far too long.
_UP = 0.2


class Pace:
    """The choice for one program.

    Args:
        most: the largest number of threads to use.

    Attributes:
        best: the number of threads that has been fastest.

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
        self.best = most
        self._times: dict[int, float] = {}
        self._trials = dict.fromkeys(numbers, 0)
        self._calls = 0
        self._next_trial = _SOON
        self._interval = _SOON
        #: What the next trial may cost, in seconds; anything at first and where the best changes.
        self._purse = math.inf
        self._upwards = True
        self._trial, self._left = most, 0
        #: Up to which call the best number is simply used.
        self._settled = 0

    def choose(self) -> int:
        """How many threads the next call should use."""
        self._calls += 1
        if self._calls < self._settled:
            return self.best
        if self._left:
            self._left -= 1
            return self._trial
        place = self.numbers.index(self.best)
        for number in (self.best, *self.numbers[max(place - 1, 0) : place + 2]):
            if self._trials[number] < _TRIALS:
                return number
        if len(self.numbers) == 1 or self._calls < self._next_trial:
            self._settled = self._next_trial
            return self.best
        return self._tried(place)

    def _tried(self, place: int) -> int:
        """A neighbour of the best number, if what that is expected to cost has been saved."""
        step = 1 if self._upwards else -1
        if not 0 <= place + step < len(self.numbers):
            step = -step
        number = self.numbers[place + step]
        expected, least = self._times[number], self._times[self.best]
        count = _IN_A_ROW if number > self.best and expected <= _FAR * least else 1
        if count * (expected - least) > self._purse:
            self._settled = self._calls + _SOON
            return self.best
        self._purse = 0.0
        self._next_trial = self._calls + self._interval
        self._interval = min(2 * self._interval, _RARELY)
        self._upwards = not self._upwards
        self._trial, self._left = number, _IN_A_ROW - 1 if number > self.best else 0
        return number

    def record(self, threads: int, seconds: float) -> None:
        """Take in what a step took on a number of threads."""
        if threads not in self._trials:
            return
        self._trials[threads] += 1
        self._purse += _PART * seconds
        before = self._times.get(threads)
        if before is None or seconds < before:
            self._times[threads] = seconds
            if threads == self.best:
                return
        elif self._trials[threads] > _TRIALS:
            # The first time of a program is that of memory met for the first time.
            self._times[threads] = before + _UP * (min(seconds, _FAR * before) - before)
        if threads != self.best and seconds > _FAR * self._times[self.best]:
            self._left = 0
        fastest = min(self._times, key=self._times.__getitem__)
        if fastest != self.best:
            self.best = fastest
            self._settled, self._purse = 0, math.inf
            self._interval = _SOON
            self._next_trial = self._calls + _SOON
