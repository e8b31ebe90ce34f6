"""The networks of heads.ts in PyTorch, as one would write them: for every line of JSON that names one it
fits and predicts, and answers with a line of JSON: milliseconds, and what the chosen models score.

Usage: python3 heads_reference.py FOLDER     (started by heads.ts, which wrote FOLDER)
"""

import json
import math
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(1)
folder = sys.argv[1]
with open(f"{folder}/sizes.json") as file:
    size = json.load(file)
N, D, M = size["train"], size["width"], size["models"]


def read(name, dtype, *shape):
    return torch.from_numpy(np.fromfile(f"{folder}/{name}", dtype).reshape(shape))


x = read("train.f32", np.float32, N, D)
test = read("test.f32", np.float32, size["test"], D)
scores = read("scores.f32", np.float32, N, M)
truth = read("truth.f64", np.float64, size["test"], M)
clusters = read("clusters.i32", np.int32, N)
known = torch.ones_like(scores)


def cross_entropy(logits, rows):
    return F.binary_cross_entropy_with_logits(logits, scores[rows], weight=known[rows])


class MLP(nn.Module):
    def __init__(self, task):
        super().__init__()
        layers, width = [], D
        for _ in range(task["layers"]):
            layers += [nn.Linear(width, task["hidden"]), nn.GELU(approximate="tanh"), nn.Dropout(task["dropout"])]
            nn.init.normal_(layers[-3].weight, std=0.3 if width == D else width**-0.5)
            width = task["hidden"]
        self.net = nn.Sequential(*layers, nn.Linear(width, M))
        nn.init.zeros_(self.net[-1].weight)
        with torch.no_grad():
            self.net[-1].bias.copy_(scores.mean(0).clamp(0.01, 0.99).logit())

    def loss(self, rows):
        return cross_entropy(self.net(x[rows]), rows)

    def forward(self, queries):
        return torch.sigmoid(self.net(queries))


class MF(nn.Module):
    def __init__(self, task):
        super().__init__()
        d = task["dimensions"]
        self.p = nn.Parameter(torch.randn(M, d))
        self.project, self.classify = nn.Linear(D, d), nn.Linear(d, 1)
        self.noise, self.out = task["noise"] / math.sqrt(D), task.get("out", False)

    def logits(self, phi):
        weighed = self.p * self.classify.weight
        if self.out:  # multiplied out: fewer models than queries
            bias = weighed @ self.project.bias + self.classify.bias
            return phi @ (weighed @ self.project.weight).T + bias
        return self.project(phi) @ weighed.T + self.classify.bias

    def loss(self, rows):
        phi = x[rows]
        return cross_entropy(self.logits(phi + torch.randn_like(phi) * self.noise), rows)

    def forward(self, queries):
        return torch.sigmoid(self.logits(queries))


class RouterDC(nn.Module):
    def __init__(self, task):
        super().__init__()
        self.project = nn.Linear(D, task["width"], bias=False)
        self.models = nn.Parameter(torch.randn(M, task["width"]) / math.sqrt(task["width"]))
        nn.init.normal_(self.project.weight, std=D**-0.5)
        self.task = task
        K = math.ceil(M / 3)
        order = (scores + 1e-3 * torch.rand_like(scores)).argsort(1, descending=True)
        self.positive = torch.zeros_like(scores).scatter_(1, order[:, :K], 1) * (scores > 0)
        self.negative = torch.zeros_like(scores).scatter_(1, order[:, -K:], 1) * (scores <= 0.5)
        both = (self.positive.any(1) & self.negative.any(1)).float()[:, None]
        self.positive *= both
        self.negative *= both

    def encode(self, queries):
        return F.normalize(self.project(queries), dim=1)

    def forward(self, queries):
        return self.encode(queries) @ F.normalize(self.models, dim=1).T

    def loss(self, rows):
        e = self.encode(x[rows])
        a = e @ F.normalize(self.models, dim=1).T / self.task["temperature"]
        ea = a.exp()
        repelled = (self.negative[rows] * ea).sum(1, keepdim=True)
        first = (self.positive[rows] * ((ea + repelled).log() - a)).sum() / len(rows)
        same = clusters[rows][:, None] == clusters[rows]
        friends = same & ~torch.eye(len(rows), dtype=torch.bool)
        fine = friends.any(1) & ((~same).sum(1) >= self.task["negatives"])
        friends[~fine], same[~fine] = True, False
        plus = torch.multinomial(friends.float(), 1)
        minus = torch.multinomial((~same).float(), self.task["negatives"])
        c = (e @ e.T).gather(1, torch.cat([plus, minus], 1))
        second = (-F.log_softmax(c, 1)[:, 0] * fine).sum() / len(rows)
        return first + self.task["queryWeight"] * second


def fit(task):
    model = {"mlp": MLP, "mf": MF, "routerdc": RouterDC}[task["kind"]](task)
    batch, steps = task["batch"], round(task["epochs"] * N / task["batch"])
    decayed = [w for w in model.parameters() if w.ndim > 1]
    rest = [w for w in model.parameters() if w.ndim == 1]
    groups = [{"params": decayed, "weight_decay": task["decay"]}, {"params": rest, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=task["rate"], fused=True)
    rise = max(1, round(0.1 * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda t: (t + 1) / rise if t < rise else 0.5 * (1 + math.cos(math.pi * (t - rise) / max(1, steps - rise))),
    )
    order = torch.cat([torch.randperm(N) for _ in range(math.ceil(task["epochs"]) + 1)])
    weights = list(model.parameters())
    for step in range(steps):
        loss = model.loss(order[step * batch : (step + 1) * batch])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
    return model.eval()


def timed(work):
    start = time.perf_counter()
    value = work()
    return value, 1e3 * (time.perf_counter() - start)


print(json.dumps({"version": torch.__version__}), flush=True)
for line in sys.stdin:
    task = json.loads(line)
    model, fitting = timed(lambda: fit(task))
    with torch.inference_mode():
        quality, first = timed(lambda: model(test))
        later = min(timed(lambda: model(test))[1] for _ in range(size["later"]))
    score = truth.gather(1, quality.argmax(1, keepdim=True)).mean().item()
    print(json.dumps({"fit": fitting, "first": first, "later": later, "score": score}), flush=True)
