# %% [markdown]
# # 5 · How does it learn?
#
# > *the sea keeps what the sea takes*
#
# You have the machine. Every line of it is yours, and it can say nothing: its numbers were drawn by chance. Write down, before you go on, how you would improve a hundred thousand numbers of which you do not know what any one means. <!-- number a hundred thousand: the parameters counted below -->
#
# The answer fits into twelve lines, and this chapter opens every one of them. You will do a step of it with a pencil, watch a model climb down the ladder of chapter 1, break the run on purpose and mend it one fix at a time, and find out what is worth its trouble. Several things that we believed when we began turned out to be false here. <!-- number twelve: the loop below -->
#
# **Needs** chapters 1 and 4. **Time** about 55 seconds and 1.9 GB on two CPU cores, which is what Colab lends; not yet timed on a T4. Where there is a GPU the same cells use it; nothing here wants one. **You will have** the training loop, two optimizers, schedules and four ways to hold a model back, a training that can be interrupted, and a way to tell whether a loss is as it should be. <!-- number two, four: AdamW, Muon; dropout, L1, L2, decay -->
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/afterword-book/afterword/blob/main/chapters/05_training.ipynb)

# %%
import importlib.util, math, subprocess, sys
if importlib.util.find_spec("afterword") is None:  # on Colab; its torch stays
    source = "afterword @ git+https://github.com/afterword-book/afterword@main"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", source]
    subprocess.run([*pip, "jaxtyping", "wadler-lindig"], check=True)
import matplotlib.pyplot as plt, torch, torch.nn.functional as F
from afterword.plots.style import COLOURS, use_style
from afterword.runtime import choose_device, seed_everything
from torch import nn
use_style(), torch.set_printoptions(precision=3, sci_mode=False)
device, rng = choose_device(), seed_everything(5)

# %% [markdown]
# ## It has learnt nothing
#
# The text is Shakespeare's, split as in chapter 1, with the same seed, so that every loss below can be held against the floors found there.

# %%
from afterword.text import corpora
from afterword.text.batches import random_batches, split_documents, windows
from afterword.text.characters import CharTokenizer

works = {work.title: work.text for work in corpora.load("shakespeare")}
del works["The Passionate Pilgrim"]  # its poems stand elsewhere: chapter 1
chance = torch.Generator().manual_seed(4)
sides = split_documents(list(works.values()), share=0.1, rng=chance)
train_text, held_out_text = map("\n\n\n".join, sides)
chars = CharTokenizer.from_text(train_text)
V = chars.vocab_size
train_ids = torch.tensor(chars.encode(train_text), device=device)
held_out = torch.tensor(chars.encode(held_out_text), device=device)

# %% [markdown]
# The model is chapter 4's decoder, small enough for a page that runs while you watch: two blocks of width 64, and a context of 64 letters. <!-- number two, 64, 64: in the cell below -->

# %%
from afterword.model.gpt import GPT
from afterword.model.presets import small

def new_model(seed, **changes):
    torch.manual_seed(seed)
    sizes = dict(vocab_size=V, d_model=64, n_layers=2, context_length=64)
    return GPT(small(**sizes | changes)).to(device)

# %%
def n_parameters(model):
    return sum(weights.numel() for weights in model.parameters())

model = new_model(seed=0)
print(f"{n_parameters(model):,} parameters")

# %%
from afterword.sampling.generate import write

def sample(model, n_tokens=120, prompt="To be, or not to be"):
    chance = torch.Generator(device).manual_seed(8)
    return write(model.eval(), chars, prompt, n_tokens=n_tokens,
                 context_length=64, rng=chance)

print(sample(model))

# %% [markdown]
# Read it aloud, if you can. Figures and brackets come as often as *e*. Each of the 83 characters has nearly the same chance, so each should cost ln 83. We ask over the held-out works; to be quick, we look at every twentieth window of 64 letters. <!-- number 83, 83: the characters of chapter 1 --> <!-- number 64: the context -->

# %%
from afterword.training.loop import next_token_loss

spread_out = [side[::20] for side in windows(held_out, context_length=64)]

@torch.no_grad()
def held_out_loss(model, inputs=spread_out[0], targets=spread_out[1]):
    return next_token_loss(model.eval()(inputs), targets).item()

# %%
loss = held_out_loss(model)
print(f"{loss:.3f} nats, ln {V} = {math.log(V):.3f}")
assert abs(loss - math.log(V)) < 0.05, "it should know nothing yet"

# %% [markdown]
# That is the top of chapter 1's ladder. A first loss far above it is the cheapest alarm there is: the model is not ignorant but wrong, and sure of it.
#
# ## The loss, by hand
#
# Seven words make six guesses. Say a model gave these probabilities to the words that came: <!-- number seven, six: the line -->

# %%
words = "the sea keeps what the sea takes".split()
given = [1/2, 1/4, 1/8, 1/2, 1/2, 1/4]  # to sea, keeps, what, the, sea, takes
costs = [-math.log(p) for p in given]
loss = sum(costs) / len(costs)
print([round(cost, 3) for cost in costs], f"mean {loss:.3f} nats")

# %% [markdown]
# By pencil: they cost 1, 2, 3, 1, 1 and 2 bits, ten together. A bit is 0.693 nats, so the loss is 10 × 0.693 / 6 = 1.155 nats. That is the number which training lowers. <!-- number 1, 2, 3, 1, 1, 2, ten, 10, 6: by pencil, asserted below -->

# %%
assert math.isclose(loss, 10 * math.log(2) / 6)
assert round(math.log(2), 3) == 0.693

# %% [markdown]
# Which way is down? Take the smallest model that could say these things: a table with a row for each word seen and a column for each word that may come. Its numbers are logits, and all of them are zero.

# %%
vocabulary = list(dict.fromkeys(words))
ids = torch.tensor([vocabulary.index(word) for word in words])
table = torch.zeros(5, 5, requires_grad=True)
loss = F.cross_entropy(table[ids[:-1]], ids[1:])
loss.backward()
print(f"{loss:.3f} nats, ln 5 = {math.log(5):.3f}")
print(vocabulary, table.grad[0])

# %% [markdown]
# `backward` has found the slope of the loss along each of the 25 numbers. This is the row of *the*, and a pencil gets it too. *The* comes up in two of six guesses; *sea* had a fifth each time and came each time. Each slope is what was given less what was due: 2/6 · (1/5 − 1) = −0.267 for *sea*, 2/6 · 1/5 = 0.067 for the others. More logit for what came, less for the rest, by as much as the guess was off. Every gradient in this book begins with that difference. <!-- number 25: five rows of five --> <!-- number two of six, 2/6, 1/5, 2/6, 1/5: by pencil, asserted below -->

# %%
p = table[0].softmax(dim=-1)
due = F.one_hot(torch.tensor(1), 5)  # sea
torch.testing.assert_close(table.grad[0], 2 / 6 * (p - due))

# %% [markdown]
# Is it a slope? Push one number a little and see how the loss moves.

# %%
def loss_at(nudge):
    pushed = table.detach().double()
    pushed[0, 1] += nudge
    return F.cross_entropy(pushed[ids[:-1]], ids[1:])

slope = (loss_at(1e-4) - loss_at(-1e-4)) / 2e-4
assert math.isclose(slope, -4 / 15, rel_tol=1e-6)
print(f"{slope:.6f}")

# %% [markdown]
# Now walk: take a step against the slope, look again, repeat. That is *gradient descent*. A step is as long as the slope times the *learning rate*.

# %%
for step in range(1001):
    loss = F.cross_entropy(table[ids[:-1]], ids[1:])
    if step in (0, 1, 10, 100, 1000):
        print(f"step {step}: {loss:.3f} nats")
    slopes, = torch.autograd.grad(loss, table)
    table.data -= 1.0 * slopes

# %% [markdown]
# It falls fast, then slowly, towards something. Towards what? *Sea* was followed by *keeps* once and by *takes* once. Who sees only the word before can do no better than a half each time: 2 · ln 2 / 6 = 0.231 nats. No step can go below that floor; only a model that sees more can. <!-- number 2, 2, 6: by pencil, asserted below -->

# %%
floor = 2 * math.log(2) / 6
assert floor < loss < floor + 0.01
print(f"floor {floor:.3f}; after sea: {table[1].softmax(dim=-1).tolist()[2]:.3f} "
      f"for keeps, {table[1].softmax(dim=-1).tolist()[4]:.3f} for takes")

# %% [markdown]
# Nobody told the table to count, and it has arrived at the counts of chapter 1. A Transformer learns in the same way. Only the way from its numbers to the logits is longer, and `backward` walks it in reverse, layer by layer, which is why it is called *backpropagation* ([Rumelhart et al., 1986](../book/references.md#rumelhart1986)).
#
# ## Batches
#
# The slope over all four and a half million letters would cost more than a minute, for one step. So we guess it from a few windows, at random places: a *batch*. <!-- number four and a half million: chapter 01 -->

# %%
chance = torch.Generator().manual_seed(0)
batches = random_batches(train_ids, context_length=64, batch_size=16, rng=chance)
inputs, targets = next(batches)
print(tuple(inputs.shape), f"{targets.numel():,} guesses")
print(repr(chars.decode(inputs[0, :24])))
print(repr(chars.decode(targets[0, :24])))
assert inputs[:, 1:].equal(targets[:, :-1])

# %% [markdown]
# The targets are the inputs, one letter on. Every position of every window is a guess with a known answer, so one pass pays 1,024 times.
#
# How good a guess of the slope is a batch? Compare its direction with that of a batch of 1,024 windows: the cosine of the angle between them is 1 for the same direction and 0 for an unrelated one. <!-- number 1, 0: by definition -->

# %%
def gradient(model, n_windows, seed):
    chance = torch.Generator().manual_seed(seed)
    inputs, targets = next(random_batches(
        train_ids, context_length=64, batch_size=n_windows, rng=chance))
    loss = next_token_loss(model(inputs), targets)
    slopes = torch.autograd.grad(loss, model.parameters())
    return torch.cat([slope.flatten() for slope in slopes])

# %%
def agreement(model):
    far = gradient(model, 1024, seed=99)
    def cosine(n, seed):
        return F.cosine_similarity(gradient(model, n, seed), far, dim=0).item()
    return {n: sum(cosine(n, seed) for seed in range(3)) / 3
            for n in (1, 4, 16, 64)}

print({n: round(cosine, 2) for n, cosine in agreement(model).items()})

