"""Losses as modules: each keeps its options and calls the function of the same kind."""

# ruff: noqa: RUF012 - `options` are declarations that nobody changes

from .. import functional as F
from ._options import Options

_OLD = {"size_average": None, "reduce": None}


class _Loss(Options):
    hidden = ("size_average", "reduce")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        weights = [key for key in ("weight", "pos_weight") if key in self.options]
        for key in weights:  # buffers, so that state_dict carries them
            self.register_buffer(key, vars(self).pop(key))

    def extra_repr(self):
        return ""


class L1Loss(_Loss):
    """|x - y|, averaged."""

    function, options = staticmethod(F.l1_loss), {**_OLD, "reduction": "mean"}


class MSELoss(_Loss):
    """(x - y)^2, averaged."""

    function, options = staticmethod(F.mse_loss), {**_OLD, "reduction": "mean"}


class SmoothL1Loss(_Loss):
    """Quadratic within beta, linear beyond, averaged."""

    function, options = staticmethod(F.smooth_l1_loss), {**_OLD, "reduction": "mean", "beta": 1.0}


class HuberLoss(_Loss):
    """Quadratic within delta, linear beyond, averaged."""

    function, options = staticmethod(F.huber_loss), {"reduction": "mean", "delta": 1.0}


class KLDivLoss(_Loss):
    """target (log target - input), averaged."""

    function = staticmethod(F.kl_div)
    options = {**_OLD, "reduction": "mean", "log_target": False}


class BCELoss(_Loss):
    """Binary cross-entropy of probabilities, averaged."""

    function = staticmethod(F.binary_cross_entropy)
    options = {"weight": None, **_OLD, "reduction": "mean"}


class BCEWithLogitsLoss(_Loss):
    """Binary cross-entropy of logits, averaged."""

    function = staticmethod(F.binary_cross_entropy_with_logits)
    options = {"weight": None, **_OLD, "reduction": "mean", "pos_weight": None}


class CTCLoss(_Loss):
    """Negative log-likelihood of labels whose places in time are unknown."""

    function = staticmethod(F.ctc_loss)
    options = {"blank": 0, "reduction": "mean", "zero_infinity": False}


class NLLLoss(_Loss):
    """Negative log-likelihood of class ids given log-probabilities."""

    function = staticmethod(F.nll_loss)
    options = {
        "weight": None,
        "size_average": None,
        "ignore_index": -100,
        "reduce": None,
        "reduction": "mean",
    }


class CrossEntropyLoss(_Loss):
    """Cross-entropy of logits with class ids or probabilities."""

    function = staticmethod(F.cross_entropy)
    options = {**NLLLoss.options, "label_smoothing": 0.0}


class SoftMarginLoss(_Loss):
    """log(1 + exp(-y x)), averaged."""

    function, options = staticmethod(F.soft_margin_loss), {**_OLD, "reduction": "mean"}


class HingeEmbeddingLoss(_Loss):
    """x where y = 1, max(0, margin - x) where y = -1, averaged."""

    function = staticmethod(F.hinge_embedding_loss)
    options = {"margin": 1.0, **_OLD, "reduction": "mean"}


class MarginRankingLoss(_Loss):
    """max(0, -y (x1 - x2) + margin), averaged."""

    function = staticmethod(F.margin_ranking_loss)
    options = {"margin": 0.0, **_OLD, "reduction": "mean"}


class CosineEmbeddingLoss(_Loss):
    """1 - cos where y = 1, max(0, cos - margin) where y = -1, averaged."""

    function = staticmethod(F.cosine_embedding_loss)
    options = {"margin": 0.0, **_OLD, "reduction": "mean"}


class TripletMarginLoss(_Loss):
    """max(0, d(a, p) - d(a, n) + margin), averaged."""

    function = staticmethod(F.triplet_margin_loss)
    options = {"margin": 1.0, "p": 2.0, "eps": 1e-6, "swap": False, **_OLD, "reduction": "mean"}


class TripletMarginWithDistanceLoss(_Loss):
    """max(0, d(a, p) - d(a, n) + margin) with any distance d, averaged."""

    function = staticmethod(F.triplet_margin_with_distance_loss)
    options = {"distance_function": None, "margin": 1.0, "swap": False, "reduction": "mean"}


class MultiMarginLoss(_Loss):
    """max(0, margin - x[target] + x[class])^p over the wrong classes, averaged."""

    function = staticmethod(F.multi_margin_loss)
    options = {"p": 1, "margin": 1.0, "weight": None, **_OLD, "reduction": "mean"}


class MultiLabelSoftMarginLoss(_Loss):
    """Binary cross-entropy of logits, averaged over classes and examples."""

    function = staticmethod(F.multilabel_soft_margin_loss)
    options = {"weight": None, **_OLD, "reduction": "mean"}


class GaussianNLLLoss(_Loss):
    """(log var + (x - y)^2 / var) / 2, averaged."""

    function = staticmethod(F.gaussian_nll_loss)
    options = {"full": False, "eps": 1e-6, "reduction": "mean"}


class PoissonNLLLoss(_Loss):
    """exp(x) - y x, averaged."""

    function = staticmethod(F.poisson_nll_loss)
    options = {
        "log_input": True,
        "full": False,
        "size_average": None,
        "eps": 1e-8,
        "reduce": None,
        "reduction": "mean",
    }
