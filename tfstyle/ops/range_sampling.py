"""Drawing classes 0 … n-1 at random, number for number as TensorFlow does.

A sampler reads the words of a Philox stream one after the other, and how many it reads
depends on what they are: a word that would make a remainder uneven is thrown away, and
a class that was drawn before is, when classes must differ. Drawing one class at a time
would be a loop of very small steps; here a whole chunk of words is turned into draws at
once, with a mask of those that count, until there are enough.

The functions are traceable and need 64-bit types; `LearnedUnigrams` computes in NumPy.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tfstyle.framework.random_stream import State, advance, initial_state
from tfstyle.ops import philox
from tfstyle.ops.array_module import array_module

__all__ = [
    "BLOCKS_PER_SAMPLE",
    "Draws",
    "FixedUnigrams",
    "LearnedUnigrams",
    "expected_count",
    "log_uniform_draws",
    "log_uniform_probability",
    "sample",
    "uniform_draws",
    "unigram_weights",
]

# An execution sets aside this many blocks per sample, whatever it reads.
BLOCKS_PER_SAMPLE = 512
# What is in the place of a class that has not been drawn.
_NONE = -1
_MAX_WEIGHT = 2**31 - 1


class Draws(NamedTuple):
    """What a chunk of words gives.

    Attributes:
        values: the classes, int64 [n].
        counted: which of them are draws; the others are words thrown away.
        carry: what the next chunk must know.
    """

    values: Any
    counted: Any
    carry: Any = ()


Draw = Callable[[Any, Any], Draws]


class _Loop(NamedTuple):
    chunk: Any
    found: Any
    tries: Any
    batch: Any
    carry: Any


def sample(
    state: State, count: int, unique: bool, draw: Draw, carry: Any = ()
) -> tuple[jax.Array, Any]:
    """Draws classes until there are `count`.

    Args:
        state: uint32 [6], the random stream.
        count: how many classes to draw.
        unique: whether they must differ; a class that comes again is thrown away.
        draw: makes draws of words, uint32 [n], and what the chunk before carried; it
            must need two words or more for a draw.
        carry: what the first chunk is to know.

    Returns:
        The classes, int64 [count], and how many draws it took.
    """
    state = jnp.asarray(state)
    # Twice as many draws as classes are often enough, and seldom far too many.
    blocks = count if unique else (count + 1) // 2

    def unfinished(loop: _Loop) -> Any:
        return loop.found < count

    def one_chunk(loop: _Loop) -> _Loop:
        drawn = draw(philox.words(state, blocks, loop.chunk * blocks), loop.carry)
        values = jnp.where(drawn.counted, drawn.values, _NONE)
        both = jnp.concatenate([loop.batch, values])
        chosen = (_first_places if unique else _places)(both)
        taken = chosen[:count]
        batch = jnp.where(taken < both.size, both[taken % both.size], _NONE)
        until = jnp.arange(count, both.size, dtype=jnp.int32) <= taken[-1]
        return _Loop(
            loop.chunk + 1,
            jnp.sum(batch != _NONE, dtype=jnp.int32),
            loop.tries + jnp.sum(drawn.counted & until, dtype=jnp.int32),
            batch,
            drawn.carry,
        )

    zero = np.int32(0)
    start = _Loop(zero, zero, zero, jnp.full(count, _NONE, jnp.int64), carry)
    end = lax.while_loop(unfinished, one_chunk, start)
    return end.batch, end.tries if unique else count


# Sums of prefixes would do, too; XLA compiles a sort in a fraction of the time.


def _places(classes: Any) -> Any:
    """Where there are classes, in order; after these, the number of places."""
    places = jnp.arange(classes.size, dtype=jnp.int32)
    return lax.sort(jnp.where(classes == _NONE, np.int32(classes.size), places))


def _first_places(classes: Any) -> Any:
    """Where classes are for the first time, as `_places`."""
    places = jnp.arange(classes.size, dtype=jnp.int32)
    ranked, places = lax.sort((classes, places), num_keys=1, is_stable=True)
    starts = jnp.concatenate([jnp.ones(1, bool), ranked[1:] != ranked[:-1]])
    return lax.sort(
        jnp.where(starts & (ranked != _NONE), places, np.int32(classes.size))
    )


def expected_count(probability: Any, count: int, tries: Any) -> Any:
    """How often a class of this probability is expected among the samples, float32.

    Args:
        probability: of one draw, of any shape.
        count: the number of samples.
        tries: the number of draws they took; more than `count` when classes that came
            again were thrown away.
    """
    module = array_module(probability)
    p = module.asarray(probability, np.float32)
    repeated = p * np.float32(count)
    tries = module.asarray(tries)
    at_least_once = -module.expm1(tries.astype(np.float32) * module.log1p(-p))
    return module.where(tries == count, repeated, at_least_once)


# -- words to numbers -----------------------------------------------------------


def _remainder(words: Any, size: int) -> tuple[Any, Any]:
    """`words % size`, evenly distributed, and which of them to count."""
    module = array_module(words)
    wide = words.dtype.type
    if size & (size - 1) == 0:
        return words & wide(size - 1), module.ones(words.shape, bool)
    whole = np.iinfo(words.dtype).max
    return words % wide(size), words >= wide(whole % size + 1)


def uniform_draws(range_max: int) -> Draw:
    """Draws of all classes below `range_max` with the same probability."""

    def draw(words: Any, carry: Any) -> Draws:
        low, high = words[0::2].astype(np.uint64), words[1::2].astype(np.uint64)
        values, counted = _remainder(low | high << np.uint64(32), range_max)
        return Draws(values.astype(np.int64), counted, carry)

    return draw


def log_uniform_draws(range_max: int) -> Draw:
    """Draws of class k with the probability of `log_uniform_probability`."""

    def draw(words: Any, carry: Any) -> Draws:
        mantissa = (words[0::2] & np.uint32(0xFFFFF)).astype(jnp.uint64)
        bits = mantissa << np.uint64(32) | words[1::2].astype(jnp.uint64)
        bits |= np.uint64(1023 << 52)
        uniform = lax.bitcast_convert_type(bits, jnp.float64) - 1.0
        values = jnp.exp(uniform * np.log1p(range_max)).astype(jnp.int64) - 1
        # Rounding may lead one too far.
        return Draws(values % range_max, jnp.ones(values.shape, bool), carry)

    return draw


def log_uniform_probability(classes: Any, range_max: int) -> Any:
    """`log((k + 2) / (k + 1)) / log(range_max + 1)` of each class k."""
    wide = jnp.asarray(classes).astype(jnp.float64)
    return jnp.log((wide + 2) / (wide + 1)) / np.log1p(range_max)


# -- given frequencies ----------------------------------------------------------


def unigram_weights(
    frequencies: Sequence[Any],
    distortion: float,
    num_reserved_ids: int,
    num_shards: int,
    shard: int,
) -> np.ndarray:
    """The weights of the classes of one shard, float32.

    Args:
        frequencies: of the classes after the reserved ones, in order.
        distortion: the power that they are taken to.
        num_reserved_ids: how many classes there are before, of weight 0.
        num_shards: how many samplers share the classes.
        shard: which of them this is: it has the classes `i % num_shards == shard`.
    """
    given = np.asarray(frequencies, np.float32).astype(np.float64)
    with np.errstate(all="ignore"):
        weights = np.power(given, np.float64(np.float32(distortion)))
    reserved = len(range(shard, num_reserved_ids, num_shards))
    # TensorFlow goes on counting from the reserved classes of this shard alone.
    first = (shard - reserved) % num_shards
    mine = weights[first::num_shards] if shard < num_shards else weights[:0]
    return np.concatenate([np.zeros(reserved), mine]).astype(np.float32)


@functools.lru_cache(maxsize=8)
def _alias_table(weights: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Of each class, the probability to stay with it, and the class to go to if not.

    This is Walker's method of aliases, with the order in which TensorFlow pairs the
    classes that have too much with those that have too little.
    """
    given = np.frombuffer(weights, np.float32)
    total = np.cumsum(given, dtype=np.float64)[-1]
    with np.errstate(all="ignore"):
        scaled = (given * np.float32(given.size)).astype(np.float64) / total
    little = np.flatnonzero(scaled < 1).tolist()
    much = np.flatnonzero(~(scaled < 1)).tolist()
    left = scaled.tolist()
    alias = list(range(given.size))
    while little and much:
        poor, rich = little.pop(), much.pop()
        alias[poor] = rich
        left[rich] -= 1.0 - left[poor]
        (little if left[rich] < 1 else much).append(rich)
    for i in (*little, *much):
        left[i] = 1.0
    return np.array(left, np.float32), np.array(alias, np.int32)


