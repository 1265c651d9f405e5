"""Functions that do to their process what strangers' code does."""

import builtins
import ctypes
import os
import random
import signal
import sys
import threading
import time
import warnings

import numpy as np

calls = 0


def softmax(x, *, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def softmax_vjp(x, *, axis=-1):
    y = softmax(x, axis=axis)
    return y, lambda g: (y * (g - np.sum(g * y, axis=axis, keepdims=True)),)


def leaves_on_the_way_back(x, *, axis=-1):
    y = softmax(x, axis=axis)
    return y, lambda _: os._exit(0)


def unshifted(x, *, axis=-1):
    e = np.exp(x)
    return e / np.sum(e, axis=axis, keepdims=True)


def nothing(x, *, axis=-1):
    softmax(x, axis=axis)


def exits(x, *, axis=-1):
    if x.ndim == 2:
        sys.exit(3)
    return softmax(x, axis=axis)


def interrupts(x, *, axis=-1):  # noqa: ARG001
    raise KeyboardInterrupt


def two_arguments(x, y):
    return x + y


def segfaults(x, *, axis=-1):
    if x.size > 3:
        ctypes.string_at(0)
    return softmax(x, axis=axis)


def leaves_while_it_is_shrunk(x, *, axis=-1):
    if x.shape == (2,):
        os._exit(0)
    return unshifted(x, axis=axis)


def never_returns(x, *, axis=-1):
    while x.size:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return softmax(x, axis=axis)


def eats(x, *, axis=-1):
    eaten = []
    while x.size > 3:
        eaten.append(np.ones(1 << 21))
    return softmax(x, axis=axis)


def closes(x, *, axis=-1):
    if x.size > 3:
        os.closerange(3, 256)
    return softmax(x, axis=axis)


def unsettles(x, *, axis=-1):
    """All that a process can be left with."""
    global calls
    calls += 1
    if calls == 1:
        child = os.fork()
        print(child) if child else time.sleep(1000)
    os.fork()
    print("out " * 20_000)
    sys.stderr.write("err\n")
    os.chdir("/")
    sys.path.insert(0, "/nowhere")
    os.environ["UNSETTLED"] = "yes"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore", UserWarning)
    np.random.seed(0)  # noqa: NPY002 - as strangers do
    random.seed(0)
    builtins.license = None
    if calls == 1:
        threading.Thread(target=time.sleep, args=(1000,)).start()
    result = softmax(x, axis=axis)
    np.seterr(all="raise")
    return result


def leaves_at_once(x, **options):  # noqa: ARG001
    os._exit(7)