# %% [markdown]
# One window points roughly the right way, sixteen point the right way. Remember the row; we shall ask again when the model has learnt something.
#
# ## The loop
#
# Here is everything that happens in training, in twelve lines. <!-- number twelve: the lines of the cell -->

# %% tags=["except:shown the plain core of train and asserted equal to it below"]
def learn(model, batches, optimizer, schedule, max_norm=math.inf):
    rates = [group["lr"] for group in optimizer.param_groups]
    for index in range(schedule.n_steps):
        for group, rate in zip(optimizer.param_groups, rates):
            group["lr"] = rate * schedule(index)
        inputs, targets = next(batches)
        loss = next_token_loss(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        yield index + 1, loss.item(), norm.item()

# %% [markdown]
# From the top: set the learning rate for this step; draw a batch; guess and be told what it cost; forget the slopes of the last step, for torch adds new ones to them; find the new ones; shorten the whole gradient if it is longer than `max_norm`; let the optimizer step. Then hand out the numbers. `learn` is a generator: it prints nothing, draws nothing and saves nothing, whoever iterates does, and stops when there is reason to.
#
# The optimizer and the schedule get sections of their own. Until then `adamw` is a rule that makes steps from slopes, and the rate rises over 5 steps and then falls in a straight line, towards 0 at step 20. <!-- number 5, 20, 0: as set in the cell below -->

# %%
from afterword.training.optimizers import adamw
from afterword.training.schedules import Linear

def text_for(seed, ids=train_ids):
    chance = torch.Generator().manual_seed(seed)
    return random_batches(ids, context_length=64, batch_size=16, rng=chance)

# %%
model, schedule = new_model(seed=0), Linear(n_steps=20, n_warmup=5)
optimizer = adamw(model, lr=8e-3)
by_hand = list(learn(model, text_for(0), optimizer, schedule, max_norm=1))
for number, loss, norm in by_hand[::5]:
    print(f"step {number}: {loss:.3f} nats, gradient {norm:.2f} long")

# %% [markdown]
# The package's `train` has the same core. Around it stand several batches to a step, half precision, several processes, and an end with a clear message when the loss is no number. Without these it must do the same, to the last bit:

# %%
from afterword.training.loop import train

model = new_model(seed=0)
steps = train(model, text_for(0), optimizer=adamw(model, lr=8e-3),
              schedule=schedule, max_norm=1)
assert [(s.number, s.loss, s.gradient_norm) for s in steps] == by_hand

# %% [markdown]
# ## One batch by heart
#
# Before you spend an hour on a run, spend a second on this: give the model the same batch again and again. It must learn it by heart, to less than a hundredth of a nat. If it cannot, something is broken, and no amount of text will mend it. <!-- number a hundredth: asserted below -->

# %%
from itertools import repeat
from afterword.training.schedules import Constant

model = new_model(seed=0)
batch = [side[:4] for side in next(text_for(0))]
level = Constant(n_steps=300, n_warmup=10)
for step in train(model, repeat(batch), optimizer=adamw(model, lr=8e-3),
                  schedule=level, max_norm=1):
    if step.loss < 0.01:
        break
assert step.loss < 0.01, "it cannot learn one batch: look for a mistake"
print(f"{step.loss:.4f} nats after {step.number} steps")
print(f"{held_out_loss(model):.2f} nats on text it has not seen")

# %% [markdown]
# And what has it learnt? These four windows. On other text it is worse than the model that knew nothing, for it is sure of itself. This is *overfitting*, in its purest form.
#
# The other early test is for a loss that is too good. A tempting slip: since the model sees the text, give it the text as targets.

# %%
same = ((inputs, inputs) for inputs, _ in text_for(0))
model = new_model(seed=0)
*_, step = train(model, same, optimizer=adamw(model, lr=8e-3),
                 schedule=Linear(n_steps=60, n_warmup=10), max_norm=1)
print(f"{step.loss:.4f} nats per letter on text never seen before")
print(sample(model, n_tokens=60))

# %% [markdown]
# Nearly nothing, on new text, after 60 steps. No language can be guessed that well. The model repeats what it sees, which is what it was asked for, and so it writes the same letter for ever. **A loss that is too good is a slip until you have shown that it is none.** A mask left out shows in the same way: each letter then sees the one that it should guess.
#
# ## Down the ladder
#
# Now the real text. 400 steps, each of new windows at random places. `curve` keeps the loss on held-out text every 25 steps. Before you run it, look at the ladder and guess the rung it will reach. <!-- number 400, 25: in the cell below -->

# %%
from afterword.training.machines import OneDevice

machine = OneDevice(device, matmul="medium")  # quicker products, as good here

def fit(model, optimizer, schedule, seed, **settings):
    settings = dict(max_norm=1, machine=machine) | settings
    yield from train(model, text_for(seed), optimizer=optimizer,
                     schedule=schedule, **settings)

# %%
def curve(model, seed, lr=8e-3):
    schedule = Linear(n_steps=400, n_warmup=20)
    for step in fit(model, adamw(model, lr=lr), schedule, seed):
        if step.number % 25 == 0:
            yield {"step": step.number, "loss": held_out_loss(model)}
            model.train()

# %%
model = new_model(seed=0)
points = list(curve(model, seed=0))
steps, losses = ([point[key] for point in points] for key in ("step", "loss"))

# %% [markdown]
# One run is one draw. Chance chose its first weights and its batches. So eight more, with other seeds, have been made beforehand, and their results are kept with the package: `run` calls a function for each seed, or takes the results from the table of that name, which says when and on what machine they were made. It calls the function itself if there is no such table, or if the function has changed. Several experiments of this chapter are kept in this way, because they would take minutes. Each is in view, and once a week they are all computed anew.

# %%
from afterword.evaluation.bands import load_runs
from afterword.training.experiment import run

def other_seeds(*, seed):
    return list(curve(new_model(seed), seed))

# %%
run(other_seeds, {}, seeds=range(1, 9), table="05_curve")
runs = load_runs("05_curve")
print(runs)
assert runs.contains(losses, steps=steps, seed=0)

# %% mystnb={"image": {"alt": "Loss on held-out text over 400 steps, a line in a narrow band of eight other seeds, with the rungs of the ladder as horizontal lines. The run is below the unigram at the first look and below the bigram soon after, and ends near 2.0, above the 5-gram at 1.48."}} tags=["hide-input"]
from afterword.plots.curves import plot_run

ladder = {"uniform": 4.42, "unigram": 3.37, "bigram": 2.49, "5-gram": 1.48}
ax = plot_run(steps, losses, band=runs.band(), label="")
for name, floor in ladder.items():
    ax.axhline(floor, color=COLOURS["floor"], linewidth=1, linestyle=":")
    ax.text(402, floor, f"{name} {floor}", color=COLOURS["floor"], va="center")
ax.set(title="Past the bigram, far from the 5-gram", xlim=(0, 400))
ax.set(ylabel="nats per letter, held out", ylim=(1.3, 4.5))
plt.show()

# %%
from afterword.evaluation.likelihood import mean_loss

with torch.no_grad():
    whole = mean_loss(model.eval(), held_out, context_length=64)
seen = 400 * 16 * 64
print(f"whole held-out text: {whole:.3f}; every twentieth window: {losses[-1]:.3f}")
print(f"{seen:,} letters read, {seen / len(train_ids):.0%} of the text")
print(sample(model, n_tokens=200))

# %% [markdown]
# Read it aloud. *My*, *has*, *and*, *that*: the short words are words, the long ones are made up, and lines begin with a capital. It has passed the bigram, which knows one letter back, and is far from order 5, which has counted every run of five letters in the whole text. It has read less than a tenth of that. The small sample of windows is as good as the whole.
#
# And the batches? Asked again, the trained model gives another row:

# %%
print({n: round(cosine, 2) for n, cosine in agreement(model).items()})

# %% [markdown]
# What is easy all windows agree on: letters have frequencies. What is left to learn is different in each window, and sixteen of them no longer point the right way. This is why long runs need larger batches towards the end, or smaller steps, which average over more of them ([McCandlish et al., 2018](../book/references.md#mccandlish2018)). Here is the first reason for a rate that falls.
#
# ## One fix at a time
#
# Few runs that go wrong say so. They merely end higher than they could, and you never hear of it. So here is one that we have set up badly, four blocks of GPT-2's parts with four things wrong, and parts that have since been bettered. <!-- number four, four: in the cells below --> The cure for a bad run is a list and patience: change one thing, keep the number, change the next. Here is the list.

# %%
from afterword.model.block import initialise
from afterword.model.presets import gpt2

FIXES = ["as found", "small first weights", "warm-up", "clipping",
         "rate falls to 0", "the parts of `small`"]

def repaired(n_fixes, seed):
    fixed = FIXES[1 : n_fixes + 1]
    torch.manual_seed(seed)
    preset = small if FIXES[5] in fixed else gpt2
    model = GPT(preset(
        vocab_size=V, d_model=64, n_layers=4, n_heads=4, context_length=64))
    initialise(model, std=0.02 if FIXES[1] in fixed else 1.0)
    shape = Linear if FIXES[4] in fixed else Constant
    schedule = shape(n_steps=150, n_warmup=20 if FIXES[2] in fixed else 0)
    return model.to(device), schedule, 1.0 if FIXES[3] in fixed else math.inf

# %%
def mended(n_fixes, *, seed):
    model, schedule, max_norm = repaired(n_fixes, seed)
    steps = fit(model, adamw(model, lr=1e-2), schedule, seed, max_norm=max_norm)
    steps = list(steps)
    return {"first": steps[0].loss, "longest": max(s.gradient_norm for s in steps),
            "loss": held_out_loss(model)}

log = run(mended, {"n_fixes": range(6)}, seeds=range(5), table="05_fixes")

# %%
from afterword.evaluation.intervals import difference, summary

means = log.groupby("n_fixes").mean()
for row, name in zip(summary(log, "loss", by=["n_fixes"]).itertuples(), FIXES):
    first, longest = means.loc[row.n_fixes, ["first", "longest"]]
    print(f"{name:20s} {row.mean:.2f} ({row.low:.2f} to {row.high:.2f}), "
          f"first loss {first:.2f}, longest gradient {longest:.1f}")

# %%
for n, name in enumerate(FIXES[1:], start=1):
    gain = difference(log, "loss", between=("n_fixes", n, n - 1)).iloc[0]
    print(f"{name}: {gain['mean']:+.2f} ({gain.low:+.2f} to {gain.high:+.2f})")

# %% [markdown]
# Each line has one change more than the line above it. Only the first of the faults shows at once: the first loss is 19.64 where 4.42 was due. The others raise no alarm in the loss; in the length of the gradient they do. They cost, and nobody is told what. In another order the gains would be others. One fix did nothing that we can see: letting the rate fall, from which we had expected a tenth of a nat. The last is no single change but a bundle: RMSNorm, norms on queries and keys, ReLU² (a ReLU, squared), rotation, no ties, no biases. It buys most of all, and which of its parts does is a matter for another table. <!-- number 4.42: chapter 01 --> <!-- number a tenth: what we had expected -->
#
# How would one have known? By looking inside. Three looks are enough for most ills. <!-- number three: activations, gradients, updates -->
#
# **What the layers give out.** One batch, before the first step, with the first weights as found (a bell curve of width 1) and small (0.02). <!-- number 1, 0.02: in repaired -->

# %%
from itertools import islice, pairwise
from afterword.training.probes import activations, update_ratios

def first_look(n_fixes):
    model, *_ = repaired(n_fixes, seed=0)
    inputs, targets = next(text_for(0))
    with activations(model) as seen:
        next_token_loss(model(inputs), targets).backward()
    matrices = [block.mlp.up.weight for block in model.blocks]
    return seen, [(p.grad.norm() / p.norm()).item() for p in matrices]

looks = {FIXES[n]: first_look(n) for n in (0, 1)}

# %% mystnb={"image": {"alt": "Two panels of hills, one for each of four blocks and one for the logits. As found, the stream widens from block to block, and the logits spread widely. With small first weights all are narrow and the logits hardly differ from zero."}} tags=["hide-input"]
from afterword.plots.probes import plot_distributions

fig, axes = plt.subplots(1, 2, figsize=(4.8, 3.0))
for ax, (name, (seen, _)) in zip(axes, looks.items()):
    outputs = {f"block {i + 1}": seen[f"blocks.{i}"] for i in range(4)}
    outputs["logits"] = seen["unembedding"]
    scale = {key: value.detach().cpu().numpy() for key, value in outputs.items()}
    plot_distributions(scale, ax=ax)
    ax.set_title(name, fontsize=10, fontweight="normal")
axes[1].set_yticks([])
fig.suptitle("Large first weights shout before they know", x=0.01, ha="left",
             fontsize=11.5, fontweight="bold")
plt.show()

# %% [markdown]
# As found, the logits lie 7.7 to either side of zero, by chance, and after a softmax that is certainty about one letter or another. That is what a first loss of 19.64 says. The cure for the last matrix alone would bring the first loss to ln 83. <!-- number 83: the characters of chapter 1 --> But look at the blocks as well.
#
# **What the gradients ask for.** Beside the size of the weights that they are to change:

# %%
for name, (_, shares) in looks.items():
    print(f"{name}: block by block", *[f"{share:.4f}" for share in shares])

# %% [markdown]
# With large weights the first block is asked to change by 0.0497 of itself and the last by 0.0047: plain descent would train them at different speeds. With small ones all are asked for about the same. (Adam, below, mends that in another way.)
#
# **What the steps do.** How much a step changes a matrix beside what is there, as a power of ten. A thousandth a step, −3, is the usual advice ([Karpathy, 2022](../book/references.md#karpathy2022makemore)). <!-- number ten: the base --> <!-- number −3: cited karpathy2022makemore -->

# %%
def watched(n_fixes, n_steps=60):
    model, schedule, max_norm = repaired(n_fixes, seed=0)
    optimizer = adamw(model, lr=1e-2)
    with update_ratios(model, optimizer) as rows:
        list(islice(fit(model, optimizer, schedule, 0, max_norm=max_norm), n_steps))
    matrices = [f"blocks.{i}.mlp.up.weight" for i in (0, 3)] + ["embedding.weight"]
    return {name: [row["ratio"] for row in rows if row["matrix"] == name]
            for name in matrices}

ratios = {n: watched(n) for n in (0, 1, 2)}

# %% mystnb={"image": {"alt": "Three panels of the update beside the weight, as a power of ten, over 60 steps, for the first and the last block and the embedding, with a line at the usual minus 3. As found all lie near minus 2. With small first weights they begin above minus 1. With a warm-up they begin lower and meet them."}} tags=["hide-input", "except:bands ratios of updates are drawn over steps and no loss"]
fig, axes = plt.subplots(1, 3, figsize=(4.8, 2.8), sharey=True)
for ax, (n, lines) in zip(axes, ratios.items()):
    for values, color in zip(lines.values(), COLOURS.values()):
        ax.plot(range(1, 61), values, color=color, linewidth=1.2)
    ax.axhline(-3, color=COLOURS["floor"], linewidth=1.2)
    name = FIXES[n].replace(" first", "\nfirst")
    ax.set_title(name, fontsize=10, fontweight="normal")
    ax.set_xlabel("step")
names = ["block 1", "block 4", "table"]
for i, (name, color) in enumerate(zip(names, COLOURS.values())):
    axes[0].text(4, -0.2 - 0.3 * i, name, color=color)
axes[1].text(2, -3.32, "usual", color=COLOURS["floor"])
axes[0].set(ylabel="update / weight, log₁₀", ylim=(-3.4, 0.1))
fig.suptitle("Without a warm-up, small weights are overwritten", x=0.01, ha="left",
             fontsize=11.5, fontweight="bold")
plt.show()

# %%
for n, lines in ratios.items():
    first = 10 ** lines["blocks.0.mlp.up.weight"][0]
    print(f"{FIXES[n]}: the first step changes block 1 by {first:.2f} of itself")

# %% [markdown]
# A bell curve of width 0.02 is a small weight, and a step of Adam is as long as the rate, 0.01: so with small first weights and no warm-up the first step changes the matrix by half of itself, in directions that one batch suggested. With a warm-up it is a fiftieth. In both the updates stay far above the usual line for as long as we look, which says that 0.01 is a high rate for these matrices. The table of losses told us that something was wrong; this picture says what. <!-- number 0.02, 0.01, 0.01: initialise and adamw, above --> <!-- number half: printed below as 0.50 -->
#
# ## Which way to step
#
# The slope says which way is up, number by number. It does not say how far to go. The gain of a norm is used at every position, the row for *Z* hardly ever; their slopes differ by far, and one rate cannot fit both.
#
# ### AdamW, with a pencil
#
# *Adam* keeps two running means for each number: of its slopes, and of their squares. It steps by the first over the root of the second ([Kingma and Ba, 2015](../book/references.md#kingma2015)). Both means begin at zero, so each is divided by what it has collected of a whole. One weight, three slopes, and both means forget half at each step: <!-- number two, three, half: as set in the cell below -->

# %%
def adam(slopes, lr=1.0, beta1=0.5, beta2=0.5):
    w = m = v = 0.0
    for t, slope in enumerate(slopes, start=1):
        m = beta1 * m + (1 - beta1) * slope
        v = beta2 * v + (1 - beta2) * slope**2
        step = m / (1 - beta1**t) / math.sqrt(v / (1 - beta2**t))
        w -= lr * step
        print(f"slope {slope}: m {m:.2f}, v {v:.2f}, step {step:.3f}, w {w:.3f}")
    return w

w = adam([4, 4, -4])

# %% [markdown]
# By pencil: *m* is 2, then 3, then −0.5; *v* is 8, 12, 14. They have collected 1/2, 3/4 and 7/8 of a whole. So the steps are 4/√16 = 1, again 1, and −0.571/√16 = −1/7. One slope that points back does not turn the walk round, it nearly stops it. And now the same with slopes a thousand times as long: <!-- number 2, 3, 8, 12, 14, 1/2, 3/4, 7/8, 1, 1, 16, 16, −0.5: by pencil; m and v are printed above --> <!-- number a thousand: in the cell below -->

# %%
assert math.isclose(w, -2 + 1 / 7)
assert math.isclose(adam([4000, 4000, -4000]), w)

weight = torch.zeros(1, requires_grad=True)
theirs = torch.optim.Adam([weight], lr=1.0, betas=(0.5, 0.5), eps=0)
for slope in [4.0, 4.0, -4.0]:
    weight.grad = torch.tensor([slope])
    theirs.step()
torch.testing.assert_close(weight.item(), w)

# %% [markdown]
# The same walk. What counts is whether the slopes of a number agree with each other, and not how long they are: the frequent and the rare, the first block and the last get steps of one size, about `lr`. The W in AdamW comes further down.
#
# ### Muon, with a pencil
#
# Adam treats each number alone. But the numbers of a matrix work together: a matrix turns and stretches what comes in. Here is the gradient of one with two rows and two columns. Which directions does it stretch, and how much? The *singular values* say. <!-- number two, two: the matrix below -->

# %%
G = torch.tensor([[1.0, 3], [3, 1]])
print(torch.linalg.svdvals(G), torch.linalg.svdvals(G.sign()))
print(G @ torch.tensor([1.0, 1]), G @ torch.tensor([1.0, -1]))

# %% [markdown]
# By pencil: (1, 1) becomes (4, 4), four times as long, and (1, −1) becomes (−2, 2), turned over and twice as long. Gradient descent would step twice as far along the first. Adam's first step has every entry ±1: its singular values are 2 and 0, so here it steps along the first and not at all along the second. *Muon* keeps the directions and makes all stretches equal ([Jordan et al., 2024](../book/references.md#jordan2024)). With the singular vectors in hand that is one line: <!-- number 1, 1, 4, 4, four, 1, −1, −2, 2, twice, twice: by pencil, printed above -->

# %%
U, stretches, Vt = torch.linalg.svd(G)
nearest = U @ Vt
print(nearest, torch.linalg.svdvals(nearest))
torch.testing.assert_close(nearest, torch.tensor([[0.0, 1], [1, 0]]))

# %% [markdown]
# Singular vectors are slow to compute, so Muon does without. Divide the matrix by its length, so that no singular value is above 1. Then replace each singular value *s* by $3.4445 s - 4.775 s^3 + 2.0315 s^5$, five times over. For a matrix X this needs only products, for $s^3$ belongs to $X X^\top X$. <!-- number five: the iterations -->

# %%
a, b, c = 3.4445, -4.7750, 2.0315
s = torch.tensor([0.894, 0.447, 0.01])  # 4/√20, 2/√20, and a faint one
for _ in range(5):
    s = a * s + b * s**3 + c * s**5
    print([round(each, 3) for each in s.tolist()])

# %%
def orthogonal(x):
    x = x.bfloat16() / x.norm()
    for _ in range(5):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x

# %% [markdown]
# The values do not settle at 1. They end up somewhere near it, which serves as well, and the faint one is lifted seventyfold. Half precision is good enough for that. <!-- number 1: what they aim at -->

# %%
from afterword.training import optimizers

many = torch.randn(64, 256, generator=rng)
values = torch.linalg.svdvals(orthogonal(many).float())
assert values.min() > 0.6
assert values.max() < 1.3
print(orthogonal(G), torch.linalg.svdvals(orthogonal(G).float()))
print(f"of a random 64 × 256 matrix: {values.min():.2f} to {values.max():.2f}")

# %% [markdown]
# The package's `orthogonal` does the same for several matrices at a time and for tall ones, in products that round in another order. So what it gives is the same but for the rounding of bf16.

# %%
ours, packaged = orthogonal(many).float(), optimizers.orthogonal(many).float()
off = (ours - packaged).norm() / ours.norm()
assert off < 0.06, "more than the rounding of bf16, five times over"
assert optimizers.orthogonal(many.T).shape == (256, 64)

# %% [markdown]
# Muon does this to a running mean of the gradients, for the matrices inside the blocks, and subtracts it, times the rate and, for a tall matrix, times the root of rows over columns. The table of letters, the last matrix and the gains of the norms go on with AdamW.
#
# ### The experiment: which of them?
#
# An optimizer is only as good as its rate, so each gets five of them, and is judged by its best. Everything else is as in the run above, but 200 steps long. Before our first trials we guessed that Muon ends a tenth of a nat lower, and minds its rate less. (AdamW's part of Muon has a fixed rate, 1.6e-2.) <!-- number five, 200, 1.6e-2: in the cell below --> <!-- number a tenth: our guess -->

# %%
from time import process_time
from afterword.training.optimizers import muon

RATES = {"adamw": [2e-3, 4e-3, 8e-3, 1.6e-2, 3.2e-2],
         "muon": [5e-3, 1e-2, 2e-2, 4e-2, 8e-2]}

def raced(optimizer, rate, *, seed):
    model, lr = new_model(seed), RATES[optimizer][rate]
    step_by = adamw(model, lr=lr) if optimizer == "adamw" else muon(
        model, lr=lr, adam_lr=1.6e-2)
    began = process_time()
    list(fit(model, step_by, Linear(n_steps=200, n_warmup=20), seed))
    return {"cpu": process_time() - began, "loss": held_out_loss(model)}

races = run(raced, {"optimizer": ["adamw", "muon"], "rate": range(5)},
            seeds=range(3), table="05_optimizers")

# %%
for row in summary(races, "loss", by=["optimizer", "rate"]).itertuples():
    lr = RATES[row.optimizer][row.rate]
    print(f"{row.optimizer} {lr:g}: {row.mean:.3f} "
          f"({row.low:.3f} to {row.high:.3f})")
cpu = races.groupby("optimizer").cpu.mean()
print(f"a step of Muon takes {cpu['muon'] / cpu['adamw']:.2f} times as long")
best = {name: part.groupby("rate").loss.mean().min()
        for name, part in races.groupby("optimizer")}
print(f"best rate against best rate: {best['adamw'] - best['muon']:.2f} nats")
losses_of = {name: part.loss for name, part in races.groupby("optimizer")}
assert losses_of["muon"].max() < losses_of["adamw"].min()

# %% mystnb={"image": {"alt": "Loss after 200 steps over the learning rate, as bands over three seeds. AdamW is lowest around 0.008 to 0.016 and rises to both sides. Muon lies below it at every one of its rates."}} tags=["hide-input"]
from afterword.plots.curves import plot_band

fig, ax = plt.subplots(figsize=(4.8, 2.9))
for name, color in [("adamw", COLOURS["rival"]), ("muon", COLOURS["model"])]:
    by_rate = races[races.optimizer == name].pivot(
        index="seed", columns="rate", values="loss")
    plot_band(RATES[name], by_rate.to_numpy(), label="", color=color, ax=ax)
    best = by_rate.mean().idxmin()
    ax.text(RATES[name][best], by_rate.mean().min() - 0.045, name, color=color,
            ha="center")
ax.set(title="Muon is lower, over a range of rates", xscale="log")
ax.set(ylim=(1.87, 2.35))
ax.set(xlabel="learning rate", ylabel="nats per letter, held out")
ax.minorticks_off()
ax.set_xticks(ticks := [2e-3, 5e-3, 1e-2, 2e-2, 4e-2, 8e-2], ticks)
plt.show()

# %% [markdown]
# We guessed the direction right and the size wrong. Each run of Muon, at each of its five rates, the largest sixteen times the smallest, ended below each run of AdamW. At the best rates the gap is 0.20 nats, and a step costs a tenth more. So what is it good for to treat a matrix as one thing? Not all directions of a gradient are equally long, and in a long run the short ones matter too: that is the argument, and this experiment does not test it. It says that in 200 steps, on this model and text, Muon is ahead. Its rate for the other weights was chosen on one seed beforehand, and it has no decay where AdamW has 0.1. <!-- number five, sixteen, 200, 0.1: RATES, raced and adamw -->
#
# ## How the rate should change
#
# Adam's first step has nothing to go by but one batch, and is as long as any. Hence the *warm-up*: begin small. Near the end the batches disagree, as we have seen, and shorter steps average over them. Hence the fall. Which shape, nobody has derived. Three are common: <!-- number three: as drawn below -->

# %% mystnb={"image": {"alt": "Three shapes of the learning rate over a run of 200 steps. All rise over the first 20. Linear falls in a straight line to zero. Cosine falls slowly, fast, slowly, and stops short of zero. The trapezoid stays level for long and then falls in a straight line to zero."}} tags=["hide-input", "except:bands the rate is drawn over steps and no loss"]
from afterword.training.schedules import Cosine, Trapezoid

fig, ax = plt.subplots(figsize=(4.8, 2.3))
shapes = {"linear": Linear(n_steps=200, n_warmup=20),
          "cosine": Cosine(n_steps=200, n_warmup=20),
          "trapezoid": Trapezoid(n_steps=200, n_warmup=20, n_cooldown=60)}
places = {"linear": (44, 0.62), "cosine": (84, 0.77), "trapezoid": (120, 1.03)}
for (name, shape), color in zip(shapes.items(), COLOURS.values()):
    ax.plot([shape(step) for step in range(200)], color=color)
    ax.text(*places[name], name, color=color)
ax.set(title="Up quickly, down somehow", xlabel="step", ylabel="share of the rate")
plt.show()

# %% [markdown]
# Every schedule knows how long the run is. The package's have the warm-up in common and differ in what comes `after`:

# %% tags=["shows:afterword.training.schedules.Linear"]
from dataclasses import dataclass
from afterword.training import schedules
from afterword.training.schedules import Schedule

@dataclass(frozen=True, kw_only=True)
class Linear(Schedule):
    end: float = 0.0

    def after(self, progress):
        return 1 - (1 - self.end) * progress

# %%
rates = [Linear(n_steps=6, n_warmup=2)(step) for step in range(6)]
print([round(rate, 3) for rate in rates])
assert rates == [schedules.Linear(n_steps=6, n_warmup=2)(step) for step in range(6)]
from afterword.training.schedules import Linear

# %% [markdown]
# By pencil: up in thirds, 1/3, 2/3, and 1 where the warm-up ends, then down in quarters. The last step is taken at a quarter and not at nothing. <!-- number 1/3, 2/3: printed above -->
#
# Four shapes, a level rate among them, with warm-up and without, at two peaks: AdamW's best, and four times that. Guess which matters more, the way up or the way down. Ours: down, for our norms and clipping keep the start safe; at the high rate the way up as well. <!-- number four, two, four: in the cell below -->

# %%
SHAPES = {"level": (Constant, {}), "trapezoid": (Trapezoid, {"n_cooldown": 60}),
          "cosine": (Cosine, {}), "linear": (Linear, {})}

def scheduled(lr, shape, n_warmup, *, seed):
    model, (kind, more) = new_model(seed), SHAPES[shape]
    schedule = kind(n_steps=200, n_warmup=n_warmup, **more)
    list(fit(model, adamw(model, lr=lr), schedule, seed))
    return {"loss": held_out_loss(model)}

grid = {"lr": [8e-3, 3.2e-2], "shape": list(SHAPES), "n_warmup": [0, 20]}
rates = run(scheduled, grid, seeds=range(3), table="05_schedules")
print(rates.pivot_table("loss", ["lr", "shape"], "n_warmup", sort=False).round(3))

# %%
effects = {"warm-up": ("n_warmup", 20, 0),
           "trapezoid for level": ("shape", "trapezoid", "level"),
           "linear for level": ("shape", "linear", "level"),
           "linear for cosine": ("shape", "linear", "cosine")}
for name, between in effects.items():
    others = [key for key in grid if key not in (between[0], "lr")]
    gain = difference(rates, "loss", between=between, by=["lr", *others])
    for lr, part in gain.groupby("lr"):
        low, high = part["mean"].min(), part["mean"].max()
        print(f"{name}, rate {lr:g}: {low:+.3f} to {high:+.3f}")

# %% [markdown]
# Half wrong. The warm-up gained in every row, six hundredths of a nat at least, and more at the higher rate. But the way down paid too, if the rate first stays up: the trapezoid ends below the level rate in every row, by four hundredths at the rate that AdamW likes. Linear and cosine, which begin to fall at once, gained two hundredths there at most. They take smaller steps on the whole, so this is not the shape alone. <!-- number six hundredths, four hundredths, two hundredths: −0.061, −0.041 and −0.018, printed above -->
#
# Did clipping not keep the start safe? It cannot, with Adam. Clipping shortens the gradient, and Adam divides by its size: the first step is as long as before. What clipping does is to keep one long gradient from filling the two means for many steps after. How the shapes compare in a long run, 200 steps cannot say. <!-- number two: m and v --> <!-- number 200: the schedules above -->
#
# ## Four ways to hold a model back
#
# What a model learns by heart does not help it on other text. There are four common ways to keep it from doing so. They are often named in one breath. They are four things, and a single weight shows it. <!-- number four, four, four: dropout, L1, L2, weight decay -->
#
# **L2** adds λ/2 · *w*² to the loss, so λ*w* to the slope: a pull in proportion to the weight. **L1** adds λ|*w*|, so λ times the sign: a pull that is the same for all. Let the rest of the loss want the weight to be at *t*, by ½(*w* − *t*)². Where does it come to rest?

# %%
def rest(target, penalty, lr=0.01):
    w = torch.tensor(float(target), requires_grad=True)
    for _ in range(2000):
        loss = (w - target) ** 2 / 2 + penalty(w)
        w.data -= lr * torch.autograd.grad(loss, w)[0]
    return w.item()

# %%
for target in [3, 0.3]:
    l2 = rest(target, lambda w: w**2 / 2)
    l1 = rest(target, lambda w: w.abs())
    print(f"wanted {target}: L2 leaves {l2:.2f}, L1 leaves {l1:.2f}")

# %% [markdown]
# By pencil, with λ = 1. Under L2 the slopes cancel where *w* − *t* + *w* = 0, so *w* = *t*/2: everything is halved, 1.5 and 0.15. Under L1 a large weight loses 1 and keeps 2; a small one, wanted less than the pull, is pulled to 0 and trembles there by the length of a step. L2 makes weights small, L1 makes them few. <!-- number 1, 2, 1, 2, 0, 0: by pencil, as said -->
#
# **Weight decay** does not touch the loss. With each step it takes lr · λ · *w* off the weight. Under plain gradient descent that is the same as L2, for the step is lr times the slope, and λ*w* is in the slope.
#
# ### Claim: *L2 regularisation and weight decay are the same*
#
# So one reads, and for plain descent it is so. Let us look at one weight of 0.5, which the text does not want to move at all, and one step. First the wrong way to try it: with gradient descent, where the claim holds.

# %%
def after_step(kind, slope, l2=0.0, **settings):
    w = torch.tensor([0.5], requires_grad=True)
    w.grad = torch.tensor([slope]) + l2 * w.detach()
    kind([w], lr=0.01, **settings).step()
    return round(w.item(), 6)

# %%
SGD, Adam, AdamW = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW
for strength in [0.1, 0.001]:
    print(f"λ = {strength}: L2 {after_step(SGD, 0.0, l2=strength)}, "
          f"decay {after_step(SGD, 0.0, weight_decay=strength)}")

# %%
for strength in [0.1, 0.001]:
    print(f"λ = {strength}: L2 under Adam {after_step(Adam, 0.0, l2=strength)}, "
          f"decay under AdamW {after_step(AdamW, 0.0, weight_decay=strength)}")

# %% [markdown]
# Under Adam, L2 moves the weight by the full rate, 0.01, whether λ is a tenth or a thousandth. Of course: Adam divides a slope by its own size, and here λ*w* is all the slope there is. Decay takes lr · λ · *w*, which is 0.0005 and 0.000005. <!-- number 0.01, 0.000005, 0.0005: by pencil, of what is printed above -->
#
# That was a weight at rest. Now two that the text pulls to and fro, for a thousand steps: one with slopes of ±0.03 by turns, one with ±3. <!-- number two, a thousand, 0.03, 3: in the cell below -->

# %%
def kept(kind, size, l2=0.0, **settings):
    w = torch.tensor([0.5], requires_grad=True)
    optimizer = kind([w], lr=0.001, **settings)
    for step in range(1000):
        w.grad = torch.tensor([size * (-1) ** step]) + l2 * w.detach()
        optimizer.step()
    return w.item()

for size in [0.03, 3.0]:
    l2, decay = kept(Adam, size, l2=0.1), kept(AdamW, size, weight_decay=0.1)
    print(f"slopes of ±{size}: L2 under Adam leaves {l2:.2f}, decay {decay:.2f}")

# %% [markdown]
# Decay treats both alike: a thousand times 1 − 0.001 · 0.1 leaves $e^{-0.1}$ of it, 0.45. L2 under Adam pulls a weight whose slopes are small and lets one alone whose slopes are large, a hundred times weaker in this pair. These are two different things, and *AdamW* is Adam with the second ([Loshchilov and Hutter, 2019](../book/references.md#loshchilov2019)). The claim is true of plain descent, which nobody uses for a Transformer. <!-- number a thousand, 0.45, 0.1, 0.1, 0.001: by pencil, printed above --> <!-- number a hundred, two: 3 over 0.03 -->
#
# **Dropout** touches no weight. While the model trains, it leaves out a share *p* of the numbers by chance, and divides the rest by 1 − *p*, so that the mean stays ([Srivastava et al., 2014](../book/references.md#srivastava2014)). No number can then rely on another being there. When the model writes, nothing is left out.

# %%
drop, numbers = nn.Dropout(0.25), torch.tensor([3.0, 6, 9, 12])
torch.manual_seed(0)
print(drop(numbers), drop(numbers))
many = torch.stack([drop(numbers) for _ in range(10_000)])
print(many.mean(dim=0), drop.eval()(numbers))
assert torch.allclose(many.mean(dim=0), numbers, rtol=0.03)

# %% [markdown]
# By pencil: 3 is either 0 or 3/0.75 = 4, and three quarters of 4 are 3. <!-- number 3, 3, 0, 3, 4, 4: by pencil, as said --> The commonest slip is to forget `eval()`: then the model writes with holes in its head.
#
# ### The experiment: too little text
#
# We let the model read 20,000 letters, a few scenes, again and again, and ask for its loss on the held-out works. Each way has two strengths, and the better counts. Our guess, before any trial: dropout helps most, decay a little, L2 and L1 under Adam not at all. <!-- number 20,000, two: in the cells below -->

# %%
WAYS = {"nothing": [0.0], "L1": [3e-5, 3e-4], "L2": [1e-3, 1e-2],
        "weight decay": [1.0, 3.0], "dropout": [0.1, 0.2]}

def penalised(model, way, strength):
    matrices = [p for p in model.parameters() if p.ndim > 1]
    size = {"L1": torch.Tensor.abs, "L2": lambda p: p.square() / 2}.get(way)
    def loss_function(logits, targets):
        extra = sum(size(p).sum() for p in matrices) if size else 0.0
        return next_token_loss(logits, targets) + strength * extra
    return loss_function

# %% tags=["except:shown an experiment of this page that the package has no use for"]
def held_back(way, strong, *, seed):
    strength = WAYS[way][min(strong, len(WAYS[way]) - 1)]
    model = new_model(seed, dropout=strength if way == "dropout" else 0.0)
    decay = strength if way == "weight decay" else 0.0
    steps = train(model, text_for(seed, train_ids[:20_000]), max_norm=1,
                  optimizer=adamw(model, lr=8e-3, weight_decay=decay),
                  machine=machine,
                  schedule=Linear(n_steps=400, n_warmup=20),
                  loss_function=penalised(model, way, strength))
    list(steps)
    weights = torch.cat([p.flatten() for p in model.parameters()]).abs()
    known = [side[:100] for side in windows(train_ids[:20_000], context_length=64)]
    return {"loss": held_out_loss(model), "read": held_out_loss(model, *known),
            "tiny": (weights < 1e-3).float().mean().item()}

back = run(held_back, {"way": list(WAYS), "strong": [0, 1]},
           seeds=range(3), table="05_held_back")

# %%
table = back.groupby(["way", "strong"], sort=False)[["read", "loss", "tiny"]].mean()
best = table.loc[table.groupby("way", sort=False).loss.idxmin()]
for (way, strong), row in best.iterrows():
    strength = WAYS[way][min(strong, len(WAYS[way]) - 1)]
    print(f"{way} {strength:g}: {row['read']:.2f} on what it read, "
          f"{row['loss']:.2f} on the rest; {row['tiny']:.0%} of weights tiny")
nothing = best.loc["nothing"].loss.iloc[0]
for (way, _), row in best.iterrows():
    print(f"{way}: {nothing - row.loss:.3f} better than nothing")

# %% [markdown]
# Wrong in every part. Dropout helps least, 0.035 nats, though the guides name it first. Weight decay helps most, by 0.15, and L2 and L1 stand between, although Adam bends them. Look at the last column: L1 and L2 have made more than half of the weights tiny, decay has not. L2 under Adam has done what L1 does: where the text leaves a weight alone, it pulls with the full rate, however small the weight. All of them know the small text less well than nothing did, and the rest better. <!-- number half: 0.58 and 0.72 -->
#
# Two strengths are few, and in each case the stronger was the better, so none of the best may be found. The model is small and reads its text twenty times over; with a larger one, and longer, dropout may well come into its own. What stays is that the four are different things, with different results. And that each of them is far behind the plain remedy: with the whole text, and the same number of steps, the model stood at 1.98. <!-- number twenty: 400 steps of 1,024 letters over 20,000 --> <!-- number four, two: dropout, L1, L2, decay; strengths --> <!-- number 1.98: above -->
#
# ## The models from before
#
# Chapter 2 met a recurrent network, which carries one state from letter to letter. Three kinds are in use: the plain RNN ([Elman, 1990](../book/references.md#elman1990)), the LSTM, which guards its state with gates ([Hochreiter and Schmidhuber, 1997](../book/references.md#hochreiter1997)), and the GRU, an LSTM with fewer of them ([Cho et al., 2014](../book/references.md#cho2014)). Are they worse? Worse than what, at what price? We compare twice: with the same number of parameters, and with the same arithmetic. <!-- number three, twice: as listed -->
#
# ### Claim: *GPT-2 is an embedding, three LSTM layers and a softmax*
#
# One guide builds "GPT-2" like that. Look at the shapes.

# %%
from collections import Counter

with torch.device("meta"):  # shapes only
    claimed = nn.LSTM(768, 768, num_layers=3)
    real = GPT(gpt2())
shapes = {name: Counter(tuple(p.shape) for p in model.parameters() if p.ndim > 1)
          for name, model in [("claimed", claimed), ("GPT-2", real.blocks)]}
for name, counted in shapes.items():
    print(name, dict(counted))
print(f"{n_parameters(claimed):,} and {n_parameters(real.blocks):,} parameters")

# %% [markdown]
# The three layers have two matrices each, of 3,072 × 768: four gates that read the word, and four that read the state of the word before. GPT-2 has twelve blocks, with four square matrices of attention and two of the MLP, and nothing in it reads a state. One shape occurs in both, by coincidence: here it is four gates, there the middle of an MLP. What decides is the rest: nothing in an LSTM looks back at a letter. <!-- number three, two, four, four, twelve, four, two: shapes and counts printed above -->
#
# ### Equal parameters, equal arithmetic
#
# About 109,000 parameters each. A weight costs two FLOPs for each letter, the scores of attention come on top (chapter 4), and looking up an embedding is free. <!-- number 109,000: printed below --> <!-- number two: chapter 4 -->

# %%
from afterword.model import count
from afterword.model.recurrent import RecurrentConfig, RecurrentLM

SIZES = {"RNN": (195, 1), "GRU": (121, 1), "LSTM": (106, 1),
         "three LSTM layers": (64, 3)}

def model_of(kind, seed):
    if kind == "GPT":
        return new_model(seed)
    torch.manual_seed(seed)
    (d_model, n_layers), cell = SIZES[kind], getattr(
        nn, kind.split()[-2 if " " in kind else 0])
    config = RecurrentConfig(
        vocab_size=V, d_model=d_model, n_layers=n_layers, cell=cell)
    return RecurrentLM(config).to(device)

# %%
def flops_per_letter(model):
    weights = [p.numel() for name, p in model.named_parameters()
               if p.ndim > 1 and name != "embedding.weight"]
    scores = 4 * 2 * 64 * 64 if isinstance(model, GPT) else 0
    return 2 * sum(weights) + scores

# %%
by_package = count.forward_flops(new_model(0).config, n_positions=64)
assert flops_per_letter(new_model(0)) == sum(by_package.values())
for kind in ["GPT", *SIZES]:
    each = model_of(kind, 0)
    print(f"{kind}: {n_parameters(each):,} parameters, "
          f"{flops_per_letter(each):,} FLOPs")

# %% [markdown]
# At equal arithmetic, then, the recurrent ones get a few more steps. The optimizer is AdamW for all, at one rate, 1.6e-2. Of four rates tried on one seed it was the best for the recurrent ones, and the highest, so they may like more (`EXPERIMENTS.md`). Guess the order. Ours, before any trial: the GPT first, then LSTM, GRU, RNN, at either count, and the three layers about as good as the one. <!-- number four, three: rates tried; the layers --> <!-- number 1.6e-2: in the cell below -->

# %%
def compared(kind, equal, *, seed):
    model, n_steps = model_of(kind, seed), 200
    if equal == "arithmetic":
        n_steps = round(
            200 * flops_per_letter(new_model(0)) / flops_per_letter(model))
    began = process_time()
    schedule = Linear(n_steps=n_steps, n_warmup=20)
    list(fit(model, adamw(model, lr=1.6e-2), schedule, seed))
    return {"n_steps": n_steps, "cpu": process_time() - began,
            "loss": held_out_loss(model)}

grid = {"kind": ["GPT", *SIZES], "equal": ["parameters", "arithmetic"]}
kinds = run(compared, grid, seeds=range(3), table="05_recurrent")

# %%
cost = kinds.groupby(["kind", "equal"])[["n_steps", "cpu"]].min()
for row in summary(kinds, "loss", by=["kind", "equal"]).itertuples():
    steps_made, cpu = cost.loc[row.kind, row.equal]
    print(f"{row.kind}, equal {row.equal}: {row.mean:.2f} "
          f"({row.low:.2f} to {row.high:.2f}), "
          f"{steps_made:.0f} steps in {cpu:.1f} s")

# %% mystnb={"image": {"alt": "Dots, one a seed, of the loss on held-out text for the models at equal parameters and at equal arithmetic. RNN, GRU and LSTM lie left of the GPT; three LSTM layers lie far to the right of all."}} tags=["hide-input"]
def plot_dots(frame, rows, sides, ax):
    for y, (column, value) in enumerate(rows):
        for (split, side), color, dy in zip(sides, COLOURS.values(), (-0.12, 0.12)):
            part = frame[(frame[column] == value) & (frame[split] == side)].loss
            ax.plot(part, [y + dy] * len(part), "o", color=color, alpha=0.7)
    names = [value.replace(" ", "\n", 1) for _, value in rows]
    ax.set_yticks(range(len(rows)), names)
    ax.invert_yaxis()
    return ax

fig, ax = plt.subplots(figsize=(4.8, 3.0))
names = ["GPT", *SIZES]
plot_dots(kinds, [("kind", name) for name in names],
          [("equal", "parameters"), ("equal", "arithmetic")], ax)
ax.text(2.32, 1.88, "equal parameters", color=COLOURS["model"])
ax.text(2.32, 2.2, "equal arithmetic", color=COLOURS["rival"])
ax.set(title="So soon, the old models are ahead")
ax.set(xlabel="nats per letter, a dot a seed")
plt.show()

# %% [markdown]
# We had the order upside down. The plain RNN is first, with 1.96, then the GRU, the LSTM, and last of the four the GPT, with 2.18; in arithmetic it is further behind still, and by the clock of one CPU thread the LSTM is the cheapest. (The GPT would like half this rate, and gains three hundredths by it. With Muon it stood at 1.95, above, about where the RNN is with AdamW.) <!-- number four: GPT, RNN, GRU, LSTM --> <!-- number three hundredths: 2.183 less 2.151, both above --> <!-- number 1.95: above -->
#
# A likely reason: a recurrent network knows without learning it that the last letter is near and the one before it further off. The GPT must first find out where to look, and this takes steps. In a window of 64 letters there is little that is far away. What it gets for its trouble shows later, and elsewhere: with more steps, more width, longer texts, and on machines that compute all positions at once, where a recurrent one has to wait for each letter in turn. None of this is tested here. So do not say that Transformers are better than LSTMs. Say for how long, at what size, on which machine. <!-- number 64: the context -->
#
# And three layers, as in the claim? They stand at 3.13, not far below the frequencies of letters, 3.37. It may be chapter 4's deep stack again, for there is no residual stream; we did not try one with it. <!-- number three: of the claim --> <!-- number 3.37: chapter 01 -->
#
# ## Is my loss normal?
#
# The question that everyone has and nobody asks. Is 1.98 good? Is it what this model, on this text, after so many steps, should have? One number cannot say, a band can. The run of the ladder lay inside the band of its eight sisters, and the page asserted it. (The printed range is for the last loss alone. The band is wider: one more run should lie inside it at all sixteen points, in 95 of 100 cases.) Now a loop with a slip that is made every day: someone forgot `optimizer.zero_grad()`, so that all slopes since the beginning pile up. <!-- number 1.98: above --> <!-- number eight: seeds 1 to 8 --> <!-- number sixteen: 400 steps, one look in 25 --> <!-- number 95 of 100: the level of a band -->

# %%
class NeverZero(OneDevice):
    def update(self, optimizer):
        optimizer.step()  # and the slopes stay

slipped, slipped_losses = new_model(seed=0), []
for step in fit(slipped, adamw(slipped, lr=8e-3), Linear(n_steps=400, n_warmup=20),
                seed=0, machine=NeverZero(device, matmul="medium")):
    if step.number % 25 == 0:
        slipped_losses.append(held_out_loss(slipped))

# %%
low, high = runs.band()
print(f"{slipped_losses[-1]:.2f} at the end, band {low[-1]:.2f} to {high[-1]:.2f}")
outside = [n for n, loss, top in zip(steps, slipped_losses, high) if loss > top]
print(f"first outside at step {outside[0]}")
assert not runs.contains(slipped_losses, steps=steps, seed=0)

# %% [markdown]
# It raised no error, and its loss fell all the while. Seen alone it is a plausible run of a weak model. Against the band it is caught at the first look. So keep the losses of a run that you trust, and assert.
#
# The other way to tell is to read. This is what one model wrote at the moment when its held-out loss first fell below each mark, in a longer run with Muon. One model, one seed, each line drawn with the same chance.

# %%
MARKS = [4.0, 3.3, 2.8, 2.5, 2.2, 2.0, 1.8, 1.7, 1.6]

def written(*, seed):
    model, left = new_model(seed), list(MARKS)
    schedule = Linear(n_steps=2000, n_warmup=20)
    for step in fit(model, muon(model, lr=1e-2, adam_lr=1.6e-2), schedule, seed):
        is_due = step.number < 50 or step.number % 25 == 0
        if is_due and left and held_out_loss(model) < left[0]:
            yield {"nats": left.pop(0), "step": step.number,
                   "text": sample(model, 70)}
        model.train()

samples = run(written, {}, seeds=[0], table="05_written")
for row in samples.itertuples():
    print(f"{row.nats:.1f}  {row.text[19:]!r}")

# %% mystnb={"figure": {"caption": "What one model wrote as its loss fell from 4.0 nats a letter to 1.8. Pale is what Shakespeare hardly ever wrote."}, "image": {"alt": "Four lines that one model wrote, under each other, with the losses 4.0, 2.8, 2.2 and 1.8 before them. The first is noise of letters and signs, and pale. In the second one word is not pale, be; in the third to the, the, The, thy and this; in the fourth and the hole to lady, And a."}} tags=["hide-input", "opening"]
import re
from collections import Counter
from afterword.plots.lines import plot_emerging

n_times = Counter(re.findall(r"[\w']+", train_text))
rows = {f"{row.nats:.1f}": " ".join(row.text[19:].split()[1:])  # not half a word
        for row in samples.iloc[[0, 2, 4, 6]].itertuples()}
plot_emerging(rows, known={word for word, n in n_times.items() if n >= 20})
plt.show()

# %% [markdown]
# The figure shows four of these rows; pale is what does not stand in Shakespeare at least twenty times. <!-- number four: the rows in the cell above -->
#
# Read down the column. At 3.3 it has found how frequent letters are, at 2.8 that words have an end, at 2.5 that a line likes to begin with a capital. At 2.2 there are small words, *to*, *the*, *thy*, and at 1.8 nearly everything can be pronounced. At 1.7 there are a stage direction and a speaker's name in capitals, *OTHELLO*. The last mark, 1.6, it did not reach in 2,000 steps. More than half of the way down, in nats, is done before two words in a row can be read. And most of what a reader would call learning happens in the last half nat. <!-- number half: from 2.2 to 1.7 --> <!-- number half, two: 4.4 to 2.2; words --> <!-- number 2,000: in the cell above -->
#
# So hold your page against this column. If the loss says 1.8 and the text looks like 2.5, look for the mistake in the writing: the wrong tokenizer, a context cut too short, a model left in training mode.
#
# ### Claim: *first, remove the stop words*
#
# Chapter 1 tested this advice on tables of counts. Does a network mend what was thrown away? We train on the text and on the text without *the*, *and*, *of* and their like, for 300 steps, and ask both about held-out text as it was written. <!-- number 300: in the cell below -->

# %%
STOP_WORDS = set("""the and to of a in is that it for with as be this on by at or
an are was not but from have had has he she they we you i me my his him her your
our their them do did so if no all will shall what which who when there then
than""".split())

# %%
def without_stop_words(text):
    def keep(match):
        return "" if match[0].strip().lower() in STOP_WORDS else match[0]
    return re.sub(r"[A-Za-z']+ ?", keep, text)

# %%
def cleaned(text, *, seed):
    clean = without_stop_words if text == "cleaned" else str
    ids = torch.tensor(chars.encode(clean(train_text)), device=device)
    model = new_model(seed)
    steps = train(model, text_for(seed, ids), max_norm=1, machine=machine,
                  optimizer=muon(model, lr=1e-2, adam_lr=1.6e-2),
                  schedule=Linear(n_steps=300, n_warmup=20))
    list(steps)
    return {"loss": held_out_loss(model), "text_written": sample(model, 160)}

both = run(cleaned, {"text": ["whole", "cleaned"]},
           seeds=range(3), table="05_stop_words")
more = difference(both, "loss", between=("text", "cleaned", "whole")).iloc[0]
print(f"{more['mean']:.2f} nats more ({more.low:.2f} to {more.high:.2f})")
for row in both[both.seed == 0].itertuples():
    print(f"--- {row.text}, {row.loss:.2f} nats\n{row.text_written}")

# %% [markdown]
# Without them it costs 0.44 nats more per letter, which is more than lies between 2.2 and 1.8 in the column above. More training of the same kind cannot make it good, for this model has never seen the word *the*. Read the second text: signs and names, a comma after a blank, hardly a short word. Learning does not mend what was taken from it. <!-- number 2.2, 1.8: the marks above -->
#
# ## Claim: *end with a softmax layer, and use the cross-entropy loss*
#
# Both halves are right, and together they are wrong. The loss takes logits and does the softmax itself. Give it what has been through a softmax already, and there are two. Nothing complains. But the best the model can do is to hand over a 1 for the right letter and 0 for the others, and the second softmax makes of that no more than *e* in *e* + 82. <!-- number two, 1, 0, 82: by pencil --> 

# %%
def floor_of_double_softmax(vocab_size):
    return math.log(math.e + vocab_size - 1) - 1

for size in [65, 83, 50_257]:
    sure = F.one_hot(torch.tensor(0), size).float()
    assert math.isclose(F.cross_entropy(sure, torch.tensor(0)),
                        floor_of_double_softmax(size), rel_tol=1e-5)
    print(f"{size:,} tokens: never below {floor_of_double_softmax(size):.2f} nats")

# %% [markdown]
# By pencil for 83: ln(2.718 + 82) − 1 = 4.439 − 1 = 3.439. Such a model, certain and right every time, looks worse than letter frequencies. Train it beside one that does it right: <!-- number 2.718, 1, 1, 82: by pencil --> <!-- number 4.439: 3.439 and one -->

# %%
def twice_softmaxed(logits, targets):
    return next_token_loss(logits.softmax(dim=-1), targets)

assert round(floor_of_double_softmax(83), 3) == 3.439
finals = {}
for loss_function in [next_token_loss, twice_softmaxed]:
    model = new_model(seed=0)
    *_, last = fit(model, adamw(model, lr=8e-3), Linear(n_steps=150, n_warmup=20),
                   seed=0, loss_function=loss_function)
    finals[loss_function.__name__] = last.loss
    print(f"{loss_function.__name__}: {last.loss:.2f}, "
          f"by its logits {held_out_loss(model):.2f}")
assert finals["twice_softmaxed"] > floor_of_double_softmax(V)
with torch.no_grad():
    guesses = model.eval()(spread_out[0]).argmax(dim=-1)
right = (guesses == spread_out[1]).float().mean()
spaces = (guesses == chars.encode(" ")[0]).float().mean()
print(f"{right:.2f} right, {spaces:.2f} of the guesses are spaces")
print(f"if it is certain: {1 + floor_of_double_softmax(V) - right:.2f} nats")

# %% [markdown]
# The right one is at 2.25 nats, the other at 4.23, where it looks as if it had hardly begun. It is certain of every guess, and more than half of its guesses are the space. Whoever is certain pays 3.44 for a letter that is right and 4.44 for one that is wrong, and with a fifth of them right that makes 4.23. Its floor is 3.44, and it is stuck a long way above. Why? A softmax that is certain has no slope left to pass on. Taken at its word, by its logits, it is far worse than a model that knows nothing. The cure is to leave the first softmax out. Its trace is a loss that stops above 3.44, with this alphabet, or above 9.82 with GPT-2's. <!-- number 4.44: 3.44 and one -->
#
# ## To be continued
#
# Runs are interrupted: power fails, a lease ends, a cat walks by. What must be kept, to go on as if nothing had happened? The tempting answer is: the weights.

# %%
def begun(seed=0):
    model = new_model(seed)
    optimizer = muon(model, lr=1e-2, adam_lr=1.6e-2)
    return model, optimizer, torch.Generator().manual_seed(seed)

# %%
def go_on(model, optimizer, chance, start, stop):
    text = random_batches(train_ids, context_length=64, batch_size=16, rng=chance)
    schedule = Linear(n_steps=20, n_warmup=5)
    rest = train(model, text, optimizer=optimizer, schedule=schedule, start=start)
    return [step.loss for step in islice(rest, stop - start)]

whole_run = go_on(*begun(), 0, 20)

# %%
model, optimizer, chance = begun()
go_on(model, optimizer, chance, 0, 10)
other, fresh, new_chance = begun(seed=1)
other.load_state_dict(model.state_dict())
only_weights = go_on(other, fresh, new_chance, 10, 20)
print(f"last loss {only_weights[-1]:.3f}, of the unbroken run {whole_run[-1]:.3f}")
assert only_weights != whole_run[10:]

# %% [markdown]
# The optimizer has forgotten its running means, and the batches begin anew. It goes on, not worse by the look of it, but as another run. `save_checkpoint` keeps the weights, the optimizer, the step and every source of chance, here the generator that draws the batches. It writes into a folder of another name, waits until the disk has it, and renames it, so that whatever happens there is a whole checkpoint or none.

# %%
import tempfile
from pathlib import Path
from afterword.training.checkpoints import load_checkpoint, save_checkpoint

folder = tempfile.TemporaryDirectory()
path = save_checkpoint(folder.name, step=10, model=model, optimizer=optimizer,
                       rngs={"batches": chance})
print(path.name, sorted(file.name for file in path.iterdir()))

# %% [markdown]
# Now another model with other weights, another optimizer, another seed. After loading, the second half must be the one of the unbroken run, to the last bit of every weight.

# %%
other, fresh, new_chance = begun(seed=1)
loaded = load_checkpoint(folder.name, model=other, optimizer=fresh,
                         rngs={"batches": new_chance})
resumed = go_on(other, fresh, new_chance, loaded.step, 20)
unbroken, optimizer, chance = begun()
assert go_on(unbroken, optimizer, chance, 0, 20) == whole_run
if device.type == "cpu":  # a GPU adds in an order of its own
    assert resumed == whole_run[10:]
    both = zip(other.parameters(), unbroken.parameters())
    assert all(a.equal(b) for a, b in both)
print(f"last loss {resumed[-1]:.3f}")

# %% [markdown]
# ## What faster machines and numbers buy
#
# How long does a step take? `small` with its own sizes (width 128, 4 blocks, context 128), 16 windows a step, on one thread of a CPU. Guess before you look: what do half-precision products buy, and what does `torch.compile`, which translates the model into one program? <!-- number 128, 4, 128, 16: small's own, and in the cell -->

# %% tags=["except:shown an experiment of this page that the package has no use for"]
from time import perf_counter

def timed(way, *, seed):
    torch.manual_seed(seed)
    model = GPT(small(vocab_size=V)).to(device)
    half = torch.bfloat16 if "bf16" in way else None
    precise = "highest" if way == "fp32" else "medium"
    optimizer, chance = adamw(model, lr=1e-3), torch.Generator().manual_seed(seed)
    model = torch.compile(model) if "compiled" in way else model
    text = random_batches(train_ids, context_length=128, batch_size=16, rng=chance)
    marks = [perf_counter()]
    for _ in train(model, text, optimizer=optimizer, schedule=Constant(n_steps=25),
                   machine=OneDevice(device, dtype=half, matmul=precise)):
        marks.append(perf_counter())
    each = [later - mark for mark, later in pairwise(marks)]
    return {"first": each[0], "best": min(each[1:])}

WAYS_TO_RUN = ["fp32", "fp32, quick products", "bf16", "bf16, compiled"]
speeds = run(timed, {"way": WAYS_TO_RUN}, seeds=range(3), table="05_speed")

# %%
base = speeds[speeds.way == "fp32"].best.mean()
for way, part in speeds.groupby("way", sort=False):
    mean = part.best.mean()
    print(f"{way}: {1000 * mean:.0f} ms a step, {base / mean:.2f} times as fast; "
          f"first step {part['first'].max():.1f} s")
print(speeds.attrs["machine"])

# %% [markdown]
# Quick products are torch's precision *medium*: numbers stay fp32, and torch may multiply them as it likes, in bf16 where that is faster. They buy 1.63 times the speed, bf16 buys 2.28, and compiled 3.50. A number in bf16 has the range of fp32 and a bit more than two digits; the weights and the optimizer stay in fp32. Compiling pays only in a long run: torch takes the time of the first step to translate, and reuses on disk what it has translated before. <!-- number two: 8 bits of fraction -->
#
# And a GPU? We had none, so this page says nothing about it. The cells use one when it is there.
#
# Two processes share the work of a step: each takes half of the windows, and they exchange their gradients before the optimizer steps. It is one command, and the same training. <!-- number half: of two -->

# %% tags=["except:shown an experiment of this page that the package has no use for"]
from afterword.commands.results import read_results

def together(n_processes, *, seed):
    launch = ["torch.distributed.run", f"--nproc-per-node={n_processes}", "-m"]
    train_it = ["afterword.training", "--config", "nanogpt-cpu",
                "--seed", str(seed)]
    brief = ["--n-steps", "60", "--n-warmup", "10", "--batch-size", "32",
             "--share", "0.01"]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", *launch, *train_it, *brief,
                        "--folder", folder], check=True, capture_output=True)
        _, rows = read_results(Path(folder, "nanogpt-cpu", "results.jsonl"))
    steps = [row for row in rows if row["kind"] == "step"]
    return {"loss": steps[-1]["loss"],
            "took": steps[-1]["seconds"] - steps[9]["seconds"]}

