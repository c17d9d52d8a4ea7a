"""The iterator of a training step outlives it, until the next one comes."""

import weakref

from ugvae_tf.models.kept_iterator import keeping_iterator


class Numbers:
    """An iterator that weak references can watch."""

    def __init__(self, *numbers):
        self.left = list(numbers)

    def __next__(self):
        return self.left.pop(0)


def test_the_last_iterator_is_kept_until_the_next_one():
    step = keeping_iterator(next)
    first, second = Numbers(2, 3), Numbers(5)
    watched = weakref.ref(first)
    assert (step(first), step(first)) == (2, 3)
    del first
    assert watched() is not None
    assert step(second) == 5
    assert watched() is None
