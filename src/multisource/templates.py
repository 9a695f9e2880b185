"""The pages of the workflow, filled in from templates that lie beside the code that fills them."""

from __future__ import annotations

import jinja2


def template(package: str, name: str) -> jinja2.Template:
    """Return a template of HTML, in which a name without a value is an error.

    Parameters
    ----------
    package : str
        The package that it lies in.
    name : str
        Its file.

    Returns
    -------
    jinja2.Template
        The template, which escapes what it is given.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(package, "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(name)
