# %% [markdown]
# # 2 · How does one word look at another?
#
# > *the sea keeps what the sea takes*
#
# Read the line again and stop before the last word. What told you that it would be a verb? Not the word before it alone, for *the sea* may do many things. It was *keeps*, and that it was again *the sea*. Your eye went back to some words and passed over others. A table of counts cannot do that. It looks at the last few words, always the same few places, and takes them as they are.
#
# In this chapter you build the part of a language model that chooses where to look. By hand it takes six words and a pencil; at the end it is a class of fourteen lines that gives PyTorch's own numbers. On the way you will let a word peek into the future by mistake, test four things that are often said about attention, and take it away from a network that copies strings, to see what is lost. <!-- number six, fourteen, four: the words, the class and the claims below -->
#
# **Needs** chapter 1. **Time** about 70 seconds and 0.5 GB on two CPU cores, which is what Colab lends; not yet timed on a T4. Where there is a GPU the same cells use it; nothing here wants one. **You will have** `attention`, `causal_mask` and multi-head attention, equal to PyTorch's in values and gradients.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/afterword-book/afterword/blob/main/chapters/02_attention.ipynb)

# %%
import importlib.util, math, subprocess, sys
if importlib.util.find_spec("afterword") is None:  # on Colab; its torch stays
    source = "afterword @ git+https://github.com/afterword-book/afterword@main"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", source]
    subprocess.run([*pip, "jaxtyping", "wadler-lindig"], check=True)
import matplotlib.pyplot as plt, torch, torch.nn.functional as F
from torch import nn
from afterword.plots.style import COLOURS, use_style
from afterword.runtime import choose_device, seed_everything

use_style()
torch.set_printoptions(precision=3, sci_mode=False)
rng = seed_everything(2)

# %% [markdown]
# ## Six words, three numbers each
#
# A network cannot multiply words. Each word has to become a list of numbers first, its *embedding*. Real ones are hundreds long, and learnt. Ours are three long and made up, so that a pencil can follow: *how watery* the word is, *how much of a deed*, *how much of a filler*. <!-- number six, three: the rows and columns of x below -->

# %%
words = "the sea keeps what the sea".split()
x = torch.tensor([[0, 0, 1],  # the
                  [3, 0, 0],  # sea
                  [0, 2, 0],  # keeps
                  [0, 0, 2],  # what
                  [0, 0, 1],  # the
                  [3, 0, 0]], dtype=torch.float)  # sea

# %% [markdown]
# Stand on the last word and look back. Which of the words are like this one? Multiply entry by entry and add, the *dot product*: it is large where both lists are large in the same place.

# %%
likeness = []
for word in x:
    likeness.append(sum(a * b for a, b in zip(x[5], word)).item())

likeness

# %% [markdown]
# Nine is 3 × 3: *sea* finds *sea*, twice, and nothing else. The loop is one matrix product, and the table of all words with all words is another. Row *i* says what word *i* finds.

# %%
assert (x @ x[5]).tolist() == likeness
table = x @ x.T
assert table[5].tolist() == likeness
table

# %% [markdown]
# ## From likeness to shares
#
# We want to mix the words, so much of this and so much of that. The parts must add up to the whole. Why not divide each likeness by the sum? Let us say that to keep is a dry thing to do, and give *keeps* a watery −1.

# %%
dry = x.clone()
dry[2, 0] = -1
scores = dry @ x[5]
scores / scores.sum()

# %% [markdown]
# They do add up, but one share is below zero. A recipe cannot call for minus a fifth of a word. And with scores of 3 and −3 the sum would be 0, with nothing to divide by. <!-- number 3, −3, 0: an example --> The *softmax* of chapter 1 has neither trouble: raise *e* to each score, which makes it positive and keeps the order, then divide.

# %%
def softmax(scores):
    raised = scores.exp()
    return raised / raised.sum(dim=-1, keepdim=True)

shares = softmax(x @ x[5])
print(shares)
print(f"{math.exp(9):.0f} of {2 * math.exp(9) + 4:.0f}")
assert math.isclose(shares[1], math.exp(9) / (2 * math.exp(9) + 4), rel_tol=1e-6)

# %% [markdown]
# By pencil: $e^9$ is 8103 and $e^0$ is 1. The sum is 2 × 8103 + 4 = 16210, and each *sea* gets almost half. One caution. At a score of 1000 our softmax breaks, since $e^{1000}$ is more than a float can hold. Torch subtracts the largest score from all of them first, which changes no share. Why not? Because numerator and denominator are both divided by the same number. From here on we use torch's.

# %%
far_apart = torch.tensor([1000.0, 0.0])
print(softmax(far_apart), far_apart.softmax(dim=-1))

# %% [markdown]
# Now the mixture: take each word by its share, and add.

# %%
shares @ x

# %% [markdown]
# Nearly (3, 0, 0), the very thing we began with. *Sea* looked for what is like *sea*, found itself and its double, and has learnt nothing. <!-- number 3, 0: its embedding above -->
#
# ## Questions, labels and answers
#
# What would *sea* like to know? Perhaps what it does. That is a question about a deed, and a question need not resemble who asks it. So each word gets three lists, each computed from its embedding by a matrix of its own. <!-- number three: named in the next sentence --> The *query* is what it asks for, the *key* is by what it can be found, the *value* is what it hands over. The names come from looking things up, where a key fits or does not. Here it fits more or less.
#
# Our matrices again are made up. Read a matrix by rows: row 1 says what becomes of *watery*, row 2 of *deed*, row 3 of *filler*. The first row of `ask`, (0, 1, 0), turns watery into a question for a deed. <!-- number 2: the rows below --> Whoever is watery asks for a deed, and a deed asks for something watery. Fillers ask for nothing. All can be found by what they are, and hand it over, except that fillers keep silent.

