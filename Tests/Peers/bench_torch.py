"""One figure of a competent PyTorch implementation, on the CPU; the counterpart of a model figure of bench-align-ti.

    python bench_torch.py pipelines/bench/T.json --figure align_ti --precision fp32 --threads 2

Prints one JSON line. One figure a process, so that its peak memory is its own.

Figures (batch of equal samples: visual + instruction + response tokens):
  align_ti       as in the paper: student pass without gradient to sample d candidates per response token, teacher and student
                 pass over the interleaved sequence under the dense ribbon mask (SDPA), L_sft + L_kd + L_iva + L_tpa, backward,
                 clip, AdamW
  vanilla_kd     student + teacher forward on the plain sequence, L_sft + L_kd, backward, AdamW
  sft            student forward, L_sft, backward, AdamW
  teacher_plain  filling a cache: teacher forward with log-probabilities at visual and response positions, alpha of one layer, the
                 64 most probable ids and the log of the rest (ours also packs and compresses them)
  teacher_ribbon teacher forward on the ribbon sequence
  decode_bN      greedy decoding of N sequences with a KV cache; seconds are those of one step
  answer_N_an_image  transformers' generate: greedy answers of 4 tokens to N questions about each of two images, 16 at a time

Choices a good engineer would make: logits only at the positions a loss needs, teacher without gradient (and stored in bf16 in the
bf16 runs), bf16 by autocast with float32 master weights, float32 softmax, fused AdamW, one mask shared by the batch, alpha from the
q and k of a single layer instead of eager attention everywhere. The vision tower is frozen and its features are an input; the
projectors are included. Ids follow Zipf's law, as ours do.
"""
import argparse
import copy
import json
import resource
import statistics
import time
from collections import OrderedDict

import torch
import torch.nn.functional as F
import transformers
from torch import nn
from transformers import DynamicCache, Qwen2Config, Qwen2ForCausalLM, Qwen2Model


class Net(nn.Module):
    """Projector, Qwen2, head."""

    def __init__(self, shapes, model):
        super().__init__()
        hidden, vocabulary = model["hidden"], model["vocab"]
        distinct = model.get("distinct_layers") or model["layers"]
        self.projector = nn.Sequential(nn.Linear(shapes["vision_dim"], hidden), nn.GELU(), nn.Linear(hidden, hidden))
        self.lm = Qwen2Model(Qwen2Config(
            vocab_size=vocabulary, hidden_size=hidden, intermediate_size=model["inter"], num_hidden_layers=distinct,
            num_attention_heads=model["heads"], num_key_value_heads=model["kv_heads"], max_position_embeddings=4096,
            attn_implementation="sdpa", use_cache=False))
        self.lm.layers = nn.ModuleList([repeated(self.lm.layers[i % distinct]) if i >= distinct else self.lm.layers[i]
                                        for i in range(model["layers"])])
        self.lm.config.num_hidden_layers = model["layers"]
        self.lm.config.layer_types = self.lm.config.layer_types[:1] * model["layers"]
        self.head = nn.Linear(hidden, vocabulary, bias=False)
        if model["tie"]:
            self.head.weight = self.lm.embed_tokens.weight

    def embed(self, vision, text):
        """[visual, text] in the order of the sequence."""
        return torch.cat([self.projector(vision), self.lm.embed_tokens(text).to(self.head.weight.dtype)], 1)

    def hidden(self, embeds, mask=None, positions=None):
        return self.lm(inputs_embeds=embeds, attention_mask=mask, position_ids=positions, use_cache=False).last_hidden_state


def repeated(layer):
    """The same weights once more, in modules of their own: a hook on one layer must not fire in another."""
    other = copy.copy(layer)
    other._modules = {name: copy.copy(module) for name, module in layer._modules.items()}
    for module in (other, *other._modules.values()):
        module._forward_pre_hooks, module._forward_pre_hooks_with_kwargs = OrderedDict(), OrderedDict()
    return other


