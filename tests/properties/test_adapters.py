"""Adapters: each is called as it is documented, and what is wrong with it is found."""

import numpy as np
import pytest
from properties.asking import quick

from scratchnet.errors import ArgumentTypeError
from scratchnet.testing import OPS, check
from scratchnet.testing.adapters import adapted

FEW = 12


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def softmax_along(x, dim=-1):
    return softmax(x, dim)


def softmax_along_the_last(x, dim=-1):
    return softmax(x, -1 if dim == 0 else dim)


def scaled(x, factor):
    return factor * np.maximum(x, 0)


def softmax_backward(g, x, axis=-1):
    y = softmax(x, axis)
    return y * (g - (g * y).sum(axis=axis, keepdims=True))


def softmax_diagonal(g, x, axis=-1):
    y = softmax(x, axis)
    return g * y * (1 - y)


def softmax_vjp(x, axis=-1):
    return softmax(x, axis), lambda g: softmax_backward(g, x, axis)


class Layer:
    def __init__(self, dim=-1):
        self.dim = dim

    def forward(self, x):
        self.y = softmax(x, self.dim)
        return self.y

    def backward(self, g):
        return self.y * (g - (g * self.y).sum(axis=self.dim, keepdims=True))


class LayerOfOnes(Layer):
    def backward(self, g):
        return Layer.backward(self, np.ones_like(g))


class Called:
    def __call__(self, x):
        return np.maximum(x, 0)


class CalledTwice(Called):
    def __call__(self, x):
        return 2 * np.maximum(x, 0)


class OfNames:
    """Takes dictionaries, as books have it."""

    def __init__(self, lr=0.01, momentum=0.9):
        self.lr, self.momentum, self.v = lr, momentum, None

    def update(self, params, grads):
        if self.v is None:
            self.v = {key: np.zeros_like(x) for key, x in params.items()}
        for key in params:
            self.v[key] = self.momentum * self.v[key] + grads[key]
            params[key] -= self.lr * self.v[key]


class OfNamesForgetful(OfNames):
    def update(self, params, grads):
        self.v = None
        super().update(params, grads)


class OfAList:
    """Holds a list of parameters, and counts its steps before it uses any."""

    def __init__(self, params, lr=0.01, momentum=0.0):
        self.params, self.lr, self.momentum, self.steps = params, lr, momentum, 0
        self.v = [np.zeros_like(p) for p in params]

    def step(self, grads):
        self.steps += 1
        for i, (v, g) in enumerate(zip(self.v, grads, strict=True)):
            v *= self.momentum if self.steps > 1 else 0
            v += g
            # Not in place: whoever made it reads the list again.
            self.params[i] = self.params[i] - self.lr * v


class OfAListAveraged(OfAList):
    def step(self, grads):
        super().step([(1 - self.momentum) * g for g in grads])


class HeldByName(OfAList):
    """Holds a dictionary of parameters, and gives them back."""

    def __init__(self, params, lr=0.01):
        self.params, self.lr = params, lr

    def step(self, grads):
        for name, g in grads.items():
            self.params[name] -= self.lr * g
        return self.params


class HeldByNameUphill(HeldByName):
    def step(self, grads):
        return super().step({name: -g for name, g in grads.items()})


def of_a_call(parameters, gradients, state, *, learning_rate):
    return {k: p - learning_rate * gradients[k] for k, p in parameters.items()}, state


def of_a_call_uphill(parameters, gradients, state, *, learning_rate):
    return of_a_call(parameters, gradients, state, learning_rate=-learning_rate)


def batches(x, y, batch_size, shuffle=False):
    order = np.random.permutation(len(x)) if shuffle else np.arange(len(x))  # noqa: NPY002
    for i in range(0, len(x), batch_size):
        yield x[order[i : i + batch_size]], y[order[i : i + batch_size]]


def whole_batches(x, y, batch_size, shuffle=False):
    return [b for b in batches(x, y, batch_size, shuffle) if len(b[0]) == batch_size]


def batches_in_a_list(x, y, batch_size, shuffle=False):
    return list(batches(x, y, batch_size, shuffle))


class Scaler:
    def __init__(self, per_feature=False):
        self.axis = 0 if per_feature else None

    def fit(self, x):
        constant = x.max(axis=self.axis) == x.min(axis=self.axis)
        deviation = x.std(axis=self.axis)
        self.mean, self.std = x.mean(axis=self.axis), np.where(constant, 1, deviation)

    def transform(self, x):
        return ((x - self.mean) / self.std).astype(x.dtype)


class ScalerOfSamples(Scaler):
    def fit(self, x):
        super().fit(x)
        self.std = self.std * np.sqrt(len(x) / max(1, len(x) - 1))


class FittedByItsClass(Scaler):
    @classmethod
    def fit(cls, x, per_feature=False):
        made = cls(per_feature)
        Scaler.fit(made, x)
        return made