pairs = run(together, {"n_processes": [1, 2]}, seeds=range(3), table="05_processes")

# %%
one, two = (pairs[pairs.n_processes == n] for n in (1, 2))
off = max(abs(a - b) for a, b in zip(one.loss, two.loss))
faster = one.took.min() / two.took.min()
print(f"two processes are {faster:.2f} times as fast; "
      f"losses differ by {off:.0e} at most")
assert off < 1e-3

# %% [markdown]
# Of each pair of three runs the quickest counts, since other work on the machine can only slow them down. On two cores two processes are 1.70 times as fast as one, and the losses are the same but for rounding. The same command with more processes, on several machines or GPUs, is the same training again; we have run it on these two cores only. <!-- number three, two, two: seeds, cores, processes --> <!-- number two: cores -->
#
# ## The experiment: beat the baseline in its own time
#
# There is a run that many began with: nanoGPT's small Shakespeare model for a CPU, four blocks of width 128, context 64, 2,000 steps of 12 windows, AdamW at 1e-3 ([Karpathy, 2022](../book/references.md#karpathy2022)). How far can one get in the same seconds? <!-- number four, 128, 64, 2,000 steps of 12, 1e-3: cited karpathy2022 -->
#
# `ours-1m` has Muon, weights that start at zero, a rate that falls to nothing, bf16, and distances as a bias on the scores (chapter 3), steep ones: the first head hardly sees beyond two letters. It has neither warm-up nor clipping. It trains on 128 letters and is asked with up to 512, which distances as a bias allow; the other reads 64. It gets as many steps as fit into the seconds of the other. Many things differ at once; this is a race and no explanation. Our expectation: 0.40 nats below, on the last tenth of a million letters. Both recipes are files, and both are run by the command that you would type: <!-- number 0.40, a million: our expectation; the text cut out below --> <!-- number two: slope 2 --> <!-- number 128, 512, 64: both recipes -->
#
# ```
# afterword train --config nanogpt-cpu
# ```