# %%
ask = torch.tensor([[0.0, 1, 0], [1, 0, 0], [0, 0, 0]])
be_found = torch.eye(3)
hand_over = torch.diag(torch.tensor([1.0, 1, 0]))
q, k, v = x @ ask, x @ be_found, x @ hand_over
print("sea asks", q[5].tolist(), "and finds", (k @ q[5]).tolist())

# %% [markdown]
# The *sea* that was (3, 0, 0) asks with (0, 3, 0), and 3 × 2 = 6 is found at *keeps*. Here is the whole of attention for a single word, as a loop. It scores, takes shares, mixes. <!-- number 3, 2: in the two cells above -->

# %%
def look_around(query, keys, values):
    scores = [sum(a * b for a, b in zip(query, key)) for key in keys]
    raised = [math.exp(score) for score in scores]
    mixed = [0.0] * len(values[0])
    for weight, value in zip(raised, values):
        for i in range(len(mixed)):
            mixed[i] += weight / sum(raised) * value[i]
    return mixed

by_loop = [look_around(word, k.tolist(), v.tolist()) for word in q.tolist()]
print(torch.tensor(by_loop[5]))

# %% [markdown]
# With a pencil: $e^6$ is 403.4, so *keeps* gets 403.4 out of 408.4, or 0.988, and hands over 2 of it: 1.976 of a deed. *Sea* now knows that it keeps.

# %%
share = math.exp(6) / (math.exp(6) + 5)
print(f"{math.exp(6):.1f}, {math.exp(6) + 5:.1f}, {share:.3f}, {2 * share:.3f}")
assert math.isclose(2 * share, by_loop[5][1])

# %% [markdown]
# Every word can ask at once: the queries are the rows of one matrix, and the loops become two products. The shares of all words make a table, the *weights* of attention. (The learnt numbers of a network are called weights too. We say so when we mean those.)

# %%
weights = (q @ k.T).softmax(dim=-1)
context = weights @ v
torch.testing.assert_close(context, torch.tensor(by_loop))
assert weights.shape == (6, 6)
assert context.shape == (6, 3)

# %% mystnb={"image": {"alt": "A table of six rows, the words that ask, and six columns, the words asked. Both rows of sea hold 0.99 under keeps. The row of keeps holds 0.50 under each sea. The rows of the and what hold 0.17 everywhere."}} tags=["hide-input"]
from afterword.plots.tables import plot_table

ax = plot_table(weights, words, words)
ax.set(title="Sea asks for a deed, the deed for the sea", xlabel="is asked")
ax.set_ylabel("asks")
plt.show()

# %% [markdown]
# Look at the rows of *the* and *what*. They ask for nothing, so all their scores are 0, and softmax gives everyone a sixth. It has no way to say *nobody*: the shares must go somewhere. Keep this in mind when you are shown a picture of attention.
#
# ## Claim: *the context is the weights times the keys*
#
# You will find attention described like this: weigh the keys by how well they match, and add them up. It sounds right. Here it is even almost the same thing, since our values are our keys less the fillers.

# %%
print("times the keys:  ", (weights @ k)[0])
print("times the values:", (weights @ v)[0])

# %% [markdown]
# The first word got filler that nobody handed over. But the trouble lies deeper. A key exists only to be matched with queries. Turn all the queries and all the keys by the same quarter turn, so that (a, b, c) becomes (−b, a, c), and no score changes. So nothing that the words tell each other should change either.

# %%
turn = torch.tensor([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]])
turned = ((q @ turn) @ (k @ turn).T).softmax(dim=-1)
assert torch.equal(turned, weights)
print("times the keys:  ", (turned @ (k @ turn))[5])
print("times the values:", (turned @ v)[5])

# %% [markdown]
# The mixture of values stays as it was, and the mixture of keys has turned: the deed of *sea* is now minus two of something watery. <!-- number two: the −1.98 that is printed --> Keys say where to look, values say what is there. (Chapter 3 makes use of this freedom to turn.)
#
# ## Not what comes later
#
# When a model writes, the next word is not there yet. When it learns, the whole text lies before it, and it must not peek: *keeps* may not be guessed by looking at *keeps*. So word *i* may look at words up to *i* and at none after. Allowed is a triangle.

# %%
allowed = torch.ones(6, 6).tril().bool()
allowed[:3].int()

# %% [markdown]
# It is tempting to compute the shares as before and strike out those that are not allowed.

# %%
struck = weights * allowed
struck.sum(dim=-1)

# %% [markdown]
# These are the sums of the rows, and they should all be 1. The first *sea*, in the second row, had given almost everything to *keeps*, which comes later. It is left with 0.005 of a word. One could divide by what is left, and that would be right. Without it, there is something worse than a small sum: the later words have been seen. Put another *keeps* in place of the last word, and look at what is left to the first *sea*.

# %%
other = x.clone()
other[5] = x[2]  # a second deed instead of the sea
peeked = ((other @ ask) @ other.T).softmax(dim=-1) * allowed
print(f"the last word sea:     {struck[1].sum():.4f}")
print(f"the last word changed: {peeked[1].sum():.4f}")

