"""A small residual net for images (arXiv 1512.03385, section 4.2)."""

import torch
from torch import nn
from torch.nn import functional as F

SPEC = {"data": {"target": "torchvision:FashionMNIST"}}


class _Block(nn.Module):
    """Two convolutions and a shortcut."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        """Build a block; its shortcut is the identity if the size stays."""
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(after)
        same = stride == 1 and before == after
        self.shortcut = nn.Identity() if same else nn.Conv2d(before, after, 1, stride, bias=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """From features (N, C, H, W) to features; a stride of 2 halves H and W."""
        inner = F.relu(self.norm1(self.conv1(images)))
        return F.relu(self.norm2(self.conv2(inner)) + self.shortcut(images))


class SmallResNet(nn.Module):
    """A small ResNet: three stages of residual blocks; each halves the size and doubles the width.

    Args:
        in_channels: channels of an image; 1 for grey, 3 for colour
        num_classes: number of classes
        width: channels of the first stage
        blocks: residual blocks in each stage; 3 make the paper's ResNet-20
        zero_init: initialise every block as the identity, which allows higher rates
    """

    def __init__(
        self,
        in_channels: int = 3,
        num_classes: int = 10,
        width: int = 16,
        blocks: int = 1,
        zero_init: bool = False,
    ) -> None:
        """Build the stem, the stages and the head."""
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(in_channels, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        )
        residual_blocks: list[_Block] = []
        before = width
        for stage in range(3):
            after = width * 2**stage
            for block in range(blocks):
                halves = stage > 0 and block == 0
                residual_blocks.append(_Block(before, after, stride=2 if halves else 1))
                before = after
        self.stages = nn.Sequential(*residual_blocks)
        self.head = nn.Linear(before, num_classes)
        if zero_init:
            for residual in residual_blocks:
                nn.init.zeros_(residual.norm2.weight)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """From images (N, C, H, W) to class scores (N, num_classes)."""
        scores: torch.Tensor = self.head(self.stages(self.stem(images)).mean(dim=(2, 3)))
        return scores