class FixedUnigrams:
    """Draws with given weights.

    Attributes:
        start: what `sample` is to carry first.
    """

    start = (np.False_, np.uint32(0))

    def __init__(self, weights: np.ndarray) -> None:
        """Makes the table that is drawn from.

        Args:
            weights: float32 [classes].
        """
        self._size = weights.size
        self._stay, self._alias = _alias_table(weights.tobytes())
        with np.errstate(all="ignore"):
            self._chance = weights / np.cumsum(weights, dtype=np.float32)[-1]

    def probability(self, classes: Any) -> Any:
        """The probability of each class, 0 for what is no class."""
        chance = jnp.asarray(self._chance)
        inside = (classes >= 0) & (classes < self._size)
        return jnp.where(inside, chance[jnp.where(inside, classes, 0)], np.float32(0))

    def draw(self, words: Any, carry: Any) -> Draws:
        """A float and then a place in the table; only places may be thrown away."""
        is_place, pending = carry
        places, even = _remainder(words, self._size)
        place, source = _alternate(is_place, ~even)
        floats = jnp.where(source < 0, pending, words[source])
        bits = floats & np.uint32(0x7FFFFF) | np.uint32(127 << 23)
        uniform = lax.bitcast_convert_type(bits, jnp.float32) - np.float32(1)
        stays = uniform < jnp.asarray(self._stay)[places]
        values = jnp.where(stays, places, jnp.asarray(self._alias)[places])
        counted = place & even
        last = jnp.where(place[-1], floats[-1], words[-1])
        return Draws(values.astype(jnp.int64), counted, (~counted[-1], last))


