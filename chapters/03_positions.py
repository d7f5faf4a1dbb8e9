# %% [markdown]
# # 3 · How does it know the order?
#
# > *the sea keeps what the sea takes*
#
# Swap two words: *the sea takes what the sea keeps*. Not a word is new, and it is another sentence. You see that at a glance. The attention that you have built, without its mask, cannot see it at all. To it a line is a bag of words. (What the mask tells comes later.)
#
# This chapter gives the words their places. You will derive the best known of them with a pencil, from a single wish. You will break two others in the ways in which they are usually broken. And you will measure a promise that is often made: that a model can read texts longer than those it was trained on.
#
# **Needs** chapter 2. **Time** about 80 seconds and 0.7 GB on two CPU cores, which is what Colab lends; not yet timed on a T4. Where there is a GPU the same cells use it; nothing here wants one. **You will have** four schemes of positions and none, equal to the package's, and a figure with a knob. <!-- number four: learned, waves, rotary, ALiBi -->
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/afterword-book/afterword/blob/main/chapters/03_positions.ipynb)

# %%
import importlib.util, math, re, subprocess, sys
from itertools import islice
if importlib.util.find_spec("afterword") is None:  # on Colab; its torch stays
    source = "afterword @ git+https://github.com/afterword-book/afterword@main"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", source]
    subprocess.run([*pip, "jaxtyping", "wadler-lindig"], check=True)
import matplotlib.pyplot as plt, torch, torch.nn.functional as F
from afterword.plots.style import COLOURS, use_style
from afterword.runtime import choose_device, seed_everything
from torch import nn
use_style()
device, rng = choose_device(), seed_everything(3)

# %% [markdown]
# ## A bag of words
#
# Here are the six words of chapter 2 again, with three numbers each: how watery, how much a doing, how much filler.

# %%
words = "the sea keeps what the sea".split()
x = torch.tensor(
    [[0, 0, 1], [3, 0, 0], [0, 2, 0], [0, 0, 2], [0, 0, 1], [3, 0, 0]]
).float()

# %% [markdown]
# Let the last *sea* ask, and shuffle the five words before it. What will change in its answer?

# %%
from afterword.model.attention import attention

shuffled = [3, 2, 4, 1, 0, 5]
print(" ".join(words[i] for i in shuffled))
for order in [range(6), shuffled]:
    text = x[list(order)]
    print(attention(x[5:], text, text))

# %% [markdown]
# Nothing. With a pencil: the two *sea* score 9/√3 and weigh $e^{5.196} = 181$ each, the four others weigh 1. So the first number is 3 × 361 out of 365, or 2.97, and there is no place in the sum where the order could enter. *What keeps the sea the sea* will do as well.

# %%
sea = math.exp(9 / math.sqrt(3))
print(f"score {9 / math.sqrt(3):.3f}, weight {sea:.0f} each")
print(f"3 × {2 * sea:.0f} / {2 * sea + 4:.0f} = {3 * 2 * sea / (2 * sea + 4):.2f}")

# %% [markdown]
# ## Add the place?
#
# The plainest remedy is to add to each word the number of its place. We count from 0, so the last *sea* stands at place 5. Whom does it now find most like itself?

# %%
places = torch.arange(6)
numbered = x + places[:, None]
scores = (numbered @ numbered[5]).tolist()
print(dict(zip(zip(words, places.tolist()), scores)))

# %% [markdown]
# After itself, *the*, and then *what*: they stand late, so their numbers are large. The other *sea* comes out at 42, below *keeps*. And it gets worse. Far into a text the place is all there is. Take the cosine, the likeness of two vectors whatever their lengths, of *sea* and *keeps*, which had nothing in common:

# %%
for place in [0, 5, 500]:
    cosine = F.cosine_similarity(x[1] + place, x[2] + place, dim=0)
    print(f"at place {place}: {cosine:.4f}")

# %% [markdown]
# Dividing by the length of the text does not help: then one step to the next word is long in a short text and short in a long one. So places should be told apart by numbers that stay small, and one step should be the same step everywhere.
#
# ## A vector for each place
#
# Words became vectors by being looked up in a table. Places can, too: a table with one row for each place, learnt like the rest ([Gehring et al., 2017](../book/references.md#gehring2017)). You may read that the table is *looked up with the output of the token embedding*. Try it.

# %%
table = nn.Embedding(6, 3)  # six places, three numbers each
try:
    table(x)
except RuntimeError as error:
    print(str(error).split(" (while")[0])

# %% [markdown]
# A row is looked up by its number, and `x` holds embeddings, which are no numbers of rows. What we look up is the places 0 to 5. The rows are then added to the words.

# %%
placed = x + table(places)
assert placed.shape == x.shape
assert torch.allclose(placed[5] - placed[1], table.weight[5] - table.weight[1])