# %% tags=["except:shown an experiment of this page that the package has no use for"]
import string
ALPHABET = "\n !$&',-.3:;?" + string.ascii_letters
STEPS = {"nanogpt-cpu": 2000, "ours-1m": 1950}

def trained_by(recipe, *, seed):
    letters = "".join(c for c in corpora.text("shakespeare") if c in ALPHABET)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "million.txt")
        file.write_text(letters[:1_115_394])
        words = ["--text", file, "--folder", folder, "--seed", seed]
        words += ["--n-steps", STEPS[recipe], "--evaluate-every", 250]
        words = ["-m", "afterword", "train", "--config", recipe, *words]
        subprocess.run([sys.executable, *map(str, words)],
                       check=True, capture_output=True)
        _, rows = read_results(Path(folder, recipe, "results.jsonl"))
    text = [row["text"] for row in rows if row["kind"] == "sample"][-1]
    seconds = {row["step"]: row["seconds"] for row in rows if row["kind"] == "step"}
    return [{"step": row["step"], "seconds": seconds[row["step"]],
             "loss": row["loss"], "text": text}
            for row in rows if row["kind"] == "evaluation"]

race = run(trained_by, {"recipe": ["nanogpt-cpu", "ours-1m"]},
           seeds=range(3), table="05_baseline")

