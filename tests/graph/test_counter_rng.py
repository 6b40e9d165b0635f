import torch

from xcgraph.graph.counter_rng import random_bits

GAMMA, MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1


def test_streams_do_not_depend_on_company_count_or_device(device):
    alone = random_bits(7, torch.tensor([5]), 20)
    together = random_bits(7, torch.tensor([9, 5, 0], device=device), 33).cpu()
    assert torch.equal(alone[0], together[1, :20])


def _mix(x):
    x ^= x >> 30
    x = x * 0xBF58476D1CE4E5B9 & MASK
    x ^= x >> 27
    x = x * 0x94D049BB133111EB & MASK
    return x ^ (x >> 31)


def test_against_unbounded_integers():
    key = [_mix(_mix((11 * GAMMA + 1) & MASK) ^ (stream * GAMMA & MASK)) for stream in range(3)]
    expected = [[_mix((k + t * GAMMA) & MASK) for t in range(1, 5)] for k in key]
    got = [[value & MASK for value in row] for row in random_bits(11, torch.arange(3), 4).tolist()]
    assert got == expected


def test_seeds_and_streams_differ():
    bits = torch.cat([random_bits(seed, torch.arange(50), 40) for seed in (-1, 0, 1, 2**70 + 3)])
    assert bits.unique().numel() == bits.numel()


def test_each_bit_is_fair_and_pairs_are_independent():
    bits = random_bits(3, torch.arange(200), 500).view(-1)
    ones = torch.stack([(bits >> i) & 1 for i in range(64)]).double()
    assert (ones.mean(1) - 0.5).abs().max() < 0.01  # six standard deviations
    correlation = torch.corrcoef(ones) - torch.eye(64)
    assert correlation.abs().max() < 0.02
    following = (ones[:, 1:] - 0.5).mul(ones[:, :-1] - 0.5).mean(1) * 4
    assert following.abs().max() < 0.02