# %% [markdown]
# The assertion takes *sea*, which stands at place 1 and at place 5. It is the same word both times, so what differs is the row.
#
# ### Along the wrong axis
#
# There are usually several texts at once: shape [B, T, D], with B texts of T places. Code written for [T, B, D] then adds row 0 to the first text, row 1 to the second, and so on. No error comes.

# %%
texts = torch.stack([x, x[shuffled]])  # [B, T, D]
wrong = texts + table(torch.arange(len(texts)))[:, None]
right = texts + table(places)
for name, batch in [("wrong", wrong), ("right", right)]:
    added = batch - texts
    print(f"{name}: over the places it varies by {added.std(dim=1).max():.3f}, "
          f"over the texts by {added.std(dim=0).max():.3f}")

# %% [markdown]
# The shape is right and the numbers look like numbers. But within a text each word got the same vector, so the bag is a bag still. Worse, a text now means something else in another row of the batch. Add, then look along which axis it varies. The test of the first page finds it too, but only with one text at a time. In the batch `wrong` line and shuffle lie in different rows, and their answers differ for that reason alone. Alone, each gets row 0:

# %%
def is_a_bag(batch):
    one, other = (attention(text[5:], text, text) for text in batch)
    return torch.allclose(one, other, atol=1e-6)

assert not is_a_bag(wrong), "two rows hide it"
same_row = x + table(torch.tensor(0))
assert is_a_bag(torch.stack([same_row, same_row[shuffled]])), "one row for all"
assert not is_a_bag(right), "a row for each place"

# %% [markdown]
# In the package a scheme is an object, which is given to a model with its other sizes. `small` lists the sizes of the book's small models; chapter 4 reads it. `build` makes what has weights.

# %%
from afterword.model.positions import Learned
from afterword.model.presets import small

sizes = dict(vocab_size=4, context_length=6, d_model=3, n_heads=1)
learned = Learned().build(small(**sizes, positions=Learned()))
learned.embedding.weight.data = table.weight.data
assert torch.equal(learned.add(x[None], places)[0], placed)

# %% [markdown]
# The table has as many rows as it has, and a word beyond finds none. This is the first of the five schemes, and it says so:

# %%
try:
    learned.add(torch.zeros(1, 7, 3), torch.arange(7))
except ValueError as error:
    print(error)

# %% [markdown]
# ## Waves
#
# A clock tells all the seconds of twelve hours apart with three hands that never leave the dial. The fast hand tells one second from the next, the slow hand one hour from another. Do the same with places: each pair of numbers is the tip of a hand, and each hand turns more slowly than the one before ([Vaswani et al., 2017](../book/references.md#vaswani2017)). <!-- number twelve, three: hours on a dial; hours, minutes, seconds --> The first hand moves by one radian a place, the later ones by less, down to almost 1/10,000 of it.

