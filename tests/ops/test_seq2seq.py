"""`tf.nn.seq2seq`: graphs that do not grow with the steps, and what is refused."""

import re

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.models.rnn import seq2seq as old_seq2seq
from tfstyle.ops import seq2seq

BATCH, SIZE, SOURCE, TARGET = 3, 4, 5, 6
CELL = tf.nn.rnn_cell.GRUCell


def _types():
    return [op.type for op in tf.get_default_graph().get_operations()]


def _symbols(steps, batch=BATCH):
    return [tf.placeholder(tf.int32, [batch]) for _ in range(steps)]


def _vectors(steps, size=2):
    value = np.random.RandomState(0).randn(steps, BATCH, size).astype(np.float32)
    return [tf.constant(row) for row in value]


def _state(size=SIZE):
    return tf.zeros([BATCH, size])


def _states(length=5, size=SIZE):
    return tf.ones([BATCH, length, size])


def _network(steps, function="embedding_attention_seq2seq", **options):
    return getattr(seq2seq, function)(
        _symbols(steps), _symbols(steps), CELL(SIZE), SOURCE, TARGET, 2, **options
    )


# -- where it is found ----------------------------------------------------------


def test_one_module_under_all_its_names():
    assert tf.nn.seq2seq is seq2seq
    assert set(seq2seq.__all__) <= set(dir(old_seq2seq))
    assert old_seq2seq.rnn_decoder is seq2seq.rnn_decoder
    assert old_seq2seq._extract_argmax_and_embed is seq2seq._extract_argmax_and_embed


# -- the graph ------------------------------------------------------------------


@pytest.mark.parametrize("feed_previous", [False, True])
@pytest.mark.parametrize(
    "function", ["embedding_rnn_seq2seq", "embedding_attention_seq2seq"]
)
def test_graph_does_not_grow_with_the_steps(function, feed_previous):
    counts = []
    for steps in (3, 30):
        with tf.Graph().as_default():
            _network(steps, function, feed_previous=feed_previous)
            types = _types()
            assert types.count("Scan") == 2
            counts.append(len([t for t in types if t != "Placeholder"]))
    assert counts[0] == counts[1]


def test_loss_is_one_operation_for_all_steps():
    outputs, _ = _network(20)
    ones = [tf.ones([BATCH])] * 20
    seq2seq.sequence_loss(outputs, _symbols(20), ones)
    assert _types().count("SparseSoftmaxCrossEntropyWithLogits") == 1
    # What encoder and decoder put out is a stack already: only numbers are packed.
    packed = [
        op.inputs[0].dtype
        for op in tf.get_default_graph().get_operations()
        if op.type == "Pack"
    ]
    assert set(packed) == {tf.int32}


def test_symbols_are_looked_up_at_once():
    _network(20)
    assert _types().count("Gather") == 2


def test_loop_function_of_a_program_is_called_for_each_step():
    seen = []

    def loop_function(prev, i):
        seen.append(i)
        return prev[:, :2]

    inputs = _vectors(4)
    with tf.variable_scope("one"):
        seq2seq.rnn_decoder(inputs, _state(), CELL(SIZE), loop_function)
    assert seen == [1, 2, 3]
    with tf.variable_scope("two"):
        seq2seq.attention_decoder(
            inputs, _state(), _states(), CELL(SIZE), loop_function=loop_function
        )
    assert seen == [1, 2, 3] * 2


def test_long_loop_function_is_the_same_unrolled():
    """The loop that is recorded and the one that is written step by step."""
    embedding = tf.constant(np.random.RandomState(1).randn(TARGET, 2), tf.float32)
    feed = seq2seq._extract_argmax_and_embed(embedding)
    cell = tf.nn.rnn_cell.OutputProjectionWrapper(CELL(SIZE), TARGET)
    state = tf.constant(np.random.RandomState(2).randn(BATCH, SIZE), tf.float32)
    results = []
    for i, loop_function in enumerate((feed, lambda prev, i: feed(prev, i))):
        with tf.variable_scope("both", reuse=i > 0 or None):
            outputs, last = seq2seq.rnn_decoder(
                _vectors(12), state, cell, loop_function
            )
        results.append(tf.concat(1, [*outputs, last]))
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        recorded, unrolled = sess.run(results)
    np.testing.assert_allclose(recorded, unrolled, rtol=1e-5, atol=1e-6)