# %% [markdown]
# What is left to the second word has halved because the sixth word changed. The share was struck out after the sum under the fraction had seen it. In training a model could learn to read such hints, and its loss would look better than it is. In writing there is nothing to read them from.
#
# So the mask goes in before the softmax. A score of minus infinity becomes a share of exactly zero, in the fraction and under it.

# %%
hidden = (q @ k.T).masked_fill(~allowed, -math.inf)
weights = hidden.softmax(dim=-1)
torch.testing.assert_close(weights.sum(dim=-1), torch.ones(6))
peeked = ((other @ ask) @ other.T).masked_fill(~allowed, -math.inf)
assert torch.equal(peeked.softmax(dim=-1)[:5], weights[:5])

# %% [markdown]
# Now each word looks back, and only back. An arc leads from a word to one before it, and is as thick as its share. (What a word keeps for itself is left out.)

# %% mystnb={"figure": {"caption": "Six words, and whom each of them looks at. The next word is not there yet."}, "image": {"alt": "The six words of the line in a row, and after them, pale, takes, which none of them sees. A broad arc leads from the last sea back to keeps. Grey arcs join the others to the words before them: a thick one from keeps to the first sea, and thin ones from what and the second the to all that stands before."}} tags=["hide-input", "opening"]
from afterword.plots.words import plot_arcs

plot_arcs(weights, words, ahead="takes")
plt.show()

# %% [markdown]
# The first *sea* asked for a deed and there is none yet, so it looks at what there is. The last *sea*, the same word with the same question, finds one.
#
# ## Claim: *the dot product needs no scaling*
#
# One thing is missing, and with three numbers to a word you would never notice. <!-- number three: above --> A dot product is a sum. With more numbers in it, it grows. Let the entries of queries and keys be drawn from a bell curve with variance 1. Each product then has variance 1 as well, and a sum of *d* independent ones has variance *d*. Measured:

# %%
def draw_scores(d, rng, n=400):
    q = torch.randn(n, 1, d, generator=rng, requires_grad=True)
    k = torch.randn(n, 6, d, generator=rng)
    return q, (q @ k.mT).squeeze(1)

for d in [4, 64, 1_024]:
    _, scores = draw_scores(d, rng, n=2_000)
    largest = scores.softmax(dim=-1).amax(dim=-1).mean()
    scaled = (scores / math.sqrt(d)).softmax(dim=-1).amax(dim=-1).mean()
    print(f"d = {d}: variance {scores.var():.1f}, largest of six shares "
          f"{largest:.2f}, after division by √d {scaled:.2f}")

# %% [markdown]
# With 1,024 numbers the scores spread over dozens of units, and softmax, which knows only differences, gives nearly everything to the largest. A variance of *d* is a spread of √*d*. Divide the scores by that and the variance is 1 again, whatever the width ([Vaswani et al., 2017](../book/references.md#vaswani2017)).
#
# Is it bad to be decided? At the beginning of training, yes: the queries are random, so the decision is too, and it must be unlearnt. What unlearns it is the *gradient*: for each number that went in, the slope, how much the result rises when that number rises a little. Training moves each number along its slope, so where the slope is nothing, nothing is learnt. Torch works it out: after `backward()` it lies in `.grad`. The slope of a share *p* by its own score is *p*(1 − *p*). That is 0.25 at one half and almost nothing near 1. (By the other score, of two, it is the same with a minus.) Before you look, guess: from *d* = 4 to 1,024 without scaling, how much smaller does the gradient get? Ours was, as the articles say, that it vanishes.

# %%
score = torch.zeros(2, requires_grad=True)
score.softmax(dim=-1)[0].backward()
print(score.grad)

def gradient_sizes(d, scale, rng):
    q, scores = draw_scores(d, rng)
    (scores * scale).softmax(dim=-1).amax(dim=-1).sum().backward()
    return q.grad.norm(dim=-1).flatten()  # one for each of the queries

# %%
widths = [4, 16, 64, 256, 1_024]
powers, sizes = {"plain": 0, "scaled": -0.5}, {}
for name, power in powers.items():
    rngs = [torch.Generator().manual_seed(seed) for seed in range(5)]
    runs = [gradient_sizes(d, d**power, rng) for rng in rngs for d in widths]
    sizes[name] = torch.stack(runs).view(5, 5, -1)  # seed, width, query

for name, each in sizes.items():
    print(f"{name}, mean:  ", each.mean(dim=(0, 2)))
    print(f"{name}, median:", each.median(dim=2).values.mean(dim=0))

# %% mystnb={"image": {"alt": "Median size of the gradient that reaches a query, over the width d from 4 to 1,024, with bands over five seeds. Scaled by the root of d it stays level. Without scaling it first rises, then falls to nothing."}} tags=["hide-input"]
from afterword.plots.curves import plot_band

ax = None
for name, label in [("plain", "q·k"), ("scaled", "q·k / √d")]:
    colour = COLOURS["model" if name == "scaled" else "rival"]
    medians = sizes[name].median(dim=2).values
    ax = plot_band(range(5), medians, label=label, color=colour, ax=ax)
ax.set(title="Unscaled, the typical query gets no gradient", ylim=(-0.04, None))
ax.set(xlabel="d, numbers in a query", ylabel="median size of the gradient")
ax.set_xticks(range(5), [f"{d:,}" for d in widths])
plt.show()

