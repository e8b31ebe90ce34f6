"""What kernels.ts compares with, in scikit-learn, PyTorch and NumPy: for every line that names a task it does it once
and answers with its milliseconds. Predictions are left in FOLDER for comparison.

Usage: python3 peers.py FOLDER     (started by kernels.ts, which wrote FOLDER and sets the number of threads)
"""

import json
import os
import sys
import time

import numpy as np

folder = sys.argv[1]
with open(f"{folder}/sizes.json") as file:
    size = json.load(file)
N, Q, D, M, K = (size[key] for key in ("train", "test", "width", "models", "clusters"))


def read(name, dtype, *shape):
    return np.fromfile(f"{folder}/{name}", dtype).reshape(shape)


train, test = read("train.f32", np.float32, N, D), read("test.f32", np.float32, Q, D)
scores = read("scores.f64", np.float64, N, M)
train64, test64 = train.astype(np.float64), test.astype(np.float64)
draw = np.random.default_rng(1)
A, B, abilities = (draw.normal(0, 0.05, shape).astype(np.float32) for shape in ((D, size["skills"]), (D, 1), (size["skills"], M)))
tasks, versions = {}, {"NumPy": np.__version__}

try:
    import sklearn
    from sklearn.cluster import KMeans
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.neighbors import KNeighborsRegressor

    def knn(k):
        return KNeighborsRegressor(k, algorithm="brute", metric="cosine").fit(train, scores).predict(test)

    def logistic():
        fits = (LogisticRegression(C=1 / size["penalty"], tol=1e-4, max_iter=1000).fit(train64, y) for y in scores.T)
        return np.column_stack([fit.predict_proba(test64)[:, 1] for fit in fits])

    versions["scikit-learn"] = sklearn.__version__
    tasks |= {
        "knn 5": lambda: knn(5),
        "knn 100": lambda: knn(100),
        "kmeans": lambda: KMeans(K, n_init=1, max_iter=30, tol=0, random_state=0).fit(train).inertia_,
        "lloyd": lambda: KMeans(K, n_init=1, max_iter=30, tol=0, init=train[: 100 * K : 100]).fit(train).inertia_,
        "ridge float64": lambda: Ridge(size["alpha"]).fit(train64, scores).predict(test64),
        "ridge float32": lambda: Ridge(size["alpha"]).fit(train, scores).predict(test),
        "ridge path": lambda: [Ridge(rho * size["alpha"]).fit(train64, scores).predict(test64) for rho in size["path"]][-1],
        "logistic": logistic,
    }
except ImportError:
    pass

try:
    import torch
    from torch.nn import functional

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    versions["PyTorch"] = torch.__version__
    t = {name: torch.from_numpy(value) for name, value in dict(A=A, B=B, abilities=abilities, train=train, test=test).items()}

    @torch.inference_mode()
    def mirt(share):
        x = t["test"]
        if share > 0:
            near = (x @ t["train"].T).topk(size["warming"], dim=1).indices
            x = (1 - share) * x + share * t["train"][near].mean(1)
        phi = x * D**0.5
        return torch.sigmoid(functional.softplus(phi @ t["A"]) @ t["abilities"] - phi @ t["B"]).numpy()
except ImportError:

    def mirt(share):
        x = test
        if share > 0:
            near = np.argpartition(x @ train.T, -size["warming"], axis=1)[:, -size["warming"] :]
            x = (1 - np.float32(share)) * x + np.float32(share) * train[near].mean(axis=1)
        phi = x * np.float32(D**0.5)
        return 1 / (1 + np.exp(phi @ B - np.logaddexp(np.float32(0), phi @ A) @ abilities))


tasks |= {"mirt": lambda: mirt(0), "mirt warm": lambda: mirt(size["share"])}

print(json.dumps({"versions": versions, "tasks": list(tasks)}), flush=True)
for line in sys.stdin:
    name = line.strip()
    start = time.perf_counter()
    result = tasks[name]()
    milliseconds = 1e3 * (time.perf_counter() - start)
    np.asarray(result, np.float64).tofile(f"{folder}/{name}.f64")
    print(json.dumps(milliseconds), flush=True)
