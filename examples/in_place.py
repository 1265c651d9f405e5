"""Softmax in PyTorch that saves memory by writing in place.

`softmax_of_logits` changes the caller's logits, and `softmax` what autograd has kept,
which then REFUSES to go back; `softmax_of_a_copy` holds.
"""

import torch


def softmax_of_logits(x):
    x -= x.max(dim=-1, keepdim=True).values
    e = torch.exp(x)
    return e / e.sum(dim=-1, keepdim=True)


def softmax(x):
    e = torch.exp(x - x.max(dim=-1, keepdim=True).values)
    e /= e.sum(dim=-1, keepdim=True)
    return e


def softmax_of_a_copy(x):
    y = x.clone()
    y -= x.max(dim=-1, keepdim=True).values
    e = y.exp_()
    return e / e.sum(dim=-1, keepdim=True)
