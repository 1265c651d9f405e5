"""Gradient descent with momentum, as an object that keeps a velocity.

`MomentumAveraged` is WRONG, since it averages gradients, so that its first step is
shorter; `Momentum` holds.
"""

import numpy as np


class Momentum:
    def __init__(self, params, lr=0.01, momentum=0.9):
        self.params = params
        self.lr = lr
        self.momentum = momentum
        self.velocities = [np.zeros_like(p) for p in params]

    def step(self, grads):
        for p, v, g in zip(self.params, self.velocities, grads):
            v *= self.momentum
            v += g
            p -= self.lr * v


class MomentumAveraged(Momentum):
    def step(self, grads):
        for p, v, g in zip(self.params, self.velocities, grads):
            v *= self.momentum
            v += (1 - self.momentum) * g
            p -= self.lr * v