def _direct(build):
    return build()


def _in_a_branch(build):
    return tf.cond(tf.placeholder_with_default(True, []), build, lambda: 0.0)


@pytest.mark.parametrize(
    ("within", "table", "batch"),
    [
        (_direct, tf.identity, BATCH),
        (_direct, tf.identity, None),
        (_direct, tf.tanh, BATCH),
        (_in_a_branch, tf.identity, BATCH),
    ],
)
def test_gradients_of_lookups_in_a_decoder_that_feeds_itself(within, table, batch):
    """Those of the loop that is recorded and of the one that is written in steps."""
    embedding = tf.get_variable(
        "embedding", initializer=np.random.RandomState(1).randn(TARGET, 2).astype("f")
    )
    start = tf.placeholder(tf.float32, [batch, 2])
    cell = tf.nn.rnn_cell.OutputProjectionWrapper(tf.nn.rnn_cell.GRUCell(2), TARGET)
    derivatives = []
    for i in range(2):
        # The same function in another guise is called for each step.
        read = embedding if table is tf.identity else table(embedding)
        feed = seq2seq._extract_argmax_and_embed(read)
        loop_function = (lambda prev, i, f=feed: f(prev, i)) if i else feed

        def build(loop_function=loop_function, again=i > 0):
            with tf.variable_scope("both", reuse=again or None):
                outputs, _ = seq2seq.rnn_decoder(
                    [start] * 5, start, cell, loop_function
                )
            return tf.reduce_sum(tf.square(tf.pack(outputs)))

        (slope,) = tf.gradients(within(build), embedding)
        if within is _direct and table is not tf.tanh:
            assert isinstance(slope, tf.IndexedSlices)
        slope = tf.convert_to_tensor(slope)
        derivatives.append([slope, *tf.gradients(tf.reduce_sum(slope**2), embedding)])
    derivatives = [[tf.convert_to_tensor(d) for d in row] for row in derivatives]
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        feed = {start: np.random.RandomState(2).randn(BATCH, 2)}
        recorded, unrolled = sess.run(derivatives, feed)
    for one, other in zip(recorded, unrolled, strict=True):
        assert np.any(one)
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_decoder_that_feeds_itself_needs_the_first_input_only():
    decoder = _symbols(4)
    outputs, _ = seq2seq.embedding_attention_seq2seq(
        [tf.zeros([BATCH], tf.int32)] * 3,
        decoder,
        CELL(SIZE),
        SOURCE,
        TARGET,
        2,
        feed_previous=True,
    )
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        values = sess.run(outputs, {decoder[0]: [1, 2, 3]})
    assert [v.shape for v in values] == [(BATCH, TARGET)] * 4


def test_state_of_a_decided_decoder_keeps_its_type():
    cell = tf.nn.rnn_cell.BasicLSTMCell(SIZE, state_is_tuple=True)
    switch = tf.placeholder(tf.bool, [])
    _, state = seq2seq.embedding_rnn_seq2seq(
        _symbols(2), _symbols(2), cell, SOURCE, TARGET, 2, feed_previous=switch
    )
    assert type(state) is tf.nn.rnn_cell.LSTMStateTuple