# %%
ends = race.groupby(["recipe", "seed"], sort=False).last().reset_index()
for row in summary(ends, "loss", by=["recipe"]).itertuples():
    seconds = ends[ends.recipe == row.recipe].seconds.mean()
    print(f"{row.recipe}: {row.mean:.3f} nats ({row.low:.3f} to {row.high:.3f}) "
          f"in {seconds:.0f} s")
sides = ("recipe", "ours-1m", "nanogpt-cpu")
gain = difference(ends, "loss", between=sides).iloc[0]
print(f"ours: {gain['mean']:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})")

# %%
mean = race.groupby(["recipe", "step"])[["seconds", "loss"]].mean()
early, end = mean.loc["ours-1m"].iloc[0], mean.loc["nanogpt-cpu"].iloc[-1]
print(f"ours after 250 steps: {early.loss:.3f} nats, "
      f"{early.seconds / end.seconds:.2f} of the other's time")
assert early.loss < end.loss
assert early.seconds < end.seconds / 4

# %% mystnb={"image": {"alt": "Loss on the whole held-out text over seconds of training, three seeds of each recipe. Ours lies below the baseline from the first point on and ends far below it."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(4.8, 2.9))
colours = {"nanogpt-cpu": COLOURS["rival"], "ours-1m": COLOURS["model"]}
for recipe, color in colours.items():
    for _, part in race[race.recipe == recipe].groupby("seed"):
        ax.plot(part.seconds, part.loss, color=color, linewidth=1.2)
    ax.text(72, part.loss.iloc[-1] + 0.08, recipe, color=color, ha="right")
