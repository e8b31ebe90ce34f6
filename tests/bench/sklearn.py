"""Times scikit-learn on the arrays that sklearn.ts wrote, and writes its predictions next to them.

Usage: python3 sklearn.py FOLDER RUNS     (called by sklearn.ts, which sets the number of threads)
"""

import json
import sys
import time

sys.path.pop(0)  # this folder: its sklearn.py must not stand in for the library

import numpy as np
import sklearn
from sklearn.cluster import KMeans
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor

folder, runs = sys.argv[1], int(sys.argv[2])
with open(f"{folder}/sizes.json") as file:
    size = json.load(file)


def read(name, dtype, *shape):
    return np.fromfile(f"{folder}/{name}", dtype).reshape(shape)


train = read("train.f32", np.float32, size["train"], size["width"])
test = read("test.f32", np.float32, size["test"], size["width"])
scores = read("scores.f64", np.float64, size["train"], size["models"])
seeds = read("seeds.f32", np.float32, size["clusters"], size["width"])
train64, test64 = train.astype(np.float64), test.astype(np.float64)
k, clusters, alpha, path = size["neighbours"], size["clusters"], size["alpha"], size["path"]

tasks = {
    "knn": lambda: KNeighborsRegressor(k, algorithm="brute", metric="cosine").fit(train, scores).predict(test),
    "lloyd": lambda: KMeans(clusters, n_init=1, max_iter=100, tol=0, init=seeds).fit(train),
    "kmeans": lambda: KMeans(clusters, n_init=1, max_iter=100, tol=0, random_state=0).fit(train),
    "ridge": lambda: Ridge(alpha).fit(train64, scores).predict(test64),
    "path": lambda: [Ridge(a).fit(train64, scores).predict(test64) for a in path][-1],
    "ridge32": lambda: Ridge(alpha).fit(train, scores).predict(test),
}
report = {"version": sklearn.__version__, "milliseconds": {}}
for name, task in tasks.items():
    result = task()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        result = task()
        times.append(1e3 * (time.perf_counter() - start))
    report["milliseconds"][name] = times
    if isinstance(result, KMeans):
        result.labels_.astype(np.int32).tofile(f"{folder}/{name}.i32")
        report[name] = {"inertia": float(result.inertia_), "iterations": int(result.n_iter_)}
    else:
        result.astype(np.float64).tofile(f"{folder}/{name}.f64")

# kNN again in float64 by the plain inner product, ties to the lower row: what the harness defines
similarity = test64 @ train64.T
order = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
scores[order].mean(axis=1).tofile(f"{folder}/knn_reference.f64")
print(json.dumps(report))
