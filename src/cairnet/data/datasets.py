"""Data sets: ready pairs of inputs and targets, and readers of the formats they are kept in.

Each data set is a function that returns `(x_train, y_train), (x_test, y_test)` as NumPy arrays;
images are float32 in [0, 1] with the channels last.

    digits            1,797 handwritten digits that come with scikit-learn; no download
    moons             two interleaved half circles, made on the spot
    mnist             70,000 handwritten digits
    fashion_mnist     70,000 photographs of clothes
    cifar10           60,000 colour photographs of ten classes
    svhn              99,289 digits of house numbers, colour
    class_names       what the labels of these mean

    load_idx          an array from an IDX file
    load_npz          arrays from an .npz archive
    load_csv          inputs and labels from a table in text
    image_folder      images and labels from a folder of pictures

    encode_labels     names to numbers
    one_hot           numbers to one-hot rows
    stratified_split  two parts in which every class has its share
    tail_split        the first samples and the last
"""

from cairnet.data.cifar10 import cifar10
from cairnet.data.class_names import class_names
from cairnet.data.csv_files import load_csv
from cairnet.data.digits import digits
from cairnet.data.fashion_mnist import fashion_mnist
from cairnet.data.idx import load_idx
from cairnet.data.image_folders import image_folder
from cairnet.data.labels import encode_labels, one_hot
from cairnet.data.mnist import mnist
from cairnet.data.moons import moons
from cairnet.data.npz import load_npz
from cairnet.data.splits import stratified_split, tail_split
from cairnet.data.svhn import svhn

__all__ = [
    "cifar10",
    "class_names",
    "digits",
    "encode_labels",
    "fashion_mnist",
    "image_folder",
    "load_csv",
    "load_idx",
    "load_npz",
    "mnist",
    "moons",
    "one_hot",
    "stratified_split",
    "svhn",
    "tail_split",
]
