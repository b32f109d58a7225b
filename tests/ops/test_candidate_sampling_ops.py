"""Candidate samplers: what is refused, what they keep, how they read their stream."""

import jax
import numpy as np
import pytest

import tfstyle as tf
from tfstyle.framework.random_stream import initial_state
from tfstyle.lowering.plan import make_plan
from tfstyle.ops import philox, range_sampling

TRUE = np.array([[1, 5], [7, 2]], np.int64)
SAMPLERS = [
    tf.nn.uniform_candidate_sampler,
    tf.nn.log_uniform_candidate_sampler,
    tf.nn.learned_unigram_candidate_sampler,
]


def run(fetches, feed_dict=None):
    with tf.Session() as sess:
        return sess.run(fetches, feed_dict)


def fixed(range_max=3, unique=False, num_sampled=2, classes=((0, 1),), **options):
    return tf.nn.fixed_unigram_candidate_sampler(
        np.array(classes, np.int64), 2, num_sampled, unique, range_max, **options
    )


# -- what is refused ------------------------------------------------------------


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_fewer_classes_than_samples_that_must_differ(sampler):
    samples = sampler(TRUE, 2, 6, True, 5)
    with pytest.raises(
        tf.errors.InvalidArgumentError,
        match="range is too small: 6 different classes are to be drawn from 5",
    ):
        run(samples)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_true_classes_of_a_wrong_shape(sampler):
    with pytest.raises(ValueError, match="Shape must be rank 2 but is rank 1"):
        sampler(TRUE[0], 2, 3, True, 50)
    with pytest.raises(
        tf.errors.InvalidArgumentError,
        match=r"num_true columns, got shape \[2, 2\] with num_true = 1",
    ):
        run(sampler(TRUE, 1, 3, True, 50))
    matrix = tf.placeholder(tf.int64)
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be a matrix"):
        run(sampler(matrix, 2, 3, True, 50), {matrix: TRUE[0]})


def test_true_classes_of_a_wrong_type():
    with pytest.raises(TypeError, match="int32 that does not match expected type"):
        tf.nn.uniform_candidate_sampler(tf.constant([[1, 2]]), 2, 3, True, 50)


@pytest.mark.parametrize("wrong", [-1, 50])
def test_learned_sampler_is_given_what_is_no_class(wrong):
    samples = tf.nn.learned_unigram_candidate_sampler([[1, wrong]], 2, 3, True, 50)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=rf"class {wrong} is not in \[0, 50\)"
    ):
        run(samples)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "Must provide either vocab_file or unigrams"),
        (
            {"vocab_file": "x", "unigrams": [1.0]},
            "Must only provide one of vocab_file and unigrams",
        ),
        ({"unigrams": [1.0, 2.0]}, "range_max is 3, but there are weights for 2"),
        (
            {"unigrams": [1.0, 2.0, 3.0], "num_reserved_ids": 1},
            "range_max is 3, but there are weights for 4",
        ),
        (
            {"unigrams": [1.0, 2.0], "num_reserved_ids": 1, "unique": True}
            | {"num_sampled": 3},
            "range is too small: 3 different classes are to be drawn from 2",
        ),
    ],
)
def test_frequencies_that_do_not_fit(options, words):
    samples = fixed(**options)
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        run(samples)


def test_vocabulary_file(tmp_path):
    path = tmp_path / "vocab.txt"
    with pytest.raises(tf.errors.NotFoundError, match=r"vocab\.txt"):
        run(fixed(vocab_file=str(path)))
    path.write_text("the,5\nof,many\nand,2\n")
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="Wrong vocabulary format at line: of,many"
    ):
        run(fixed(vocab_file=str(path)))
    path.write_text("the,5\nof,0\nand,5\n")
    counts = run(fixed(vocab_file=str(path)).true_expected_count)
    np.testing.assert_allclose(counts, [[1, 0]])


def test_what_is_no_class_has_no_probability():
    samples = fixed(unigrams=[1.0, 1.0, 2.0], classes=[[-1, 3]])
    assert run(samples.true_expected_count).tolist() == [[0, 0]]


def test_accidental_hits_of_a_wrong_shape():
    with pytest.raises(ValueError, match="Dimensions must be equal, but are 2 and 1"):
        tf.nn.compute_accidental_hits(TRUE, [1, 2], 1)
    true, samples = tf.placeholder(tf.int64), tf.placeholder(tf.int64)
    hits = tf.nn.compute_accidental_hits(true, samples, 1)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"got shape \[2, 2\] with num_true = 1"
    ):
        run(hits, {true: TRUE, samples: [1]})
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be a vector"):
        run(hits, {true: TRUE[:, :1], samples: [[1]]})


@pytest.mark.parametrize("loss", [tf.nn.sampled_softmax_loss, tf.nn.nce_loss])
def test_labels_of_a_loss_are_a_matrix(loss):
    w, b, x = tf.zeros([9, 3]), tf.zeros([9]), tf.zeros([4, 3])
    with pytest.raises(ValueError, match="Shape must be rank 2 but is rank 1"):
        loss(w, b, x, [1, 2, 3, 4], 5, 9)


