from tfstyle.framework import ops, random_seed


def test_seed_and_seed2():
    graph = ops.Graph()
    with graph.as_default():
        assert random_seed.get_seed(None) == (None, None)
        assert random_seed.get_seed(3) == (87654321, 3)
        assert random_seed.get_seed(0) == (87654321, 0)
        random_seed.set_random_seed(5)
        assert graph.seed == 5
        assert random_seed.get_seed(None) == (5, 0)
        assert random_seed.get_seed(9) == (5, 9)
        random_seed.set_random_seed(0)
        assert random_seed.get_seed(0) == (0, 0)
        random_seed.set_random_seed(None)
        assert random_seed.get_seed(None) == (None, None)
    assert ops.Graph().seed is None


def test_graph_seed_alone_takes_the_number_of_the_last_operation():
    graph = ops.Graph()
    with graph.as_default():
        random_seed.set_random_seed(5)
        for expected in (1, 2):
            graph.create_op("NoOp", [], [])
            assert random_seed.get_seed(None) == (5, expected)


def test_seeds_are_reduced():
    with ops.Graph().as_default():
        assert random_seed.get_seed(-7) == (87654321, 2**31 - 8)
        assert random_seed.get_seed(2**31 - 1) == (87654321, 0)
        random_seed.set_random_seed(-1)
        assert random_seed.get_seed(2**40 + 3) == (2**31 - 2, 2**9 + 3)
