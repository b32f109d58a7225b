"""Sampling of candidate classes, for training with a great many classes.

The samplers draw the numbers that TensorFlow draws with the same seeds; see
`range_sampling` for how. All of them return three tensors: `sampled_candidates`, int64
[num_sampled]; `true_expected_count`, float32 [batch, num_true], how often each true
class is expected among the samples; and `sampled_expected_count`, float32
[num_sampled], the same of the samples themselves.

Source: Jean, Cho, Memisevic and Bengio, "On Using Very Large Target Vocabulary for
Neural Machine Translation", 2014 (https://arxiv.org/abs/1412.2007).
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from tfstyle.framework import errors, random_seed, tensor_shape
from tfstyle.framework.op_def import Array, Key, op
from tfstyle.framework.session_resources import operation_resources
from tfstyle.framework.tensor_shape import TensorShape
from tfstyle.ops import range_sampling
from tfstyle.ops.shape_rules import equal_sizes, of_rank
from tfstyle.platform import gfile

__all__ = [
    "all_candidate_sampler",
    "compute_accidental_hits",
    "fixed_unigram_candidate_sampler",
    "learned_unigram_candidate_sampler",
    "log_uniform_candidate_sampler",
    "uniform_candidate_sampler",
]


def _invalid(message):
    return errors.InvalidArgumentError(None, None, message)


# -- the operations -------------------------------------------------------------


def _sampler_shape(op):
    batch = of_rank(op._inputs[0], 2)[0]
    samples = tensor_shape.vector(op._attrs["num_sampled"])
    return [samples, TensorShape([batch, op._attrs["num_true"]]), samples]


def _blocks(samples):
    return samples.shape[0] * range_sampling.BLOCKS_PER_SAMPLE


def _sampler(op_type, host=False):
    return op(
        op_type,
        gradient=None,
        host=host,
        shape=_sampler_shape,
        random_blocks=None if host else _blocks,
    )


def _check_classes(true_classes, num_true):
    if true_classes.ndim != 2:
        raise _invalid("true_classes must be a matrix")
    if true_classes.shape[1] != num_true:
        raise _invalid(
            f"true_classes must have num_true columns, got shape "
            f"{list(true_classes.shape)} with num_true = {num_true}"
        )


def _check_range(num_sampled, unique, choices):
    if unique and num_sampled > choices:
        raise _invalid(
            f"Sampler's range is too small: {num_sampled} different classes are to be "
            f"drawn from {choices}"
        )


def _counts(num_sampled, tries, *probabilities):
    return [range_sampling.expected_count(p, num_sampled, tries) for p in probabilities]


@_sampler("UniformCandidateSampler")
def _uniform(
    true_classes: Array,
    num_true,
    num_sampled,
    unique,
    range_max,
    key: Key,
    seed=0,
    seed2=0,
):
    """Samples of all classes with the same probability."""
    _check_classes(true_classes, num_true)
    _check_range(num_sampled, unique, range_max)
    draw = range_sampling.uniform_draws(range_max)
    samples, tries = range_sampling.sample(key, num_sampled, unique, draw)
    probabilities = [
        jnp.full(shape, 1 / range_max, jnp.float32)
        for shape in (true_classes.shape, samples.shape)
    ]
    return samples, *_counts(num_sampled, tries, *probabilities)


@_sampler("LogUniformCandidateSampler")
def _log_uniform(
    true_classes: Array,
    num_true,
    num_sampled,
    unique,
    range_max,
    key: Key,
    seed=0,
    seed2=0,
):
    """Samples of classes in the order of their frequency."""
    _check_classes(true_classes, num_true)
    _check_range(num_sampled, unique, range_max)
    draw = range_sampling.log_uniform_draws(range_max)
    samples, tries = range_sampling.sample(key, num_sampled, unique, draw)
    probabilities = [
        range_sampling.log_uniform_probability(classes, range_max)
        for classes in (true_classes, samples)
    ]
    return samples, *_counts(num_sampled, tries, *probabilities)


def _learned(true_classes, num_true, num_sampled, unique, range_max, seed, seed2):
    _check_classes(true_classes, num_true)
    _check_range(num_sampled, unique, range_max)
    wrong = true_classes[(true_classes < 0) | (true_classes >= range_max)]
    if wrong.size:
        raise _invalid(f"true_classes: class {wrong[0]} is not in [0, {range_max})")
    sampler = operation_resources().setdefault(
        "sampler", range_sampling.LearnedUnigrams(range_max, seed, seed2)
    )
    return sampler.run(true_classes, num_sampled, unique)


@_sampler("LearnedUnigramCandidateSampler", host=True)
def _learned_unigram(
    true_classes: Array, num_true, num_sampled, unique, range_max, seed=0, seed2=0
):
    """Samples of classes as often as they have been true classes so far."""
    return _learned(true_classes, num_true, num_sampled, unique, range_max, seed, seed2)


@_sampler("ThreadUnsafeUnigramCandidateSampler", host=True)
def _thread_unsafe_unigram(
    true_classes: Array, num_true, num_sampled, unique, range_max, seed=0, seed2=0
):
    """As `LearnedUnigramCandidateSampler`, which GraphDefs may have instead."""
    return _learned(true_classes, num_true, num_sampled, unique, range_max, seed, seed2)


@_sampler("FixedUnigramCandidateSampler")
def _fixed_unigram(
    true_classes: Array,
    num_true,
    num_sampled,
    unique,
    range_max,
    key: Key,
    vocab_file="",
    distortion=1.0,
    num_reserved_ids=0,
    num_shards=1,
    shard=0,
    unigrams=(),
    seed=0,
    seed2=0,
):
    """Samples of classes with given frequencies."""
    if bool(vocab_file) == bool(unigrams):
        fault = "Must only provide one of" if vocab_file else "Must provide either"
        raise _invalid(f"{fault} vocab_file {'and' if vocab_file else 'or'} unigrams.")
    _check_classes(true_classes, num_true)
    weights = range_sampling.unigram_weights(
        _frequencies(vocab_file) if vocab_file else unigrams,
        distortion,
        num_reserved_ids,
        num_shards,
        shard,
    )
    if weights.size != range_max:
        raise _invalid(
            f"range_max is {range_max}, but there are weights for {weights.size} "
            "classes"
        )
    if np.isfinite(weights).all() and weights.any():
        _check_range(num_sampled, unique, np.count_nonzero(weights > 0))
    unigram = range_sampling.FixedUnigrams(weights)
    samples, tries = range_sampling.sample(
        key, num_sampled, unique, unigram.draw, unigram.start
    )
    probabilities = [unigram.probability(c) for c in (true_classes, samples)]
    return samples, *_counts(num_sampled, tries, *probabilities)


def _frequencies(vocab_file):
    """The last column of a file of comma-separated values."""
    try:
        with gfile.GFile(vocab_file) as file:
            lines = file.read().splitlines()
    except FileNotFoundError as error:
        message = f"{vocab_file}: there is no such vocab_file"
        raise errors.NotFoundError(None, None, message) from error
    found = []
    for line in filter(None, lines):
        try:
            found.append(float(line.split(",")[-1]))
        except ValueError:
            raise _invalid(f"Wrong vocabulary format at line: {line}") from None
    return found


@_sampler("AllCandidateSampler")
def _all(true_classes: Array, num_true, num_sampled, unique, seed=0, seed2=0):
    """Every class below `num_sampled`, once."""
    _check_classes(true_classes, num_true)
    ones = [jnp.ones(shape, jnp.float32) for shape in (true_classes.shape, num_sampled)]
    return jnp.arange(num_sampled, dtype=jnp.int64), *ones


def _hits_shape(op):
    true_classes, samples = op._inputs
    equal_sizes(of_rank(true_classes, 2)[1], op._attrs["num_true"])
    of_rank(samples, 1)
    return [tensor_shape.vector(None)] * 3


@op("ComputeAccidentalHits", host=True, gradient=None, shape=_hits_shape)
def _compute_accidental_hits(
    true_classes: Array, sampled_candidates: Array, num_true, seed=0, seed2=0
):
    """Where samples are true classes."""
    if true_classes.ndim != 2 or true_classes.shape[1] != num_true:
        raise _invalid(
            "true_candidates must be a batch_size * num_true matrix, got shape "
            f"{list(true_classes.shape)} with num_true = {num_true}"
        )
    if sampled_candidates.ndim != 1:
        raise _invalid(
            "sampled_candidates must be a vector, which is typically an output from "
            f"CandidateSampler, got shape {list(sampled_candidates.shape)}"
        )
    # Of a class that was drawn twice, the last place counts.
    places = {c: i for i, c in enumerate(sampled_candidates.tolist())}
    hits = [
        (row, places[c])
        for row, classes in enumerate(true_classes.tolist())
        for c in classes
        if c in places
    ]
    rows, ids = np.array(hits, np.int64).reshape(-1, 2).T
    weights = np.full(len(hits), np.finfo(np.float32).min)
    return rows.astype(np.int32), ids, weights


# -- the functions --------------------------------------------------------------


def _seeded(make, *args, seed, name, **attrs):
    first, second = random_seed.get_seed(seed)
    result = make(*args, **attrs, seed=first, seed2=second, name=name)
    if seed is not None:
        # Loops give operations without a seed of their own a stream per iteration.
        result[0].op._attrs["_op_seed"] = True
    return result


def uniform_candidate_sampler(
    true_classes, num_true, num_sampled, unique, range_max, seed=None, name=None
):
    """Samples classes, all with the same probability.

    Args:
        true_classes: the classes that are right, int64 [batch, num_true].
        num_true: how many are right for each example, a Python integer.
        num_sampled: how many to sample for the whole batch, a Python integer.
        unique: whether samples must differ from each other.
        range_max: the number of classes.
        seed: an integer, for samples that are the same in every session.
        name: name of the operation.

    Returns:
        `sampled_candidates`, int64 [num_sampled]; `true_expected_count`, float32
        [batch, num_true]; `sampled_expected_count`, float32 [num_sampled].

    Raises:
        ValueError: when `true_classes` is known to be no matrix.
        tf.errors.InvalidArgumentError: in a run, when `true_classes` does not have
            `num_true` columns or there are fewer classes than samples that must differ.
    """
    return _seeded(
        _uniform,
        true_classes,
        num_true,
        num_sampled,
        unique,
        range_max,
        seed=seed,
        name=name,
    )


def log_uniform_candidate_sampler(
    true_classes, num_true, num_sampled, unique, range_max, seed=None, name=None
):
    """Samples classes that are numbered from the most to the least frequent.

    Class k has the probability `log((k + 2) / (k + 1)) / log(range_max + 1)`, which is
    about how words of a vocabulary are distributed (Zipf's law).

    Args:
        true_classes: the classes that are right, int64 [batch, num_true].
        num_true: how many are right for each example, a Python integer.
        num_sampled: how many to sample for the whole batch, a Python integer.
        unique: whether samples must differ from each other.
        range_max: the number of classes.
        seed: an integer, for samples that are the same in every session.
        name: name of the operation.

    Returns:
        `sampled_candidates`, int64 [num_sampled]; `true_expected_count`, float32
        [batch, num_true]; `sampled_expected_count`, float32 [num_sampled].

    Raises:
        ValueError: when `true_classes` is known to be no matrix.
        tf.errors.InvalidArgumentError: in a run, when `true_classes` does not have
            `num_true` columns or there are fewer classes than samples that must differ.
    """
    return _seeded(
        _log_uniform,
        true_classes,
        num_true,
        num_sampled,
        unique,
        range_max,
        seed=seed,
        name=name,
    )


def learned_unigram_candidate_sampler(
    true_classes, num_true, num_sampled, unique, range_max, seed=None, name=None
):
    """Samples classes with a distribution that is learned while training.

    Each session begins with equal weights, and counts the true classes of every run.
    The operation runs on the host, between compiled steps.

    Args:
        true_classes: the classes that are right, int64 [batch, num_true].
        num_true: how many are right for each example, a Python integer.
        num_sampled: how many to sample for the whole batch, a Python integer.
        unique: whether samples must differ from each other.
        range_max: the number of classes.
        seed: an integer, for samples that are the same in every session.
        name: name of the operation.

    Returns:
        `sampled_candidates`, int64 [num_sampled]; `true_expected_count`, float32
        [batch, num_true]; `sampled_expected_count`, float32 [num_sampled].

    Raises:
        ValueError: when `true_classes` is known to be no matrix.
        tf.errors.InvalidArgumentError: in a run, when `true_classes` does not have
            `num_true` columns, holds what is no class, or there are fewer classes than
            samples that must differ.
    """
    return _seeded(
        _learned_unigram,
        true_classes,
        num_true,
        num_sampled,
        unique,
        range_max,
        seed=seed,
        name=name,
    )


def fixed_unigram_candidate_sampler(
    true_classes,
    num_true,
    num_sampled,
    unique,
    range_max,
    vocab_file="",
    distortion=1.0,
    num_reserved_ids=0,
    num_shards=1,
    shard=0,
    unigrams=(),
    seed=None,
    name=None,
):
    """Samples classes with given frequencies.

    Args:
        true_classes: the classes that are right, int64 [batch, num_true].
        num_true: how many are right for each example, a Python integer.
        num_sampled: how many to sample for the whole batch, a Python integer.
        unique: whether samples must differ from each other.
        range_max: the number of classes (of the shard).
        vocab_file: a file with a line for each class, in order; what follows the last
            comma of a line is the frequency. It is read when the graph is first run.
        distortion: the power that frequencies are taken to before they are used as
            weights: 1.0 leaves them, 0.0 makes all classes equal.
        num_reserved_ids: how many classes come before those with frequencies; they are
            never drawn.
        num_shards: how many samplers share the classes.
        shard: which of them this is, in [0, num_shards).
        unigrams: the frequencies, a list of floats, in place of `vocab_file`.
        seed: an integer, for samples that are the same in every session.
        name: name of the operation.

    Returns:
        `sampled_candidates`, int64 [num_sampled]; `true_expected_count`, float32
        [batch, num_true]; `sampled_expected_count`, float32 [num_sampled].

    Raises:
        ValueError: when `true_classes` is known to be no matrix.
        tf.errors.InvalidArgumentError: in a run, when `true_classes` does not have
            `num_true` columns; when not exactly one of `vocab_file` and `unigrams` is
            given, or the number of frequencies does not fit `range_max`; or when there
            are fewer classes of weight above 0 than samples that must differ.
        tf.errors.NotFoundError: in a run, when there is no such file.

    Differs from TF: what is an error here in `vocab_file` and `range_max` ends the
    process there.
    """
    return _seeded(
        _fixed_unigram,
        true_classes,
        num_true,
        num_sampled,
        unique,
        range_max,
        vocab_file=vocab_file,
        distortion=distortion,
        num_reserved_ids=num_reserved_ids,
        num_shards=num_shards,
        shard=shard,
        unigrams=list(unigrams),
        seed=seed,
        name=name,
    )


def all_candidate_sampler(
    true_classes, num_true, num_sampled, unique, seed=None, name=None
):
    """All classes in place of samples, to test what is built on samplers.

    Args:
        true_classes: the classes that are right, int64 [batch, num_true].
        num_true: how many are right for each example, a Python integer.
        num_sampled: the number of classes.
        unique: without meaning.
        seed: without meaning.
        name: name of the operation.

    Returns:
        `sampled_candidates`, int64 [num_sampled]: 0, 1, …; `true_expected_count`,
        float32 [batch, num_true] and `sampled_expected_count`, float32 [num_sampled]:
        ones.

    Raises:
        ValueError: when `true_classes` is known to be no matrix.
        tf.errors.InvalidArgumentError: in a run, when `true_classes` does not have
            `num_true` columns.
    """
    return _seeded(
        _all, true_classes, num_true, num_sampled, unique, seed=seed, name=name
    )


def compute_accidental_hits(
    true_classes, sampled_candidates, num_true, seed=None, name=None
):
    """Finds the samples that are true classes of an example.

    A sampled loss takes samples for wrong classes; adding the weights to their logits
    takes those away that are right by accident. How many there are depends on the
    data, so the operation runs on the host, between compiled steps. The losses of
    `tf.nn` have no need of it.

    Args:
        true_classes: the classes that are right, int64 [batch, num_true].
        sampled_candidates: what a sampler returned, int64 [num_sampled].
        num_true: how many are right for each example, a Python integer.
        seed: without meaning.
        name: name of the operation.

    Returns:
        `indices`, int32 [hits]: which example; `ids`, int64 [hits]: which of the
        samples (the last one, of several that are the same); `weights`, float32
        [hits]: the most negative float32.

    Raises:
        ValueError: when the shapes are known not to fit.
        tf.errors.InvalidArgumentError: in a run, when the shapes do not fit.
    """
    first, second = random_seed.get_seed(seed)
    return _compute_accidental_hits(
        true_classes,
        sampled_candidates,
        num_true,
        seed=first,
        seed2=second,
        name=name,
    )
