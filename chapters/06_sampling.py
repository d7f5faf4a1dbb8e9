# %% [markdown]
# # 6 · How does it write?
#
# > *the rest is silence*
#
# Cover the last word. Several words could stand there, and you can say which of them you find likelier. That is all a language model does, and nothing has been written yet. Somebody has to choose.
#
# In this chapter one small model, which never learns anything more, says one phrase for ever, then talks nonsense, then recites stage directions, leaves out the letter *e*, and ends a line on a rhyme that it was given. Its weights stay as they are. All that changes is how a letter is chosen from the probabilities that it gives. Some of the results are not what we had expected.
#
# **Needs** chapters 1, 2, 4 and 5. **Time** about 35 seconds and 1.2 GB on two CPU cores, which is what Colab lends; not yet timed on a T4. Where there is a GPU the same cells use it; nothing here wants one. **You will have** a way to choose for each purpose, from the plain draw to beam search, constraints that cannot be broken, a cache, a draft that works ahead, and a figure that writes on the page.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/afterword-book/afterword/blob/main/chapters/06_sampling.ipynb)

# %%
import importlib.util, math, re, subprocess, sys
if importlib.util.find_spec("afterword") is None:  # on Colab; its torch stays
    source = "afterword @ git+https://github.com/afterword-book/afterword@main"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", source]
    subprocess.run([*pip, "jaxtyping", "wadler-lindig"], check=True)
import matplotlib.pyplot as plt, torch
from afterword.plots.style import COLOURS, use_style
from afterword.runtime import choose_device, seed_everything
use_style(), torch.set_printoptions(precision=3, sci_mode=False)
torch.set_grad_enabled(False)  # nothing is trained here
device, _ = choose_device(), seed_everything(6)

# %% [markdown]
# ## Four words
#
# Say that a model has four words for the place after *the rest is*, and that their shares are as 16 to 9 to 4 to 1. These squares will be handy. <!-- number four: the words of the cell below -->

# %%
words = ["silence", "mine", "easy", "cheese"]
weights = torch.tensor([16.0, 9.0, 4.0, 1.0], device=device)
p = weights / weights.sum()
p

# %% [markdown]
# The first idea is to take the likeliest. Then the model says *silence* now, and whenever it is asked again. The second is a die with these four sides: *cheese* should come up once in thirty throws. Let us throw it 10,000 times and put each share beside the exact one, with its interval from chapter 1. <!-- number four: the words --> <!-- number once in thirty: 1 of 16 + 9 + 4 + 1 -->

# %%
from afterword.evaluation.intervals import share_interval
from afterword.sampling.generate import draw

def seeded(seed):
    return torch.Generator(device).manual_seed(seed)

drawn = draw(p.log().expand(10_000, 4), seeded(0))
for word, n, exactly in zip(words, drawn.bincount(minlength=4).tolist(), p):
    low, high = share_interval(n, 10_000)
    print(f"{word}: {n / 10_000:.3f} ({low:.3f} to {high:.3f}), "
          f"exactly {exactly:.3f}")

# %% [markdown]
# Four exact shares in four intervals. `draw` is chapter 1's; it takes logits, and the logarithm of a probability will do as one. Whatever we invent below, this die is thrown in the end. We only change its sides. <!-- number four, four: the words -->
#
# Which idea makes the better text? For that we need a model that writes.
#
# ## A model that writes
#
# The package carries one: chapter 4's decoder, six blocks of width 128, trained for some minutes on the book's Shakespeare by chapter 5's command, `afterword train --config writer`. It reads and writes letters. <!-- number six, 128: n_layers and d_model of its config -->

# %%
from afterword.interop.writers import load_writer

model, chars = load_writer("writer")
model, V = model.to(device), chars.vocab_size
context = model.config.context_length
n_weights = sum(w.numel() for w in model.parameters())
print(f"{n_weights:,} weights, {V} letters, {context} of them in view")

# %%
def logits_after(text):
    ids = torch.tensor([chars.encode(text)], device=device)
    return model(ids)[:, -1]

# %%
def logprobs(text, after):
    ids = torch.tensor([chars.encode(after + text)], device=device)
    each = model(ids[:, :-1]).log_softmax(dim=-1).gather(-1, ids[:, 1:, None])
    return each[0, -len(text) :, 0]

# %% [markdown]
# `logprobs` gives the log-probability of each letter of a text after another. They add up, so we can ask it about our four words, with their full stop. <!-- number four: the words -->

# %%
for word in words:
    each = logprobs(word + ".", after="The rest is ")
    print(f"{word}: {each.sum():.1f} nats, probability {each.sum().exp():.6f}")

# %% [markdown]
# It prefers *mine*, and *silence* is third, although it has read *Hamlet*. It does not know the line by heart. A short word has an advantage in such a sum, since each letter costs.
#
# To judge texts we also need some that people wrote and the model has not read. Here is the split of `afterword train`. We leave out one of its held-out works: poems of *The Passionate Pilgrim* stand in works that were read, as chapter 1 found.

# %%
from afterword.text import corpora
from afterword.text.batches import split_documents, windows

works = {work.title: work.text for work in corpora.load("shakespeare")}
chance = torch.Generator().manual_seed(0)
read, unread = split_documents(list(works.values()), share=0.1, rng=chance)
unread.remove(works["The Passionate Pilgrim"])
train_text, held_out_text = "\n\n\n".join(read), "\n\n\n".join(unread)
print([title for title in works if works[title] in unread])

# %%
held_out = torch.tensor(chars.encode(held_out_text), device=device)
inputs, targets = (side[::40] for side in windows(held_out, context_length=context))
logits = model(inputs)
loss = -logits.log_softmax(-1).gather(-1, targets[..., None]).mean()
print(f"{loss:.2f} nats a letter, {len(inputs)} windows of {context} letters")

# %% [markdown]
# (Not to be held against chapter 1's 1.48: other works are held out, and each window begins without a past.) <!-- number 1.48: chapter 01 -->
#
# ## Claim: *text = model.predict(prompt)*
#
# Many a guide ends with a line of this kind. Let us take it at its word: give the model a prompt, take the likeliest letter that it names, decode.

# %%
def predict(prompt):
    ids = torch.tensor([chars.encode(prompt)], device=device)
    return chars.decode(model(ids).argmax(dim=-1)[0].tolist())

predict("The rest is silence.")

# %% [markdown]
# Twenty letters went in and twenty came out, and they are no text. Each is a guess at the letter after the one above it, made without having seen it: after *T* the guess was *h*, after *Th* it was *e*. They are answers to twenty separate questions, and nineteen of those we could answer ourselves, for the prompt says what came. As guesses they are good: <!-- number twenty, twenty, twenty, nineteen: the letters of the prompt -->

# %%
assert len(predict("The rest is silence.")) == len("The rest is silence.") == 20
hits = (logits.argmax(dim=-1) == targets).float().mean(dim=1)
half = 1.96 * hits.std() / math.sqrt(len(hits))
print(f"{hits.mean():.1%} ± {half:.1%} of held-out letters guessed")

# %% [markdown]
# More than half are right, and that is how the model was trained. But only the last of the twenty is about anything that is not written yet. **One pass gives one new letter.** To write is to choose it, append it and ask again, which is the loop of chapter 1: the verdict on the claim is that a loop and a choice are missing. The loop is `write`; the choices follow. <!-- number twenty: the letters of the prompt -->
#
# ## Always the likeliest
#
# A *filter* is a function that changes the logits before the die is thrown. This one leaves the die a single side:

# %%
def only_the_likeliest(logits, ids=None):
    best = logits.argmax(dim=-1, keepdim=True)
    return torch.full_like(logits, -math.inf).scatter(-1, best, 0.0)

only_the_likeliest(p.log()[None])

# %% [markdown]
# A logit of −∞ is a probability of 0, and the only other one is 1. (`ids`, the text so far, is there for filters that look back.) This is *greedy* writing. You have the model's best guess at each letter; what do you expect of the text? <!-- number 0, 1: by definition -->

# %%
from afterword.sampling.generate import stream, write

def sample(*filters, prompt="The rest is", n_tokens=200, seed=0, **more):
    return write(model, chars, prompt, n_tokens=n_tokens, context_length=context,
                 filters=filters, rng=seeded(seed), beyond="jump", **more)

print(sample(only_the_likeliest))

# %% [markdown]
# It says the same for ever. (`beyond="jump"` tells the loop what to do when 128 letters are in view: read the newer half again, and go on from there.) And now with the plain die:

