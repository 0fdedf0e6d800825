import pytest
from masks import REGIONS


@pytest.fixture(params=REGIONS, ids=list(REGIONS))
def region(request):
    return REGIONS[request.param]


@pytest.fixture
def disc():
    return REGIONS["disc"]


@pytest.fixture
def ring():
    return REGIONS["ring"]


@pytest.fixture
def nine_squares():
    return REGIONS["nine_squares"]
