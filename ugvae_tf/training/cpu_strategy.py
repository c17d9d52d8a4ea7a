"""MirroredStrategy on one CPU, whose input threads end when training ends."""

import tensorflow as tf


class CpuStrategy(tf.distribute.MirroredStrategy):
    """A MirroredStrategy over CPUs; on one, without tuning of the input and without buffers for devices.

    TensorFlow tunes the buffer of every device in a thread, which options of the dataset do not reach. This thread can
    miss the signal to end, and then sleeps for up to a minute before `fit` returns (docs/speed.md).
    """

    def experimental_distribute_dataset(
        self, dataset: tf.data.Dataset, options: tf.distribute.InputOptions | None = None
    ) -> tf.distribute.DistributedDataset:
        """The same elements in the same order; Keras calls this for every dataset."""
        if options is not None or self.num_replicas_in_sync > 1:
            return super().experimental_distribute_dataset(dataset, options)
        no_tuning = tf.data.Options()
        no_tuning.autotune.enabled = False
        untuned = dataset.with_options(no_tuning)
        mode = tf.distribute.InputReplicationMode.PER_REPLICA  # the only one without these buffers
        bare = tf.distribute.InputOptions(experimental_replication_mode=mode, experimental_fetch_to_device=False)
        return self.distribute_datasets_from_function(lambda _: untuned, bare)
