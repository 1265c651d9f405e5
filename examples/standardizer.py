"""Scaling of each feature by the mean and the deviation of the training rows.

`Scaler` is WRONG where a feature is constant, and `GuardedScaler` where the deviation
of a constant comes out next to 0; `RangeScaler` holds.
"""


class Scaler:
    def fit(self, x):
        self.mean, self.std = x.mean(axis=0), x.std(axis=0)
        return self

    def transform(self, x):
        return (x - self.mean) / self.std


class GuardedScaler(Scaler):
    def fit(self, x):
        super().fit(x)
        self.std[self.std == 0] = 1
        return self


class RangeScaler(Scaler):
    def fit(self, x):
        super().fit(x)
        self.std[x.min(axis=0) == x.max(axis=0)] = 1
        return self
