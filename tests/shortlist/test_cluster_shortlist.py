from __future__ import annotations

import torch

from xcgraph.shortlist import BalancedKMeans, ClusterIndex, ClusterShortlist, Shortlister


def make(beam=2, spread=None):
    weight = torch.eye(3)
    return ClusterShortlist(ClusterIndex(torch.tensor([2, 0, 2, 0, 1])), lambda x: x @ weight.t(), beam, spread)


def test_labels_of_the_best_clusters_inherit_their_probability():
    shortlist = make()
    assert isinstance(shortlist, Shortlister)
    index, score = shortlist.query(torch.tensor([[0.0, 1.0, 2.0], [3.0, 3.0, 0.0]]), 10)
    assert index.tolist() == [[0, 2, 4, -1], [1, 3, 4, -1]]
    p = torch.sigmoid(torch.tensor([1.0, 2.0, 3.0])).tolist()
    assert torch.allclose(score[:, :3], torch.tensor([[p[1], p[1], p[0]], [p[2]] * 3]))
    assert shortlist.query(torch.eye(3), 1)[0].shape == (3, 1)


def test_the_beam_can_be_spread():
    def to_cluster_one_as_well(index, p):
        return torch.cat([index, torch.ones_like(index)], dim=1), torch.cat([p / 2, p], dim=1)

    index, score = make(beam=1, spread=to_cluster_one_as_well).query(torch.tensor([[0.0, 0.0, 5.0]]), 10)
    assert index[0, :3].tolist() == [4, 0, 2] and float(score[0, 0]) == 2 * float(score[0, 1])


def test_recall_of_the_nearest_label():
    generator = torch.Generator().manual_seed(0)
    group = torch.eye(16).repeat_interleave(16, dim=0)
    labels = torch.nn.functional.normalize(group + 0.3 * torch.randn(256, 16, generator=generator), dim=1)
    clusters = ClusterIndex(BalancedKMeans(32).fit_predict(labels), 32)
    means = torch.nn.functional.normalize(torch.zeros(32, 16).index_add_(0, clusters.assignment, labels), dim=1)
    index, _ = ClusterShortlist(clusters, lambda x: x @ means.t(), beam=8).query(labels, 1000)
    hit = (index == torch.arange(256).unsqueeze(1)).any(dim=1).float().mean()
    assert float(hit) > 0.95
