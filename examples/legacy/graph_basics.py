import tensorflow as tf

# Graph basics in four parts: constants, a matrix product, a variable that counts,
# and a placeholder that is fed.


def constants():
    a = tf.constant(2)
    b = tf.constant(3)
    with tf.Session() as sess:
        print("a = %d, b = %d" % (sess.run(a), sess.run(b)))
        print("a + b = %d" % sess.run(a + b))
        print("a * b = %d" % sess.run(tf.mul(a, b)))


def matrix_product():
    row = tf.constant([[3.0, 3.0]])
    column = tf.constant([[2.0], [2.0]])
    product = tf.matmul(row, column)
    print("product in the graph: %s %s" % (product.name, product.get_shape()))
    with tf.Session() as sess:
        print("row x column = %s" % sess.run(product))


def counter():
    state = tf.Variable(0, name="counter")
    one = tf.constant(1)
    update = tf.assign(state, tf.add(state, one))
    init_op = tf.initialize_all_variables()
    with tf.Session() as sess:
        sess.run(init_op)
        print("counter: %d" % sess.run(state))
        for _ in range(3):
            sess.run(update)
            print("counter: %d" % sess.run(state))


def feed():
    x = tf.placeholder(tf.float32, shape=[None, 2], name="x")
    w = tf.Variable([[1.0], [-2.0]], name="w")
    y = tf.reduce_sum(tf.square(tf.matmul(x, w)))
    (dw,) = tf.gradients(y, [w])
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for rows in ([[1.0, 1.0]], [[1.0, 1.0], [4.0, 0.5]]):
            value, slope = sess.run([y, dw], feed_dict={x: rows})
            print("y = %.1f, dy/dw = %s" % (value, slope.ravel().tolist()))


def main(_):
    for part in (constants, matrix_product, counter, feed):
        print("-- %s" % part.__name__)
        part()
    print("variables: %s" % [v.name for v in tf.all_variables()])


if __name__ == "__main__":
    tf.app.run()
