"""What other implementations make of language models, to compare with. Needs PyTorch and transformers.

families FOLDER      tiny models of every family with weights made by a rule: logits and states, as fixtures
tokens SOURCE FILE   Hugging Face's tokenizers, built from a GGUF's own vocabulary and merges or a tokenizer.json, on
                     texts of FILE ({"texts": [...], "ids": [[...]]}): how many are cut alike
encoder FOLDER FILE  mean states of a real encoder on a few texts, as a fixture
tensors GGUF FOLDER  the gguf package's numbers beside those of an imported model
speed FOLDER LAYERS THREADS SIZE LENGTH REPEATS  CPU seconds a token of mean states, PyTorch
"""
import json
import sys
import time
import zlib

import numpy as np

IDS = [3, 17, 42, 5, 3, 0, 39, 11, 29, 7, 8]


def numbers(name, shape):
    """Weights by a rule that is as easy in any language: a generator seeded by the tensor's name."""
    state, out = zlib.crc32(name.encode()) or 1, np.empty(int(np.prod(shape)), np.float64)
    for i in range(out.size):
        state ^= (state << 13) & 0xFFFFFFFF
        state ^= state >> 17
        state ^= (state << 5) & 0xFFFFFFFF
        out[i] = state / 2**32 - 0.5
    centre = 1 if "norm" in name.lower() and name.endswith("weight") else 0
    return (centre + 0.5 * out).astype(np.float32).reshape(shape)


def families(folder):
    import torch
    import transformers as tf

    common = dict(
        hidden_size=16, intermediate_size=24, num_hidden_layers=3, num_attention_heads=4,
        vocab_size=48, max_position_embeddings=64,
    )
    decoder = dict(common, num_key_value_heads=2, hidden_act="silu", rms_norm_eps=1e-5, rope_theta=1000.0)
    cases = {
        "llama": (tf.LlamaForCausalLM, tf.LlamaConfig, dict(decoder, tie_word_embeddings=True)),
        "qwen2": (tf.Qwen2ForCausalLM, tf.Qwen2Config, dict(decoder, tie_word_embeddings=False)),
        "qwen3": (tf.Qwen3ForCausalLM, tf.Qwen3Config, dict(decoder, head_dim=8, tie_word_embeddings=True)),
        "bert": (tf.BertModel, tf.BertConfig, dict(common, hidden_act="gelu", type_vocab_size=2)),
    }
    for kind, (model_class, config_class, config) in cases.items():
        model = model_class(config_class(**config, attn_implementation="eager")).eval().float()
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(torch.from_numpy(numbers(name, tuple(parameter.shape))))
            made = {"config": dict(config, model_type=kind), "ids": IDS, "transformers": tf.__version__}
            if kind == "bert":
                # The second text is shorter: what it is filled up with must not be seen.
                short = IDS[:6]
                filled = torch.tensor([IDS, short + [0] * (len(IDS) - 6)])
                mask = torch.tensor([[1] * len(IDS), [1] * 6 + [0] * (len(IDS) - 6)])
                out = model(filled, attention_mask=mask, output_hidden_states=True)
                made["states"] = [rounded(h[0]) for h in out.hidden_states]
                made["short"] = rounded(out.last_hidden_state[1, :6])
            else:
                out = model(torch.tensor([IDS]), output_hidden_states=True)
                made["logits"] = rounded(out.logits[0])
                made["states"] = [rounded(h[0]) for h in out.hidden_states[:-1]]  # the last is normalised
        with open(f"{folder}/{kind}.json", "w") as file:
            file.write(json.dumps(made, separators=(",", ":")) + "\n")


def rounded(tensor):
    return [float(f"{x:.7g}") for x in tensor.flatten().tolist()]


def tokens(source, file):
    tokenizer = of_json(source) if source.endswith(".json") else of_gguf(source)
    with open(file) as opened:
        given = json.load(opened)
    cut = (tokenizer.encode(text, add_special_tokens=False).ids for text in given["texts"])
    equal = sum(ids == own for ids, own in zip(cut, given["ids"]))
    print(json.dumps({"texts": len(given["texts"]), "equal": equal}))


