"""The demo's pictures: whatever is asked for comes in its size, the same for the same name, and no other alike."""

import pytest

from newsportal.demo.drawing import RECIPES, draw


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_draws_at_the_asked_size(recipe):
    for size in ((240, 160), (96, 64), (160, 240)):
        picture = draw(f"{recipe}/test", size)
        assert (picture.size, picture.mode) == (size, "RGB")
        assert len(picture.getcolors(maxcolors=100_000)) > 20, "more than a flat ground"


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_same_name_gives_the_same_picture_and_another_name_another(recipe):
    assert draw(f"{recipe}/a", (96, 64)).tobytes() == draw(f"{recipe}/a", (96, 64)).tobytes()
    assert draw(f"{recipe}/a", (96, 64)).tobytes() != draw(f"{recipe}/b", (96, 64)).tobytes()


def test_an_unknown_recipe_is_said():
    with pytest.raises(ValueError, match="no recipe"):
        draw("spaceship/a")