def _alternate(is_place: Any, uneven: Any) -> tuple[Any, Any]:
    """Which words are places, and which words are the floats before them.

    Every other word is a place; after an uneven one the next is the place.

    Args:
        is_place: whether the first word is a place.
        uneven: bool [n], which words are thrown away if they are places.

    Returns:
        Whether a word is a place, bool [n], and if so, the index of its float, which is
        -1 when the chunk before holds it.
    """
    index = jnp.arange(uneven.shape[0], dtype=jnp.int32)

    def next_uneven(place: Any, last: Any) -> Any:
        wrong = place & uneven & (index > last)
        return jnp.min(jnp.where(wrong, index, np.int32(index.size)))

    def shift(loop: Any) -> Any:
        place, source, at = loop
        place = place ^ (index > at)
        source = jnp.where(index == at + 1, source[at], source)
        return place, source, next_uneven(place, at)

    # One step for each place thrown away, which are few.
    place = (index % 2 == 1) ^ is_place
    start = place, index - 1, next_uneven(place, np.int32(-1))
    return lax.while_loop(lambda loop: loop[2] < index.size, shift, start)[:2]


# -- learned frequencies --------------------------------------------------------


class LearnedUnigrams:
    """Draws by how often each class has been seen, and learns that as it goes.

    Every class begins as if seen once.
    """

    def __init__(self, range_max: int, seed: int, seed2: int) -> None:
        """Begins with equal weights.

        Args:
            range_max: the number of classes.
            seed: seeds of the random stream; if both are 0, a fresh one.
            seed2: likewise.
        """
        if not seed and not seed2:
            words = np.random.SeedSequence().generate_state(2, np.uint64)
            seed, seed2 = int(words[0]), int(words[1])
        self._stream = initial_state(seed, seed2)
        self._weights = np.ones(range_max, np.int64)
        self._lock = threading.Lock()

    def run(self, true_classes: np.ndarray, count: int, unique: bool) -> list[Any]:
        """Draws `count` classes, then adds `true_classes` to what was seen.

        Returns:
            The classes, the expected counts of `true_classes`, and those of the
            classes that were drawn.
        """
        with self._lock:
            batch, tries = self._sample(count, unique)
            total = np.float32(self._weights.sum())
            expected = [
                expected_count(
                    self._weights[c].astype(np.float32) / total, count, tries
                )
                for c in (true_classes, batch)
            ]
            room = _MAX_WEIGHT - int(self._weights.sum())
            np.add.at(self._weights, true_classes.reshape(-1)[:room], 1)
            self._stream = advance(self._stream, count * BLOCKS_PER_SAMPLE)
        return [batch, *expected]

    def _sample(self, count: int, unique: bool) -> tuple[np.ndarray, int]:
        below = np.cumsum(self._weights)
        found: list[int] = []
        seen: set[int] = set()
        tries, chunk = 0, 0
        while len(found) < count:
            words = philox.words(self._stream, count, chunk * count)
            places, counted = _remainder(words, int(below[-1]))
            values = np.searchsorted(below, places[counted], side="right")
            for value in values.tolist():
                if len(found) == count:
                    break
                tries += 1
                if not unique or value not in seen:
                    seen.add(value)
                    found.append(value)
            chunk += 1
        return np.array(found, np.int64), tries
