"""A deployment that is refused: what is said, and that nothing is sent."""

import pytest

from drtemplate.errors import DrTemplateError

GIVEN = {"Name": "/a/b"}
ONLY_READ = ("Describe", "Get", "Head", "List")


def refused(scene, request, *words, **more):
    """One line that says so, no command run, and only questions asked."""
    with pytest.raises(DrTemplateError) as caught:
        scene.deploy(request, start=scene.never, **more)
    line = str(caught.value)
    assert "\n" not in line
    for word in words:
        assert str(word) in line
    assert scene.commands == []
    assert scene.shown == []
    assert all(one.startswith(ONLY_READ) for one in scene.asked)
    return line
