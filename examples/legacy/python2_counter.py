import tensorflow as tf

import numpy as np

# Python 2 as it was written in 2016: print statements, xrange, iterator.next(),
# integer division, dict.iteritems(), map() that gives a list.

state = tf.Variable(0, name="counter")
update = tf.assign(state, tf.add(state, tf.constant(1)))
x = tf.placeholder(tf.float32, [None])
total = tf.reduce_sum(x)

half = 7 / 2
print "half of 7:", half
batches = iter([np.arange(n, dtype=np.float32) for n in xrange(half)])

with tf.Session() as sess:
    sess.run(tf.initialize_all_variables())
    print "counter: %d" % sess.run(state)
    for _ in xrange(half):
        sess.run(update)
        print "counter: %d" % sess.run(state),
        print "sum: %.1f" % sess.run(total, feed_dict={x: batches.next()})
    try:
        batches.next()
    except StopIteration, e:
        print "no batch left"
    shapes = {v.op.name: v.get_shape().as_list() for v in tf.all_variables()}
    for name, shape in shapes.iteritems():
        print name, shape
    squares = map(lambda n: n * n, range(3))
    print "squares:", squares[-1], len(squares)
