"""Activations as autograd.Functions, with a backward of their own.

`LeakyReLUConstant` is WRONG, since it forgets the gradient that comes in where x is
negative, and `ELU` is INACCURATE near 0, where exp(x) - 1 cancels; `LeakyReLU` holds.
"""

import torch


class LeakyReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, negative_slope=0.01):
        ctx.save_for_backward(x)
        ctx.negative_slope = negative_slope
        return torch.where(x > 0, x, negative_slope * x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return torch.where(x > 0, grad_output, ctx.negative_slope * grad_output), None


class LeakyReLUConstant(LeakyReLU):
    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        grad_input = grad_output.clone()
        grad_input[x <= 0] = ctx.negative_slope
        return grad_input, None


class ELU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, alpha=1.0):
        y = torch.where(x > 0, x, alpha * (torch.exp(x) - 1))
        ctx.save_for_backward(x, y)
        ctx.alpha = alpha
        return y

    @staticmethod
    def backward(ctx, grad_output):
        x, y = ctx.saved_tensors
        return torch.where(x > 0, grad_output, grad_output * (y + ctx.alpha)), None