# %%
one_percent = 0.01 * sizes["scaled"][:, -1].mean()
starved = (sizes["plain"][:, -1] < one_percent).float().mean(dim=1)
print(f"of d = 1,024: {starved.min():.0%} to {starved.max():.0%} of the queries")
assert sizes["plain"][:, -1].mean() > sizes["scaled"][:, -1].mean()

# %% [markdown]
# We were half right. At first the median rises; then it goes to nothing: at the greatest width between 61% and 71% of the queries get less than a hundredth of a scaled gradient. The *mean* does not shrink, it more than doubles. Keys get longer with *d*, and the few queries that stand right between two keys are pulled very hard. So "the gradients vanish" is true of most words and false of the average: most hear nothing, and some are shouted at. (All this on random queries and keys. What training makes of it, we have not measured.)
#
# ## The function
#
# Query, key, value, mask and scale, all together. This is the package's definition as it stands; `k.mT` is *k* with its last two axes exchanged. <!-- number two: by definition of mT --> (`bias` is for chapter 3.) A query that may look at nothing would divide zero by zero, so that is refused.

# %% tags=["shows:afterword.model.attention.attention"]
from afterword.model.attention import refuse_blind_rows

def attention(q, k, v, allowed=None, *, bias=0.0):
    scores = q / math.sqrt(q.shape[-1]) @ k.mT + bias  # [..., T, S]
    if allowed is not None:
        refuse_blind_rows(allowed)
        scores = scores.masked_fill(~allowed, -math.inf)
    return scores.softmax(dim=-1) @ v

# %% [markdown]
# $$\operatorname{attention}(Q, K, V) = \operatorname{softmax}\!\left(\frac{Q K^\top}{\sqrt{d}}\right) V \tag{1}$$
#
# *T* positions ask and *S* are asked. Any number of axes may stand in front of these, for texts and soon for heads. When a text looks at itself, *T* and *S* are equal. When it is being written, the words asking are the last few, and the mask has its corner at the lower right.

# %% tags=["shows:afterword.model.attention.causal_mask"]
def causal_mask(n_queries, n_keys, *, device=None):
    if n_queries > n_keys:
        raise ValueError(
            f"{n_queries} queries, {n_keys} keys: the first queries would stand "
            "before the first key and see nothing; give at least as many keys as "
            "queries"
        )
    every = torch.ones(n_queries, n_keys, dtype=torch.bool, device=device)
    return every.tril(n_keys - n_queries)

# %%
from afterword.model import attention as package

assert causal_mask(6, 6).equal(allowed)
assert causal_mask(2, 3).int().tolist() == [[1, 1, 0], [1, 1, 1]]
context = attention(q, k, v, causal_mask(6, 6))
assert package.attention(q, k, v, allowed).equal(context)
assert package.causal_mask(6, 6).equal(allowed)
print(context[5], 1 / (1 + 5 * math.exp(-6 / math.sqrt(3))))

# %% [markdown]
# *Sea* is a little less decided than before: the score 6 has become 6/√3, and *keeps* gets 0.865 and hands over 1.729. With the identity matrix for values, the result is the weights themselves. We shall use that to look at them.
#
# Now the loop, the matrices, the function, and the kernel that PyTorch runs, which works block by block and never holds the whole table ([Dao et al., 2022](../book/references.md#dao2022)). If they are one thing, they have the same values, and the same gradients, which `autograd.grad` hands back.

# %%
def gradients(attend):
    inputs = [each.clone().requires_grad_() for each in (q, k, v)]
    result = attend(*inputs)
    return [result, *torch.autograd.grad(result.square().sum(), inputs)]

def by_torch(q, k, v):
    batch = (each[None, None] for each in (q, k, v))  # one text, one head
    return F.scaled_dot_product_attention(*batch, is_causal=True)[0, 0]

ours = gradients(lambda q, k, v: attention(q, k, v, allowed))
torch.testing.assert_close(gradients(by_torch), ours)
rows = [look_around(q[i] / math.sqrt(3), k[: i + 1], v[: i + 1]) for i in range(6)]
torch.testing.assert_close(torch.tensor(rows), context)

# %% [markdown]
# `assert_close` allows differences in the sixth digit, since the sums are taken in another order.
#
# ## Several heads
#
# A word may have more than one question. *Sea* would like to know what it does, and also whether it has been here before. A single softmax has one whole to share out, so the two questions would fight over it. <!-- number two: named in the sentence before --> Give each question its own attention, called a *head*. To keep the cost the same, the heads share the width of the queries, keys and values. Ours is three, so three heads get a number each. <!-- number three: above --> Each of these numbers is still computed from the whole embedding.

# %%
asks = torch.tensor([[1.0, 0, 0], [1, 0, 0], [0, 1, 0]])  # one row a head
finds = torch.tensor([[1.0, 0, 0], [0, 1, 0], [1, 0, 0]])
q, k, v = x @ asks.T, x @ finds.T, x @ finds.T
for h in range(3):
    print(f"head {h + 1}: sea asks with {q[5, h]:.0f} and finds {k[:, h].tolist()}")

# %% [markdown]
# The first head looks for water when it is water: *again?* The second, when it is water, looks for a deed: *doing what?* In the third a deed looks for water: *done by whom?* To cut the width into heads, each row of three is folded into three rows of one, and the axis of heads is moved to the front, where `attention` leaves it alone. <!-- number three: the heads above -->

# %%
def split(x, n_heads):  # [T, D] to [H, T, K]
    return x.unflatten(-1, (n_heads, -1)).transpose(-3, -2)