# %%
def waves(place, d_model, base=10_000):
    numbers = []
    for i in range(d_model // 2):
        angle = place / base ** (2 * i / d_model)
        numbers += [math.sin(angle), math.cos(angle)]
    return numbers

for place in [0, 1, 100]:
    print(place, [round(number, 4) for number in waves(place, d_model=4)])

# %% [markdown]
# With four numbers there are two hands. After 100 places the second has turned by one radian, as far as the first does at once: 0.8415 and 0.5403 are the sine and cosine of 1. The angles in one step, for all places:

# %% tags=["shows:afterword.model.positions.turning_angles"]
def turning_angles(places, *, n_pairs, base):
    exponents = torch.arange(n_pairs, device=places.device) / n_pairs
    return places.unsqueeze(-1) * base**-exponents

# %%
from afterword.model import positions
from afterword.model.positions import Sinusoidal

angles = turning_angles(places, n_pairs=2, base=10_000)
assert torch.equal(angles, positions.turning_angles(places, n_pairs=2, base=10_000))
by_hand = torch.tensor([waves(place, d_model=4) for place in range(6)])
assert torch.allclose(Sinusoidal().waves(places, 4), by_hand, atol=1e-6)

# %% [markdown]
# Here is the line to its end, with a clock over each word, as sixteen numbers would have it; three of its eight hands are drawn. The two *seas* are the same word at two times of the day. <!-- number sixteen, two, two: twice eight hands; the two seas in the line -->

# %% mystnb={"figure": {"caption": "Each place in a line has its own time, so that one sea is not the other."}, "image": {"alt": "Seven words in a row, the sea keeps what the sea takes, and a dial with three hands over each of them. The long thin hand goes nearly once round from the first word to the last, the shorter ones turn more slowly. The dials of the two seas show different times."}} tags=["hide-input", "opening"]
from afterword.plots.words import plot_dials

hands = turning_angles(torch.arange(7), n_pairs=8, base=10_000)[:, :3]
plot_dials(hands, [*words, "takes"], marked="sea")
plt.show()

# %% [markdown]
# And all hands at once, for many more places than seven. <!-- number seven: the words of the line, in the cell above -->

# %% mystnb={"image": {"alt": "Left: the waves of 128 places in 64 numbers as stripes. The first numbers change from place to place, the later ones more and more slowly, and the last stay the same over all 128 places. Right: the places that each of the 32 pairs takes for one turn, from 6 for the first to about 47,000 for the last, on a logarithmic axis: a straight line."}} tags=["hide-input"]
fig, (left, right_ax) = plt.subplots(1, 2, figsize=(4.8, 2.9), width_ratios=(3, 2))
waves_of_64 = Sinusoidal().waves(torch.arange(128), 64)
left.pcolormesh(waves_of_64.T, cmap="PuOr", rasterized=True)
left.set(title="Fast hands, slow hands", xlabel="place", ylabel="number")
turns = 2 * math.pi * 10_000 ** (torch.arange(32) / 32)
right_ax.plot(range(32), turns, marker="o", markersize=3, color=COLOURS["model"])
right_ax.set(title="One turn takes …", yscale="log", xlabel="pair", ylabel="places")
plt.show()
print(f"from {turns[0]:.2f} to {turns[-1]:,.0f} places")

# %% [markdown]
# The first pair comes round after 2π, a little over six places. The last would need 47,117, so within any text that we shall see it hardly moves. <!-- number six: 6.28, printed --> Together they tell all places apart, with nothing to learn and no number above one. And the table never ends: each later place has its waves like any other. Whether a model can *use* waves that it never saw is another matter. We come back to it.
#
# ### One number for all
#
# You will also meet this: *position = sin(p/10000²) + cos(p/10000²)*, one number for every dimension. It looks like the formula above with its indices lost. How far does it move over 512 places?

# %%
p = torch.arange(512)
number = torch.sin(p / 10_000**2) + torch.cos(p / 10_000**2)
print(f"by {number.max() - number.min():.1e}; in 32 bits {len(number.unique())} "
      f"different numbers, {len(number[:6].unique())} among the first six")

# %% [markdown]
# By five millionths. Of all the hands only one is left, and so slow a one that in 32 bits the six places of our line get the very same number. <!-- number five: 5e-6, printed -->
#
# ### Do they learn any order?
#
# Let models try: one with waves, one with no positions, one with the one number, one with waves along the batch. The task is to tell our line from its shuffles. There are 6! / (2! 2!) = 180 orders of *the sea keeps what the sea*; half of the examples are the line itself, the others are drawn at random from all. <!-- number half: as the cell below draws them --> Chapter 4 builds the model. For now it is one layer of attention in which every word sees every other, and the mean of what comes out.

# %%
from afterword.model.encoder import Encoder
from afterword.model.positions import NoPositions, Positions

class OneNumber(Positions):
    def add(self, x, places):
        p = places / 10_000**2
        return x + (torch.sin(p) + torch.cos(p))[:, None]

class AlongTheBatch(Sinusoidal):
    def add(self, x, places):
        rows = torch.arange(len(x), device=x.device)
        return x + self.waves(rows, x.shape[-1])[:, None]

# %%
line = torch.tensor([0, 1, 2, 3, 0, 1])  # the sea keeps what the sea

def lines_and_shuffles(n, rng):
    ids = torch.stack([line[torch.randperm(6, generator=rng)] for _ in range(n)])
    ids[torch.rand(n, generator=rng) < 0.5] = line
    return ids.to(device), (ids == line).all(dim=1).float().to(device)

assert math.factorial(6) / (math.factorial(2) * math.factorial(2)) == 180

# %%
class Mean(nn.Module):
    def forward(self, x):
        return x.mean(dim=1)  # over the words: [B, D]

def learn_order(scheme, seed, n_steps=110):
    rng, sizes = seed_everything(seed), dict(d_model=16, n_heads=2, n_layers=1)
    encoder = Encoder(small(vocab_size=4, **sizes, positions=scheme))
    model = nn.Sequential(encoder, Mean(), nn.Linear(16, 1)).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, fused=True)
    for _ in range(n_steps):
        ids, is_line = lines_and_shuffles(32, rng)
        loss = F.binary_cross_entropy_with_logits(model(ids)[:, 0], is_line)
        optimizer.zero_grad(), loss.backward(), optimizer.step()
    return model

# %% [markdown]
# Before you run it: what loss has a model that knows nothing, and which of them will stay there? Our guess: ln 2 = 0.693, and all but the first. We judge on 500 fresh examples, twenty at a time, since one scheme depends on the row, for three seeds each. <!-- number 500, twenty: in the cell below -->

# %%
@torch.no_grad()
def loss_on_shuffles(model, rng):
    ids, is_line = lines_and_shuffles(500, rng)
    parts = [model(some)[:, 0] for some in ids.split(20)]
    return F.binary_cross_entropy_with_logits(torch.cat(parts), is_line).item()

