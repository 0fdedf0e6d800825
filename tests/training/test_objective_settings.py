"""Settings that would be ignored, or would count twice, are refused in words."""

import pytest

from scribblebench.training.objective_settings import ObjectiveSettings


@pytest.mark.parametrize("class_ratio", ["argmax", "oracle", "annotated"])
def test_a_prior_of_em_is_refused_where_there_is_no_em(class_ratio):
    spatial = {"class_ratio": class_ratio}
    ObjectiveSettings.model_validate({"spatial": spatial})
    message = f"em_prior must be annotated where class_ratio is {class_ratio}"
    with pytest.raises(ValueError, match=message):
        ObjectiveSettings.model_validate({"spatial": spatial | {"em_prior": "used"}})


def test_em_has_the_choice_of_its_prior():
    settings = ObjectiveSettings.model_validate({"spatial": {"em_prior": "used"}})
    assert settings.spatial.em_prior == "used"


@pytest.mark.parametrize("blocks", [[2, 2], [4, 2, 4]])
def test_a_number_of_blocks_that_is_given_twice_is_refused(blocks):
    with pytest.raises(ValueError, match=r"blocks must hold each number once, got \["):
        ObjectiveSettings.model_validate({"view": {"mixup": {"blocks": blocks}}})