# %%
print(sample(seed=0))

# %% [markdown]
# Not sense, but it gets somewhere. Is the loop an accident of this prompt? We take 24 places in the held-out works, show the model 64 letters, and let it write 160 more. Shakespeare's own next 160 are the measure. Of all runs of twelve letters in a text, how many stood in it before? One should expect few for people, many for greedy writing, and for the die as few as for people. <!-- number 24, 64, 160, 160: set in the cell below --> <!-- number twelve: set below -->

# %%
def openings(seed, n=24, n_tokens=160):
    chance = torch.Generator().manual_seed(seed)
    length = 64 + n_tokens
    places = torch.randint(len(held_out_text) - length, (n,), generator=chance)
    cuts = [held_out_text[i : i + length] for i in places.tolist()]
    return [cut[:64] for cut in cuts], [cut[64:] for cut in cuts]

def continued(prompts, *filters, seed=0, n_tokens=160):
    ids = torch.tensor([chars.encode(prompt) for prompt in prompts], device=device)
    tokens = stream(model, ids, context_length=context, n_tokens=n_tokens,
                    rng=seeded(seed), filters=filters, beyond="jump")
    return [chars.decode(row) for row in torch.stack(list(tokens), dim=1).tolist()]

# %%
from afterword.evaluation.diversity import repetition
from afterword.evaluation.intervals import mean_interval

prompts, by_people = openings(seed=0)
texts = {"people": by_people, "drawn": continued(prompts),
         "greedy": continued(prompts, only_the_likeliest)}
for name, several in texts.items():
    again = [repetition(text, 12) for text in several]
    low, high = mean_interval(again)
    print(f"{name}: {sum(again) / 24:.1%} said before ({low:.1%} to {high:.1%})")
    assert (low > 0.2) == (name == "greedy")

# %% [markdown]
# So it is, nearly. People repeat a little, 2.1% of their runs; in its 24 texts the die repeats nothing. (An interval of 0 to 0 says only that all were alike.)
#
# Why does it loop? Watch it choose. Here are the five likeliest letters at each step, beginning after *The rest is*.

# %%
text = "The rest is "
for _ in range(12):
    best = logits_after(text).softmax(dim=-1)[0].topk(5)
    pairs = zip(best.values.tolist(), best.indices.tolist())
    shown = [f"{chars.decode([i])!r} {share:.2f}" for share, i in pairs]
    print(f"{text[12:]!r:>14}", *shown, sep="   ")
    text += chars.decode([best.indices[0].item()])

# %% [markdown]
# Each choice is sensible. After *th* comes *e*, with 0.73. But look at *the s*: the winner has 0.19, so most writers would go on differently, and greedy goes there every time. A few words later it stands after *the* again. It sees much of what it saw before, gives much the same probabilities and mostly takes the same winner. A rule that always chooses alike can only leave a circle if something further back changes its mind.
#
# What does it pass over? Of the sixty commonest words here are the eight likeliest after *The rest is*, and *silence*, letter by letter; a branch is as thick as what comes down it is likely, but never too thin to be seen.

# %%
from collections import Counter

start = "The rest is "
counts = Counter(re.findall("[a-z]+", train_text.lower()))
common = [word for word, _ in counts.most_common(60)]
likely = sorted(common, key=lambda word: -logprobs(word + " ", after=start).sum())
branches = {}
for word in [*likely[:8], "silence"]:
    down_to = logprobs(word, after=start).cumsum(dim=0).exp().tolist()
    branches |= {word[:i]: share for i, share in enumerate(down_to, start=1)}
first_letters = sum(share for text, share in branches.items() if len(text) == 1)
print(f"the {branches['the']:.3f}, silence {branches['silence']:.6f}, "
      f"all branches {first_letters:.2f}")

# %% mystnb={"figure": {"caption": "What may come next, each branch as thick as it is likely. Hamlet\u2019s word is a thread, and would be too thin to see."}, "image": {"alt": "The words The rest is, and a tree of letters that grows from them to the right, branches as thick as their shares: t with h and e, and with o; a; n, o, t; s with o; b, u, t; i, n. From the s a thread leads on through i, l, e, n, c, e to the far edge, much the longest and thinnest of all."}} tags=["hide-input", "opening"]
from afterword.plots.branches import plot_branches

plot_branches(start.strip(), branches, marked="silence")
plt.show()

# %% [markdown]
# The thickest branch is *the*, with 0.070 of all that may come. The tree as a whole holds little more than half of it, and the rest begins with letters that are not drawn. Greedy writing takes the upper edge of it every time. And the word that Hamlet chose is a thread, at 0.000037. <!-- number half: 0.52 printed above -->
#
# And the text as a whole? Add up the log-probabilities, for the greedy line, a drawn one, and what Hamlet says.

# %%
greedy_line = sample(only_the_likeliest, prompt=start, n_tokens=40)[12:]
drawn_line = sample(prompt=start, n_tokens=40)[12:]
for line in (greedy_line, drawn_line, "silence."):
    each = logprobs(line, after=start)
    print(f"{each.sum():.1f} nats, {each.mean():.2f} a letter: {line!r}")

# %% [markdown]
# By the sum *silence.* wins, but it is short. Of the two lines of forty letters the one that says nothing is likelier by 41 nats, and letter for letter it is likelier than what Hamlet says. Is it always so? Here is the surprisal, letter by letter, of the texts above, as the model sees them. (It has all of a text in view, 224 letters at the end; chapter 5 asked such a model with 512.) <!-- number 41: 71.0 − 30.1 --> <!-- number 224, 512: 64 + 160; chapter 5's validation_context -->

# %%
def along(texts, prompts):
    """Surprisal by place, in steps of 16 letters."""
    each = [-logprobs(text, after=prompt) for text, prompt in zip(texts, prompts)]
    return torch.stack(each).unflatten(1, (-1, 16)).mean(dim=2)  # [24, 10]

surprise = {name: along(several, prompts) for name, several in texts.items()}
for name, values in surprise.items():
    low, high = mean_interval(values.mean(dim=1).tolist())
    print(f"{name}: {values.mean():.2f} nats a letter ({low:.2f} to {high:.2f}), "
          f"the last 16: {values[:, -1].mean():.2f}")

# %% mystnb={"image": {"alt": "Nats per letter over 160 letters, means of the texts with intervals. What people wrote and what was drawn stay level near 1.4. Greedy text stays near 0.7."}} tags=["hide-input"]
from afterword.plots.curves import plot_means

fig, ax = plt.subplots(figsize=(4.8, 2.9))
places = torch.arange(8, 160, 16)
names = {"people": "human", "drawn": "model", "greedy": "rival"}
for name, colour in names.items():
    plot_means(places, surprise[name].T.cpu(), label="", ax=ax,
               color=COLOURS[colour])
    height = {"people": 1.64, "drawn": 1.0, "greedy": 0.5}[name]
    ax.text(30, height, name, color=COLOURS[colour])
ax.set(title="A loop is likelier than people, everywhere", ylim=(0, None))
ax.set(xlabel="letters written", ylabel="nats per letter")
plt.show()

# %% [markdown]
# To the model its own draws cost about as much as what people write, as they should where the shares are right. Greedy text costs little more than half of it, at every place. That likely text is far likelier than people's was seen in GPT-2 too ([Holtzman et al., 2020](../book/references.md#holtzman2020)); there plain draws cost more than what people write, and a loop also fed itself: the more often it had been said, the likelier it became. We had expected to see that here, and do not; the last 16 letters cost 0.69 nats, hardly less than the rest. Probably this model does not notice that it repeats, since most of its heads look back a few letters only (its distances are a steep bias on the scores, a kind of chapter 3's). <!-- number half: 0.72 beside 1.31 -->
#
# The lesson stays. **The likeliest text is not the most human one.** Nothing in the probability of letters asks that a text should say something.
#
# ## Temperature
#
# Between always taking the likeliest and the plain die there should be something. We would like a knob. The tempting one: divide the probabilities by a number *T*, and make them add up to one again.

# %%
def slip(p, T):
    return (p / T) / (p / T).sum()

torch.testing.assert_close(slip(p, 0.5), p)

# %% [markdown]
# The knob does nothing, for *T* cancels. Divide the *logits* instead. To divide a logarithm by *T* is to raise the number to the power 1/T: at *T* = ½ our shares are squared, at *T* = 2 we take their roots, which are 4, 3, 2 and 1. <!-- number 2, 4, 3, 2, 1: by pencil, asserted below -->