heads = [split(each, 3) for each in (q, k, v)]
print(*(each.shape for each in heads))
looks = attention(heads[0], heads[1], torch.eye(6), allowed)
assert math.isclose(looks[1, 5, 2], math.exp(6) / (math.exp(6) + 5), rel_tol=1e-6)

# %% [markdown]
# Each head is one number wide, so √*d* is 1 and the old 0.988 is back. Choose a word below, by pointing, tapping or with the tab key, and see whom it looks at. Try the first *sea* against the last. Which head has found something, and which only spreads what it must give away?

# %% mystnb={"image": {"alt": "Live figure: choose one of the six words and see in three heads which words it looks at, as bars. In still form, three tables. In the first head the last sea looks half at each sea; in the second it looks at keeps with 0.99; in the third it has no question and looks at all six alike."}} tags=["hide-input"]
from afterword.plots.live import live_attention

names = ["head 1: again?", "head 2: doing what?", "head 3: done by whom?"]
live_attention(looks, words, words, heads=names)

# %% [markdown]
# What the heads found is laid side by side, a number each, into a row of three, and one more matrix mixes it. <!-- number three: the width --> Here is the whole, for any width, with learnt matrices in place of ours. `memory` is the text that is asked: `x` itself, or another one. `nn.Linear(a, b)` is a learnt matrix, and a list that is added after it. It keeps its matrix with one row for each number that comes out, which is why `asks` and `finds` above were turned by `.T`. `nn.Module` collects what is to be learnt.

# %% tags=["except:shown the package's class does more that later chapters need"]
class MultiHead(nn.Module):
    def __init__(self, d_model, n_heads):
        super().__init__()
        self.n_heads = n_heads
        matrices = (nn.Linear(d_model, d_model) for _ in range(4))
        self.query, self.key, self.value, self.output = matrices

    def weights(self, x, memory, allowed=None):  # [..., H, T, S]
        asked = self.query(x), self.key(memory)
        q, k = (split(each, self.n_heads) for each in asked)
        return attention(q, k, torch.eye(k.shape[-2], device=k.device), allowed)

    def forward(self, x, memory, allowed=None):
        v = split(self.value(memory), self.n_heads)
        mixed = self.weights(x, memory, allowed) @ v  # [..., H, T, K]
        return self.output(mixed.transpose(-3, -2).flatten(-2))

# %% [markdown]
# First with our made-up matrices, so that the class must give what the hand gave.

# %%
layer = MultiHead(3, n_heads=3)
made_up = {"query": asks, "key": finds, "value": finds, "output": torch.eye(3)}
for name, matrix in made_up.items():
    getattr(layer, name).weight.data = matrix
    nn.init.zeros_(getattr(layer, name).bias)

by_hand = (looks @ heads[2]).squeeze(-1).T  # three heads side by side
torch.testing.assert_close(layer(x, x, allowed), by_hand)
by_hand[[1, 5]]

# %% [markdown]
# The last *sea* holds 3.0 from the first head, 1.976 of the deed, and 1 from the head that asked nothing: of its six words two hold 3, and the mean is 1. <!-- number 3.0, 1, six, two, 3: from the cell above and the embeddings --> But look at the first *sea*: it holds 3.0 as well, for it has found itself. A mean cannot count, so this head does not yet know *again* from *here I am*. Now random matrices, and the same matrices copied into the package's class and into PyTorch's.

# %%
from afterword.model.presets import gpt2

layer = MultiHead(3, n_heads=3)
packaged = package.MultiHeadAttention(gpt2(d_model=3, n_heads=3))
packaged.load_state_dict(layer.state_dict())
torchs = nn.MultiheadAttention(3, 3)
torchs.out_proj = layer.output
with torch.no_grad():
    for name in ["weight", "bias"]:
        parts = layer.query, layer.key, layer.value
        stacked = torch.cat([getattr(part, name) for part in parts])
        getattr(torchs, f"in_proj_{name}").copy_(stacked)

# %%
inputs = x.clone().requires_grad_()
results = [layer(inputs, inputs, allowed),
           packaged(inputs[None], package.View(allowed))[0],
           torchs(inputs, inputs, inputs, attn_mask=~allowed)[0]]
slopes = [torch.autograd.grad(out.square().sum(), inputs)[0] for out in results]
for i in [1, 2]:
    torch.testing.assert_close(results[i], results[0])
    torch.testing.assert_close(slopes[i], slopes[0])

# %% [markdown]
# Mind the `~`: in `nn.MultiheadAttention` a mask is true where a position may *not* look, in `scaled_dot_product_attention` where it may. Both are torch's. Ours says what is allowed.
#
# ## Claim: *each head reads its own part of the text*
#
# *"Multi-head attention splits the sequence into sub-sequences."* In code, that is a slip of one line: fold the whole array in place of the width. The shapes still fit, and our class would run and give a [6, 3]. <!-- number 3: the width -->

# %%
def split_wrong(x, n_heads):
    return x.reshape(n_heads, len(x), -1)

def n_words_seen(split):
    inputs = x.clone().requires_grad_()
    parts = layer.query, layer.key, layer.value
    q, k, v = (split(part(inputs), 3) for part in parts)
    for head in attention(q, k, v):
        last = head[-1].sum()
        slope, = torch.autograd.grad(last, inputs, retain_graph=True)
        yield slope.abs().sum(dim=-1).gt(0).sum().item()

