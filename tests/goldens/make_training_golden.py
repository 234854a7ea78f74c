#!/usr/bin/env python3
"""Makes training.jsonl and training.json: 30 steps of fine-tuning all-MiniLM-L6-v2 in float64 by PyTorch.

    python3 tests/goldens/make_training_golden.py [--full FILE]

Needs torch and transformers (made with 2.13 and 5.23) and the base model of scripts/get-model.sh.

training.jsonl  480 rows {"anchor", "positive", "negative"}, sentences put together by this script; batch k is rows
                16 k to 16 k + 15, in order
training.json   settings; for each step its loss, norm of the gradient before clipping, and learning rate; for each
                weight tensor its values after the last step at some places, and the norm of its change
--full FILE     all final weights as float64, one tensor after another in training.json's order: the test compares
                every one of them where TERN_TRAINING_FULL names that file

The start is the model's float32 weights; dropout is off. Loss: MultipleNegativesRanking with one negative a row, scale
20. Optimizer: torch.optim.AdamW, weight decay 0.01 but for biases and LayerNorm, clipping by global norm.
"""
import argparse
import json
import os
import pathlib
import random

import torch
import transformers

HERE = pathlib.Path(__file__).parent
STEPS, ROWS, SCALE, PEAK, WARMUP, DECAY, CLIP = 30, 16, 20.0, 2e-5, 3, 0.01, 1.0
SAMPLED, LARGEST = 48, 16

ADJECTIVES = "old small quiet red broken heavy early wooden distant bright cold narrow patient clever empty".split()
ANIMALS = "fox heron beetle mare otter goose badger carp lynx hare crow ferret moth".split()
TRADES = "baker surveyor nurse welder archivist pilot gardener tailor cooper notary violinist geologist".split()
PLACES = "harbour orchard library tunnel market quarry lighthouse meadow workshop station archive bakery".split()
THINGS = "lantern ledger bridge kettle compass ladder violin anchor barometer wheelbarrow telescope loom".split()
VERBS = [("repairs", "mends"), ("paints", "colours"), ("carries", "hauls"), ("measures", "gauges"), ("sells", "offers"),
         ("hides", "conceals"), ("cleans", "scrubs"), ("inspects", "examines"), ("draws", "sketches")]
TIMES = "before dawn;at noon;every autumn;during the storm;after the fair;on Tuesdays;in 1887;for 12 hours".split(";")


def row(rng, words):
    """A sentence, a paraphrase of it, and a sentence on something else that shares words."""
    who, other = rng.sample(words["trades"], 2)
    thing, else_thing = rng.sample(words["things"], 2)
    place, elsewhere = rng.sample(words["places"], 2)
    (verb, synonym), (unrelated, _) = rng.sample(words["verbs"], 2)
    first, second, third = rng.sample(words["adjectives"], 3)
    time, animal = rng.choice(TIMES), rng.choice(ANIMALS)
    anchor = rng.choice([
        f"The {who} {verb} a {first} {thing} near the {place} {time}.",
        f"who {verb} the {first} {thing} of the {place}?",
        f"{time.capitalize()}, a {second} {who} {verb} the {thing}",
    ])
    positive = rng.choice([
        f"Near the {place}, the {who} {synonym} a {thing} that is {first}; a {animal} looks on.",
        f"It is the {who} who {synonym} the {first} {thing}.",
        f"A {second} {who} {synonym} the {thing} ({time}) and walks back to the {place}, past a {animal}.",
    ])
    negative = rng.choice([
        f"The {who} {unrelated} a {third} {thing} near the {elsewhere}.",
        f"A {third} {animal} sleeps on the {other}'s {thing} in the {place} {time}",
        f"No {first} {else_thing} was ever found at the {place}, says the {who}.",
    ])
    return {"anchor": anchor, "positive": positive, "negative": negative}


def make_rows():
    """Rows whose batches draw on a few words each, which keeps the task hard and the loss well above rounding. No text
    occurs twice, so that nothing is masked."""
    rng, seen, rows = random.Random(30), set(), []
    for _ in range(STEPS):
        words = {"trades": rng.sample(TRADES, 3), "things": rng.sample(THINGS, 2), "places": rng.sample(PLACES, 2),
                 "verbs": rng.sample(VERBS, 3), "adjectives": rng.sample(ADJECTIVES, 3)}
        batch = []
        while len(batch) < ROWS:
            made = row(rng, words)
            if len(set(made.values()) - seen) == 3:
                seen.update(made.values())
                batch.append(made)
        rows += batch
    return rows


def embed(model, tokenizer, texts):
    batch = tokenizer(texts, padding=True, truncation=True, max_length=256, return_tensors="pt")
    states = model(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1).to(states.dtype)
    pooled = (states * mask).sum(1) / mask.sum(1)
    return torch.nn.functional.normalize(pooled, dim=1)


def loss_of(model, tokenizer, rows):
    roles = [[r[role] for r in rows] for role in ("anchor", "positive", "negative")]
    vectors = embed(model, tokenizer, roles[0] + roles[1] + roles[2])
    scores = SCALE * vectors[:len(rows)] @ vectors[len(rows):].T
    return torch.nn.functional.cross_entropy(scores, torch.arange(len(rows)))


def optimizer_of(model):
    plain = [p for n, p in model.named_parameters() if n.endswith("bias") or "LayerNorm" in n]
    decayed = [p for n, p in model.named_parameters() if not (n.endswith("bias") or "LayerNorm" in n)]
    groups = [{"params": decayed, "weight_decay": DECAY}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=PEAK, betas=(0.9, 0.999), eps=1e-8)


def places(change):
    """Places spread over a tensor, and those that changed most: of a table of embeddings few rows are used."""
    n = change.numel()
    spread = range(0, n, -(-n // SAMPLED))
    largest = change.abs().flatten().topk(min(LARGEST, n)).indices.tolist()
    return sorted(set(spread) | set(largest))


def train(model, tokenizer, rows):
    optimizer = optimizer_of(model)
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, WARMUP, STEPS)
    steps = []
    for k in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of(model, tokenizer, rows[k * ROWS:(k + 1) * ROWS])
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        steps.append({"loss": loss.item(), "grad_norm": norm.item(), "learning_rate": schedule.get_last_lr()[0]})
        optimizer.step()
        schedule.step()
    return steps


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--full")
    full = parser.parse_args().full
    torch.set_num_threads(1)
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    folder = cache / "tern/models/sentence-transformers/all-MiniLM-L6-v2"
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.BertModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    model = model.double().eval()

    rows = make_rows()
    (HERE / "training.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    steps = train(model, tokenizer, rows)

    tensors = []
    for name, after in model.named_parameters():
        after = after.detach()
        change = after - before[name]
        at = places(change)
        tensors.append({"name": name, "shape": list(after.shape), "change_norm": change.norm().item(), "at": at,
                        "values": after.flatten()[at].tolist()})
    settings = {"rows": ROWS, "scale": SCALE, "peak": PEAK, "warmup": WARMUP, "weight_decay": DECAY, "clip": CLIP}
    lines = [json.dumps(t) for t in tensors]
    text = '{"settings": %s,\n"steps": [\n%s],\n"tensors": [\n%s]}\n' % (
        json.dumps(settings), ",\n".join(json.dumps(s) for s in steps), ",\n".join(lines))
    (HERE / "training.json").write_text(text)
    if full:
        with open(full, "wb") as out:
            for _, p in model.named_parameters():
                out.write(p.detach().numpy().astype("<f8").tobytes())


if __name__ == "__main__":
    main()