def build(shapes, model, seed, dtype, trainable):
    torch.manual_seed(seed)
    net = Net(shapes, model)
    net.requires_grad_(trainable)
    return net if trainable else net.to(dtype)


class Alpha:
    """Catches the input of one layer's attention and computes the instruction-to-vision weights."""

    def __init__(self, net, layer, visual, rows):
        self.visual, self.rows, self.value = visual, rows, None
        net.lm.layers[layer].self_attn.register_forward_pre_hook(self.run, with_kwargs=True)

    def run(self, module, args, kwargs):
        from transformers.models.qwen2.modeling_qwen2 import apply_rotary_pos_emb
        h = kwargs["hidden_states"] if "hidden_states" in kwargs else args[0]
        cos, sin = kwargs["position_embeddings"]
        last = self.rows[1]  # instruction rows see columns before it only
        h, cos, sin = h[:, :last], cos[:, :last], sin[:, :last]
        batch, n, _ = h.shape
        q = module.q_proj(h).view(batch, n, -1, module.head_dim).transpose(1, 2)
        k = module.k_proj(h).view(batch, n, -1, module.head_dim).transpose(1, 2)
        q, k = apply_rotary_pos_emb(q, k, cos, sin)
        q = q[:, :, self.rows[0]:]
        k = k.repeat_interleave(q.shape[1] // k.shape[1], 1)
        scores = (q @ k.transpose(-1, -2)).float() * module.scaling
        future = torch.arange(n)[None] > torch.arange(self.rows[0], last)[:, None]
        p = scores.masked_fill(future, float("-inf")).softmax(-1)
        self.value = p.mean(1).mean(1)[:, : self.visual]


def zipf_ids(vocabulary, shape):
    weights = 1 / (torch.arange(vocabulary, dtype=torch.float64) + 3.7)
    points = torch.rand(shape, dtype=torch.float64) * weights.sum()
    return torch.searchsorted(weights.cumsum(0), points).clamp_(max=vocabulary - 1)


def report(figure, shapes, args, seconds, cpu, cpu_per_wall, **facts):
    print(json.dumps({
        "figure": figure, "config": shapes["name"], "precision": args.precision, "threads": args.threads,
        "torch": torch.__version__, "transformers": transformers.__version__, "seconds": statistics.median(seconds),
        "least_seconds": min(seconds), "most_seconds": max(seconds), "runs": len(seconds), "cpu_seconds": cpu,
        "cpu_per_wall": round(cpu_per_wall, 3),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, 1), **facts}), flush=True)


def decode(shapes, args, batch):
    dtype = torch.bfloat16 if args.precision == "bf16" else torch.float32
    student = build(shapes, shapes["student"], 0, dtype, False)
    torch.manual_seed(1)
    vision = torch.randn(batch, shapes["visual"], shapes["vision_dim"]).to(dtype)
    text = zipf_ids(shapes["student"]["vocab"], (batch, shapes["instr"]))
    new = shapes["decode_new"]
    prefill, step, cpu, wall = [], [], 0.0, 0.0
    for run in range(shapes["warmup"] + shapes["repeats"]):
        with torch.no_grad():
            cache = DynamicCache()
            c0, t0 = time.process_time(), time.perf_counter()
            h = student.lm(inputs_embeds=student.embed(vision, text), past_key_values=cache, use_cache=True).last_hidden_state[:, -1:]
            newest = student.head(h).argmax(-1)
            t1 = time.perf_counter()
            for _ in range(new - 1):
                h = student.lm(inputs_embeds=student.lm.embed_tokens(newest), past_key_values=cache, use_cache=True).last_hidden_state
                newest = student.head(h).argmax(-1)
            t2, c2 = time.perf_counter(), time.process_time()
        if run >= shapes["warmup"]:
            prefill.append(t1 - t0)
            step.append((t2 - t1) / (new - 1))
            cpu, wall = cpu + c2 - c0, wall + t2 - t0
    report(f"decode_b{batch}", shapes, args, step, None, cpu / wall, prefill_seconds=statistics.median(prefill),
           tokens_per_second=batch / statistics.median(step))