for scheme in [Sinusoidal(), NoPositions(), OneNumber(), AlongTheBatch()]:
    order_learners = [learn_order(scheme, seed) for seed in range(3)]
    losses = [loss_on_shuffles(model, rng) for model in order_learners]
    print(type(scheme).__name__, [f"{loss:.3f}" for loss in losses])
print(f"ln 2 = {math.log(2):.3f}")

# %% [markdown]
# The waves bring it down. The others, which see a bag, stay at 0.69 or 0.70: where no difference comes in, none can be learnt.
#
# ## What should a score see?
#
# The waves work, but look at what they do to a score. The words are added to the places, so the product of two sums has four parts: word with word, word with place, place with word, place with place. <!-- number four: as listed --> Only the last can know how far apart the two stand. Move the line some places on, as if a title had been put before it. Does *sea* still find *sea* as before?

# %%
def score_with_waves(place, asked):
    p = F.pad(Sinusoidal().waves(torch.tensor([place, asked]), 2), (0, 1))
    return ((x[5] + p[0]) @ (x[1] + p[1])).item()

print(f"{score_with_waves(5, 1):.2f}, ten places on {score_with_waves(15, 11):.2f}")

# %% [markdown]
# It does not. What *sea* has to do with the *sea* of four words before is a matter of four words, not of where on the page they are. <!-- number four: from place 1 to 5 --> So here is a wish: **the score should depend on the distance only.**
#
# ### With a pencil
#
# Take a query $q$ and a key $k$ of two numbers each. Let place $m$ do something linear to what stands there, the same to queries and keys: multiply it by a matrix $A_m$. Let place 0 do nothing, so that $A_0$ is the identity, written 1. The wish says that
#
# $$(A_m q) \cdot (A_n k) = q \cdot A_m^\top A_n k \tag{1}$$
#
# depends on $n - m$ only, whatever $q$ and $k$ are; so $A_m^\top A_n$ does. Now try three cases. <!-- number three: as follow -->
#
# Take $m = n$, distance zero. Then $A_m^\top A_m$ must be what it is at place 0, which is 1. So each $A_m$ keeps all lengths and angles. In the plane only two kinds of matrix do that: turns, and reflections.
#
# Take $n = m + 1$, one step. Then $A_m^\top A_{m+1}$ must be $A_0^\top A_1 = A_1$. Multiply by $A_m$ from the left, and $A_{m+1} = A_m A_1$. Each step does the same thing once more.
#
# Last, suppose $A_1$ were a reflection. Two of them cancel, and place 2 would be like place 0. Every other place would look alike. So $A_1$ is a turn by some angle $\theta$, and $A_m$ is a turn by $m\theta$. Once queries and keys are treated alike, there was no choice but the angle. This is *rotary* position embedding ([Su et al., 2021](../book/references.md#su2021)).

# %%
def turn(pair, angle):
    a, b = pair
    cos, sin = math.cos(angle), math.sin(angle)
    return torch.tensor([a * cos - b * sin, b * cos + a * sin])

quarter = math.pi / 2
for place in range(5):
    print(place, [round(number.item()) for number in turn([3, 0], place * quarter)])

# %% [markdown]
# With a quarter turn a place, *sea* goes east, north, west, south, and at place 4 east again. Now the scores, of a *sea* at each place with a *sea* at each other. What will be the same, and what will go wrong?

# %%
seas = torch.stack([turn([3, 0], place * quarter) for place in range(6)])
scores = seas @ seas.T
for row in scores:
    print(*[f"{round(score.item()):4}" for score in row])

# %% [markdown]
# Along each diagonal the numbers are the same: the distance decides, as we wished. But distance 4 gives 9, as distance 0 does. A hand that turns fast comes round soon, and then far looks near. A slow one would hardly tell neighbours apart. One hand is not a clock.
#
# ### Many hands
#
# So cut the query into pairs and turn each by its own angle, place / base$^{i/P}$ for pair $i$ of $P$: the waves' angles again. Which numbers make a pair? The paper takes neighbours, and so does Meta's code for Llama. We take number $i$ of the first half with number $i$ of the second, as the Llama of Hugging Face does. It is the same but for the order in which the numbers stand; exercise 3 translates.

# %% tags=["shows:afterword.model.positions.rotate"]
def rotate(x, rotation):
    cos, sin = rotation.to(x.dtype)
    n_pairs = cos.shape[-1]
    a, b, rest = x.split([n_pairs, n_pairs, x.shape[-1] - 2 * n_pairs], dim=-1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin, rest], dim=-1)

# %% [markdown]
# The middle of the last line is `turn`. Numbers beyond the pairs stay as they are. That suits our words, which have three: the first two turn, *filler* rests, a `share` of 2/3. The words are their own queries and keys; four axes are those of the package, for texts, heads, places and numbers.

# %%
ours = rotate
from afterword.model.positions import Rotary, rotate