class FittedWithoutTheMean(FittedByItsClass):
    def transform(self, x):
        return (x / self.std).astype(x.dtype)


def step_of_one_layer(x, labels, *params, lr=0.1, towards=1):
    """Of nets of more layers the first ones stay what they are."""
    inputs = [x]
    for weight, bias in zip(params[::2], params[1::2], strict=True):
        x = inputs[-1] @ weight.T + bias
        inputs.append(np.maximum(x, 0))
    p, rows = softmax(x), np.arange(len(labels))
    loss = -np.log(p[rows, labels]).mean()
    p[rows, labels] -= 1
    new, g = [], p / len(labels)
    for i in reversed(range(len(params) // 2)):
        weight, bias = params[2 * i : 2 * i + 2]
        moved = weight - lr * g.T @ inputs[i], bias - lr * g.sum(axis=0) * towards
        new = [*moved, *new]
        g = g @ weight * (inputs[i] > 0)
    return loss, *new


def step_with_a_bias_uphill(x, labels, *params, lr=0.1):
    return step_of_one_layer(x, labels, *params, lr=lr, towards=-1)


#: Operation, what is right, what is wrong, the law that says so, what else is given.
KINDS = {
    "a function, its option by another name": (
        *("softmax", softmax_along, softmax_along_the_last, "equals_the_oracle"),
        {},
    ),
    "a pullback": (
        *("softmax", softmax, softmax, "gradients_equal_the_oracle"),
        {"pullback": (softmax_backward, softmax_diagonal)},
    ),
    "a VJP rule": (
        *("softmax", softmax, softmax, "gradients_equal_the_oracle"),
        {"vjp": (softmax_vjp, lambda x, axis=-1: (softmax(x, axis), lambda g: 0 * g))},
    ),
    "arguments that are given": (
        *("relu", scaled, scaled, "equals_the_oracle"),
        {"given": ({"factor": 1}, {"factor": 2})},
    ),
    "a layer's class": (
        *("softmax", Layer, LayerOfOnes, "gradients_equal_the_oracle"),
        {},
    ),
    "a layer": (
        *("softmax", Layer(), LayerOfOnes(), "gradients_equal_the_oracle"),
        {},
    ),
    "the forward of a layer": (
        *("softmax", Layer().forward, LayerOfOnes().forward),
        *("gradients_equal_the_oracle", {}),
    ),
    "a class whose objects are called": (
        *("relu", Called, CalledTwice, "equals_the_oracle"),
        {},
    ),
    "a function that steps": (
        *("optimizer", of_a_call, of_a_call_uphill, "every_step_equals_the_oracle"),
        {},
    ),
    "updates of arrays by name": (
        *("optimizer", OfNames, OfNamesForgetful, "every_step_equals_the_oracle"),
        {},
    ),
    "steps of a list that is held": (
        *("optimizer", OfAList, OfAListAveraged, "every_step_equals_the_oracle"),
        {},
    ),
    "steps of a dictionary that is held": (
        *("optimizer", HeldByName, HeldByNameUphill, "every_step_equals_the_oracle"),
        {},
    ),
    "a generator of batches": (
        *("loader", batches, whole_batches, "every_row_comes_once"),
        {},
    ),
    "a list of batches": (
        *("loader", batches_in_a_list, whole_batches, "every_row_comes_once"),
        {},
    ),
    "what is fitted": (
        *("standardizer", Scaler, ScalerOfSamples, "equals_the_oracle"),
        {},
    ),
    "what its class fits": (
        *("standardizer", FittedByItsClass, FittedWithoutTheMean),
        *("equals_the_oracle", {}),
    ),
    "a step of training": (
        *("train_step", step_of_one_layer, step_with_a_bias_uphill),
        *("equals_the_oracle", {}),
    ),
}


def of_torch():
    """The same of what PyTorch has."""
    torch = pytest.importorskip("torch")

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, negative_slope=0.01):
            ctx.save_for_backward(x)
            ctx.slope = negative_slope
            return torch.where(x > 0, x, negative_slope * x)

        @staticmethod
        def backward(ctx, g):
            return torch.where(ctx.saved_tensors[0] > 0, g, ctx.slope * g), None

    class FunctionOfOnes(Function):
        @staticmethod
        def backward(ctx, g):
            return Function.backward(ctx, torch.ones_like(g))

    class WithContext(Function):
        @staticmethod
        def forward(x, negative_slope=0.01):
            return torch.where(x > 0, x, negative_slope * x)

        @staticmethod
        def setup_context(ctx, inputs, _):
            ctx.save_for_backward(inputs[0])
            ctx.slope = inputs[1]

    class WithContextWrong(WithContext):
        @staticmethod
        def backward(ctx, g):
            return torch.where(ctx.saved_tensors[0] > 0, g, g), None

    class Softmax(torch.nn.Module):
        def __init__(self, dim=-1):
            super().__init__()
            self.dim = dim

        def forward(self, x):
            return torch.softmax(x, self.dim)

    class SoftmaxOfTheLast(Softmax):
        def forward(self, x):
            return torch.softmax(x, -1 if self.dim == 0 else self.dim)

    class Linear(torch.nn.Linear):
        def forward(self, x):
            return x @ self.weight.T + 2 * self.bias

    class SGD:
        """Finds the gradients at its parameters, as PyTorch's own do."""

        def __init__(self, params, lr=0.01):
            self.params, self.lr = list(params), lr

        @torch.no_grad()
        def step(self):
            for p in self.params:
                if p.grad is not None:
                    p -= self.lr * p.grad

    class Uphill(SGD):
        def step(self):
            self.lr = -self.lr
            super().step()

    class Forgetful(torch.optim.SGD):
        def step(self):
            super().step()
            self.state.clear()

    gradients, steps = "gradients_equal_the_oracle", "every_step_equals_the_oracle"
    linear = torch.nn.Linear(3, 2)
    return {
        "an autograd.Function": ("leaky_relu", Function, FunctionOfOnes, gradients),
        "one with a context": ("leaky_relu", WithContext, WithContextWrong, gradients),
        "a module's class": (
            *("softmax", Softmax, SoftmaxOfTheLast),
            "equals_the_oracle",
        ),
        "a module": ("linear", linear, Linear(3, 2), "equals_the_oracle"),
        "gradients at parameters": ("optimizer", SGD, Uphill, steps),
        "an optimiser of PyTorch": ("optimizer", torch.optim.SGD, Forgetful, steps),
    }


TORCHS = (
    *("an autograd.Function", "one with a context", "a module's class", "a module"),
    *("gradients at parameters", "an optimiser of PyTorch"),
)


def verdict(operation, subject, law, target, **given):
    """What a law finds of a subject as it is adapted, in a few examples."""
    op = OPS[operation]
    found = adapted(subject, op, **given)
    vjp = found.vjp
    if vjp is None and law.startswith("gradients"):
        vjp = "autograd"
    report = check(
        *(found.function, op), vjp=vjp, laws=[law], targets=[target], examples=FEW
    )
    return report.results[0].verdict


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_called_as_documented(kind):
    operation, right, _, law, given = KINDS[kind]
    stated = {name: each for name, (each, _) in given.items()}
    assert verdict(operation, right, law, "numpy:float64", **stated) == "HOLDS"


@quick
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_wrong_is_found(kind):
    operation, _, wrong, law, given = KINDS[kind]
    stated = {name: each for name, (_, each) in given.items()}
    assert verdict(operation, wrong, law, "numpy:float64", **stated) == "WRONG"


@pytest.mark.parametrize("kind", TORCHS)
def test_what_pytorch_has_is_called_as_documented(kind):
    operation, right, _, law = of_torch()[kind]
    assert verdict(operation, right, law, "torch:cpu:float64") == "HOLDS"


@quick
@pytest.mark.parametrize("kind", TORCHS)
def test_what_is_wrong_on_pytorch_is_found(kind):
    operation, _, wrong, law = of_torch()[kind]
    assert verdict(operation, wrong, law, "torch:cpu:float64") == "WRONG"


def test_every_kind_of_pytorch_is_asked():
    assert set(of_torch()) == set(TORCHS)


def test_a_class_that_needs_more_is_a_sentence():
    says = r"OfAList\(params.*needs params.*\n  give it: --kwargs params=VALUE; or make"
    with pytest.raises(ArgumentTypeError, match=says):
        adapted(type("OfAList", (Called,), {"__init__": OfAList.__init__}), OPS["relu"])


def test_an_optimiser_that_holds_parameters_is_a_sentence():
    torch = pytest.importorskip("torch")
    made = torch.optim.SGD([torch.zeros(2)], lr=0.1)
    with pytest.raises(ArgumentTypeError, match="object of SGD, which holds its param"):
        adapted(made, OPS["optimizer"])


def test_how_it_is_called_is_said():
    def notes(subject, operation):
        return adapted(subject, OPS[operation]).notes

    assert notes(softmax_along, "softmax") == ("its dim is axis",)
    assert notes(Layer, "softmax")[0].startswith("forward and backward of an object")
    assert notes(softmax, "softmax") == ()


def test_of_a_module_it_is_said_what_is_given_to_it():
    torch = pytest.importorskip("torch")
    found = adapted(torch.nn.Linear(3, 2), OPS["linear"])
    said = "a module, whose weight and bias are the arguments of these names"
    assert found.notes == (said,)
    assert adapted(torch.nn.Softmax, OPS["softmax"]).notes[0] == "a module"


def test_a_step_of_nets_of_one_depth_is_told_what_to_take():
    def step(x, labels, w1, b1, w2, b2): ...

    with pytest.raises(ArgumentTypeError, match=r"missing .*'w2'.*\n.* as \*args"):
        check(step, OPS["train_step"], targets=["numpy:float64"])
