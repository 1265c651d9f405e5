"""A step of training a net of linear layers and ReLU, with the backward pass by hand.

`train_step_too_early` is WRONG, since it moves a weight before the gradient has gone
back through it; `train_step` holds.
"""

import numpy as np


def forward(x, params):
    """The input of each layer, and what comes out in the end."""
    inputs = []
    for weight, bias in zip(params[::2], params[1::2]):
        x = np.maximum(x, 0) if inputs else x
        inputs.append(x)
        x = x @ weight.T + bias
    return inputs, x


def loss_and_gradient(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(labels))
    grad = np.exp(log_p)
    grad[rows, labels] -= 1
    return -log_p[rows, labels].mean(), grad / len(labels)


def train_step(x, labels, *params, lr=0.1):
    inputs, logits = forward(x, params)
    loss, grad = loss_and_gradient(logits, labels)
    new = []
    for x, w, b in reversed(list(zip(inputs, params[::2], params[1::2]))):
        new = [w - lr * grad.T @ x, b - lr * grad.sum(axis=0), *new]
        grad = grad @ w * (x > 0)
    return loss, *new


def train_step_too_early(x, labels, *params, lr=0.1):
    inputs, logits = forward(x, params)
    loss, grad = loss_and_gradient(logits, labels)
    new = []
    for x, w, b in reversed(list(zip(inputs, params[::2], params[1::2]))):
        w = w - lr * grad.T @ x
        new = [w, b - lr * grad.sum(axis=0), *new]
        grad = grad @ w * (x > 0)
    return loss, *new