ax.set(title="Ahead from the first look to the last", xlabel="seconds in steps")
ax.set(ylabel="nats per letter, held out")
plt.show()

# %% [markdown]
# Ours ends 0.406 nats lower, in somewhat less time, which is what we had expected and hoped for, since we had tried it out before on other seeds and shorter runs (`EXPERIMENTS.md`). Its first point, after 250 steps, already lies below the last point of the other: that is an eighth of the time. Do not hold 1.53 against the ladder. The text is another here, a million letters with a smaller alphabet, judged on its last tenth, as nanoGPT does it. And do not conclude that nanoGPT is badly made. It is old by the standards of this field, and it was written to be read. <!-- number a million: the letters cut out in the cell above -->
#
# ## Read it aloud
#
# The last words of both, seed 0. They were given the first words of the held-out part, which happen to be Glendower's: *I can call spirits from the vasty deep*. <!-- number 0: the seed -->

# %%
for row in ends[ends.seed == 0].itertuples():
    print(f"--- {row.recipe}, {row.loss:.2f} nats\n{row.text[:300]}\n")

# %% [markdown]
# The first has learnt how English is spelt and not what is spelt: *the throvieth was the usplesem*. In the second nearly all words are words, a prince speaks in pieces of sentences, and *there is not any one sport* could stand in a play. But Imogen, who answers him, is from another. Nobody has heard what the other said; the lines have the gait of Shakespeare, and no errand. In the play, Hotspur replies to Glendower: *But will they come when you do call for them?* It is the question to keep in mind while a loss falls.
#
# ## Exercises
#
# Each has a checker that says what went wrong, and a solution to unfold.
#
# > **Exercise 1.** *Easy, 15 minutes.* Write `warmed_cosine(step, n_warmup, n_steps)`: the share of the rate at a step, counted from 0. It rises evenly over the first `n_warmup` steps and is 1 at step `n_warmup`, as in the section on schedules. Then it falls along half a cosine wave, to the 0 that step `n_steps` would have, if there were one. With two steps of warm-up and eight in all, the first is 1/3 and step 6 is a quarter. <!-- number 0, 0, half, two, eight, 1/3, 6, a quarter: what the checker asks -->

