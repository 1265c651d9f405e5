"""Layer normalisation as a module of PyTorch, with its gain and bias as parameters.

`unbiased` is WRONG, since `var` divides by one less than there are features unless it
is told not to; `norm` holds.
"""

import torch
from torch import nn


class LayerNorm(nn.Module):
    def __init__(self, features, eps=1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(features))
        self.bias = nn.Parameter(torch.zeros(features))
        self.eps = eps

    def var(self, x):
        return x.var(dim=-1, keepdim=True, correction=0)

    def forward(self, x):
        mean = x.mean(dim=-1, keepdim=True)
        x = (x - mean) / torch.sqrt(self.var(x) + self.eps)
        return self.weight * x + self.bias


class LayerNormUnbiased(LayerNorm):
    def var(self, x):
        return x.var(dim=-1, keepdim=True)


norm = LayerNorm(64)
unbiased = LayerNormUnbiased(64)