# %%
def warmed(logits, T):
    return (logits / T).softmax(dim=-1)

for T in (0.5, 1, 2):
    print(T, warmed(p.log(), T))
torch.testing.assert_close(warmed(p.log(), 2), weights.sqrt() / 10)
torch.testing.assert_close(warmed(p.log(), 0.5), weights**2 / 354)

# %% [markdown]
# At *T* = 2 the shares are 0.4, 0.3, 0.2 and 0.1; at ½, *cheese* comes once in 354 throws. The name is from physics, where the same formula says in which states a warm body is found. <!-- number once in 354: asserted above -->

# %% mystnb={"image": {"alt": "The four shares over the temperature, on a logarithmic axis from 0.1 to 10. Towards the left silence goes to one and the others to nothing; towards the right all four go to a quarter. Mine has its highest share a little above one."}} tags=["hide-input"]
T = torch.logspace(-1, 1, 100)
curves = (p.log().cpu() / T[:, None]).softmax(dim=1)
fig, ax = plt.subplots(figsize=(4.8, 2.9))
for i, (word, colour) in enumerate(zip(words, COLOURS.values())):
    ax.plot(T, curves[:, i], color=colour)
    ax.text((0.62, 0.8, 1.5, 2.3)[i], (0.72, 0.33, 0.17, 0.06)[i], word,
            color=colour)
ax.axhline(1 / 4, color=COLOURS["floor"], linewidth=1, linestyle=":")
ax.set(title="Cold: the likeliest. Hot: anything", xscale="log", ylim=(0, 1.02))
ax.set(xlabel="temperature", ylabel="share", xticks=[0.1, 0.5, 1, 2, 10])
ax.set_xticklabels(["0.1", "0.5", "1", "2", "10"])
ax.minorticks_off()
plt.show()

# %% [markdown]
# Towards 0 the winner takes all, which is greedy; towards the right all four become alike. Note *mine*: heat lifts it at first, and in the end takes from it too. <!-- number 0, four: the limit, and the words -->
#
# The package's filter is the same division, with a check of *T*. What does the model say at three temperatures? <!-- number three: as set below -->

# %%
from afterword.sampling.filters import temperature

same = temperature(2)(p.log()[None]).softmax(dim=-1)[0]
torch.testing.assert_close(same, warmed(p.log(), 2))
for T in (0.5, 1.0, 1.5):
    print(f"--- {T}\n{sample(temperature(T), n_tokens=140)}\n")

# %% [markdown]
# Cold, it is careful and dull; hot, it cannot spell. At 1 it is as it was trained. But look where the hot text goes wrong: not where there is much to choose from, but inside words.
#
# ## A peaked and a flat place
#
# After *The rest is sil* there is little to choose, after *The rest is* and a space there is much. An obvious way to keep a hot model from nonsense is to leave only the *k* likeliest on the die, *top-k* ([Fan et al., 2018](../book/references.md#fan2018)). Take five. <!-- number five: as set below -->

# %%
def keep_k(p, k):
    least = p.sort(descending=True).values[k - 1]
    return p >= least

places = {"peaked": "The rest is sil", "flat": "The rest is "}
shares = {name: logits_after(text)[0].softmax(dim=-1)
          for name, text in places.items()}
for name, q in shares.items():
    kept = keep_k(q, 5)
    print(f"{name}: likeliest {q.max():.2f}, the five hold {q[kept].sum():.1%}, "
          f"the least of them {q[kept].min():.4f}")

# %% mystnb={"image": {"alt": "Two panels of bars, the sixteen likeliest letters each. After the letters s, i, l one letter, e, stands at 0.71, and of the five kept the last is hardly to be seen. After the space sixteen letters step down slowly from 0.14; five are dark, and the pale ones beside them are hardly lower."}} tags=["hide-input"]
from afterword.plots.choices import plot_choices

fig, axes = plt.subplots(2, 1, figsize=(4.8, 4.0))
for ax, (name, text) in zip(axes, places.items()):
    likeliest = shares[name].topk(16)
    names = list(chars.decode(likeliest.indices.tolist()).replace("\n", "¶"))
    kept = keep_k(shares[name], 5)[likeliest.indices]
    plot_choices(likeliest.values.cpu(), names, kept.cpu(), ax=ax)
    ax.set_title(f"{name}: {text.replace(' ', '␣')}…", fontsize=10,
                 fontweight="normal")
    ax.set_ylabel("probability")
fig.suptitle("Five are too many above, too few below", x=0.01, ha="left",
             fontsize=11.5, fontweight="bold")
plt.show()

# %% [markdown]
# Above, the five hold 98.2%, and the last of them, 0.4%, would give *silf*. Below, they hold less than half: most of what the model would say is forbidden, and what is dropped is hardly less likely than what is kept. No *k* is right for both. <!-- number five: as set in the cell above -->
#
# ## The nucleus
#
# So do not fix how many. Fix how much: go down from the likeliest until the shares add up to a *mass*, and keep those. The set is called the *nucleus*, the filter *top-p* ([Holtzman et al., 2020](../book/references.md#holtzman2020)). For our four words and a mass of 0.8: *silence* has 0.533, with *mine* it is 0.833. That is enough, and *mine*, which carries the sum over the edge, stays. <!-- number four, 0.833: the words; 25 of 30 -->

# %%
def keep_p(p, mass):
    ordered, places = p.sort(descending=True)
    before = ordered.cumsum(dim=0) - ordered
    return torch.zeros_like(p, dtype=torch.bool).scatter(0, places, before < mass)

print(keep_p(p, 0.8).tolist(), keep_p(p, 0.85).tolist())

# %% [markdown]
# A letter stays if what is *before* it has not yet reached the mass. <!-- number 0.71, 0.14: above --> The tempting `ordered.cumsum(dim=0) <= mass` drops the one that crosses, and all of them where the first alone has more than the mass. (An exercise below.)

# %% mystnb={"image": {"alt": "Cumulative probability over the number of letters, for the two places. The peaked curve starts at 0.71 and crosses 0.9 at the third letter; the flat one starts at 0.14 and crosses at the sixteenth."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(4.8, 2.8))
for (name, q), colour in zip(shares.items(), ("model", "rival")):
    ordered = q.cpu().sort(descending=True).values.cumsum(dim=0)[:24]
    ax.plot(range(1, 25), ordered, "o-", markersize=3.5, color=COLOURS[colour])
    ax.text(7, ordered[6] - (0.1 if name == "flat" else 0.2), name,
            color=COLOURS[colour])
ax.axhline(0.9, color=COLOURS["floor"], linewidth=1, linestyle=":")
ax.text(24, 0.84, "0.9", color=COLOURS["floor"])
ax.set(title="The same mass, three letters or sixteen", ylim=(0, 1.03))
ax.set(xlabel="letters, likeliest first", ylabel="probability together")
plt.show()

# %%
from afterword.sampling.filters import top_p

n_kept = top_p(0.9)(logits.flatten(0, 1)).isfinite().sum(dim=-1)
at_five = (n_kept == 5).float().mean()
print(f"median {n_kept.median()}, at most {n_kept.max()}; "
      f"one letter {(n_kept == 1).float().mean():.0%}, five {at_five:.0%}, "
      f"ten or more {(n_kept >= 10).float().mean():.0%}")

# %% mystnb={"image": {"alt": "Histogram of how many letters the nucleus of 0.9 keeps at held-out places. The highest bar is at one, and the bars fall to about ten; then they rise again to a second, lower hump."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(4.8, 2.5))
bins = [n - 0.5 for n in range(1, 32)]
ax.hist(n_kept.tolist(), bins=bins, color=COLOURS["model"], rwidth=0.85,
        weights=[1 / len(n_kept)] * len(n_kept))
ax.set(title="Often one letter, or about sixteen")
ax.set(xlabel="letters in the nucleus of 0.9", ylabel="share of places")
plt.show()

# %% [markdown]
# At a quarter of the places one letter is enough; at a fifth it takes ten or more. There is a second hump around sixteen, and one can guess where that is: at the beginnings of words. A fixed five is what the nucleus wants at 7% of the places. <!-- number sixteen: seen in the figure --> <!-- number five, a quarter: printed above -->
#
# ## Other ways to draw the line
#
# *Min-p* keeps what has at least a given fraction of the likeliest one's share ([Nguyen et al., 2024](../book/references.md#nguyen2024)). *Typical* sampling asks how surprising a token is, and how surprising one must expect the next to be: the mean of the surprisals, which is the *entropy*. It keeps those that are nearest to it until they hold enough, and that need not include the likeliest ([Meister et al., 2023](../book/references.md#meister2023)).