def of_json(path):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def of_gguf(gguf):
    from gguf import GGUFReader
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    fields = GGUFReader(gguf).fields
    pieces = fields["tokenizer.ggml.tokens"].contents()
    merges = [tuple(pair.split(" ")) for pair in fields["tokenizer.ggml.merges"].contents()]
    tokenizer = Tokenizer(models.BPE(vocab={p: i for i, p in enumerate(pieces)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def tensors(gguf, folder):
    from gguf import GGUFReader, dequantize
    from safetensors.numpy import load_file

    own = load_file(f"{folder}/model.safetensors")
    config = json.load(open(f"{folder}/config.json"))
    names = {
        "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
        "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
        "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
    }
    whole = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}
    equal = 0
    for tensor in GGUFReader(gguf).tensors:
        data = dequantize(tensor.data, tensor.tensor_type)
        if tensor.name.startswith("blk."):
            _, layer, part, kind = tensor.name.split(".")
            name = f"model.layers.{layer}.{names[part]}.{kind}"
            if part in ("attn_q", "attn_k"):
                heads = config["num_attention_heads" if part == "attn_q" else "num_key_value_heads"]
                data = data.reshape(heads, -1, 2, data.shape[1]).swapaxes(1, 2).reshape(data.shape)
        else:
            name = whole[tensor.name]
        equal += bool(np.array_equal(own[name], data))
    print(json.dumps({"tensors": len(own), "equal": equal}))


TEXTS = [
    "", "What is 2 + 2?", "Write a Python function that reverses a list.",
    "Naïve café: 価格は1,234円です。", "the quick brown fox jumps over the lazy dog " * 40,
]


def encoder(folder, file):
    import torch
    import transformers as tf
    from safetensors.torch import load_file

    config = tf.BertConfig(**json.load(open(f"{folder}/config.json")), attn_implementation="eager")
    model = tf.BertModel(config, add_pooling_layer=False).eval().float()
    model.load_state_dict(load_file(f"{folder}/model.safetensors"), strict=False)
    tokenizer = of_json(f"{folder}/tokenizer.json")
    made = {"transformers": tf.__version__, "torch": torch.__version__, "texts": []}
    with torch.inference_mode():
        for text in TEXTS:
            ids = tokenizer.encode(text).ids
            ids = ids[:63] + ids[-1:] if len(ids) > 64 else ids
            mean = model(torch.tensor([ids])).last_hidden_state[0].mean(0)
            made["texts"].append({"text": text, "ids": ids, "mean": rounded(mean[:24])})
    with open(file, "w") as out:
        out.write(json.dumps(made, separators=(",", ":"), ensure_ascii=False) + "\n")


def speed(folder, layers, threads, size, length, repeats):
    import torch
    import transformers as tf
    from safetensors.torch import load_file

    torch.set_num_threads(threads)
    config = tf.LlamaConfig(**dict(json.load(open(f"{folder}/config.json")), num_hidden_layers=layers))
    model = tf.LlamaModel(config).eval().float()
    model.norm = torch.nn.Identity()
    own = {k.removeprefix("model."): v for k, v in load_file(f"{folder}/model.safetensors").items()}
    model.load_state_dict(own, strict=False)
    ids = torch.arange(size * length).reshape(size, length) * 37 % config.vocab_size
    with torch.inference_mode():
        run = lambda: model(ids, use_cache=False).last_hidden_state.mean(1)
        first = run()[0, :4].tolist()
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(repeats):
            run()
    n = repeats * size * length
    print(json.dumps({
        "version": torch.__version__, "first": first,
        "cpu": 1e3 * (time.process_time() - cpu) / n, "wall": 1e3 * (time.perf_counter() - wall) / n,
    }))


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "speed":
        speed(rest[0], *map(int, rest[1:]))
    else:
        {"families": families, "encoder": encoder, "tokens": tokens, "tensors": tensors}[what](*rest)
