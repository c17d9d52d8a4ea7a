"""The input of `fit` on one CPU, whose threads end when `fit` ends."""

import tensorflow as tf


def on_one_cpu(groups: tf.data.Dataset, strategy: tf.distribute.Strategy) -> tf.data.Dataset:
    """The same elements, untuned and without buffers for devices; as it is for other strategies than one CPU.

    TensorFlow tunes the buffer of every device in a thread, which options of the dataset do not reach. This thread can
    miss the signal to end, and then sleeps for up to a minute before `fit` returns (docs/speed.md).
    """
    if not isinstance(strategy, tf.distribute.MirroredStrategy):
        return groups
    devices = [tf.DeviceSpec.from_string(device) for device in strategy.extended.worker_devices]
    if [device.device_type for device in devices] != ["CPU"]:
        return groups
    options = tf.data.Options()
    options.autotune.enabled = False
    untuned = groups.with_options(options)
    mode = tf.distribute.InputReplicationMode.PER_REPLICA  # the only one without these buffers
    bare = tf.distribute.InputOptions(experimental_replication_mode=mode, experimental_fetch_to_device=False)
    return strategy.distribute_datasets_from_function(lambda _: untuned, bare)