# %%
def keep_min_p(p, fraction):
    return p >= fraction * p.max()

# %%
def keep_typical(p, mass):
    entropy = -(p * p.log()).nansum()
    order = (-p.log() - entropy).abs().argsort()
    before = p[order].cumsum(dim=0) - p[order]
    return torch.zeros_like(p, dtype=torch.bool).scatter(0, order, before < mass)

# %% [markdown]
# With a pencil: a fifth of *silence*'s 16 is 3.2, so min-p at 0.2 drops *cheese* alone. The entropy of the four is 1.078 nats. *Mine* costs 1.204, which is 0.125 off, and is nearest; *silence* costs 0.629 and is 0.450 off. So typical sampling with a mass of 0.25 always says *mine*. <!-- number four: the words --> <!-- number 3.2, 16: a fifth of 16 --> <!-- number a fifth: 0.2 -->

# %%
print("min-p 0.2:", keep_min_p(p, 0.2).tolist())
print("typical 0.25:", keep_typical(p, 0.25).tolist())
costs, entropy = -p.log(), -(p * p.log()).sum()
print(f"entropy {entropy:.3f}, costs", costs)
print("off by", (costs - entropy).abs())

# %%
from afterword.sampling.filters import chain, min_p, top_k, typical

plain = {top_k: keep_k, top_p: keep_p, min_p: keep_min_p, typical: keep_typical}
settings = {top_k: 5, top_p: 0.9, min_p: 0.1, typical: 0.9}
for filter, by_hand in plain.items():
    for name, q in shares.items():
        kept = filter(settings[filter])(q.log()[None]).isfinite()[0]
        assert kept.equal(by_hand(q, settings[filter]))
        print(f"{filter.__name__} {settings[filter]}, {name}: keeps {kept.sum()}")

# %% [markdown]
# Top-k keeps five in both places, the others two or three in the first and sixteen or more in the second. All three say in their own way: as many as the place deserves. Are they what everybody else means by these names? Hugging Face's `transformers` has them too, so ask it at every fourth held-out place. (The package's own are longer than ours, because they sort no more than they must; above they kept the same.) <!-- number five, two, three, sixteen, three: printed above -->

# %%
from transformers import MinPLogitsWarper, TopKLogitsWarper
from transformers import TopPLogitsWarper, TypicalLogitsWarper

theirs = {top_k: TopKLogitsWarper, top_p: TopPLogitsWarper,
          min_p: MinPLogitsWarper, typical: TypicalLogitsWarper}
rows = logits.flatten(0, 1)[::4]
for ours, warper in theirs.items():
    kept = ours(settings[ours])(rows).isfinite()
    same = kept == warper(settings[ours])(None, rows).isfinite()
    n_same = same.all(dim=1).sum()
    print(f"{ours.__name__}: {n_same:,} of {len(rows):,} places the same")

# %% [markdown]
# They are.
#
# Filters can be chained, and then their order matters. Temperature 2 turns our shares into 0.4, 0.3, 0.2 and 0.1. Does top-p at 0.8 keep two words or three? <!-- number two, three: printed below -->

# %%
orders = {"top-p first": chain(top_p(0.8), temperature(2.0)),
          "temperature first": chain(temperature(2.0), top_p(0.8))}
for name, both in orders.items():
    print(f"{name}: {both(p.log()[None]).softmax(dim=-1)[0]}")

# %% [markdown]
# With top-p first the model's own doubts decide who stays, and the heat is shared among those; with the temperature first the heat lets one more in. Hugging Face's library puts the temperature first, others put it last. State the order whenever you state the settings.
#
# ## What repeats
#
# Against loops there are filters that look back. The *repetition penalty* ([Keskar et al., 2019](../book/references.md#keskar2019)) takes, as it is used today, what the text already has, and divides its logit if it is positive, multiplies it if it is negative; either way it falls. *Frequency* subtracts a little for each time a token came, *no-repeat* forbids a run of *n* tokens to come twice.

# %%
from afterword.sampling.penalties import frequency, no_repeat
from afterword.sampling.penalties import repetition as penalty

said = torch.tensor([[0, 0, 3]])  # silence, silence, cheese
four_logits = torch.tensor([[2.0, 1.0, 0.0, -1.0]])
print(penalty(2.0)(four_logits, said), frequency(0.5)(four_logits, said))

# %% [markdown]
# *Silence*, at 2, falls to 1 in both: halved here, and two times a half taken off there. *Cheese*, at −1, falls to −2 and to −1.5. The formula as first printed divides both: then −1 becomes −0.5, and *cheese* is rewarded for having been said. But there is something odd about the penalty even when it is right. Logits have no zero: add 1 to all, and the probabilities are as before. The penalty's effect is not. <!-- number 2, 1, −1, −2, −1.5: in the cell and its output above --> <!-- number two, −1: as above --> <!-- number −0.5: half of −1 --> <!-- number 1: asserted below -->

# %%
shifted = four_logits + 1
torch.testing.assert_close(shifted.softmax(-1), four_logits.softmax(-1))
for scores in (four_logits, shifted):
    print(penalty(2.0)(scores, said).softmax(dim=-1))

# %% [markdown]
# Now on the model. All of these were made for tokens that are words or pieces of them. Ours are letters; a text of 64 letters has said *e* and the space already. One should expect that the penalties break the loop, and the words as well. We count words that stand anywhere in what the model has read, and call the others made up. <!-- number 64: the prompt -->

# %%
def words_in(text):
    return re.findall("[a-z']+", text.lower())[1:-1]  # first and last may be cut

known = set(words_in(train_text))

def share_known(texts):
    words = [word for text in texts for word in words_in(text)]
    return sum(word in known for word in words) / len(words)

# %%
cures = {"none": [], "penalty 1.2": [penalty(1.2)],
         "frequency 0.1": [frequency(0.1)], "no_repeat 12": [no_repeat(12)]}
for name, cure in cures.items():
    several = continued(prompts, *cure, top_k(1))
    again = [repetition(text, 12) for text in several]
    low, high = mean_interval(again)
    print(f"{name}: {sum(again) / 24:.1%} said before ({low:.1%} to {high:.1%}), "
          f"{share_known(several):.1%} of the words known")

# %% [markdown]
# All three break the loop, though not equally: the penalty leaves 13.9%, several times what people have. (That *no_repeat 12* leaves nothing is no finding: it forbids just what we count.) The words stay whole, probably because a small penalty does not change the winner where one letter is far ahead. Now on the die, where there was no loop to cure. Three seeds. <!-- number three, three: as listed; as set below -->

# %%
known_by = {"none": [], "penalty 1.2": []}
for seed in range(3):
    places, _ = openings(seed)
    for name in known_by:
        several = continued(places, *cures[name], seed=seed)
        known_by[name] += [share_known([text]) for text in several]
lost = [a - b for a, b in zip(*known_by.values())]
low, high = mean_interval(lost)
print(f"known without {sum(known_by['none']) / 72:.1%}, with "
      f"{sum(known_by['penalty 1.2']) / 72:.1%}; lost {low:.1%} to {high:.1%}")

# %% [markdown]
# There it does harm: the share of known words falls by 2.8 to 6.5 points. That is one penalty, at one strength, on letters. **Here the penalty is a cure for greedy writing**, for which it was made. Do not take it without the illness.
#
# ## Claim: *temperature is a creativity dial*
#
# Turn it up and the model becomes creative, turn it down and it becomes factual: so say the manuals. Something does go up. What else? We look at four things. The runs of letters that were said before, as above. *Distinct-2* is the share of different ones among all pairs of neighbouring words, over all texts together: do they say different things ([Li et al., 2016](../book/references.md#li2016))? The words that are known: can it spell? And, as in chapter 1, the pieces of 20 letters that stand in what the model has read: did it write that, or remember it? <!-- number four: as listed --> <!-- number 20: the size that copied_share has by default -->

# %%
from afterword.evaluation import originality
from afterword.evaluation.diversity import distinct_n

def judged(texts):
    copied = [originality.copied_share(text, train_text) for text in texts]
    again = [repetition(text, 12) for text in texts]
    return {"known": share_known(texts), "copied": sum(copied) / len(texts),
            "again": sum(again) / len(texts),
            "distinct": distinct_n(map(words_in, texts), 2)}