rotary = Rotary(share=2 / 3)
rotation = rotary.rotation(places, 3)
assert torch.equal(ours(x[None, None], rotation), rotate(x[None, None], rotation))
turned = rotary.turn(x[None, None], places)[0, 0]
assert torch.allclose(turned[5, :2], turn([3, 0], 5.0))
turned[1] @ turned[5]

# %% [markdown]
# The one pair turns by one radian a place, so *sea* and *sea* at distance 4 should have 9 cos 4 = −5.88. And further on?

# %%
further = rotary.turn(x[None, None], places + 10)[0, 0]
assert torch.allclose(turned @ turned.T, further @ further.T, atol=1e-5)
print(f"{9 * math.cos(4):.2f}, ten places on {further[1] @ further[5]:.2f}")

# %% [markdown]
# All 36 scores are what they were. The same with random queries and keys of 16 numbers in eight pairs, at random places with a random shift: <!-- number 36: six words times six; eight: half of 16 -->

# %%
q, k = torch.randn(2, 1, 1, 50, 16, generator=rng)
m, n = torch.randint(500, (2, 50), generator=rng)

def scores_at(shift):
    turned_q, turned_k = Rotary().turn(q, m + shift), Rotary().turn(k, n + shift)
    return (turned_q * turned_k).sum(dim=-1)

moved = max((scores_at(0) - scores_at(s)).abs().max().item() for s in (1, 50, 500))
print(f"largest score {scores_at(0).abs().max():.1f}, moved by {moved:.0e} at most")
assert moved < 1e-3

# %% [markdown]
# ## Say it outright
#
# If the score should depend on the distance, why not subtract the distance? That is *ALiBi*, attention with linear biases ([Press et al., 2022](../book/references.md#press2022)). Each head subtracts it at another rate, its slope. With two heads the slopes are 1/16 and 1/256.

# %% tags=["shows:afterword.model.positions.ALiBi"]
from dataclasses import dataclass

@dataclass(frozen=True)
class ALiBi(Positions):
    def bias(self, places, asked, *, n_heads):
        heads = torch.arange(1, n_heads + 1, device=places.device)
        slopes = 2.0 ** (-8 * heads / n_heads)
        distance = (places.unsqueeze(-1) - asked.unsqueeze(-2)).abs()
        return -slopes[:, None, None] * distance.unsqueeze(-3)

# %%
bias = ALiBi().bias(places, places, n_heads=2)  # [H, T, S]
theirs = positions.ALiBi().bias(places, places, n_heads=2)
assert torch.equal(bias, theirs)
(bias[:, 5] * 256).int().tolist()

# %% [markdown]
# Counted in parts of 256, the last word takes 80 off the score of the first word in one head and 5 in the other. They are five places apart: 5 × 16 and 5 × 1. <!-- number five, 16, 1: 256 times the slopes -->
#
# ## And none
#
# The fifth scheme does nothing. That is no joke. When a model writes, no word sees a later one, and this mask alone tells some of the order: the first word sees only itself, the second two words, and a second layer can make use of it ([Haviv et al., 2022](../book/references.md#haviv2022)). <!-- number two: itself and the first --> Here are our line and its shuffle, last word, in small models that were never trained (`GPT`, which chapter 4 builds, has the mask).

# %%
from afterword.model.gpt import GPT

ids = torch.stack([line, line[shuffled]])
for n_layers in [1, 2]:
    sizes = dict(vocab_size=4, d_model=16, n_heads=2, n_layers=n_layers)
    torch.manual_seed(0)
    model = GPT(small(**sizes, positions=NoPositions()))
    one, other = model(ids)[:, -1]
    print(f"{n_layers} layer(s): they differ by {(one - other).abs().max():.0e}")

# %% [markdown]
# With one layer the last word sees a bag. With two it does not: what it sees has seen the order. <!-- number two: the second model -->
#
# So order can come in at three doors. Learned vectors and waves are added to the words, `add`. Rotary turns queries and keys, `rotation`. ALiBi changes the scores, `bias`. Every scheme of the package has all three, and leaves alone those that it does not use. <!-- number three: add, rotation, bias -->
#
# ## An experiment: beyond the trained length
#
# *Sinusoidal positions let a model read longer texts than it was trained on.* The inventors wrote that they may ([Vaswani et al., 2017](../book/references.md#vaswani2017)), and many articles say that they do. Let us see. Five models differ in their positions and in nothing else. They learn from windows of 16 letters of Shakespeare, and are then given 64. The waves are made small, for the embeddings begin small and would drown in waves of height one.

# %%
from afterword.text import corpora
from afterword.text.batches import random_batches, split_documents
from afterword.text.characters import CharTokenizer

works = {work.title: work.text for work in corpora.load("shakespeare")}
del works["The Passionate Pilgrim"]  # its poems stand elsewhere: chapter 1
chance = torch.Generator().manual_seed(4)
sides = split_documents(list(works.values()), share=0.1, rng=chance)
train_text, held_out_text = map("\n\n\n".join, sides)
chars = CharTokenizer.from_text(train_text)
train = torch.tensor(chars.encode(train_text), device=device)
held_out = torch.tensor(chars.encode(held_out_text), device=device)

