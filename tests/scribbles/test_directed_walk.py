import numpy as np
from one_class import drawn


def walk(mask, amount, randomness=0.5, seed=0, **options):
    return drawn(mask, "directed_walk", amount, randomness=randomness, seed=seed, options=options)


def test_it_keeps_away_from_the_edge_more_than_a_plain_walk_does(disc):
    """Share of 60 px in the outermost two rings of the disc, mean of 40 drawings."""
    row, col = np.indices(disc.shape)
    outer = disc & (np.hypot(row - 11.5, col - 11.5) > 9)

    def at_edge(form):
        found = [drawn(disc, form, 60, randomness=0.5, seed=s).voxels for s in range(40)]
        return np.mean([outer[tuple(v.T)].mean() for v in found])

    assert at_edge("directed_walk") < 0.6 * at_edge("random_walk")


def test_it_covers_more_ground_than_a_plain_walk():
    """Radius of gyration of 60 px in the open, mean of 40 drawings at randomness 1."""
    plain = np.ones((80, 80), dtype=bool)

    def spread(form):
        found = [drawn(plain, form, 60, randomness=1.0, seed=s).voxels for s in range(40)]
        return np.mean([np.linalg.norm(p - p.mean(axis=0), axis=1).mean() for p in found])

    assert spread("directed_walk") > 1.3 * spread("random_walk")


def test_more_persistence_means_fewer_turns():
    plain = np.ones((60, 60), dtype=bool)

    def turns(persistence):
        n = 0
        for seed in range(20):
            for stroke in walk(plain, 80, seed=seed, persistence=persistence).strokes(1):
                n += (np.diff(stroke.points, n=2, axis=0) != 0).any(axis=1).sum()
        return n

    values = [turns(p) for p in (0.2, 0.5, 0.9)]
    assert values == sorted(values, reverse=True)
    assert values[0] > 2 * values[2]
