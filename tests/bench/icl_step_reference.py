"""The training step of icl_step.ts in PyTorch: for every line it reads it does one step and answers with a line of JSON:
loss and milliseconds.

Usage: python3 icl_step_reference.py FOLDER THREADS     (started by icl_step.ts, which wrote FOLDER)
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
config = task["config"]
G, K, B = task["models"], task["record"], task["targets"]
heads, kv_heads, head = (
    config[key] for key in ("num_attention_heads", "num_key_value_heads", "head_dim")
)
layers, epsilon, width = config["num_hidden_layers"], config["rms_norm_eps"], config["hidden_size"]

numbers, at = torch.from_numpy(np.fromfile(f"{folder}/numbers.f32", np.float32)), 0


def take(shape):
    global at
    size = int(np.prod(shape))
    part = numbers[at : at + size].reshape(shape).clone()
    at += size
    return part


weights, groups = {}, {}
for name, shape, rate in task["parameters"]:
    weights[name] = take(shape)
    if rate:
        groups.setdefault(rate, []).append(weights[name].requires_grad_())
fed = {name: take(shape) for name, shape in task["feeds"]}
labels = fed["labels"].long()
trained = [w for group in groups.values() for w in group]
optimizer = torch.optim.AdamW(
    [{"params": group, "lr": rate * task["rate"]} for rate, group in groups.items()],
    weight_decay=0.0,
    fused=True,
)


def norm(x, name, eps=epsilon):
    return F.rms_norm(x, x.shape[-1:], weights[f"{name}.weight"], eps)


def apply(x, name):
    y = F.linear(x, weights[f"{name}.weight"])
    if f"{name}.lora_A.weight" not in weights:
        return y
    thin = F.linear(x, weights[f"{name}.lora_A.weight"])
    return y + 2 * F.linear(thin, weights[f"{name}.lora_B.weight"])


inverse = config["rope_theta"] ** (-torch.arange(0, head, 2, dtype=torch.float64) / head)


def angles(positions):
    turned = torch.outer(positions.double(), inverse)
    return [torch.cat([f(turned)] * 2, -1).float() for f in (torch.cos, torch.sin)]


def rotary(x, cos_sin):
    cos, sin = cos_sin
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat([-b, a], -1) * sin


in_record, behind = angles(torch.arange(K)), angles(torch.full((B,), K))


def cut(x, name, count):
    return apply(x, name).view(G, -1, count, head).transpose(1, 2)


def keys_values(h, at, where):
    k = rotary(cut(h, f"{at}.self_attn.k_proj", kv_heads), where)
    return k, cut(h, f"{at}.self_attn.v_proj", kv_heads)


def rest(x, seen, at):
    x = x + apply(seen.transpose(1, 2).reshape(x.shape), f"{at}.self_attn.o_proj")
    n = norm(x, f"{at}.post_attention_layernorm")
    hidden = F.silu(apply(n, f"{at}.mlp.gate_proj")) * apply(n, f"{at}.mlp.up_proj")
    return x + apply(hidden, f"{at}.mlp.down_proj")


def slots(v):
    return F.linear(
        norm(v, "projector.norm", 1e-6), weights["projector.weight"], weights["projector.bias"]
    )


def read():
    x, memory = slots(fed["record"]) + F.embedding(labels, weights["label_table"]), []
    for i in range(layers):
        at = f"model.layers.{i}"
        h = norm(x, f"{at}.input_layernorm")
        k, v = keys_values(h, at, in_record)
        memory.append((k, v))
        if i == layers - 1:
            return memory
        q = rotary(cut(h, f"{at}.self_attn.q_proj", heads), in_record)
        shared = [t.repeat_interleave(heads // kv_heads, 1) for t in (k, v)]
        x = rest(x, F.scaled_dot_product_attention(q, *shared, is_causal=True), at)


def answer(memory):
    x = slots(fed["targets"]).expand(G, B, width)
    for i, (past_k, past_v) in enumerate(memory):
        at = f"model.layers.{i}"
        h = norm(x, f"{at}.input_layernorm")
        q = rotary(cut(h, f"{at}.self_attn.q_proj", heads), behind)
        k, v = (t.repeat_interleave(heads // kv_heads, 1) for t in keys_values(h, at, behind))
        # Query heads that share keys ask them as one; a target sees the record and itself.
        past = (q.reshape(G, kv_heads, -1, head) @ past_k.transpose(-1, -2)).view(G, heads, B, K)
        scores = torch.cat([past, (q * k).sum(-1, keepdim=True)], -1) / head**0.5
        p = scores.softmax(-1)
        seen = (p[..., :K].reshape(G, kv_heads, -1, K) @ past_v).view(G, heads, B, head)
        x = rest(x, seen + p[..., K:] * v, at)
    x = norm(x, "model.norm")
    return (x @ weights["answer_head"].T + weights["answer_bias"]).squeeze(-1)


def loss_of():
    logits = answer(read())
    loss = F.binary_cross_entropy_with_logits(logits, fed["outcomes"])
    between = F.softplus(logits[None] - logits[:, None])
    return loss + (between * fed["better"]).sum() / fed["better"].sum()


print(json.dumps({"version": torch.__version__}), flush=True)
for _ in sys.stdin:
    start, used = time.perf_counter(), time.process_time()
    loss = loss_of()
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimizer.step()
    milliseconds = 1e3 * (time.perf_counter() - start)
    cpu = 1e3 * (time.process_time() - used)
    print(json.dumps({"loss": loss.item(), "milliseconds": milliseconds, "cpu": cpu}), flush=True)