# %%
from dataclasses import replace

config = small(
    vocab_size=chars.vocab_size, d_model=64, n_layers=2, context_length=16
)

def learn(scheme, seed, n_steps=300):
    rng = seed_everything(seed)
    model = GPT(replace(config, positions=scheme)).to(device)
    batches = random_batches(train, context_length=16, batch_size=32, rng=rng)
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.99), fused=True)
    for step, (inputs, targets) in enumerate(islice(batches, n_steps)):
        optimizer.param_groups[0]["lr"] = 4e-3 * (1 - step / n_steps)
        loss = F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        optimizer.zero_grad(), loss.backward(), optimizer.step()
    return model

# %% [markdown]
# How is a longer text judged fairly? If the first places held easy letters and the last ones hard letters, we should blame the place for the letters. So the windows overlap: each begins eight letters after the one before. Every letter is then judged in the first eight places of one window, in the next eight of another, and so on, with more and more text before it. Each seed has a stretch of its own.

# %%
@torch.no_grad()
def loss_by_place(model, seed, n_places=64):
    stretch = held_out[100_000 * (seed + 1) :]
    texts = stretch.unfold(0, 65, 8)[:512, : n_places + 1]  # [512 texts, places]
    inputs, targets = texts[:, :-1], texts[:, 1:]
    losses = F.cross_entropy(model(inputs).mT, targets, reduction="none")
    return losses.mean(dim=0).view(-1, 8).mean(dim=1).cpu()  # eight places together

# %% [markdown]
# Write down a guess: which of the five will rise after place 16? Ours: *learned* stops with an error, *none* and *sinusoidal* rise, *ALiBi* stays level as its inventors report, and *rotary*, which sees distances, goes on well for a while. <!-- number five: the schemes -->

# %%
schemes = dict(none=NoPositions(), learned=Learned(), ALiBi=positions.ALiBi())
schemes |= dict(sinusoidal=Sinusoidal(scale=0.05), rotary=Rotary())
models, runs = {}, {}

def measure(name, scheme):
    models[name] = [learn(scheme, seed) for seed in range(3)]
    n_places = 16 if name == "learned" else 64
    judged = [loss_by_place(models[name][k], k, n_places) for k in range(3)]
    runs[name] = torch.stack(judged)  # [3 seeds, eights of places]

for name, scheme in schemes.items():
    measure(name, scheme)

# %% mystnb={"image": {"alt": "Loss in nats per letter over the letters read, up to 64, for five schemes, as bands over three seeds. Up to 16 letters, the trained length, rotary is lowest and none highest. Learned ends there. Beyond, sinusoidal climbs steeply to far above all others, rotary climbs past none, none climbs slowly, and ALiBi stays level."}} tags=["hide-input"]
from afterword.plots.curves import plot_band

ends = range(8, 65, 8)
ax = plt.subplots(figsize=(4.8, 3.4))[1]
ideas = "floor accent human rival model".split()
colours = {name: COLOURS[idea] for name, idea in zip(runs, ideas)}
for name, losses in runs.items():
    label = {"learned": "", "rotary": "rotary\n"}.get(name, name)  # above "none"
    x_ends = ends[: losses.shape[1]]
    plot_band(x_ends, losses, label=label, color=colours[name], ax=ax)
end, pointer = (16, runs["learned"][:, 1].mean()), dict(arrowstyle="-")
style = dict(color=colours["learned"], arrowprops=pointer | {"color": "#999999"})
ax.annotate("learned", end, xytext=(20, 2.08), **style)
ax.axvline(16, color="#999999", linewidth=1, zorder=0)
ax.set(title="Only ALiBi stays level beyond the trained length", xticks=ends)
ax.set(xlabel="letters read; trained on 16", ylabel="nats per letter")
ax.set(xlim=(0, 65), ylim=(2.05, None))
plt.show()

# %% [markdown]
# Lines are means of three seeds, bands run from the least to the most. In numbers:

# %%
for name, losses in runs.items():
    at_16, at_64 = losses[:, 1], losses[:, -1]
    told = f"{name}: {at_16.mean():.2f} at letters 9 to 16"
    if name != "learned":
        rise = at_64 - at_16
        told += f", {at_64.mean():.2f} at 57 to 64, {rise.mean():+.2f}"
        told += f" ({rise.min():+.2f} to {rise.max():+.2f})"
    print(told)

# %% [markdown]
# We made the waves small. Is that why they fail? One model, seed 0, with waves of height one:

# %%
tall = loss_by_place(learn(Sinusoidal(), seed=0), seed=0)
print(f"height one: {tall[1]:.2f} at letters 9 to 16, {tall[-1] - tall[1]:+.2f}")
for name in ["sinusoidal", "none"]:
    losses = runs[name][0]
    print(f"{name}: {losses[1]:.2f}, {losses[-1] - losses[1]:+.2f}")

