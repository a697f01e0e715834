import subprocess
import sys


def test_looking_for_a_map_loads_no_tables() -> None:
    """Each worker and the service itself look for maps: pandas and pyarrow would take 70 MB of every process."""
    code = (
        "import sys; from pathlib import Path; from api.jobs.town_folders import TownFolders; "
        "assert TownFolders(data_folder=Path('nowhere')).map_of('luenen') is None; "
        "print(sorted({'pandas', 'pyarrow'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