# -- what a session keeps -------------------------------------------------------


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_without_a_seed_sessions_differ(sampler):
    samples = sampler(TRUE, 2, 40, False, 1 << 20).sampled_candidates
    first, second = run(samples), run(samples)
    assert first.tolist() != second.tolist()


def test_learned_samplers_count_for_themselves():
    def sampler():
        samples = tf.nn.learned_unigram_candidate_sampler(true, 1, 4, False, 10, seed=1)
        return samples.true_expected_count

    true = tf.placeholder(tf.int64, [None, 1])
    one, other = sampler(), sampler()
    feed = {true: [[3]] * 10}
    with tf.Session() as sess:
        seen = [sess.run(one, feed)[0, 0] for _ in range(3)]
        np.testing.assert_allclose(seen, np.float32([1 / 10, 11 / 20, 21 / 30]) * 4)
        np.testing.assert_allclose(sess.run(other, feed)[0, 0], 0.4)
    np.testing.assert_allclose(run(one, feed)[0, 0], 0.4)


def test_operation_knows_whether_the_seed_is_its_own():
    seeded = tf.nn.uniform_candidate_sampler(TRUE, 2, 3, True, 9, seed=4)
    free = tf.nn.uniform_candidate_sampler(TRUE, 2, 3, True, 9)
    assert seeded.sampled_candidates.op._attrs.get("_op_seed")
    assert not free.sampled_candidates.op._attrs.get("_op_seed")


# -- how a training step runs ---------------------------------------------------


@pytest.mark.parametrize("loss", [tf.nn.sampled_softmax_loss, tf.nn.nce_loss])
def test_training_step_is_one_segment(loss):
    w, b = tf.Variable(tf.zeros([50, 3])), tf.Variable(tf.zeros([50]))
    x, y = tf.placeholder(tf.float32, [4, 3]), tf.placeholder(tf.int64, [4, 1])
    value = loss(w, b, x, y, 5, 50, remove_accidental_hits=True)
    step = tf.train.GradientDescentOptimizer(1.0).minimize(value)
    plan = make_plan([step], [value], frozenset([x, y]))
    assert len(plan.steps) == 1


def test_samples_of_an_empty_batch():
    true = tf.placeholder(tf.int64, [None, 2])
    samples = tf.nn.uniform_candidate_sampler(true, 2, 3, True, 9)
    assert run(samples, {true: np.zeros([0, 2])}).true_expected_count.shape == (0, 2)


# -- how the stream is read -----------------------------------------------------


def fixed_one_by_one(words, table, size):
    """The draws of `FixedUnigrams`, read one word after the other."""
    stay, alias = table
    words, values = iter(words.tolist()), []
    while True:
        try:
            bits = np.uint32(next(words) & 0x7FFFFF | 127 << 23)
            uniform = bits.view(np.float32) - np.float32(1)
            place = next(words)
            while size & (size - 1) and place < (2**32 - 1) % size + 1:
                place = next(words)
        except StopIteration:
            return values
        place %= size
        values.append(place if uniform < stay[place] else int(alias[place]))


@pytest.mark.parametrize("size", [7, 64, 1000])
def test_words_thrown_away_do_not_count(size):
    rng = np.random.RandomState(size)
    unigrams = range_sampling.FixedUnigrams(rng.rand(size).astype(np.float32))
    words = rng.randint(0, 2**32, 96, np.uint32)
    # Some would make the remainder uneven, also at the ends of chunks of 16 words.
    words[rng.rand(96) < 0.3] = 0
    words[[15, 16, 31, 32, 33]] = 0
    found, carry = [], unigrams.start
    with jax.enable_x64(True):
        for chunk in words.reshape(-1, 16):
            values, counted, carry = unigrams.draw(chunk, carry)
            found += np.asarray(values)[np.asarray(counted)].tolist()
    table = unigrams._stay, unigrams._alias
    assert found == fixed_one_by_one(words, table, size)


def test_draws_thrown_away_are_no_tries():
    """Chunk by chunk the same as class by class, and as many tries."""
    state = initial_state(5, 6)
    for count, size in [(9, 9), (30, 31), (100, 150)]:
        with jax.enable_x64(True):
            draw = range_sampling.log_uniform_draws(size)
            batch, tries = range_sampling.sample(state, count, True, draw)
            all_draws = draw(jax.numpy.asarray(philox.words(state, 4000)), ()).values
        seen = dict.fromkeys(np.asarray(all_draws)[: int(tries)].tolist())
        assert list(seen) == np.asarray(batch).tolist()
        assert int(all_draws[int(tries) - 1]) == int(batch[-1])


def test_aliases_keep_the_distribution():
    weights = np.float32([5, 1, 0, 3, 0.5, 7])
    stay, alias = range_sampling._alias_table(weights.tobytes())
    share = np.zeros(6)
    np.add.at(share, np.arange(6), stay)
    np.add.at(share, alias, 1 - stay)
    np.testing.assert_allclose(share / 6, weights / weights.sum(), rtol=1e-6)