# %% [markdown]
# No: tall waves teach this model no more than no positions do, and beyond 16 letters its loss rises more.
#
# With *learned*, *none*, *sinusoidal* and, if 0.02 is level, *ALiBi* we were right. With *rotary* we were wrong. It is the best of all on 16 letters, at 2.13, and climbs as soon as there are more, to 2.56, above no positions at all. To turn by the distance is one thing; to know what a distance means that never came up in training is another.
#
# Against what should the numbers be held? Against cutting. Show the model only the last 16 letters of a long text, and it pays about what stands at letters 9 to 16, or less. By that measure the longer text did harm to all of them, next to none to ALiBi, and good to nobody. And the claim? Sinusoidal positions let a model *take* longer texts without an error. Reading them costs 2.81 nats a letter, more than the 2.49 of the bigram table. <!-- number 2.49: chapter 01 --> These are small models after a short training. But the inventors of ALiBi also found sinusoidal worst, rotary better and ALiBi best, in larger ones ([Press et al., 2022](../book/references.md#press2022)).
#
# ### Turn the base
#
# Why does rotary fail? One suspicion: in a text of 16 letters, a hand that needs more than 16 places for a turn has shown only a part of its circle. Beyond, it points where the model never saw it point. With base 10,000 seven of the eight waves are so long, with base 3 only one. If unseen angles are the whole trouble, base 3 should hardly rise.

# %%
measure("base 3", Rotary(base=3))
rises = {name: losses[:, -1] - losses[:, 1] for name, losses in runs.items()}
for name, base in [("base 3", 3), ("rotary", 10_000)]:
    at_16, rise = runs[name][:, 1], rises[name]
    n_longer = sum(2 * math.pi * base ** (i / 8) > 16 for i in range(8))
    print(f"{name}: {n_longer} of 8 waves longer than 16, {at_16.mean():.2f} nats, "
          f"then {rise.mean():+.2f} ({rise.min():+.2f} to {rise.max():+.2f})")
shares = rises["base 3"] / rises["rotary"]
print("of what it was:", [f"{share:.2f}" for share in shares])

# %% [markdown]
# The rise is little more than half of what it was, in each seed, and on 16 letters nothing is lost. That fits the suspicion, and is no proof: with base 3 all hands are fast, which changes more than what was seen. And the rise is far from gone. Something else is wrong with a longer text: perhaps that a fast hand comes round and makes far look near, perhaps that attention is spread over more letters. This experiment cannot tell. <!-- number half: 0.52 to 0.59, printed -->
#
# Turn it yourself. Above is the score of a vector with itself, when all its eight pairs are equally long, as a share of what it is at distance 0. Below are the places that each pair takes for one turn; those to the left of the mark came round in training. <!-- number eight: as in the model -->

# %% mystnb={"image": {"alt": "Score over the distance for base 10,000: it falls from 1 in waves and stays above zero nearly everywhere. Below, eight wavelengths on a logarithmic axis, from 6.3 to 19,869 places; only the first lies left of the mark at 16."}} tags=["hide-input"]
from afterword.plots.knob import live_base, score_by_distance

live_base(base=10_000, n_pairs=8, context_length=16)

# %%
ones, distances = torch.ones(1, 1, 129, 16), torch.arange(129)
turned = Rotary().turn(ones, distances)[0, 0]
scores = turned @ turned[0] / 16
in_figure = score_by_distance(distances, base=10_000, n_pairs=8)
assert torch.allclose(scores.double(), torch.tensor(in_figure), atol=1e-5)
print(f"at distance 16: {scores[16]:.2f}")

# %% [markdown]
# The figure computes in your browser what `Rotary` computes here. At a small base the line falls at once, and comes back where hands meet again. On the whole, at a million it falls less, and most hands stand still. Makers of models have gone that way as their texts grew longer:

# %%
from afterword.model import presets

for preset in [presets.llama, presets.smollm2, presets.qwen3]:
    theirs = preset()
    print(f"{preset.__name__}: base {theirs.positions.base:,.0f}, "
          f"made for {theirs.context_length:,} tokens")

# %% [markdown]
# ## Read it aloud
#
# The same prompt and the same dice, for two models, one of them with two lengths in view. <!-- number two, two: named in the cell -->

# %%
from afterword.sampling.generate import stream, write

def let_write(name, n_in_view):
    rng = torch.Generator(device).manual_seed(5)
    settings = dict(n_tokens=110, context_length=n_in_view, rng=rng)
    text = write(models[name][0], chars, "The sea keeps wh", **settings)
    print(f"--- {name}, {n_in_view} letters in view\n{text}\n")

for name, n_in_view in [("none", 16), ("rotary", 16), ("rotary", 64)]:
    let_write(name, n_in_view)

