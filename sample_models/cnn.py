"""A small convolutional net with batch normalisation: the first thing to try on images."""

from typing import Literal

import torch
from torch import nn

SPEC = {"data": {"target": "lrtui:digits"}}
ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU}


class SmallCNN(nn.Module):
    """A batch-norm CNN for images of any size: blocks of convolution, norm and activation, then an average.

    Args:
        in_channels: channels of an image: 1 for grey, 3 for colour
        num_classes: how many classes to tell apart
        width: channels after the first block; every further block doubles them
        depth: number of blocks; every one after the first halves the image
        activation: what follows each norm
        dropout: share of the averaged features that is dropped in training
    """

    def __init__(
        self,
        in_channels: int = 1,
        num_classes: int = 10,
        width: int = 16,
        depth: int = 2,
        activation: Literal["relu", "gelu", "silu"] = "relu",
        dropout: float = 0.0,
    ) -> None:
        """Build the blocks and the head."""
        super().__init__()
        widths = [width * 2**block for block in range(depth)]
        blocks = []
        for block, (before, after) in enumerate(zip([in_channels, *widths], widths, strict=False)):
            stride = 1 if block == 0 else 2
            convolution = nn.Conv2d(
                before, after, kernel_size=3, stride=stride, padding=1, bias=False
            )
            blocks.append(
                nn.Sequential(convolution, nn.BatchNorm2d(after), ACTIVATIONS[activation]())
            )
        self.features = nn.Sequential(*blocks)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(widths[-1], num_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (N, C, H, W) to class scores (N, classes)."""
        features = self.features(images).mean(dim=(2, 3))
        scores: torch.Tensor = self.head(self.dropout(features))
        return scores