def answer(shapes, args, count):
    """Prompts of one length, so that no row is padded: as good as sorting by length can be."""
    dtype = torch.bfloat16 if args.precision == "bf16" else torch.float32
    net = build(shapes, shapes["student"], 0, dtype, False)
    torch.manual_seed(0)
    net.lm.config.tie_word_embeddings = False
    model = Qwen2ForCausalLM(net.lm.config)
    model.model, model.lm_head = net.lm, net.head
    model = model.to(dtype).eval()
    model.config.use_cache = model.generation_config.use_cache = True
    torch.manual_seed(1)
    visions = torch.randn(2, shapes["visual"], shapes["vision_dim"]).to(dtype).repeat_interleave(count, 0)
    text = zipf_ids(shapes["student"]["vocab"], (2 * count, shapes["instr"]))
    seconds, cpu = [], []
    for run in range(shapes["warmup"] + max(5, shapes["repeats"])):
        c0, t0 = time.process_time(), time.perf_counter()
        with torch.no_grad():
            for start in range(0, 2 * count, 16):
                part = slice(start, start + 16)
                embeds = net.embed(visions[part], text[part])
                ids = model.generate(
                    inputs_embeds=embeds, attention_mask=torch.ones(embeds.shape[:2], dtype=torch.long), max_new_tokens=4,
                    min_new_tokens=4, do_sample=False, pad_token_id=0, eos_token_id=None)
                assert ids.shape[1] == 4
        wall = time.perf_counter() - t0
        if run >= shapes["warmup"]:
            seconds.append(wall)
            cpu.append(time.process_time() - c0)
    report(f"answer_{count}_an_image", shapes, args, seconds, statistics.median(cpu), sum(cpu) / sum(seconds),
           questions_per_second=2 * count / statistics.median(seconds))


class Ribbon:
    """The interleaved sequence: d candidates in front of every response token, under a dense mask."""

    def __init__(self, shapes, dtype):
        visual, response, d = shapes["visual"], shapes["resp"], shapes["d"]
        first = visual + shapes["instr"]  # position of the first response token
        length = first + response
        width = length + response * d
        is_main = torch.ones(width, dtype=torch.bool)
        positions = torch.zeros(width, dtype=torch.long)
        positions[:first] = torch.arange(first)
        for k in range(response):
            start = first + k * (d + 1)
            is_main[start : start + d] = False
            positions[start : start + d + 1] = first + k
        limit = torch.where(is_main, positions, positions - 1)
        allowed = (is_main[None] & (positions[None] <= limit[:, None])) | torch.eye(width, dtype=torch.bool)
        self.mask = torch.zeros(1, 1, width, width).masked_fill(~allowed, torch.finfo(torch.float32).min).to(dtype)
        self.positions = positions[None].expand(shapes["batch"], width)
        self.plain_rows = torch.arange(first - 1, length - 1)  # rows that predict the response
        main = torch.nonzero(is_main).flatten()
        self.rows = torch.cat([torch.arange(visual), main[self.plain_rows], torch.nonzero(~is_main).flatten()])