# %% [markdown]
# These are poor writers all, after a few seconds of training. Look for words. Without positions there is hardly one of more than three letters. With rotary, and as much in view as it was trained on, there are *his world* and *my pomp*. The same model, looking back over 64 letters, joins what should stand apart: *heroutThetant*. One sample proves nothing, so count: of the words that they write, how many does Shakespeare have?

# %%
known = set(re.findall(r"[a-z']+", train_text.lower()))
of_people = [w in known for w in re.findall(r"[a-z']+", held_out_text.lower())]
print(f"Shakespeare, held out: {sum(of_people) / len(of_people):.0%} are words")

def share_of_words(name, n_in_view):
    rng = torch.Generator(device).manual_seed(6)
    prompt = chars.encode("The sea keeps wh")
    start = torch.tensor([prompt] * 30, device=device)
    letters = stream(models[name][0], start, context_length=n_in_view, rng=rng)
    rows = torch.stack(list(islice(letters, 150)), dim=1)[:, 50:].tolist()
    texts = [chars.decode(row).lower() for row in rows]
    whole = [re.findall(r"[a-z']+", text)[1:-1] for text in texts]
    return torch.tensor([sum(w in known for w in t) / len(t) for t in whole])

judged = [("none", 16), ("rotary", 16), ("rotary", 64)]
judged += [("ALiBi", 16), ("ALiBi", 64)]
for name, n_in_view in judged:
    shares = share_of_words(name, n_in_view)
    half = 1.96 * shares.std() / math.sqrt(len(shares))
    print(f"{name}, {n_in_view} in view: {shares.mean():.0%} ± {half:.0%}")

# %% [markdown]
# The intervals are over 30 texts of one model each, of which we judge the last hundred letters; another seed might move them further. <!-- number hundred: from 50 to 150 --> In this one, rotary in its own length writes more real words than no positions do. Looking back over 64 letters costs it more than it had gained. ALiBi writes as well with 64 in view as with 16, and yet not as well as rotary in its own length: level is not the same as good.
#
# ## Exercises
#
# Each has a checker that says what went wrong, and a solution to unfold.
#
# > **Exercise 1.** *Easy, 10 minutes.* Write `places_for_a_turn(pair, d_head, base)`: how many places a pair of a rotary head takes for one full turn. A head of 16 numbers has eight pairs, counted from 0. <!-- number 16, eight, 0: what the checker asks -->

# %%
from afterword.exercises import ch03

def places_for_a_turn(pair, d_head, base):
    ...

ch03.check_turn(places_for_a_turn)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def places_for_a_turn(pair, d_head, base):
    return 2 * math.pi * base ** (pair / (d_head // 2))

ch03.check_turn(places_for_a_turn)

# %% [markdown]
# > **Exercise 2.** *Medium, 15 minutes.* If only the distance counts, why turn both? Write `score(q, k, distance)` for a query and a key, each a list of two numbers, turning just one of them, by one radian a place. Do not divide by √*d*. `distance` is the place of the query minus the place of the key. The result must be what rotary gives, whichever places they have. <!-- number two: what the checker asks -->

# %%
def score(q, k, distance):
    ...

ch03.check_score(score)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def score(q, k, distance):
    return (turn(q, distance) * torch.tensor(k)).sum().item()

ch03.check_score(score)

# %% [markdown]
# > **Exercise 3.** *Hard, 25 minutes.* A model comes to you whose query and key matrices were trained with neighbours as pairs: numbers 0 and 1, 2 and 3, and so on, in each head. Ours pairs the first numbers of a head with those that follow them, number $i$ with $i + P$. Write `to_halves(weight, n_heads)`: the same matrix, [n_heads × d_head, d_model], with its rows in another order, such that our `rotate` gives the scores that theirs gave. <!-- number 0, 1, 2, 3: the first two pairs -->

# %%
def to_halves(weight, n_heads):
    ...

ch03.check_halves(to_halves)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def to_halves(weight, n_heads):
    heads = weight.unflatten(0, (n_heads, -1, 2))  # [H, P, 2, D]
    return heads.transpose(1, 2).flatten(0, 2)  # firsts of all pairs, then seconds

ch03.check_halves(to_halves)

# %% [markdown]
# ## What you now have
#
# You can tell a model the order of its words in five ways, <!-- number five: four schemes, and none --> and know through which door each comes in. You have derived rotary from one wish, and seen that a wish granted is not yet a skill: distances that never came up in training mean nothing to the model, however neatly they are computed. And you know three tests to run on any scheme. <!-- number three: as follow --> Shuffle, and see that the answer changes. Shift, and see what does not. Lengthen, and compare the loss with that of the text cut short.
#
# Attention can look, and it knows where it looks. What is still missing is all that stands around it: the stream into which every layer adds, the norms that keep it in bounds, the part that thinks at each place alone. [The next chapter](04_transformer.ipynb) builds the whole machine.
