"""The configuration with its defaults, and the heads that it names."""

import os
import sys
from pathlib import Path

from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config
from snakemake_interface_executor_plugins.settings import ExecMode

# This repository: not workflow.basedir, which is another's where another Snakefile uses this one.
REPOSITORY = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parents[1]
# The package beside this workflow is the one that is used, here and in every script, also when
# a script runs in an environment of its own.
SOURCE = str(REPOSITORY / "src")
if sys.path[0] != SOURCE:
    sys.path.insert(0, SOURCE)
    os.environ.update(PYTHONPATH=os.pathsep.join(filter(None, [SOURCE, os.getenv("PYTHONPATH")])))

from multisource.config.heads import heads_of, step_name
from multisource.config.named import existing_folder
from multisource.config.study import find_file
from multisource.errors import UserError
from multisource.provenance import script_version

if workflow.modifier.is_module:
    # Another Snakefile gives the keys that differ, and Snakemake passes them without the defaults.
    given = config
    config = load_configfile(REPOSITORY / "config/config.yaml")
    update_config(config, given)

# Files named in the configuration: first the folder of the study, then this repository. Names
# stay relative where they can, so that a study may be moved without running it again.
FOLDERS = [Path("."), REPOSITORY]

# Names of the modules that the heads of a study over several are.
OF_MANY = "head_of_"

try:
    # Label to configuration, where there are several heads.
    MANY = heads_of(config, lambda key, name: existing_folder(key, name, FOLDERS))
except UserError as error:
    sys.exit("\n".join(f"config: {line}" for line in str(error).splitlines()))
# To a study of one head it is no setting.
config.pop("heads", None)


def of_this_head(lines):
    """Return complaints about a configuration, with the head's label where there are several."""
    if not (workflow.modifier.namespace or "").startswith(OF_MANY):
        return lines
    return "\n".join(f"{config['head']}: {line}" for line in lines.splitlines())


def code(rule, *modules):
    """Return the code version of a rule: of its script and all it imports from the package.

    What a script loads by a name of the configuration is named here: the registry's entry.
    """
    return script_version(REPOSITORY / f"workflow/scripts/{rule}.py", *modules)