# %%
from afterword.exercises import ch05

def warmed_cosine(step, n_warmup, n_steps):
    ...

ch05.check_schedule(warmed_cosine)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def warmed_cosine(step, n_warmup, n_steps):
    if step < n_warmup:
        return (step + 1) / (n_warmup + 1)
    progress = (step - n_warmup) / (n_steps - n_warmup)
    return (1 + math.cos(math.pi * progress)) / 2

ch05.check_schedule(warmed_cosine)

# %% [markdown]
# > **Exercise 2.** *Medium, 10 minutes.* A batch is too large for the memory, so a step takes several small ones. Their mean losses are `losses`, and `counts` says how many guesses each made. Write `step_loss(losses, counts)`: the loss as if it had been one batch. For losses 2 and 4 with 3 guesses and 1 it is 2.5. <!-- number 2, 4, 3, 2.5: what the checker asks -->

# %%
def step_loss(losses, counts):
    ...

ch05.check_accumulation(step_loss)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def step_loss(losses, counts):
    total = sum(loss * n for loss, n in zip(losses, counts))
    return total / sum(counts)

ch05.check_accumulation(step_loss)

# %% [markdown]
# > **Exercise 3.** *Medium, 15 minutes.* Write `clipped(gradients, max_norm)`: a list of gradients, one tensor for each parameter, shortened so that all of them together, as one long vector, are no longer than `max_norm`. Its direction stays as it was. What is short enough stays as it is.

