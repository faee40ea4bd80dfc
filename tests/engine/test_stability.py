"""The stability limit on quadratics, where theory and training must agree to the last percent."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from lrtui.engine.stability import Loss, largest_eigenvalue, stability

CURVATURES = torch.tensor([0.1, 1.0, 7.0])


def quadratic(
    optimizer_class: type[torch.optim.Optimizer], **arguments: Any
) -> tuple[torch.Tensor, Loss, torch.optim.Optimizer]:
    x = torch.ones(3, requires_grad=True)
    return x, lambda: (CURVATURES * x**2).sum() / 2, optimizer_class([x], **arguments)


def blows_up(optimizer_class: type[torch.optim.Optimizer], lr: float, **arguments: Any) -> bool:
    x, loss, optimizer = quadratic(optimizer_class, lr=lr, **arguments)
    for _ in range(300):
        optimizer.zero_grad()
        torch.autograd.backward(loss())
        optimizer.step()
    return not bool(x.detach().abs().max() < 10)


def test_the_eigenvalue_is_that_of_the_hessian() -> None:
    x, loss, _ = quadratic(torch.optim.SGD, lr=0.1)
    assert largest_eigenvalue([loss], [x]).value == pytest.approx(7.0, rel=1e-3)


def test_it_is_the_mean_over_batches_that_is_curved() -> None:
    x, loss, _ = quadratic(torch.optim.SGD, lr=0.1)
    assert largest_eigenvalue([loss, lambda: 3 * loss()], [x]).value == pytest.approx(
        14.0, rel=1e-3
    )


@pytest.mark.parametrize("arguments", [{}, {"momentum": 0.9}, {"momentum": 0.5}])
def test_sgd_is_stable_below_the_limit_and_not_above(arguments: dict[str, float]) -> None:
    _, loss, optimizer = quadratic(torch.optim.SGD, lr=0.1, **arguments)
    limit = stability([loss], optimizer).limit
    assert not blows_up(torch.optim.SGD, limit * 0.97, **arguments)
    assert blows_up(torch.optim.SGD, limit * 1.03, **arguments)


def test_adam_uses_the_preconditioned_curvature() -> None:
    _, loss, optimizer = quadratic(torch.optim.Adam, lr=0.1)
    # at x = 1 the gradient equals the curvatures, so P^(-1/2) H P^(-1/2) is the identity
    result = stability([loss], optimizer)
    assert result.eigenvalue == pytest.approx(1.0, rel=1e-3)
    assert result.limit == pytest.approx(38.0, rel=1e-3)


@pytest.mark.parametrize(
    "make",
    [
        lambda x: torch.optim.SGD([x], lr=0.1, momentum=0.9, nesterov=True),
        lambda x: torch.optim.Adagrad([x], lr=0.1),
        lambda x: torch.optim.Adam([x], lr=0.1, amsgrad=True),
    ],
)
def test_what_has_no_theory_is_refused(
    make: Callable[[torch.Tensor], torch.optim.Optimizer],
) -> None:
    x = torch.ones(3, requires_grad=True)
    with pytest.raises(ValueError, match="not known"):
        stability([lambda: (x**2).sum()], make(x))


def test_a_loss_without_curvature_sets_no_limit() -> None:
    x = torch.ones(3, requires_grad=True)
    with pytest.raises(ValueError, match="no positive curvature"):
        stability([lambda: x.sum()], torch.optim.SGD([x], lr=0.1))


def test_at_a_saddle_it_is_the_largest_eigenvalue_and_not_the_one_of_largest_size() -> None:
    x = torch.ones(3, requires_grad=True)
    saddle = torch.tensor([-9.0, 1.0, 4.0])
    result = stability([lambda: (saddle * x**2).sum() / 2], torch.optim.SGD([x], lr=0.1))
    assert result.limit == pytest.approx(0.5, rel=1e-2)


def test_a_small_positive_eigenvalue_among_many_is_found_behind_a_larger_negative_one() -> None:
    curvatures = torch.zeros(5000)
    curvatures[:2] = torch.tensor([-1.6, 1.0])
    x = torch.ones(5000, requires_grad=True)
    result = stability([lambda: (curvatures * x**2).sum() / 2], torch.optim.SGD([x], lr=0.1))
    assert result.limit == pytest.approx(2.0, rel=1e-2)


def test_eigenvalues_of_one_size_and_both_signs_are_told_apart() -> None:
    x = torch.ones(100, requires_grad=True)
    curvatures = torch.tensor([1.0, -1.0] + [0.0] * 98)
    result = stability([lambda: (curvatures * x**2).sum() / 2], torch.optim.SGD([x], lr=0.1))
    assert result.limit == pytest.approx(2.0, rel=1e-2)


def test_what_has_not_settled_is_no_limit() -> None:
    x = torch.ones(1000, requires_grad=True)
    curvatures = torch.tensor(
        [-5.0] * 10 + [0.1] + [0.0] * 989
    )  # 5.1 among 5.0s once the shift is added
    with pytest.raises(ValueError, match="not settled after"):
        stability([lambda: (curvatures * x**2).sum() / 2], torch.optim.SGD([x], lr=0.1))
