"""Small checkpoints with random weights, in the formats that the hub has."""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torchvision.models import resnet50
from transformers import (
    BertConfig,
    BertModel,
    BertTokenizer,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPTokenizer,
    ResNetConfig,
    ResNetForImageClassification,
    Siglip2Tokenizer,
    SiglipConfig,
    SiglipImageProcessor,
    SiglipModel,
    Wav2Vec2Config,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2Model,
)

WORDS = ("red", "blue", "shoe", "knife", "lamp", "a", "for", "my", "##s", "desk")
SMALL = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
LAYERS = {"conv_dim": (16, 16, 16), "conv_kernel": (10, 8, 4), "conv_stride": (5, 8, 4), "num_feat_extract_layers": 3}


def bert(folder: Path, places: int = 200) -> Path:
    """A BERT of two layers, 32 numbers wide."""
    torch.manual_seed(0)
    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    vocabulary = {word: number for number, word in enumerate(special + WORDS)}
    config = BertConfig(vocab_size=len(vocabulary), max_position_embeddings=places, **SMALL)
    BertModel(config).save_pretrained(folder)
    BertTokenizer(vocab=vocabulary).save_pretrained(folder)
    return folder


def wav2vec2(folder: Path, norm: str, normalised: bool = True) -> Path:
    """A wav2vec 2.0 of two layers whose convolutions end in a `group` or a `layer` norm."""
    torch.manual_seed(0)
    config = Wav2Vec2Config(
        feat_extract_norm=norm,
        do_stable_layer_norm=norm == "layer",
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4,
        **SMALL,
        **LAYERS,
    )
    Wav2Vec2Model(config).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(do_normalize=normalised, return_attention_mask=norm == "layer").save_pretrained(folder)
    return folder


def clip(folder: Path) -> Path:
    """A CLIP that brings both sides to 24 numbers."""
    torch.manual_seed(0)
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    special = ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: number for number, word in enumerate(letters + [f"{one}</w>" for one in letters] + special)}
    start, end = (vocabulary[word] for word in special)
    texts = {**SMALL, "vocab_size": len(vocabulary), "max_position_embeddings": 20}
    texts |= {"bos_token_id": start, "eos_token_id": end, "pad_token_id": end}
    pictures = {**SMALL, "image_size": 32, "patch_size": 16}
    CLIPModel(CLIPConfig(text_config=texts, vision_config=pictures, projection_dim=24)).save_pretrained(folder)
    CLIPTokenizer(vocab=vocabulary, merges=[]).save_pretrained(folder)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def siglip(folder: Path) -> Path:
    """A SigLIP of 32 numbers with SigLIP 2's kind of tokenizer."""
    torch.manual_seed(0)
    words = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁", *map(chr, range(ord("a"), ord("z") + 1))]
    texts = {**SMALL, "vocab_size": len(words), "max_position_embeddings": 16}
    pictures = {**SMALL, "image_size": 32, "patch_size": 16}
    SiglipModel(SiglipConfig(text_config=texts, vision_config=pictures)).save_pretrained(folder)
    tokenizer = Siglip2Tokenizer(vocab={word: number for number, word in enumerate(words)}, padding_side="right")
    tokenizer.save_pretrained(folder)
    SiglipImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def resnet(folder: Path, names: tuple[str, ...] = ("shoe", "knife", "lamp")) -> Path:
    """A small ResNet in transformers' format, 24 numbers wide, with a classifier."""
    torch.manual_seed(0)
    config = ResNetConfig(
        embedding_size=8, hidden_sizes=[12, 24], depths=[1, 1], id2label=dict(enumerate(names)), num_labels=len(names)
    )
    ResNetForImageClassification(config).save_pretrained(folder)
    return folder


def resnet50_state(path: Path, classes: int = 1000) -> Path:
    """A state dict of torchvision's ResNet-50."""
    torch.manual_seed(0)
    path.parent.mkdir(parents=True, exist_ok=True)
    state = resnet50(num_classes=classes).state_dict()
    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save(state, path)
    return path
