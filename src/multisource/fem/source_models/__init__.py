"""The source models by name. A new one is a file and a line here; see docs/add-your-own.md."""

from __future__ import annotations

from multisource.fem.contract import SourceModel
from multisource.registry import Registry

SOURCE_MODELS = Registry(
    "leadfield.fem.source_model",
    SourceModel,
    {
        "multipolar_venant": "multisource.fem.source_models.multipolar_venant:loads",
        "venant": "multisource.fem.source_models.venant:loads",
        "partial_integration": "multisource.fem.source_models.partial_integration:loads",
        "localised_subtraction": "multisource.fem.source_models.localised_subtraction:loads",
    },
)
