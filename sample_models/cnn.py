"""A small convolutional net with batch normalisation: the first model to try on images."""

from typing import Literal

import torch
from torch import nn

SPEC = {"data": {"target": "lrtui:digits"}}
ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU}


class SmallCNN(nn.Module):
    """A CNN for images of any size: blocks of convolution, batch norm and activation.

    Args:
        in_channels: channels of an image; 1 for grey, 3 for colour
        num_classes: number of classes
        width: channels of the first block; each further block doubles them
        depth: number of blocks; each after the first halves the image
        activation: activation after each norm
        dropout: dropout rate of the averaged features
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
        """From images (N, C, H, W) to class scores (N, num_classes)."""
        features = self.features(images).mean(dim=(2, 3))
        scores: torch.Tensor = self.head(self.dropout(features))
        return scores