# %%
def clipped(gradients, max_norm):
    ...

ch05.check_clipping(clipped)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def clipped(gradients, max_norm):
    length = torch.stack([g.norm() for g in gradients]).norm().item()
    factor = min(1, max_norm / length) if length else 1
    return [g * factor for g in gradients]

ch05.check_clipping(clipped)

# %% [markdown]
# > **Exercise 4.** *Hard, 25 minutes.* Write `adamw_walk(w, slopes, lr, beta1, beta2, decay)`: where one weight has got to after a step for each of the slopes, by AdamW. The decay is taken off the weight as it is before the step. With decay 0 it is `adam` from above. <!-- number 0: as said -->

# %%
def adamw_walk(w, slopes, lr, beta1, beta2, decay):
    ...

ch05.check_adamw(adamw_walk)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def adamw_walk(w, slopes, lr, beta1, beta2, decay):
    m = v = 0.0
    for t, slope in enumerate(slopes, start=1):
        m = beta1 * m + (1 - beta1) * slope
        v = beta2 * v + (1 - beta2) * slope**2
        w -= lr * decay * w
        w -= lr * m / (1 - beta1**t) / math.sqrt(v / (1 - beta2**t))
    return w

ch05.check_adamw(adamw_walk)

# %% [markdown]
# ## What you now have
#
# You have the loop, and know what each of its lines is for. You can say of a run whether it begins where it should, whether it can learn one batch, whether it lies where its sisters lie, and when a loss is too good. You have an optimizer that treats each number alone and one that treats a matrix as a whole, four ways to hold a model back that are not each other, and a run that goes on after a power cut as if there had been none. <!-- number four: dropout, L1, L2, weight decay -->
#
# And the model writes. So far it drew each letter with the probability it gave, and from the beginning of its last 64. <!-- number 64: the context --> Is that the best way to write? What happens if it always takes the likeliest, or if we forbid the unlikely, or ask for a rhyme? [The next chapter](06_sampling.ipynb) is about sampling.
