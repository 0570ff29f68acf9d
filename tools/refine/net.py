"""The frame CNN in PyTorch, with the weights of a bundle."""

import tempfile
import zipfile
from pathlib import Path

import keras
import numpy as np
import torch
from torch import nn

from emo_core.faces.alignment import normalize_intensity
from emo_core.model import bundle as bundles
from emo_core.training import networks
from emo_core.types import Bytes, Floats


class FrameNet(nn.Module):
    """The frame CNN of :mod:`emo_core.training.networks`, with its weights; the first stage stays as it is."""

    def __init__(self, weights: list[np.ndarray], dropout: float = 0.3) -> None:
        super().__init__()
        stages, arrays = [], [torch.from_numpy(array) for array in weights]
        for stage in range((len(arrays) - 2) // 10):
            layers: list[nn.Module] = [nn.MaxPool2d(2)] if stage else []
            for kernel, *normalization in (
                arrays[10 * stage : 10 * stage + 5],
                arrays[10 * stage + 5 : 10 * stage + 10],
            ):
                layers += [_convolution(kernel), _normalization(*normalization), nn.ReLU(inplace=True)]
            stages.append(nn.Sequential(*layers))
        self.first, self.rest = stages[0], nn.Sequential(*stages[1:])
        self.dropout = nn.Dropout(dropout)
        self.emotions = nn.Linear(*arrays[-2].shape)
        self.emotions.weight.data, self.emotions.bias.data = arrays[-2].T.contiguous(), arrays[-1].clone()
        self.first.requires_grad_(False)

    def train(self, mode: bool = True) -> "FrameNet":
        """Training mode for all but the first stage."""
        super().train(mode)
        self.first.eval()
        return self

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        """Faces (B, 1, S, S) → logits (B, 8)."""
        with torch.no_grad():
            x = self.first(faces)
        return self.emotions(self.dropout(self.rest(x).mean(dim=(2, 3))))

    def keras_weights(self) -> list[np.ndarray]:
        """All weights in the order of Keras."""
        arrays: list[torch.Tensor] = []
        for module in (*self.first, *(layer for stage in self.rest for layer in stage)):
            if isinstance(module, nn.Conv2d):
                arrays.append(module.weight.permute(2, 3, 1, 0))
            elif isinstance(module, nn.BatchNorm2d):
                arrays += [module.weight, module.bias, module.running_mean, module.running_var]
        arrays += [self.emotions.weight.T, self.emotions.bias]
        return [np.ascontiguousarray(array.detach().numpy()) for array in arrays]


def _convolution(kernel: torch.Tensor) -> nn.Conv2d:
    layer = nn.Conv2d(kernel.shape[2], kernel.shape[3], 3, padding=1, bias=False)
    layer.weight.data = kernel.permute(3, 2, 0, 1).contiguous()
    return layer


def _normalization(gamma: torch.Tensor, beta: torch.Tensor, mean: torch.Tensor, var: torch.Tensor) -> nn.BatchNorm2d:
    layer = nn.BatchNorm2d(len(gamma), eps=1e-3, momentum=0.01)
    layer.weight.data, layer.bias.data = gamma.clone(), beta.clone()
    layer.running_mean, layer.running_var = mean.clone(), var.clone()
    return layer


def as_input(crops: Bytes) -> torch.Tensor:
    """Crops (N, S, S) uint8 → what the network reads, (N, 1, S, S) float32."""
    return torch.from_numpy(normalize_intensity(crops)[:, np.newaxis]).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def answer(net: FrameNet, crops: Bytes, *, mirrored: bool) -> Floats:
    """Emotions (N, 8) of faces, averaged over their mirror images if `mirrored`."""
    net.eval()
    ways = (crops, crops[:, :, ::-1]) if mirrored else (crops,)
    parts = [
        (sum(net(as_input(np.ascontiguousarray(way[start : start + 256]))) for way in ways) / len(ways)).softmax(1)
        for start in range(0, len(crops), 256)
    ]
    return torch.cat(parts).numpy()


def first_weights(bundle: Path, side: int) -> list[np.ndarray]:
    """Weights of a bundle's frame CNN in the order of Keras; whether it averages over mirror images is no matter."""
    model = networks.build_frame_cnn(side, mirrored=False)
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(bundle / bundles.KERAS_FRAME_CNN) as archive:
        model.load_weights(archive.extract("model.weights.h5", folder))
    return [np.array(keras.ops.convert_to_numpy(weight)) for weight in model.weights]
