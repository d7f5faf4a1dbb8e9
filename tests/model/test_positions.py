import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from afterword.model.gpt import GPT
from afterword.model.positions import ALiBi, Learned, NoPositions, Rotary, Sinusoidal, SteepALiBi
from afterword.model.presets import small

SCHEMES = [NoPositions(), Sinusoidal(), Rotary(), Rotary(share=0.5), ALiBi(), SteepALiBi()]


def tiny(**changes):
    fields = dict(vocab_size=11, d_model=16, n_heads=2, n_layers=2, context_length=8)
    return GPT(small(**fields | changes)).eval()


@given(
    place=st.integers(0, 500),
    asked=st.integers(0, 500),
    shift=st.integers(0, 500),
    share=st.sampled_from([0.25, 0.5, 1.0]),
)
def test_rotary_scores_depend_on_the_distance_only(place, asked, shift, share):
    """Angles up to 1,000 radians in fp32 are off by up to 3e-5, and |q||k| is about 8."""
    q, k = torch.randn(2, 1, 1, 1, 8, generator=torch.Generator().manual_seed(0))
    rotary = Rotary(share=share)
    score = lambda i, j: (  # noqa: E731
        rotary.turn(q, torch.tensor([i])) * rotary.turn(k, torch.tensor([j]))
    ).sum()
    moved = score(place + shift, asked + shift)
    torch.testing.assert_close(score(place, asked), moved, rtol=0, atol=1e-3)


def test_rotary_turns_pair_i_by_its_angle(rng):
    """As complex numbers: pair i is multiplied by e^(i · angle), the angle being place / base^…"""
    x, places = torch.randn(1, 2, 5, 8, generator=rng), torch.tensor([0, 1, 2, 30, 400])
    turned = Rotary(base=100.0).turn(x, places)
    angles = places[:, None] / 100 ** (torch.arange(4) / 4)
    wanted = torch.complex(x[..., :4], x[..., 4:]) * torch.exp(1j * angles)
    torch.testing.assert_close(turned, torch.cat([wanted.real, wanted.imag], -1), atol=1e-5, rtol=0)


def test_rotary_keeps_lengths_and_leaves_what_is_not_to_turn(rng):
    x, places = torch.randn(1, 2, 5, 8, generator=rng), torch.arange(5)
    torch.testing.assert_close(Rotary().turn(x, places).norm(dim=-1), x.norm(dim=-1))
    assert torch.equal(Rotary(share=0.5).turn(x, places)[..., 4:], x[..., 4:])


def test_rotary_counts_each_rows_own_places(rng):
    x, places = torch.randn(2, 1, 3, 4, generator=rng), torch.tensor([[0, 1, 2], [7, 8, 9]])
    rows = [Rotary().turn(x[i : i + 1], places[i]) for i in range(2)]
    torch.testing.assert_close(Rotary().turn(x, places), torch.cat(rows))


def test_the_waves_are_the_papers():
    waves = Sinusoidal().waves(torch.arange(50), 6)
    for place in (0, 1, 49):
        for i in range(3):
            angle = place / 10_000 ** (2 * i / 6)
            pair = torch.tensor([math.sin(angle), math.cos(angle)])
            torch.testing.assert_close(waves[place, 2 * i : 2 * i + 2], pair, atol=1e-5, rtol=0)


def test_alibi_falls_with_the_distance_by_the_papers_slopes():
    bias = ALiBi().bias(torch.tensor([2, 5]), torch.arange(6), n_heads=8)
    assert bias.shape == (8, 2, 6)
    assert bias[0, 0].tolist() == [-1, -0.5, 0, -0.5, -1, -1.5]  # slope 1/2
    assert bias[7, 1, 0].item() == -5 / 256


@pytest.mark.parametrize("scheme", [*SCHEMES, Learned()], ids=repr)
def test_only_a_scheme_tells_two_orders_apart(scheme):
    """The last token sees the same set either way; without a scheme, and in one layer, it cannot
    tell. (With more layers the causal mask itself gives the order away.)"""
    torch.manual_seed(0)
    model = tiny(positions=scheme, n_layers=1)
    one, other = model(torch.tensor([[1, 2, 3, 4, 5], [4, 3, 2, 1, 5]]))[:, -1]
    assert torch.allclose(one, other, atol=1e-6) == (scheme == NoPositions())


@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
def test_beyond_the_trained_length_all_but_learned_go_on(scheme):
    logits = tiny(positions=scheme)(torch.randint(11, (1, 20)))
    assert logits.isfinite().all()


def test_beyond_the_trained_length_learned_places_are_refused():
    model = tiny(positions=Learned())
    assert model(torch.randint(11, (1, 8))).shape == (1, 8, 11)
    with pytest.raises(ValueError, match=r"reaches place 8, but only places 0 to 7"):
        model(torch.randint(11, (1, 9)))
    cache = model.new_cache()
    model(torch.randint(11, (1, 8)), cache)
    with pytest.raises(ValueError, match="reaches place 8"):
        model(torch.randint(11, (1, 1)), cache)
    assert cache.length == 8


def test_learned_places_need_a_table():
    with pytest.raises(ValueError, match="holds no vectors"):
        Learned().add(torch.zeros(1, 2, 4), torch.arange(2))


@pytest.mark.parametrize(("d_head", "share"), [(7, 1.0), (6, 0.5), (4, 0.0), (4, 1.5)])
def test_an_odd_width_cannot_turn(d_head, share):
    with pytest.raises(ValueError, match=f"got d_head {d_head} × share {share}"):
        tiny(d_head=d_head, positions=Rotary(share=share))
    with pytest.raises(ValueError, match="want an even number"):
        Rotary(share=share).turn(torch.zeros(1, 1, 2, d_head), torch.arange(2))


def test_waves_need_an_even_width():
    with pytest.raises(ValueError, match="d_model must be even, got 5"):
        Sinusoidal().add(torch.zeros(1, 2, 5), torch.arange(2))


def test_schemes_are_values():
    assert Rotary(base=5.0) == Rotary(base=5.0) != Rotary(base=6.0)
    assert repr(Rotary()) == "Rotary(base=10000.0, share=1.0)"


@pytest.mark.parametrize("n_heads", [1, 2, 3, 4, 8])
def test_slopes_of_ones_own_can_be_those_of_the_paper(n_heads):
    ratio = 2 ** (8 / n_heads)
    places = torch.arange(12)
    ours = SteepALiBi(first=1 / ratio, ratio=ratio).bias(places, places, n_heads=n_heads)
    torch.testing.assert_close(ours, ALiBi().bias(places, places, n_heads=n_heads))


def test_the_steepest_head_forgets_within_a_few_tokens():
    bias = SteepALiBi(first=2.0, ratio=3.0).bias(torch.tensor([5]), torch.arange(6), n_heads=2)
    assert bias[0, 0].tolist() == [-10, -8, -6, -4, -2, 0]
    torch.testing.assert_close(bias[1, 0], bias[0, 0] / 3)