print("the sequence cut:", *n_words_seen(split_wrong))
print("the width cut:   ", *n_words_seen(split))

# %% [markdown]
# For the last position of each head we asked which of the words could change its result, by the gradient. Cut by sequence, a head knows two words and none of the others: *sea* could never find *keeps*. Cut by width, as in every Transformer, each head sees all six, and has a third of the numbers to see them with. <!-- number a third: three heads share it -->
#
# ## What is missing?
#
# Take the mask away and shuffle the words.

# %%
order = torch.randperm(6, generator=rng)
shuffled = x[order]
print(" ".join(words[i] for i in order))
torch.testing.assert_close(layer(shuffled, shuffled), layer(x, x)[order])

# %% [markdown]
# The results are the old ones, shuffled in the same way. This is called *permutation equivariance*. Not a number in the layer depends on where a word stands: each asks all, and a sum does not care for order. So *the sea keeps what the sailor takes* and *the sailor keeps what the sea takes* are to it the same bag of words. And if a word occurs twice?

# %%
result = layer(x, x)
assert result[0].equal(result[4])  # the, the
assert result[1].equal(result[5])  # sea, sea
masked = layer(x, x, allowed)
print((masked[1] - masked[5]).abs().max())

# %% [markdown]
# Without the mask, the two *seas* cannot be told apart by any number of layers. <!-- number two: words 2 and 6 --> The mask helps, since the first has less to look at. Before you turn to chapter 3, where positions come in, write down how you would tell the layer where a word stands. There are at least three places to do it. <!-- number three: embeddings, queries and keys, scores -->
#
# ## Claim: *a Transformer squeezes the text into one vector*
#
# *"An encoder squeezes the text into one fixed-length vector, and a decoder unrolls it."* You will read this about Transformers. It was said of the models before them: one recurrent network reads a sentence, and its last state, a single vector, is all that a second one gets for writing ([Sutskever et al., 2014](../book/references.md#sutskever2014)). Attention was added to that design so that the writer can look back at every state of the reader ([Bahdanau et al., 2015](../book/references.md#bahdanau2015)). What does the look back buy?
#
# Read a string of random letters, then write it down again. Reader and writer are GRUs, networks that take in one letter at a time and carry a state of 64 numbers along ([Cho et al., 2014](../book/references.md#cho2014)). The writer asks a memory with the class you have built. When one text asks another, it is *cross-attention*; when a text asks itself, *self-attention*. In one model the memory is all states of the reader; in the other, its last state only. (Both begin to write from the last state, as was usual.)

# %% tags=["except:shown a model of this chapter alone"]
class Copier(nn.Module):
    def __init__(self, looks_back, d_model=64):
        super().__init__()
        self.looks_back = looks_back
        self.embedding = nn.Embedding(11, d_model)  # ten letters and a start
        self.reader = nn.GRU(d_model, d_model, batch_first=True)
        self.writer = nn.GRU(d_model, d_model, batch_first=True)
        self.look = MultiHead(d_model, n_heads=1)
        self.logits = nn.Linear(d_model, 10)

    def read(self, letters):
        states, last = self.reader(self.embedding(letters))
        return (states if self.looks_back else states[:, -1:]), last

    def step(self, ids, memory, state):
        x, state = self.writer(self.embedding(ids), state)
        return self.logits(x + self.look(x, memory)), state

# %% [markdown]
# One line differs, the memory. Parameters, first matrices, steps and strings are the same. (With a single state to look at, its share is always 1, so the queries and keys of the second model lie idle.) The loop is chapter 5's matter. In short: show a string, add up the surprise at each letter, and move every learnt number a little downhill. The writer is shown the letters before the one it must write, as in chapter 1.

# %%
device = choose_device()

def random_letters(n, length, rng):
    return torch.randint(10, (n, length), generator=rng).to(device)

def shifted(letters):  # what has been written before each letter
    return F.pad(letters[:, :-1], (1, 0), value=10)

assert shifted(torch.tensor([[7, 8, 9]])).tolist() == [[10, 7, 8]]