assert originality.copied_share(train_text[5:45], train_text) == 1
print({name: round(x, 3) for name, x in judged(texts["greedy"]).items()})

# %% [markdown]
# If the claim is right, distinct pairs rise with the temperature. One should also expect that what is said again, known words and copied pieces become fewer, and that top-p, which cuts off the tail, trades one for the other as the temperature does. Where are people? Write down your guess. Eight seeds; each has its own 24 places and its own draws, and at these all settings are compared. (From a table, as in chapter 5, since it takes a few minutes.) <!-- number 24: openings, above -->

# %%
from afterword.training.experiment import run

def written(way, *, seed):
    prompts, people = openings(seed)
    if way == "people":
        return judged(people)
    knob, setting = way.split()
    filter = {"T": temperature, "top-p": top_p}[knob](float(setting))
    return judged(continued(prompts, filter, seed=seed))

HEATS, MASSES = (0.3, 0.5, 0.7, 0.85, 1.0, 1.2, 1.5), (0.5, 0.7, 0.9, 0.95)
ways = ["people", *(f"T {t}" for t in HEATS), *(f"top-p {mass}" for mass in MASSES)]
knobs = run(written, {"way": ways}, seeds=range(8), table="06_knobs")

# %%
from afterword.evaluation.intervals import difference, summary

kinds = ["distinct", "again", "known", "copied"]
mean = knobs.groupby("way", sort=False)[kinds].mean()
print(mean.round(3).to_string())
for what in kinds:
    row = summary(knobs[knobs.way == "people"], what).iloc[0]
    print(f"people, {what}: {row.low:.3f} to {row.high:.3f}")

# %% mystnb={"image": {"alt": "Words not known over pairs of words not distinct, both axes logarithmic. The temperatures form a curve that falls from T 1.5, top left, to T 0.3, bottom right. The points of top-p lie below its middle. People lie beside the curve, near T 0.85. Bars are intervals over eight seeds."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(4.8, 3.4))
again, made_up = 1 - mean.distinct, 1 - mean.known
half = 1.96 * knobs.groupby("way")[["distinct", "known"]].sem()
for name, colour in {"T": "model", "top-p": "rival", "people": "human"}.items():
    x, y = (part.filter(regex=f"^{name}") for part in (again, made_up))
    ax.errorbar(x, y, half.known[x.index], half.distinct[x.index], fmt="o-",
                markersize=4, linewidth=1.4, elinewidth=1, color=COLOURS[colour])
    for way in x.index:
        left = name != "T"
        ax.annotate(way, (x[way], y[way]), xytext=(-7, -3) if left else (6, 2),
                    textcoords="offset points", ha="right" if left else "left",
                    va="top" if left else "bottom", color=COLOURS[colour])
ax.set(title="Less repeated, more misspelt", xscale="log", yscale="log")
ax.set(xlabel="pairs of words not distinct", ylabel="words not known")
ax.set_xticks([0.01, 0.1], ["1%", "10%"])
ax.set_yticks([0.001, 0.01, 0.1], ["0.1%", "1%", "10%"])
ax.set(xlim=(0.002, 0.8), ylim=(0.00015, 0.5))
plt.show()

# %%
sides = ("way", "top-p 0.9", "T 0.85")
for what in kinds:
    row = difference(knobs, what, between=sides).iloc[0]
    print(f"{what}, top-p 0.9 less T 0.85: {row['mean']:+.3f} "
          f"({row.low:+.3f} to {row.high:+.3f})")

# %% [markdown]
# The dial is real, and turns several things at once. From 0.3 to 1.5 the pairs become ever more different, while the share of known words falls, slowly at first and then fast, and the recited pieces become fewer. What is said again hardly moves: already at 0.3 the loop is gone, with 0.014 of the runs where greedy had 39.2%. A little chance breaks it. But cold texts say the same things as one another, and at 0.3 the model copies 0.080 of its pieces, six times as much as people do. So the verdict: **temperature is a dial from reciting to babbling**, and whether what lies between is creative, none of these numbers says. <!-- number six, 0.080: beside 0.013, in the table above --> <!-- number 39.2%: above -->
#
# Two things are worth a second look. People have fewer different pairs than the model at 1, perhaps because they stay with their subject. And top-p is not the temperature under another name: at 0.9 it is as varied as a temperature of 0.85 and more of its words are known, by two in a hundred. (We chose that pair after we had seen the table.) It cuts what is unlikely everywhere; cold also makes the likely likelier where there was a choice. <!-- number two, 1, two in a hundred: as listed; the plain die; 0.020 above -->
#
# And look where people are: beside the curve of the temperatures, and not below it, where fewer words are made up. One in twenty-five of Shakespeare's words is new here. A model that knows all of its words is no better than he is. <!-- number one in twenty-five: 1 − 0.959 -->
#
# ## Claim: *beam search gives more coherent text*
#
# Greedy writing takes the best letter, and may regret it. Suppose that after *silence* nothing is clear, while after *mine* a full stop is nearly certain: <!-- number two: words of the cell below -->

# %%
p_first = dict(zip(words, p.tolist()))
p_second = {"silence": 0.4, "mine": 0.9}  # of the likeliest that can follow
for word, then in p_second.items():
    print(f"{word}: {p_first[word]:.3f} × {then} = {p_first[word] * then:.3f}")

# %% [markdown]
# The likeliest pair begins with the second best word. *Beam search* keeps several beginnings, tries all that can follow each, and keeps the best of these.