def test_float64_with_attention():
    """TensorFlow has no such convolution on a CPU."""
    outputs, state = _network(3, dtype=tf.float64, feed_previous=True)
    variables = tf.trainable_variables()
    assert {v.dtype.base_dtype for v in variables} == {tf.float64}
    assert {t.dtype for t in [*outputs, state]} == {tf.float64}
    grads = tf.gradients(outputs, variables)
    feed = {
        op.outputs[0]: [0, 1, 2]
        for op in tf.get_default_graph().get_operations()
        if op.type == "Placeholder"
    }
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for grad in sess.run(grads, feed):
            assert np.isfinite(getattr(grad, "values", grad)).all()


def test_embedding_in_partitions():
    """A partitioned embedding, looked up before the loop and inside it."""
    partitioner = tf.variable_axis_size_partitioner(TARGET * 4)
    results = []
    for name, used in (("whole", None), ("parts", partitioner)):
        decoder = [tf.constant([1, 2, 3])] * 3
        with tf.variable_scope(name):
            embedding = tf.get_variable(
                "embedding",
                [TARGET, 2],
                partitioner=used,
                initializer=tf.constant_initializer(0.5),
            )
        feed = seq2seq._extract_argmax_and_embed(embedding, update_embedding=False)
        first = tf.nn.embedding_lookup(embedding, decoder[0])
        with tf.variable_scope("net", reuse=bool(results) or None):
            cell = tf.nn.rnn_cell.OutputProjectionWrapper(CELL(SIZE), TARGET)
            outputs, _ = seq2seq.rnn_decoder([first] * 3, _state(), cell, feed)
        results.append(outputs[-1])
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        whole, parts = sess.run(results)
    np.testing.assert_allclose(whole, parts, rtol=1e-6)


def test_inputs_that_are_no_list():
    """In TensorFlow a tensor of all steps is none either."""
    vectors, symbols = tf.zeros([4, BATCH, 2]), tf.zeros([4, BATCH], tf.int32)
    calls = [
        lambda: seq2seq.rnn_decoder(vectors, _state(), CELL(SIZE)),
        lambda: seq2seq.basic_rnn_seq2seq(_vectors(2), vectors, CELL(SIZE)),
        lambda: seq2seq.embedding_rnn_decoder(symbols, _state(), CELL(SIZE), TARGET, 2),
    ]
    for i, call in enumerate(calls):
        with (
            tf.variable_scope(f"call_{i}"),
            pytest.raises(TypeError, match="'Tensor' object is not iterable"),
        ):
            call()


# -- losses ---------------------------------------------------------------------


def test_sequences_without_weight_have_no_loss():
    logits = _vectors(3, TARGET)
    targets = [tf.zeros([BATCH], tf.int32)] * 3
    zeros = [tf.zeros([BATCH])] * 3
    loss = seq2seq.sequence_loss_by_example(logits, targets, zeros)
    grads = tf.gradients(loss, logits)
    with tf.Session() as sess:
        values = sess.run([loss, *grads])
    assert all((v == 0).all() for v in values)


def test_steps_of_different_sizes_have_one_loss_each():
    """Batches that differ cannot be summed, sizes of vocabularies may differ."""
    logits = [tf.zeros([BATCH, 4]), tf.zeros([BATCH, 8])]
    targets = [tf.zeros([BATCH], tf.int32)] * 2
    ones = [tf.ones([BATCH])] * 2
    loss = seq2seq.sequence_loss(logits, targets, ones)
    with tf.Session() as sess:
        np.testing.assert_allclose(sess.run(loss), np.log(32) / 2, rtol=1e-6)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((3, 2, 3), r"logits, weights, and targets must be the same 3, 3, 2\."),
        ((3, 3, 2), r"logits, weights, and targets must be the same 3, 2, 3\."),
        ((2, 3, 3), r"logits, weights, and targets must be the same 2, 3, 3\."),
        ((0, 0, 0), "at least one Tensor"),
    ],
)
@pytest.mark.parametrize("function", ["sequence_loss", "sequence_loss_by_example"])
def test_lists_of_different_lengths_are_refused(function, counts, words):
    logits, targets, weights = counts
    with pytest.raises(ValueError, match=words):
        getattr(seq2seq, function)(
            [tf.zeros([BATCH, TARGET])] * logits,
            [tf.zeros([BATCH], tf.int32)] * targets,
            [tf.ones([BATCH])] * weights,
        )