# %% tags=["except:shown the training loop is built in chapter 5"]
def train(looks_back, seed, n_steps=600):
    rng, model = seed_everything(seed), Copier(looks_back).to(device)
    optimizer = torch.optim.AdamW(model.parameters())
    pace = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, n_steps)
    for _ in range(n_steps):
        length = torch.randint(1, 17, (), generator=rng).item()
        letters = random_letters(64, length, rng)
        logits, _ = model.step(shifted(letters), *model.read(letters))
        loss = F.cross_entropy(logits.flatten(0, 1), letters.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        pace.step()
    return model

# %% [markdown]
# They are judged when they write alone, each letter fed back to write the next.

# %%
@torch.no_grad()
def write_down(model, letters):
    memory, state = model.read(letters)
    ids, written = shifted(letters)[:, :1], []
    for _ in range(letters.shape[1]):
        logits, state = model.step(ids, memory, state)
        ids = logits.argmax(dim=-1)
        written.append(ids)
    return torch.cat(written, dim=1)

def share_right(model, length, n=200):
    letters = random_letters(n, length, torch.Generator().manual_seed(99))
    return (write_down(model, letters) == letters).float().mean().item()

# %% [markdown]
# Trained on lengths 1 to 16, tried on lengths up to 24. Guess before you run it: from which length on will the fixed vector fail? Ours: up to eight letters there is no difference, for 64 numbers should have room for eight letters; then the fixed vector falls, while the other copies everything up to 16 and nothing much beyond, since it has never seen a seventeenth letter. <!-- number eight: our guess --> <!-- number 24: the range in the next cell -->

# %%
lengths = list(range(2, 25, 2))
models = {kind: [train(kind, seed) for seed in range(3)] for kind in (False, True)}
right = {kind: [[share_right(model, n) for n in lengths] for model in three]
         for kind, three in models.items()}

# %% mystnb={"image": {"alt": "Share of letters copied right over the length of the string from 2 to 24, as bands over three seeds. With attention the curve stays near the top up to length 16 and sinks slowly beyond. With one fixed vector it falls from length 4 on, to about a third at 16; chance is a tenth."}} tags=["hide-input"]
ax = plot_band(lengths, right[True], label="looks back", color=COLOURS["model"])
fixed = COLOURS["rival"]
plot_band(lengths, right[False], label="one vector", color=fixed, ax=ax)
ax.axhline(0.1, color=COLOURS["floor"], linewidth=1)
ax.text(2, 0.12, "chance", color=COLOURS["floor"])
ax.axvline(16, color=COLOURS["floor"], linewidth=1, linestyle=":")
ax.text(16.3, 0.03, "longer than any it was trained on", fontsize=8)
ax.set(title="A look back carries what one vector drops", ylim=(0, 1.05))
ax.set(xlabel="letters in the string", ylabel="share copied right")
ax.set_xticks(lengths[1::2])
plt.show()

# %%
for n in [4, 8, 16, 24]:
    at = {kind: [run[lengths.index(n)] for run in right[kind]] for kind in right}
    print(f"{n} letters: one vector {min(at[False]):.2f} to {max(at[False]):.2f}, "
          f"looking back {min(at[True]):.2f} to {max(at[True]):.2f}")
    assert n < 8 or min(at[True]) - max(at[False]) > 0.15
print(f"{16 * math.log2(10):.0f} bits in 16 letters, {64 * 32} in 64 floats")
longer = train(False, seed=0, n_steps=1_200)
print(f"one vector, twice the steps: {share_right(longer, 16):.2f} at 16")

# %% [markdown]
# (The lines are means over the seeds; the bands run from the least to the most.) We were wrong at both ends. The fixed vector misses letters from length 4 on, and by length 8 it has lost more than a third. And looking back does not stop at 16: at 24 letters, longer than any it was trained on, it still gets 0.85 to 0.88 of them right.
#
# Be careful with the reason. It is not that 64 numbers have no room: sixteen letters are 53 bits, and 64 floats hold 2,048. <!-- number sixteen: the length above --> What our experiment shows is that in the same number of steps, at the same pace, a look back is learnt nearly whole and a packing only for short strings. The idle queries and keys are a small handicap for the packing, and we have not looked for the pace that suits it best. With twice the steps one model (one seed) got to 0.38 at length 16. How far patience would carry it, we have not measured.
#
# So the sentence about the squeezed vector is true of the model without attention, and describes its weakness. A Transformer keeps a vector for every position.
#
# ## Read it aloud
#
# Ten letters, *a* to *j*, happen to spell a few words. Both models have only ever read random strings.

# %%
ALPHABET = "abcdefghij"

def to_ids(text):
    return torch.tensor([[ALPHABET.index(i) for i in text]], device=device)

def copied(model, text):
    return "".join(ALPHABET[i] for i in write_down(model, to_ids(text))[0])

for text in ["bad", "cabbage", "badhighjade", "deafcabbiefacedabighead"]:
    print(f"{text}: one vector {copied(models[False][0], text)}, "
          f"looking back {copied(models[True][0], text)}")

# %% [markdown]
# The fixed vector keeps the beginning and most of the letters, and loses their order: *cabbgae*. The last line is longer than any string of the training, and there the other model fails in a way of its own. After *deafcab* it goes on with *ighead*. Read the original: *ab* stands in it twice, in *cabbie* and in *dabighead*. It seems to have been led by what it had just written, and to have taken the wrong *ab*. When it came to the end, it went back and wrote *biefacedab*, the part it had skipped. Likeness cannot be all it goes by: in strings of 16 a pair of letters often comes twice, and there it seldom gets lost. One string, of a length it has never met, is a hint and no more. <!-- number twice, twice: two places in a string -->
#
# Where does it look? `weights` tells.

# %%
@torch.no_grad()
def looked_at(model, text):
    letters = to_ids(text)
    memory, state = model.read(letters)
    x, _ = model.writer(model.embedding(shifted(letters)), state)
    return model.look.weights(x, memory)[0, 0].cpu()  # the only text, the only head

shares = looked_at(models[True][0], "cabbage")
assert shares.shape == (7, 7)

# %% mystnb={"image": {"alt": "A table of seven rows, the letters of cabbage as they are written, and seven columns, the letters as they were read. Nearly all of the weight lies on the diagonal, also for the two a and the two b that stand side by side."}} tags=["hide-input"]
ax = plot_table(shares.where(shares >= 0.005, 0), "cabbage", "cabbage")
ax.set(title="Each letter looks at its own place", xlabel="was read")
ax.set_ylabel("is written")
plt.show()

# %% [markdown]
# The picture is what one hopes for. Letter by letter the model goes down the diagonal, and at the second *b* it looks mostly at the second. It is tempting to say more: *it fetches the letter from there*. Does it? Weights tell where a value came from, not what was in it, and whether they explain what a model does has been disputed ([Jain and Wallace, 2019](../book/references.md#jain2019)). So we put something else in the place that is looked at, and see what gets written.
#
# We take strings of ten letters and write the sixth. In its memory we replace one state, by what the reader would have there had the sixth letter alone been another; or, in the same place, by the state from a stranger's string.

# %%
chance = torch.Generator().manual_seed(0)
letters, strangers = (random_letters(500, 10, chance) for _ in range(2))
edited = letters.clone()
edited[:, 5] = (edited[:, 5] + 1) % 10

def write_sixth(model, for_keys, for_values, state):
    x, _ = model.writer(model.embedding(shifted(letters)), state)
    shares = model.look.weights(x, for_keys)[:, 0]
    x = x + model.look.output(shares @ model.look.value(for_values))
    return model.logits(x)[:, 5].argmax(dim=-1), shares[:, 5, 5]

# %%
@torch.no_grad()
def after_replacing(model, source, place, key_too=True):
    memory, state = model.read(letters)
    changed = memory.clone()
    changed[:, place] = model.read(source)[0][:, place]
    for_keys = changed if key_too else memory
    written, share = write_sixth(model, for_keys, changed, state)
    new, old = source[:, 5], letters[:, 5]
    counts = torch.stack([written == new, written == old, share])
    return counts[:, new != old].mean(dim=1).tolist()

# %%
cases = {"edited, the place after": (edited, 6),
         "edited, its own place": (edited, 5),
         "a stranger, its own place": (strangers, 5),
         "a stranger, the value alone": (strangers, 5, False)}
for name, case in cases.items():
    results = [after_replacing(model, *case) for model in models[True]]
    columns = [" ".join(f"{i:.2f}" for i in each) for each in zip(*results)]
    print(f"{name}:\n    new letter {columns[0]}, old {columns[1]}, "
          f"sixth place gets {columns[2]}")

# %% [markdown]
# Change the place after, and nothing happens: about *where*, the picture is right. Change the letter in its own place, and the new letter is written. But put a stranger's state there, and the stranger's letter comes in a sixth to a fifth of the cases, the old one in less than a tenth, no more often than by chance. We first read this so: what lies there makes sense only in the string it was read in. But we had changed two things at once, the key and the value. Keep the old key, and the stranger's letter is written nearly always. The value was the letter after all; it was the key that did not fit, and the writer looked elsewhere: the place got about a tenth of its look. When you see such a picture of a large model, ask what was changed to test it, and whether it was one thing. <!-- number two: key and value -->
#
# ## Exercises
#
# > **Exercise 1.** *Easy, 10 minutes.* Write `masked_shares(scores, allowed)`: the softmax of each row over what is allowed, and 0 elsewhere.

# %%
from afterword.exercises import ch02

def masked_shares(scores, allowed):
    ...

ch02.check_masked(masked_shares)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def masked_shares(scores, allowed):
    return scores.masked_fill(~allowed, -math.inf).softmax(dim=-1)

ch02.check_masked(masked_shares)

# %% [markdown]
# > **Exercise 2.** *Medium, 20 minutes.* Write `head_scores(q, k, n_heads)`: from queries and keys of shape [T, D], *T* words and *D* numbers each, to the scaled scores of each of the *H* heads, [H, T, T]. Do it without our `split`.

# %%
def head_scores(q, k, n_heads):
    ...

ch02.check_heads(head_scores)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def head_scores(q, k, n_heads):
    q, k = (torch.stack(each.chunk(n_heads, dim=-1)) for each in (q, k))
    return q @ k.mT / math.sqrt(q.shape[-1])

ch02.check_heads(head_scores)

# %% [markdown]
# > **Exercise 3.** *Hard, 40 minutes.* Torch's kernel never holds all the scores. Write `stream_attention(pairs)` for a single query: `pairs` gives a score (a float) and a value (a tensor) at a time, once, and you may keep a sum of weights, a sum of weighted values and one more number. The scores may be large. Hint: when a new largest score comes, by what must the sums be multiplied?

# %%
def stream_attention(pairs):
    ...

ch02.check_stream(stream_attention)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def stream_attention(pairs):
    largest, weight, mixed = -math.inf, 0.0, 0.0
    for score, value in pairs:
        above = max(largest, score)
        old, new = math.exp(largest - above), math.exp(score - above)
        weight, mixed = weight * old + new, mixed * old + new * value
        largest = above
    return mixed / weight

ch02.check_stream(stream_attention)

# %% [markdown]
# ## What you now have
#
# A word asks with a query, is found by its key, and hands over its value. The dot product says how well they match, √*d* keeps the match from growing with the width, the mask hides the future before the softmax, and the softmax makes shares that add up to one. Heads cut the width and see the whole text. You have this as a loop, as matrices, as a function and as a class, all equal to PyTorch's.
#
# Four common sentences did not survive: that the keys are mixed, that the dot product needs no scaling, that each head has its own piece of the text, that a Transformer squeezes the text into one vector. The usual reason for the second, that the gradient vanishes, did not survive whole either. <!-- number four: as listed -->
#
# The equation and the heads are from [Vaswani et al., 2017](../book/references.md#vaswani2017). What is missing you have seen twice: the two *seas* that cannot be told apart, and the copier that lost its place where *ab* came twice. [The next chapter](03_positions.ipynb) tells the words where they stand. <!-- number twice, twice, two: the two cases named in the sentence -->
