"""Models written once: `MLP(torch)` and `MLP(scratch)` are the same text on two engines.

Each is a function of the engine that gives a class; a body is ordinary PyTorch, with the shape of
each value at the end of its line.
"""

from .autoencoder import Autoencoder
from .bert import BERT
from .char_rnn import CharRNN
from .ddpm import DDPM
from .detector import Detector
from .gan import GAN
from .gpt import GPT
from .lenet import LeNet
from .linear import LinearModel
from .mlp import MLP
from .recommender import Recommender
from .resnet import ResNet
from .sentiment import BagOfWords, SentimentRNN
from .seq2seq import Seq2Seq
from .unet import UNet
from .vae import VAE
from .video import VideoPredictor

__all__ = [
    "BERT",
    "DDPM",
    "GAN",
    "GPT",
    "MLP",
    "VAE",
    "Autoencoder",
    "BagOfWords",
    "CharRNN",
    "Detector",
    "LeNet",
    "LinearModel",
    "Recommender",
    "ResNet",
    "SentimentRNN",
    "Seq2Seq",
    "UNet",
    "VideoPredictor",
]