# -- buckets --------------------------------------------------------------------


def _buckets(buckets, encoder=3, targets=3, weights=3):
    return seq2seq.model_with_buckets(
        _vectors(encoder),
        _vectors(3),
        [tf.zeros([BATCH], tf.int32)] * targets,
        [tf.ones([BATCH])] * weights,
        buckets,
        lambda x, y: seq2seq.basic_rnn_seq2seq(x, y, CELL(SIZE)),
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"encoder": 2}, r"encoder_inputs \(2\) must be at least .* bucket \(3\)"),
        ({"targets": 1}, r"targets \(1\) must be at least .* bucket \(3\)"),
        ({"weights": 2}, r"weights \(2\) must be at least .* bucket \(3\)"),
    ],
)
def test_bucket_longer_than_a_list_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        _buckets([(2, 2), (3, 3)], **options)


def test_no_bucket_is_refused():
    with pytest.raises(IndexError, match="at least one bucket"):
        _buckets([])


# -- what decoders refuse -------------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "biases", "words"),
    [
        ([SIZE, 7], [TARGET], "(4, 7) and [None, 6] are incompatible"),
        ([SIZE, TARGET], [7], "(7,) and [6] are incompatible"),
        ([TARGET], [TARGET], "(6,) and [None, 6] are incompatible"),
    ],
)
def test_output_projection_of_another_shape_is_refused(weights, biases, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        seq2seq.embedding_rnn_decoder(
            _symbols(2),
            _state(),
            CELL(SIZE),
            TARGET,
            2,
            output_projection=(tf.zeros(weights), tf.zeros(biases)),
        )


def _attend(inputs=None, states=None, **options):
    return seq2seq.attention_decoder(
        _vectors(2) if inputs is None else inputs,
        _state(),
        _states() if states is None else states,
        CELL(SIZE),
        **options,
    )


def test_no_input_is_refused():
    with pytest.raises(ValueError, match="at least 1 input to attention decoder"):
        _attend(inputs=[])


@pytest.mark.parametrize("heads", [0, -1])
def test_no_head_is_refused(heads):
    with pytest.raises(ValueError, match="less than 1 heads"):
        _attend(num_heads=heads)


@pytest.mark.parametrize(
    ("shape", "shown"),
    [([BATCH, 5, None], r"\(3, 5, \?\)"), (None, "unknown"), ([BATCH, 5], r"\(3, 5\)")],
)
def test_attention_states_of_unknown_size_are_refused(shape, shown):
    states = tf.placeholder(tf.float32, shape)
    with pytest.raises(ValueError, match=f"attention_states must be known: .*{shown}"):
        _attend(states=states)


def test_input_of_unknown_size_is_refused():
    given = tf.placeholder(tf.float32, [BATCH, None], name="given")
    with pytest.raises(ValueError, match="infer input size from input: .*"):
        _attend(inputs=[given, given])


def test_input_of_another_rank_is_refused():
    with pytest.raises(ValueError, match="must have rank 2"):
        _attend(inputs=[tf.placeholder(tf.float32, [BATCH])])


def test_state_of_another_rank_is_refused():
    cell = CELL(SIZE)
    with pytest.raises(ValueError, match="must have rank 2"):
        seq2seq.attention_decoder(
            _vectors(2),
            (tf.zeros([BATCH, SIZE, 1]), _state()),
            _states(),
            cell,
            initial_state_attention=True,
        )


def test_feed_previous_that_is_no_bool_is_refused():
    with pytest.raises(TypeError, match="bool"):
        _network(2, feed_previous=1)


def test_encoder_without_input_is_refused():
    with pytest.raises(ValueError, match="inputs must not be empty"):
        seq2seq.basic_rnn_seq2seq([], _vectors(2), CELL(SIZE))
