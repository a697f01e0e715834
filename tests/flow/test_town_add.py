"""A town from a place name or a map file: what is found, what is left to do, and that failures leave nothing."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.files.town_folder import read_town_folder
from api.town.add_town import add_town_from_osm, add_town_from_place
from optimizer.domain.issues import InvalidInputError
from routing.errors import BrokenMapError, PlaceNotFoundError
from routing.location import Waypoint
from routing.osm.pbf import load_streets
from routing.street_router import open_router
from tests.flow.town_samples import BOX, STEP_LAT, STEP_LON, MapServer, map_server, town_xml

COSTS = {"cost_eur_per_km": "1.2", "cost_eur_per_h": "95.0", "driving_l_per_100km": "40.0"}


@pytest.fixture
def server() -> Iterator[MapServer]:
    with map_server() as running:
        yield running


@pytest.fixture
def map_file(tmp_path: Path) -> Path:
    path = tmp_path / "musterhausen.osm"
    path.write_text(town_xml(), encoding="utf-8")
    return path


def fill_in(fleet: Path) -> None:
    """What the message asks the town to do with the costs."""
    text = fleet.read_text(encoding="utf-8")
    for key, figure in COSTS.items():
        text = re.sub(rf"^# {key} =.*$", f"{key} = {figure}", text, flags=re.MULTILINE)
    fleet.write_text(text, encoding="utf-8")


def test_place_becomes_a_town_that_waits_for_its_costs_only(server: MapServer, tmp_path: Path) -> None:
    folder = tmp_path / "town"
    added = add_town_from_place("Musterhausen", folder, **server.urls)
    assert added.containers_by_stream == {"glass": 1, "litter": 2, "paper": 1, "textiles": 1}
    assert sum(added.skipped.values()) == 4
    with pytest.raises(InvalidInputError) as caught:
        read_town_folder(folder)
    assert {issue.message.split(" ")[0] for issue in caught.value.issues} == set(COSTS)
    fill_in(folder / "fleet.toml")
    loaded = read_town_folder(folder)
    assert loaded.town.zone.key == "Europe/Berlin"
    assert loaded.history == {}
    assert sorted(path.name for path in folder.iterdir()) == [
        "containers.csv",
        "fleet.toml",
        "map.osm.pbf",
        "readings.csv",
    ]
    assert not any(one.has_sensor for one in loaded.town.containers)
    assert {one.site_id for one in loaded.town.containers if one.stream in {"glass", "paper"}} == {"node-901"}


def test_every_found_container_can_be_reached_from_the_depot(server: MapServer, tmp_path: Path) -> None:
    add_town_from_place("Musterhausen", tmp_path / "town", **server.urls)
    fill_in(tmp_path / "town" / "fleet.toml")
    loaded = read_town_folder(tmp_path / "town")
    assert loaded.map_path is not None
    town = loaded.town
    places = [town.depots[0].location, town.disposal_sites[0].location, *(one.location for one in town.containers)]
    waypoints = [Waypoint(label=str(index), location=place) for index, place in enumerate(places)]
    assert open_router(loaded.map_path).travel(waypoints, profile="truck_26t").rejections == ()


def test_downloaded_map_keeps_one_way_streets_and_turn_restrictions(server: MapServer, tmp_path: Path) -> None:
    add_town_from_place("Musterhausen", tmp_path / "town", **server.urls)
    streets = load_streets(tmp_path / "town" / "map.osm.pbf")
    assert len(streets.restrictions) == 1
    assert any(dict(tags).get("oneway") == "yes" for tags in streets.way_tags)


def test_transfer_station_in_the_map_becomes_disposal_site_and_first_guess_of_the_depot(
    server: MapServer, tmp_path: Path
) -> None:
    add_town_from_place("Musterhausen", tmp_path / "town", **server.urls)
    text = (tmp_path / "town" / "fleet.toml").read_text(encoding="utf-8")
    assert 'name = "Umladestation Nord"' in text
    assert "# TODO: put it where it is; this is a transfer station in OpenStreetMap (node/908)." in text


def test_servers_are_told_who_asks_and_for_which_box(server: MapServer, tmp_path: Path) -> None:
    add_town_from_place("Musterhausen", tmp_path / "town", **server.urls)
    assert server.asked[0] == "Musterhausen"
    west, south, east, north = BOX
    assert f"[bbox:{south},{west},{north},{east}]" in server.asked[1]
    assert all("fuhre" in agent for agent in server.agents)


def test_busy_server_is_asked_again(server: MapServer, tmp_path: Path) -> None:
    server.overpass = [(429, b"too many requests"), (504, b"busy"), *server.overpass]
    add_town_from_place("Musterhausen", tmp_path / "town", pause_s=0.0, **server.urls)
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    ("overpass", "reason"),
    [
        ((400, b"bad request"), "400"),
        ((504, b"busy"), "504"),
        ((200, town_xml().encode()[:3000]), "cut off"),
        ((200, b"<osm><remark> runtime error: Query timed out </remark></osm>"), "Query timed out"),
    ],
)
def test_failed_download_leaves_nothing(
    server: MapServer, tmp_path: Path, overpass: tuple[int, bytes], reason: str
) -> None:
    server.overpass = [overpass]
    with pytest.raises(PlaceNotFoundError, match=reason):
        add_town_from_place("Musterhausen", tmp_path / "town", pause_s=0.0, **server.urls)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ([], "no such place"),
        ({"error": "unexpected"}, "cannot be understood"),
        ([{"boundingbox": ["51", "52", "7", "8"], "geojson": {"type": "Point", "coordinates": [7, 51]}}], "point"),
        (
            [
                {
                    "boundingbox": ["47", "55", "6", "15"],
                    "geojson": {"type": "Polygon", "coordinates": [[[6, 47], [15, 47], [15, 55], [6, 47]]]},
                }
            ],
            "km2",
        ),
    ],
)
def test_unusable_place_is_refused_with_its_reason(
    server: MapServer, tmp_path: Path, answer: object, reason: str
) -> None:
    server.nominatim = answer
    with pytest.raises(PlaceNotFoundError, match=reason):
        add_town_from_place("Musterhausen", tmp_path / "town", **server.urls)
    assert list(tmp_path.iterdir()) == []
    assert len(server.asked) == 1


def test_unreachable_server_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(PlaceNotFoundError, match="cannot be reached"):
        add_town_from_place("Musterhausen", tmp_path / "town", nominatim_url="http://127.0.0.1:9/")
    with pytest.raises(PlaceNotFoundError, match="no web address"):
        add_town_from_place("Musterhausen", tmp_path / "town", nominatim_url="file:///etc/")
    assert list(tmp_path.iterdir()) == []


def test_map_file_is_clipped_to_the_box(map_file: Path, tmp_path: Path) -> None:
    west, south, _, _ = BOX
    box = (west, south, west + 3.2 * STEP_LON, south + 3.2 * STEP_LAT)
    added = add_town_from_osm(map_file, tmp_path / "town", box_deg=box, place="Kleinhausen")
    assert added.containers_by_stream == {"glass": 1, "litter": 1, "paper": 1}
    assert "Kleinhausen" in added.message
    assert "Umladestation" not in (tmp_path / "town" / "fleet.toml").read_text(encoding="utf-8")
    assert load_streets(tmp_path / "town" / "map.osm.pbf").n_segments < load_streets(map_file).n_segments


def test_town_without_containers_in_the_map_says_so(map_file: Path, tmp_path: Path) -> None:
    west, south, _, _ = BOX
    added = add_town_from_osm(map_file, tmp_path / "town", box_deg=(west, south, west + STEP_LON, south + STEP_LAT))
    assert added.containers_by_stream == {}
    assert "no waste containers in OpenStreetMap" in added.message


def test_broken_map_leaves_nothing(map_file: Path, tmp_path: Path) -> None:
    content = map_file.read_bytes()
    for name, damaged in (("cut.osm", content[: len(content) // 2]), ("empty.osm", b""), ("no.osm.pbf", b"no map")):
        broken = tmp_path / name
        broken.write_bytes(damaged)
        with pytest.raises(BrokenMapError):
            add_town_from_osm(broken, tmp_path / "town")
    with pytest.raises(BrokenMapError):
        add_town_from_osm(tmp_path / "nowhere.osm.pbf", tmp_path / "town")
    with pytest.raises(BrokenMapError, match="no street within"):
        add_town_from_osm(map_file, tmp_path / "town", box_deg=(0.0, 0.0, 1.0, 1.0))
    assert not (tmp_path / "town").exists()
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_folder_with_somebodys_work_is_left_alone(map_file: Path, tmp_path: Path) -> None:
    (tmp_path / "town").mkdir()
    (tmp_path / "town" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(InvalidInputError) as caught:
        add_town_from_osm(map_file, tmp_path / "town")
    assert caught.value.issues[0].code == "folder_exists"
    assert (tmp_path / "town" / "notes.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.shared
def test_cut_out_of_a_real_map_has_the_same_streets(shared_data: Path, tmp_path: Path) -> None:
    box = (8.66, 49.39, 8.70, 49.42)
    source = shared_data / "osm" / "heidelberg.osm.pbf"
    add_town_from_osm(source, tmp_path / "town", box_deg=box, place="Heidelberg")
    ours, whole = (load_streets(path, box_deg=box) for path in (tmp_path / "town" / "map.osm.pbf", source))
    assert (ours.n_nodes, ours.n_segments) == (whole.n_nodes, whole.n_segments)
    assert len(ours.restrictions) == len(whole.restrictions) > 100
    assert ours.info.data_at == whole.info.data_at
