"""A PyTorch twin of the official UG-VAE, with its mlp and its conv body, for comparison with ugvae_tf.

It has the structure and the costs of the official implementation: K separate networks for the
mixture, a loop over K for the divergences, and beta tiled for the decoder.

Images are [B, C, H, W], B of them in a group; K components, L dimensions of z, M dimensions of beta.
"""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from ugvae_tf.config import Config


def sample(mean: Tensor, log_variance: Tensor) -> Tensor:
    """One reparametrised sample of a diagonal Gaussian."""
    return mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)


def kl(mean: Tensor, log_variance: Tensor, prior_mean: Tensor, prior_log_variance: Tensor) -> Tensor:
    """KL between diagonal Gaussians, in nats, summed over the last axis."""
    squares = log_variance.exp() + (mean - prior_mean) ** 2
    return 0.5 * (prior_log_variance - log_variance + squares / prior_log_variance.exp() - 1).sum(-1)


def product_of_experts(mean: Tensor, log_variance: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and log variance [M] of the product of the group's experts [B, M], without the prior."""
    precision = torch.exp(-log_variance)
    total = precision.sum(0)
    return (precision * mean).sum(0) / total, -total.log()


def mlp_encoder(shape: torch.Size, hidden: int) -> nn.Sequential:
    """Images to features [B, hidden]."""
    return nn.Sequential(nn.Flatten(), nn.Linear(shape.numel(), hidden), nn.ReLU())


def mlp_decoder(shape: torch.Size, hidden: int, inputs: int) -> nn.Sequential:
    """[z, beta], concatenated, to the mean of every pixel."""
    pixels = nn.Linear(hidden, shape.numel())
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), pixels, nn.Sigmoid(), nn.Unflatten(1, shape))


def conv_encoder(shape: torch.Size, hidden: int) -> nn.Sequential:
    """Images of 64x64 pixels to features [B, hidden]."""
    layers: list[nn.Module] = []
    for maps, out in pairwise((shape[0], 32, 32, 64, 64)):
        layers += [nn.Conv2d(maps, out, 4, stride=2, padding=1), nn.BatchNorm2d(out), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(64, hidden, 4), nn.BatchNorm2d(hidden), nn.ReLU(), nn.Flatten())


def conv_decoder(shape: torch.Size, hidden: int, inputs: int) -> nn.Sequential:
    """[z, beta], concatenated, to the mean of every one of 64x64 pixels."""
    layers = [nn.Linear(inputs, hidden), nn.ReLU(), nn.Unflatten(1, (hidden, 1, 1)), nn.ConvTranspose2d(hidden, 64, 4)]
    for maps, out in pairwise((64, 64, 32, 32, shape[0])):
        layers += [nn.ReLU(), nn.ConvTranspose2d(maps, out, 4, stride=2, padding=1)]
    return nn.Sequential(*layers, nn.Sigmoid())


ENCODERS = {"mlp": mlp_encoder, "conv": conv_encoder}
DECODERS = {"mlp": mlp_decoder, "conv": conv_decoder}


class TorchTwin(nn.Module):
    """The networks of UG-VAE and the loss of one group."""

    def __init__(self, config: Config, image_shape: torch.Size) -> None:
        super().__init__()
        sizes = config.model
        hidden, components, z, beta = sizes.hidden_units, sizes.components, sizes.local_size, sizes.global_size
        self.pixel_variance = sizes.pixel_variance
        self.body = ENCODERS[sizes.body](image_shape, hidden)
        self.local_head = nn.Linear(hidden, 2 * z)
        self.component_encoder = nn.Sequential(nn.Linear(z, hidden), nn.Tanh(), nn.Linear(hidden, components))
        self.expert_head = nn.Linear(hidden + components, 2 * beta)
        self.mixture = nn.ModuleList(
            nn.Sequential(nn.Linear(beta, hidden), nn.ReLU(), nn.Linear(hidden, 2 * z)) for _ in range(components)
        )
        self.decoder = DECODERS[sizes.body](image_shape, hidden, z + beta)

    def forward(self, images: Tensor) -> Tensor:
        """The negative ELBO of a group, in nats per image."""
        features = self.body(images)  # [B, H]
        q_z = self.local_head(features).chunk(2, dim=-1)  # mean and log variance [B, L]
        z = sample(*q_z)
        log_q_d = self.component_encoder(z).log_softmax(-1)  # [B, K]
        experts = self.expert_head(torch.cat([features, log_q_d.exp()], -1)).chunk(2, dim=-1)  # [B, M]
        q_beta = product_of_experts(*experts)
        beta = sample(*q_beta)  # [M]
        kl_beta = kl(*q_beta, torch.zeros_like(beta), torch.zeros_like(beta))
        per_image = self.kl_z(q_z, log_q_d, beta) + self.kl_d(log_q_d) - self.log_px(images, z, beta)
        return (per_image.sum() + kl_beta) / len(images)

    def kl_z(self, q_z: tuple[Tensor, Tensor], log_q_d: Tensor, beta: Tensor) -> Tensor:
        """KL of q(z) to each component, weighed by q(d) [B]."""
        total = torch.zeros(len(log_q_d))
        for network, log_prob in zip(self.mixture, log_q_d.unbind(-1), strict=True):
            mean, raw_log_variance = network(beta).chunk(2)  # [L]
            total = total + log_prob.exp() * kl(*q_z, mean, torch.tanh(raw_log_variance))
        return total

    def kl_d(self, log_q_d: Tensor) -> Tensor:
        """KL of q(d) to the uniform prior [B]."""
        return (log_q_d.exp() * log_q_d).sum(-1) + math.log(log_q_d.shape[-1])

    def log_px(self, images: Tensor, z: Tensor, beta: Tensor) -> Tensor:
        """Log-density of each image under the decoder's Gaussian [B]."""
        mean = self.decoder(torch.cat([z, beta.expand(len(z), -1)], -1))
        squares = (images - mean) ** 2 / self.pixel_variance
        return -0.5 * (squares + math.log(2 * math.pi * self.pixel_variance)).flatten(1).sum(-1)


class TwinTrainer:
    """The twin, its optimiser and its groups: random images of a float tensor in memory."""

    def __init__(self, config: Config, images: Tensor) -> None:
        torch.manual_seed(config.training.seed)
        self.images, self.group_size = images, config.data.group_size  # [N, C, H, W]
        self.model = TorchTwin(config, images.shape[1:])
        self.optimizer = torch.optim.Adam(self.model.parameters(), config.training.learning_rate)
        self.order = torch.empty(0, dtype=torch.int64)

    def step(self) -> Tensor:
        """Train on one group, and return its loss."""
        if len(self.order) < self.group_size:
            self.order = torch.randperm(len(self.images))
        group, self.order = self.order[: self.group_size], self.order[self.group_size :]
        loss = self.model(self.images[group])
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.detach()
