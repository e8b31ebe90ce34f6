"""The decoder of pytorch.ts in PyTorch, trained on request: for every line it reads it does one step and answers with a
line of JSON: loss and milliseconds.

Usage: python3 pytorch_reference.py FOLDER THREADS     (started by pytorch.ts, which wrote FOLDER)
"""

import json
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
with open(f"{folder}/task.json") as file:
    task = json.load(file)
heads, layers, batch, length = (task[key] for key in ("heads", "layers", "batch", "length"))

values = torch.from_numpy(np.fromfile(f"{folder}/weights.f32", np.float32))
names = [name for name, _ in task["parameters"]]
sizes = [int(np.prod(shape)) for _, shape in task["parameters"]]
stored = {
    name: part.reshape(shape)
    for (name, shape), part in zip(task["parameters"], values.split(sizes))
}

# Queries, keys and values come from one product, as is usual in PyTorch.
weights = {}
for name, value in stored.items():
    if name.endswith("q_proj.weight"):
        parts = [stored[name.replace("q_proj", letter)] for letter in ("q_proj", "k_proj", "v_proj")]
        weights[name.replace("q_proj", "qkv_proj")] = torch.cat(parts)
    elif not name.endswith(("k_proj.weight", "v_proj.weight")):
        weights[name] = value.clone()
for value in weights.values():
    value.requires_grad_()

tokens = torch.from_numpy(np.fromfile(f"{folder}/tokens.i64", np.int64)).reshape(-1, batch, length + 1)
optimizer = torch.optim.AdamW(
    [
        {"params": [w for w in weights.values() if w.ndim > 1], "weight_decay": task["decay"]},
        {"params": [w for w in weights.values() if w.ndim == 1], "weight_decay": 0.0},
    ],
    lr=task["rate"],
    betas=(task["beta1"], task["beta2"]),
    eps=task["epsilon"],
    fused=True,
)


def norm(x, name):
    return F.layer_norm(x, x.shape[-1:], weights[f"{name}.weight"], weights[f"{name}.bias"], 1e-5)


def loss_of(rows):
    inputs, targets = rows[:, :-1], rows[:, 1:].reshape(-1)
    x = F.embedding(inputs, weights["tokens"]) + weights["positions"]
    for i in range(layers):
        at = f"layers.{i}"
        qkv = F.linear(norm(x, f"{at}.input_layernorm"), weights[f"{at}.self_attn.qkv_proj.weight"])
        q, k, v = qkv.view(batch, length, 3, heads, -1).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        joined = seen.transpose(1, 2).reshape(batch, length, -1)
        x = x + F.linear(joined, weights[f"{at}.self_attn.o_proj.weight"])
        up = F.linear(norm(x, f"{at}.post_attention_layernorm"), weights[f"{at}.mlp.up_proj.weight"])
        x = x + F.linear(F.gelu(up, approximate="tanh"), weights[f"{at}.mlp.down_proj.weight"])
    logits = F.linear(norm(x, "norm"), weights["tokens"])
    return F.cross_entropy(logits.view(batch * length, -1), targets)


print(json.dumps({"version": torch.__version__}), flush=True)
for step, _ in enumerate(sys.stdin):
    start = time.perf_counter()
    loss = loss_of(tokens[step % len(tokens)])
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    milliseconds = 1e3 * (time.perf_counter() - start)
    print(json.dumps({"loss": loss.item(), "milliseconds": milliseconds}), flush=True)
