"""The report shows the user's recordings, and no section where there are none."""

import pandas as pd
import pytest
from report_case import CONFIG, PNG, TABLES, study_files, study_folder

from multisource.recordings.account import Account
from multisource.recordings.sources import COLUMNS
from multisource.report.study import study_report


@pytest.mark.parametrize("recordings", [{}, {"vep": {"file": "vep.edf"}}])
def test_recordings_have_a_section(tmp_path, recordings):
    folder = study_folder(tmp_path)
    for name in recordings:
        (folder / f"recordings/{name}").mkdir(parents=True)
        (folder / f"figures/recording-{name}.png").write_bytes(PNG)
        place = {"mni_x": 16.4, "mni_y": -101.0, "mni_z": 2.0, "hemisphere": "rh"}
        place |= {"desikan_killiany": "lateraloccipital-rh", "off_cortex": 0.25}
        size = {"map_maximum": 0.99, "moment_nam": 31.5, "area_cm2": 20.8, "extent_mm": 38.3}
        rows = [
            {"method": "mne", "moment": "strongest", "from_s": 0.04 * k, "to_s": 0.2 + 0.04 * k}
            | place
            | size
            for k in (1, 2)
        ]
        table = pd.DataFrame(rows)
        table.to_csv(folder / f"recordings/{name}/peaks.tsv", sep="\t", index=False)
        head = {"method": "covnet", "moment": "strongest", "from_s": 0.04, "to_s": 0.24}
        head |= {"presence": 0.97, "number": 1}
        source = {"source": 1, "probability": 0.75, "mni_x": -41.0, "mni_y": -25.0, "mni_z": 52.0}
        source |= {"within_80_mm": 9.25, "desikan_killiany": "postcentral-lh"}
        source |= {"regions": "postcentral-lh 0.71, precentral-lh 0.29"}
        mean = {"moment": "mean", "to_s": 60, "probability": 0.4, "source": 1}
        rows = [
            head | source,
            head | {"from_s": 0.4, "presence": 0.015},
            head | source | mean | {"desikan_killiany": "cuneus-rh"},
            head | {"method": "convnet", "presence": 0.01, "number": 0},
        ]
        named = pd.DataFrame(rows, columns=list(COLUMNS))
        named.to_csv(folder / f"recordings/{name}/sources.tsv", sep="\t", index=False)
        account = Account()
        account.add("marked as bad", "1 span of 2.000 s together are left out", seconds_lost=2.5)
        account.table().to_csv(folder / f"recordings/{name}/steps.tsv", sep="\t", index=False)
    files = study_files(
        folder,
        recordings={name: folder / f"figures/recording-{name}.png" for name in recordings},
        peaks={name: folder / f"recordings/{name}/peaks.tsv" for name in recordings},
        steps={name: folder / f"recordings/{name}/steps.tsv" for name in recordings},
        named={name: folder / f"recordings/{name}/sources.tsv" for name in recordings},
    )
    page = study_report(files, config=CONFIG, scenarios=TABLES)
    assert ('id="your-recordings"' in page) == bool(recordings)
    # The strongest window only, its place in print.
    assert ("0.04 to 0.24" in page and "16, -101, 2" in page) == bool(recordings)
    assert "0.08 to 0.28" not in page
    assert ("1 span of 2.000 s" in page and ">2.5<" in page) == bool(recordings)
    says = (
        "something is there: 97 % sure; left postcentral gyrus, MNI (-41, -25, 52), 75 % sure, "
        "within 9 mm in 80 of 100 cases (left postcentral gyrus 71 %, left precentral gyrus 29 %)",
        "something is there: 1 % sure; no source is as probable as one half",
        "right cuneus, MNI (-41, -25, 52), in 40 % of the windows",
        "highest in the right lateral occipital cortex, MNI (16, -101, 2); in 25 % of the windows "
        "the peak is off the cortex",
    )
    for words in says[:3]:
        assert (words in page) == bool(recordings)
    assert ("right lateral occipital cortex" in page) == bool(recordings)
    # A method without a table of named sources tells its peak.
    assert says[3] not in page or recordings
    assert "2 % sure" not in page, "the strongest window only"
