"""SUPPORTED.md says what the code says, and the code has all that was promised."""

import re
from pathlib import Path

import pytest

from dlcourse import scratch
from dlcourse.scratch import supported

ROOT = Path(__file__).parents[2]


def words(text):
    """The names in a block of text."""
    return text.split()


CORE = words("""
add sub mul div neg pow exp log sqrt abs sin cos tanh sigmoid clamp maximum minimum where eq ne lt
le gt ge matmul mm bmm dot mv outer sum mean var std max min amax amin argmax argmin prod
logsumexp cumsum reshape permute transpose squeeze unsqueeze flatten cat stack split chunk gather
index_select masked_fill tril triu softmax log_softmax relu log1p expm1 rsqrt square reciprocal
tan erf sign floor round logical_not addmm einsum any all cumprod t unflatten broadcast_to tile
flip roll movedim hstack vstack unbind narrow select scatter scatter_add masked_select diagonal
diag topk sort argsort zeros_like ones_like full_like arange eye linspace clone tensor as_tensor
from_numpy zeros ones full empty rand randn randint randperm normal bernoulli multinomial
manual_seed Generator get_default_dtype set_default_dtype no_grad enable_grad set_grad_enabled
inference_mode save load is_tensor numel isnan isinf isfinite allclose equal meshgrid
""")

METHODS = words("""
view expand repeat contiguous item detach numpy backward clone to cpu float double long int bool
type dim size numel new_zeros new_ones new_tensor tolist requires_grad_ retain_grad register_hook
is_floating_point add_ sub_ mul_ div_ zero_ fill_ copy_ clamp_ uniform_ normal_ expand_as view_as
data grad shape dtype device T mT is_leaf requires_grad
""")

FUNCTIONAL = words("""
softmax log_softmax linear relu leaky_relu elu gelu silu softplus cross_entropy nll_loss mse_loss
l1_loss smooth_l1_loss huber_loss binary_cross_entropy binary_cross_entropy_with_logits kl_div
conv1d conv2d conv_transpose2d max_pool2d avg_pool2d adaptive_avg_pool2d pad unfold dropout
embedding layer_norm group_norm batch_norm instance_norm rms_norm scaled_dot_product_attention
normalize cosine_similarity pixel_shuffle interpolate one_hot sigmoid tanh selu mish relu6
hardtanh softsign logsigmoid glu triplet_margin_loss cosine_embedding_loss conv_transpose1d
max_pool1d avg_pool1d adaptive_avg_pool1d adaptive_max_pool2d pixel_unshuffle
""")

MODULES = words("""
Linear Conv1d Conv2d ConvTranspose2d MaxPool2d AvgPool2d AdaptiveAvgPool2d BatchNorm1d BatchNorm2d
LayerNorm GroupNorm RMSNorm Embedding RNN LSTM GRU RNNCell LSTMCell GRUCell MultiheadAttention
TransformerEncoderLayer ReLU LeakyReLU ELU GELU SiLU Sigmoid Tanh Softplus Softmax LogSoftmax
MSELoss L1Loss SmoothL1Loss HuberLoss CrossEntropyLoss NLLLoss BCELoss BCEWithLogitsLoss KLDivLoss
Sequential Flatten Identity Dropout ConvTranspose1d MaxPool1d AvgPool1d AdaptiveAvgPool1d
AdaptiveMaxPool2d InstanceNorm1d InstanceNorm2d PReLU ReLU6 SELU Mish GLU Hardtanh Softsign
LogSigmoid Softmin CosineEmbeddingLoss ZeroPad2d ConstantPad1d ConstantPad2d ReflectionPad2d
Module Parameter ParameterList ParameterDict ModuleList ModuleDict Upsample Dropout2d LazyLinear
LazyConv2d Transformer TransformerEncoder TransformerDecoderLayer TransformerDecoder
""")

OPTIM = words("SGD Adagrad RMSprop Adam AdamW NAdam RAdam Adadelta Adamax Optimizer")
SCHEDULES = words("""
StepLR MultiStepLR ExponentialLR CosineAnnealingLR OneCycleLR LinearLR LambdaLR ReduceLROnPlateau
ConstantLR PolynomialLR CosineAnnealingWarmRestarts SequentialLR
""")
DATA = words("""
Dataset IterableDataset TensorDataset Subset ConcatDataset random_split DataLoader Sampler
RandomSampler SequentialSampler WeightedRandomSampler BatchSampler default_collate
""")


def test_the_page_is_fresh():
    written = (ROOT / "SUPPORTED.md").read_text(encoding="utf-8")
    assert written == supported.page(), "run: python -m dlcourse.scratch.supported"


@pytest.mark.parametrize(
    ("room", "names"),
    [
        (scratch, CORE),
        (scratch.Tensor, METHODS),
        (scratch.nn.functional, FUNCTIONAL),
        (scratch.nn, MODULES),
        (scratch.optim, OPTIM),
        (scratch.optim.lr_scheduler, SCHEDULES),
        (scratch.utils.data, DATA),
    ],
)
def test_all_promised_names_exist(room, names):
    assert [n for n in names if not hasattr(room, n)] == []


def test_all_promised_names_are_on_the_page():
    listed = set(re.findall(r"^- `(\w+)", supported.page(), flags=re.MULTILINE))
    promised = {*CORE, *FUNCTIONAL, *MODULES, *OPTIM, *SCHEDULES, *DATA, *METHODS}
    assert promised - listed == set()


def test_the_page_can_be_written_anywhere(tmp_path):
    supported.main([str(tmp_path / "S.md")])
    assert (tmp_path / "S.md").read_text(encoding="utf-8").startswith("# What the engine supports")
