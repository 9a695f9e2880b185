"""The report shows the user's recordings, and no section where there are none."""

import pandas as pd
import pytest
from test_report import CONFIG, PNG, TABLES, study_files, study_folder

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
        size = {"map_maximum": 0.99, "area_cm2": 20.8, "extent_mm": 38.3}
        rows = [
            {"method": "mne", "from_s": 0.04 * k, "to_s": 0.2 + 0.04 * k} | place | size
            for k in (1, 2)
        ]
        table = pd.DataFrame(rows)
        table.to_csv(folder / f"recordings/{name}/peaks.tsv", sep="\t", index=False)
        head = {"method": "covnet", "from_s": 0.04, "to_s": 0.24, "presence": 0.97, "number": 1}
        source = {"source": 1, "probability": 0.75, "mni_x": -41.0, "mni_y": -25.0, "mni_z": 52.0}
        rows = [head | source | {"within_80_mm": 9.25}, head | {"from_s": 0.4, "presence": 0.015}]
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
    assert ("-41, -25, 52" in page and "9.25" in page) == bool(recordings)
    assert "0.015" not in page, "the strongest window only"
