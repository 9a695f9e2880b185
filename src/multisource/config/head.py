"""The head's label and its provider: a label must not hide another head than it says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from multisource.config.found import Found
from multisource.config.named import Mistakes

TEMPLATE = "fsaverage"
# Keys of the providers of own heads that name the person's scan or reconstruction.
OF_A_PERSON = {"samseg": ("t1",), "freesurfer": ("subject", "t1")}


def head_mistakes(config: Mapping[str, Any], found: Found) -> Mistakes:
    """Look for a label of a person that stands for the template, or the other way round.

    A label of the template begins with ``fsaverage``, so that studies on scaled templates, or with
    another cap, have labels of their own that say what they are. Providers that are not of this
    package are not asked.

    Parameters
    ----------
    config : mapping
        The configuration in plain values.
    found : Found
        What is wrong already, which is not read.

    Yields
    ------
    tuple of str
        Dotted key, and a line for each mistake.
    """
    if not found.sound("head", "anatomy.provider"):
        return
    label, provider = config["head"], config["anatomy"]["provider"]
    named = {
        f"anatomy.{of}.{key}": (of, config["anatomy"][of].get(key))
        for of, keys in OF_A_PERSON.items()
        if found.sound(f"anatomy.{of}") and isinstance(config["anatomy"].get(of), Mapping)
        for key in keys
    }
    given = {key: (of, name) for key, (of, name) in named.items() if name}
    of_template = label.lower().startswith(TEMPLATE)
    if provider == TEMPLATE:
        for key, (of, name) in given.items():
            yield (
                key,
                f"{key}: {name!r} would not be used, since anatomy.provider is {TEMPLATE}: write "
                f"provider: {of}, or {key}: null",
            )
        if not of_template and not given:
            yield (
                "head",
                f"head: {label!r} would be the template's head under another name, since "
                f"anatomy.provider is {TEMPLATE}: write provider: samseg with a t1 or provider: "
                f"freesurfer with a subject for a head of its own, or head: {TEMPLATE}-{label} "
                "for the template",
            )
    elif provider in OF_A_PERSON and of_template:
        subject = given.get("anatomy.freesurfer.subject", ("", ""))[1]
        if provider == "freesurfer" and Path(subject).name.startswith(TEMPLATE):
            return  # the template's own reconstruction
        yield (
            "head",
            f"head: {label!r} is a label of the template, but anatomy.provider is {provider}: "
            "give the head a label of its own",
        )
