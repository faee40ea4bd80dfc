"""Optimizers that want a closure or a graph, and some that do not use the rate that is set."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

Closure = Callable[[], Any] | None


class NoClosureError(Exception):
    """What optimizer libraries raise."""


class Plain(Optimizer):
    """Gradient descent; subclasses change how the rate is used."""

    def __init__(self, params: Any, lr: float = 1e-3) -> None:
        super().__init__(params, {"lr": lr})

    def rate(self, group: dict[str, Any]) -> float:
        """The rate of a step."""
        return float(group["lr"])

    def step(self, closure: Closure = None) -> Any:
        """One step."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self.update()
        return loss

    @torch.no_grad()
    def update(self) -> None:
        """Move against the gradients."""
        for group in self.param_groups:
            rate = self.rate(group)
            for param in group["params"]:
                if param.grad is not None:
                    param.sub_(rate * param.grad)


# --- closures ---------------------------------------------------------------------------------


class TwoPass(Plain):
    """Sharpness-aware: the gradient is that of a point uphill (Foret et al., 2020)."""

    def refuse(self) -> None:
        """What happens without a closure."""
        raise RuntimeError("this optimizer requires a closure")

    def step(self, closure: Closure = None) -> Any:
        """Two passes through the closure."""
        if closure is None:
            self.refuse()
        assert closure is not None
        evaluate = torch.enable_grad()(closure)
        loss = evaluate()
        with torch.no_grad():
            moves: list[tuple[Tensor, Tensor]] = []
            for param in self.trained():
                move = 0.05 * param.grad / (param.grad.norm() + 1e-12)
                moves.append((param, move))
                param.add_(move)
        evaluate()
        with torch.no_grad():
            for param, move in moves:
                param.sub_(move)
        self.update()
        return loss

    def trained(self) -> Iterable[Any]:
        """The parameters that have gradients."""
        for group in self.param_groups:
            yield from [param for param in group["params"] if param.grad is not None]


class AssertsClosure(TwoPass):
    def refuse(self) -> None:
        raise AssertionError(
            "Sharpness Aware Minimization requires closure, but it was not provided"
        )


class OwnErrorClosure(TwoPass):
    def refuse(self) -> None:
        raise NoClosureError("[-] SAM closure is required")


class CallsNothing(TwoPass):
    """Calls what it was given, and that is None."""

    def refuse(self) -> None:
        nothing: Any = None
        nothing()


class Wrapper(TwoPass):
    """Wraps another optimizer, whose groups it shares."""

    def __init__(self, params: Any, lr: float = 1e-3) -> None:
        super().__init__(params, lr)
        self.base = SGD(self.param_groups, lr=lr)
        self.param_groups = self.base.param_groups

    def update(self) -> None:
        """The wrapped optimizer's step."""
        self.base.step()


class RequiredClosure(TwoPass):
    """The signature requires the closure, as LBFGS's does."""

    def step(self, closure: Any) -> Any:  # type: ignore[override]
        """Two passes through the closure."""
        return super().step(closure)


class SilentWithoutClosure(TwoPass):
    """Does nothing where there is no closure."""

    def step(self, closure: Closure = None) -> Any:
        """Two passes through the closure, or nothing."""
        return None if closure is None else super().step(closure)


class WantsGraph(Plain):
    """Second order: differentiates the gradients once more (Yao et al., 2020)."""

    def update(self) -> None:
        """A step scaled by an estimate of the Hessian's diagonal."""
        params = [p for group in self.param_groups for p in group["params"] if p.grad is not None]
        grads = [param.grad for param in params]
        if any(grad.grad_fn is None for grad in grads):
            raise RuntimeError(
                "Gradient tensor does not have grad_fn. Call loss.backward(create_graph=True)."
            )
        with torch.enable_grad():
            products = torch.autograd.grad(grads, params, [torch.ones_like(g) for g in grads])
        with torch.no_grad():
            for param, grad, product in zip(params, grads, products, strict=True):
                rate = self.rate(self.param_groups[0])
                param.sub_(rate * grad / (1 + product.abs()))


class WantsGraphBare(WantsGraph):
    """Leaves the error to autograd."""

    def update(self) -> None:
        """The second derivative, without a look at the graph."""
        params = [p for group in self.param_groups for p in group["params"] if p.grad is not None]
        grads = [param.grad for param in params]
        with torch.enable_grad():
            ones = [torch.ones_like(grad) for grad in grads]
            torch.autograd.grad(grads, params, ones, retain_graph=True)
        super().update()


class Fails(Plain):
    """Fails for a reason of its own."""

    def step(self, closure: Closure = None) -> Any:
        """Fail."""
        raise RuntimeError("the moon is in the wrong phase")


# --- rates ------------------------------------------------------------------------------------


class OwnRate(Plain):
    """Keeps the rate of its constructor and does not look at its groups."""

    def __init__(self, params: Any, lr: float = 1e-3) -> None:
        super().__init__(params, lr)
        self.lr = lr

    def rate(self, group: dict[str, Any]) -> float:
        return self.lr


class Defaults(Plain):
    """Reads the defaults, not the groups."""

    def rate(self, group: dict[str, Any]) -> float:
        return float(self.defaults["lr"])


class Relative(Plain):
    """Sets its own rate by its steps, as Adafactor with relative_step."""

    def __init__(self, params: Any, lr: float | None = None) -> None:
        super().__init__(params, 1e-3)
        self.steps = 0

    def rate(self, group: dict[str, Any]) -> float:
        self.steps += 1
        group["lr"] = min(1e-2, 1 / self.steps**0.5)
        return float(group["lr"])


class FirstRate(Plain):
    """The rate is that of the first step, as Rprop's."""

    def __init__(self, params: Any, lr: float = 1e-3) -> None:
        super().__init__(params, lr)
        self.first: float | None = None

    def rate(self, group: dict[str, Any]) -> float:
        if self.first is None:
            self.first = float(group["lr"])
        return self.first


class Capped(Plain):
    """The rate counts up to a hundredth."""

    def rate(self, group: dict[str, Any]) -> float:
        return min(float(group["lr"]), 1e-2)


class Multiplied(Plain):
    """The rate is a multiplier of an estimate, as in Prodigy and D-Adaptation."""

    def rate(self, group: dict[str, Any]) -> float:
        return 0.5 * float(group["lr"])


class Delayed(Plain):
    """The rate of a step is the one that was set before the last, as ASGD's."""

    def __init__(self, params: Any, lr: float = 1e-3) -> None:
        super().__init__(params, lr)
        self.next = lr

    def rate(self, group: dict[str, Any]) -> float:
        rate, self.next = self.next, float(group["lr"])
        return rate


class TensorRate(Plain):
    """The rate is a tensor."""

    def __init__(self, params: Any, lr: float = 1e-3) -> None:
        super().__init__(params, torch.tensor(lr))  # type: ignore[arg-type]

    def rate(self, group: dict[str, Any]) -> Any:
        return group["lr"]


def one_of_two(model: nn.Module, lr: float = 1e-3) -> list[Optimizer]:
    """Two optimizers, of which the second does not use its rate."""
    params = list(model.parameters())
    return [SGD(params[:1], lr=lr), OwnRate(params[1:], lr=lr)]
