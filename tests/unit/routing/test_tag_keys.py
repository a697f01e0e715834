import pytest

from routing.osm.tag_keys import kept_node_tags


@pytest.mark.parametrize(
    ("tags", "kept"),
    [
        ({"highway": "turning_circle", "diameter": "18", "surface": "asphalt"}, {"highway", "diameter"}),
        ({"highway": "turning_loop", "width": "20 m"}, {"highway", "width"}),
        ({"barrier": "cycle_barrier", "width": "1.2"}, {"barrier"}),
        ({"natural": "tree", "diameter": "0.4"}, set()),
        ({"highway": "crossing", "barrier": "kerb"}, {"barrier"}),
        ({"highway": "street_lamp"}, set()),
    ],
)
def test_nodes_keep_the_tags_that_matter(tags: dict[str, str], kept: set[str]) -> None:
    assert dict(kept_node_tags(tags.items())) == {key: tags[key] for key in kept}