# %%
def beam_search(ids, n_beams, n_tokens):
    rows, totals = ids, torch.zeros(1, device=device)
    for _ in range(n_tokens):
        scores = totals[:, None] + model(rows)[:, -1].log_softmax(dim=-1)
        totals, best = scores.flatten().topk(n_beams)
        rows = torch.cat([rows[best // V], best[:, None] % V], dim=1)
    return rows[:, ids.shape[1] :].tolist(), totals.tolist()

# %% [markdown]
# The package's `beam` does the same with a cache (below), and can end texts, weigh their length and keep groups of beams apart ([Vijayakumar et al., 2018](../book/references.md#vijayakumar2018)).

# %%
from afterword.sampling.beam import beam

prompt = chars.encode("The rest is")
by_hand, totals = beam_search(torch.tensor([prompt], device=device), 4, 24)
found = beam(model, prompt, n_beams=4, n_tokens=24)
assert [one.ids for one in found] == by_hand
for one in found:
    print(f"{one.logprob:.2f} nats: {chars.decode(one.ids)!r}")

# %% [markdown]
# All four beams say nearly the same. Is it more coherent? That is hard to measure, and a small model has little coherence to lose. One thing can be tested: whether a text belongs to its own beginning. If it does, the model should find it likelier after that beginning than after those of other texts. We call the difference, in nats a letter, the *fit*. The first 16 letters do not count, or the end of a cut word would decide. <!-- number four: the beams above --> <!-- number 16: set in the cell below -->
#
# Our expectation: beams are likelier than anything else, loop as greedy text does, and fit better than what was drawn, as is claimed, if only a little. Three seeds, each with a dozen places of its own, and 96 letters at each. (The beams see all 160 letters, the other writers 128 at most.) <!-- number three, a dozen: set in the cells below --> <!-- number 96: set in the cells below --> <!-- number 160, 128: 64 + 96; the context -->

# %%
def fit(texts, prompts):
    def cost(shift):
        others = prompts[shift:] + prompts[:shift]
        pairs = zip(texts, others)
        each = [logprobs(text, after=other)[16:] for text, other in pairs]
        return -torch.stack(each).mean(dim=1)
    return (sum(cost(shift) for shift in (1, 5, 7)) / 3 - cost(0)).tolist()

# %%
def best_beams(prompts, n_beams):
    found = [beam(model, chars.encode(prompt), n_beams=n_beams, n_tokens=96)
             for prompt in prompts]
    return [chars.decode(each[0].ids) for each in found]

ways = {name: [] for name in ("people", "drawn", "greedy", "beams")}
for seed in range(3):
    prompts, people = openings(seed, n=12, n_tokens=96)
    ways["people"] += zip(prompts, people)
    ways["drawn"] += zip(prompts, continued(prompts, seed=seed, n_tokens=96))
    ways["greedy"] += zip(prompts, continued(prompts, top_k(1), n_tokens=96))
    ways["beams"] += zip(prompts, best_beams(prompts, n_beams=4))

# %%
rows = []
for name, both in ways.items():
    prompts, several = map(list, zip(*both))
    nats = [-logprobs(text, after=prompt).mean().item() for prompt, text in both]
    copied = [originality.copied_share(text, train_text) for text in several]
    again = [repetition(text, 12) for text in several]
    fits = [value for i in (0, 12, 24) for value in
            fit(several[i : i + 12], prompts[i : i + 12])]
    rows.append({"way": name, "nats": nats, "said before": again,
                 "copied": copied, "fit": fits})

# %%
for row in rows:
    print(f"{row['way']}:")
    for what in ("nats", "said before", "copied", "fit"):
        low, high = mean_interval(row[what])
        print(f"    {what} {sum(row[what]) / 36:.3f} ({low:.3f} to {high:.3f})")
more = [a - b for a, b in zip(rows[3]["fit"], rows[1]["fit"])]
low, high = mean_interval(more)
print(f"fit, beams less drawn: {sum(more) / 36:+.3f} ({low:+.3f} to {high:+.3f})")

# %%
for name, both in ways.items():
    n = sum("[Exeunt" in text or "SCENE " in text for _, text in both)
    print(f"{name}: {n} of {len(both)} end a scene")
for prompt, text in ways["beams"][1:4]:
    print(f"… {prompt[-20:]!r} → {text!r}")
n_scenes, n_exits = train_text.count("SCENE "), train_text.count("[Exeunt")
print(f"read in training: {n_scenes} headings of scenes, {n_exits} exits of all")

# %% [markdown]
# Likelier it is. A letter costs 0.459 nats, a third of what people's cost. It hardly loops, though: there we were wrong. It has found something likelier than a loop. In 25 of 36 texts it ends the scene, where people do so in none. Everybody goes off, and what comes next is a heading, and it has read 580 of these: 30.6% of the pieces are copied, where people have none. The fit differs from that of drawn text by no more than chance explains. <!-- number a third: 0.459 beside 1.367 -->
#
# The verdict, for an open task and this small model: **beam search gives likelier text, and likely text is boilerplate.** All of the fits are small, people's too: this judge sees little beyond the last words, and a better one may see more. Where the source says what has to be said, as in translation, beams do help; but there, too, a search that is too thorough finds what is likeliest of all, and that was often the empty sentence ([Stahlberg and Byrne, 2019](../book/references.md#stahlberg2019)), for each word costs, and none cost nothing. Chapter 14 tries it.
#
# ## Constraints
#
# Filters make some texts less likely. A *constraint* makes them impossible. The plainest is the lipogram, a text without a letter: take *e* off the die, at every throw.

# %%
from afterword.sampling.forms import lipogram

without_e = lipogram(chars, without="e")
text = sample(top_p(0.9), prompt="To work or not", constraint=without_e)
print(text)
assert not set("eE") & set(text)

# %% [markdown]
# Perec wrote a novel so. The model did not plan it: each time that it would have said *e*, something else had to do. What does it cost? We ask the model itself how likely it finds what it wrote, with the constraint and without.

# %%
from afterword.sampling.generate import write_all

def lines(prompt, n, **more):
    chance = [seeded(seed) for seed in range(n)]
    return write_all(model, chars, [prompt] * n, context_length=context, rng=chance,
                     filters=[top_p(0.9)], beyond="jump", **more)

def cost(one):
    return -sum(one.logprobs) / len(one.ids)

costs = {}
for name, constraint in {"free": None, "without e": without_e}.items():
    several = lines("To work or not", 48, n_tokens=100, constraint=constraint)
    costs[name] = [cost(one) for one in several]
    low, high = mean_interval(costs[name])
    mean_cost = sum(costs[name]) / 48
    print(f"{name}: {mean_cost:.2f} nats a letter ({low:.2f} to {high:.2f})")
dearer = (sum(costs["without e"]) - sum(costs["free"])) / 48
print(f"dearer by {dearer:.2f}")

# %% [markdown]
# Nearly a fifth of a nat a letter. That is what *e* was worth: little at each place, and much in a hundred of them. <!-- number a fifth: 0.18 printed above --> <!-- number a hundred: the letters written -->
#
# A rhyme is harder, since it concerns the end of a line that is still being written. A constraint therefore knows, at each point, the fewest letters in which the text can still be completed, and forbids each letter after which too few would be left. So there is no dead end. (`forms.regex` does this for any pattern, `forms.syllables` for a line of so many.) What rhymes? Without a dictionary of sounds we go by spelling, from the last vowel on: a rhyme for the eye.

# %%
from afterword.sampling.forms import ending_like, rhyme

rhymes = ending_like("night", [word for word, n in counts.items() if n >= 50])
print(rhymes)
with_night = rhyme(chars, "night", rhymes=rhymes)

# %%
verse = "\nROMEO.\nAnd never shall I see another night,\n"
couplets = lines(verse, 64, n_tokens=44, constraint=with_night)
for one in couplets[:4]:
    print(repr(one.text))
last = [re.findall("[a-z]+", one.text.lower())[-1] for one in couplets]
assert set(last) <= set(rhymes)

# %% [markdown]
# Each line has its rhyme; the mask saw to that. But look at the third: it has nothing more to say, and when only as many letters are left as the rhyme takes, the rhyme is put there. The mask knows what is possible, not what is likely. A cheap remedy is to let it write many, here 64, and to keep those that the model itself finds likeliest. <!-- number 64: as set above -->

# %%
best = sorted(couplets, key=cost)
for one in best[:3] + best[-1:]:
    print(f"{cost(one):.2f} nats a letter: {one.text!r}")

# %% [markdown]
# *From sack, should be thought upon my sight* is no sense either, but it is a line. The last of the 64 shows what the first were chosen from. <!-- number 64: the lines written -->
#
# Why does the mask not plan? By pencil: two roads, equally likely. On the first one line in ten ends in a rhyme, on the second nine in ten. Of the lines that rhyme, one in ten came by the first road, for 0.05 stands beside 0.45. The mask lets a writer choose the road freely and forces the rhyme at its end, so that half of its lines come by it. <!-- number two, one in ten, nine in ten, one in ten, 0.05, 0.45, half: an example, worked in the text -->
#
# **A masked text has the form that was asked for; it is not drawn from the model's texts of that form.** To draw from those, one would write without a mask and keep what rhymes, though most is thrown away; or weigh each masked line by the product of the shares that the mask left it, letter by letter. To keep the likeliest of many, as we did, gives better lines, and is a third thing.
#
# ## The cache
#
# To write the next letter the model reads all that is in view, and then again for the one after, though nothing before has changed. For *n* letters it reads 1 + 2 + … + *n* of them. But a letter never looks ahead (chapter 2), so its keys and values are the same in every pass: keep them, and each letter is read once. <!-- number 1, 2: a sum -->

# %%
n_read = sum(range(context + 1))
print(f"{context} letters: {n_read:,} read without a cache, {context} with")
ids, cache = held_out[None, :context], model.new_cache()
each = [model(ids[:, i : i + 1], cache) for i in range(context)]
one_by_one = torch.cat(each, dim=1)
print(f"largest difference {(one_by_one - model(ids)).abs().max():.0e}")
torch.testing.assert_close(one_by_one, model(ids), rtol=0, atol=1e-3)

# %% [markdown]
# The same logits, but for rounding. `stream`, `write` and `beam` use it wherever the model has one. What does a letter cost at each place? (Our model was trained with 128 letters in view; for the clock it may read more. One thread of a CPU; the results are kept in a table, as in chapter 5.) <!-- number 128: the context -->

# %%
from time import perf_counter

def timed(way, position, *, seed):
    ids = torch.randint(V, (1, position), generator=seeded(seed), device=device)
    cache, times = model.new_cache(), []
    model(ids[:, :-1], cache)
    for _ in range(10):
        began = perf_counter()
        model(ids) if way == "read anew" else model(ids[:, -1:], cache)
        times.append(perf_counter() - began)
        cache.crop(position - 1)
    return {"ms": 1000 * min(times)}

grid = {"way": ["with the cache", "read anew"],
        "position": [16, 32, 64, 128, 256, 512, 1024]}
clock = run(timed, grid, seeds=range(3), table="06_positions")

# %%
at = clock.groupby(["way", "position"]).ms.mean()
for position in (16, 128, 1024):
    cached, anew = (at[way, position] for way in grid["way"])
    print(f"{position}: {cached:.2f} ms with the cache, {anew:.2f} ms read anew")
print(clock.attrs["machine"])

# %% mystnb={"image": {"alt": "Milliseconds for one more letter over its position from 16 to 1,024, both axes logarithmic. Read anew, the time climbs ever more steeply. With the cache it stays near one millisecond and rises a little at the end."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(4.8, 2.9))
for way, colour in zip(grid["way"], ("model", "rival")):
    part = clock[clock.way == way]
    ax.plot(part.position, part.ms, "o", markersize=3.5, color=COLOURS[colour])
    ax.plot(at[way].index, at[way], color=COLOURS[colour], linewidth=1.4)
    ax.text(300, 60 if way == "read anew" else 1.2, way, color=COLOURS[colour],
            ha="right")
ax.set(title="With a cache, the cost hardly grows")
ax.set(xlabel="position", ylabel="milliseconds a letter")
ax.set(xscale="log", yscale="log")
ax.set_xticks(grid["position"], grid["position"])
ax.minorticks_off()
plt.show()

# %% [markdown]
# With the cache a letter costs 0.73 ms at position 16 and 0.81 ms at 128; read anew, it climbs from 1.24 ms to 5.87. So within the context the cost is nearly flat. It is not quite: each new letter still looks back at all that is kept, and at 1,024, far beyond what the model was trained for, it costs 1.47 ms, twice as much as at the beginning. Read anew it would be 142.76. <!-- number twice: 1.47 beside 0.73 -->
#
# ### Claim: *attention needs quadratic memory*
#
# It compares each position with each, so the table of scores has *n* times *n* entries, for each head. If the table is written down, that is the memory it takes. Must it be? A fused kernel works through it block by block and never holds it whole ([Dao et al., 2022](../book/references.md#dao2022)). And a cache holds a key and a value a layer for each letter, no scores.

# %%
from afterword.model.count import cache_bytes

H, K = model.config.n_heads, model.config.d_head
lengths = [2**i for i in range(7, 16)]
score_bytes = [H * n * n * 4 for n in lengths]
kept_bytes = [cache_bytes(model.config) * n for n in lengths]
fused_bytes = [4 * H * n * K * 4 for n in lengths]  # queries, keys, values, result
for n in (128, 32_768):
    i = lengths.index(n)
    print(f"{n:,} letters: scores of a layer {score_bytes[i] / 1e6:,.2f} MB, "
          f"cache of all six {kept_bytes[i] / 1e6:,.2f} MB")

# %% mystnb={"image": {"alt": "Megabytes over the length of the text from 128 to 32,768, both axes logarithmic. The scores of one layer climb twice as steeply as the cache of all layers and what a fused kernel reads and writes; they cross early."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(4.8, 2.9))
for name, sizes, colour in [("scores,\na layer", score_bytes, "rival"),
                            ("cache,\nall layers", kept_bytes, "model"),
                            ("fused,\na layer", fused_bytes, "human")]:
    ax.plot(lengths, [size / 1e6 for size in sizes], color=COLOURS[colour])
    va = {"cache": "bottom", "fused": "top"}.get(name[:5], "center")
    ax.annotate(name, (lengths[-1], sizes[-1] / 1e6), xytext=(6, 0), va=va,
                textcoords="offset points", color=COLOURS[colour],
                annotation_clip=False)
ax.set(title="Written down, it is quadratic", xscale="log", yscale="log")
ax.set(xlabel="letters in view", ylabel="megabytes")
ax.set_xticks([128, 1024, 8192, 32768], ["128", "1,024", "8,192", "32,768"])
ax.minorticks_off()
plt.show()

# %% [markdown]
# These are sums on paper. Does the machine agree? We measure the most that the process holds while each of chapter 2's two attentions runs over 4,096 letters, less what it held before. <!-- number two: as listed below --> <!-- number 4,096: set in the cell below -->

# %%
import gc
from afterword.model.attention import View, causal_mask
from afterword.model.attention import explicit_attention, fused_attention
from afterword.runtime import Stopwatch

def extra_bytes(attend, view, n=4096):
    q, k, v = torch.randn(3, 1, H, n, K, device=device).unbind()
    gc.collect()
    with Stopwatch(device) as before:
        pass
    with Stopwatch(device) as watch:
        attend(q, k, v, view)
    return watch.peak_bytes - before.peak_bytes

# %%
fused = extra_bytes(fused_attention, View(is_causal=True))
masked = View(causal_mask(4096, 4096, device=device))
explicit = extra_bytes(explicit_attention, masked)
table_bytes = H * 4096**2 * 4
print(f"explicit: about {round(explicit / table_bytes)} tables of "
      f"{table_bytes / 1e6:.0f} MB; fused: {fused / table_bytes:.1f} tables")
assert explicit > table_bytes
assert fused < 0.1 * table_bytes

# %% [markdown]
# Two tables: the scores and, beside them, their softmax. The fused kernel needs next to nothing beyond its inputs. The verdict on the claim: **true of a table that is written down, and it need not be.** What grows with the text is the cache, in proportion, and 4 heads over 32,768 letters would be 17 gigabytes of scores in one layer where the cache of all six takes 201.33 megabytes. The arithmetic stays quadratic for the whole text, whichever kernel does it. <!-- number two, 4, 17, six: printed above; H; 17,179.87 MB; n_layers -->
#
# ## Working ahead
#
# With a cache one pass of the model gives one letter, and a pass over five letters takes far less than five passes. Could a cheaper model guess a few letters ahead, and ours check all of them in one pass? That is *speculative decoding* ([Leviathan et al., 2023](../book/references.md#leviathan2023); [Chen et al., 2023](../book/references.md#chen2023)), and each text comes out with the same probability as if ours had written it alone. <!-- number five, five: an example -->
#
# By hand. Our model is the four shares *p*. The draft is as cheap as can be and thinks all four alike, *q* = ¼. It guesses a word. Accept the guess with the probability *p*/*q*, at most 1. If it is rejected, draw from what *p* has more of than *q*: <!-- number four, four: the words --> <!-- number 1: a probability -->

# %%
q = torch.full_like(p, 1 / 4)
guess = draw(q.log().expand(10_000, 4), seeded(1))

# %%
chances = torch.rand(10_000, generator=seeded(2), device=device)
is_accepted = chances < p[guess] / q[guess]
lacking = (p - q).clamp(min=0)
instead = draw(lacking.log().expand(10_000, 4), seeded(3))
said = torch.where(is_accepted, guess, instead)

# %%
for word, n, exactly in zip(words, said.bincount(minlength=4).tolist(), p):
    low, high = share_interval(n, 10_000)
    print(f"{word}: {n / 10_000:.3f} ({low:.3f} to {high:.3f}), "
          f"exactly {exactly:.3f}")
share = is_accepted.float().mean()
low, high = share_interval(is_accepted.sum().item(), 10_000)
print(f"accepted: {share:.3f} ({low:.3f} to {high:.3f}), "
      f"exactly {torch.minimum(p, q).sum():.3f}")

# %% [markdown]
# The shares are those of *p*. By pencil: *easy* is guessed in ¼ of the cases and accepted with 0.133/0.25, which makes 0.133 in all. *Silence* is guessed and accepted in 0.25, and lacks 0.283. Rejected are 0.25 − 0.133 = 0.117 for *easy* and 0.217 for *cheese*, together 0.333, which is just what *silence* and *mine* lack, 0.283 and 0.050. No word gets more than its share, and none less. <!-- number 0.25, 0.25, 0.25, 0.283, 0.117, 0.217, 0.333, 0.283, 0.050: by pencil, asserted below -->

# %%
exact = torch.minimum(p, q) + lacking
torch.testing.assert_close(exact, p)
assert [round(x, 3) for x in lacking.tolist()] == [0.283, 0.05, 0.0, 0.0]
assert [round(x, 3) for x in (q - p).clamp(min=0).tolist()] == [0, 0, 0.117, 0.217]

# %% [markdown]
# How often is a guess accepted? Exactly as often as the smaller of both shares, added up, says. As drafts for our model we take chapter 1's counts, of order 3 and 5, and ask at held-out places. <!-- number 3, 5: set in the cell below -->

# %%
from afterword.text.ngrams import KneserNey

train_ids = torch.tensor(chars.encode(train_text), device=device)
drafts = {n: KneserNey(train_ids, order=n, vocab_size=V) for n in (3, 5)}
for n, draft in drafts.items():
    smaller = torch.minimum(draft(inputs[::2]).exp(), logits[::2].softmax(dim=-1))
    share = smaller.sum(dim=-1)[:, 8:].mean(dim=1)
    low, high = mean_interval(share.tolist())
    rate = share.mean()
    print(f"order {n}: {rate:.1%} accepted ({low:.1%} to {high:.1%}); with two "
          f"ahead {1 + rate + rate**2:.2f} letters a pass")

# %% [markdown]
# Three guesses in four, from mere counts. The last number is 1 + *a* + *a*², for the second guess counts only where the first was right; it takes one acceptance to say nothing about the next. <!-- number three guesses in four: 76.6%, printed above --> <!-- number 1: the sum -->
#
# But a guess costs something too. These counts are looked up length by length. For order 3 there is a quicker way: two letters can come before, so all answers fit into one table. <!-- number two: order 3 looks back over two -->

# %%
pairs = torch.cartesian_prod(*[torch.arange(V, device=device)] * 2)
table = drafts[3](pairs)[:, -1].view(V, V, V)

def looked_up(ids):
    return table[ids[:, -2], ids[:, -1]][:, None]

torch.testing.assert_close(looked_up(inputs), drafts[3](inputs)[:, -1:])

# %% [markdown]
# Which helps more, the draft that is right more often or the one that is quicker? Each writes 100 letters in turns with the model alone, five times; the quickest time of each counts. In a table again, since it is about time. <!-- number five: set in the cell below -->

# %%
from functools import partial
from itertools import islice
from afterword.sampling.speculative import speculative

def seconds(way, **settings):
    ids = torch.tensor([chars.encode("The rest is ")], device=device)
    began = perf_counter()
    list(islice(way(ids=ids, context_length=context, **settings), 100))
    return perf_counter() - began

def ahead(draft, n_draft, *, seed):
    guess = {"table of order 3": looked_up, "counts of order 5": drafts[5]}[draft]
    helped = partial(speculative, model, guess, n_draft=n_draft)
    times = [(seconds(partial(stream, model), rng=seeded(seed)),
              seconds(helped, rng=seeded(seed))) for _ in range(5)]
    alone, together = map(min, zip(*times))
    return {"faster": alone / together}

grid = {"draft": ["table of order 3", "counts of order 5"], "n_draft": [1, 2, 4]}
race = run(ahead, grid, seeds=range(5), table="06_ahead")

# %%
for row in summary(race, "faster", by=["draft", "n_draft"]).itertuples():
    print(f"{row.draft}, {row.n_draft} ahead: {row.mean:.2f} times as fast "
          f"({row.low:.2f} to {row.high:.2f})")

# %% [markdown]
# The quick one helps, though fewer of its guesses stand; with the other, a pass gives more letters and costs more than they are worth. (Measure such things in turns. When we first ran one way after the other, a program beside it had slowed down the first, and the order-5 draft looked more than twice as fast as no draft.) Where a pass takes long and a draft next to nothing, the letters of a pass are what counts: on a model of 11 billion weights two to three times the speed was measured ([Leviathan et al., 2023](../book/references.md#leviathan2023)). <!-- number twice: of our first version --> <!-- number 11 billion, two, three: cited leviathan2023 -->
#
# ## Turn the knobs
#
# Most of the filters in one figure. On the page it loads the model when you ask for it and writes in your browser, with no server; in Colab and JupyterLab the same sliders turn the model here. Type a beginning. Try 0.3 and 1.5; set top-p to 0.9 and then heat it; raise the repetition penalty and watch what becomes of the letters that your beginning has. <!-- number 0.3, 1.5, 0.9: settings of the sliders -->

# %% mystnb={"image": {"alt": "A figure that writes: a box for the beginning, sliders for temperature, top-k, top-p, min-p and repetition penalty, and bars of the likeliest next letters after The rest is, of which t is the first."}}
from afterword.interop.live import live_writer

live_writer("writer", prompt="The rest is ")

# %% [markdown]
# ## Read it aloud
#
# One beginning, one seed, four ways to choose. <!-- number four: the ways below -->

# %%
opening = "ROMEO.\nThe rest is"
manners = {"greedy": [top_k(1)], "drawn": [], "top-p 0.9": [top_p(0.9)],
           "temperature 0.7": [temperature(0.7)]}
for name, filters in manners.items():
    print(f"--- {name}\n{sample(*filters, prompt=opening, n_tokens=240, seed=2)}\n")

# %% [markdown]
# Read them aloud. The first is a machine. The second has people in it who speak in turn, and a verb every few words; *ideans* and *thrivical* are what a plain die costs. Top-p and the cooler die write cleaner words, and the same kind of nothing: *the short were our particular peers* scans, nearly. Not one of them answers another. No choice among the next letters can give a text a purpose that its model does not have. Choosing well only loses less of what is there.
#
# ## Exercises
#
# Each has a checker that says what went wrong, and a solution to unfold.
#
# > **Exercise 1.** *Easy, 10 minutes.* Write `nucleus(p, mass)`: from a list of probabilities, in any order, the places of those that top-p keeps, likeliest first. For `[0.125, 0.5, 0.25, 0.125]` and 0.75 it is `[1, 2]`. <!-- number 0.125, 0.5, 0.25, 0.125, 0.75: what the checker asks -->

# %%
from afterword.exercises import ch06

def nucleus(p, mass):
    ...

ch06.check_nucleus(nucleus)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def nucleus(p, mass):
    kept, total = [], 0.0
    for place in sorted(range(len(p)), key=lambda i: -p[i]):
        if total < mass:
            kept.append(place)
        total += p[place]
    return kept

ch06.check_nucleus(nucleus)

# %% [markdown]
# > **Exercise 2.** *Easy, 10 minutes.* Write `penalised(logits, said, penalty)`: a list of logits after the repetition penalty, where `said` lists the tokens of the text so far, some of them perhaps more than once. How often does not matter.

# %%
def penalised(logits, said, penalty):
    ...

ch06.check_penalty(penalised)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def penalised(logits, said, penalty):
    return [x if i not in said else x * penalty if x < 0 else x / penalty
            for i, x in enumerate(logits)]

ch06.check_penalty(penalised)

# %% [markdown]
# > **Exercise 3.** *Medium, 15 minutes.* A text is to end before the string `stop`, and it comes in pieces, whose borders may lie anywhere: `["to b", "e or n", "ot"]`. Write `until(pieces, stop)`: the text up to the stop string, or all of it if it does not come. Read no more pieces than you must, for each costs a pass of the model; `pieces` is an iterator, and the checker counts.

# %%
def until(pieces, stop):
    ...

ch06.check_stop(until)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def until(pieces, stop):
    text = ""
    for piece in pieces:
        text += piece
        if stop in text:
            return text[: text.index(stop)]
    return text

ch06.check_stop(until)

# %% [markdown]
# > **Exercise 4.** *Hard, 25 minutes.* Write `say(p, q, guess, u, v)`: one step of speculative decoding, with the dice already thrown. `p` and `q` are lists of probabilities, of the model and of the draft; `guess` is the token that the draft drew; `u` and `v` lie between 0 and 1. The guess stands if `u` is below *p*/*q*. If it falls, throw `v`: return the first token at which the shares of what *p* has more of, added up from the left and made to add up to one, exceed `v`. <!-- number 0, 1: a share -->

# %%
def say(p, q, guess, u, v):
    ...

ch06.check_speculation(say)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def say(p, q, guess, u, v):
    if u < p[guess] / q[guess]:
        return guess
    lacking = [max(a - b, 0) for a, b in zip(p, q)]
    total = 0
    for token, share in enumerate(lacking):
        total += share / sum(lacking)
        if total > v:
            return token

ch06.check_speculation(say)

# %% [markdown]
# ## What you now have
#
# You know that a model gives probabilities and that writing is a choice among them. You can choose the likeliest and know what that does; draw, warmer or colder; cut the tail in four ways and say which set each keeps; punish what repeats; search; and force a form. You know what a cache keeps and what it costs, and when working ahead pays. Four claims were tested: *predict* does not write, the temperature is a dial of several things, beams gave boilerplate, and quadratic memory can be avoided. <!-- number four, four: top-k, top-p, min-p, typical; as listed -->
#
# All this time the model has had one voice, Shakespeare's, or what it took for it. Could it be given another? [The next chapter](07_finetuning.ipynb) is about fine-tuning.
