"""What the machine can do, and what a step asks of it: meetings and operations."""

import itertools

import numpy as np

import cairnet as cn
from benchmarks.meeting import Meeting
from benchmarks.operations import convolution
from benchmarks.workloads import CONTESTS


def test_threads_meet_in_less_than_they_would_sleep() -> None:
    assert 0 < Meeting(1).sample() < 1e-4
    # On busy cores a meeting lasts until the other thread has its turn.
    assert 0 < Meeting(2).sample() < 0.1


def test_the_taps_of_a_padded_convolution_are_those_that_meet_the_image() -> None:
    size, kernel = 7, 5
    ones = np.ones((1, size, size, 1), np.float32)
    taps = cn.conv2d(ones, np.ones((kernel, kernel, 1, 1), np.float32), padding="same")
    counted = int(np.asarray(cn.sum(taps)))
    assert convolution(1, size, kernel, 1, 1, "same", first=True) == 2 * 2 * counted
    padded = np.pad(ones, ((0, 0), (2, 2), (2, 2), (0, 0)))
    taps = cn.conv2d(padded, np.ones((kernel, kernel, 1, 1), np.float32), strides=2)
    counted = int(np.asarray(cn.sum(taps)))
    assert convolution(1, size, kernel, 1, 1, 2, first=True, stride=2) == 2 * 2 * counted


def test_the_operations_of_lenet_count_each_product_in_every_direction() -> None:
    first = 2 * 2 * (28 * 5 - 6) ** 2 * 6
    second = 3 * 2 * 100 * 25 * 6 * 16
    dense = 3 * 2 * (400 * 120 + 120 * 84 + 84 * 10)
    assert CONTESTS["lenet5"].flops(1) == first + second + dense


def test_the_operations_of_a_convolution_and_two_dense_layers() -> None:
    convolved = 2 * 2 * (24 * 5) ** 2 * 20
    dense = 3 * 2 * (2880 * 100 + 100 * 10)
    assert CONTESTS["conv20"].flops(1) == convolved + dense


def test_the_operations_of_the_autoencoders() -> None:
    units = (784, 512, 256, 128, 64, 128, 256, 512, 784)
    products = [wide * next_ for wide, next_ in itertools.pairwise(units)]
    assert CONTESTS["dense-autoencoder"].flops(1) == 3 * 2 * sum(products) - 2 * products[0]
    # Taps along an axis, channels, and filters of each convolution.
    layers = [
        (82, 1, 32),
        (40, 32, 8),
        (19, 8, 8),
        (10, 8, 8),
        (22, 8, 8),
        (42, 8, 32),
        (82, 32, 1),
    ]
    products = [taps**2 * channels * filters for taps, channels, filters in layers]
    convolutions = 3 * 2 * sum(products) - 2 * products[0]
    assert CONTESTS["convolutional-autoencoder"].flops(1) == convolutions


def test_the_operations_of_the_recurrent_networks() -> None:
    lstm = 3 * 2 * (39 * 128 * 512 + 128 * 38)
    assert CONTESTS["lstm"].flops(1) == lstm
    assert CONTESTS["gru"].flops(1) == 3 * 2 * (39 * 128 * 384 + 128 * 38)
    # The state that comes from the step before has no gradient.
    vanilla = 3 * 2 * 25 * (128 * 128 + 128 * 65) - 2 * 128 * 128
    assert CONTESTS["vanilla-rnn"].flops(1) == vanilla
    assert CONTESTS["addition"].flops(1) == 3 * 2 * (7 * 16 * 16 + 8 * 16) + 2 * 2 * 8 * 2 * 16
    assert CONTESTS["writing"].flops(1) == 2 * (3 * 256 * 1024 + 256 * 65)