def step_of(figure, shapes, args):
    """The body of one run."""
    bf16 = args.precision == "bf16"
    dtype = torch.bfloat16 if bf16 else torch.float32
    amp = torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16)
    batch, visual, instruction, response, d = (shapes[k] for k in ("batch", "visual", "instr", "resp", "d"))
    vocabulary = shapes["student"]["vocab"]
    first = visual + instruction
    torch.manual_seed(1)
    vision = torch.randn(batch, visual, shapes["vision_dim"])
    text = zipf_ids(vocabulary, (batch, instruction + response))
    labels = text[:, instruction:]
    ribbon = Ribbon(shapes, dtype)
    trains = not figure.startswith("teacher")
    student = build(shapes, shapes["student"], 0, dtype, True) if trains else None
    teacher = build(shapes, shapes["teacher"], 5, dtype, False).eval() if figure != "sft" else None
    alpha = Alpha(teacher, shapes["iva_layer"], visual, (visual, first)) if figure in ("align_ti", "teacher_plain") else None
    optimizer = torch.optim.AdamW(student.parameters(), lr=2e-5, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, fused=True) if trains else None

    def ribbon_text(candidates):  # [batch, response, d] -> ids of the text part
        return torch.cat([text[:, :instruction], torch.cat([candidates, labels[..., None]], -1).reshape(batch, -1)], 1)

    def log_probabilities(net, ids, rows, mask=None, positions=None):
        h = net.hidden(net.embed(vision.to(net.head.weight.dtype), ids), mask, positions)[:, rows]
        return F.log_softmax(net.head(h).float(), -1)

    def over_ribbon(net, ids):
        return log_probabilities(net, ids, ribbon.rows, ribbon.mask, ribbon.positions)

    def divergence(teachers, students):
        return F.kl_div(students, teachers, reduction="none", log_target=True).sum(-1)

    def finish(loss):
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        return float(loss.detach())

    def cross_entropy(log_p):
        return F.nll_loss(log_p.flatten(0, 1), labels.flatten())

    def sft():
        with amp:
            own = log_probabilities(student, text, ribbon.plain_rows)
        return finish(cross_entropy(own))

    def vanilla_kd():
        with torch.no_grad():
            theirs = log_probabilities(teacher, text, ribbon.plain_rows)
        with amp:
            own = log_probabilities(student, text, ribbon.plain_rows)
        return finish(cross_entropy(own) + divergence(theirs, own).mean())

    def align_ti():
        with torch.no_grad():
            with amp:
                first_pass = log_probabilities(student, text, ribbon.plain_rows)
            candidates = torch.multinomial(first_pass.exp().flatten(0, 1), d, replacement=True).view(batch, response, d)
            ids = ribbon_text(candidates)
            theirs = over_ribbon(teacher, ids)
        with amp:
            own = over_ribbon(student, ids)
        kl = divergence(theirs, own)
        kd = slice(visual, visual + response)
        iva = (alpha.value * kl[:, :visual]).sum() / batch
        return finish(cross_entropy(own[:, kd]) + kl[:, kd].mean() + iva + kl[:, visual + response :].mean())

    def teacher_plain():
        with torch.no_grad():
            log_p = log_probabilities(teacher, text, torch.cat([torch.arange(visual), ribbon.plain_rows]))
            kept, ids = log_p.topk(min(64, vocabulary), -1)
            tail = torch.log1p(-kept.exp().sum(-1).clamp(max=1 - 1e-7))
            return float(kept[0, 0, 0] + ids[0, 0, 0] + tail[0, 0])

    def teacher_ribbon():
        with torch.no_grad():
            return float(over_ribbon(teacher, ribbon_text(zipf_ids(vocabulary, (batch, response, d))))[0, 0, 0])

    return {f.__name__: f for f in (sft, vanilla_kd, align_ti, teacher_plain, teacher_ribbon)}[figure]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config")
    parser.add_argument("--figure", required=True)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(args.threads)
    with open(args.config) as file:
        shapes = json.load(file)
    if args.figure.startswith("decode_b"):
        return decode(shapes, args, int(args.figure[len("decode_b"):]))
    if args.figure.startswith("answer_"):
        return answer(shapes, args, int(args.figure.split("_")[1]))
    step = step_of(args.figure, shapes, args)
    seconds, cpu = [], []
    for run in range(shapes["warmup"] + shapes["repeats"]):
        c0, t0 = time.process_time(), time.perf_counter()
        value = step()
        wall = time.perf_counter() - t0
        if run >= shapes["warmup"]:
            seconds.append(wall)
            cpu.append(time.process_time() - c0)
    report(args.figure, shapes, args, seconds, statistics.median(cpu), sum(cpu) / sum(seconds), samples_per_second=shapes["batch"] / statistics.median(seconds), value=value)


if __name__ == "__main__":
    main()
