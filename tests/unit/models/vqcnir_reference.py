"""VQCNIR written out from its equations on the names of the published weights, with torchvision's kernel.

It shares nothing with the package: the tests compare both.
"""

import torch
from torch.nn.functional import conv2d, group_norm, interpolate, layer_norm, normalize, silu
from torchvision.ops import deform_conv2d

GROUPS = 4
HEAD = 8


class Reference:
    """The network on a table of official weights."""

    def __init__(self, table):
        self.table = table

    def conv(self, name, x, **settings):
        return conv2d(x, self.table[f"{name}.weight"], self.table[f"{name}.bias"], **settings)

    def gn(self, name, x):
        return group_norm(x, GROUPS, self.table[f"{name}.weight"], self.table[f"{name}.bias"], 1e-6)

    def ln(self, name, x):
        affine = self.table[f"{name}.weight"], self.table[f"{name}.bias"]
        return layer_norm(x.permute(0, 2, 3, 1), x.shape[1:2], *affine, 1e-6).permute(0, 3, 1, 2)

    def residual(self, name, x):
        inner = self.conv(f"{name}.conv.2", silu(self.gn(f"{name}.conv.0.norm", x)), padding=1)
        return x + self.conv(f"{name}.conv.5", silu(self.gn(f"{name}.conv.3.norm", inner)), padding=1)

    def encode(self, x):
        x = self.conv("multiscale_encoder.in_conv", x, padding=1)
        for stage in range(3):
            name = f"multiscale_encoder.blocks.{stage}"
            x = self.conv(f"{name}.0", x, stride=2, padding=1)
            x = self.residual(f"{name}.2", self.residual(f"{name}.1", x))
        for block in range(12):
            x = self.enhance(f"multiscale_encoder.blocks.3.blks.{block}", x)
        return x

    def enhance(self, name, x):
        u = self.conv(f"{name}.conv1", self.ln(f"{name}.norm1", x))
        u = self.conv(f"{name}.conv2", u, padding=1, groups=u.shape[1])
        u1, u2 = u.chunk(2, 1)
        ca = self.conv(f"{name}.sca2.1", u.mean((2, 3), keepdim=True))
        lka = self.conv(f"{name}.sca1.conv0", u, padding=2, groups=u.shape[1])
        lka = self.conv(f"{name}.sca1.conv_spatial", lka, padding=9, dilation=3, groups=u.shape[1])
        lka = self.conv(f"{name}.sca1.conv1", lka)
        y = x + self.table[f"{name}.beta"] * self.conv(f"{name}.conv3", ca * lka * (u1 * u2))
        t1, t2 = self.conv(f"{name}.conv4", self.ln(f"{name}.norm2", y)).chunk(2, 1)
        t = self.brighten(f"{name}.IMAC", t1 * t2)
        return y + self.table[f"{name}.gamma"] * self.conv(f"{name}.conv5", t)

    def brighten(self, name, t):
        parts = t.chunk(4, 1)
        done = []
        for s in range(4):
            rest = torch.cat([part for index, part in enumerate(parts) if index != s], 1)
            a = self.conv(f"{name}.predictA{s}.0", rest, padding=2).relu()
            a = self.conv(f"{name}.predictA{s}.2", a, padding=1).relu()
            a = self.conv(f"{name}.predictA{s}.4", a).sigmoid()
            c = parts[s].relu() - (parts[s] - 1).relu()
            for step in range(3):
                c = c + a[:, step : step + 1] * (c - c * c)
            done.append(self.conv(f"{name}.conv{s}", c, padding=1))
        return torch.cat(done, 1)

    def nearest(self, z):
        book = self.table["quantize_group.0.embedding.weight"]
        flat = z.permute(0, 2, 3, 1).unsqueeze(-2)  # (b, h, w, 1, c)
        return (flat - book).square().sum(-1).argmin(-1)

    def side_features(self, indices):
        codes = self.table["quantize_group.0.embedding.weight"][indices].permute(0, 3, 1, 2)
        features = [self.conv("after_quant_group.0.conv", codes, padding=1)]
        for stage in range(3):
            name = f"decoder_group.{stage}.block"
            x = self.conv(f"{name}.1", interpolate(features[-1], scale_factor=2), padding=1)
            features.append(self.residual(f"{name}.3", self.residual(f"{name}.2", x)))
        return features

    def exchange(self, name, d, g):
        b, c, h, w = d.shape
        q_d, q_g, v_d, v_g = (
            self.conv(f"{name}.{part}", x).reshape(b, c // HEAD, HEAD, h * w)
            for part, x in (
                ("d_proj1", self.ln(f"{name}.norm_d", d)),
                ("g_proj1", self.ln(f"{name}.norm_g", g)),
                ("d_proj2", d),
                ("g_proj2", g),
            )
        )
        scores = torch.einsum("bmip,bmjp->bmij", normalize(q_d, dim=-1), normalize(q_g, dim=-1))
        p = (scores * self.table[f"{name}.scale"]).softmax(-1)
        to_d, to_g = (torch.einsum("bmij,bmjp->bmip", p, v).reshape(d.shape) for v in (v_g, v_d))
        return d + self.table[f"{name}.beta"] * to_d, g + self.table[f"{name}.gamma"] * to_g

    def warp(self, name, d, g, previous):
        a = self.conv(f"{name}.offset_conv1.0", torch.cat([g, d], 1))
        a = silu(self.gn(f"{name}.offset_conv1.1", a))
        a = silu(
            self.gn(
                f"{name}.offset_conv1.4", self.conv(f"{name}.offset_conv1.3", a, padding=3, groups=a.shape[1])
            )
        )
        a = self.conv(f"{name}.offset_conv1.6", a)
        if previous is not None:
            up = 2 * interpolate(previous, scale_factor=2, mode="bilinear", align_corners=False)
            a = torch.cat([a, up], 1)
        o = silu(self.gn(f"{name}.offset_conv2.1", self.conv(f"{name}.offset_conv2.0", a, padding=1)))
        raw = self.conv(f"{name}.dcn.conv_offset", o, padding=1)
        weight, bias = self.table[f"{name}.dcn.weight"], self.table[f"{name}.dcn.bias"]
        return deform_conv2d(d, raw[:, :72], weight, bias, padding=1, mask=raw[:, 72:].sigmoid()), o

    def decode(self, z, side):
        d, o = z, None
        for level, prior in zip("8421", side, strict=True):
            if level != "8":
                up = f"main_decode.pre_upsample_dict.Level_{level}.1"
                d = self.conv(up, interpolate(d, scale_factor=2), padding=1)
            d, g = self.exchange(f"main_decode.attn.Level_{level}", d, prior)
            warped, o = self.warp(f"main_decode.align_func_dict.Level_{level}", d, g, o)
            d = warped if level == "8" else self.fuse(f"main_decode.decoder_dict.Level_{level}", d, warped)
        return d

    def fuse(self, name, d, warped):
        both = torch.cat([d, warped], 1)
        x = self.conv(f"{name}.conv1", silu(self.gn(f"{name}.norm1", both)), padding=1)
        x = self.conv(f"{name}.conv2", silu(self.gn(f"{name}.norm2", x)), padding=1)
        return x + self.conv(f"{name}.residual_func", both)

    def __call__(self, x, w=1.0):
        z = self.encode(x)
        indices = self.nearest(self.conv("before_quant_group.0", z))
        side = self.side_features(indices)
        return self.conv("out_conv", side[-1] + w * self.decode(z, side), padding=1), indices
