"""A GAN: two nets, two optimizers, and a step that updates both (arXiv 1406.2661, section 3)."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import Adam, Optimizer

SPEC = {
    "data": {"target": "lrtui:digits"},
    "optimizer": {"target": "sample_models/gan.py:optimizers"},
    "step": {"target": "sample_models/gan.py:step"},
}


class GAN(nn.Module):
    """A generator of images and a critic of them, for the optimizers and the step of this file.

    Args:
        in_channels: channels of an image
        image_size: side of an image in pixels
        latent: size of the random vector that an image is made from
        hidden: units of each hidden layer
    """

    def __init__(
        self, in_channels: int = 1, image_size: int = 8, latent: int = 32, hidden: int = 128
    ) -> None:
        """Build both nets."""
        super().__init__()
        pixels = in_channels * image_size**2
        self.latent = latent
        self.generator = nn.Sequential(
            nn.Linear(latent, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Linear(hidden, pixels),
            nn.Sigmoid(),
        )
        self.critic = nn.Sequential(
            nn.Linear(pixels, hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, 1),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """From images (N, C, H, W) to scores (N, 1); higher means real."""
        scores: torch.Tensor = self.critic(images.flatten(1))
        return scores

    def draw(self, count: int) -> torch.Tensor:
        """Draw `count` new images, flattened to (count, pixels)."""
        device = next(self.parameters()).device
        images: torch.Tensor = self.generator(torch.randn(count, self.latent, device=device))
        return images


def optimizers(model: GAN, lr: float = 2e-4, beta1: float = 0.5) -> list[Optimizer]:
    """One Adam for the generator and one for the critic.

    Args:
        model: the GAN
        lr: learning rate of both
        beta1: decay of the gradient average; GANs need less than the default
    """
    return [
        Adam(net.parameters(), lr=lr, betas=(beta1, 0.999))
        for net in (model.generator, model.critic)
    ]


def step(model: GAN, batch: Any, optimizers: Sequence[Optimizer]) -> torch.Tensor:
    """One update of the critic, then one of the generator; returns the critic's loss."""
    images = batch[0] if isinstance(batch, tuple | list) else batch
    for_generator, for_critic = optimizers
    drawn = model.draw(len(images))
    real, fake = model(images), model(drawn.detach())
    loss = F.softplus(-real).mean() + F.softplus(fake).mean()
    for_critic.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    for_critic.step()
    for_generator.zero_grad()
    F.softplus(-model(drawn)).mean().backward()  # type: ignore[no-untyped-call]
    for_generator.step()
    return loss.detach()
